"""Who weighs much takes turns: in the order in which they came, no more at once than may be, and none for ever."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.kernel.heavy_lane import MOST_OF_ONE, HeavyLane
from central.kernel.trouble import Crowd, NoDatabase
from tests.waiting import until


def lane(most: int = 10, waiting: int = 20, longest_s: float = 60.0) -> HeavyLane:
    return HeavyLane(lambda crowd: crowd, most, waiting, longest_s)


class Callers:
    """Each stays inside until it is let go."""

    def __init__(self, lane: HeavyLane) -> None:
        self.lane, self.inside, self.most = lane, list[str](), 0
        self._go: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, who: str, weight: int) -> None:
        self._go[who] = asyncio.Event()
        before = self.lane.waiting + len(self.inside)
        self.tasks[who] = asyncio.create_task(self._at(who, weight))
        await until(lambda: self.lane.waiting + len(self.inside) > before or self.tasks[who].done())

    async def _at(self, who: str, weight: int) -> None:
        async with self.lane.entered(weight, who):
            self.inside.append(who)
            self.most = max(self.most, self.lane.weight)
            await self._go[who].wait()
            self.inside.remove(who)

    async def goes(self, who: str) -> None:
        self._go[who].set()
        await self.tasks[who]


async def test_nobody_overtakes_and_no_more_weigh_at_once_than_may() -> None:
    of = Callers(lane())
    for who, weight in (("a", 6), ("b", 4), ("c", 8), ("d", 1), ("e", 50)):
        await of.comes(who, weight)
    assert of.inside == ["a", "b"], "d would fit, and came after c"
    await of.goes("a")
    await of.goes("b")
    await until(lambda: of.inside == ["c", "d"])
    await of.goes("c")
    await of.goes("d")
    await until(lambda: of.inside == ["e"])
    await of.goes("e")
    assert (of.most, of.lane.weight, of.lane.waiting) == (10, 0, 0)


async def test_who_would_fit_waits_behind_who_came_before() -> None:
    of = Callers(lane())
    for who, weight in (("a", 6), ("b", 8), ("c", 1)):
        await of.comes(who, weight)
    assert of.inside == ["a"] and of.lane.waiting == 2, "c fits beside a, and would keep b waiting"
    await of.goes("a")
    await until(lambda: of.inside == ["b", "c"])
    for who in ("b", "c"):
        await of.goes(who)


@given(
    weights=st.lists(st.integers(1, 12), min_size=2, max_size=9),
    turns=st.lists(st.lists(st.tuples(st.sampled_from(["comes", "goes", "gives up"]), st.integers(0, 8)), max_size=6)),
)
@example(weights=[10, 10], turns=[[("comes", 0)], [("comes", 1)], [("goes", 0), ("gives up", 1)]])
@example(weights=[6, 10, 2, 2], turns=[[("comes", 0)], [("comes", 1), ("comes", 2), ("comes", 3)],
                                       [("gives up", 1), ("gives up", 2), ("gives up", 3)], [("goes", 0)]])  # fmt: skip
def test_whatever_happens_in_one_turn_of_the_loop_nothing_is_left_inside(
    weights: list[int], turns: list[list[tuple[str, int]]]
) -> None:
    """Who leaves lets in the next, and that one may have given up in the same turn: a cancelled turn is nobody's."""

    async def played() -> None:
        here = lane()
        inside: dict[int, int] = {}
        goes = [asyncio.Event() for _ in weights]
        tasks: dict[int, asyncio.Task[None]] = {}

        async def at(n: int) -> None:
            async with here.entered(weights[n], str(n)):
                inside[n] = min(weights[n], 10)
                try:
                    await goes[n].wait()
                finally:
                    del inside[n]

        for turn in turns:
            for what, n in turn:
                if n >= len(weights):
                    continue
                if what == "comes" and n not in tasks:
                    tasks[n] = asyncio.create_task(at(n))
                elif what == "goes":
                    goes[n].set()
                elif n in tasks:
                    tasks[n].cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            assert here.weight == sum(inside.values()) <= 10
        for event in goes:
            event.set()
        for ended in await asyncio.gather(*tasks.values(), return_exceptions=True):
            assert ended is None or isinstance(ended, asyncio.CancelledError), ended
        assert (here.weight, here.waiting) == (0, 0)

    asyncio.run(played())


async def test_too_many_are_told_to_come_back_and_so_is_who_asks_again_and_again() -> None:
    of = Callers(lane(waiting=MOST_OF_ONE + 1))
    await of.comes("inside", 10)
    async with AsyncExitStack() as stack:
        tries = [asyncio.create_task(stack.enter_async_context(of.lane.entered(1, "one"))) for _ in range(MOST_OF_ONE)]
        await until(lambda: of.lane.waiting == MOST_OF_ONE)
        with pytest.raises(Crowd) as crowd:
            await stack.enter_async_context(of.lane.entered(1, "one"))
        assert crowd.value.reason is NoDatabase.BUSY
        await of.comes("two", 1)
        with pytest.raises(Crowd):
            await stack.enter_async_context(of.lane.entered(1, "three"))
        await of.goes("inside")
        await asyncio.gather(*tries)
        await of.goes("two")
    assert (of.lane.weight, of.lane.waiting) == (0, 0)


async def test_who_waits_for_too_long_or_hangs_up_takes_nobodys_place() -> None:
    of = Callers(lane(longest_s=0.0))
    await of.comes("inside", 10)
    with pytest.raises(Crowd):
        async with of.lane.entered(1, "late"):
            pass
    of.lane._longest_s = 60.0
    await of.comes("hangs up", 9)
    await of.comes("next", 3)
    of.tasks["hangs up"].cancel()
    await asyncio.gather(of.tasks["hangs up"], return_exceptions=True)
    await of.goes("inside")
    await until(lambda: of.inside == ["next"])
    await of.goes("next")
    assert (of.lane.weight, of.lane.waiting) == (0, 0)


async def test_who_is_let_in_and_hangs_up_at_once_gives_the_place_on() -> None:
    of = Callers(lane())
    async with of.lane.entered(10, "inside"):
        await of.comes("hangs up", 10)
        await of.comes("next", 10)
    of.tasks["hangs up"].cancel()  # its turn has come, and it has not run since
    await asyncio.gather(of.tasks["hangs up"], return_exceptions=True)
    await until(lambda: of.inside == ["next"])
    await of.goes("next")
    assert (of.lane.weight, of.lane.waiting) == (0, 0)
