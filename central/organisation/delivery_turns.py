"""Whose turn it is to be told: webhooks' receivers one after the other; nobody waits for those who answer badly.

A receiver gets one turn, then goes to the end of the row. One that failed, took long, or was never asked is slow: the
slow share some of the places, the rest is kept for whoever answered. Who fails rests as a whole, longer each time,
whatever else is waiting for it. All of it is in memory: it says who comes first, and a process that starts anew asks
everybody once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.kernel.spans import lasts
from shared.ids import Id

AT_ONCE = 16  # receivers spoken to at the same time
SLOW_AT_ONCE = 12  # of these, ones that have not answered well the last time
TURN_MS = 5000  # after so much of its own time a receiver has had its turn, and is slow
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)  # a receiver that is mended is found within this; what it missed comes by itself


@dataclass(slots=True)
class _Receiver:
    turn: int = 0  # the number of its last turn; 0: never
    failures: int = 0  # in a row
    slow: bool = True  # until it showed that it answers
    rests_until: datetime | None = None


class DeliveryTurns:
    def __init__(self) -> None:
        self._known: dict[Id, _Receiver] = {}
        self._turn = 0

    def whose(self, waiting: Iterable[Id], busy: Collection[Id]) -> list[Id]:
        """Who is spoken to next, of those that have something waiting (the longest waiting first): whoever had no turn
        for longest, as far as there are places beside `busy`."""
        slow = sum(self._of(each).slow for each in busy)
        free = AT_ONCE - len(busy)
        chosen: list[Id] = []
        for each in sorted((one for one in waiting if one not in busy), key=lambda one: self._of(one).turn):
            if len(chosen) >= free:
                break
            if self._of(each).slow:
                if slow >= SLOW_AT_ONCE:
                    continue
                slow += 1
            chosen.append(each)
        return chosen

    def forget_all_but(self, webhook_ids: Collection[Id]) -> None:
        self._known = {each: known for each, known in self._known.items() if each in webhook_ids}

    def _of(self, webhook_id: Id) -> _Receiver:
        return self._known.get(webhook_id) or _Receiver()

    def rests(self, webhook_id: Id, now: datetime) -> bool:
        known = self._known.get(webhook_id)
        return known is not None and known.rests_until is not None and lasts(known.rests_until, now, LONGEST_REST)

    def began(self, webhook_id: Id) -> None:
        self._turn += 1
        self._known.setdefault(webhook_id, _Receiver()).turn = self._turn

    def ended(self, webhook_id: Id, ok: bool, took_ms: int, now: datetime, after: timedelta = timedelta()) -> None:
        """`ok`: whether the last try went well; `after`: how long the receiver asks us to wait."""
        known = self._known.setdefault(webhook_id, _Receiver())
        known.failures = 0 if ok else known.failures + 1
        known.slow = not ok or took_ms >= TURN_MS
        rest = max(FIRST_REST * 2 ** min(known.failures - 1, 10), after) if known.failures else timedelta()
        known.rests_until = now + min(rest, LONGEST_REST) if known.failures else None
