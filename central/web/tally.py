"""What strangers make happen again and again, in the log: once at once, then at most a line a minute with how often."""

import time
from collections.abc import Callable
from typing import Any

from shared.runtime.log import logger

log = logger(__name__)
EVERY_S = 60.0


class Tally:
    """`what` is the line's event; `clock` counts seconds."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._clock = what, clock
        self._untold = 0
        self._told_at = -EVERY_S
        self.count = 0

    def add(self, **last: Any) -> None:
        """`last`: of the one that is counted now."""
        self.count += 1
        self._untold += 1
        now = self._clock()
        if now - self._told_at >= EVERY_S:
            log.warning(self._what, n=self._untold, **last)
            self._told_at, self._untold = now, 0
