"""A lock that somebody keeps on PostgreSQL is in the way of whoever wants what it is on, and of nobody else: not of
those who share a commit, a thread or a name with them, and not for longer than it is there. Every state that the server
gives a fault is walked here, and every place where a command may wait for another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from central.inventory.limits import _word
from central.inventory.model import Limit, LimitPer, NoPlace
from central.kernel import postgres_writers, sales_line
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Connection, Database, Params, PostgresConnection, Row, Waits
from central.kernel.door import Door, Reply
from central.kernel.keys import Keys
from central.kernel.outage import LASTS_S, TROUBLE
from central.kernel.postgres_line import lock_of
from central.kernel.postgres_writers import WRITERS, PostgresWriters
from central.kernel.privileges import Action
from central.kernel.readers import READERS
from central.kernel.trouble import Cut, NoDatabase, Queued, Repeatable, Stuck, Unavailable, given_up, trouble_of
from central.kernel.turns import GROUPS, SALES, Footing
from central.kernel.tx import Read
from central.orders.holds import HoldPlaces
from central.venues.ops import CreateSite
from shared.ids import Id
from tests.central.inventory.test_nothing_is_lost import prove
from tests.central.small_house import NOW, Clerk, House, Watch, new_id
from tests.waiting import until, until_so

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("place", ["postgres"], indirect=True)]
HASTY = Waits(connect_s=2.0, lock_s=0.3, write_s=5.0, read_s=5.0)


@asynccontextmanager
async def open_door(database: Database, keys: Keys) -> AsyncIterator[Door]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    try:
        yield door
    finally:
        await asyncio.to_thread(door.stop)


def site(house: House) -> Any:
    key = new_id()
    return CreateSite(id=key, context_id=house.institution, code=key[-9:], names={"fr": "x"}, address="",
                      timezone="Europe/Paris")  # fmt: skip


def held(house: House, *seats: Id) -> HoldPlaces:
    return HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=seats)


def said(replies: list[Reply]) -> list[Any]:
    """`None` where it went well, else why not."""
    return [getattr(reply.outcome, "reason", None) for reply in replies]


async def given(door: Door, house: House, commands: list[Any], ids: list[Id] | None = None) -> list[Any]:
    seller, ids = house.operator("*"), ids or [new_id() for _ in commands]
    coming = (door.execute(seller, each, key) for each, key in zip(commands, ids, strict=True))
    return said(await asyncio.gather(*coming))


# --- each state that a fault may have -------------------------------------------------------------------------------

STATES = {
    fault.sqlstate: fault
    for fault in vars(psycopg.errors).values()
    if isinstance(fault, type) and issubclass(fault, psycopg.Error) and fault.sqlstate
}
OF_ALL = {
    "53100": NoDatabase.DISK_FULL,
    **dict.fromkeys(("53000", "53300", "58000", "58030", "58P01", "58P02", "58P03", "57P03", "25006"),
                    NoDatabase.DATABASE_AWAY),
}  # fmt: skip
OF_ONE = {
    **dict.fromkeys(("55P03", "57014", "25P03", "25P04"), NoDatabase.DATABASE_HELD),
    **dict.fromkeys(("53200", "53400"), NoDatabase.BUSY),
}
CUT = {state for state in STATES if state[:2] == "08"} | {"57000", "57P01", "57P02", "57P04", "57P05"}
CUT |= {"26000", "42P05"}  # what is prepared on a line is not what we take it for


def test_each_state_is_the_database_s_or_one_transaction_s(place: tuple[Database, House]) -> None:
    """None that says something of one transaction is a trouble of all. Before: a lock, a statement and a transaction
    that took too long were, and so was one that wanted too much memory."""
    assert len(STATES) > 200 and STATES.keys() >= {*OF_ALL, *OF_ONE}
    db = place[0].connect()
    assert isinstance(db, PostgresConnection)
    for state, kind in STATES.items():
        met = _met(db, kind("made up"))
        if state in OF_ALL:
            trouble = trouble_of(met)
            assert trouble is not None and trouble.reason is OF_ALL[state], state
        elif state in OF_ONE:
            assert isinstance(met, Stuck) and given_up(met, 0).reason is OF_ONE[state], state
            assert met.again is (state == "55P03"), "patience helps against a lock alone"
        elif state in CUT:
            assert isinstance(met, Cut), state
        else:
            assert type(met) in (Repeatable, kind), state
        if state not in OF_ALL:
            assert trouble_of(met) is None, state
        assert db.closed is (state in CUT | {"25P03", "25P04"}), "what the server has ended is not used again"
        if db.closed:
            db = place[0].connect()
            assert isinstance(db, PostgresConnection)
    db.close()


def _met(db: PostgresConnection, fault: psycopg.Error) -> Exception:
    def raises() -> None:
        raise fault

    with pytest.raises(Exception) as met:
        db._guard(raises)
    return met.value


class Faulty(PostgresConnection):
    """Whoever takes counted places meets a fault, so many times."""

    state = ""
    left = 0
    groups = False  # in groups alone

    def _answered(self, sql: str, params: Params) -> "psycopg.Cursor[Row]":
        if Faulty.left and sql.startswith("UPDATE gauge ") and (self._footing is Footing.TOGETHER or not self.groups):
            Faulty.left -= 1
            raise STATES[self.state]("made up")
        return super()._answered(sql, params)


class OfFaulty(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Faulty(self.url)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group takes in all that waits, on a busy machine too."""
    monkeypatch.setattr(sales_line, "BATCH_S", 60.0)


