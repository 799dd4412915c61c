"""Rectangles on the screen, measured from the top left in pixels, and how to cut them. Pure: layouts are arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x + self.w / 2, self.y + self.h / 2)

    def has(self, x: float, y: float) -> bool:
        return self.x <= x < self.right and self.y <= y < self.bottom

    def inset(self, across: float, down: float | None = None) -> "Rect":
        down = across if down is None else down
        return Rect(self.x + across, self.y + down, max(0, self.w - 2 * across), max(0, self.h - 2 * down))

    def top(self, h: float, gap: float = 0) -> tuple["Rect", "Rect"]:
        """The topmost `h` pixels, and the rest below a gap."""
        h = min(h, self.h)
        rest = min(self.h, h + gap)
        return Rect(self.x, self.y, self.w, h), Rect(self.x, self.y + rest, self.w, self.h - rest)

    def base(self, h: float, gap: float = 0) -> tuple["Rect", "Rect"]:
        """The lowest `h` pixels, and the rest above a gap."""
        h = min(h, self.h)
        return Rect(self.x, self.bottom - h, self.w, h), Rect(self.x, self.y, self.w, max(0, self.h - h - gap))

    def left(self, w: float, gap: float = 0) -> tuple["Rect", "Rect"]:
        w = min(w, self.w)
        rest = min(self.w, w + gap)
        return Rect(self.x, self.y, w, self.h), Rect(self.x + rest, self.y, self.w - rest, self.h)

    def end(self, w: float, gap: float = 0) -> tuple["Rect", "Rect"]:
        """The rightmost `w` pixels, and the rest to the left of a gap."""
        w = min(w, self.w)
        return Rect(self.right - w, self.y, w, self.h), Rect(self.x, self.y, max(0, self.w - w - gap), self.h)

    def columns(self, parts: int | Sequence[float], gap: float = 0) -> list["Rect"]:
        """Side by side: equal when `parts` is a number, else in these proportions."""
        shares = [1.0] * parts if isinstance(parts, int) else list(parts)
        room, x, found = self.w - gap * (len(shares) - 1), self.x, []
        for share in shares:
            w = room * share / sum(shares)
            found.append(Rect(x, self.y, w, self.h))
            x += w + gap
        return found

    def rows(self, parts: int | Sequence[float], gap: float = 0) -> list["Rect"]:
        turned = Rect(self.y, self.x, self.h, self.w).columns(parts, gap)
        return [Rect(r.y, r.x, r.h, r.w) for r in turned]

    def grid(self, across: int, down: int, gap: float) -> list["Rect"]:
        return [cell for row in self.rows(down, gap) for cell in row.columns(across, gap)]

    def middle(self, w: float, h: float) -> "Rect":
        """A rectangle of this size around the centre, no larger than this one."""
        w, h = min(w, self.w), min(h, self.h)
        return Rect(self.x + (self.w - w) / 2, self.y + (self.h - h) / 2, w, h)
