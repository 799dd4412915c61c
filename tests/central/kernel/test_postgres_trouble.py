"""PostgreSQL held, away, frozen, or asked by many at once: refusals have names, nobody waits without end, and whoever
sells a seat that nobody else wants sells it."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic import command

from central.catalogue.model import PerformanceDo
from central.inventory.model import NoPlace
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Database, Waits
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.outage import REFUSED, TROUBLE
from central.kernel.postgres_writers import WRITERS
from central.kernel.schema import alembic_config, upgrade
from central.kernel.trouble import NoDatabase, Unavailable
from central.organisation.ops import CreateContext
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.venues.ops import (
    CreateLogicalConfiguration,
    CreateSpace,
    ImportPlan,
    ValidatePhysical,
    seat_id,
)
from shared.ids import Id
from shared.outcome import Refused
from tests.central.conftest import built
from tests.central.kernel.test_trouble import open_door, sold, until
from tests.central.small_house import STARTS, Clerk, House, Watch, new_id, plan
from tests.conftest import PostgresServer, postgres_database

pytestmark = pytest.mark.postgres
HASTY = Waits(connect_s=2.0, lock_s=0.2, write_s=1.0, read_s=1.0)
_NUMBER = count(1)


@pytest.fixture
def hasty(postgres_template: tuple[str, House], postgres_url: str) -> Iterator[tuple[Database, House]]:
    with postgres_database(postgres_url, f"trouble_{next(_NUMBER)}", "house_template") as url:
        # What falls over another's place is ordered again until `write_s` is over: on a busy machine that takes long.
        yield Database(url, replace(HASTY, write_s=5.0)), postgres_template[1]


def _season(house: House) -> CreateContext:
    key = new_id()
    return CreateContext(
        id=key, context_id=house.organiser, kind=ContextKind.SEASON, code=key[-9:], names={"fr": "Saison"}, settings={}
    )


# --- held -----------------------------------------------------------------------------------------------------------


async def test_a_table_that_another_program_holds_stops_what_needs_it_and_nothing_else(
    hasty: tuple[Database, House], keys: Keys
) -> None:
    """Before: all sales and everything else waited in eight threads for as long as the other program liked."""
    database, house = hasty
    before = REFUSED.value(side="writes", reason="database_held")
    async with open_door(database, keys) as door:
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE allocation IN ACCESS EXCLUSIVE MODE")
            sales = asyncio.ensure_future(sold(door, house, *house.seats))
            await until(lambda: door.waiting[0] >= 20)
            assert (await door.execute(SYSTEM, _season(house), new_id())).ok, "what needs no seat is done meanwhile"
            assert await sales == [Refused(NoDatabase.DATABASE_HELD)] * 20
            assert REFUSED.value(side="writes", reason="database_held") == before + 20
            assert (await door.execute(SYSTEM, _season(house), new_id())).ok
            assert door.outages[0].now is not None, "another kind of command that went well ends no outage"
        assert all(not isinstance(said, Refused) for said in await sold(door, house, *house.seats))
        assert door.outages[0].now is None


# --- away -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(own_postgres: PostgresServer, keys: Keys) -> tuple[PostgresServer, Database, House]:
    database = Database(own_postgres.url, HASTY)
    return own_postgres, database, built(database, keys)


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_a_server_that_is_away_is_refused_by_name_and_found_again(
    own: tuple[PostgresServer, Database, House], keys: Keys, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before: 500 and a trace for whoever reads, and no end of waiting for a server that stands still."""
    server, database, house = own
    async with open_door(database, keys) as door:
        assert not isinstance((await sold(door, house, house.seats[0]))[0], Refused)
        assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) == (1,)
        server.stop() if how == "stopped" else server.freeze()
        try:
            assert {said.reason for said in await sold(door, house, *house.seats[1:])} == {NoDatabase.DATABASE_AWAY}
            looks = [door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) for _ in range(20)]
            said = await asyncio.gather(*looks, return_exceptions=True)
            assert {each.reason for each in said if isinstance(each, Unavailable)} == {NoDatabase.DATABASE_AWAY}
            assert len(said) == 20 and all(isinstance(each, Unavailable) for each in said)
            assert TROUBLE.value(side="writes", reason="database_away") == 1
        finally:
            server.start() if how == "stopped" else server.freeze(thaw=True)
        await _back(door)
        again = await sold(door, house, *house.seats[1:])
        taken = {said.reason for said in again if isinstance(said, Refused)}
        assert taken <= {NoPlace.TAKEN}, "a commit whose answer was lost may have come through"
        assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) == (20,)
        assert TROUBLE.value(side="writes", reason="database_away") == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "does not serve" in line]
    assert len(told) == 2, "one line for commands and one for looks, however many were refused"


