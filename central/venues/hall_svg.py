"""Draws a hall as SVG: the plan, and the state of every seat, as screen, mail and paper show it.

A seat's category is its colour, its state its shape (free filled, held half, sold hollow, blocked crossed, leased
ringed, invalid absent; admitted is dark with a tick, optioned has a lozenge), so that nobody has to tell colours apart.
Each shape is defined once and used a thousand times; a full house of 1,000 seats stays below 120 kB, about 12 kB on
the wire. Names come out of plan files and are escaped. The ground is the dark hall of the house's look
(`shared/look`); a page that has its own variables (`--hall`, `--hall-ink`, `--hall-muted`) colours it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from math import ceil, hypot
from pathlib import Path

from central.web.texts import Texts, texts
from shared.ids import Id
from shared.languages import named
from shared.look import contrast, look, solid
from shared.rules.place_state import PlaceState
from shared.wire.feeds import CategoryRow, PlanRow, PlanSeat, PlanShape

SHAPES: Mapping[PlaceState, str] = {each: each.shape for each in PlaceState if each.shape}
WHEELCHAIR = '<rect x="-11.5" y="-11.5" width="23" height="23" rx="5" class="ph-w"/>'

MARGIN, LEGEND_ROW, LEGEND_TEXT = 26.0, 34.0, 17
_DARK = look().schemes["dark"]

_SHEET = re.sub(
    r"/\*.*?\*/|(?<=[;{}:,]) +| +(?=[{}])|\n", "", (Path(__file__).parent / "static" / "hall.css").read_text()
)
STYLE = (
    f"{_SHEET}.ph{{--h:var(--hall,{_DARK.hall});--i:var(--hall-ink,{_DARK.hall_ink});"
    f"--m:var(--hall-muted,{_DARK.hall_muted})}}"
)
"""For a drawing that stands alone: `hall.css`, and the colours that a page would have."""


def seat_words(t: Texts) -> dict[PlaceState, str]:
    return {state: t.value("place_state", state) for state in PlaceState}


def hall_svg(
    plan: PlanRow,
    states: Sequence[PlaceState],
    categories: Iterable[CategoryRow],
    language: str = "fr",
    styled: bool = True,
    name: str = "ph",
    legend: bool = True,
) -> str:
    """The hall as one `<svg>` element. `states` has one state per seat of the plan, in plan order. Every seat carries
    its index as `data-n`. A page has `hall.css` and says `styled=False`;
    one that shows several halls gives each another `name`; one that counts by itself draws no `legend`."""
    if len(states) != len(plan.seats):
        raise ValueError(f"{len(plan.seats)} seats, but {len(states)} states")
    t = texts(language)
    words = seat_words(t)
    tints = {category.id: solid(category.colour, "#8a8594") for category in categories}
    labels = {category.id: named(category.names, language) for category in categories}
    counts = Counter(states)
    left, top, right, bottom = _bounds(plan)
    drawn_legend, legend_height = "", 0.0
    if legend:
        drawn_legend, legend_height = _legend(plan, states, tints, labels, t, right - left, name)
    height = bottom - top + legend_height
    said = ", ".join(f"{words[state]} {counts[state]}" for state in PlaceState if counts[state] and legend)
    label = f"{_t(plan.name)}: {_t(said)}" if said else _t(plan.name)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ph" role="img" '
        f'viewBox="{_n(left)} {_n(top)} {_n(right - left)} {_n(height)}" aria-label="{label}">',
        f"<style>{STYLE}</style>" if styled else "",
        "<defs>",
        *(f'<g id="{name}-{state}">{shape}</g>' for state, shape in SHAPES.items()),
        f'<g id="{name}-w">{WHEELCHAIR}</g></defs>',
        f'<rect class="ph-bg" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(height)}" rx="18"/>',
        *map(_shape, plan.shapes),
        "".join(_rows(plan)),
        '<g class="ph-z">',
        *map(_word, (shape for shape in plan.shapes if shape.text)),
        *_unnamed_zones(plan),
        "</g>",
        *_seats(plan, states, tints, words, name),
        f'<g class="ph-l" font-size="{LEGEND_TEXT}" transform="translate({_n(left)} {_n(bottom)})">{drawn_legend}</g>',
        "</svg>",
    ]
    return "".join(parts)


def _seats(
    plan: PlanRow, states: Sequence[PlaceState], tints: Mapping[Id, str], words: Mapping[PlaceState, str], name: str
) -> Iterator[str]:
    """Seats in plan order; neighbours of one category share a group that gives them its colour."""
    tint = None
    for index, (seat, state) in enumerate(zip(plan.seats, states, strict=True)):
        if state is PlaceState.INVALID:
            continue
        wanted = tints.get(seat.category_id, "#8a8594")
        if wanted != tint:
            yield f'{"</g>" if tint else ""}<g color="{wanted}">'
            tint = wanted
        at = f'x="{_n(seat.x)}" y="{_n(seat.y)}"'
        if seat.wheelchair:
            yield f'<use href="#{name}-w" {at}/>'
        title = f"{_t(seat.zone)} {_t(seat.row)} {_t(seat.number)} · {words[state]}"
        yield f'<use href="#{name}-{state}" {at} data-n="{index}"><title>{title}</title></use>'
    yield "</g>" if tint else ""


def _shape(shape: PlanShape) -> str:
    colour = solid(shape.colour, _DARK.hall_muted)
    if shape.kind == "circle" and shape.points:
        (x, y), *_ = shape.points
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(shape.radius)}" fill="{colour}"/>'
    if shape.kind == "text" or not shape.points:
        return ""
    return f'<path d="M{" ".join(f"{_n(x)} {_n(y)}" for x, y in shape.points)}Z" fill="{colour}"/>'


def _word(shape: PlanShape) -> str:
    """A text in its own place, or in the middle of what it names, in a colour that can be read there."""
    xs, ys = zip(*(shape.points or ((0.0, 0.0),)), strict=True)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    ground = _DARK.hall if shape.kind == "text" else solid(shape.colour, _DARK.hall_muted)
    own = solid(shape.colour, _DARK.hall_muted) if shape.kind == "text" else _DARK.hall_ink
    readable = max((_DARK.hall_ink, _DARK.hall), key=lambda ink: contrast(ink, ground))
    ink = own if contrast(own, ground) >= 4.5 else _DARK.hall_muted if shape.kind == "text" else readable
    turn = f' transform="rotate({_n(shape.turn)} {_n(x)} {_n(y)})"' if shape.turn and shape.kind == "text" else ""
    at = f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(shape.size)}" fill="{ink}"'
    return f"<text {at}{turn}>{_t(shape.text)}</text>"


def _unnamed_zones(plan: PlanRow) -> Iterator[str]:
    """The names of zones that the drawing itself does not name, above their first row."""
    written = {shape.text.casefold() for shape in plan.shapes}
    zones: dict[str, list[PlanSeat]] = {}
    for seat in plan.seats:
        zones.setdefault(seat.zone, []).append(seat)
    for zone, seats in zones.items():
        if zone.casefold() not in written:
            xs = [seat.x for seat in seats]
            y = min(seat.y for seat in seats) - 26
            yield f'<text x="{_n((min(xs) + max(xs)) / 2)}" y="{_n(y)}" font-size="18">{_t(zone)}</text>'


def _rows(plan: PlanRow) -> Iterator[str]:
    """The row's name at both ends of rows that are long enough to get lost in."""
    rows: dict[tuple[str, str], list[PlanSeat]] = {}
    for seat in plan.seats:
        rows.setdefault((seat.zone, seat.row), []).append(seat)
    yield '<g class="ph-r">'
    for (_, row), seats in rows.items():
        if len(seats) >= 8:
            for end, inner in ((seats[0], seats[1]), (seats[-1], seats[-2])):
                dx, dy = end.x - inner.x, end.y - inner.y
                far = 21 / (hypot(dx, dy) or 1.0)
                yield f'<text x="{_n(end.x + dx * far)}" y="{_n(end.y + dy * far)}">{_t(row)}</text>'
    yield "</g>"


