"""Who found a lock in the way (`Stuck`) tries again with more patience. Few of them do so at a time, so that the
threads are there for all others; a first try is brief, and briefer while somebody is at this."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from central.kernel.trouble import Stuck
from central.kernel.turns import BRIEF_S, HURRIED_S

LONGEST_S = 8.0  # since it came, after which nobody begins to wait once more

T = TypeVar("T")


class Patience:
    """Its methods are called in the loop. `most`: how many wait with patience at a time. Seconds are monotonic."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seats, self._clock = asyncio.Semaphore(most), clock
        self._here = 0

    @property
    def first_s(self) -> float:
        """How long a first try waits for each lock that is another's."""
        return HURRIED_S if self._here else BRIEF_S

    async def again(self, stuck: Stuck, came: float, act: Callable[[], Awaitable[T]]) -> T:
        """Fails with `Stuck` where more patience does not help."""
        if not stuck.again:
            raise stuck
        self._here += 1
        try:
            async with self._seats:
                if self._clock() - came > LONGEST_S:
                    raise stuck
                return await act()
        finally:
            self._here -= 1
