"""PostgreSQL's writers: sales stand in line and are committed in groups (kernel/sales_line.py). All else has a small
pool of threads, each with a connection of its own: works run SERIALIZABLE and are repeated whole where the database
cannot order them, for so long as a caller may wait, and not for so many times.

Whoever had to repeat a few times stands in line with the others who had to: one at a time, however many there are, so
that not all of them make each other repeat again. Whoever found a lock in the way waits for it among a few
(kernel/patience.py), and hears of it alone: no lock is a trouble of all.
"""

import asyncio
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from central.kernel.db import UNFIT, Database, PostgresConnection
from central.kernel.job import Job
from central.kernel.judge import Judge
from central.kernel.outage import Outage
from central.kernel.patience import Patience
from central.kernel.sales_line import FALLS, SalesLine
from central.kernel.trouble import Crowd, NoDatabase, Repeatable, Stuck, Unavailable, given_up
from central.kernel.work import BACKOFF, QUEUE, Chore, Hear, OwnConnections, Told, Work, committed
from shared.runtime.metrics import counter
from shared.runtime.tasks import Standing

WRITERS = 8
PATIENT = 3  # of them at most wait for locks that somebody keeps
REPEAT_S = 8.0  # how long a work is repeated before its caller hears that the house is busy
ALONE_AFTER = 4  # repeats
RACES = 6  # so many times what is taken is asked for again: two at once may have read the same last number
LONGEST_PAUSE_S = 0.1
WATCH_EVERY_S = 0.25
AWAY_S = 1.0  # how long anybody waits for a server that owes another thread its answer
REPEATED = counter("parterre_repeats_total", "Works that PostgreSQL could not order, and that ran once more.")


class PostgresWriters:
    def __init__(self, database: Database, judge: Judge, hear: Hear, readers: OwnConnections) -> None:
        self._judge, self._hear = judge, hear
        self._lines, self._readers = OwnConnections(database, read_only=False), readers
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._sales = SalesLine(self._lines.get, judge, hear)
        self._patience = Patience(PATIENT)
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch_forever, name="line watch", daemon=True)
        self._watches = Standing("line watch", BACKOFF)
        self._waiting = 0
        self.answers = 0  # of threads and groups, whatever they said
        self.outage = Outage("writes")

    def start(self) -> None:
        self._sales.start()
        self._watcher.start()

    def stop(self) -> None:
        self._sales.stop()
        self._pool.shutdown()
        self._stopping.set()
        self._watcher.join()
        self._lines.close()

    @property
    def standings(self) -> tuple[Standing, Standing]:
        self._watches.ended = self._watcher.ident is not None and not self._watcher.is_alive()
        return self._watches, self._sales.standing

    @property
    def waiting(self) -> int:
        return self._waiting

    def cut(self) -> None:
        """The server keeps its log as it is set up to."""

    async def do(self, asked: Job | Chore, now: datetime) -> Any:
        if self._waiting >= QUEUE:
            raise self.outage.refuses(Crowd(NoDatabase.BUSY, f"{QUEUE} commands wait"))
        self._waiting += 1
        try:
            done = await self._asked(asked, now)
        except Exception:  # whoever no longer waits was not answered
            self.answers += 1
            raise
        finally:
            self._waiting -= 1
        self.answers += 1
        return done

    async def _asked(self, asked: Job | Chore, now: datetime) -> Any:
        came = time.monotonic()
        work = self._judge.work(asked, now)
        stuck: Stuck | None = None
        if isinstance(asked, Job) and self._sales.takes(asked) and not self.outage.of_all:
            try:
                done = await self._sales.do(asked, now)
                self.outage.over(work.what)
                return done
            except Unavailable as trouble:
                raise self._met(trouble, work) from trouble
            except FALLS as fault:  # out of its group
                REPEATED.add()
                stuck = fault if isinstance(fault, Stuck) and fault.again else None
        done, told = await self._beside(work, came, stuck)
        self._hear(told)
        return done

    async def _beside(self, work: Work, came: float, stuck: Stuck | None) -> tuple[Any, Told]:
        """`stuck`: what it met before, where it was brief."""
        loop = asyncio.get_running_loop()
        try:
            try:
                if stuck is None:
                    return await loop.run_in_executor(self._pool, self._do, work, came, self._patience.first_s)
            except Stuck as fault:
                REPEATED.add()
                stuck = fault
            return await self._patience.again(
                stuck, came, lambda: loop.run_in_executor(self._pool, self._do, work, came, 0.0)
            )
        except Stuck as fault:
            raise self._met(given_up(fault, 0), work) from fault

    def _met(self, trouble: Unavailable, work: Work) -> Unavailable:
        if trouble.reason is NoDatabase.BUSY:
            return self.outage.refuses(trouble)
        return self.outage.meets(trouble, work.what)

    def _do(self, work: Work, came: float, lock_s: float) -> tuple[Any, Told]:
        """In a thread of the pool."""
        if shut := self.outage.shuts_out(came):
            raise self.outage.refuses(shut)
        try:
            done = self._repeated(work, lock_s)
        except Unavailable as trouble:
            raise self._met(trouble, work) from trouble
        self.outage.over(work.what)
        return done

    def _repeated(self, work: Work, lock_s: float) -> tuple[Any, Told]:
        until, repeats = time.monotonic() + REPEAT_S, 0
        while True:
            try:
                db = self._lines.get()
                # works that all want the same thing would only make each other repeat: they stand in line
                with db.alone(work.line or ("repeats" if repeats >= ALONE_AFTER else "")):
                    return committed(db, work, beside=True, races=repeats < RACES, lock_s=lock_s)
            except Stuck:
                raise
            except (Repeatable, *UNFIT) as fault:  # UNFIT: the same id came twice at once, the other one was faster
                REPEATED.add()
                repeats += 1
                pause_s = random.uniform(0, min(0.002 * 2**repeats, LONGEST_PAUSE_S))  # noqa: S311 - spreads load
                if time.monotonic() + pause_s >= until:
                    raise given_up(fault, repeats) from fault
                time.sleep(pause_s)

    # --- the watch --------------------------------------------------------------------------------------------------

    def _watch_forever(self) -> None:
        """A server that is frozen, or behind a line that was cut without a word, keeps no promise of its own to give
        up: who waits for it is told by us that it is gone."""
        while not self._stopping.wait(WATCH_EVERY_S):
            try:
                self._watch(time.monotonic())
                self._watches.well()
            except Exception as fault:
                self._stopping.wait(self._watches.fell(fault))

    def _watch(self, now: float) -> None:
        lines = [db for db in (*self._lines.all(), *self._readers.all()) if isinstance(db, PostgresConnection)]
        gone = any(db.overdue(now) for db in lines)
        for db in lines:
            if db.overdue(now, AWAY_S if gone else None):
                db.hang_up()
