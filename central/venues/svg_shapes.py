"""The little geometry that a plan drawn as SVG needs: transforms, and the points of a shape.

svgelements (the library for this) was measured: 0.5 ms for a path of four curves, 37 s for a stadium; it also reads its
XML without any guard. This takes a path as chords, eight to a curve: exact at the ends, off by less than a fiftieth of
the size in between, which is nothing for the place of a seat.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import acos, atan2, ceil, cos, degrees, hypot, pi, radians, sin, sqrt, tan

from central.venues.plan_flaws import Flaw, Things

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]  # a b c d e f, as in SVG's matrix(…)

SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
CHORDS = 8
MOST_POINTS = 20_000
MOST_NUMBERS = 40_000  # in one attribute
# What is matched is never given back (the second +), so no text takes longer than its length.
_NUMBER = r"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?+\d++)?+"
_GAP = r"[\s,]*+"
_TRANSFORM = re.compile(rf"{_GAP}([a-zA-Z]++)\s*+\(([^()]*+)\)")
_PATH = re.compile(rf"([MmLlHhVvCcSsQqTtAaZz])|({_NUMBER})|([\s,]++)")
_ARC = re.compile(
    rf"{_GAP}({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER}){_GAP}([01]){_GAP}([01]){_GAP}({_NUMBER}){_GAP}({_NUMBER})"
)
_TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}


class NotSvg(ValueError):
    """`what` the person who mends the file is told, and what it is about here."""

    def __init__(self, what: Flaw, **said: object) -> None:
        super().__init__(what)
        self.what, self.said = what, said


def _shown(text: str) -> str:
    return ascii(text[:40])[1:-1]


_LENGTHS = {"px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54, "pt": 96 / 72, "pc": 16.0}
_ANGLES = {"deg": 1.0, "grad": 0.9, "rad": 180 / pi, "turn": 360.0}
_WITH_UNIT = re.compile(rf"({_NUMBER})([a-zA-Z]++)")


def numbers(text: str, units: Mapping[str, float] = _LENGTHS) -> list[float]:
    """In px, as CSS counts them: 96 to the inch. What depends on a page or a font is none."""
    parts = text.replace(",", " ").split()
    if len(parts) > MOST_NUMBERS:
        raise NotSvg(Flaw.TOO_MANY, most=MOST_NUMBERS, things=Things.NUMBERS.value)
    try:
        return [float(part) for part in parts]
    except ValueError:
        return [_number(part, units) for part in parts]


def _number(part: str, units: Mapping[str, float]) -> float:
    found = _WITH_UNIT.fullmatch(part)
    try:
        return float(found[1]) * units[found[2].lower()] if found else float(part)
    except (ValueError, KeyError):
        raise NotSvg(Flaw.NO_NUMBERS, text=_shown(part)) from None


def times(m: Matrix, n: Matrix) -> Matrix:
    """First n, then m."""
    if m is SAME:
        return n
    a, b, c, d, e, f = m
    p, q, r, s, t, u = n
    return (a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f)


def at(m: Matrix, x: float, y: float) -> Point:
    a, b, c, d, e, f = m
    return a * x + c * y + e, b * x + d * y + f


def scale(m: Matrix) -> float:
    """How much larger things get, on average of the directions."""
    return sqrt(abs(m[0] * m[3] - m[1] * m[2]))


def turned(m: Matrix) -> float:
    """Degrees clockwise, as SVG counts."""
    return degrees(atan2(m[1], m[0]))


def keeps_shape(m: Matrix) -> bool:
    """Turns, moves and enlarges, and neither mirrors nor squeezes."""
    a, b, c, d, _, _ = m
    return abs(a - d) + abs(b + c) <= 1e-9 * (abs(a) + abs(b) + abs(c) + abs(d))


def matrix(text: str) -> Matrix:
    """A `transform`, of SVG or of CSS in two dimensions."""
    found, end = SAME, 0
    while part := _TRANSFORM.match(text, end):
        end = part.end()
        angles = part[1].startswith(("rotate", "skew"))
        found = times(found, _one(part[1], numbers(part[2], _LENGTHS | _ANGLES if angles else _LENGTHS)))
    if text[end:].strip():
        raise NotSvg(Flaw.TRANSFORM_UNCLEAR, text=_shown(text))
    return found


def _one(name: str, n: list[float]) -> Matrix:
    match name, len(n):
        case "matrix", 6:
            return (n[0], n[1], n[2], n[3], n[4], n[5])
        case "translate", 1 | 2:
            return (1.0, 0.0, 0.0, 1.0, n[0], n[1] if len(n) > 1 else 0.0)
        case "translateX", 1:
            return (1.0, 0.0, 0.0, 1.0, n[0], 0.0)
        case "translateY", 1:
            return (1.0, 0.0, 0.0, 1.0, 0.0, n[0])
        case "scaleX", 1:
            return (n[0], 0.0, 0.0, 1.0, 0.0, 0.0)
        case "scaleY", 1:
            return (1.0, 0.0, 0.0, n[0], 0.0, 0.0)
        case "scale", 1 | 2:
            return (n[0], 0.0, 0.0, n[-1], 0.0, 0.0)
        case "rotate", 1 | 3:
            c, s = cos(radians(n[0])), sin(radians(n[0]))
            x, y = (n[1], n[2]) if len(n) == 3 else (0.0, 0.0)
            return (c, s, -s, c, x - c * x + s * y, y - s * x - c * y)
        case "skewX", 1:
            return (1.0, 0.0, tan(radians(n[0])), 1.0, 0.0, 0.0)
        case "skewY", 1:
            return (1.0, tan(radians(n[0])), 0.0, 1.0, 0.0, 0.0)
        case _:
            raise NotSvg(Flaw.NO_TRANSFORM, name=_shown(name), count=len(n))


_MOVING = re.compile(
    r"(?<![-\w])(transform(?:-origin|-box)?|translate|rotate|scale|zoom|offset(?:-\w+)?|cx|cy|r|rx|ry|x|y|d)\s*+:"
)


def moves(style: str) -> set[str]:
    """The properties in a style, or a sheet of them, that say where or how large something is."""
    return set(_MOVING.findall(style)) if ":" in style else set()


def styled(style: str, name: str) -> str:
    """What a `style` says of one property: the last that it says."""
    found = ""
    for part in style.split(";"):
        key, _, value = part.partition(":")
        if key.strip() == name:
            found = value.removesuffix("!important").strip()
    return found


def corners(tag: str, said: Mapping[str, str]) -> list[Point] | None:
    """Points whose outline is that of a shape; None if the element is not drawn as a shape."""

    def number(name: str) -> float:
        found = numbers(said.get(name) or "0")
        return found[0] if found else 0.0

    match tag:
        case "rect":
            x, y, w, h = (number(name) for name in ("x", "y", "width", "height"))
            return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
        case "circle" | "ellipse":
            x, y = number("cx"), number("cy")
            rx = number("r") if tag == "circle" else number("rx")
            ry = rx if tag == "circle" else number("ry")
            return [(x + rx * cos(pi * n / 24), y + ry * sin(pi * n / 24)) for n in range(48)]
        case "line":
            return [(number("x1"), number("y1")), (number("x2"), number("y2"))]
        case "polygon" | "polyline":
            found = numbers(said.get("points", ""))
            if len(found) < 2 or len(found) % 2:
                raise NotSvg(Flaw.NO_PAIRS)
            return list(zip(found[::2], found[1::2], strict=True))
        case "path":
            return path(said.get("d", ""))
        case _:
            return None


def path(text: str) -> list[Point]:
    """The points of a path's `d`: ends of lines, chords of curves."""
    found: list[Point] = []
    x = y = start_x = start_y = 0.0
    handle: Point | None = None  # the last curve's, which a smooth one mirrors
    for command, n in _commands(text):
        low, here = command.lower(), command.islower()
        dx, dy = (x, y) if here else (0.0, 0.0)
        if low == "z":
            x, y, handle = start_x, start_y, None
            continue
        if low in "hv":
            x, y = (n[0] + dx, y) if low == "h" else (x, n[0] + dy)
            found.append((x, y))
            handle = None
        elif low == "a":
            end = (n[5] + dx, n[6] + dy)
            found += _arc((x, y), n, end)
            x, y = end
            handle = None
        else:
            points = [(n[i] + dx, n[i + 1] + dy) for i in range(0, len(n), 2)]
            if low in "st":
                mirrored = (2 * x - handle[0], 2 * y - handle[1]) if handle else (x, y)
                points.insert(0, mirrored)
            if len(points) > 1:
                found += _curve((x, y), points)
            else:
                found.append(points[0])
            handle = points[-2] if len(points) > 1 else None
            x, y = points[-1]
            if low == "m":
                start_x, start_y = x, y
        if len(found) > MOST_POINTS:
            raise NotSvg(Flaw.TOO_MANY, most=MOST_POINTS, things=Things.PATH_POINTS.value)
    if not found:
        raise NotSvg(Flaw.PATH_EMPTY)
    return found


