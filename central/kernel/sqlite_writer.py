"""SQLite's one writer: a thread takes what waits, at most `BATCH` works or `BATCH_S` of them (more where the disk is
slow: a batch may work as long as its commit will take), gives each a savepoint and commits them together: durable *and*
fast, and nobody is answered before the commit.

A second thread copies SQLite's log into the database, so that the writer does not wait for that, and cuts it when it
has grown. Neither ends before it is told to: what is wrong with the database is told to everybody who waits, at once,
and the next who comes tries again.
"""

import asyncio
import queue
import threading
import time
from contextlib import suppress
from typing import Any

from central.kernel.db import BROKEN, Connection, Database
from central.kernel.outage import Outage
from central.kernel.traces import Care, Traces
from central.kernel.trouble import NoDatabase, Unavailable, trouble_of
from central.kernel.turns import Footing
from central.kernel.work import BACKOFF, QUEUE, Told, Work, write
from shared.runtime.metrics import gauge, histogram
from shared.runtime.tasks import Standing

BATCH = 64
BATCH_S = 0.010  # 32 callers fit into one commit; with half of it they took two
MOST_BATCH_S = 0.025
CAREFUL = 20  # batches after one that ran twice run with care at once: where one is undone, more will be
COPY_EVERY_S = 1.0
CUT_WAIT_S = 0.05  # the longest that cutting the log may keep the writer, while it waits for readers to be done
COMMIT = histogram("parterre_commit_seconds", "How long SQLite's commits took.")
LOG = gauge("parterre_wal_bytes", "The size of SQLite's log beside the database.")

Waiting = tuple[Work, asyncio.Future[Any]]
Answer = tuple[asyncio.Future[Any], Any]


