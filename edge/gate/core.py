"""One lane as a pure machine: `step(lane, event) -> lane, effects`. No clock, no wires, no disk.

A grant is not a passage. A decided admission opens the barrier for seven seconds; the sensor says that the person went
through, or the time runs out and the entry is given back. A code held under the reader keeps showing its answer: it is
decided anew only after another code, or once it has been away from the reader for a while. While the fire alarm's
contact is closed everything stands open and no ticket is burnt.

The shell does what `Check` asks (one transaction) and comes back with `Decided`; only then does anything move.
"""

from dataclasses import dataclass, replace
from enum import StrEnum, auto

from shared.ids import Id
from shared.life import Life
from shared.outcome import Ok, Outcome
from shared.rules.access import Admit
from shared.wire.facts import Direction


class Barrier(StrEnum):
    IDLE = auto()
    GRANTED = auto()  # open for the one just admitted
    ALARM = auto()  # fire: open until the contact says otherwise


class Cause(StrEnum):
    GRANT = auto()
    PASS = auto()
    RELEASE = auto()
    ALARM_ON = auto()
    ALARM_OFF = auto()


LANE = Life[Barrier, Cause]({
    (Barrier.IDLE, Cause.GRANT): Barrier.GRANTED,
    (Barrier.GRANTED, Cause.PASS): Barrier.IDLE,
    (Barrier.GRANTED, Cause.RELEASE): Barrier.IDLE,
    (Barrier.IDLE, Cause.ALARM_ON): Barrier.ALARM,
    (Barrier.ALARM, Cause.ALARM_OFF): Barrier.IDLE,
}, begins=frozenset({Barrier.IDLE}))  # fmt: skip


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What was decided, and is on disk. `code` is what was read."""

    scan_id: Id
    code: str
    outcome: Outcome[Admit]

    @property
    def admitted(self) -> Admit | None:
        """Set when the barrier may open."""
        return self.outcome.value if isinstance(self.outcome, Ok) and self.outcome.value.opens else None


class LaneFace(StrEnum):
    """What the lane shows besides answers."""

    READY = auto()
    ANSWER = auto()
    WAIT = auto()  # let the one before you through first
    ALARM = auto()
    HELPDESK = auto()
    FAULT = auto()  # nothing can be decided: the disk does not take it


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the process started. Persons, not scans, for `entered` and `left`."""

    scans: int = 0
    refused: int = 0
    entered: int = 0
    left: int = 0
    released: int = 0
    intruded: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """The whole state. Times are the machine's monotonic milliseconds. `sensor` False: nobody tells who went through,
    so a grant counts as a passage. `seen_ms` is when the shown answer's code was last read; `passing` how many of the
    granted have still to come."""

    sensor: bool = True
    helpdesk: bool = False
    grant_ms: int = 7000
    gap_ms: int = 3000  # how long a code must be away before it counts as shown again
    show_ms: int = 4000
    barrier: Barrier = Barrier.IDLE
    answer: GateAnswer | None = None
    seen_ms: int = 0
    until_ms: int = 0
    passing: int = 0
    face: LaneFace = LaneFace.READY
    counts: Counts = Counts()


# --- events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scanned:
    """`code` exactly as the reader gave it; it may be anything."""

    code: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The shell's reply to `Check`: on disk, so from here on it cannot be lost."""

    answer: GateAnswer
    at_ms: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """The shell could not do what `Check` asked; nothing is used and nothing opens."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Passed:
    """The sensor saw somebody go through."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    on: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Forced:
    """An inspector lets the one at the reader in, and says why. `code` may be empty."""

    why: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class ProofSeen:
    """An inspector has seen the proof of the tariff that the lane asked for."""


@dataclass(frozen=True, slots=True)
class HelpdeskChanged:
    on: bool


@dataclass(frozen=True, slots=True)
class LaneTicked:
    at_ms: int


Event = Scanned | Decided | Undecided | Passed | AlarmChanged | Forced | ProofSeen | HelpdeskChanged | LaneTicked