async def in_one_group(door: Door, house: House, commands: list[Any]) -> list[Any]:
    with psycopg.connect(door.database.url, autocommit=True) as db:
        db.execute("SELECT pg_advisory_lock(%s)", (lock_of(GROUPS),))
        coming = asyncio.ensure_future(given(door, house, commands))
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        await until(lambda: db.execute(waits).fetchall())
        await until(lambda: door.waiting[0] == len(commands))
    return await coming


@pytest.mark.parametrize("state", [*OF_ONE, "40001", "40P01", "08006", "57P01", "55006", "54000"])
@pytest.mark.usefixtures("patient")
async def test_what_one_of_a_group_meets_is_its_own(
    state: str, place: tuple[Database, House], clerk: Clerk, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of seven that share a commit one meets it, twice: it is tried again on its own, and all are done."""
    database, house = place
    monkeypatch.setattr(Faulty, "state", state)
    monkeypatch.setattr(Faulty, "left", 2)
    monkeypatch.setattr(Faulty, "groups", True)
    async with open_door(OfFaulty(database.url), keys) as door:
        orders = [*(house.order(seat) for seat in house.seats[:6]), house.standing_order()]
        assert await in_one_group(door, house, orders) == [None] * 7
        assert door.outages[0].now is None
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


@pytest.mark.parametrize("state", OF_ONE)
@pytest.mark.usefixtures("patient")
async def test_whoever_meets_it_each_time_is_refused_alone(
    state: str, place: tuple[Database, House], clerk: Clerk, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, house = place
    monkeypatch.setattr(Faulty, "state", state)
    monkeypatch.setattr(Faulty, "left", 1000)
    async with open_door(OfFaulty(database.url), keys) as door:
        orders = [*(house.order(seat) for seat in house.seats[:6]), house.standing_order()]
        assert await in_one_group(door, house, orders) == [None] * 6 + [OF_ONE[state]]
        assert 1000 - Faulty.left <= 4, "it is not tried again and again"
        assert door.outages[0].of_all is None
        Faulty.left = 0
        assert await given(door, house, [house.standing_order(), site(house)]) == [None] * 2
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)


@pytest.mark.parametrize("state", OF_ALL)
@pytest.mark.usefixtures("patient")
async def test_what_is_the_database_s_own_is_told_to_all(
    state: str, place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, house = place
    monkeypatch.setattr(Faulty, "state", state)
    monkeypatch.setattr(Faulty, "left", 1)
    async with open_door(OfFaulty(database.url), keys) as door:
        orders = [*(house.order(seat) for seat in house.seats[:6]), house.standing_order()]
        assert await in_one_group(door, house, orders) == [OF_ALL[state]] * 7
        assert door.outages[0].of_all is not None
        await until_so(lambda: serves(door))
        assert await given(door, house, orders) == [None] * 7 and door.outages[0].now is None


async def serves(door: Door) -> bool:
    """Of those who come to a database that is away one tries, now and then."""
    try:
        await door.chore(lambda db: db.run("SELECT 1", {}))
    except Unavailable:
        return False
    return True


# --- each place where one waits for another -------------------------------------------------------------------------

Does = Callable[["Kept"], list[Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A house one of whose locks is kept."""

    house: House
    clerk: Clerk

    def orders(self) -> list[Any]:
        return [self.house.order(seat) for seat in self.house.seats[:8]]

    def others(self) -> list[Any]:
        return [self.house.order(seat) for seat in self.house.seats[1:8]]

    def holds(self) -> list[Any]:
        return [held(self.house, seat) for seat in self.house.seats[10:13]]

    def sites(self) -> list[Any]:
        return [site(self.house) for _ in range(3)]

    def undecided_seat(self, db: "psycopg.Connection[Any]") -> None:
        """Somebody takes the first seat, and does not say whether they will have it."""
        self.clerk.do(self.house.order(self.house.seats[19]))
        names = [row[0] for row in db.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'allocation'")]  # fmt: skip
        put = {"id": f"'{new_id()}'", "seat_id": f"'{self.house.seats[0]}'"}
        values = ", ".join(put.get(name, name) for name in names)
        db.execute(f"INSERT INTO allocation ({', '.join(names)}) SELECT {values} FROM allocation".encode())

    def limited(self, most: int = 40) -> Id:
        key = new_id()
        self.clerk.do(command_of(Action.CREATE, Limit)(
            id=key, context_id=self.house.institution, code="MOST", names={"fr": "L"}, per=LimitPer.PERFORMANCE,
            most=most))  # fmt: skip
        return key

    def row_of_a_limit(self, db: "psycopg.Connection[Any]") -> None:
        self.limited()
        self.clerk.do(self.house.order(self.house.seats[19]))
        assert db.execute("SELECT 1 FROM limit_count FOR UPDATE").fetchall()

    def word_of_a_limit(self, db: "psycopg.Connection[Any]", most: int = 40) -> None:
        key = self.limited(most)
        limit = Read(self.clerk.db, SYSTEM, NOW, self.clerk.door.judge.keys).get(Limit, key)
        assert limit
        db.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(_word(limit, self.house.performance)),))

    def row_of_the_numbers(self, db: "psycopg.Connection[Any]") -> None:
        self.clerk.do(self.house.order(self.house.seats[19]))
        assert db.execute("SELECT 1 FROM counter WHERE name LIKE '%ticket%' FOR UPDATE").fetchall()

    def context_that_moves(self, db: "psycopg.Connection[Any]") -> None:
        assert db.execute("UPDATE context SET parent_id = parent_id").rowcount

    def context_that_goes(self, db: "psycopg.Connection[Any]") -> None:
        assert db.execute("SELECT 1 FROM context WHERE id = %s FOR UPDATE", (self.house.organiser,)).fetchall()

    def row_of_a_feed(self, db: "psycopg.Connection[Any]") -> None:
        self.clerk.do(self.house.order(self.house.seats[19]))
        assert db.execute("SELECT 1 FROM feed_head FOR UPDATE").fetchall()

    def turn_of_the_groups(self, db: "psycopg.Connection[Any]") -> None:
        db.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(GROUPS),))

    def table(self, db: "psycopg.Connection[Any]") -> None:
        db.execute("LOCK TABLE allocation IN ACCESS EXCLUSIVE MODE")