def _legend(
    plan: PlanRow,
    states: Sequence[PlaceState],
    tints: Mapping[Id, str],
    labels: Mapping[Id, str],
    t: Texts,
    width: float,
    name: str,
) -> tuple[str, float]:
    """What colours and shapes mean, with counts, and the height it takes."""
    words, counts = seat_words(t), Counter(states)
    used = Counter(
        seat.category_id for seat, state in zip(plan.seats, states, strict=True) if state is not PlaceState.INVALID
    )
    free = SHAPES[PlaceState.FREE]
    entries = [
        [(f'<g color="{tints[key]}">{free}</g>', labels[key] or "·", used[key]) for key in tints if used[key]],
        [(f'<use href="#{name}-{state}"/>', words[state], counts[state]) for state in SHAPES if counts[state]],
    ]
    if chairs := sum(seat.wheelchair for seat in plan.seats):
        entries[1].append((f'<use href="#{name}-w"/>', t("live:wheelchair"), chairs))
    drawn, y = [], 22.0
    for line in entries:
        x = MARGIN + 12
        for mark, word, count in line:
            taken = 34 + (len(word) + len(str(count)) + 2) * LEGEND_TEXT * 0.56
            if x + taken > width - MARGIN and x > MARGIN + 12:
                x, y = MARGIN + 12, y + LEGEND_ROW
            text = f'<text x="18">{_t(word)} <tspan opacity=".65">{count}</tspan></text>'
            drawn.append(f'<g transform="translate({ceil(x)} {_n(y)})">{mark}{text}</g>')
            x += taken
        y += LEGEND_ROW if line else 0
    return "".join(drawn), y + 6


def _bounds(plan: PlanRow) -> tuple[float, float, float, float]:
    """The drawing's edges: all that is drawn, whatever size the file claims."""
    points = [(seat.x, seat.y, 12.0) for seat in plan.seats]
    points += [(x, y, max(shape.radius, 0.0)) for shape in plan.shapes for x, y in shape.points]
    if not points:
        return 0.0, 0.0, max(plan.width, 1.0), max(plan.height, 1.0)
    return (
        min(x - r for x, _, r in points) - MARGIN,
        min(y - r for _, y, r in points) - MARGIN,
        max(x + r for x, _, r in points) + MARGIN,
        max(y + r for _, y, r in points) + MARGIN,
    )


def _t(text: str) -> str:
    """A stranger's text for XML: escaped, and without the characters that XML cannot hold."""
    return escape("".join(char for char in text if char.isprintable()))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
