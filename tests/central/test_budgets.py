"""What the paths that are walked most may cost, counted: the same on a busy machine, and on a faster one. Nothing gets
dearer unseen. A figure is made smaller whenever it can be, and larger only with a line in docs/decisions.md that says
what for.

What a command may cost at most, whatever it is given: kernel/test_heaviest.py. What time all this takes:
docs/performance.md."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from central.app import make_app
from central.kernel.batch_writer import BatchWriter
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database, Params, Row, SqliteConnection
from central.kernel.door import Door
from central.kernel.job import job_of
from central.kernel.keys import Keys
from central.kernel.people_tables import ASKED
from central.kernel.privileges import EVERYTHING
from central.orders.holds import HoldPlaces, ReleaseHold
from central.programme.performances import CreatePerformance, Schedule
from central.web.session import SESSIONS, SignedIn, csrf_of
from edge.gate.core import Check
from edge.gate.store import Around
from shared.ids import Id
from shared.outcome import Ok
from shared.runtime.system import fresh_id
from tests.central.small_house import NOW, STARTS, Clerk, House, Watch, new_id
from tests.edge.gate.conftest import HandClock
from tests.edge.gate.conftest import House as GateHouse


@dataclass(frozen=True, slots=True)
class Budget:
    """`statements` between BEGIN and COMMIT, `rows` written, bytes that `log` and audit keep, `pages` of 4 kB that go
    to SQLite's own log (of a transaction of its own, in a small house)."""

    statements: int
    rows: int = 0
    log: int = 0
    pages: int = 0

    def within(self, most: "Budget") -> bool:
        pairs = ((self.statements, most.statements), (self.rows, most.rows), (self.log, most.log),
                 (self.pages, most.pages))  # fmt: skip
        return all(spent <= allowed for spent, allowed in pairs)


COMMANDS = {
    "a seat sold": Budget(statements=17, rows=17, log=1_560, pages=37),
    "a further seat sold in the same transaction": Budget(statements=2, rows=13, log=1_560),
    "four seats sold": Budget(statements=20, rows=35, log=3_800, pages=38),
    "a seat sold out of a hold": Budget(statements=19, rows=18, log=1_930, pages=36),
    "a standing place sold": Budget(statements=17, rows=17, log=1_540, pages=37),
    "a seat held": Budget(statements=9, rows=8, log=800, pages=18),
    "a hold given back": Budget(statements=14, rows=8, log=610, pages=16),
}
PAGES = {"a list": 6, "a thing": 16, "a form": 29}
"""Statements."""
LISTS = {"performance": 18, "sale_order": 19}
SCAN = Budget(statements=6, rows=2, pages=6)
"""At the gate: on the lane's own disk."""


# --- counting --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spent:
    said: list[str] = field(default_factory=list)
    rows: int = 0


class Counted(SqliteConnection):
    """`spent` is everybody's who looks or writes at its database."""

    spent: Spent

    def run(self, sql: str, params: Params) -> list[Row]:
        before = self.written
        rows = super().run(sql, params)
        self._count(sql, before)
        return rows

    def write(self, sql: str, params: Params) -> int:
        before = self.written
        done = super().write(sql, params)
        self._count(sql, before)
        return done

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        before = self.written
        super().write_many(sql, rows)
        self._count(sql, before)

    def _count(self, sql: str, before: int) -> None:
        self.spent.said.append(sql)
        self.spent.rows += self.written - before


@dataclass(frozen=True, slots=True)
class CountedDatabase(Database):
    spent: Spent = field(default_factory=Spent)

    def connect(self, *, read_only: bool = False) -> Connection:
        made = Counted(self.path, read_only=read_only)
        made.spent = self.spent
        return made


def wal_pages(path: Path) -> int:
    """What SQLite has written to its log since it began: 32 bytes, and each page behind 24 of its own."""
    return (path.with_name(path.name + "-wal").stat().st_size - 32) // (4096 + 24)


