"""What a command costs at the door: statements, commits, bytes kept, and whose thread works it out."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import orjson
import pytest

from central.kernel.actor import ANONYMOUS, SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database, SqliteConnection
from central.kernel.door import Door
from central.kernel.job import HEAVY, KEPT_BYTES, is_heavy, job_of, looked_through_beside, shortened
from central.kernel.keys import Keys
from central.kernel.registry import COMMANDS
from central.kernel.replies import MOST_BYTES, MOST_LISTED, NoEntry, reply_to
from central.organisation.sessions import EndOwnSession
from central.venues.ops import ImportPlan
from shared.outcome import Refused
from tests.central.small_house import Clerk, House, Watch, new_id, plan


@contextmanager
def statements(clerk: Clerk) -> Iterator[list[str]]:
    said: list[str] = []
    assert isinstance(clerk.db, SqliteConnection)
    driver: sqlite3.Connection = clerk.db._db
    driver.set_trace_callback(said.append)
    yield said
    driver.set_trace_callback(None)


def test_a_sale_and_its_repeats(quick: tuple[Clerk, House]) -> None:
    """Giving it again costs a look, and nobody else is told the answer. Of a sale itself: test_budgets.py."""
    clerk, house = quick
    anna, bert = clerk.as_(house.operator("*")), clerk.as_(house.operator("*"))
    for seat in house.seats[:2]:
        anna.do(house.order(seat))
    order = house.order(house.seats[2])
    anna.do(order)
    with statements(clerk) as again:
        assert anna.say(order, anna.said[-1]).value["tickets"]
    with statements(clerk) as others:
        assert bert.say(order, anna.said[-1]).reason == NoEntry.ID_REUSED
    for few in (again, others):
        assert len(few) <= 9 and few[-1] == "ROLLBACK", few
    assert sum("answer" in each for each in again) == 1 and not any("answer" in each for each in others)


async def test_what_leaves_nothing_is_not_committed(
    sqlite_place: tuple[Database, House], keys: Keys, quick: tuple[Clerk, House]
) -> None:
    """No frame comes to the log of the database, however many are turned away in one batch."""
    database, house = sqlite_place
    door = Door(database, Watch(), path_of, keys)
    door.start()
    order, sold = house.order(house.seats[0]), new_id()
    anna, elsewhere = house.operator("*"), house.operator("*", at=house.activity)
    assert (await door.execute(anna, order, sold)).ok
    wal = database.path.with_name(database.path.name + "-wal")
    size = wal.stat().st_size
    tries = [
        door.execute(*each)
        for _ in range(20)
        for each in (
            (ANONYMOUS, order, new_id()),
            (elsewhere, order, new_id()),
            (elsewhere, order, sold),
            (anna, order, sold),
            (house.operator("*"), order, sold),
            (ANONYMOUS, EndOwnSession(session_id=new_id()), new_id()),
        )
    ]
    replies = await asyncio.gather(*tries)
    assert sum(reply.ok for reply in replies) == 20 and all(reply.repeated for reply in replies if reply.ok)
    assert wal.stat().st_size == size
    await asyncio.to_thread(door.stop)


# --- what is kept of a refusal ---------------------------------------------------------------------------------------


def test_of_a_refused_plan_its_size_is_kept_and_its_digest(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    space = clerk.rows("SELECT id FROM space")[0][0]
    file = plan()[:-1] + " " * 500_000
    want, anna = (
        ImportPlan(id=new_id(), space_id=space, code="P2", names={"fr": "Deux"}, plan=file),
        clerk.as_(house.operator("*")),
    )
    first = anna.no(want)
    ((body, digest),) = clerk.rows("SELECT body, digest FROM command_log WHERE id = :id", id=anna.said[-1])
    assert len(body) < KEPT_BYTES and digest == job_of(SYSTEM, want, anna.said[-1]).digest
    kept = orjson.loads(body)
    assert (kept["space_id"], kept["code"]) == (space, "P2")
    assert f"{len(file)} characters" in " ".join(each for each in kept.values() if isinstance(each, str))
    assert anna.say(want, anna.said[-1]) == first, "the same again"
    other = replace(want, code="P3")
    assert anna.say(other, anna.said[-1]) == Refused(NoEntry.ID_REUSED)


def test_what_is_shortened() -> None:
    small = orjson.dumps({"code": "x" * 150})
    assert shortened(small) == small
    big = orjson.dumps({"code": "ABC", "text": "é" * 5000, "places": [{"n": n} for n in range(500)], "none": None})
    kept = orjson.loads(shortened(big))
    assert kept == {"code": "ABC", "text": "… 10002 B", "places": "… 4891 B", "none": None}
    for handler in COMMANDS.values():
        worst = orjson.dumps(dict.fromkeys(handler.hints, "x" * 10_000))
        assert len(shortened(worst)) <= KEPT_BYTES, handler.name


def test_a_refusal_is_bounded_and_says_what_it_left_out() -> None:
    few = Refused(NoEntry.FAULTY, "a", {"faults": [{"at": f"{n}"} for n in range(1000)]})
    assert reply_to(few).outcome == few
    many = reply_to(Refused(NoEntry.FAULTY, "a" * 5000, {"faults": [{"at": f"{n}"} for n in range(300_000)], "n": 1}))
    said = many.outcome
    assert isinstance(said, Refused) and len(many.body) < MOST_BYTES and len(said.fix) < 300
    assert len(said.detail["faults"]) == MOST_LISTED
    assert (said.detail["left_out"], said.detail["n"]) == ({"faults": 300_000 - MOST_LISTED}, 1)
    huge = reply_to(Refused(NoEntry.FAULTY, "a", {"text": "x" * MOST_BYTES}))
    assert huge.outcome == Refused(NoEntry.FAULTY, "a", {"left_out": "all"})


# --- whose thread ----------------------------------------------------------------------------------------------------


def planned(house: House, name: str, room: int) -> ImportPlan:
    return ImportPlan(id=new_id(), space_id=house.site, code="P", names={"fr": name}, plan="x" * room)


def test_what_is_heavy(house: House) -> None:
    """Known from what is declared, where nothing in it could be: a sale is not even weighed."""
    assert is_heavy(planned(house, "P", HEAVY)) and not is_heavy(planned(house, "P", HEAVY // 2))
    assert not is_heavy(house.order(*house.seats))


class Watched(str):
    """A text that tells where it was looked through."""

    __slots__ = ("threads",)

    def isascii(self) -> bool:
        self.threads.append(threading.current_thread())
        return str.isascii(self)


@pytest.mark.parametrize("room, elsewhere", [(10, False), (HEAVY, True)])
async def test_big_commands_are_read_in_another_thread(house: House, room: int, elsewhere: bool) -> None:
    name = Watched("Grande salle")
    name.threads = []
    await looked_through_beside(SYSTEM, planned(house, name, room), new_id(), dry_run=False)
    assert name.threads and all((each is not threading.main_thread()) is elsewhere for each in name.threads)
