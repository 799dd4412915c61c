"""Orders in groups on PostgreSQL (kernel/sales_line.py): what waits is committed together, one that is refused or falls
out touches no other, and two groups never wait for each other's seats."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, TypeVar

import psycopg
import pytest

from central.inventory.model import LimitPer, NoPlace
from central.kernel import batch_writer, patience, sales_line
from central.kernel.actor import SYSTEM
from central.kernel.batch_writer import BatchWriter
from central.kernel.contexts import path_of
from central.kernel.db import UNFIT, Connection, Database, Params, PostgresConnection, Row
from central.kernel.door import Door, Reply
from central.kernel.job import job_of
from central.kernel.judge import LARGE
from central.kernel.keys import Keys
from central.kernel.postgres_line import lock_of
from central.kernel.postgres_writers import REPEATED
from central.kernel.trouble import Cut
from central.kernel.turns import GROUPS, Footing, OutOfTurn
from central.kernel.tx import Read
from central.orders.model import NoOrder
from shared.ids import Id
from tests.central.inventory.test_nothing_is_lost import prove
from tests.central.inventory.test_side_by_side import Race
from tests.central.small_house import FULL, NOW, Clerk, House, Watch, new_id
from tests.waiting import until

T = TypeVar("T")
ALONE = 10  # of an order on its own: begin, version, place, seat, number, going begins, feed, counts, rows, commit
pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("place", ["postgres"], indirect=True)]


@contextmanager
def everybody_waits(database: Database) -> Iterator[Callable[[], bool]]:
    """No group begins while this lasts; it gives the question whether one waits for that."""
    with psycopg.connect(database.url, autocommit=True) as db:
        db.execute("SELECT pg_advisory_lock(%s)", (lock_of(GROUPS),))
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        yield lambda: bool(db.execute(waits).fetchall())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group takes in all that waits, on a busy machine too."""
    monkeypatch.setattr(sales_line, "BATCH_S", 60.0)


@asynccontextmanager
async def open_door(database: Database, keys: Keys) -> AsyncIterator[Door]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    try:
        yield door
    finally:
        await asyncio.to_thread(door.stop)


async def in_one_group(door: Door, commands: list[Any]) -> list[Reply]:
    with everybody_waits(door.database) as one_waits:
        coming = [asyncio.ensure_future(door.execute(SYSTEM, each, new_id())) for each in commands]
        await until(one_waits)
        await until(lambda: door.waiting[0] == len(commands))
    return await asyncio.gather(*coming)


def commits(db: Connection) -> list[int]:
    """How many orders and holds came in with each commit."""
    sql = "SELECT COUNT(*) FROM command_log WHERE name IN ('place_order', 'hold_places') GROUP BY xmin::text ORDER BY 1"
    return [row[0] for row in db.run(sql, {})]


def numbers(db: Connection) -> list[int]:
    return sorted(int(row[0].rpartition("-")[2]) for row in db.run("SELECT number FROM ticket", {}))


async def test_what_waits_is_committed_together(place: tuple[Database, House], clerk: Clerk, keys: Keys) -> None:
    database, house = place
    async with open_door(database, keys) as door:
        commands = [*(house.order(seat) for seat in house.seats[:7]), house.standing_order(2)]
        replies = await in_one_group(door, commands)
    assert all(reply.ok for reply in replies)
    assert commits(clerk.db) == [8]
    assert numbers(clerk.db) == list(range(1, 10))
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


