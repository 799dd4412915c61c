"""Whether this central serves, found out by doing it: every few seconds a real commit, a look, where the log's seals
stand, which schema the database has. What was found lies in memory, so asking costs nothing, whoever asks.

Two questions, for two who act on the answer. *Alive*: is this process any use; if not, restart it. The writer has
answered within a minute: that it is done, or that the disk is full, which no restart mends; that too many wait is no
answer of the writer's, and only others' answers tell then that it is at work. *Ready*: would a command
sent now be done, and would the house hear of it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from central.kernel.actor import SYSTEM
from central.kernel.db import Connection
from central.kernel.door import Door
from central.kernel.trouble import Crowd, Silence, Unavailable
from central.kernel.tx import Read
from shared.clock import from_ms
from shared.runtime.metrics import gauge
from shared.runtime.tasks import Standing, well

EVERY_S = 5.0
STUCK_S = 60.0  # without an answer of the writer: longer than any command and any patience with a database
BEHIND = timedelta(seconds=60)
LATE_S = 3.0  # a check that is not answered so long is not well: it took longer than any of them should
STEADY = 3  # commits in a row until a disk that took none is believed: on a full one now and then a small one fits
OK = "ok"
CHECKS = {"commit", "look", "schema", "log", "pulse"}
SIDES = ("writes", "reads")
READY = gauge("parterre_ready", "1 while a check of /readyz is well.", check=lambda: CHECKS)
WAITING = gauge(
    "parterre_waiting", "Commands (`writes`) and looks (`reads`) that wait or run.", side=("writes", "reads")
)


@dataclass(frozen=True, slots=True)
class Report:
    """`checks`: of each the word, `ok` or what is wrong. `failing`: loops and threads that fall."""

    alive: bool
    checks: dict[str, str]
    failing: tuple[Standing, ...]
    clock_jumped: bool = False  # no reason to sell less: see kernel/clock_trust.py

    @property
    def ready(self) -> bool:
        return all(said == OK for said in self.checks.values())

    @property
    def status(self) -> str:
        """For `systemctl status`: one line."""
        amiss = [f"{check}: {said}" for check, said in self.checks.items() if said != OK]
        amiss += [f"{each.name} falls" for each in self.failing]
        amiss += ["clock: jumped"] if self.clock_jumped else []
        return "; ".join(amiss) or "serving"


class Pulse:
    """`more`: checks beside its own, answered out of memory; `standings`: of everything that should be at work.
    `clock`: monotonic seconds."""

    def __init__(
        self, door: Door, heads: Iterable[str], more: Mapping[str, Callable[[], str]],
        standings: Callable[[], Iterable[Standing]], clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._door, self._heads, self._more, self._standings = door, frozenset(heads), more, standings
        CHECKS.update(more)
        self._clock = clock
        self._answered, self._answers = clock(), 0
        self._steady = STEADY
        self._asked: tuple[str, float] | None = None  # which check waits for its answer, and since when
        self._found = {"commit": "not_yet", "look": "not_yet", "schema": "not_yet", "log": "not_yet"}

    async def begin(self) -> None:
        """Before any loop: the last sign of life tells whether the clock went on from there."""
        try:
            await self._door.read(SYSTEM, self._last_life)
        except Unavailable:
            return  # what the clock does from now on is seen anyway

    def _last_life(self, read: Read) -> None:
        row = read.one("SELECT value FROM counter WHERE name = 'test commit'")
        self._door.steady.began(read.now, from_ms(row[0]) if row else None)

    async def keep(self, every_s: float = EVERY_S) -> None:
        while True:
            await self.beat()
            well()
            await asyncio.sleep(every_s)

    async def beat(self) -> None:
        """Whatever comes of it is an answer; none is not, nor that too many wait for one."""
        try:
            word = await self._word_of("commit", self._door.chore(_commit))
            answered = True
        except (Crowd, Silence) as none:
            word, answered = none.reason.value, self._door.answers != self._answers
        self._steady = self._steady + 1 if word == OK else 0
        if word != OK or self._steady >= STEADY:
            self._found["commit"] = word
        self._answers = self._door.answers
        if answered:
            self._answered = self._clock()
        self._found["look"] = await self._word_of("look", self._door.read(SYSTEM, self._look))
        report = self.report()
        for check, said in report.checks.items():
            READY.set(said == OK, check=check)
        for side, waiting in zip(SIDES, self._door.waiting, strict=True):
            WAITING.set(waiting, side=side)

    async def _word_of(self, check: str, work: Awaitable[Any]) -> str:
        self._asked = check, self._clock()
        try:
            return await _word(work)
        finally:
            self._asked = None

    def _look(self, read: Read) -> None:
        row = read.one("SELECT version_num FROM alembic_version")
        self._found["schema"] = OK if row and row[0] in self._heads else "other_version"
        oldest = read.one("SELECT at FROM command_log WHERE seq IS NULL ORDER BY turn, id LIMIT 1")
        # clock: it shows or measures, and decides about nothing that waits
        behind = oldest is not None and read.now - from_ms(oldest[0]) > BEHIND
        self._found["log"] = "behind" if behind else OK

    def report(self) -> Report:
        age_s = self._clock() - self._answered
        checks = self._found | {
            **{check: look() for check, look in self._more.items()},
            "pulse": OK if age_s < STUCK_S / 2 else "late",
        }
        for check, outage in zip(("commit", "look"), self._door.outages, strict=True):
            if (trouble := outage.of_all) and checks[check] == OK:  # somebody met it since the last beat
                checks[check] = trouble.reason.value
        if self._asked and self._clock() - self._asked[1] >= LATE_S and checks[self._asked[0]] == OK:
            checks[self._asked[0]] = "late"
        failing = tuple(each for each in self.standings if not each.calm)
        return Report(age_s < STUCK_S, checks, failing, self._door.steady.doubted)

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Of everything that should be at work."""
        return (*self._door.standings, *self._standings())


def _commit(db: Connection) -> None:
    """A row that is written and read by nobody else: the disk took it."""
    # log: the counter `test commit` is kept beside it
    db.write(
        "INSERT INTO counter (name, value) VALUES ('test commit', :at) ON CONFLICT (name) DO UPDATE SET value = :at",
        {"at": time.time_ns() // 1_000_000},
    )


async def _word(work: Awaitable[Any]) -> str:
    try:
        await work
    except (Crowd, Silence):
        raise
    except Unavailable as trouble:
        return trouble.reason.value
    except Exception as fault:
        return type(fault).__name__
    return OK
