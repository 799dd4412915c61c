"""What many hold together, and who makes room when it is too much. It takes no promise and turns nobody away who comes
anew: each has a share, and where there is no room the oldest thing that may go makes it, of whoever is beyond their
share, otherwise of whoever holds most.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Holding(Protocol):
    """Something that takes room. `who`: whose share it is counted to; `coming`: whether it may be cut now."""

    @property
    def who(self) -> str: ...

    @property
    def coming(self) -> bool: ...

    @property
    def cut(self) -> Callable[[], None]:
        """Ends it, and gives back what it holds."""


@dataclass(slots=True)
class _Held:
    """What one of them holds: each thing and how much, the oldest first."""

    each: dict[Holding, int] = field(default_factory=dict)
    total: int = 0

    def oldest(self) -> Holding | None:
        """Of those that may go."""
        return next((holding for holding in self.each if holding.coming), None)


class Budget:
    """So much in all, and each one's `share` of it. The unit is the user's."""

    def __init__(self, most: int, share: int) -> None:
        self.most, self.share, self.held = most, share, 0
        self._of: dict[str, _Held] = {}

    def take(self, holding: Holding, n: int) -> bool:
        """Lets it hold `n`, more or less than before; false if it is the one that had to make room."""
        mine = self._of.setdefault(holding.who, _Held())
        more = n - mine.each.get(holding, 0)
        mine.each[holding] = n
        mine.total += more
        self.held += more
        while crowding := self._crowding(mine):
            crowding.cut()
            if crowding is holding:
                return False
        return True

    def give_back(self, holding: Holding) -> None:
        """Also twice."""
        if (mine := self._of.get(holding.who)) and (n := mine.each.pop(holding, None)) is not None:
            mine.total -= n
            self.held -= n
            if not mine.each:
                del self._of[holding.who]

    def renew(self, holding: Holding) -> None:
        """From now on it is the youngest that its holder has."""
        if (mine := self._of.get(holding.who)) and holding in mine.each:
            mine.each[holding] = mine.each.pop(holding)

    def _crowding(self, mine: _Held) -> Holding | None:
        """What has to go for what was taken. One alone is always let in, or a budget smaller than it would shut it out
        for ever."""
        if len(mine.each) > 1 and mine.total > self.share:
            return mine.oldest()
        if self.held > self.most and (len(mine.each) > 1 or len(self._of) > 1):
            cuttable = (held for held in self._of.values() if held.oldest())
            return max(cuttable, key=lambda held: held.total).oldest()
        return None