def first_seat(kept: Kept) -> list[Any]:
    return kept.orders()[:1]


def nobody(_: Kept) -> list[Any]:
    return []


def both(*does: Does) -> Does:
    return lambda kept: [each for one in does for each in one(kept)]


LOCKS: dict[str, tuple[Callable[[Kept, "psycopg.Connection[Any]"], None], Does, Does]] = {
    "the turn of the groups": (Kept.turn_of_the_groups, nobody, both(Kept.orders, Kept.holds, Kept.sites)),
    "the row of a seat": (Kept.undecided_seat, first_seat, both(Kept.others, Kept.holds, Kept.sites)),
    "the row of a limit": (Kept.row_of_a_limit, both(Kept.orders, Kept.holds), Kept.sites),
    "the word of a limit": (Kept.word_of_a_limit, both(Kept.orders, Kept.holds), Kept.sites),
    "the row of the numbers": (Kept.row_of_the_numbers, Kept.orders, both(Kept.holds, Kept.sites)),
    "a context that moves": (Kept.context_that_moves, nobody, both(Kept.orders, Kept.holds, Kept.sites)),
    "a context that goes": (Kept.context_that_goes, Kept.orders, both(Kept.holds, Kept.sites)),
    "the row of a feed": (Kept.row_of_a_feed, Kept.orders, Kept.sites),
    "a table": (Kept.table, both(Kept.orders, Kept.holds), Kept.sites),
}  # fmt: skip
"""Who keeps it, whom that stops, and who goes on."""


