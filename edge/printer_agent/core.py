"""A print job's life, decided without wires or disk: `step(job, event) -> job, effect`.

The runner saves the job after every step and before it performs the effect, so whatever was about to happen is on disk:
SENDING stands there before the first byte leaves, and a start that finds it knows that the ticket may exist. One job at
a time, one unit at a time; a unit that went wrong ends its job, the rest of which certainly is not printed.
"""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from edge.printer_agent.errors import STATUS_CODE, PrinterCode
from shared.ids import Id
from shared.life import Life
from shared.wire.printing import READY, JobReport, PrinterStatus, PrintState, UnitKind, UnitReport


class UnitDo(StrEnum):
    """What can happen to a unit."""

    BEGIN = auto()  # the printer is ready, bytes are about to leave
    WRITTEN = auto()  # all of them are with the printer
    PROVED = auto()  # it said that it printed, and stands well
    DOUBT = auto()  # it did not say so
    GIVE_UP = auto()  # nothing left this machine, and nothing will
    SAID_YES = auto()  # a person has it in hand
    SAID_NO = auto()


Q, S, T, C, U, F = PrintState
UNIT = Life[PrintState, UnitDo]({
    (Q, UnitDo.BEGIN): S,
    (Q, UnitDo.GIVE_UP): F,
    (S, UnitDo.WRITTEN): T,
    (S, UnitDo.DOUBT): U,
    (T, UnitDo.PROVED): C,
    (T, UnitDo.DOUBT): U,
    (U, UnitDo.SAID_YES): C,
    (U, UnitDo.SAID_NO): F,
}, begins=frozenset({Q}))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """`exposed`: bytes of it have left, so it may exist on paper; a later print of it is a duplicate."""

    kind: UnitKind
    label: str
    duplicate: bool = False
    state: PrintState = PrintState.QUEUED
    code: str = ""
    exposed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """`created_ms` and `since_ms` (waiting for the printer since, None while it works) on the runner's clock."""

    id: Id
    units: tuple[Unit, ...]
    created_ms: int
    since_ms: int | None = None
    code: str = ""

    @property
    def state(self) -> PrintState:
        """UNCERTAIN only when nothing is under way any more; a job under way is where its first open unit is."""
        states = [unit.state for unit in self.units]
        for at in (PrintState.SENDING, PrintState.SENT, PrintState.QUEUED, PrintState.UNCERTAIN, PrintState.FAILED):
            if at in states:
                return at
        return PrintState.CONFIRMED


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a job may wait: at a printer that is not ready, and altogether (after that the visitor has gone)."""

    patience_ms: int = 20_000
    max_age_ms: int = 120_000


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """The job may go on: it is first in the queue, or a pause is over."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The printer's status before a unit."""

    status: PrinterStatus
    now_ms: int


@dataclass(frozen=True, slots=True)
class Written:
    pass


@dataclass(frozen=True, slots=True)
class Broken:
    """The line went while bytes were leaving: nobody knows how many arrived."""


@dataclass(frozen=True, slots=True)
class Settled:
    """After a unit: whether the printer answered that everything before the question is printed, and its status."""

    echoed: bool
    status: PrinterStatus


@dataclass(frozen=True, slots=True)
class Restarted:
    """The agent was down while this job was open."""


@dataclass(frozen=True, slots=True)
class Answered:
    came_out: bool


Event = Turn | Seen | Written | Broken | Settled | Restarted | Answered


# --- effects ---------------------------------------------------------------------------------------------------------


class Effect(Enum):
    LOOK = auto()  # ask for the status, then Seen
    PAUSE = auto()  # wait a little, then Turn
    REST = auto()  # nothing more to do for this job


@dataclass(frozen=True, slots=True)
class Send:
    """Send the bytes of the unit at `index`, then Written or Broken."""

    index: int


@dataclass(frozen=True, slots=True)
class Ask:
    """All is sent: ask the printer whether it is through, then Settled."""

    index: int


