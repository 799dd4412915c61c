"""A trouble of the database while it lasts: told once when it comes and once when it goes, counted in between.

Also what keeps callers from standing in line for a server that is away: who came before it was noticed is refused with
whoever noticed it, and of those who come later one tries, now and then.

A lock that one kind of command met is told in the same way, and refuses nobody else. It is over when one of that kind
is done, or after a while: nobody may ever give that command again.
"""

import threading
import time
from collections.abc import Callable
from math import inf

from central.kernel.trouble import NoDatabase, Unavailable
from shared.runtime.log import logger
from shared.runtime.metrics import counter, gauge

log = logger(__name__)
TRY_EVERY_S = 1.0
LASTS_S = 10.0  # a lock that nobody met again for so long is gone, as far as anybody can tell
SIDES = ("writes", "reads")
_ALL = ""  # whose a trouble is that is everybody's
REFUSED = counter(
    "parterre_database_refused_total", "Commands and looks that were refused because of the database, by why.",
    side=SIDES, reason=[each.value for each in NoDatabase],
)  # fmt: skip
TROUBLE = gauge(
    "parterre_database_trouble",
    "1 while the database does not serve, or on PostgreSQL keeps a kind of command waiting (`database_held`), by what "
    "is wrong.",
    side=SIDES, reason=[each.value for each in NoDatabase],
)  # fmt: skip


class Outage:
    """Of one side, `writes` or `reads`; threads share it. Seconds are monotonic."""

    def __init__(self, side: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.since = 0.0
        self.refused = 0
        self._side, self._clock = side, clock
        self._lock = threading.Lock()
        self._noticed: dict[str, tuple[Unavailable, float]] = {}
        self._shown: set[NoDatabase] = set()
        self._next_try = 0.0
        self._told_again = -inf  # of locks: they come and go, and one line says as much as twenty

    @property
    def now(self) -> Unavailable | None:
        """What is wrong: for all, else for a kind of command."""
        if not self._noticed:
            return None
        with self._lock:
            self._forget_old()
            known = self._noticed.get(_ALL) or next(iter(self._noticed.values()), None)
        return known and known[0]

    @property
    def of_all(self) -> Unavailable | None:
        """What is wrong for all."""
        known = self._noticed.get(_ALL)
        return known and known[0]

    def meets(self, trouble: Unavailable, what: str = _ALL) -> Unavailable:
        """Somebody met it, with a command of the name `what`; without a name it is everybody's, whatever it is."""
        key = what if trouble.reason is NoDatabase.DATABASE_HELD else _ALL
        with self._lock:
            now, known = self._clock(), self.of_all
            self._forget_old()
            self._noticed[key] = trouble, now
            if key == _ALL:
                if known is None:
                    self.since, self.refused = now, 0
                self._next_try = now + TRY_EVERY_S
                is_news = known is None or known.reason is not trouble.reason
            # clock: seconds of the monotonic clock
            elif is_news := now >= self._told_again:
                self._told_again = now + LASTS_S
            self._show()
        if is_news:
            said = "a command waits for somebody's lock" if key else "the database does not serve"
            log.warning(said, side=self._side, reason=trouble.reason.value, why=trouble.why, what=what)
        return self.refuses(trouble)

    def refuses(self, trouble: Unavailable, many: int = 1) -> Unavailable:
        with self._lock:
            self.refused += many
        REFUSED.add(many, side=self._side, reason=trouble.reason.value)
        return trouble

    def over(self, what: str = _ALL) -> None:
        """Something went well. Costs a look at a field where nothing was wrong. A lock that one kind of command met is
        not gone because another kind was done."""
        if not self._noticed:
            return
        with self._lock:
            known, _ = self._noticed.pop(_ALL, (None, 0.0))
            self._noticed.pop(what, None)
            self._forget_old()
        if known:
            log.info("the database serves again", side=self._side, after_s=round(self._clock() - self.since, 1),
                     reason=known.reason.value, refused=self.refused)  # fmt: skip

    def shuts_out(self, came: float) -> Unavailable | None:
        """Whether to refuse somebody who came at that second without asking the database."""
        if not self._noticed:
            return None
        with self._lock:
            known, at = self._noticed.get(_ALL, (None, 0.0))
            if known is None or came <= at:
                return known  # with those who noticed
            if known.reason is not NoDatabase.DATABASE_AWAY:
                return None
            if self._clock() < self._next_try:
                return known
            self._next_try = self._clock() + TRY_EVERY_S  # this one tries
        return None

    def _forget_old(self) -> None:
        now = self._clock()
        for key, (_, at) in list(self._noticed.items()):
            # clock: seconds of the monotonic clock
            if key != _ALL and now - at >= LASTS_S:
                del self._noticed[key]
        self._show()

    def _show(self) -> None:
        met = {trouble.reason for trouble, _ in self._noticed.values()}
        for reason in met ^ self._shown:
            TROUBLE.set(reason in met, side=self._side, reason=reason.value)
        self._shown = met
