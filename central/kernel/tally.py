"""What came to the door and left no row in the log, counted: by day, caller, command and reason. All strangers are one
caller, so whatever they do, a day has no more rows than there are commands and reasons. The counts lie in memory and
are added to the database now and then (central/app.py); a crash loses those of the last half minute.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from central.kernel.actor import Actor, ActorKind
from central.kernel.db import Connection

KEPT = timedelta(days=90)
MOST_WAITING = 10_000  # different counts; the callers beyond it are "others"
OTHERS = "others"

Key = tuple[str, str, str, str]
"""Day, caller, command, reason (empty: it was done)."""


def caller(actor: Actor) -> str:
    return str(ActorKind.ANONYMOUS) if actor.kind is ActorKind.ANONYMOUS else actor.label


class Tally:
    """Used from every thread in which commands are decided."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._waiting: Counter[Key] = Counter()

    def count(self, who: str, command: str, reason: str) -> None:
        """`who`: as `caller` calls them."""
        self._add((self.today.isoformat(), who, command, reason), 1)

    @property
    def today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _add(self, key: Key, times: int) -> None:
        with self._lock:
            if len(self._waiting) >= MOST_WAITING and key not in self._waiting:
                key = (key[0], OTHERS, *key[2:])
            self._waiting[key] += times

    def take(self) -> Counter[Key]:
        """What waits to be written; who takes it writes it, or gives it back."""
        with self._lock:
            taken, self._waiting = self._waiting, Counter()
        return taken

    def give_back(self, taken: Counter[Key]) -> None:
        for key, times in taken.items():
            self._add(key, times)


def add_tally(db: Connection, taken: Counter[Key], today: date) -> None:
    """In a transaction of the caller's. Several centrals add to the same rows, in one order."""
    db.write_many(
        "INSERT INTO door_tally (day, caller, command, reason, times) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (day, caller, command, reason) DO UPDATE SET times = door_tally.times + excluded.times",
        [(*key, times) for key, times in sorted(taken.items())],
    )
    db.write("DELETE FROM door_tally WHERE day < ?", ((today - KEPT).isoformat(),))
