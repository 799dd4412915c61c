"""What many hold together, and who makes room when it is too much. It takes no promise and turns nobody away who comes
anew: each has a share, and where there is no room the oldest thing that may go makes it, of whoever is beyond their
share, otherwise of whoever holds most; of those who hold as much, the oldest. That is found in a heap, so however many
there are, one more costs next to nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol


class Holding(Protocol):
    """Something that takes room. `who`: whose share it is counted to; `coming`: whether it may be cut now. What may not
    is cut again only after `renew`."""

    @property
    def who(self) -> str: ...

    @property
    def coming(self) -> bool: ...

    @property
    def cut(self) -> Callable[[], None]:
        """Ends it, and gives back what it holds."""


Rank = tuple[int, int, str]
"""How much somebody holds, negative; when their oldest thing that may go came or was renewed; who they are."""


@dataclass(slots=True)
class _Held:
    """What one of them holds: each thing and how much. `queue`: those that may go, the oldest first, with their turn;
    `rank`: as it stands in the heap."""

    each: dict[Holding, int] = field(default_factory=dict)
    queue: dict[Holding, int] = field(default_factory=dict)
    total: int = 0
    rank: Rank | None = None

    def oldest(self) -> Holding | None:
        """Of those that may go."""
        while self.queue:
            if (holding := next(iter(self.queue))).coming:
                return holding
            del self.queue[holding]
        return None


class Budget:
    """So much in all, and each one's `share` of it. The unit is the user's."""

    def __init__(self, most: int, share: int) -> None:
        self.most, self.share, self.held = most, share, 0
        self._of: dict[str, _Held] = {}
        self._heap: list[Rank] = []  # each one's, and what was once
        self._turns = count()

    def take(self, holding: Holding, n: int) -> bool:
        """Lets it hold `n`, more or less than before; false if it is the one that had to make room."""
        mine = self._of.setdefault(holding.who, _Held())
        if holding not in mine.each:
            mine.queue[holding] = next(self._turns)
        more = n - mine.each.get(holding, 0)
        mine.each[holding] = n
        mine.total += more
        self.held += more
        self._ranked(holding.who, mine)
        while crowding := self._crowding(mine):
            crowding.cut()
            if crowding is holding:
                return False
        return True

    def give_back(self, holding: Holding) -> None:
        """Also twice."""
        if (mine := self._of.get(holding.who)) and (n := mine.each.pop(holding, None)) is not None:
            mine.queue.pop(holding, None)
            mine.total -= n
            self.held -= n
            if not mine.each:
                del self._of[holding.who]

    def renew(self, holding: Holding) -> None:
        """From now on it is the youngest of all."""
        if (mine := self._of.get(holding.who)) and holding in mine.each:
            mine.queue.pop(holding, None)
            mine.queue[holding] = next(self._turns)
            if mine.rank is None:
                self._ranked(holding.who, mine)

    def _crowding(self, mine: _Held) -> Holding | None:
        """What has to go for what was taken. One alone is always let in, or a budget smaller than it would shut it out
        for ever."""
        if len(mine.each) > 1 and mine.total > self.share:
            return mine.oldest()
        if self.held > self.most and (len(mine.each) > 1 or len(self._of) > 1):
            return self._first()
        return None

    def _first(self) -> Holding | None:
        while self._heap:
            rank = heappop(self._heap)
            held = self._of.get(rank[2])
            if held and held.rank == rank:
                held.rank = None
                self._ranked(rank[2], held)
                if held.rank == rank:
                    return held.oldest()
        return None

    def _ranked(self, who: str, held: _Held) -> None:
        """Puts them where they belong now. What stands in the heap comes up no later than it should: who holds less
        than it says, or whose oldest is younger, is found when it is their turn."""
        oldest = held.oldest()
        rank = (-held.total, held.queue[oldest], who) if oldest else None
        if rank == held.rank:
            return
        held.rank = rank
        if rank:
            heappush(self._heap, rank)
        if len(self._heap) > 2 * len(self._of) + 64:
            self._heap = [each.rank for each in self._of.values() if each.rank]
            heapify(self._heap)