def _commands(text: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with its numbers, repeated ones spelt out."""
    command, end, n = "", 0, list[float]()
    while end < len(text):
        if command in ("a", "A") and (arc := _ARC.match(text, end)):  # its flags may stand without a space
            end = arc.end()
            yield command, [float(part) for part in arc.groups()]
            continue
        part = _PATH.match(text, end)
        if part is None:
            raise NotSvg(Flaw.PATH_UNCLEAR, text=_shown(text[end : end + 20]))
        end = part.end()
        if part[1]:
            if n or (not command and part[1] not in "mM"):
                raise NotSvg(Flaw.PATH_UNCLEAR, text=_shown(text[:20]))
            command = part[1]
            if command in "zZ":
                yield command, []
        elif part[2]:
            n.append(float(part[2]))
            if not command or command in "zZ":
                raise NotSvg(Flaw.PATH_UNCLEAR, text=_shown(text[:20]))
            if len(n) == _TAKES[command.lower()]:
                yield command, n
                n = []
                command = {"m": "l", "M": "L"}.get(command, command)
    if n:
        raise NotSvg(Flaw.PATH_ENDS, text=_shown(text[-20:]))


def _curve(start: Point, rest: list[Point]) -> list[Point]:
    """Chords of a Bézier curve of any degree."""
    found = []
    for step in range(1, CHORDS + 1):
        t = step / CHORDS
        points = [start, *rest]
        while len(points) > 1:
            points = [(p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])) for p, q in pairwise(points)]
        found.append(points[0])
    return found


def _arc(start: Point, n: list[float], end: Point) -> list[Point]:
    """Chords of an elliptical arc (SVG 1.1, appendix F.6)."""
    rx, ry, phi, large, sweep = abs(n[0]), abs(n[1]), radians(n[2]), n[3] != 0, n[4] != 0
    if not rx or not ry or start == end:
        return [end]
    c, s = cos(phi), sin(phi)
    mx, my = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    px, py = c * mx + s * my, -s * mx + c * my
    grow = sqrt(max(1.0, (px / rx) ** 2 + (py / ry) ** 2))
    rx, ry = rx * grow, ry * grow
    below = (rx * py) ** 2 + (ry * px) ** 2
    factor = sqrt(max(0.0, (rx * ry) ** 2 - below) / below) * (-1 if large == sweep else 1)
    qx, qy = factor * rx * py / ry, -factor * ry * px / rx
    ox = c * qx - s * qy + (start[0] + end[0]) / 2
    oy = s * qx + c * qy + (start[1] + end[1]) / 2
    first = atan2((py - qy) / ry, (px - qx) / rx)
    turn = _angle((px - qx) / rx, (py - qy) / ry, (-px - qx) / rx, (-py - qy) / ry)
    turn += (2 * pi if sweep and turn < 0 else 0) - (2 * pi if not sweep and turn > 0 else 0)
    steps = max(2, ceil(abs(turn) / (pi / 2)) * CHORDS)
    found = []
    for step in range(1, steps + 1):
        a = first + turn * step / steps
        found.append((ox + rx * cos(a) * c - ry * sin(a) * s, oy + rx * cos(a) * s + ry * sin(a) * c))
    found[-1] = end
    return found


def _angle(ux: float, uy: float, vx: float, vy: float) -> float:
    cosine = (ux * vx + uy * vy) / (hypot(ux, uy) * hypot(vx, vy))
    return acos(max(-1.0, min(1.0, cosine))) * (-1 if ux * vy - uy * vx < 0 else 1)
