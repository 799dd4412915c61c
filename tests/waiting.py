"""How tests wait: for a condition, with more patience than a busy machine needs, and never for a length of time.

What must *not* happen is proved by something that comes after it: the next message through the same pipe, a loop's
next round. `lines_run` says how much work an act is without asking a clock. tools/checks.py looks that no test does
otherwise.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, settings

CALM = (HealthCheck.too_slow,)
settings.register_profile(
    "calm", deadline=None, suppress_health_check=CALM, derandomize=True, database=None
)  # by the clock, or by what others broke, no change fails
settings.register_profile("anew", settings.get_profile("calm"), derandomize=False)
PATIENCE_S = 60.0  # only a test that is going to fail waits so long
PAGE_PATIENCE_MS = 60_000  # a drawing is made by a process that gives way to all others: slow on a busy machine


async def until(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Looks from outside, again and again: what is waited for has no event."""
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until_so(true: Callable[[], Awaitable[object]], patience_s: float = PATIENCE_S) -> None:
    """The same for a question whose answer must be awaited."""
    async with asyncio.timeout(patience_s):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def until_now(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """For tests without a loop."""
    give_up = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError
        time.sleep(0.02)


def lines_run(act: Callable[[], object]) -> int:
    """How many lines of Python `act` runs: the same on every machine, however busy."""
    count = 0

    def inside(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return inside

    before = sys.gettrace()
    sys.settrace(inside)
    try:
        act()
    finally:
        sys.settrace(before)
    return count
