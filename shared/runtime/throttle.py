"""Lines for what may happen a thousand times a second: said at once, then once a minute with how many it was."""

import time
from collections.abc import Callable
from typing import Any

EVERY_S = 60.0
MOST_KINDS = 200  # told apart at once; an event's kind is one of a few words, never what a caller said


class Seldom:
    """`seldom.warn("connection ended", kind="silent", address=…)`: one line for each event and kind and minute."""

    def __init__(self, log: Any, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._every_s, self._clock = log, every_s, clock
        self._said: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}

    def warn(self, event: str, kind: str, **more: Any) -> None:
        key = event, kind
        count, _ = self._held.pop(key, (0, {}))
        if self._clock() - self._said.get(key, -self._every_s) < self._every_s:
            self._held[key] = count + 1, more
            return
        while len(self._said) >= MOST_KINDS:
            self._said.pop(next(iter(self._said)))
        self._say(key, count + 1, more)

    def flush(self) -> None:
        """Say what was held back and is due: for who looks after a log now and then."""
        for key, (count, more) in list(self._held.items()):
            if self._clock() - self._said.get(key, -self._every_s) >= self._every_s:
                del self._held[key]
                self._say(key, count, more)

    def _say(self, key: tuple[str, str], count: int, more: dict[str, Any]) -> None:
        self._said[key] = self._clock()
        self._log.warning(key[0], why=key[1], count=count, **more)