def step(job: Job, event: Event, limits: Limits) -> tuple[Job, Effect | Send | Ask]:
    """The job after the event, and what to do next. An event that does not fit the job's state changes nothing."""
    match event:
        case Turn(now_ms):
            if _next(job) is None:
                return job, Effect.REST
            if now_ms - job.created_ms > limits.max_age_ms:
                return _rest(job, PrinterCode.TOO_LATE), Effect.REST
            return job, Effect.LOOK
        case Seen(status, now_ms):
            return _seen(job, status, now_ms, limits)
        case Written():
            at = _at(job, PrintState.SENDING)
            return (_moved(job, at, UnitDo.WRITTEN), Ask(at)) if at is not None else (job, Effect.REST)
        case Broken():
            return _doubt(job, PrintState.SENDING, PrinterCode.LINE_LOST), Effect.REST
        case Settled(echoed, status):
            return _settled(job, echoed, status)
        case Restarted():
            for state in (PrintState.SENDING, PrintState.SENT):
                job = _doubt(job, state, PrinterCode.RESTARTED)
            return job, Effect.REST
        case Answered(came_out):
            do = UnitDo.SAID_YES if came_out else UnitDo.SAID_NO
            for at, unit in enumerate(job.units):
                if unit.state is PrintState.UNCERTAIN:
                    job = _moved(job, at, do, "" if came_out else unit.code)
            return job, Effect.REST


def _seen(job: Job, status: PrinterStatus, now_ms: int, limits: Limits) -> tuple[Job, Effect | Send | Ask]:
    at = _next(job)
    if at is None:
        return job, Effect.REST
    if status in READY:
        return replace(_moved(job, at, UnitDo.BEGIN), since_ms=None, code=""), Send(at)
    since = now_ms if job.since_ms is None else job.since_ms
    waiting = replace(job, since_ms=since, code=STATUS_CODE[status])
    if now_ms - since >= limits.patience_ms:
        return _rest(waiting, STATUS_CODE[status]), Effect.REST
    return waiting, Effect.PAUSE


def _settled(job: Job, echoed: bool, status: PrinterStatus) -> tuple[Job, Effect | Send | Ask]:
    at = _at(job, PrintState.SENT)
    if at is None:
        return job, Effect.REST
    if echoed and status in READY:
        job = _moved(job, at, UnitDo.PROVED)
        return job, Effect.LOOK if _next(job) is not None else Effect.REST
    code = PrinterCode.NO_PROOF if status in READY else STATUS_CODE[status]
    return _doubt(job, PrintState.SENT, code), Effect.REST


def _next(job: Job) -> int | None:
    """The unit to print now; None while another is under way or when the job is through."""
    if _at(job, PrintState.SENDING) is not None or _at(job, PrintState.SENT) is not None:
        return None
    return _at(job, PrintState.QUEUED)


def _at(job: Job, state: PrintState) -> int | None:
    return next((at for at, unit in enumerate(job.units) if unit.state is state), None)


def _doubt(job: Job, state: PrintState, code: str) -> Job:
    """The unit in `state` may or may not exist; what comes after it does not."""
    at = _at(job, state)
    return (
        job
        if at is None
        else _rest(replace(_moved(job, at, UnitDo.DOUBT, code), code=code), PrinterCode.STOPPED, keep=code)
    )


def _rest(job: Job, code: str, keep: str = "") -> Job:
    """Gives up every unit that has not begun."""
    for at, unit in enumerate(job.units):
        if unit.state is PrintState.QUEUED:
            job = _moved(job, at, UnitDo.GIVE_UP, code)
    return replace(job, code=keep or code, since_ms=None)


def _moved(job: Job, at: int, do: UnitDo, code: str = "") -> Job:
    unit = job.units[at]
    state = UNIT[unit.state, do]
    new = replace(unit, state=state, code=code, exposed=unit.exposed or do is UnitDo.BEGIN)
    return replace(job, units=(*job.units[:at], new, *job.units[at + 1 :]))


def report(job: Job) -> JobReport:
    """The job as the till hears of it."""
    units = tuple(UnitReport(unit.kind, unit.label, unit.state, unit.code, unit.duplicate) for unit in job.units)
    printed = sum(unit.kind is UnitKind.TICKET and unit.state is PrintState.CONFIRMED for unit in job.units)
    code = "" if job.state is PrintState.CONFIRMED else job.code
    return JobReport(job.id, job.state, units, printed, code)
