"""Work on a database, and who does it: what the two ways of writing and the readers have in common."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from central.kernel.db import BROKEN, UNFIT, Connection, Database
from central.kernel.job import Job
from central.kernel.messages import by_values
from central.kernel.outage import Outage
from central.kernel.replies import Reply
from central.kernel.traces import Care, Traces
from central.kernel.turns import SALES, Footing, OutOfTurn
from central.kernel.tx import Read
from shared.runtime.tasks import Backoff, Standing

QUEUE = 4096  # commands, or looks, that wait at most; whoever comes then is refused at once
BACKOFF = Backoff(first_s=0.2, most_s=5.0)  # of the threads: whoever made room waits no longer than that

FORGOTTEN = "forgotten"  # the mark of a command that forgot somebody: the database's own log is cut after it


@by_values
@dataclass(frozen=True, slots=True)
class Told:
    """Which feeds and tables (or finer marks) were touched: whom to wake; and of what leaves no row in the log, to be
    counted: caller, command, reason."""

    feeds: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    left: tuple[tuple[str, str, str], ...] = ()


NOTHING = Told()
Answered = tuple[Reply, Told]


def together(told: Iterable[Told]) -> Told:
    """Of what was committed together."""
    some = [each for each in told if each is not NOTHING]
    return Told(
        frozenset().union(*(each.feeds for each in some)),
        frozenset().union(*(each.marks for each in some)),
        tuple(left for each in some for left in each.left),
    )


Hear = Callable[[Told], None]
"""Hears in the loop of each commit."""


@dataclass(frozen=True, slots=True)
class Chore:
    """What is written where commands are, and is none: it leaves no row in the log."""

    act: Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A look that leaves in its process's memory what a command will need there. It stands in nobody's way."""

    look: Callable[[Read], None]


Act = Callable[[Connection, Traces], tuple[Any, Told]]


class Work(NamedTuple):
    """`act` runs inside a transaction, that others may share, and leaves it as it found it where it fails. `what` is
    its name. Where several may run at once: `before` outside of the transaction, `line` says who may not run beside
    each other, `footing` how it stands among the others. What is `APART` is no command, and leaves no traces."""

    what: str
    act: Act
    before: Callable[[Connection, Traces], None] | None = None
    line: str = ""
    footing: Footing = Footing.ORDERED


class Writers(Protocol):
    """Who does what is asked at the door, one after the other or side by side. `do` answers a command with its reply
    and a chore with what it returned, and fails with `Unavailable` for what is nobody's fault.
    `answers` counts up with each, whatever it says, that came of trying."""

    outage: Outage
    answers: int

    def start(self) -> None: ...
    def stop(self) -> None: ...
    async def do(self, asked: Job | Chore, now: datetime) -> Any: ...
    def cut(self) -> None:
        """Whatever lies beside the database of what was there before goes as soon as it can."""

    @property
    def standings(self) -> tuple[Standing, ...]: ...
    @property
    def waiting(self) -> int: ...


def committed(
    db: Connection, work: Work, *, beside: bool = False, races: bool = False, lock_s: float = 0.0
) -> tuple[Any, Told]:
    """In a transaction of its own, and in its turn. A commit whose answer was lost is found in the log at the next
    attempt."""
    if work.what not in _ALONE:
        try:
            return _in_turn(db, work, work.footing, beside, races, lock_s)
        except OutOfTurn:
            if work.footing is Footing.ORDERED:
                _ALONE.add(work.what)
    with db.alone(SALES):
        return _in_turn(db, work, Footing.ALONE, beside, races, lock_s)


_ALONE: set[str] = set()
"""Commands that had to be run again alone: the next of their kind begins with that."""


def _in_turn(
    db: Connection, work: Work, footing: Footing, beside: bool, races: bool, lock_s: float
) -> tuple[Any, Told]:
    try:
        return _tried(db, work, footing, Traces(beside=beside, races=races, careful=False), lock_s)
    except Care:
        traces = Traces(beside=beside, races=races)
    if work.before:
        work.before(db, traces)
    return _tried(db, work, footing, traces, lock_s)


def _tried(db: Connection, work: Work, footing: Footing, traces: Traces, lock_s: float) -> tuple[Any, Told]:
    try:
        db.begin(write=True, footing=footing, lock_s=lock_s)
        done = work.act(db, traces)
        if traces.empty and footing is not Footing.APART:
            db.rollback()  # a refusal that leaves nothing
            return done
        write(db, traces)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return done


def write(db: Connection, traces: Traces) -> None:
    """What a transaction leaves behind. What does not fit, of commands that ran without care, is one that came before,
    or an id that is another's: who they are shows when they run again."""
    try:
        with db.in_one_go():
            traces.write(db)
    except UNFIT as fault:
        if traces.careful:
            raise
        raise Care from fault


class OwnConnections:
    """Each thread has one of its own, opened when it is needed first, and again after it broke."""

    def __init__(self, database: Database, *, read_only: bool) -> None:
        self._database, self._read_only = database, read_only
        self._here = threading.local()
        self._lock = threading.Lock()
        self._open: set[Connection] = set()

    def get(self) -> Connection:
        found: Connection | None = getattr(self._here, "db", None)
        if found is not None and found.closed:
            self.drop()
            found = None
        if found is None:
            found = self._database.connect(read_only=self._read_only)
            self._here.db = found
            with self._lock:
                self._open.add(found)
        return found

    @property
    def known(self) -> bool:
        """Whether this thread has one already."""
        return getattr(self._here, "db", None) is not None

    def drop(self) -> None:
        """This thread's: whatever is wrong with it, the next one is new."""
        found: Connection | None = getattr(self._here, "db", None)
        self._here.db = None
        if found is not None:
            with self._lock:
                self._open.discard(found)
            with suppress(*BROKEN):
                found.close()

    def all(self) -> list[Connection]:
        with self._lock:
            return list(self._open)

    def close(self) -> None:
        """When the threads are gone."""
        for each in self.all():
            with suppress(*BROKEN):
                each.close()
        self._open.clear()


def answer_to(future: asyncio.Future[Any], answer: Any) -> None:
    """What came of it, or the fault that it ended with; call it in the loop."""
    if future.done():
        return
    with suppress(RuntimeError):  # its loop is gone: nobody waits for it
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
