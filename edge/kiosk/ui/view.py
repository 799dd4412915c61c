"""Where a plan's point lies on the screen, and back: zoom, pan, pinch, and which seat a finger means. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot

from edge.kiosk.ui.geometry import Rect
from shared.wire.feeds import PlanRow, PlanSeat

CLOSEST = 6.0  # times the fitting scale


@dataclass(frozen=True, slots=True)
class PlanView:
    """`rect` on the screen shows the plan around (`x`, `y`), `zoom` times larger than it fits whole. y grows down on
    both sides."""

    rect: Rect
    bounds: Rect  # of the drawing, in plan units
    zoom: float = 1
    x: float = 0
    y: float = 0

    @property
    def scale(self) -> float:
        """Pixels per plan unit."""
        fitting = min(self.rect.w / max(1.0, self.bounds.w), self.rect.h / max(1.0, self.bounds.h))
        return fitting * self.zoom

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        (cx, cy), scale = self.rect.centre, self.scale
        return cx + (x - self.x) * scale, cy + (y - self.y) * scale

    def to_plan(self, x: float, y: float) -> tuple[float, float]:
        (cx, cy), scale = self.rect.centre, self.scale
        return self.x + (x - cx) / scale, self.y + (y - cy) / scale

    def zoomed(self, factor: float, x: float, y: float) -> "PlanView":
        """Larger or smaller, with the plan's point under the screen's (x, y) staying where it is."""
        under = self.to_plan(x, y)
        zoom = min(CLOSEST, max(1.0, self.zoom * factor))
        there = replace(self, zoom=zoom).to_plan(x, y)
        return replace(self, zoom=zoom, x=self.x + under[0] - there[0], y=self.y + under[1] - there[1]).kept()

    def moved(self, dx: float, dy: float) -> "PlanView":
        """Dragged by so many pixels."""
        return replace(self, x=self.x - dx / self.scale, y=self.y - dy / self.scale).kept()

    def kept(self) -> "PlanView":
        """Never so far that the hall is lost from sight."""
        half_w, half_h = self.rect.w / self.scale / 2, self.rect.h / self.scale / 2
        return replace(
            self,
            x=_between(self.x, self.bounds.x + half_w, self.bounds.right - half_w),
            y=_between(self.y, self.bounds.y + half_h, self.bounds.bottom - half_h),
        )


def whole(rect: Rect, bounds: Rect) -> PlanView:
    return PlanView(rect, bounds, 1, *bounds.centre)


def bounds_of(plan: PlanRow, margin: float) -> Rect:
    """What is drawn, with a margin; not the paper it was drawn on, which may be mostly empty."""
    points = [(seat.x, seat.y) for seat in plan.seats] + [point for shape in plan.shapes for point in shape.points]
    if not points:
        return Rect(0, 0, max(1.0, plan.width), max(1.0, plan.height))
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, low = min(y for _, y in points), max(y for _, y in points)
    return Rect(left - margin, top - margin, right - left + 2 * margin, low - top + 2 * margin)


def pitch(seats: Sequence[PlanSeat]) -> float:
    """The usual distance of two neighbours: the median between seats that follow each other in a row."""
    steps = sorted(hypot(b.x - a.x, b.y - a.y) for a, b in pairwise(seats) if (a.zone, a.row) == (b.zone, b.row))
    return max(1.0, steps[len(steps) // 2]) if steps else 25.0


def nearest(seats: Iterable[PlanSeat], x: float, y: float, reach: float) -> PlanSeat | None:
    """The seat whose middle is closest to a plan point, if within reach."""
    found = min(seats, key=lambda seat: hypot(seat.x - x, seat.y - y), default=None)
    return found if found is not None and hypot(found.x - x, found.y - y) <= reach else None


def _between(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(high, max(low, value))
