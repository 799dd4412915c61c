"""What is worked out beside the writer: in another process, in order, and with an end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.kernel.helper_processes import Beside, BesideConfig, Crowded, Errand, HungUp, TooHeavy
from tests.central.kernel import works
from tests.waiting import PATIENCE_S, until

LIMITS = BesideConfig(at_once=1, waiting=1, cpu_s=0.5, time_s=60.0, memory_mib=1024)


@pytest.fixture
async def beside() -> AsyncIterator[Beside]:
    made = Beside(LIMITS)
    yield made
    await asyncio.to_thread(made.stop)


@pytest.mark.usefixtures("afresh")
async def test_parts_come_from_another_process_in_order_and_it_is_used_again(beside: Beside) -> None:
    pid, *parts = await beside.parts(Errand(works.who, ("a", [1, 2], b"c" * 300_000)))
    assert pid != os.getpid()
    assert parts == ["a", [1, 2], b"c" * 300_000]
    assert await beside.parts(Errand(works.who, ())) == (pid,)
    assert Errand(works.who, ("a",)).here() == (os.getpid(), "a"), "the simulation has no other processes"


@pytest.mark.usefixtures("afresh")
async def test_one_that_is_begun_ahead_is_there_for_whoever_comes_first(beside: Beside, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    beside.begin(Errand(works.note, (str(told), "begun by")))
    await until(told.exists)
    (pid,) = await beside.parts(Errand(works.who, ()))
    assert told.read_text() == f"begun by {pid}\n"


async def test_one_that_is_begun_as_all_ends_is_ended_too() -> None:
    beside = Beside(LIMITS)
    beside.begin(Errand(works.sleep, ()))
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.to_thread(beside.stop)


@pytest.mark.usefixtures("afresh")
@pytest.mark.parametrize("act, limit", [(works.spin, "cpu"), (works.hoard, "memory")])
async def test_what_goes_over_a_limit_is_ended_and_the_next_is_not(beside: Beside, act: object, limit: str) -> None:
    (before,) = await beside.parts(Errand(works.who, ()))
    with pytest.raises(TooHeavy, match=limit):
        await beside.parts(Errand(act, ()))  # type: ignore[arg-type]
    (after,) = await beside.parts(Errand(works.who, ()))
    assert after != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


async def test_one_that_does_nothing_at_all_is_ended_too() -> None:
    beside = Beside(BesideConfig(time_s=0.2))
    with pytest.raises(TooHeavy, match="time"):
        await beside.parts(Errand(works.sleep, ()))
    await asyncio.to_thread(beside.stop)


async def test_a_fault_is_told_and_a_death_is_no_end(beside: Beside) -> None:
    with pytest.raises(RuntimeError, match="ValueError: not like this"):
        await beside.parts(Errand(works.fall, ()))
    with pytest.raises(RuntimeError, match="ended with 3"):
        await beside.parts(Errand(works.die, ()))
    (pid,) = await beside.parts(Errand(works.who, ()))
    os.kill(pid, signal.SIGKILL)  # as the system does where memory ends, or as it ended by itself
    assert (await beside.parts(Errand(works.who, ("again",))))[1:] == ("again",)


async def test_more_than_may_wait_is_sent_away_at_once(beside: Beside, tmp_path: Path) -> None:
    flag = str(tmp_path / "go")
    inside = [asyncio.ensure_future(beside.parts(Errand(works.wait_for, (flag,)))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Crowded):
        await beside.parts(Errand(works.who, ()))
    Path(flag).touch()  # noqa: ASYNC240 - as in another process
    assert await asyncio.gather(*inside) == [(flag,), (flag,)]
    assert len(await beside.parts(Errand(works.who, ()))) == 1


async def test_a_stopped_one_ends_what_is_at_work(tmp_path: Path) -> None:
    beside = Beside(LIMITS)
    (pid,) = await beside.parts(Errand(works.who, ()))
    at_work = asyncio.ensure_future(beside.parts(Errand(works.wait_for, (str(tmp_path / "never"),))))
    await asyncio.sleep(0)
    await asyncio.to_thread(beside.stop)
    with pytest.raises((RuntimeError, TooHeavy, asyncio.CancelledError)):
        await at_work
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_nobody_waits_for_any_more_ends_between_two_parts(beside: Beside) -> None:
    (before,) = await beside.parts(Errand(works.who, ()))
    asked: list[int] = []

    def wanted() -> None:
        asked.append(len(asked))
        if len(asked) == 3:  # before it began, at the first part, at the second
            raise HungUp

    with pytest.raises(HungUp):
        await beside.parts(Errand(works.who, ("a", "b", "c")), wanted)
    assert len(asked) == 3
    (after,) = await beside.parts(Errand(works.who, ()))
    assert after != before, "it was still at it"


async def test_what_nobody_waits_for_when_its_turn_comes_never_begins(beside: Beside, tmp_path: Path) -> None:
    flag, gone = str(tmp_path / "go"), False

    def wanted() -> None:
        if gone:
            raise HungUp

    first = asyncio.ensure_future(beside.parts(Errand(works.wait_for, (flag,))))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(beside.parts(Errand(works.spin, ()), wanted))
    await asyncio.sleep(0)
    gone = True
    Path(flag).touch()  # noqa: ASYNC240 - as in another process
    assert await first == (flag,)
    with pytest.raises(HungUp):
        await second
