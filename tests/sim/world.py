"""What the simulated devices stand on: one seed, one clock, disks that outlive their processes, a transcript.

Time passes only when nothing is left to do: the event loop's clock jumps to the next timer, so that an evening takes
milliseconds and the same seed gives the same evening.
"""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from shared.clock import Reading
from shared.runtime.journal import Phase

START = datetime(2026, 12, 5, 18, 0, tzinfo=UTC)  # doors are open, the play begins an hour and a half later
SETTLE_S = 2.0  # so long is waited, in simulated time, for what an event brings about


class Crash(BaseException):
    """The process is dead: nothing of it runs on, and nothing more reaches its disk."""


class SimLoop(asyncio.BaseEventLoop):
    """An event loop without sockets or threads, whose clock jumps to the next timer when nothing is ready."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._selector = self

    def time(self) -> float:
        return self._seconds

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits for something that never comes")
        self._seconds += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        pass


class World:
    """One run: chance, time, what was told, and what a human being saw."""

    def __init__(self, seed: int, loop: SimLoop) -> None:
        self.seed = seed
        self.dice = random.Random(seed)
        self.transcript: list[str] = []
        self.faults: list[str] = []  # what must never happen, seen while it happened
        self.late: list[Callable[[], None]] = []  # requests that are still on the line
        self._loop = loop

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    @property
    def seconds(self) -> float:
        return self._loop.time()

    def tell(self, who: str, what: str) -> None:
        self.transcript.append(f"{self.now:%H:%M:%S}  {who:<10} {what}")

    def fault(self, what: str) -> None:
        self.faults.append(what)
        self.tell("!!", what)

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability


class SimClock:
    """Both clocks of a machine, and chance that replays. `skew` is how far its wall clock is off."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self.skew = timedelta(seconds=world.dice.uniform(-20, 20))
        self._drift = 1 + world.dice.uniform(-30, 30) / 1_000_000
        self._boot, self._booted, self._drawn = 1, -3600.0, 0

    def read(self) -> Reading:
        mono_ms = int((self._world.seconds - self._booted) * 1000 * self._drift)
        return Reading(self._world.now + self.skew, mono_ms, f"{self._name}-{self._boot}")

    def chance(self, size: int) -> bytes:
        self._drawn += 1
        return sha256(f"{self._world.seed}/{self._name}/{self._drawn}".encode()).digest()[:size]

    def reboot(self) -> None:
        self._boot += 1
        self._booted = self._world.seconds


class Disk:
    """A SQLite database that survives its process. `crash_in` counts down the points before and after each commit."""

    def __init__(self, image: bytes) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.deserialize(image)
        self.crash_in = 0
        self.points = 0  # commit points passed so far

    def image(self) -> bytes:
        return self.db.serialize()

    def close(self) -> None:
        self.db.close()


class Process:
    """One life of a device on its disk; `hook` is the journal's."""

    def __init__(self, disk: Disk) -> None:
        self.disk, self.alive = disk, True
        self.crashed = ""  # where, if it did

    def hook(self, phase: Phase) -> None:
        if not self.alive:
            raise Crash
        self.disk.points += 1
        if self.disk.crash_in:
            self.disk.crash_in -= 1
            if not self.disk.crash_in:
                self.alive, self.crashed = False, phase
                raise Crash
