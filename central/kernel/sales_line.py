"""PostgreSQL's orders, of one process: they stand in line, and what waits is committed together. All of an organiser's
wait for the row of its ticket numbers until the commit: side by side they would pay for each other's questions and
sync. Holds have no such row, and go beside each other in the pool.

A group is *together* (kernel/turns.py): the groups of all processes take turns, so no two of them wait for each other's
seats; between a group and who is beside it the database decides, as between any two sales. What a group cannot do, or
a fault ends, runs beside others on its own, as if it had just come.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from central.kernel.batch_writer import Answers
from central.kernel.carriers import ThreadCarrier
from central.kernel.db import UNFIT, Connection
from central.kernel.job import Job
from central.kernel.judge import LARGE, Judge
from central.kernel.trouble import Repeatable
from central.kernel.turns import Footing, OutOfTurn
from central.kernel.work import BACKOFF, Hear, answer_to
from shared.runtime.tasks import Standing

BATCH_S = 0.1  # that a group takes more in for: each question of it goes over a line
FALLS = (Repeatable, OutOfTurn, *UNFIT)
CAREFUL = 2  # groups after one that ran twice: care costs each sale as much again as it costs alone


class SalesLine:
    """Its methods, but for `stop`, are called in the loop."""

    def __init__(self, connect: Callable[[], Connection], judge: Judge, hear: Hear) -> None:
        self._judge, self._hear = judge, hear
        self._carrier = ThreadCarrier(connect, judge, footing=Footing.TOGETHER, batch_s=BATCH_S, careful=CAREFUL)
        self._away: dict[int, asyncio.Future[Any]] = {}
        self._numbers = count(1)
        self._stands = Standing("sales line", BACKOFF)

    @property
    def standing(self) -> Standing:
        self._stands.ended = self._carrier.ended
        return self._stands

    def start(self) -> None:
        self._carrier.begin(self._heard, lambda _: None)

    def stop(self) -> None:
        self._carrier.end()

    def takes(self, job: Job) -> bool:
        """Orders; what came before, is only tried, or is long would keep the others waiting."""
        known = job.command_id in self._judge.lately
        return job.handler.side_by_side and job.handler.gathered and not (known or job.dry_run or job.size > LARGE)

    async def do(self, job: Job, now: datetime) -> Any:
        """Fails with one of `FALLS` where it is to be done beside the others."""
        number, future = next(self._numbers), asyncio.get_running_loop().create_future()
        self._away[number] = future
        self._carrier.send([(number, job, now)])
        return await future

    def _heard(self, answers: Answers) -> None:
        for number, answer in answers.said:
            answer_to(self._away.pop(number), answer)
        self._hear(answers.told)
