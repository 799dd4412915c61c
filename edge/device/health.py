"""How this device is: faults with code, sentence and next step; told to central as facts, to the site as presence,
to systemd as a watchdog that is fed only while the device really works.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.clock import Now
from shared.runtime.journal import Journal
from shared.runtime.log import logger
from shared.runtime.system import Clock, fresh_id
from shared.wire.facts import FactKind, Incident

log = logger(__name__)
LOW_DISK = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trouble:
    code: str
    sentence: str
    step: str


SALVAGED = Trouble("D-01", "The journal was damaged; what could be read was saved.", "Have its disk checked.")
DISK_FULL = Trouble("D-02", "The disk is nearly full.", "Free space, or replace the disk.")
NO_COMMIT = Trouble("D-03", "The journal cannot be written.", "Replace the disk; do not switch the device off before.")
CERTIFICATE = Trouble("D-04", "This device's certificate is over or soon will be.", "Renew it in the device list.")
FEED_STUCK = Trouble("D-05", "Something that central sends is not accepted.", "Look at this device's log at central.")
NO_CLOCK = Trouble("D-06", "This device does not know the time.", "Connect it to central once.")
FALLING = Trouble("D-07", "A part of this device fails again and again.", "Look at its log; have its software updated.")
FALLS = 3  # of a part in a row, before anybody is told


class Health:
    """Report a fault as often as you like: a fact is written when it comes and when it goes."""

    def __init__(self, journal: Journal, clock: Clock, now: Callable[[], Now]) -> None:
        self.on_change: Callable[[], None] | None = None
        self._journal, self._clock, self._now = journal, clock, now
        self._troubles: dict[str, Trouble] = {}

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """In order of their codes."""
        return tuple(self._troubles[code] for code in sorted(self._troubles))

    @property
    def word(self) -> str:
        """For presence: `ok`, or the first code."""
        return min(self._troubles, default="ok")

    def set(self, trouble: Trouble, present: bool = True) -> None:
        known = self._troubles.get(trouble.code)
        if present and known is None:
            self._troubles[trouble.code] = trouble
            log.warning("trouble", incident=trouble.code, what=trouble.sentence, step=trouble.step)
        elif not present and known is not None:
            del self._troubles[trouble.code]
            log.info("trouble over", incident=trouble.code)
        else:
            return
        self._record(trouble, cleared=not present)
        if self.on_change:
            self.on_change()

    def _record(self, trouble: Trouble, cleared: bool) -> None:
        if trouble.code == NO_COMMIT.code and not cleared:
            return  # that is the one thing that cannot be written down
        with self._journal.transaction() as tx:
            body = Incident(trouble.code, trouble.sentence, trouble.step, cleared)
            tx.record(FactKind.INCIDENT, body, self._now(), self._clock.read(), fresh_id(self._clock))


def low_disk(directory: Path) -> bool:
    return shutil.disk_usage(directory).free < LOW_DISK
