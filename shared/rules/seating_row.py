"""Windows of neighbours in one row: which is best, and whom it leaves alone. Parts of the rule in seating.py."""

from collections.abc import Iterable, Iterator, Sequence

from shared.rules.hall import Hall, block, far, smeared
from shared.rules.rows import Point
from shared.rules.vacancy import View

Chosen = dict[int, int]  # rank of a row → its chosen seats as bits
Part = tuple[int, int, int]  # rank, start, size


def in_row(view: View, rank: int, size: int, aisle: bool = False, among: int = -1) -> Iterator[tuple[int, int, int]]:
    """(seats left alone, total quality, start) of the best window for each number of seats left alone."""
    line, mask = view.hall.lines[rank], view.masks[rank]
    windows = line.windows(mask, size)
    if not windows:
        view.correct(rank)
        return
    windows &= among
    if aisle:
        windows &= smeared(line.aisle, size)
    if windows:
        yield from by_alone(view, rank, size, windows, line.cheapest(windows, size))


def by_alone(view: View, rank: int, size: int, windows: int, best_start: int) -> Iterator[tuple[int, int, int]]:
    line = view.hall.lines[rank]
    worth = line.worth
    left, right = lonely(view, rank, size)
    if not (left | right) >> best_start & 1:  # no other one is better in any way
        yield 0, worth[best_start + size] - worth[best_start], best_start
        return
    for alone, part in enumerate((windows & ~(left | right), windows & (left ^ right), windows & left & right)):
        if part:
            start = line.cheapest(part, size)
            yield alone, worth[start + size] - worth[start], start


def lonely(view: View, rank: int, size: int) -> tuple[int, int]:
    """Bit b: a window from b on leaves its left, its right neighbour alone that was not alone before."""
    mask = view.masks[rank]
    linked = mask & (mask >> 1) & view.hall.alike[rank]  # bit b: b and b + 1 are free, neighbours, and of a kind
    return (linked << 1) & ~(linked << 2), (linked >> (size - 1)) & ~(linked >> size)


def pick(windows: Iterable[tuple[int, int, int]], slack: int) -> int | None:
    """The start of the best of a row's windows."""
    found = list(windows)
    if not found:
        return None
    lowest = min(total for _, total, _ in found)
    return next(start for _, total, start in found if total <= lowest + slack)


def bits_of(parts: Iterable[Part]) -> Chosen:
    chosen: Chosen = {}
    for rank, start, size in parts:
        chosen[rank] = chosen.get(rank, 0) | block(start, size)
    return chosen


def least_of(found: Sequence[tuple[int, float, int, int]], slack: float) -> tuple[int, float, int, int]:
    """Of (seats left alone, cost, rank, start) those that are as good as the cheapest, then by all four."""
    lowest = min(cost for _, cost, _, _ in found)
    return min(one for one in found if one[1] <= lowest + slack)


def cost_of(hall: Hall, part: Part, centre: Point | None) -> float:
    """Its total quality and, if it belongs to others, each person's way to them."""
    line = hall.lines[part[0]]
    away = far(line.middle(part[1], part[2]), centre) if centre else 0.0
    return line.total(part[1], part[2]) + part[2] * away
