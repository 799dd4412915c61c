"""Tasks that outlive their faults: named, restarted with a bounded, jittered delay, and every fall is logged.

Two gates that lost the same switch must not come back in step, hence the jitter.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from shared.runtime.log import logger

log = logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: `first_s`, doubling up to `most_s`, each between half and all of itself. Work that ran for
    `calm_s` begins again at the first."""

    first_s: float = 0.2
    most_s: float = 30.0
    calm_s: float = 60.0

    def delays(self) -> Iterator[float]:
        delay = self.first_s
        while True:
            yield delay * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing
            delay = min(delay * 2, self.most_s)


async def supervise(name: str, work: Callable[[], Awaitable[object]], backoff: Backoff | None = None) -> None:
    """Run `work` until it returns or this task is cancelled; whatever it raises is logged and it is started again."""
    backoff = backoff or Backoff()
    delays = backoff.delays()
    while True:
        started = time.monotonic()
        try:
            await work()
            return
        except Exception:
            if time.monotonic() - started >= backoff.calm_s:
                delays = backoff.delays()
            delay = next(delays)
            log.exception("task fell and starts again", task=name, delay_s=round(delay, 2))
        await asyncio.sleep(delay)


def start(
    group: asyncio.TaskGroup, name: str, work: Callable[[], Awaitable[object]], backoff: Backoff | None = None
) -> asyncio.Task[None]:
    """`supervise` as a named task of a group; returns the task."""
    return group.create_task(supervise(name, work, backoff), name=name)


class Crew:
    """Supervised tasks around a body of work: they begin when told to and end with the body, whose own exception comes
    out as it is (a TaskGroup would wrap it)."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[object]], backoff: Backoff | None = None) -> None:
        self._tasks.append(asyncio.create_task(supervise(name, work, backoff), name=name))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancels again what is still there: before Python 3.12 `wait_for` swallows a cancellation that comes together
        with its answer (python/cpython#86296), and a loop that lost it would never end."""
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            pending = (await asyncio.wait(pending, timeout=0.2))[1]


async def wait_any(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for the event, at most so long; says whether it came, and clears it."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True


def run(main: Coroutine[Any, Any, T]) -> T | None:
    """Run a process's main coroutine; SIGTERM and SIGINT cancel it, so that everything closes in order. None then."""

    async def guarded() -> T | None:
        task = asyncio.create_task(main, name="main")
        stopped = False

        def stop() -> None:
            nonlocal stopped
            stopped = True
            task.cancel()

        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop)
        try:
            return await task
        except asyncio.CancelledError:
            if stopped:
                return None
            raise

    return asyncio.run(guarded())
