"""Whether central's clock may be believed for what cannot be taken back.

Release rules, what is forgotten of people, holds that are over: done a year too early, they are done. So loops ask here
first. A clock that jumped, beside the monotonic one or from the last sign of life before this process began, is
believed once it has stayed with it for an hour, or is back where it was. Sales go on; nobody's own command is asked.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.runtime.log import logger

log = logger(__name__)
STEP = timedelta(minutes=5)  # so far a clock may be set between two looks
AWAY = timedelta(days=2)  # so long central may have been off
STAYS_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A clock's time, and the monotonic seconds at which it said so."""

    at: datetime
    mono: float

    def leads_to(self, at: datetime, mono: float) -> bool:
        return abs(at - self.at - timedelta(seconds=mono - self.mono)) <= STEP


class SteadyClock:
    """`mono` counts seconds."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._believed: _Line | None = None
        self._claimed: _Line | None = None

    @property
    def doubted(self) -> bool:
        return self._claimed is not None

    def began(self, now: datetime, last: datetime | None) -> None:
        """Before this process writes anything. `last`: central's last sign of life, by the clock of then."""
        here = _Line(now, self._mono())
        # clock: it is who looks for the jump
        if last is None or -STEP <= now - last <= AWAY:
            self._believed, self._claimed = here, None
        else:
            self._doubt(here, last)

    def believes(self, now: datetime) -> bool:
        """Whether what is due by this time may be done for good."""
        here = _Line(now, self._mono())
        if self._believed is None and self._claimed is None:
            self._believed = here
        if self._believed and self._believed.leads_to(now, here.mono):
            self._believed, self._claimed = here, None
        elif self._claimed is None or not self._claimed.leads_to(now, here.mono):
            self._doubt(here, self._believed.at if self._believed else None)
        elif here.mono - self._claimed.mono >= STAYS_S:
            log.info("the clock stayed with it and is believed", now=now)
            self._believed, self._claimed = here, None
        return self._claimed is None

    def _doubt(self, here: _Line, last: datetime | None) -> None:
        log.warning("the clock jumped: what cannot be taken back waits", now=here.at, last=last, wait_s=STAYS_S)
        self._claimed = here
