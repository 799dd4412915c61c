"""What is known of a drawing's elements while planfile_svg.py walks it: where they lie, and what seats and areas are
made of. Whatever decides where something lies and is not followed is a fault there, never a wrong place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.venues.plan import DrawnArea, RowLabel, Seat
from central.venues.plan_flaws import Flaw, Things
from central.venues.svg_shapes import (
    MOST_POINTS,
    SAME,
    Matrix,
    NotSvg,
    Point,
    corners,
    matrix,
    moves,
    numbers,
    scale,
    styled,
    times,
)
from central.venues.svg_shapes import at as mapped

INNER_SVG = "<svg>"  # of what is moved by one in the <svg>
TURNING = {"transform", "transform-origin", "transform-box", "translate", "rotate", "scale", "zoom", "offset-path"}


@dataclass(slots=True)
class DrawnPlace:
    """What an element says for all that stands in it."""

    matrix: Matrix = SAME
    zone: str = ""
    row: str = ""
    category: str = ""
    access: str = ""
    zone_at: int = -1  # into the reader's zones, once the group has one of its own
    row_at: int = -1
    hidden: bool = False  # in <defs> and the like: there to be used, not drawn
    moved: str = ""  # by this, in a way that is not followed

    def turn(self, said: Mapping[str, str]) -> None:
        """What an element's own attributes do to what is in it; a style goes before an attribute, as in CSS."""
        style = said.get("style", "")
        if others := (moves(style) & TURNING | said.keys() & {"transform-origin", "transform-box"}) - {"transform"}:
            self.moved = ", ".join(sorted(others))
        transform = styled(style, "transform") or said.get("transform", "")
        if transform and transform != "none":
            self.matrix = times(self.matrix, matrix(transform))


@dataclass(slots=True)
class DrawnZone:
    name: str
    at: str
    rows: list["DrawnRow"] = field(default_factory=list)
    areas: list[DrawnArea] = field(default_factory=list)
    loose: dict[str, int] = field(default_factory=dict)  # row → index, of seats that name their row themselves


@dataclass(slots=True)
class DrawnRow:
    number: str
    at: str
    label: RowLabel | None
    seats: list[Seat] = field(default_factory=list)


@dataclass(slots=True)
class OpenPart:
    """A seat or an area whose element is not closed yet: the shapes in it make up its outline."""

    said: Mapping[str, str]
    at: str
    place: DrawnPlace
    depth: int
    is_seat: bool
    points: list[Point] = field(default_factory=list)  # as drawn, for a seat
    radius: float = 0.0  # of a seat that is one circle
    broken: bool = False  # and said so
    shapes: list[tuple[str, dict[str, str], Matrix]] = field(default_factory=list)  # of an area
    text: dict[str, str] | None = None
    text_matrix: Matrix = SAME
    words: list[str] = field(default_factory=list)


def followed(said: Mapping[str, str], place: DrawnPlace) -> None:
    """Raises NotSvg: something moves this that is not followed."""
    if place.moved:
        raise NotSvg(Flaw.INNER_SVG) if place.moved == INNER_SVG else NotSvg(Flaw.MOVED, by=place.moved)
    if geometry := moves(said.get("style", "")) - TURNING:
        raise NotSvg(Flaw.STYLE_MOVED, names=", ".join(sorted(geometry)))


def add_outline(found: OpenPart, tag: str, said: Mapping[str, str], m: Matrix) -> None:
    """One more shape of a seat."""
    if tag == "circle" and not found.points:
        x, y, radius = (float((numbers(said.get(name) or "0") or [0.0])[0]) for name in ("cx", "cy", "r"))
        found.points.append(mapped(m, x, y))
        found.radius = radius * scale(m)
    elif len(found.points) > MOST_POINTS:
        raise NotSvg(Flaw.TOO_MANY, most=MOST_POINTS, things=Things.SEAT_POINTS.value)
    else:
        found.points += [mapped(m, x, y) for x, y in _box(corners(tag, said) or [], found)]


def _box(points: list[Point], found: OpenPart) -> list[Point]:
    """A seat's further shape; a circle before it counts as its box from here on."""
    if found.radius and found.points:
        (x, y), radius = found.points[0], found.radius
        found.points += [(x - radius, y - radius), (x + radius, y + radius)]
        found.radius = 0.0
    return points


def turn_of(transform: str) -> tuple[float, float, float] | None:
    """Angle and centre of a transform that is one `rotate(a x y)`."""
    text = transform.strip()
    if not text.startswith("rotate(") or text.count("(") != 1:
        return None
    try:
        n = numbers(text[len("rotate(") :].rstrip(")"))
    except NotSvg:
        return None
    return (n[0], n[1], n[2]) if len(n) == 3 else None


def turns_only(found: OpenPart, centre: tuple[float, float, float]) -> bool:
    """Whether the turn is all that happens to the area."""
    turn = matrix(f"rotate({centre[0]!r} {centre[1]!r} {centre[2]!r})")
    parts = [m for _, _, m in found.shapes] + ([found.text_matrix] if found.text is not None else [])
    return all(m == turn for m in parts)
