"""Numbers that are drawn in memory and written once per transaction: as gap-free as those drawn one by one."""

import re
from contextlib import closing
from typing import Any

from central.kernel.actor import SYSTEM
from central.kernel.batch_writer import BatchWriter
from central.kernel.db import SqliteConnection
from central.kernel.job import job_of
from central.kernel.numbers import LATELY, Numbers, stepped
from central.kernel.traces import Traces
from central.kernel.tx import Tx
from tests.central.small_house import NOW, Clerk, House, new_id


def sold(clerk: Clerk, house: House, *commands: Any) -> list[Any]:
    """Together, in one transaction."""
    anna, judge = house.operator("*"), clerk.door.judge
    writer = BatchWriter(clerk.door.database.connect, judge.work, lambda _: None, lambda _: None)
    works = [(n, judge.work(job_of(anna, each, new_id()), NOW)) for n, each in enumerate(commands)]
    return [answer for _, answer in writer.taken(clerk.db, works).said]


def numbers(clerk: Clerk) -> list[int]:
    """Of all tickets, as they are printed."""
    return sorted(int(row[0].rpartition("-")[2]) for row in clerk.rows("SELECT number FROM ticket"))


def last(clerk: Clerk) -> int:
    ((value,),) = clerk.rows("SELECT value FROM counter WHERE name LIKE 'ticket/%'")
    return int(value)


def test_they_follow_on_each_other_whoever_is_refused(quick: tuple[Clerk, House]) -> None:
    """For what is asked, for who has the seat, and where all run again."""
    clerk, house = quick
    a, b, c, d, e, *_ = house.seats
    good = [house.order(a), house.order(b), house.order(c)]
    assert all(each.ok for each in sold(clerk, house, *good)) and numbers(clerk) == [1, 2, 3] and last(clerk) == 3
    cheap, taken = house.order(d, amount=1), house.order(e, a)
    said = sold(clerk, house, house.order(d), cheap, house.order(new_id()), taken, house.order(e))
    assert [each.ok for each in said] == [True, False, False, False, True]
    assert numbers(clerk) == [1, 2, 3, 4, 5] and last(clerk) == 5


def test_what_a_refused_command_drew_is_nobodys(quick: tuple[Clerk, House]) -> None:
    clerk, traces = quick[0], Traces()
    clerk.db.begin(write=True)
    refused, stands, last = (Tx(clerk.db, SYSTEM, NOW, new_id(), clerk.door.keys) for _ in range(3))
    for tx in (refused, stands, last):
        tx.shared, tx.late = traces.common, {}
    assert [refused.counter("a"), refused.counter("a")] == [1, 2]
    assert [stands.counter("a"), stands.counter("a")] == [1, 2]
    traces.gather(stands)
    assert last.counter("a") == 3, "of one that stands it goes on"
    traces.flush(clerk.db)
    assert stepped(clerk.db, "a", 1) == 3, "the last one was never gathered"
    clerk.db.rollback()


def test_the_same_order_twice_in_one_transaction_draws_once(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    once = house.order(house.seats[0])
    said = sold(clerk, house, once, house.order(house.seats[1], order_id=once.order_id), house.order(house.seats[2]))
    assert [each.ok for each in said] == [True, False, True]
    assert numbers(clerk) == [1, 2] and last(clerk) == 2


def test_what_another_program_drew_is_seen(quick: tuple[Clerk, House]) -> None:
    """No number is kept from one transaction to the next."""
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))
    with closing(clerk.door.database.connect()) as other:
        Clerk(clerk.door, other, clerk.watch).do(house.order(house.seats[1]))
    clerk.do(house.order(house.seats[2]))
    assert numbers(clerk) == [1, 2, 3] and last(clerk) == 3


def test_a_number_is_written_once_for_all(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(house.order(house.seats[0]))
    said: list[str] = []
    assert isinstance(clerk.db, SqliteConnection)
    clerk.db._db.set_trace_callback(said.append)
    assert all(each.ok for each in sold(clerk, house, *[house.order(seat) for seat in house.seats[1:7]]))
    clerk.db._db.set_trace_callback(None)
    assert len([each for each in said if re.search("(FROM|INTO) counter.*ticket/", each)]) == 2, "read and written"
    assert last(clerk) == 7


def test_a_row_that_is_not_what_was_read_is_never_written_over(quick: tuple[Clerk, House]) -> None:
    clerk, _ = quick
    clerk.db.begin(write=True)
    drawn = Numbers()
    drawn.drawn["a"] = drawn.now(clerk.db, "a") + 1
    assert stepped(clerk.db, "a", 5) == 5
    assert not drawn.write(clerk.db) and stepped(clerk.db, "a", 1) == 6
    traces = Traces()
    traces.common.numbers.drawn["a"] = traces.common.numbers.now(clerk.db, "a") + 1
    traces.flush(clerk.db)
    assert traces.common.numbers.now(clerk.db, "a") == 7
    clerk.db.rollback()


def test_few_names_are_remembered(quick: tuple[Clerk, House]) -> None:
    looked: list[int] = []

    class Watched:
        memory: dict[str, Any] = {}  # noqa: RUF012 - of this one alone

        def run(self, _: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
            looked.append(len(params))
            return []

    db: Any = Watched()
    for n in range(3 * LATELY):
        assert Numbers().now(db, f"name {n}") == 0
    assert max(looked) == LATELY
    looked.clear()
    numbers = Numbers()
    assert numbers.now(db, f"name {3 * LATELY - 1}") == numbers.now(db, f"name {3 * LATELY - 2}") == 0
    assert looked == [LATELY], "those asked for lately are read with any of them"