# --- effects --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """Decide about this code in one transaction, then answer with `Decided`."""

    code: str
    forced: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A pulse on the relay for this scan."""

    scan_id: Id
    persons: int


@dataclass(frozen=True, slots=True)
class Close:
    """Take the relay back, whatever it does."""


@dataclass(frozen=True, slots=True)
class HoldOpen:
    """Everything open until `Close`."""


@dataclass(frozen=True, slots=True)
class Show:
    """`again`: the same answer to the same code, without a second sound."""

    face: LaneFace
    answer: GateAnswer | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Record what became of a grant: `passed` persons went through, `entries` beyond them are given back."""

    answer: GateAnswer
    passed: int


class Matter(StrEnum):
    INTRUSION = auto()  # somebody went through without a grant
    ALARM = auto()


@dataclass(frozen=True, slots=True)
class Report:
    """Something a person should hear of. `over` when it has ended."""

    matter: Matter
    over: bool = False


Effect = Check | Open | Close | HoldOpen | Show | Settle | Report


def step(lane: Lane, event: Event) -> tuple[Lane, list[Effect]]:
    match event:
        case Scanned(code, at_ms):
            return _scanned(lane, code, at_ms)
        case Decided(answer, at_ms):
            return _decided(lane, answer, at_ms)
        case Undecided(at_ms):
            lane = replace(lane, answer=None, face=LaneFace.FAULT, until_ms=at_ms + lane.show_ms)
            return lane, [Show(LaneFace.FAULT)]
        case Passed(at_ms):
            return _passed(lane, at_ms)
        case AlarmChanged(on, at_ms):
            return _alarm(lane, on, at_ms)
        case Forced(why, code):
            return _asked(lane, Check(code, forced=why))
        case ProofSeen():
            return _asked(lane, Check(lane.answer.code, checked=True)) if lane.answer else (lane, [])
        case HelpdeskChanged(on):
            return _helpdesk(lane, on)
        case LaneTicked(at_ms):
            return _ticked(lane, at_ms)


def _scanned(lane: Lane, code: str, at_ms: int) -> tuple[Lane, list[Effect]]:
    if lane.barrier is Barrier.ALARM:
        return lane, [Show(LaneFace.ALARM)]
    if lane.answer and code == lane.answer.code and _held(lane, at_ms):
        return (
            replace(lane, seen_ms=at_ms, until_ms=_shown_until(lane, at_ms), face=LaneFace.ANSWER),
            [Show(LaneFace.ANSWER, lane.answer, again=True)],
        )
    return _asked(lane, Check(code))


def _held(lane: Lane, at_ms: int) -> bool:
    return lane.barrier is Barrier.GRANTED or at_ms - lane.seen_ms < lane.gap_ms


def _asked(lane: Lane, check: Check) -> tuple[Lane, list[Effect]]:
    """Decide, unless somebody still has to go through."""
    if lane.barrier is Barrier.ALARM:
        return lane, [Show(LaneFace.ALARM)]
    if lane.barrier is Barrier.GRANTED:
        if lane.sensor:
            return replace(lane, face=LaneFace.WAIT), [Show(LaneFace.WAIT, lane.answer)]
        lane, done = _closed(lane, lane.passing, Cause.PASS)  # the next one is at the reader: the last one went through
        return lane, [*done, check]
    return lane, [check]


def _decided(lane: Lane, answer: GateAnswer, at_ms: int) -> tuple[Lane, list[Effect]]:
    admit = answer.admitted
    refused = not isinstance(answer.outcome, Ok)
    counts = replace(lane.counts, scans=lane.counts.scans + 1, refused=lane.counts.refused + refused)
    shown = at_ms + lane.show_ms
    lane = replace(lane, answer=answer, seen_ms=at_ms, until_ms=shown, face=LaneFace.ANSWER, counts=counts)
    if admit is None:
        return lane, [Show(LaneFace.ANSWER, answer)]
    if lane.barrier is Barrier.ALARM:  # the alarm came while the disk was writing
        return lane, [Settle(answer, 0), Show(LaneFace.ALARM)]
    lane = replace(lane, barrier=LANE[lane.barrier, Cause.GRANT], until_ms=at_ms + lane.grant_ms, passing=admit.count)
    return lane, [Open(answer.scan_id, admit.count), Show(LaneFace.ANSWER, answer)]


