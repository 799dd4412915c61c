"""A trouble of the database while it lasts: told once when it comes and once when it goes, counted in between.

Also what keeps callers from standing in line for a server that is away: who came before it was noticed is refused with
whoever noticed it, and of those who come later one tries, now and then.
"""

import threading
import time
from collections.abc import Callable

from central.kernel.trouble import NoDatabase, Unavailable
from shared.runtime.log import logger
from shared.runtime.metrics import counter, gauge

log = logger(__name__)
TRY_EVERY_S = 1.0
SIDES = ("writes", "reads")
REFUSED = counter(
    "parterre_database_refused_total", "Commands and looks that were refused because of the database, by why.",
    side=SIDES, reason=[each.value for each in NoDatabase],
)  # fmt: skip
TROUBLE = gauge(
    "parterre_database_trouble", "1 while the database does not serve, by what is wrong with it.",
    side=SIDES, reason=[each.value for each in NoDatabase],
)  # fmt: skip


class Outage:
    """Of one side, `writes` or `reads`; threads share it. Seconds are monotonic."""

    def __init__(self, side: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.now: Unavailable | None = None
        self.since = 0.0
        self.refused = 0
        self._side, self._clock = side, clock
        self._lock = threading.Lock()
        self._noticed: dict[str, float] = {}
        self._next_try = 0.0

    def meets(self, trouble: Unavailable, what: str = "") -> Unavailable:
        """Somebody met it, with a command of the name `what`."""
        with self._lock:
            known = self.now
            if known is None:
                self.since, self.refused = self._clock(), 0
            self.now = trouble
            self._noticed[_key(trouble, what)] = self._clock()
            self._next_try = self._clock() + TRY_EVERY_S
        if known is None or known.reason != trouble.reason:
            if known:
                self._show(known, 0)
            self._show(trouble, 1)
            log.warning("the database does not serve", side=self._side, reason=trouble.reason.value, why=trouble.why)
        return self.refuses(trouble)

    def refuses(self, trouble: Unavailable, many: int = 1) -> Unavailable:
        with self._lock:
            self.refused += many
        REFUSED.add(many, side=self._side, reason=trouble.reason.value)
        return trouble

    def over(self, what: str = "") -> None:
        """Something went well. Costs a look at a field where nothing was wrong. A lock that one kind of command met is
        not gone because another kind was done."""
        known = self.now
        if known is None:
            return
        with self._lock:
            self._noticed.pop(_key(known, what), None)
            if self._noticed or self.now is not known:
                return
            self.now = None
        self._show(known, 0)
        log.info("the database serves again", side=self._side, after_s=round(self._clock() - self.since, 1),
                 reason=known.reason.value, refused=self.refused)  # fmt: skip

    def shuts_out(self, came: float, what: str = "") -> Unavailable | None:
        """Whether to refuse somebody who came at that second without asking the database."""
        known = self.now
        if known is None:
            return None
        with self._lock:
            if came <= self._noticed.get(_key(known, what), -1.0):
                return known  # waited with those who noticed
            if known.reason is not NoDatabase.DATABASE_AWAY:
                return None
            if self._clock() < self._next_try:
                return known
            self._next_try = self._clock() + TRY_EVERY_S  # this one tries
        return None

    def _show(self, trouble: Unavailable, on: int) -> None:
        TROUBLE.set(on, side=self._side, reason=trouble.reason.value)


def _key(trouble: Unavailable, what: str) -> str:
    """What else meets the same: a lock is in the way of this kind of command, the rest in everybody's."""
    return what if trouble.reason is NoDatabase.DATABASE_HELD else ""