async def test_who_is_refused_in_a_group_touches_no_other(
    place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    """Before it wrote anything, and after; no number is lost by it."""
    database, house = place
    async with open_door(database, keys) as door:
        replies = await in_one_group(door, [
            house.order(house.seats[0]), house.order(house.seats[0]), house.order(house.seats[1]),
            house.order(house.seats[2], amount=FULL + 1), house.order(house.seats[3], house.seats[1]),
            house.order(house.seats[3]),
        ])  # fmt: skip
    assert [reply.ok for reply in replies] == [True, False, True, False, False, True]
    reasons = [reply.outcome.reason for reply in replies if not reply.ok]  # type: ignore[union-attr]  # refused ones
    assert reasons == [NoPlace.TAKEN, NoOrder.WRONG_AMOUNT, NoPlace.TAKEN]
    assert commits(clerk.db) == [6]
    assert numbers(clerk.db) == [1, 2, 3]
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


class Broken(PostgresConnection):
    """The answer to the first group's commit is lost with its line."""

    breaks = [True]  # noqa: RUF012 - of all that the database gives
    _group = False

    def begin(self, *, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None:
        self._group = footing is Footing.TOGETHER
        super().begin(write=write, footing=footing, lock_s=lock_s)

    def commit(self) -> None:
        super().commit()
        if self._group and self.breaks:
            self.breaks.clear()
            self.close()
            raise Cut("the line was cut")


class OfBroken(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Broken(self.url)


async def test_a_group_whose_answer_was_lost_is_done_once(
    place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    database, house = place
    Broken.breaks[:] = [True]
    async with open_door(OfBroken(database.url), keys) as door:
        replies = await in_one_group(door, [house.order(seat) for seat in house.seats[:5]])
        later = await door.execute(SYSTEM, house.order(house.seats[5]), new_id())
    assert not Broken.breaks and all(reply.ok and reply.repeated for reply in replies)
    assert later.ok and not later.repeated
    assert (commits(clerk.db), numbers(clerk.db)) == ([1, 5], list(range(1, 7)))
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


class Elsewhere(PostgresConnection):
    """Counted places that come to a table which is not for sales."""

    def _fits(self, sql: str) -> None:
        super()._fits(sql)
        if self._footing in (Footing.TOGETHER, Footing.BESIDE) and sql.startswith("UPDATE gauge "):
            raise OutOfTurn(sql)


class OfElsewhere(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Elsewhere(self.url)


async def test_who_needs_to_be_alone_falls_out_of_its_group(
    place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    database, house = place
    async with open_door(OfElsewhere(database.url), keys) as door:
        replies = await in_one_group(
            door, [house.order(house.seats[0]), house.standing_order(), house.order(house.seats[2])]
        )
    assert all(reply.ok for reply in replies)
    assert commits(clerk.db) == [1, 2]
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


async def test_two_doors_that_want_the_same_seats_in_another_order_repeat_nothing(
    place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    """Seats, counted places and a limit, forwards at one door and backwards at the other: without turns the groups
    would wait for each other until the server ends one."""
    database, house = place
    race = Race(clerk, house)
    race.limited(LimitPer.PERFORMANCE, 16)

    def wanted(seats: tuple[Id, ...]) -> list[Any]:
        return [
            each for n, seat in enumerate(seats) for each in (house.order(seat), house.standing_order())[: 1 + n % 2]
        ]

    before = REPEATED.value()
    async with open_door(database, keys) as one, open_door(database, keys) as other:
        forwards = [one.execute(SYSTEM, each, new_id()) for each in wanted(house.seats)]
        backwards = [other.execute(SYSTEM, each, new_id()) for each in reversed(wanted(house.seats))]
        replies = await asyncio.gather(*(each for both in zip(forwards, backwards, strict=True) for each in both))
    assert sum(reply.ok for reply in replies) == 16
    refused = {reply.outcome.reason for reply in replies if not reply.ok}  # type: ignore[union-attr]  # refused ones
    assert refused <= {NoPlace.TAKEN, NoPlace.LIMIT}
    assert REPEATED.value() == before
    assert numbers(clerk.db) == list(range(1, 17))
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


class Asking(PostgresConnection):
    """Counts how often it turns to the server, and mostly waits for an answer."""

    asked = 0

    def _guard(self, act: Callable[[], T]) -> T:
        self.asked += 1
        return super()._guard(act)

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        super().write_many(sql, rows)
        self.asked -= self._going is not None  # this one waited for nothing


def test_what_a_further_sale_of_a_group_asks(place: tuple[Database, House], clerk: Clerk, keys: Keys) -> None:
    """It looks at its place and takes it. The rest is asked once, however many they are: where a number stands, what is
    sold, what the log keeps."""
    database, house = place
    judge = Door(database, clerk.watch, path_of, keys).judge
    with closing(Asking(database.url)) as db:
        writer = BatchWriter(lambda: db, judge.work, lambda _: None, lambda _: None, footing=Footing.TOGETHER)

        def asked(*commands: Any) -> int:
            jobs = [job_of(SYSTEM, each, new_id()) for each in commands]
            before = db.asked
            said = writer.taken(db, [(n, judge.work(job, NOW)) for n, job in enumerate(jobs)]).said
            assert all(answer.ok for _, answer in said)
            return db.asked - before

        asked(house.order(house.seats[0]))  # it remembers what may be sold from then on
        one, three = asked(house.order(house.seats[1])), asked(*(house.order(seat) for seat in house.seats[2:5]))
        assert (one, three) == (ALONE, ALONE + 1 + 2 * 2)  # and once more for where the numbers stand in the end
    assert numbers(clerk.db) == [1, 2, 3, 4, 5]
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


async def test_what_does_not_fit_in_what_is_asked_in_one_go(place: tuple[Database, House], clerk: Clerk) -> None:
    """It is raised when that ends, or by what is asked meanwhile; the connection serves on."""
    fault = "INSERT INTO outbox (id, kind, body, due, tries, state, last_error) VALUES (?, NULL, '', 0, 0, '', '')"
    with closing(place[0].connect()) as db:
        for asks in (False, True):
            db.begin(write=True)
            with pytest.raises(UNFIT), db.in_one_go():
                db.write_many(fault, [(new_id(),), (new_id(),)])
                if asks:
                    db.run("SELECT 1", {})
            db.rollback()
            assert db.run("SELECT 1", {}) == [(1,)]


def test_a_group_waits_for_the_one_before(place: tuple[Database, House]) -> None:
    database, _ = place
    with closing(database.connect()) as db, psycopg.connect(database.url, autocommit=True) as look:
        db.begin(write=True, footing=Footing.TOGETHER)
        assert look.execute("SELECT pg_try_advisory_lock(%s)", (lock_of(GROUPS),)).fetchone() == (False,)
        db.rollback()
        assert look.execute("SELECT pg_try_advisory_lock(%s)", (lock_of(GROUPS),)).fetchone() == (True,)


# --- what stands in line, and what falls out of it ------------------------------------------------------------------


def test_what_stands_in_line(place: tuple[Database, House], clerk: Clerk, keys: Keys) -> None:
    """Orders; not what is only tried, what came before, what is long: each of them costs those with it a savepoint, or
    more. Nor a sale of another kind."""
    database, house = place
    door = Door(database, clerk.watch, path_of, keys)
    line = sales_line.SalesLine(database.connect, door.judge, lambda _: None)
    given, order = new_id(), house.order(house.seats[0])
    clerk.door.judge.lately.add(given)
    door.judge.lately.add(given)
    takes = {
        what: line.takes(job_of(SYSTEM, command, key, dry_run=tried))
        for what, command, key, tried in (
            ("an order", order, new_id(), False),
            ("one that is tried", order, new_id(), True),
            ("one that came before", order, given, False),
            ("a long one", house.order(*house.seats * 4), new_id(), False),
            ("a hold", Race(clerk, house).holds(house.seats[0]), new_id(), False),
            ("no sale", Race(clerk, house).blocks(), new_id(), False),
        )
    }
    assert [what for what, taken in takes.items() if taken] == ["an order"]
    assert job_of(SYSTEM, house.order(*house.seats * 4), new_id()).size > LARGE


class Unfitting(PostgresConnection):
    """What a group leaves does not fit, twice: something came beside it meanwhile, each time."""

    left = [2]  # noqa: RUF012 - of all that the database gives

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        if self._footing is Footing.TOGETHER and self.left[0] and sql.startswith("INSERT INTO command_log"):
            self.left[0] -= 1
            raise psycopg.errors.UniqueViolation("made up")
        super().write_many(sql, rows)


class OfUnfitting(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Unfitting(self.url)


async def test_what_does_not_fit_falls_out_of_its_group(
    place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    database, house = place
    Unfitting.left[:] = [2]
    async with open_door(OfUnfitting(database.url), keys) as door:
        replies = await in_one_group(door, [house.order(seat) for seat in house.seats[:3]])
    assert all(reply.ok for reply in replies) and Unfitting.left == [0]
    assert (commits(clerk.db), numbers(clerk.db)) == ([1, 1, 1], [1, 2, 3])
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


class Crossing(PostgresConnection):
    """The first that a group takes, and the first that a hold takes, meet before either takes more."""

    meet = threading.Barrier(2)
    met: set[Footing] = set()  # noqa: RUF012 - of all that the database gives
    gave_way: set[str] = set()  # noqa: RUF012 - the same

    def _answered(self, sql: str, params: Params) -> "psycopg.Cursor[Row]":
        try:
            answer = super()._answered(sql, params)
        except psycopg.OperationalError as fault:
            self.gave_way.add(fault.sqlstate or "")
            raise
        if sql.startswith("INSERT INTO allocation ") and self._footing not in self.met:
            self.met.add(self._footing)
            self.meet.wait(60)
        return answer


class OfCrossing(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Crossing(self.url)


@pytest.mark.parametrize("state", ["55P03", "40P01"])
async def test_a_hold_across_a_group_ends_well_and_so_does_the_group(
    place: tuple[Database, House], clerk: Clerk, keys: Keys, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has what the other wants next: one of them gives way, because it waits briefly (55P03) or because the server
    says so (40P01: where all have the patience that only few have), and comes again."""
    database, house = place
    if state == "40P01":
        for module in (batch_writer, patience):
            monkeypatch.setattr(module, "BRIEF_S", 0.0)
            monkeypatch.setattr(module, "HURRIED_S", 0.0)
    first, last, between = house.seats[0], house.seats[1], house.seats[2]
    Crossing.met.clear()
    Crossing.gave_way.clear()
    Crossing.meet.reset()
    async with open_door(OfCrossing(database.url), keys) as door:
        hold = Race(clerk, house).holds(last, first)
        with everybody_waits(database) as one_waits:
            orders = [asyncio.ensure_future(door.execute(SYSTEM, house.order(seat), new_id()))
                      for seat in (first, last, between)]  # fmt: skip
            await until(one_waits)
            await until(lambda: door.waiting[0] == 3)
            held = asyncio.ensure_future(door.execute(SYSTEM, hold, new_id()))
        replies = await asyncio.gather(*orders, held)
    assert {Footing.TOGETHER, Footing.BESIDE} <= Crossing.met and state in Crossing.gave_way
    refused = [reply.outcome.reason for reply in replies if not reply.ok]  # type: ignore[union-attr]  # refused ones
    assert set(refused) == {NoPlace.TAKEN} and replies[2].ok
    sold, kept = [reply.ok for reply in replies[:2]], replies[3].ok
    assert sold == [not kept, not kept], "whose they are is decided, and nobody went without"
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)
