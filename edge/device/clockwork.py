"""What time it is for this device, and how far that may be trusted (docs/spec/edge.md, Clock).

Central's signed time is the anchor; it lives in the journal with the boot it belongs to. The floor keeps a reset clock
from going back before anything that has certainly happened; only times that were trusted raise it, or one wild clock
would push it into the future for good.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from shared.clock import Anchor, ClockState, Now, Reading, judge
from shared.runtime.central import Central
from shared.runtime.journal import Journal
from shared.runtime.keyring import Keyring
from shared.runtime.log import logger
from shared.runtime.sync import SealRefused, opened, parsed
from shared.runtime.system import Clock, fresh_id
from shared.wire.bounds import Moment, Word
from shared.wire.codec import dump, load
from shared.wire.facts import FactKind
from shared.wire.feeds import FeedPage
from shared.wire.seal import Sealed

log = logger(__name__)
BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # no device of this release has seen an earlier day
MAX_TRIP_MS = 5_000  # an answer that was longer on its way says too little
KEEP_EVERY = timedelta(minutes=1)  # how old the floor on disk may be
_ANCHOR, _FLOOR = "clock_anchor", "clock_floor"


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """What central seals: our own nonce, and its time."""

    nonce: Word
    at: Moment


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """Body of a CLOCK fact. `off_ms`: the wall clock less the best estimate."""

    was: ClockState
    state: ClockState
    off_ms: int


class Clockwork:
    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self._journal = journal
        anchor, floor = journal.note(_ANCHOR), journal.note(_FLOOR)
        self._anchor: Anchor | None = load(Anchor, anchor) if anchor else None
        self._floor = max(BUILT, _last_trusted(journal), load(datetime, floor) if floor else BUILT).astimezone(UTC)
        self._kept = self._floor  # what is on disk
        self._told = self.now().state
        self.on_change: Callable[[Now], None] | None = None

    def now(self) -> Now:
        return self.at(self.clock.read())

    def at(self, reading: Reading) -> Now:
        now = judge(reading, self._anchor, self._floor)
        return replace(now, at=now.at.astimezone(UTC))

    async def ask(self, central: Central, keyring: Keyring) -> Now:
        """Get central's time. Raises Unreachable, Declined or SealRefused; the old anchor stays then."""
        nonce = token_hex(16)
        before = self.clock.read()
        answer = await central.query("device_time", {"nonce": nonce})
        after = self.clock.read()
        told: DeviceTime = opened(parsed(Sealed, answer), DeviceTime, keyring)
        trip_ms = after.mono_ms - before.mono_ms
        if told.nonce != nonce:
            raise SealRefused("central's time answers another question")
        if told.at.tzinfo is None or told.at < self._floor - timedelta(milliseconds=MAX_TRIP_MS):
            raise SealRefused(f"central's time {told.at} lies before what this device has seen")
        if before.boot_id != after.boot_id or trip_ms > MAX_TRIP_MS:
            raise SealRefused(f"central's time took {trip_ms} ms to come")
        true = told.at.astimezone(UTC) + timedelta(milliseconds=trip_ms / 2)
        self._anchor = Anchor(true, after.mono_ms, after.boot_id)
        self._keep(self._anchor.true)
        return self.tick()

    def saw(self, page: FeedPage) -> None:
        """A sealed page says when it was made: it is later than that. Kept with the next tick."""
        if page.at.tzinfo is not None:
            self._floor = max(self._floor, page.at.astimezone(UTC))

    def tick(self) -> Now:
        """Now and then: raise the floor, and record a change of state as a fact."""
        reading = self.clock.read()
        now = self.at(reading)
        if now.state is not ClockState.UNTRUSTED and now.at - self._kept >= KEEP_EVERY:
            self._keep(now.at)
        if now.state is not self._told:
            off_ms = round((reading.wall - now.at) / timedelta(milliseconds=1))
            body = ClockChanged(self._told, now.state, off_ms)
            with self._journal.transaction() as tx:
                tx.record(FactKind.CLOCK, body, now, reading, fresh_id(self.clock))
            log.info("clock state", was=self._told, state=now.state, off_ms=off_ms)
            self._told = now.state
            if self.on_change:
                self.on_change(now)
        return now

    def _keep(self, at: datetime) -> None:
        self._floor = self._kept = max(self._floor, at)
        with self._journal.transaction() as tx:
            tx.set_note(_FLOOR, dump(self._floor).decode())
            if self._anchor is not None:
                tx.set_note(_ANCHOR, dump(self._anchor).decode())


def _last_trusted(journal: Journal) -> datetime:
    """The time of the last fact, if its clock was trusted."""
    seq, _ = journal.head()
    last = next(journal.facts(after=seq - 1), None)
    return last.at if last is not None and last.clock is not ClockState.UNTRUSTED else BUILT