@dataclass(slots=True)
class Counter:
    clerk: Clerk
    house: House
    database: CountedDatabase
    free: Iterator[Id]

    def seats(self, count: int) -> tuple[Id, ...]:
        return tuple(islice(self.free, count))

    def of(self, *commands: Any) -> Budget:
        """Of commands in one transaction, each of which has to succeed."""
        anna, judge, spent = self.house.operator(EVERYTHING), self.clerk.door.judge, self.database.spent
        writer = BatchWriter(self.database.connect, judge.work, lambda _: None, lambda _: None)
        ids = [new_id() for _ in commands]
        jobs = [job_of(anna, command, each) for command, each in zip(commands, ids, strict=True)]
        works = [(n, judge.work(job, NOW)) for n, job in enumerate(jobs)]
        pages, said, rows = wal_pages(self.database.path), len(spent.said), spent.rows
        answers = writer.taken(self.clerk.db, works).said
        assert all(answer.ok for _, answer in answers), answers
        cost = (len(spent.said) - said, spent.rows - rows)
        return Budget(*cost, log=sum(map(self._log, ids)), pages=wal_pages(self.database.path) - pages)

    def _log(self, command_id: Id) -> int:
        ((log,),) = self.clerk.rows(
            "SELECT LENGTH(l.body) + LENGTH(l.answer) + LENGTH(l.digest) + LENGTH(COALESCE(p.prints, '')) "
            "FROM command_log l LEFT JOIN command_prints p ON p.command_id = l.id WHERE l.id = :id",
            id=command_id,
        )
        ((audit,),) = self.clerk.rows(
            "SELECT COALESCE(SUM(LENGTH(entity) + LENGTH(entity_id) + LENGTH(action) + LENGTH(change)), 0) FROM audit "
            "WHERE command_id = :id",
            id=command_id,
        )
        return int(log) + int(audit)


@pytest.fixture
def counter(sqlite_place: tuple[Database, House], keys: Keys, watch: Watch) -> Iterator[Counter]:
    """A house in which each of these has been done before: what is worked out but once is nobody's."""
    database = CountedDatabase(sqlite_place[0].url)
    with closing(database.connect()) as db:
        house = sqlite_place[1]
        made = Counter(Clerk(Door(database, watch, path_of, keys), db, watch), house, database, iter(house.seats))
        made.of(house.order(house.seats[19]))
        made.of(house.standing_order())
        held = a_hold(house, house.seats[18])
        made.of(held)
        made.of(house.order(house.seats[18], hold_id=held.hold_id))
        yield made


def a_hold(house: House, *seats: Id) -> HoldPlaces:
    return HoldPlaces(hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=seats)


# --- commands --------------------------------------------------------------------------------------------------------


def one_seat(counter: Counter) -> Budget:
    return counter.of(counter.house.order(*counter.seats(1)))


def a_further_seat(counter: Counter) -> Budget:
    """What eight cost more than four, each."""
    few, many = (counter.of(*map(counter.house.order, counter.seats(count))) for count in (4, 8))
    return Budget(*(-(-(m - f) // 4) for m, f in ((many.statements, few.statements), (many.rows, few.rows),
                                                    (many.log, few.log))))  # fmt: skip


def four_seats(counter: Counter) -> Budget:
    return counter.of(counter.house.order(*counter.seats(4)))


def out_of_a_hold(counter: Counter) -> Budget:
    seats = counter.seats(1)
    held = a_hold(counter.house, *seats)
    counter.of(held)
    return counter.of(counter.house.order(*seats, hold_id=held.hold_id))


def standing(counter: Counter) -> Budget:
    return counter.of(counter.house.standing_order())


def a_seat_held(counter: Counter) -> Budget:
    return counter.of(a_hold(counter.house, *counter.seats(1)))


def given_back(counter: Counter) -> Budget:
    held = a_hold(counter.house, *counter.seats(1))
    counter.of(held)
    return counter.of(ReleaseHold(hold_id=held.hold_id))


SPEND: dict[str, Callable[[Counter], Budget]] = {
    "a seat sold": one_seat,
    "a further seat sold in the same transaction": a_further_seat,
    "four seats sold": four_seats,
    "a seat sold out of a hold": out_of_a_hold,
    "a standing place sold": standing,
    "a seat held": a_seat_held,
    "a hold given back": given_back,
}


