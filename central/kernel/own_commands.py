"""Commands that central gives itself, in its loops, and what becomes of them. One that is refused for good would be
given again at each look, keep a row of the log each time, and be named nowhere: here it waits, longer each time, and
keeps none of the others waiting. The loop is not well meanwhile: the front page and /readyz name it, the log says why,
once.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from shared.ids import Id
from shared.outcome import Ok, Refused
from shared.runtime.log import logger
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import NotNow, unwell, well

log = logger(__name__)
FIRST_S, MOST_S = 5.0, 600.0  # until one that was refused is given again: doubling
MOST_SAID = 150
MOST_WAITING = 1_000  # of one loop; what comes beyond it is given again with each look


class NotDone(NotNow):
    """What central asked of itself was refused, or fell over a fault."""

    def __init__(self, what: str, reason: str, more: int = 0) -> None:
        super().__init__(f"{what}: {reason}" + (f", and {more} more" if more else ""))
        self.what, self.reason = what, reason


def _named(command: Any) -> str:
    return repr(command)[:MOST_SAID]


async def must_do(door: Door, command: Any, command_id: Id) -> Any:
    """What it answers; raises NotDone where it is refused."""
    outcome = (await door.execute(SYSTEM, command, command_id)).outcome
    if isinstance(outcome, Refused):
        raise NotDone(_named(command), str(outcome.reason))
    return outcome.value


@dataclass(frozen=True, slots=True)
class PutOff:
    """`mark`: what it was refused under; under another one it need not wait. `until` in seconds of the clock."""

    why: NotDone
    mark: Hashable
    pause_s: float
    until: float


class OwnCommands:
    """Of one loop. A round asks for everything that is to be done still: what it does not ask for is forgotten.
    `clock`: monotonic seconds."""

    def __init__(self, door: Door, clock: Callable[[], float] = time.monotonic) -> None:
        self._door, self._now, self._clock = door, clock, SystemClock()
        self._waiting: dict[Hashable, PutOff] = {}
        self._asked: set[Hashable] = set()

    def begin(self) -> None:
        """A round."""
        self._asked.clear()

    async def do(
        self, command: Any, about: Hashable, mark: Hashable = None, command_id: Id | None = None
    ) -> Ok[Any] | None:
        """What it answers; None where it was refused, now or not long ago under the same mark. Fails where the database
        is away."""
        self._asked.add(about)
        before = self._waiting.get(about)
        if before and before.mark == mark and self._now() < before.until:
            return None
        try:
            value = await must_do(self._door, command, command_id or fresh_id(self._clock))
        except NotDone as refused:
            self._refused(about, mark, refused)
        except NotNow:
            raise
        except Exception as fault:  # it would keep all others of its round from being done
            log.exception("a command of central's own fell", command=type(command).__name__)
            self._refused(about, mark, NotDone(_named(command), type(fault).__name__))
        else:
            self._waiting.pop(about, None)
            return Ok(value)
        return None

    def _refused(self, about: Hashable, mark: Hashable, why: NotDone) -> None:
        before = self._waiting.pop(about, None)
        if len(self._waiting) >= MOST_WAITING:
            return
        pause_s = min(before.pause_s * 2, MOST_S) if before else FIRST_S
        self._waiting[about] = PutOff(why, mark, pause_s, self._now() + pause_s)

    def forget(self, about: Hashable) -> None:
        """It is not wanted any more, or asked for otherwise."""
        self._waiting.pop(about, None)

    @property
    def due(self) -> bool:
        """Whether one that was refused may be given again."""
        return any(self._now() >= each.until for each in self._waiting.values())

    def forget_rest(self) -> None:
        """At the end of a round: what it did not ask for is not wanted any more."""
        self._waiting = {about: each for about, each in self._waiting.items() if about in self._asked}

    @property
    def trouble(self) -> NotDone | None:
        """While anything waits."""
        if not self._waiting:
            return None
        first = next(iter(self._waiting.values())).why
        return NotDone(first.what, first.reason, len(self._waiting) - 1)

    def say(self) -> None:
        """How the loop is, after a round."""
        if trouble := self.trouble:
            unwell(trouble)
        else:
            well()
