"""Tasks come back after a fall, with a bounded delay, and end when they are told to."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from itertools import islice

import pytest

from shared.runtime.tasks import Backoff, Crew, start, supervise, wait_any

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

    await asyncio.wait_for(supervise("work", work, QUICK), 2)
    assert falls == 4
    async with asyncio.TaskGroup() as group:
        task = start(group, "again", work, QUICK)
    assert task.get_name() == "again"


async def test_calm_work_begins_again_at_the_first_delay() -> None:
    moments: list[float] = []

    async def work() -> None:
        moments.append(time.monotonic())
        if len(moments) == 6:
            return
        await asyncio.sleep(0.02)
        raise OSError

    await asyncio.wait_for(supervise("work", work, Backoff(first_s=0.01, most_s=60.0, calm_s=0.01)), 2)
    assert moments[-1] - moments[0] < 0.5, "without the reset it would be doubling"


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
            await asyncio.sleep(0.01)
            assert running == 2
            raise KeyError
    assert running == 0


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
