"""A plan as SVG, in the elements that planfile_svg.py reads back as the same plan."""

from math import ceil, floor
from xml.sax.saxutils import quoteattr

from central.venues.plan import DrawnArea, Plan, Seat, Shape, rounded, usual_guid


def write_svg(plan: Plan) -> bytes:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {_frame(plan)} data-plan={_quoted(plan.name)}>',
        "<defs>",
    ]
    colours = {category.name: category.colour for category in plan.categories}
    lines += [
        f"<g data-plan-category={_quoted(c.name)}{_paint('fill', 'data-colour', c.colour)}/>" for c in plan.categories
    ]
    lines.append("</defs>")
    for zone in plan.zones:
        lines.append(f"<g data-zone={_quoted(zone.name)}>")
        lines += [_area_element(area) for area in zone.areas]
        for row in zone.rows:
            label = f' data-row-label="{row.label}"' if row.label else ""
            lines.append(f"<g data-row={_quoted(row.number)}{label}>")
            lines += [_seat_element(zone.name, row.number, seat, colours.get(seat.category, "")) for seat in row.seats]
            lines.append("</g>")
        lines.append("</g>")
    lines.append("</svg>\n")
    return "\n".join(lines).encode()


def _frame(plan: Plan) -> str:
    """All seats are in the picture, those too that lie outside the size that the plan tells, as around an axis."""
    corners = [
        (seat.x + side * seat.radius, seat.y + side * seat.radius) for _, _, seat in plan.seats() for side in (-1, 1)
    ]
    xs, ys = [0, plan.width, *(x for x, _ in corners)], [0, plan.height, *(y for _, y in corners)]
    left, top = floor(min(xs)), floor(min(ys))
    width, height = ceil(max(xs)) - left, ceil(max(ys)) - top
    frame = f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}"'
    told = (left, top, width, height) == (0, 0, plan.width, plan.height)
    return frame if told else f'{frame} data-size="{plan.width} {plan.height}"'


def _seat_element(zone: str, row: str, seat: Seat, colour: str) -> str:
    said = [
        f"data-seat={_quoted(seat.number)}",
        f'cx="{rounded(seat.x)}"',
        f'cy="{rounded(seat.y)}"',
        f'r="{seat.radius}"',
    ]
    said.append(f"data-category={_quoted(seat.category)}")
    if seat.guid != usual_guid(zone, row, seat.number):
        said.append(f"data-guid={_quoted(seat.guid)}")
    if seat.marks:
        said.append(f'data-marks="{" ".join(sorted(seat.marks))}"')
    if seat.access:
        said.append(f"data-access={_quoted(seat.access)}")
    if colour:
        said.append(f"fill={_quoted(colour)}")
    return f"<circle {' '.join(said)}/>"


def _area_element(area: DrawnArea) -> str:
    paint = _paint("fill", "data-colour", area.colour) + _paint("stroke", "data-border", area.border)
    x, y, w, h = (rounded(number) for number in (area.x, area.y, area.width, area.height))
    match area.shape:
        case Shape.POLYGON:
            points = " ".join(f"{rounded(px)},{rounded(py)}" for px, py in area.points)
            drawn = f'<polygon points="{points}"/>'
        case Shape.RECTANGLE:
            drawn = f'<rect x="{x}" y="{y}" width="{w}" height="{h}"/>'
        case Shape.ELLIPSE:
            drawn = f'<ellipse cx="{x}" cy="{y}" rx="{w}" ry="{h}"/>'
        case Shape.CIRCLE:
            drawn = f'<circle cx="{x}" cy="{y}" r="{w}"/>'
        case Shape.TEXT:
            drawn = ""
    if area.text:
        fill = _paint("fill", "data-colour", area.text_colour)
        drawn += f'<text x="{rounded(area.text_x)}" y="{rounded(area.text_y)}"{fill} font-size="{area.text_size}" '
        drawn += f'text-anchor="middle" xml:space="preserve">{_escaped(area.text)}</text>'
    turn = f'transform="rotate({rounded(area.rotation)} {x} {y})"'
    return f'<g data-area="{area.shape.value}"{paint} {turn}>{drawn}</g>'


def _paint(name: str, own: str, colour: str) -> str:
    """A colour that SVG reads as none of its own is said twice."""
    if not colour:
        return f' {name}="none"'
    spare = f" {own}={_quoted(colour)}" if colour in ("none", "inherit", "currentColor") else ""
    return f" {name}={_quoted(colour)}{spare}"


def _quoted(text: str) -> str:
    return quoteattr(text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
