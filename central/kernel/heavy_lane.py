"""Who weighs much takes turns before the writer, first come first served, so that whoever weighs nothing waits behind a
bounded amount of work, however many come at once. What a command weighs, its handler says (`weighs`)."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from central.kernel.trouble import Crowd, NoDatabase

MOST_WEIGHT = 500  # with the writer at a time; one that weighs more has it to itself
TRIED = MOST_WEIGHT // 4  # what is only tried: a page shows what a press would do, whatever that is
MOST_WAITING = 256
MOST_OF_ONE = 2  # who wait for one caller: a try, and the one before it, whose caller hung up perhaps
LONGEST_S = 5.0  # a device gives up after 10 s, and would come again beside its own first try


class HeavyLane:
    """Its methods are called in the loop."""

    def __init__(
        self, refuses: Callable[[Crowd], Exception], most: int = MOST_WEIGHT, waiting: int = MOST_WAITING,
        longest_s: float = LONGEST_S,
    ) -> None:  # fmt: skip
        self._refuses, self._most, self._most_waiting, self._longest_s = refuses, most, waiting, longest_s
        self.weight = 0  # of what is with the writer
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._of: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def entered(self, weight: int, who: str) -> AsyncIterator[None]:
        """Until the block ends; fails with `Crowd` where too many wait, or for too long."""
        weight = min(weight, self._most)
        if self._waiting or self.weight + weight > self._most:
            await self._wait(weight, who)
        else:
            self.weight += weight
        try:
            yield
        finally:
            self.weight -= weight
            self._let_in()

    async def _wait(self, weight: int, who: str) -> None:
        if len(self._waiting) >= self._most_waiting or self._of[who] >= MOST_OF_ONE:
            raise self._refuses(Crowd(NoDatabase.BUSY, f"{len(self._waiting)} heavy commands wait"))
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((weight, turn))
        self._of[who] += 1
        try:
            async with asyncio.timeout(self._longest_s):
                await turn
        except BaseException as ended:
            if turn.done() and not turn.cancelled():  # let in and gone in the same turn of the loop
                self.weight -= weight
            else:
                self._waiting = deque(each for each in self._waiting if each[1] is not turn)
            self._let_in()
            if isinstance(ended, TimeoutError):
                raise self._refuses(Crowd(NoDatabase.BUSY, "heavy commands wait for too long")) from None
            raise
        finally:
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]

    def _let_in(self) -> None:
        """The next ones, in the order in which they came; not who gave up a moment ago, and has not heard of it yet."""
        while self._waiting:
            weight, turn = self._waiting[0]
            if not turn.done():
                if self.weight + weight > self._most:
                    return
                self.weight += weight
                turn.set_result(None)
            self._waiting.popleft()
