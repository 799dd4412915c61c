"""SQLite's one writer, as the door sees it: what waits stands here, and goes to the writer as soon as that has room,
with all that came in the same turn of the loop. What came of a batch comes back together.

The writer does not end before it is told to. What is wrong with the database is told to everybody who waits, at once,
and the next who comes tries again. A process that is gone is begun anew: what it had is answered by `database_away`,
for nobody knows whether it was done, and whoever sends it again under its id gets what came of it; the rest waits for
the next one. One that stands still is ended first: SQLite undoes what it had not committed.
"""

import asyncio
from collections import deque
from datetime import datetime
from itertools import count
from typing import Any

from central.kernel.batch_writer import BATCH, Answers, Asked
from central.kernel.carriers import Carrier
from central.kernel.db import Database
from central.kernel.job import Job
from central.kernel.log_copier import LogCopier
from central.kernel.outage import Outage
from central.kernel.trouble import Crowd, NoDatabase, Silence, Unavailable
from central.kernel.work import BACKOFF, QUEUE, Ahead, Chore, Hear, answer_to
from shared.runtime.metrics import histogram
from shared.runtime.tasks import Standing

WATCH_EVERY_S = 1.0
STILL = 20  # looks in a row without a word of a writer that has something to do: whoever waits is told
BEGINNING = 120  # of one that has not served yet, and works: a small or busy machine is long over reading the program
MOST_AWAY = 2 * BATCH  # works that the writer has at a time: what it is at, and what it finds when that is done
COMMIT = histogram("parterre_commit_seconds", "How long SQLite's commits took.")

Future = asyncio.Future[Any]


