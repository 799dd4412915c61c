"""Halls as drawing programs and other systems write them, small: each with the same twelve seats, two sections with two
rows of three."""

from collections.abc import Callable, Iterator

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
SVG += 'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" viewBox="0 0 400 300">'
SECTIONS, ROWS, NUMBERS = ("Parterre", "Balcon"), ("A", "B"), (1, 2, 3)


def places() -> Iterator[tuple[str, str, int, int, int]]:
    """Section, row, number, x and y."""
    for s, section in enumerate(SECTIONS):
        for r, row in enumerate(ROWS):
            for number in NUMBERS:
                yield section, row, number, 50 + 30 * number, 100 + 100 * s + 30 * r


STAGE = '<rect x="50" y="10" width="200" height="40" fill="#333"/>'
STAGE += '<text x="150" y="35" text-anchor="middle">SCÈNE</text>'


def flat(seat: Callable[[str, str, int, int, int], str], head: str = STAGE) -> str:
    return SVG + head + "".join(seat(*place) for place in places()) + "</svg>"


def grouped(
    section: Callable[[str], str], row: Callable[[str, str], str], seat: Callable[[str, str, int, int, int], str]
) -> str:
    """`section` and `row` give a group's start."""
    said = SVG + STAGE
    for name in SECTIONS:
        said += section(name)
        for letter in ROWS:
            said += row(name, letter)
            said += "".join(seat(*place) for place in places() if place[:2] == (name, letter))
            said += "</g>"
        said += "</g>"
    return said + "</svg>"


def circle(said: str, x: int, y: int) -> str:
    return f'<circle {said} cx="{x}" cy="{y}" r="9"/>'


def escaped(text: str) -> str:
    """As Illustrator writes an id."""
    first = f"_x{ord(text[0]):X}_" if text[0].isdigit() else text[0]
    return first + "".join(letter if letter.isalnum() else f"_x{ord(letter):X}_" for letter in text[1:])


CODE = {"Parterre": "P", "Balcon": "B"}

DRAWINGS: dict[str, str] = {
    "ids put together": flat(lambda z, r, n, x, y: circle(f'id="{CODE[z]}-{r}-{n}"', x, y)),
    "ids in words": flat(lambda z, r, n, x, y: circle(f'id="{z}_row_{r}_seat_{n}"', x, y)),
    "ids of illustrator": flat(lambda z, r, n, x, y: circle(f'id="{escaped(f"{z}-{r}-{n}")}"', x, y)),
    "layers of illustrator": grouped(
        lambda z: f'<g id="{z}">',
        lambda z, r: f'<g id="Rang_x20_{r}{"" if z == "Parterre" else "_1_"}" data-name="Rang {r}">',
        lambda z, r, n, x, y: circle(f'class="st0" data-name="{n}"', x, y),
    ),
    "layers of inkscape": grouped(
        lambda z: f'<g inkscape:groupmode="layer" id="layer{len(z)}" inkscape:label="{z}">',
        lambda z, r: f'<g id="g{ord(r)}{len(z)}" inkscape:label="{r}" transform="translate(10,20)">',
        lambda z, r, n, x, y: circle(f'id="circle{x}{y}" inkscape:label="{n}"', x - 10, y - 20),
    ),
    "attributes of data": flat(
        lambda z, r, n, x, y: circle(f'data-section="{z}" data-row="{r}" data-seat-number="{n}"', x, y)
    ),
    "attributes on groups": grouped(
        lambda z: f'<g data-section="{z}">',
        lambda z, r: f'<g data-row="{r}">',
        lambda z, r, n, x, y: circle(f'data-number="{n}" data-category="Cat {r}"', x, y),
    ),
    "titles": flat(lambda z, r, n, x, y: f"<g><title>{z}, Row {r}, Seat {n}</title>{circle('', x, y)}</g>"),
    "texts in circles": grouped(
        lambda z: f'<g id="{z}">',
        lambda z, r: f'<g id="Rang {r} {z}">',
        lambda z, r, n, x, y: circle("", x, y) + f'<text x="{x}" y="{y + 4}" text-anchor="middle">{n}</text>',
    ),
    "a text in each group": grouped(
        lambda z: f'<g id="{z}">',
        lambda z, r: f'<g id="{z[0]}{r}">',
        lambda z, r, n, x, y: f'<g>{circle("", x, y)}<text transform="matrix(1 0 0 1 {x - 3} {y + 4})">{n}</text></g>',
    ),
    "texts beside circles": grouped(
        lambda z: f'<g id="{z}">',
        lambda z, r: f'<g><text x="20" y="{100 + 100 * SECTIONS.index(z) + 30 * ROWS.index(r)}">{r}</text>',
        lambda z, r, n, x, y: (
            circle("", x, y) + f'<text x="{x}" y="{y + 16}" font-size="8" text-anchor="middle">{n}</text>'
        ),
    ),
    "classes": flat(lambda z, r, n, x, y: circle(f'class="seat section-{z} row-{r} number-{n}"', x, y)),
    "clones of a symbol": flat(
        lambda z, r, n, x, y: (
            f'<use id="{z}-{r}{n}" xlink:href="#chair" width="18" height="18" x="-9" y="-9" '
            f'transform="matrix(1 0 0 -1 {x} {y})"/>'
        ),
        STAGE + '<symbol id="chair" viewBox="-9 -9 18 18"><circle r="9"/><path d="M-5 0L5 0"/></symbol>',
    ),
    "groups turned twice": SVG
    + STAGE
    + '<g transform="translate(400 300) rotate(180)"><g transform="scale(2)">'
    + "".join(
        f'<circle id="{z}/{r}/{n}" cx="{(400 - x) / 2}" cy="{(300 - y) / 2}" r="4.5"/>' for z, r, n, x, y in places()
    )
    + "</g></g></svg>",
    "chairs of several shapes": flat(
        lambda z, r, n, x, y: (
            f'<g id="{z}-{r}-{n}"><rect x="{x - 8}" y="{y - 9}" width="16" height="18"/>'
            f'<path d="M{x - 8} {y + 9}h16v-3h-16z"/></g>'
        )
    ),
}