@pytest.mark.parametrize("lock", LOCKS)
async def test_a_lock_that_is_kept_stops_who_wants_it_and_nobody_else(
    lock: str, place: tuple[Database, House], clerk: Clerk, keys: Keys
) -> None:
    """Whoever comes while it is kept is answered while it is; the same come again when it is not, and are done."""
    database, (keep, stopped, others) = replace(place[0], waits=HASTY), LOCKS[lock]
    kept = Kept(place[1], clerk)
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            keep(kept, other)
            waits, goes = stopped(kept), others(kept)
            ids = [new_id() for _ in waits]
            answers = await given(door, kept.house, [*waits, *goes], [*ids, *(new_id() for _ in goes)])
            assert answers == [NoDatabase.DATABASE_HELD] * len(waits) + [None] * len(goes)
            assert door.outages[0].of_all is None
            other.rollback()
        assert await given(door, kept.house, waits, ids) == [None] * len(waits)
    prove(Read(clerk.db, SYSTEM, NOW, keys), kept.house)


async def test_who_waits_for_the_turn_of_all_sales_is_busy_and_others_go_on(
    place: tuple[Database, House], clerk: Clerk, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is alone keeps all sales waiting, and who wants no sale not. No lock of the house's is a trouble."""
    monkeypatch.setattr(postgres_writers, "REPEAT_S", 0.5)
    database, house = replace(place[0], waits=HASTY), place[1]
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(SALES),))
            sales = [house.order(house.seats[0]), held(house, house.seats[1])]
            answers = await given(door, house, [*sales, *(site(house) for _ in range(3))])
            assert answers == [NoDatabase.BUSY] * 2 + [None] * 3 and door.outages[0].now is None
            other.rollback()
        assert await given(door, house, sales) == [None] * 2


async def test_a_lock_keeps_no_thread_from_the_others(place: tuple[Database, House], clerk: Clerk, keys: Keys) -> None:
    """More want it than there are threads, and each would wait for a minute. Before: everybody waited with them."""
    database, kept = replace(place[0], waits=replace(HASTY, lock_s=60.0, write_s=90.0)), Kept(place[1], clerk)
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            kept.undecided_seat(other)
            wanted = [held(kept.house, kept.house.seats[0]) for _ in range(2 * WRITERS)] + first_seat(kept)
            waiting = asyncio.ensure_future(given(door, kept.house, wanted))
            await until(lambda: door.waiting[0] == len(wanted))
            for each in (*kept.others(), *kept.holds(), *kept.sites()):
                assert await given(door, kept.house, [each]) == [None]
            assert door.waiting[0] == len(wanted)
            other.rollback()
        assert sorted(each is None for each in await waiting)[-2:] == [False, True], "one of them has it now"
        assert door.outages[0].now is None


async def test_a_look_that_waits_for_a_lock_waits_alone(place: tuple[Database, House], keys: Keys) -> None:
    """Looks wait for tables only. More of them than there are readers, each for a minute: the others look on; then
    each hears it that cannot have it, and nobody with them."""
    database = replace(place[0], waits=replace(HASTY, lock_s=60.0, read_s=90.0))
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE allocation IN ACCESS EXCLUSIVE MODE")
            looks = [_looks(door, "allocation") for _ in range(2 * READERS)]
            waiting = asyncio.gather(*looks)
            await until(lambda: door.waiting[1] == len(looks))
            assert [await _looks(door, "context") for _ in range(5)] == [None] * 5 and not waiting.done()
            other.rollback()
        assert await waiting == [None] * len(looks)
    async with open_door(replace(place[0], waits=HASTY), keys) as door:
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE allocation IN ACCESS EXCLUSIVE MODE")
            looks = [_looks(door, name) for name in ("allocation", "context") * 2 * READERS]
            assert await asyncio.gather(*looks) == [NoDatabase.DATABASE_HELD, None] * 2 * READERS
            assert door.outages[1].of_all is None


