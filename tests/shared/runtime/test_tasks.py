"""Tasks come back after a fall, with a bounded delay, and end when they are told to."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import islice

import pytest
from structlog.testing import CapturingLogger

from shared.runtime.tasks import (
    FAILING,
    FALLS,
    Backoff,
    Crew,
    NotNow,
    Standing,
    at_most,
    ended,
    start,
    supervise,
    wait_any,
    well,
)
from tests.waiting import PATIENCE_S, until

QUICK = Backoff(first_s=0.001, most_s=0.002)


def test_delays_double_within_their_bound() -> None:
    for index, delay in enumerate(islice(Backoff(first_s=1.0, most_s=8.0).delays(), 8)):
        full = min(2.0**index, 8.0)
        assert full / 2 <= delay <= full
    assert len({round(next(Backoff().delays()), 6) for _ in range(20)}) > 1, "no two devices in step"


async def test_work_that_falls_is_started_again_until_it_returns() -> None:
    falls = 0

    async def work() -> None:
        nonlocal falls
        falls += 1
        if falls < 4:
            raise OSError("gone")

    await asyncio.wait_for(supervise("work", work, QUICK), PATIENCE_S)
    assert falls == 4
    async with asyncio.TaskGroup() as group:
        task = start(group, "again", work, QUICK)
    assert task.get_name() == "again"


def test_calm_work_begins_again_at_the_first_delay() -> None:
    never, always = (Standing("w", Backoff(first_s=1.0, most_s=64.0, calm_s=calm_s)) for calm_s in (1e9, 0.0))
    never.begun = time.monotonic()
    for standing in (never, always):
        assert standing.fell(OSError()) <= 1.0
    delays = [never.fell(OSError()) for _ in range(8)]
    assert min(delays[1:]) > 1.0 and delays[-1] >= 32.0, "it doubles within its bound"
    always.begun = 0.0
    assert always.fell(OSError()) <= 1.0, "it ran long enough in between"
    never.well()
    assert never.fell(OSError()) <= 1.0, "a round went well in between"


async def test_a_task_says_how_it_stands() -> None:
    """Failing from the first fall until it says that a round went well; the same fault is told once."""
    rounds, go = 0, asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds < 4:
            raise NotNow("the cellar is flooded")
        well()
        await go.wait()

    async with Crew() as crew:
        crew.start("pump", work, QUICK)
        (standing,) = crew.standings
        assert standing.calm
        seen: set[tuple[bool, str, float]] = set()
        while rounds < 4:
            await asyncio.sleep(0)
            seen.add((standing.calm, standing.why, FAILING.value(task="pump")))
        assert (False, "NotNow: the cellar is flooded", 1.0) in seen
        await asyncio.sleep(0)
        assert standing.calm and standing.why == "" and FAILING.value(task="pump") == 0
        assert FALLS.value(task="pump") == 3
        go.set()
        for task in asyncio.all_tasks():
            if task.get_name() == "pump":
                await task
        assert not standing.calm, "a loop that returned does its work no more"


async def test_what_is_thrown_away_under_a_task_does_not_end_it() -> None:
    """Awaiting something that somebody else cancelled looks like being cancelled. Before: the task was gone."""
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            thrown_away = asyncio.get_running_loop().create_future()
            thrown_away.cancel()
            await thrown_away

    await asyncio.wait_for(supervise("work", work, QUICK), 10)
    assert rounds == 2


async def test_a_crew_ends_with_its_body() -> None:
    running = 0

    async def work() -> None:
        nonlocal running
        running += 1
        try:
            await asyncio.Event().wait()
        finally:
            running -= 1

    with pytest.raises(KeyError):
        async with Crew() as crew:
            crew.start("one", work)
            crew.start("two", work)
            await until(lambda: running == 2)
            raise KeyError
    assert running == 0


async def test_a_fault_that_comes_with_the_word_to_end_does_not_keep_it_going() -> None:
    """Whoever ended such a task once waited for it for ever."""
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("the line is gone") from None

    task = asyncio.create_task(supervise("work", work, QUICK))
    await begun.wait()
    task.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait([task])
    assert task.cancelled()


async def test_who_does_not_end_is_named_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is closed after it is closed all the same."""
    over, said = asyncio.Event(), CapturingLogger()
    monkeypatch.setattr("shared.runtime.tasks.log", said)

    async def deaf() -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()

    async def falls() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("nobody has to hear of it")

    task = asyncio.create_task(deaf(), name="the deaf one")
    await asyncio.sleep(0)
    await ended([task, asyncio.create_task(falls())], again_s=0.01, most_s=0.05)
    left = not task.done()
    over.set()  # whatever comes: the loop could not be closed otherwise
    await task
    assert left and [call.kwargs["task"] for call in said.calls] == ["the deaf one"]


async def test_wait_any() -> None:
    event = asyncio.Event()
    assert await wait_any(event, 0.01) is False
    event.set()
    assert await wait_any(event, 1) is True
    assert not event.is_set()


SCRIPT = """
import asyncio
from shared.runtime.tasks import run
async def main():
    try:
        print("up", flush=True)
        await asyncio.sleep(60)
    finally:
        print("closed in order", flush=True)
run(main())
"""


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_in_order(sign) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, sign)
        assert process.stdout.read() == "closed in order\n"
        assert process.wait(5) == 0


async def test_what_puts_things_in_order_after_a_cancellation_ends_in_time() -> None:
    """Before: Debian's Python raised the cancellation again where time was over; nothing after that was done."""
    said: list[str] = []
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await at_most(0.0, asyncio.Event().wait())
            except TimeoutError:
                said.append("over")
            said.append(await at_most(PATIENCE_S, asyncio.sleep(0, "done")))

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.wait({task})
    assert said == ["over", "done"] and task.cancelled()
