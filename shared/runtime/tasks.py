"""Tasks that outlive their faults: named, restarted with a bounded, jittered delay, counted, and able to say how they
stand. A fault is logged when it comes and when it goes, however often the task falls over it meanwhile.

Two gates that lost the same switch must not come back in step, hence the jitter.
"""

import asyncio
import math
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from shared.runtime.log import logger
from shared.runtime.metrics import counter, gauge

log = logger(__name__)
T = TypeVar("T")
LONGEST_END_S = 20.0  # of a task that was told to end
_NAMES: set[str] = set()  # of all supervised work of this process: named in code, so there are few
FALLS = counter("parterre_task_falls_total", "Falls of a task, after which it started again.", task=lambda: _NAMES)
FAILING = gauge("parterre_task_failing", "1 while a task falls again and again.", task=lambda: _NAMES)


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


class NotNow(Exception):
    """What work raises when the world is not there just now (a disk, a database, a broker): worth a line in the log and
    no trace, since the code is not at fault."""


@dataclass(slots=True)
class Standing:
    """How a piece of supervised work stands. `why` is its last fault (class and text), `fault` that in a word for
    everybody's eyes, `failing_since` the monotonic
    second of the first fall since it was last well; None: it is well."""

    name: str
    backoff: Backoff
    falls: int = 0
    why: str = ""
    fault: str = ""
    failing_since: float | None = None
    begun: float = 0.0
    ended: bool = False
    delays: Iterator[float] = field(init=False)

    def __post_init__(self) -> None:
        self.delays = self.backoff.delays()
        _NAMES.add(self.name)
        FAILING.set(0, task=self.name)

    def well(self) -> None:
        """A round went well, or it has run long enough."""
        if self.failing_since is None:
            return
        log.info("task is well again", task=self.name, falls=self.falls)
        self.falls, self.why, self.fault, self.failing_since = 0, "", "", None
        self.delays = self.backoff.delays()
        FAILING.set(0, task=self.name)

    def fell(self, fault: BaseException) -> float:
        """Notes a fall; answers how long to wait. A fault is told once, and not at every turn of an outage."""
        now = time.monotonic()
        if now - self.begun >= self.backoff.calm_s:
            self.well()
        why = self.words_of(fault)
        told, self.why = why == self.why, why
        self.fault = str(getattr(fault, "reason", type(fault).__name__))
        self.falls += 1
        self.failing_since = self.failing_since or now
        delay = next(self.delays)
        self.begun = now + delay
        FALLS.add(task=self.name)
        FAILING.set(1, task=self.name)
        if _is_not_now(fault):
            if not told:
                log.warning("task waits", task=self.name, why=str(fault))
        elif not told:
            log.error("task fell and starts again", task=self.name, delay_s=round(delay, 2), exc_info=fault)
        return delay

    @staticmethod
    def words_of(fault: BaseException) -> str:
        return f"{type(fault).__name__}: {fault}"[:300]

    @property
    def calm(self) -> bool:
        """Whether it is well: it never fell, or was well since, or has run for long."""
        long = time.monotonic() - self.begun >= self.backoff.calm_s
        return not self.ended and (self.failing_since is None or long)


_STANDING: ContextVar[Standing | None] = ContextVar("standing", default=None)


def _is_not_now(fault: BaseException) -> bool:
    if isinstance(fault, BaseExceptionGroup):  # of a task that has tasks of its own
        return fault.split(NotNow)[1] is None
    return isinstance(fault, NotNow)


def well() -> None:
    """Said by supervised work after a round that went well, so that the next fall is the first again."""
    if standing := _STANDING.get():
        standing.well()


def unwell(fault: Exception) -> None:
    """Said by supervised work that goes on, after a round of which something could not be done: it stands as if it had
    fallen, until it says that it is well."""
    standing = _STANDING.get()
    if standing is None:
        return
    if standing.failing_since is None or standing.why != standing.words_of(fault):
        standing.fell(fault)
    standing.begun = math.inf  # however long the rounds are, it is not calm


async def supervise(
    name: str,
    work: Callable[[], Awaitable[object]],
    backoff: Backoff | None = None,
    standing: Standing | None = None,
) -> None:
    """Run `work` until it returns or this task is cancelled; whatever it raises is logged and it is started again."""
    standing = standing or Standing(name, backoff or Backoff())
    _STANDING.set(standing)
    while True:
        standing.begun = time.monotonic()
        try:
            await work()
        except Exception as fault:
            unless_cancelled()
            delay = standing.fell(fault)
        except asyncio.CancelledError as fault:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            delay = standing.fell(fault)  # nobody cancelled us: something that we awaited was thrown away
        else:
            standing.ended = True
            return
        await asyncio.sleep(delay)


def start(
    group: asyncio.TaskGroup, name: str, work: Callable[[], Awaitable[object]], backoff: Backoff | None = None
) -> asyncio.Task[None]:
    """`supervise` as a named task of a group; returns the task."""
    return group.create_task(supervise(name, work, backoff), name=name)


class Crew:
    """Supervised tasks around a body of work: they begin when told to and end with the body, whose own exception comes
    out as it is (a TaskGroup would wrap it)."""

    def __init__(self, standings: list[Standing] | None = None) -> None:
        """`standings`: of another crew too, where several do one work together."""
        self._tasks: list[asyncio.Task[None]] = []
        self.standings: list[Standing] = [] if standings is None else standings

    def start(self, name: str, work: Callable[[], Awaitable[object]], backoff: Backoff | None = None) -> None:
        standing = Standing(name, backoff or Backoff())
        self.standings.append(standing)
        self._tasks.append(asyncio.create_task(supervise(name, work, standing=standing), name=name))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await ended(self._tasks, again_s=0.2)


def unless_cancelled() -> None:
    """Before Python 3.12 `wait_for`, on which libraries stand, swallows a cancellation that comes together with its
    answer (python/cpython#86296): whoever goes on then would go on for ever."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def ended(tasks: Iterable[asyncio.Task[Any]], again_s: float = 5.0, most_s: float = LONGEST_END_S) -> None:
    """Cancels them and waits until they have ended, whatever they end with. Who has lost the word hears it again; who
    does not end for so long is named in the log and left, since more is to be closed after it."""
    pending, until = set(tasks), time.monotonic() + most_s
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=again_s)
        for task in done:
            if not task.cancelled():
                task.exception()
        if time.monotonic() >= until:
            break
    for task in pending:
        log.error("a task does not end and is left", task=task.get_name(), after_s=most_s)


async def wait_any(event: asyncio.Event, timeout_s: float) -> bool:
    """Wait for the event, at most so long; says whether it came, and clears it."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True


async def at_most(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What it answers, or TimeoutError; also in a task that was cancelled and puts things in order: there
    `asyncio.timeout` raises the cancellation again, before Python 3.11.3 (python/cpython#102780)."""
    task = asyncio.create_task(work)
    if not (await asyncio.wait({task}, timeout=seconds))[0]:
        task.cancel()
        raise TimeoutError
    return task.result()


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