def _passed(lane: Lane, at_ms: int) -> tuple[Lane, list[Effect]]:
    if lane.barrier is Barrier.ALARM:
        return lane, []
    if lane.barrier is Barrier.IDLE:
        return replace(lane, counts=replace(lane.counts, intruded=lane.counts.intruded + 1)), [Report(Matter.INTRUSION)]
    if lane.passing > 1:  # a group: the next of them has the full time again
        return replace(lane, passing=lane.passing - 1, until_ms=at_ms + lane.grant_ms), []
    waiting = lane.face is LaneFace.WAIT
    lane, done = _closed(lane, _went(lane) + 1, Cause.PASS)
    lane = replace(lane, until_ms=at_ms + lane.show_ms)
    return (replace(lane, face=LaneFace.READY), [*done, Show(LaneFace.READY)]) if waiting else (lane, done)


def _went(lane: Lane) -> int:
    """How many of the granted the sensor has seen."""
    admit = lane.answer.admitted if lane.answer else None
    return admit.count - lane.passing if admit else 0


def _run_out(lane: Lane) -> tuple[Lane, list[Effect]]:
    """The time is up: what the sensor did not see did not happen; without a sensor everybody went."""
    if lane.sensor:
        return _closed(lane, _went(lane), Cause.RELEASE)
    return _closed(lane, lane.passing, Cause.PASS)


def _closed(lane: Lane, passed: int, cause: Cause) -> tuple[Lane, list[Effect]]:
    """The end of a grant; `passed` of the persons granted went through."""
    answer = lane.answer
    admit = answer.admitted if answer else None
    if answer is None or admit is None:
        raise AssertionError("a grant without an admission")
    counts = lane.counts
    if admit.direction is Direction.ENTRY:
        counts = replace(counts, entered=counts.entered + passed)
    else:
        counts = replace(counts, left=counts.left + passed)
    counts = replace(counts, released=counts.released + admit.count - passed)
    kept = answer if passed == admit.count else None  # an entry given back may be asked for again at once
    lane = replace(lane, barrier=LANE[lane.barrier, cause], passing=0, counts=counts, answer=kept)
    return lane, [Close(), Settle(answer, passed)]


def _alarm(lane: Lane, on: bool, at_ms: int) -> tuple[Lane, list[Effect]]:
    if on == (lane.barrier is Barrier.ALARM):
        return lane, []
    if not on:
        rest = _rest(lane.helpdesk)
        lane = replace(lane, barrier=LANE[lane.barrier, Cause.ALARM_OFF], answer=None, face=rest)
        return lane, [Close(), Show(rest), Report(Matter.ALARM, over=True)]
    done: list[Effect] = []
    if lane.barrier is Barrier.GRANTED:  # who stood in the barrier is leaving now: the rest is given back
        lane, ended = _closed(lane, _went(lane), Cause.RELEASE)
        done = [effect for effect in ended if not isinstance(effect, Close)]
    lane = replace(lane, barrier=LANE[lane.barrier, Cause.ALARM_ON], answer=None, face=LaneFace.ALARM, until_ms=at_ms)
    return lane, [HoldOpen(), Show(LaneFace.ALARM), *done, Report(Matter.ALARM)]


def _helpdesk(lane: Lane, on: bool) -> tuple[Lane, list[Effect]]:
    done: list[Effect] = []
    if lane.barrier is Barrier.GRANTED:
        lane, done = _run_out(lane)
    lane = replace(lane, helpdesk=on, answer=None)
    if lane.barrier is Barrier.ALARM:
        return lane, done
    return replace(lane, face=_rest(on)), [*done, Show(_rest(on))]


def _ticked(lane: Lane, at_ms: int) -> tuple[Lane, list[Effect]]:
    if at_ms < lane.until_ms or lane.barrier is Barrier.ALARM:
        return lane, []
    done: list[Effect] = []
    if lane.barrier is Barrier.GRANTED:
        lane, done = _run_out(lane)
    rest = _rest(lane.helpdesk)
    if lane.face is rest:
        return lane, done
    return replace(lane, face=rest), [*done, Show(rest)]


def _shown_until(lane: Lane, at_ms: int) -> int:
    """A code held under the reader keeps its answer on the screen, but never prolongs a grant."""
    return lane.until_ms if lane.barrier is Barrier.GRANTED else at_ms + lane.show_ms


def _rest(helpdesk: bool) -> LaneFace:
    return LaneFace.HELPDESK if helpdesk else LaneFace.READY
