"""SQLite's writer in a process of its own is the same door: what is asked comes back, and where that process ends in
the middle of something, nothing is half done, lost or done twice."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.inventory.halls import make_ready
from central.inventory.loops import keep
from central.inventory.model import Limit, LimitPer, NoPlace
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import Action, command_of
from central.kernel.db import Database, Waits
from central.kernel.door import Apart, Door
from central.kernel.keys import Keys
from central.kernel.messages import Elsewhere
from central.kernel.registry import COMMANDS
from central.kernel.replies import NoEntry
from central.kernel.sqlite_writer import MOST_AWAY, STILL
from central.kernel.trouble import NoDatabase, Unavailable
from central.orders.holds import BestWish, HoldPlaces
from central.programme.sale_state import ChangeSale
from shared.outcome import Ok, Refused
from tests.central.kernel import chores
from tests.central.small_house import House, Watch, new_id
from tests.processes import children
from tests.processes import command_of as begun_as
from tests.waiting import PATIENCE_S, until, until_now, until_so

AREAS = Apart(("central.areas",))
CreateLimit = command_of(Action.CREATE, Limit)


@asynccontextmanager
async def opened(database: Database, keys: Keys, apart: Apart = AREAS) -> AsyncIterator[Door]:
    door = Door(database, Watch(), path_of, keys, apart=apart)
    door.start()
    try:
        yield door
    finally:
        await asyncio.to_thread(door.stop)


async def tickets(door: Door) -> int:
    found: tuple[int] = await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket"))
    return found[0]


@pytest.mark.usefixtures("afresh")
async def test_what_is_asked_comes_back(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = sqlite_place
    heard: list[tuple[frozenset[str], frozenset[str]]] = []
    async with opened(database, keys) as door:
        door.on_commit(lambda feeds, marks: heard.append((feeds, marks)))
        anna, ids = house.operator("*"), [new_id() for _ in house.seats]
        orders = [house.order(seat) for seat in house.seats]

        async def sold() -> list[Any]:
            return await asyncio.gather(*map(door.execute, [anna] * 20, orders, ids))

        first = await sold()
        assert all(reply.ok and not reply.repeated for reply in first) and await tickets(door) == 20
        assert any("ticket" in marks for _, marks in heard) and any(feeds for feeds, _ in heard)
        assert await door.chore(chores.where) != os.getpid()
        ours = {name for name, each in COMMANDS.items() if each.kind.__module__.startswith("central.")}
        assert set(await door.chore(chores.commands)) >= ours, "it knows each that central does"

        again = await sold()
        assert [(each.ok, each.body, each.repeated) for each in again] == [(True, each.body, True) for each in first]
        gone = await door.execute(anna, house.order(house.seats[0]), new_id())
        assert isinstance(gone.outcome, Refused) and gone.reason is NoPlace.TAKEN
        reused = await door.execute(anna, house.order(house.seats[0]), ids[0])
        assert reused.reason is NoEntry.ID_REUSED
        lacking = await door.execute(house.operator("reports.live.read"), house.order(house.seats[0]), new_id())
        assert lacking.reason is NoEntry.NOT_ALLOWED and len(door.tally.take()) == 2, "what leaves no row is counted"

        made = {"id": new_id(), "context_id": house.institution, "code": "L", "names": {"fr": "L"}}
        limit = CreateLimit(per=LimitPer.ORDER, most=1, **made)
        tried = await door.execute(anna, limit, new_id(), dry_run=True)
        assert tried.ok and [each[:3] for each in tried.would] == [("sale_limit", made["id"], "created")]
        assert (await door.execute(anna, limit, new_id())).ok, "a dry run has done nothing"
        closed = await door.execute(
            anna, ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND), new_id()
        )
        assert closed.ok, "what a reader looked up for it went along"


async def test_more_than_the_writer_has_room_for_is_done_before_the_end(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    many = 3 * MOST_AWAY
    async with opened(sqlite_place[0], keys) as door:
        waiting = [asyncio.ensure_future(door.chore(chores.step)) for _ in range(many)]
        await asyncio.sleep(0)
    assert sorted(await asyncio.gather(*waiting)) == list(range(1, many + 1))


@pytest.mark.usefixtures("afresh")
@pytest.mark.parametrize(
    "last",
    [chores.die, chores.die_done, chores.stand, chores.stand_done],
    ids=["killed before the commit", "after it", "stopped before the commit", "after it, too"],
)
async def test_where_the_writer_is_killed_or_stands_still_a_repeat_does_what_was_not_done(
    last: Any, sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them in one transaction: it begins with one that waits until the others have come. One that stood still
    kept the database's lock, until somebody restarted central."""
    (database, house), all_there = sqlite_place, tmp_path / "all there"
    monkeypatch.setattr("central.kernel.sqlite_writer.WATCH_EVERY_S", 3.0)  # a busy machine is slow to begin a program
    async with opened(database, keys) as door:
        pid = await door.chore(chores.where)
        await door.chore(chores.be_patient)
        anna, ids = house.operator("*"), [new_id() for _ in house.seats]
        orders = [house.order(seat) for seat in house.seats]
        sales = [partial(door.execute, anna, each, i) for each, i in zip(orders, ids, strict=True)]
        asked: list[Any] = [*sales[:9], partial(door.chore, last), *sales[9:]]
        first = asyncio.ensure_future(door.chore(partial(chores.wait_for, str(all_there))))
        others = [asyncio.ensure_future(each()) for each in asked]
        await until(lambda: door.waiting[0] == 1 + len(asked))
        await asyncio.sleep(0)  # the last of them is sent
        with monkeypatch.context() as hurried:
            hurried.setattr("central.kernel.sqlite_writer.WATCH_EVERY_S", 0.05)
            all_there.touch()
            said = await asyncio.gather(*others, return_exceptions=True)
            with pytest.raises(Unavailable):
                await first
            await until(lambda: door.standings[0].falls == 1)
        killed = said.pop(9)
        assert isinstance(killed, Unavailable) and killed.reason is NoDatabase.DATABASE_AWAY
        assert [reply.outcome for reply in said] == [Refused(NoDatabase.DATABASE_AWAY)] * 20
        writer = door.standings[0]
        assert writer.falls == 1 and not writer.calm and door.outages[0].now is not None

        again = await asyncio.gather(*(each() for each in sales))
        assert all(reply.ok for reply in again)
        assert {reply.repeated for reply in again} == {last in (chores.die_done, chores.stand_done)}
        assert await tickets(door) == 20
        assert await door.chore(chores.where) != pid and writer.calm and door.outages[0].now is None
        assert "writer" not in begun_as(pid), "there is one"


