"""Which wheelchair place a companion's seat belongs to: the nearest one. A tree by x and y in turns, so that a hall
full of them costs little more than one with a few."""

from collections.abc import Sequence
from typing import NamedTuple

Spot = tuple[float, float, str]
"""x, y, id."""


class _Node(NamedTuple):
    spot: Spot
    axis: int
    low: "_Node | None"
    high: "_Node | None"


class Nearest:
    """The nearest of these; of two as near, the one whose id comes first."""

    def __init__(self, spots: Sequence[Spot]) -> None:
        self._root = _tree(list(spots), 0)

    def of(self, x: float, y: float) -> str | None:
        best: tuple[float, str] | None = None
        open_ = [(0.0, self._root)]
        while open_:
            least, node = open_.pop()
            if node is None or (best is not None and least > best[0]):
                continue
            own = ((node.spot[0] - x) ** 2 + (node.spot[1] - y) ** 2, node.spot[2])
            best = own if best is None or own < best else best
            beyond = y - node.spot[1] if node.axis else x - node.spot[0]
            near, far = (node.low, node.high) if beyond < 0 else (node.high, node.low)
            open_ += [(beyond * beyond, far), (0.0, near)]
        return best[1] if best else None


def _tree(spots: list[Spot], axis: int) -> _Node | None:
    if not spots:
        return None
    spots.sort(key=lambda spot: spot[axis])
    middle = len(spots) // 2
    return _Node(spots[middle], axis, _tree(spots[:middle], 1 - axis), _tree(spots[middle + 1 :], 1 - axis))
