"""Which seats are neighbours: the order of seats along a row, and where an aisle or a gap breaks it.

A plan file only tells points. A row may be curved, may run up the side of the hall, may be numbered odd | even from the
middle, may come in blocks; what a visitor means by "next to each other" is that nobody has to stand up in between.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from statistics import median_low

Point = tuple[float, float]

GAP = 1.7  # times the usual step: wider than a seat with generous arms, narrower than the narrowest aisle
ENOUGH = 4  # steps from which a row's own median is a better measure than its zone's


def along(points: Sequence[Point]) -> list[int]:
    """Indices of `points` in seat order: as filed, by x or by y, whichever makes the shortest walk."""
    filed = list(range(len(points)))
    if len(points) < 3:
        return filed
    orders = [filed, sorted(filed, key=lambda i: (points[i], i)), sorted(filed, key=lambda i: (points[i][1], i))]
    return min(orders, key=lambda order: round(sum(steps([points[i] for i in order])), 3))


def steps(points: Sequence[Point]) -> list[float]:
    """Distances from each point to the next."""
    return [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]


def usual_step(rows: Sequence[Sequence[Point]]) -> float:
    """The median step of a zone, of rows already in seat order; 0 when no row has two seats."""
    every = [step for row in rows for step in steps(row)]
    return median_low(every) if every else 0.0


def runs(points: Sequence[Point], usual: float) -> list[int]:
    """Lengths of the unbroken runs of a row in seat order; they add up to `len(points)`."""
    if not points:
        return []
    walked = steps(points)
    limit = GAP * (median_low(walked) if len(walked) >= ENOUGH else usual or max(walked, default=0.0))
    lengths = [1]
    for step in walked:
        if step > limit:
            lengths.append(1)
        else:
            lengths[-1] += 1
    return lengths
