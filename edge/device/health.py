"""How this device is: faults, each a code; told to central as facts, to the site as presence, to systemd as a watchdog
that is fed only while the device really works. What a code means, and the next step, stand in the texts
(texts/<language>/troubles.po): people read them in their language, the device's own log in English.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.device.text_table import SAID
from shared.clock import Now
from shared.runtime.journal import Journal
from shared.runtime.log import logger
from shared.runtime.system import Clock, fresh_id
from shared.texts import Catalogue, say, trouble_key
from shared.wire.facts import FactKind, Incident

log = logger(__name__)
LOG_LANGUAGE = "en"
LOW_DISK = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trouble:
    """`texts`: where its sentence and its step stand, if not with those of every device."""

    code: str
    texts: Catalogue = field(default_factory=lambda: SAID, repr=False, compare=False)

    def what(self, language: str) -> str:
        return say(self.texts, language, f"{trouble_key(self.code)}.what")

    def step(self, language: str) -> str:
        return say(self.texts, language, f"{trouble_key(self.code)}.step")

    def incident(self, language: str, cleared: bool) -> Incident:
        return Incident(self.code, self.what(language), self.step(language), cleared)


SALVAGED = Trouble("D-01")  # the journal was damaged
DISK_FULL = Trouble("D-02")
NO_COMMIT = Trouble("D-03")  # the journal cannot be written
CERTIFICATE = Trouble("D-04")
FEED_STUCK = Trouble("D-05")
NO_CLOCK = Trouble("D-06")
FALLING = Trouble("D-07")
CLOCK_DISPUTED = Trouble("D-08")
FALLS = 3  # of a part in a row, before anybody is told


class Health:
    """Report a fault as often as you like: a fact is written when it comes and when it goes, in the language that the
    house speaks then."""

    def __init__(self, journal: Journal, clock: Clock, now: Callable[[], Now], language: Callable[[], str]) -> None:
        self.on_change: Callable[[], None] | None = None
        self._journal, self._clock, self._now, self._language = journal, clock, now, language
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
            what, step = trouble.what(LOG_LANGUAGE), trouble.step(LOG_LANGUAGE)
            log.warning("trouble", incident=trouble.code, what=what, step=step)
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
            body = trouble.incident(self._language(), cleared)
            tx.record(FactKind.INCIDENT, body, self._now(), self._clock.read(), fresh_id(self._clock))


def low_disk(directory: Path) -> bool:
    return shutil.disk_usage(directory).free < LOW_DISK
