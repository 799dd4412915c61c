"""What time it is for this device, and how far that may be trusted (docs/spec/edge.md, Clock).

Central's signed time is the anchor; it lives in the journal with the boot it belongs to. The floor keeps a reset clock
from going back before anything that has certainly happened; only times that were trusted raise it, or one wild clock
would push it into the future for good.

Central's own clock may be wrong for a while. An answer that contradicts what this device knows (its own counting since
the last answer, or the floor) needs a witness: a second answer, some minutes later by the monotonic clock, that goes on
from the first. Until then it is refused; then it holds, in both directions, and takes the floor with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from shared.clock import Anchor, ClockState, Now, Reading, judge
from shared.runtime.central import Central
from shared.runtime.journal import Journal, JournalTx
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
PLAUSIBLE = timedelta(minutes=2)  # so far, beyond its own drift, this device's time may be set without a witness
WITNESS_AFTER = timedelta(minutes=10)  # how long central has to stay with what contradicts us
_ANCHOR, _FLOOR = "clock_anchor", "clock_floor"


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """What central seals: our own nonce, and its time."""

    nonce: Word
    at: Moment


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """Body of a CLOCK fact. `off_ms`: the wall clock less the best estimate. `moved_ms`: how far central's word, said
    twice, moved a time that contradicted it."""

    was: ClockState
    state: ClockState
    off_ms: int
    moved_ms: int = 0


class Clockwork:
    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self._journal = journal
        anchor, floor = journal.note(_ANCHOR), journal.note(_FLOOR)
        self._anchor: Anchor | None = load(Anchor, anchor) if anchor else None
        self._floor = max(BUILT, _last_trusted(journal), load(datetime, floor) if floor else BUILT).astimezone(UTC)
        self._kept = self._floor  # what is on disk
        self._told = self.now().state
        self._contradiction: Anchor | None = None  # what central said first that cannot be, as far as we know
        self.on_change: Callable[[Now], None] | None = None

    @property
    def disputed(self) -> bool:
        """Whether central's time contradicts this device's, and nobody knows yet which of them is wrong."""
        return self._contradiction is not None

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
        if told.at.tzinfo is None or told.at < BUILT - timedelta(milliseconds=MAX_TRIP_MS):
            raise SealRefused(f"central's time {told.at} lies before the day on which this release was built")
        if before.boot_id != after.boot_id or trip_ms > MAX_TRIP_MS:
            raise SealRefused(f"central's time took {trip_ms} ms to come")
        true = told.at.astimezone(UTC) + timedelta(milliseconds=trip_ms / 2)
        return self._weigh(Anchor(true, after.mono_ms, after.boot_id), after)

    def _fits(self, at: datetime, known: Now) -> bool:
        """Whether what this device knows leaves room for this time. Who has only the floor knows of nothing later."""
        if known.state is ClockState.UNTRUSTED:
            return at >= self._floor - PLAUSIBLE
        return abs(at - known.at) <= known.bound + PLAUSIBLE

    def _weigh(self, told: Anchor, reading: Reading) -> Now:
        """Takes what fits, and what is said twice. Raises SealRefused for what is said once."""
        known = self.at(reading)
        if self._fits(told.true, known):
            self._contradiction = None
            self._anchor = told
            self._keep(told.true)
            return self.tick()
        first = self._contradiction
        if first is None or not _goes_on(first, told):
            self._contradiction = first = told
        if told.mono_ms - first.mono_ms < WITNESS_AFTER // timedelta(milliseconds=1):
            raise SealRefused(
                f"central's time {told.true} contradicts this device's, {known.at}: look at both clocks; "
                f"central's is taken if it still says so {WITNESS_AFTER} after the first time"
            )
        return self._correct(told, known, reading)

    def _correct(self, told: Anchor, known: Now, reading: Reading) -> Now:
        """Central said it twice: its word holds. The fact is what the floor is read from at the next start, so both
        are written together."""
        log.warning("central moved this device's time", was=known.at, now=told.true)
        self._contradiction, self._anchor = None, told
        self._floor = max(BUILT, told.true)
        with self._journal.transaction() as tx:
            self._note(tx)
            self._changed(tx, self.at(reading), reading, moved=told.true - known.at)
        return self._tell(self.at(reading))

    def saw(self, page: FeedPage) -> None:
        """A sealed page says when it was made: it is later, unless we know better. Kept with the next tick."""
        if page.at.tzinfo is None:
            return
        known, made = self.now(), page.at.astimezone(UTC)
        if known.state is ClockState.UNTRUSTED or made <= known.at or self._fits(made, known):
            self._floor = max(self._floor, made)

    def tick(self) -> Now:
        """Now and then: raise the floor, and record a change of state as a fact."""
        reading = self.clock.read()
        now = self.at(reading)
        if now.state is not ClockState.UNTRUSTED and now.at - self._kept >= KEEP_EVERY:
            self._keep(now.at)
        if now.state is not self._told:
            with self._journal.transaction() as tx:
                self._changed(tx, now, reading)
            return self._tell(now)
        return now

    def _changed(self, tx: JournalTx, now: Now, reading: Reading, moved: timedelta = timedelta()) -> None:
        off_ms, moved_ms = (round(each / timedelta(milliseconds=1)) for each in (reading.wall - now.at, moved))
        body = ClockChanged(self._told, now.state, off_ms, moved_ms)
        tx.record(FactKind.CLOCK, body, now, reading, fresh_id(self.clock))
        log.info("clock state", was=self._told, state=now.state, off_ms=off_ms, moved_ms=moved_ms)

    def _tell(self, now: Now) -> Now:
        self._told = now.state
        if self.on_change:
            self.on_change(now)
        return now

    def _keep(self, at: datetime) -> None:
        self._floor = max(self._floor, at)
        with self._journal.transaction() as tx:
            self._note(tx)

    def _note(self, tx: JournalTx) -> None:
        self._kept = self._floor
        tx.set_note(_FLOOR, dump(self._floor).decode())
        if self._anchor is not None:
            tx.set_note(_ANCHOR, dump(self._anchor).decode())


def _goes_on(first: Anchor, then: Anchor) -> bool:
    """Whether two answers that one process heard are the same clock's, as far as ours can tell."""
    since = timedelta(milliseconds=then.mono_ms - first.mono_ms)
    return abs(then.true - first.true - since) <= PLAUSIBLE


def _last_trusted(journal: Journal) -> datetime:
    """The time of the last fact, if its clock was trusted."""
    seq, _ = journal.head()
    last = next(journal.facts(after=seq - 1), None)
    return last.at if last is not None and last.clock is not ClockState.UNTRUSTED else BUILT