class SqliteWriter:
    def __init__(self, database: Database, told: Told) -> None:
        self._database, self._told = database, told
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._stopping, self._to_cut = threading.Event(), threading.Event()
        self._to_cut.set()  # who fell right after somebody was forgotten has it still to do
        self._commit_s = 0.0
        self._careful = 0  # of the next batches
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writes, self._copies = Standing("writer", BACKOFF), Standing("checkpoint", BACKOFF)
        self.outage = Outage("writes")
        self.copies: Connection | None = None  # the copier's line

    def start(self) -> None:
        """Call it in the running loop."""
        self._loop = asyncio.get_running_loop()
        for name, work in (("writer", self._write_forever), ("checkpoint", self._copy_forever)):
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Finishes what waits."""
        self._stopping.set()
        self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        self._to_cut.set()

    async def do(self, work: Work) -> Any:
        if self.waiting >= QUEUE:  # only the loop puts, so nobody comes between the question and the act
            raise self.outage.refuses(Unavailable(NoDatabase.BUSY, f"{QUEUE} commands wait"))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put((work, future))
        return await future

    @property
    def standings(self) -> tuple[Standing, Standing]:
        for thread, standing in zip(self._threads, (self._writes, self._copies), strict=False):
            standing.ended = not thread.is_alive()
        return self._writes, self._copies

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    # --- the writer -------------------------------------------------------------------------------------------------

    def _write_forever(self) -> None:
        db: Connection | None = None
        while first := self._queue.get():
            batch = [first]
            try:
                db = db or self._database.connect()
                answers = self._take(db, batch)
            except Exception as fault:
                answers = self._all_refused(batch, fault)
                _close(db)
                db = None
            else:
                self.outage.over()
                self._writes.well()
            assert self._loop is not None
            with suppress(RuntimeError):  # the loop is gone: nobody waits for an answer
                self._loop.call_soon_threadsafe(self._answer, answers)
        _close(db)

    def _take(self, db: Connection, batch: list[Waiting]) -> list[Answer]:
        """Runs what waits in one transaction, and gathers it in `batch`; an error in one work touches no other. Fails
        where the database does: then none of them was done."""
        if self._careful:
            self._careful -= 1
            return self._tried(db, batch, Traces())
        try:
            return self._tried(db, batch, Traces(careful=False))
        except Care:
            self._careful = CAREFUL
            return self._tried(db, batch, Traces())

    def _tried(self, db: Connection, batch: list[Waiting], traces: Traces) -> list[Answer]:
        answers: list[Answer] = []
        until = time.perf_counter() + min(BATCH_S + 2 * self._commit_s, MOST_BATCH_S)
        db.begin(write=True)
        try:
            while len(answers) < len(batch):
                work, future = batch[len(answers)]
                answers.append((future, _done(db, work, traces)))
                if len(answers) == len(batch) < BATCH and time.perf_counter() < until and (waiting := self._next()):
                    batch.append(waiting)
            if traces.empty and not any(work.footing is Footing.APART for work, _ in batch):
                db.rollback()  # refusals that leave nothing
                return answers
            write(db, traces)
            began = time.perf_counter()
            db.commit()
        except Exception:
            with suppress(*BROKEN):
                db.rollback()
            raise
        took = time.perf_counter() - began
        self._commit_s = 0.7 * self._commit_s + 0.3 * took
        COMMIT.took(took)
        return answers

    def _next(self) -> Waiting | None:
        with suppress(queue.Empty):
            waiting = self._queue.get_nowait()
            if waiting is None:  # stop was asked for: finish this batch, then stop
                self._queue.put(None)
            return waiting
        return None

    def _all_refused(self, batch: list[Waiting], fault: Exception) -> list[Answer]:
        """A trouble of the database's is everybody's who waits; any other fault is of those who shared the commit."""
        trouble = trouble_of(fault)
        if trouble is None:
            self._writes.fell(fault)
            return [(future, fault) for _, future in batch]
        while waiting := self._next():
            batch.append(waiting)
        self.outage.meets(trouble)
        self.outage.refuses(trouble, len(batch) - 1)
        return [(future, trouble) for _, future in batch]

    def _answer(self, answers: list[Answer]) -> None:
        for future, said in answers:
            if future.done():
                continue
            if isinstance(said, BaseException):
                future.set_exception(said)
            else:
                future.set_result(said)
        self._told([said for _, said in answers])

    # --- the copier -------------------------------------------------------------------------------------------------

    def _copy_forever(self) -> None:
        pause_s = COPY_EVERY_S
        while not self._stopping.wait(pause_s):
            try:
                self.copies = self.copies or self._hasty()
                self._copy(self.copies)
            except Exception as fault:
                pause_s = max(COPY_EVERY_S, self._copies.fell(trouble_of(fault) or fault))
                _close(self.copies)
                self.copies = None
            else:
                pause_s = COPY_EVERY_S
                self._copies.well()
        _close(self.copies)

    def _hasty(self) -> Connection:
        db = self._database.connect()
        db.run(f"PRAGMA busy_timeout={int(CUT_WAIT_S * 1000)}", {})
        return db

    def _copy(self, db: Connection) -> None:
        """Copies what readers allow, beside the writer. A log that has grown is copied to its end and cut, for which
        the writer has to wait a moment; so is one on a full disk, where every byte counts."""
        db.run("PRAGMA wal_checkpoint(PASSIVE)", {})
        outage = self.outage.now
        full = outage is not None and outage.reason is NoDatabase.DISK_FULL
        asked = self._to_cut.is_set()
        self._to_cut.clear()
        if asked or full or self._database.wal_bytes > self._database.wal_most:
            ((busy, _, _),) = db.run("PRAGMA wal_checkpoint(TRUNCATE)", {})
            if asked and busy:
                self._to_cut.set()  # a reader still looks at what was there: the next round
        LOG.set(self._database.wal_bytes)


def _done(db: Connection, work: Work, traces: Traces) -> Any:
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
        db.undo()
        return fault


def _close(db: Connection | None) -> None:
    if db is not None:
        with suppress(*BROKEN):
            db.close()