class SqliteWriter:
    """Its methods, but for `stop`, are called in the loop."""

    def __init__(self, database: Database, hear: Hear, carrier: Carrier) -> None:
        self._hear, self._carrier = hear, carrier
        self._waiting: deque[tuple[Job | Chore | Ahead, datetime, Future]] = deque()
        self._away: dict[int, Future] = {}
        self._numbers = count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun = self._sending = self._served = self._stopping = False
        self.memory = 0  # counts up where the writer forgets: it is another, or has another connection
        self.answers = 0  # of its own, whatever they said: what it takes and what it refuses are both some
        self._writes = Standing("writer", BACKOFF)
        self._still = 0  # looks since its last word
        self._idle = 0  # looks in a row since which it has not even worked
        self._toil: int | None = None
        self._watching: asyncio.TimerHandle | None = None
        self.outage = Outage("writes")
        self.copier = LogCopier(database, self.outage)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._begin()
        self.copier.start()

    def stop(self) -> None:
        """Finishes what waits. From any thread."""
        self.copier.stop()
        if self._loop is None:
            return
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here or not self._loop.is_running():
            self._finish()
        else:
            asyncio.run_coroutine_threadsafe(self._finished(), self._loop).result()

    def cut(self) -> None:
        self.copier.cut()

    async def do(self, asked: Job | Chore | Ahead, now: datetime) -> Any:
        if self.waiting >= QUEUE:
            raise self.outage.refuses(Crowd(NoDatabase.BUSY, f"{QUEUE} commands wait"))
        loop = asyncio.get_running_loop()
        future: Future = loop.create_future()
        self._waiting.append((asked, now, future))
        if not self._sending:
            self._sending = True
            loop.call_soon(self._send)
        return await future

    @property
    def standings(self) -> tuple[Standing, Standing]:
        self._writes.ended = self._carrier.ended
        return self._writes, self.copier.standing

    @property
    def waiting(self) -> int:
        return len(self._waiting) + len(self._away)

    # --- there and back ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._stopping:
            return
        self._served = False
        try:
            self._carrier.begin(self._heard, self._ended)
        except OSError as fault:  # no room for another process
            self._ended(str(fault))
            return
        self._begun, self._still, self._idle = True, 0, 0
        self.memory += 1
        self._send()

    def _send(self) -> None:
        """As many as the writer has room for."""
        self._sending = False
        while self._begun and self._waiting and (room := MOST_AWAY - len(self._away)) > 0:
            some = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
            self._put(some)

    def _watch(self) -> None:
        """A writer that stands still (stopped, or at a disk that does not answer) keeps nobody waiting without end.
        What it has may still be done, as where it is gone: whoever sends it again under its id gets what came of it.
        One that does not work either, as one does that is at something long, is ended, and another is begun."""
        assert self._loop is not None
        self._watching = None
        if not self._away or not self._begun:
            return
        before, self._toil = self._toil, self._carrier.toil
        self._idle = self._idle + 1 if self._toil is not None and self._toil == before else 0
        self._still += 1
        if self._still >= (STILL if self._served or self._idle >= STILL else BEGINNING):
            why = f"the writer has said nothing for {self._still * WATCH_EVERY_S:.0f} s"
            waiting = [each for each in self._away.values() if not each.done()]
            self._refuse(Silence(NoDatabase.DATABASE_AWAY, why), [*waiting, *self._all_waiting()])
        self._watching = self._loop.call_later(WATCH_EVERY_S, self._watch)
        if self._idle >= STILL:
            self._idle = 0
            self._carrier.end_still(f"the writer has done nothing for {STILL * WATCH_EVERY_S:.0f} s")

    def _put(self, some: list[tuple[Job | Chore | Ahead, datetime, Future]]) -> None:
        if self._watching is None and self._loop is not None:
            self._still = self._idle = 0
            self._watching = self._loop.call_later(WATCH_EVERY_S, self._watch)
        asked: list[Asked] = []
        for each, now, future in some:
            number = next(self._numbers)
            self._away[number] = future
            asked.append((number, each, now))
        try:
            self._carrier.send(asked)
        except Exception as fault:  # of one that cannot go to another process: it alone hears of it
            for number, _, _ in asked:
                del self._away[number]
            if len(some) == 1:
                answer_to(some[0][2], fault)
                return
            for one in some:
                self._put([one])

    def _heard(self, answers: Answers) -> None:
        self.answers += 1
        self._still = self._idle = 0
        if answers.trouble or answers.fell:
            self.memory += 1
        if answers.trouble:
            self._refuse(
                answers.trouble, [*(self._away.pop(number) for number, _ in answers.said), *self._all_waiting()]
            )
            return
        if answers.fell:
            self._writes.fell(answers.fell)
        elif not answers.ahead:
            self._served = True
            self.outage.over()
            self._writes.well()
            if answers.commit_s:
                COMMIT.took(answers.commit_s)
        for number, answer in answers.said:
            answer_to(self._away.pop(number), answer)
        self._send()
        self._hear(answers.told)

    def _all_waiting(self) -> list[Future]:
        waiting = [future for _, _, future in self._waiting]
        self._waiting.clear()
        return waiting

    def _refuse(self, trouble: Unavailable, some: list[Future]) -> None:
        if some:
            self.outage.meets(trouble)
            self.outage.refuses(trouble, len(some) - 1)
        for future in some:
            answer_to(future, trouble)

    # --- the end, asked for or not ----------------------------------------------------------------------------------

    def _ended(self, why: str) -> None:
        """Whoever waits goes to the next one; where this one never served, they are told too."""
        self._begun = False
        self._refuse_away(why)
        if not self._served:
            self._refuse(Unavailable(NoDatabase.DATABASE_AWAY, why), self._all_waiting())
        assert self._loop is not None
        self._loop.call_later(self._writes.fell(RuntimeError(why)), self._begin)

    async def _finished(self) -> None:
        self._finish()

    def _finish(self) -> None:
        self._stopping = True
        if self._watching:
            self._watching.cancel()
        while self._waiting and self._begun:
            self._put([self._waiting.popleft() for _ in range(len(self._waiting))])
        self._carrier.close()
        self._refuse_away("the writer ended")
        self._refuse(Unavailable(NoDatabase.DATABASE_AWAY, "central ends"), self._all_waiting())

    def _refuse_away(self, why: str) -> None:
        """What the writer had: it may have been done, and its id tells."""
        self._refuse(Unavailable(NoDatabase.DATABASE_AWAY, why), list(self._away.values()))
        self._away.clear()