async def _looks(door: Door, table: str) -> NoDatabase | None:
    try:
        await door.read(SYSTEM, lambda read: read.one(f"SELECT COUNT(*) FROM {table}"))
    except Unavailable as trouble:
        return trouble.reason
    return None


# --- what was noticed -----------------------------------------------------------------------------------------------


def _gauge() -> float:
    return TROUBLE.value(side="writes", reason=NoDatabase.DATABASE_HELD.value)


async def test_orders_stand_in_line_whatever_lock_another_command_met(
    place: tuple[Database, House], keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: from then on all went beside each other, for good."""
    database, house = replace(place[0], waits=HASTY), place[1]
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE site IN ACCESS EXCLUSIVE MODE")
            assert await given(door, house, [site(house)]) == [NoDatabase.DATABASE_HELD]
        writers = door._writers
        assert isinstance(writers, PostgresWriters) and _gauge() == 1
        line, stood = writers._sales.do, list[Any]()

        async def counted(*asked: Any) -> Any:
            stood.append(asked)
            return await line(*asked)

        monkeypatch.setattr(writers._sales, "do", counted)
        assert await given(door, house, [house.order(seat) for seat in house.seats[:5]]) == [None] * 5
        assert len(stood) == 5
        later = writers.outage._clock() + LASTS_S
        monkeypatch.setattr(writers.outage, "_clock", lambda: later)
        assert await given(door, house, [house.order(house.seats[5])]) == [None]
        assert writers.outage.now is None and _gauge() == 0


def test_a_turn_that_did_not_come_is_no_trouble(place: tuple[Database, House]) -> None:
    database = replace(place[0], waits=HASTY)
    db = database.connect()
    with psycopg.connect(database.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s), pg_advisory_xact_lock(%s)", (lock_of(GROUPS), lock_of("x")))
        with pytest.raises(Queued):
            db.begin(write=True, footing=Footing.TOGETHER)
        db.rollback()
        with pytest.raises(Queued), db.alone("x"):
            pass
        db.begin(write=True, footing=Footing.BESIDE)
        with pytest.raises(Stuck):  # this one somebody keeps within what they do
            db.wait_for("x")
        db.rollback()
    db.close()


class Between(PostgresConnection):
    """Between two looks of whoever counts somebody else begins the number."""

    begun = 0

    def _answered(self, sql: str, params: Params) -> "psycopg.Cursor[Row]":
        if sql.startswith("SELECT 1 FROM limit_count") and not Between.begun:
            Between.begun += 1
            with psycopg.connect(self._db.info.dsn) as other:
                begin = "INSERT INTO limit_count (limit_id, of_id, scope, n) VALUES (%(limit)s, %(of)s, %(scope)s, 0)"
                other.execute(begin, params)
        return super()._answered(sql, params)


class OfBetween(Database):
    def connect(self, *, read_only: bool = False) -> Connection:
        return super().connect(read_only=True) if read_only else Between(self.url, self.waits)


async def test_who_finds_the_number_begun_between_two_looks_is_under_the_limit(
    place: tuple[Database, House], clerk: Clerk, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: "limit", where two came at once to the first sale of a performance under one, and one of them not for the
    first time (who comes for the first time and is refused is asked once more). One too many is still told so."""
    monkeypatch.setattr(Between, "begun", 1)
    (database, house), kept, key = place, Kept(place[1], clerk), new_id()
    first, second, third = (house.order(seat) for seat in house.seats[:3])
    async with open_door(OfBetween(database.url, waits=HASTY), keys) as door:
        with psycopg.connect(database.url) as other:
            kept.word_of_a_limit(other, 2)
            assert await given(door, house, [first], [key]) == [NoDatabase.DATABASE_HELD]
            other.rollback()
        monkeypatch.setattr(Between, "begun", 0)
        assert await given(door, house, [first], [key]) == [None] and Between.begun == 1
        assert await given(door, house, [second]) == [None]
        assert await given(door, house, [third]) == [NoPlace.LIMIT]
    prove(Read(clerk.db, SYSTEM, NOW, keys), house)