async def test_a_writer_that_works_for_long_is_not_ended(
    sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = tmp_path / "enough"
    async with opened(sqlite_place[0], keys) as door:
        pid = await door.chore(chores.where)
        with monkeypatch.context() as sooner:  # than it may take to begin and to answer, on a busy machine
            sooner.setattr("central.kernel.sqlite_writer.WATCH_EVERY_S", 0.1)
            works = asyncio.ensure_future(door.chore(partial(chores.work_until, str(enough))))
            await until(lambda: door._writers._still > STILL + 5)  # type: ignore[union-attr]
            with pytest.raises(Unavailable):
                await works
        enough.touch()
        assert await door.chore(chores.where) == pid and door.standings[0].falls == 0


@pytest.mark.usefixtures("afresh")
async def test_who_waits_for_a_writer_that_cannot_begin_is_told(
    sqlite_place: tuple[Database, House], keys: Keys, capfd: pytest.CaptureFixture[str]
) -> None:
    database, house = sqlite_place
    async with opened(database, keys, Apart(("central.of_no_such_name",))) as door:
        reply = await door.execute(house.operator("*"), house.order(house.seats[0]), new_id())
        assert reply.outcome == Refused(NoDatabase.DATABASE_AWAY)
        assert not door.standings[0].calm
    assert "of_no_such_name" in capfd.readouterr().err, "why is for whoever runs the house"


async def test_a_fault_is_its_own_askers(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    async with opened(sqlite_place[0], keys) as door:
        asked: list[Any] = [chores.step, chores.fall, lambda _: None, chores.unsayable, chores.step]
        one, fault, ours, unsayable, two = await asyncio.gather(
            *(door.chore(each) for each in asked), return_exceptions=True
        )
        assert (one, two) == (1, 3)
        assert isinstance(fault, ValueError) and isinstance(fault.__cause__, Elsewhere)
        assert "chores.py" in str(fault.__cause__), "where it was raised"
        assert isinstance(ours, Exception) and "lambda" in str(ours), "it never went there"
        assert isinstance(unsayable, RuntimeError) and "cannot be told" in str(unsayable)


async def test_a_database_that_is_held_is_told_by_name(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = Database(sqlite_place[0].url, Waits(lock_s=0.05)), sqlite_place[1]
    anna = house.operator("*")
    async with opened(database, keys) as door:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            said = await asyncio.gather(*(door.execute(anna, house.order(seat), new_id()) for seat in house.seats))
            assert [reply.outcome for reply in said] == [Refused(NoDatabase.DATABASE_HELD)] * 20
            other.execute("ROLLBACK")
        assert (await door.execute(anna, house.order(house.seats[0]), new_id())).ok
        assert door.outages[0].now is None and door.standings[0].calm


@pytest.mark.parametrize("how", ["a copy in its place", "none"])
async def test_nothing_is_sold_into_a_file_that_is_not_there_any_more(
    sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path, how: str
) -> None:
    """A copy put back under a central that runs: ten orders went well into a file that nobody would open again."""
    url, house = sqlite_place[0].url, sqlite_place[1]
    anna, database, copy = house.operator("*"), Database(url), tmp_path / "copy"
    database.connect().close()  # as central does before its writer
    async with opened(database, keys) as door:
        assert (await door.execute(anna, house.order(house.seats[0]), new_id())).ok
        shutil.copy(database.path, copy)
        if how == "none":
            database.path.unlink()
        else:
            copy.rename(database.path)
        for seat in house.seats[1:4]:
            said = (await door.execute(anna, house.order(seat), new_id())).outcome
            assert said == Refused(NoDatabase.DATABASE_AWAY)
        trouble = door.outages[0].now
        assert trouble and ("stop central" if how != "none" else "No such file") in trouble.why
        assert database.path.exists() is (how != "none"), "and no empty one is made in its place"
        with pytest.raises(Unavailable):
            database.connect()
    if how == "none":
        copy.rename(database.path)
    for end in ("-wal", "-shm"):  # as docs/operation.md has it
        database.path.with_name(database.path.name + end).unlink(missing_ok=True)


async def test_what_is_looked_up_ahead_is_where_the_writer_is(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    database, house = sqlite_place
    async with opened(database, keys) as door:
        assert await door.chore(chores.halls_ahead) == 0
        await door.look_ahead(partial(make_ready, performance_id=house.performance))
        assert await door.chore(chores.halls_ahead) == 1
        with pytest.raises(ValueError, match="not like this"):
            await door.look_ahead(chores.fall)  # type: ignore[arg-type]  # it looks at nothing
        at = {"point_of_sale_id": house.desk, "performance_id": house.performance}
        held = await door.execute(house.operator("*"), HoldPlaces(hold_id=new_id(), best=BestWish(2), **at), new_id())
        assert isinstance(held.outcome, Ok) and len(held.outcome.value["places"]) == 2
        assert await door.chore(chores.halls_ahead) == 0, "the writer took it over"


async def test_a_writer_that_forgets_is_told_again(
    sqlite_place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process and another connection know no hall: the loop brings them again, before a buyer comes."""
    database, _ = sqlite_place
    monkeypatch.setattr("central.inventory.loops.LARGE", 1)
    async with opened(database, keys) as door:
        loop = asyncio.create_task(keep(door, 0.01))
        try:

            async def known() -> bool:
                return await door.chore(chores.halls_ahead) == 1

            await until_so(known)
            with pytest.raises(Unavailable):
                await door.chore(chores.die)
            await until_so(known)
            before = door.memory
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await door.chore(chores.break_all)
            assert door.memory == before + 1
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)


async def test_who_the_writer_did_not_have_yet_waits_for_the_next(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    async with opened(sqlite_place[0], keys) as door:
        assert await door.chore(chores.step) == 1
        asked = [chores.die, *[chores.step] * (2 * MOST_AWAY)]
        said = await asyncio.gather(*map(door.chore, asked), return_exceptions=True)
        assert {type(each) for each in said[:MOST_AWAY]} == {Unavailable}
        assert said[MOST_AWAY:] == list(range(2, MOST_AWAY + 3))


async def test_who_waits_while_no_other_can_begin_is_told(
    sqlite_place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However well the one before had served."""

    def no_room(*_: Any) -> Any:
        raise BlockingIOError("no room for another process")

    async with opened(sqlite_place[0], keys) as door:
        assert await door.chore(chores.step) == 1
        with monkeypatch.context() as patched:
            patched.setattr("central.kernel.carriers.begun", no_room)
            for last in (chores.die, chores.step):
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(door.chore(last), PATIENCE_S)
        await until(lambda: door.outages[0].now is not None)
        assert await asyncio.wait_for(door.chore(chores.step), PATIENCE_S) == 2


async def test_a_message_that_nobody_can_open_is_told_and_another_writer_goes_on(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Neither here nor there."""
    async with opened(sqlite_place[0], keys) as door:
        pids = {await door.chore(chores.where)}
        odd: list[Any] = [chores.unopenable, partial(chores.take, chores.Unopenable())]
        for n, each in enumerate(odd):
            with pytest.raises(Unavailable) as told:
                await asyncio.wait_for(door.chore(each), PATIENCE_S)
            assert told.value.reason is NoDatabase.DATABASE_AWAY
            pids.add(await asyncio.wait_for(door.chore(chores.where), PATIENCE_S))
            assert len(pids) == n + 2


async def test_a_writer_that_does_not_move_is_not_waited_for(
    sqlite_place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.kernel.carriers.LONGEST_END_S", 0.1)
    async with opened(sqlite_place[0], keys) as door:
        pid = await door.chore(chores.where)
        os.kill(pid, signal.SIGSTOP)
        waits = asyncio.ensure_future(door.chore(chores.step))
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.to_thread(door.stop), PATIENCE_S)
        with pytest.raises(Unavailable):
            await waits
        assert "writer_process" not in begun_as(pid)


PARENT = """
import asyncio, sys
from functools import partial
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Apart, Door
from central.kernel.keys import make_keys
from tests.central.kernel import chores
from tests.central.small_house import NOW

async def main(url, path):
    door = Door(Database(url), lambda: NOW, path_of, make_keys(NOW), apart=Apart(("central.areas",)))
    door.start()
    await door.chore(partial(chores.hold, path))

asyncio.run(main(*sys.argv[1:]))
"""


def test_no_orphan_holds_the_database(sqlite_place: tuple[Database, House], tmp_path: Path) -> None:
    """Central is killed while its writer is in the middle of a transaction, and far from its end."""
    database, flag = sqlite_place[0], tmp_path / "held"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, database.url, str(flag)])
    until_now(lambda: flag.exists() or parent.poll() is not None)
    (writer,) = children(parent.pid)
    assert "writer_process" in begun_as(writer)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until_now(lambda: "writer_process" not in begun_as(writer))
    with closing(sqlite3.connect(database.path, isolation_level=None, timeout=PATIENCE_S)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert db.execute("SELECT COUNT(*) FROM counter WHERE name = ?", (chores.UNPROVED,)).fetchone() == (0,)


async def test_a_signal_for_all_of_a_terminal_or_a_unit_does_not_end_it(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Central says when: it still has to finish what waits."""
    async with opened(sqlite_place[0], keys) as door:
        pid = await door.chore(chores.where)
        for each in (signal.SIGTERM, signal.SIGINT):
            os.kill(pid, each)
        assert await door.chore(chores.where) == pid
    await until(lambda: "writer_process" not in begun_as(pid))