async def _back(door: Door) -> None:
    """Both sides serve again."""
    while True:
        try:
            await door.chore(lambda db: db.run("SELECT 1", {}))
            await door.read(SYSTEM, lambda read: read.one("SELECT 1"))
            return
        except Unavailable:
            await asyncio.sleep(0.05)


# --- the schema -----------------------------------------------------------------------------------------------------

TOGETHER = """
import sys
from central.kernel.db import Database
from central.kernel.schema import alembic_config, upgrade
for url in sys.argv[1:]:
    print("ready", flush=True)
    sys.stdin.readline()
    upgrade(Database(url))
"""


def _go(program: "subprocess.Popen[str]") -> None:
    assert program.stdin is not None
    program.stdin.write("go\n")
    program.stdin.flush()


def _ready(program: "subprocess.Popen[str]") -> None:
    assert program.stdout is not None and program.stderr is not None
    if program.stdout.readline() != "ready\n":
        pytest.fail(program.stderr.read())


def test_two_programs_bring_one_database_up_to_date(
    empty_postgres: Database, postgres_url: str, tmp_path: Path
) -> None:
    """Empty ones, and ones of an earlier version, at the same moment. Before: one of the two died of a type, or of a
    table, that was there already."""
    older = Database(postgres_url.replace("/postgres?", "/older?"))
    files = [Database(f"sqlite:///{tmp_path}/{name}.db") for name in ("new", "older")]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE DATABASE older")
    together = (empty_postgres, older, *files)
    for each in (older, files[1]):
        command.upgrade(alembic_config(each), "0002")
    line = [sys.executable, "-c", TOGETHER, *(each.url for each in together)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        programs = [stack.enter_context(subprocess.Popen(line, **pipes)) for _ in range(2)]  # type: ignore[call-overload]
        for program in programs:
            stack.callback(program.kill)
        for _ in together:
            for program in programs:
                _ready(program)
            for program in programs:
                _go(program)
        assert [program.wait() for program in programs] == [0, 0]
    for each in together:
        upgrade(each)  # there is nothing left to do


# --- many at once ---------------------------------------------------------------------------------------------------

ROWS, ROW = 8, 30


def _large(clerk: Clerk, house: House) -> tuple[Id, list[Id]]:
    """A performance of 240 seats beside the small one."""
    space, physical, logical, performance = (new_id() for _ in range(4))
    clerk.do(CreateSpace(id=space, site_id=house.site, code="GRANDE2", names={"fr": "Plus grande salle"}))
    assert (
        clerk.do(ImportPlan(id=physical, space_id=space, code="P2", names={"fr": "Plan"}, plan=plan(ROWS, ROW)))
        == ROWS * ROW
    )
    clerk.do(ValidatePhysical(configuration_id=physical))
    clerk.do(
        CreateLogicalConfiguration(
            id=logical,
            context_id=house.season,
            physical_configuration_id=physical,
            code="GRAND",
            names={"fr": "G"},
            categories={"1re": house.seated},
        )
    )
    at = Schedule(STARTS, STARTS - timedelta(minutes=90), STARTS + timedelta(hours=3), STARTS + timedelta(minutes=30))
    assert (
        clerk.do(
            CreatePerformance(
                id=performance,
                event_id=house.event,
                logical_configuration_id=logical,
                price_grid_id=house.grid,
                schedule=at,
            )
        )
        == ROWS * ROW
    )
    clerk.do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
    seats = [seat_id(physical, "Parterre", row, str(n)) for row in "ABCDEFGH"[:ROWS] for n in range(1, ROW + 1)]
    return performance, seats


async def test_sales_of_different_seats_are_never_busy(hasty: tuple[Database, House], keys: Keys) -> None:
    """240 of them, all in flight, over two centrals on one database. Before: 1 refused after 40 repeats."""
    database, house = Database(hasty[0].url), hasty[1]
    db = database.connect()
    performance, seats = _large(Clerk(Door(database, Watch(), path_of, keys), db, Watch()), house)
    db.close()
    async with open_door(database, keys) as one, open_door(database, keys) as other:
        orders = [house.order(seat, performance_id=performance) for seat in seats]
        replies = await asyncio.gather(
            *((one, other)[n % 2].execute(SYSTEM, order, new_id()) for n, order in enumerate(orders))
        )
        assert [reply.outcome.reason for reply in replies if not reply.ok] == []
        counted = await one.read(SYSTEM, lambda read: read.one("SELECT COUNT(DISTINCT seat_id) FROM allocation"))
        assert counted == (240,) and WRITERS > 1
