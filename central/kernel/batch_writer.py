"""SQLite's one writer, and PostgreSQL's line of sales: it takes what waits, at most `BATCH` works or `batch_s` of them
(more where the disk is slow: a batch works as long as its commit will take), and commits them together: durable *and*
fast, and nobody is answered before the commit. SQLite's does not wait for all who are there: while it does what some
ask, whoever parses HTTP answers the others, or the two processes would wait for each other in turns.

It does not know whether it is a thread or a process (kernel/carriers.py): what is asked comes by `take`, and what came
of a batch goes by `tell`, in one piece.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.kernel.db import BROKEN, Connection
from central.kernel.job import Job
from central.kernel.messages import Fault
from central.kernel.traces import Care, Traces
from central.kernel.trouble import Queued, Repeatable, Unavailable, trouble_of
from central.kernel.turns import BRIEF_S, HURRIED_S, Footing
from central.kernel.work import NOTHING, Ahead, Chore, Told, Work, together, write

BATCH = 64
BATCH_S = 0.004  # 32 callers come in two halves: with 10 ms they came all at once, and a quarter fewer were served
MOST_BATCH_S = 0.025
CAREFUL = 20  # batches after one that ran twice run with care at once: where one is undone, more will be

Asked = tuple[int, Job | Chore | Ahead, datetime]
"""Its number, by which it is answered; what is asked; and when."""

Taken = tuple[int, Job | Chore, datetime]
Take = Callable[[bool], Taken | None]
"""The next that waits; `True`: however long that takes. None: nobody waits, or, then, nobody will any more."""

Batch = list[tuple[int, Work]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of a batch: for each number an answer, or the fault that it ended with. `commit_s`: what its commit
    took, 0 where there was nothing to commit. `trouble` of the database's: none of them was done. `fell`: a fault that
    all of them have from each other. `ahead`: this was no batch, but what was looked up ahead of one."""

    said: list[tuple[int, Any]]
    told: Told = NOTHING
    commit_s: float = 0.0
    trouble: Unavailable | None = None
    fell: Exception | None = None
    ahead: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        said = [(number, Fault(each) if isinstance(each, Exception) else each) for number, each in self.said]
        return Answers, (said, self.told, self.commit_s, self.trouble, self.fell and Fault(self.fell), self.ahead)


class BatchWriter:
    def __init__(
        self, connect: Callable[[], Connection], work: Callable[[Job | Chore, datetime], Work], take: Take,
        tell: Callable[[Answers], None], *, footing: Footing = Footing.ALONE, batch_s: float = BATCH_S,
        careful: int = CAREFUL,
    ) -> None:  # fmt: skip
        self._connect, self._work, self._take, self._tell = connect, work, take, tell
        self._footing, self._batch_s, self._cared = footing, batch_s, careful
        self._commit_s = 0.0
        self._careful = 0  # of the next batches

    def run(self) -> None:
        """Until nobody asks any more."""
        db: Connection | None = None
        while first := self._next(wait=True):
            batch = [first]
            try:
                db = db or self._connect()
                answers = self.taken(db, batch)
            except Exception as fault:
                answers = self._all_refused(batch, fault)
                _close(db)
                db = None
            self._tell(answers)
        _close(db)

    def taken(self, db: Connection, batch: Batch) -> Answers:
        """Runs what waits in one transaction, and gathers it in `batch`; an error in one work touches no other. Fails
        where the database does: then none of them was done."""
        if self._careful:
            self._careful -= 1
            return self.tried(db, batch, Traces())
        try:
            return self.tried(db, batch, Traces(careful=False))
        except Care:
            self._careful = self._cared
            return self.tried(db, batch, Traces())

    def tried(self, db: Connection, batch: Batch, traces: Traces) -> Answers:
        said: list[tuple[int, Any]] = []
        told: list[Told] = []
        db.begin(write=True, footing=self._footing, lock_s=HURRIED_S if traces.careful else BRIEF_S)
        until = time.perf_counter() + max(self._batch_s, min(self._commit_s, MOST_BATCH_S))
        try:
            while len(said) < len(batch):
                number, work = batch[len(said)]
                answer, heard = _done(db, work, traces)
                said.append((number, answer))
                told.append(heard)
                if len(said) == len(batch) < BATCH and time.perf_counter() < until and (waiting := self._next()):
                    batch.append(waiting)
            if traces.empty and not any(work.footing is Footing.APART for _, work in batch):
                db.rollback()  # refusals that leave nothing
                return Answers(said, together(told))
            write(db, traces)
            began = time.perf_counter()
            db.commit()
        except Exception:
            with suppress(*BROKEN):
                db.rollback()
            raise
        took = time.perf_counter() - began
        self._commit_s = 0.7 * self._commit_s + 0.3 * took
        return Answers(said, together(told), took)

    def _next(self, *, wait: bool = False) -> tuple[int, Work] | None:
        if asked := self._take(wait):
            number, what, now = asked
            return number, self._work(what, now)
        return None

    def _all_refused(self, batch: Batch, fault: Exception) -> Answers:
        """A trouble of the database's is everybody's who waits, and so is a turn that did not come; any other fault is
        of those who shared the commit."""
        trouble = trouble_of(fault)
        if trouble or isinstance(fault, Queued):
            while waiting := self._next():
                batch.append(waiting)
        said: list[tuple[int, Any]] = [(number, trouble or fault) for number, _ in batch]
        return Answers(said, trouble=trouble, fell=None if trouble else fault)


def _done(db: Connection, work: Work, traces: Traces) -> tuple[Any, Told]:
    """What it answers, or the fault of its own that it ended with."""
    try:
        return work.act(db, traces)
    except Care:
        raise
    except Exception as fault:
        if trouble_of(fault):
            raise
        if not traces.careful:
            raise Care from fault
        try:
            db.undo()
        except BROKEN:
            if isinstance(fault, Repeatable):  # at what those before it had left to write: it is all of theirs
                raise fault  # noqa: B904 - what cannot be undone says less
            raise
        return fault, NOTHING


def _close(db: Connection | None) -> None:
    if db is not None:
        with suppress(*BROKEN):
            db.close()
