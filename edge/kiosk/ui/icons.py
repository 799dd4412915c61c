"""Icons as strokes in a box of 1 × 1, y down: few enough to draw by hand, and in one weight with the letters."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin

from edge.kiosk.ui.paint import Icon

Stroke = Sequence[tuple[float, float]]


def _arc(x: float, y: float, radius: float, start: float, end: float, steps: int = 20) -> Stroke:
    """Degrees, clockwise from the top."""
    turns = [(start + (end - start) * step / steps) * pi / 180 for step in range(steps + 1)]
    return [(x + radius * sin(turn), y - radius * cos(turn)) for turn in turns]


ICONS: Mapping[Icon, Sequence[Stroke]] = {
    Icon.BACK: [[(0.82, 0.5), (0.2, 0.5)], [(0.46, 0.24), (0.2, 0.5), (0.46, 0.76)]],
    Icon.FORWARD: [[(0.18, 0.5), (0.8, 0.5)], [(0.54, 0.24), (0.8, 0.5), (0.54, 0.76)]],
    Icon.OVER: [
        [*_arc(0.52, 0.5, 0.36, -110, -405, 28), (0.1, 0.4)],
        [(0.1, 0.14), (0.1, 0.4), (0.36, 0.4)],
    ],
    Icon.PLUS: [[(0.5, 0.18), (0.5, 0.82)], [(0.18, 0.5), (0.82, 0.5)]],
    Icon.MINUS: [[(0.18, 0.5), (0.82, 0.5)]],
    Icon.TICK: [[(0.2, 0.54), (0.42, 0.76), (0.82, 0.28)]],
    Icon.CROSS: [[(0.24, 0.24), (0.76, 0.76)], [(0.76, 0.24), (0.24, 0.76)]],
    Icon.FIT: [
        [(0.14, 0.34), (0.14, 0.14), (0.34, 0.14)],
        [(0.66, 0.14), (0.86, 0.14), (0.86, 0.34)],
        [(0.86, 0.66), (0.86, 0.86), (0.66, 0.86)],
        [(0.34, 0.86), (0.14, 0.86), (0.14, 0.66)],
    ],
    Icon.CONTRAST: [
        _arc(0.5, 0.5, 0.38, 0, 360, 36),
        *([(0.5 + at, 0.5 - (0.1225 - at * at) ** 0.5), (0.5 + at, 0.5 + (0.1225 - at * at) ** 0.5)]
          for at in (0.02, 0.08, 0.14, 0.2, 0.26, 0.31)),
    ],
    Icon.CARD: [
        [(0.08, 0.24), (0.92, 0.24), (0.92, 0.78), (0.08, 0.78), (0.08, 0.24)],
        [(0.08, 0.42), (0.92, 0.42)],
        [(0.2, 0.62), (0.42, 0.62)],
    ],
    Icon.TICKET: [
        [(0.08, 0.26), (0.92, 0.26), (0.92, 0.42)],
        _arc(0.92, 0.5, 0.08, 0, -180, 8),
        [(0.92, 0.58), (0.92, 0.74), (0.08, 0.74), (0.08, 0.58)],
        _arc(0.08, 0.5, 0.08, 180, 0, 8),
        [(0.08, 0.42), (0.08, 0.26)],
        [(0.64, 0.36), (0.64, 0.42)],
        [(0.64, 0.58), (0.64, 0.64)],
    ],
    Icon.STAR: [
        [(0.5 + r * sin(at * pi / 5), 0.54 - r * cos(at * pi / 5)) for at, r in enumerate([0.4, 0.18] * 5 + [0.4])],
    ],
    Icon.PERSON: [_arc(0.5, 0.3, 0.15, 0, 360, 20), [*_arc(0.5, 0.86, 0.32, -90, 90, 16)]],
    Icon.WHEELCHAIR: [
        _arc(0.42, 0.12, 0.05, 0, 360, 10),
        [(0.42, 0.28), (0.42, 0.56), (0.68, 0.56), (0.8, 0.86)],
        [(0.42, 0.4), (0.64, 0.4)],
        _arc(0.44, 0.68, 0.23, -40, -265, 16),
    ],
    Icon.UP: [[(0.22, 0.64), (0.5, 0.34), (0.78, 0.64)]],
    Icon.DOWN: [[(0.22, 0.36), (0.5, 0.66), (0.78, 0.36)]],
    Icon.ALERT: [
        [(0.5, 0.12), (0.93, 0.86), (0.07, 0.86), (0.5, 0.12)],
        [(0.5, 0.42), (0.5, 0.6)],
        [(0.5, 0.73), (0.5, 0.735)],
    ],
    Icon.PAUSE: [[(0.34, 0.2), (0.34, 0.8)], [(0.66, 0.2), (0.66, 0.8)]],
}  # fmt: skip
WEIGHT = 0.1  # stroke width, of the box's side
