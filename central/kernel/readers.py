"""Looks at the database, in a few threads of their own: SQLite's readers never wait for the writer."""

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from central.kernel.db import Connection, Database, is_read_only
from central.kernel.outage import Outage
from central.kernel.patience import Patience
from central.kernel.trouble import NoDatabase, Repeatable, Stuck, Unavailable, given_up, trouble_of
from central.kernel.work import QUEUE, OwnConnections

READERS = 4
EXPORTERS = 2  # looks that take long, such as a list of 200,000 rows: never in the way of the others
WHOLE_READERS = 2  # looks at a whole hall: a stadium's picture takes a second
REPEAT_S = 2.0
LONGEST_END_S, AGAIN_S = 5.0, 0.1  # of looks that are under way when central ends
LOOK = "look"  # what the outage calls each

Look = Callable[[Connection], Any]


class Readers:
    def __init__(self, database: Database, threads: int = READERS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._waiting = 0
        self._at_hand = database.is_sqlite  # a file is opened, or not, in no time: each look may try
        self.lines = OwnConnections(database, read_only=True)
        self._patience = Patience(max(1, threads // 2))
        self.outage = Outage("reads")

    def stop(self) -> None:
        """Whoever looks for long after that does not see the end of it."""
        over = threading.Event()
        threading.Thread(target=self._hurry, args=(over,), name="last looks", daemon=True).start()
        self._pool.shutdown()
        over.set()
        self.lines.close()

    def _hurry(self, over: threading.Event) -> None:
        wait_s = LONGEST_END_S
        while not over.wait(wait_s):
            wait_s = AGAIN_S  # one between two statements did not hear it
            for each in self.lines.all():
                each.hang_up()

    @property
    def waiting(self) -> int:
        return self._waiting

    async def look(self, look: Look) -> Any:
        """At one moment of the database. Fails with `Unavailable`, or with whatever `look` does."""
        if self._waiting >= QUEUE:
            raise self.outage.refuses(Unavailable(NoDatabase.BUSY, f"{QUEUE} looks wait"))
        self._waiting += 1
        try:
            return await self._looked(look, time.monotonic())
        except Stuck as stuck:
            raise self._met(given_up(stuck, 0)) from stuck
        finally:
            self._waiting -= 1

    async def _looked(self, look: Look, came: float) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._look, look, came, self._patience.first_s)
        except Stuck as stuck:
            return await self._patience.again(
                stuck, came, lambda: loop.run_in_executor(self._pool, self._look, look, came, 0.0)
            )

    def _met(self, trouble: Unavailable) -> Unavailable:
        busy = trouble.reason is NoDatabase.BUSY
        return self.outage.refuses(trouble) if busy else self.outage.meets(trouble, LOOK)

    def _look(self, look: Look, came: float, lock_s: float) -> Any:
        shut = None if self._at_hand else self.outage.shuts_out(came)
        if shut:
            raise self.outage.refuses(shut)
        try:
            seen = self._repeated(look, lock_s)
        except Exception as fault:
            if is_read_only(fault):
                raise
            if trouble := trouble_of(fault):
                raise self._met(trouble) from fault
            raise
        self.outage.over(LOOK)
        return seen

    def _repeated(self, look: Look, lock_s: float) -> Any:
        until, repeats = time.monotonic() + REPEAT_S, 0
        while True:
            known = self.lines.known
            try:
                return self._once(look, lock_s)
            except sqlite3.Error as fault:
                self.lines.drop()
                if not known or trouble_of(fault) is None:
                    raise  # else the line was broken, and the next one is new
            except Stuck:
                raise
            except Repeatable as fault:
                repeats += 1
                pause_s = random.uniform(0, min(0.002 * 2**repeats, 0.05))  # noqa: S311 - spreads load
                if time.monotonic() + pause_s >= until:
                    raise given_up(fault, repeats) from fault
                time.sleep(pause_s)

    def _once(self, look: Look, lock_s: float) -> Any:
        db = self.lines.get()
        try:
            db.begin(write=False, lock_s=lock_s)
            return look(db)
        finally:
            db.rollback()