@pytest.mark.parametrize("what", COMMANDS)
def test_a_command_costs_no_more_than_its_budget(what: str, counter: Counter) -> None:
    """The leanest of three, where pages count: ids are drawn, so now and then a full page is split in two."""
    tries = 3 if COMMANDS[what].pages else 1
    spent = min((SPEND[what](counter) for _ in range(tries)), key=lambda each: each.pages)
    assert spent.within(COMMANDS[what]), (spent, counter.database.spent.said[-COMMANDS[what].statements - 5 :])


def test_each_budget_is_spent() -> None:
    """One of a path that nobody walks would guard nothing."""
    assert SPEND.keys() == COMMANDS.keys() and PATHS.keys() == PAGES.keys()


# --- pages -----------------------------------------------------------------------------------------------------------

PATHS = {"a list": "tariff", "a form": "tariff/{full}/edit", "a thing": "tariff/{full}"}


@asynccontextmanager
async def served(database: Database, house: House, keys: Keys) -> AsyncIterator[str]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    me = SignedIn(house.operator(EVERYTHING), new_id(), "Ada", "fr", csrf_of("token"))

    async def session(_: web.Request) -> SignedIn | None:
        return me

    app = make_app(door)
    app[SESSIONS] = session
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/admin/e/"
    await runner.cleanup()
    await asyncio.to_thread(door.stop)


async def test_a_page_asks_no_more_than_its_budget(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    house = sqlite_place[1]
    database = CountedDatabase(sqlite_place[0].url)
    asked: dict[str, list[str]] = {}
    async with served(database, house, keys) as url, ClientSession() as client:
        for _ in range(2):  # the first time for what is worked out but once
            for what, path in PATHS.items():
                before = len(database.spent.said)
                async with client.get(url + path.format(full=house.full)) as answer:
                    assert answer.status == 200 and house.full in await answer.text()
                copied = database.spent.said[before:]  # the log is copied beside it, once a second
                asked[what] = [each for each in copied if not each.startswith("PRAGMA") and each != ASKED]
    assert {what: said for what, said in asked.items() if len(said) > PAGES[what]} == {}


async def test_a_list_with_figures_costs_as_much_for_many_rows_as_for_few(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """How full each performance is, what each order is for."""
    house = sqlite_place[1]
    database = CountedDatabase(sqlite_place[0].url)
    with closing(database.connect()) as db:
        clerk = Clerk(Door(database, Watch(), path_of, keys), db, Watch())
        clerk.do(house.order(house.seats[0]))
        asked = []
        async with served(database, house, keys) as url, ClientSession() as client:
            for n in range(1, 9):
                for path in ("performance", "sale_order"):
                    before = len(database.spent.said)
                    async with client.get(url + path) as answer:
                        assert answer.status == 200 and (await answer.text()).count("<tr>") == n + 1, path
                    copied = database.spent.said[before:]
                    asked.append((path, n, sum(not each.startswith("PRAGMA") and each != ASKED for each in copied)))
                later = timedelta(days=n)
                times = Schedule(*(at + later for at in (STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)))
                clerk.do(
                    CreatePerformance(
                        id=new_id(), event_id=house.event, logical_configuration_id=house.logical,
                        price_grid_id=house.grid, schedule=times,
                    )
                )  # fmt: skip
                clerk.do(house.order(house.seats[n]))
    few = {path: spent for path, n, spent in asked if n == 2}
    assert {(path, spent) for path, n, spent in asked if n == 8} == {*few.items()}
    assert all(spent <= LISTS[path] for path, spent in few.items()), few


# --- the gate --------------------------------------------------------------------------------------------------------


def test_a_scan_costs_no_more_than_its_budget(tmp_path: Path) -> None:
    house, clock = GateHouse(tmp_path), HandClock()
    lane = house.lane("A")
    said: list[str] = []
    driver = lane.journal._db

    def scan(number: int) -> None:
        verdict = lane.admit(Check(house.code(number)), fresh_id(clock), clock.moment(), Around())
        assert isinstance(verdict.answer.outcome, Ok)

    scan(1)
    path = tmp_path / "A.db"
    pages, rows = wal_pages(path), driver.total_changes
    driver.set_trace_callback(said.append)
    scan(2)
    driver.set_trace_callback(None)
    inner = [each for each in said if not each.startswith(("BEGIN", "COMMIT"))]
    spent = Budget(len(inner), driver.total_changes - rows, pages=wal_pages(path) - pages)
    assert spent.within(SCAN), (spent, inner)
