"""A database that does not serve: everybody who waits is told so at once and by name, nothing is half done, and whoever
comes after it is served again, without a restart. SQLite here; PostgreSQL in test_postgres_trouble.py."""

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from central.app import make_app
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Connection, Database, SqliteConnection, Waits
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.log_mark import wal_bytes
from central.kernel.outage import REFUSED
from central.kernel.sqlite_writer import SqliteWriter
from central.kernel.trouble import NoDatabase, Unavailable
from central.kernel.turns import Footing
from central.web.texts import texts
from shared.languages import LANGUAGES
from shared.outcome import Refused
from shared.wire.requests import COMMAND_ID
from tests.central.small_house import ADMIN_KEY, House, Watch, new_id

HASTY = Waits(lock_s=0.05)


@asynccontextmanager
async def open_door(database: Database, keys: Keys) -> AsyncIterator[Door]:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    try:
        yield door
    finally:
        await asyncio.to_thread(door.stop)


async def until(true: Callable[[], bool]) -> None:
    """The test's own time-out ends it where it never comes."""
    while not true():  # noqa: ASYNC110 - what is waited for rings no bell
        await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Counting(Database):
    """Counts how often somebody tried to write."""

    tried: list[str] = field(default_factory=list)

    def connect(self, *, read_only: bool = False) -> Connection:
        made = super(Counting, self).connect(read_only=read_only)
        begin = made.begin

        def counted(*, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None:
            if write:
                self.tried.append("begin")
            begin(write=write, footing=footing, lock_s=lock_s)

        made.begin = counted  # type: ignore[method-assign]
        return made


async def sold(door: Door, house: House, *seats: Any) -> list[Any]:
    seller = house.operator("*")
    return [
        reply.outcome
        for reply in await asyncio.gather(*(door.execute(seller, house.order(seat), new_id()) for seat in seats))
    ]


# --- held -----------------------------------------------------------------------------------------------------------


async def test_all_who_wait_for_a_held_database_are_answered_after_one_wait(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: an exception, one caller every five seconds."""
    database, house = Counting(sqlite_place[0].url, HASTY), sqlite_place[1]
    before = REFUSED.value(side="writes", reason="database_held")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        async with open_door(database, keys) as door:
            other.execute("BEGIN EXCLUSIVE")
            assert await sold(door, house, *house.seats) == [Refused(NoDatabase.DATABASE_HELD)] * 20
            assert len(database.tried) <= 2, "those who came in the first one's wait were answered with it"
            assert REFUSED.value(side="writes", reason="database_held") == before + 20
            with pytest.raises(Unavailable, match="database_held"):
                await door.chore(lambda db: db.run("SELECT 1", {}))
            assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) == (0,), "reads go on"
            assert door.outages[0].now is not None and door.outages[1].now is None
            other.execute("ROLLBACK")
            assert all(not isinstance(outcome, Refused) for outcome in await sold(door, house, *house.seats))
            assert door.outages[0].now is None


async def test_a_repeat_after_an_outage_does_what_was_not_done(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    database, house = Database(sqlite_place[0].url, HASTY), sqlite_place[1]
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        async with open_door(database, keys) as door:
            order, command_id, seller = house.order(house.seats[0]), new_id(), house.operator("*")
            other.execute("BEGIN EXCLUSIVE")
            assert (await door.execute(seller, order, command_id)).outcome == Refused(NoDatabase.DATABASE_HELD)
            with pytest.raises(Unavailable, match="database_held"):
                await door.execute(SYSTEM, order, new_id())  # central's own loops take no trouble for an answer
            other.execute("ROLLBACK")
            assert (await door.execute(seller, order, command_id)).ok, "no refusal is kept under the id"
            assert (await door.execute(seller, order, command_id)).repeated


# --- away -----------------------------------------------------------------------------------------------------------


async def test_a_line_that_was_closed_is_opened_again_by_each_thread(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """The writer's and each reader's connection is closed under it: who was about hears of it, the next is served."""
    database, house = sqlite_place
    async with open_door(database, keys) as door:
        with pytest.raises(Unavailable, match="database_away"):
            await door.chore(lambda db: db.close())
        assert door.outages[0].now is not None
        assert [type(outcome) for outcome in await sold(door, house, *house.seats[:3])] != [Refused] * 3
        assert door.outages[0].now is None
        for _ in range(8):
            with pytest.raises(Unavailable, match="database_away"):
                await door.read(SYSTEM, lambda read: read._db.close())
        for _ in range(8):
            assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) == (3,)


async def test_a_database_that_cannot_be_opened_is_away_and_comes_back(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    database, house = sqlite_place
    elsewhere = database.path.with_name("elsewhere.db")
    async with open_door(database, keys) as door:
        database.path.rename(elsewhere)
        database.path.mkdir()  # a folder in the way
        with pytest.raises(Unavailable):
            await door.chore(lambda db: db.close())
        with pytest.raises(Unavailable):
            await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket"))
        assert await sold(door, house, *house.seats[:5]) == [Refused(NoDatabase.DATABASE_AWAY)] * 5
        database.path.rmdir()
        elsewhere.rename(database.path)
        assert [type(outcome) for outcome in await sold(door, house, *house.seats[:5])] != [Refused] * 5
        assert await door.read(SYSTEM, lambda read: read.one("SELECT COUNT(*) FROM ticket")) == (5,)


# --- SQLite's log ---------------------------------------------------------------------------------------------------


def _written(db: Connection, size: int) -> None:
    db.run("CREATE TABLE IF NOT EXISTS ballast (body BLOB)", {})
    db.run("INSERT INTO ballast VALUES (zeroblob(:size))", {"size": size})


async def test_the_log_is_cut_when_readers_allow(sqlite_place: tuple[Database, House], keys: Keys) -> None:
    """Before: it never got smaller (163 MiB after an evening's rush)."""
    most = 1024 * 1024
    database = Database(sqlite_place[0].url, wal_most=most)
    async with open_door(database, keys) as door:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM context").fetchone()
            for _ in range(6):
                await door.chore(lambda db: _written(db, most))
            assert wal_bytes(database.path) > 5 * most, "what a reader looks at is kept"
            await asyncio.gather(*(door.read(SYSTEM, lambda read: read.one("SELECT 1")) for _ in range(4)))
            reader.execute("ROLLBACK")
        await until(lambda: wal_bytes(database.path) <= most)
        await door.chore(lambda db: _written(db, 10))
        assert wal_bytes(database.path) <= most


def test_the_log_that_begins_anew_is_written_over(tmp_path: Path) -> None:
    """Before: it was cut to 16 MiB each time, and a rush made it longer again, at twice the cost of each page."""
    size, most = 20 * 1024 * 1024, 32 * 1024 * 1024
    database = Database(f"sqlite:///{tmp_path / 'log.db'}", wal_most=most)
    with closing(database.connect()) as db:
        for rush, left in ((size, size), (2 * size, most)):
            _written(db, rush)
            db.run("PRAGMA wal_checkpoint(PASSIVE)", {})
            _written(db, 10)
            assert left <= wal_bytes(database.path) <= most


async def test_the_copier_comes_back_after_its_line_was_closed(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    """Before: the thread ended for good, and nobody knew."""
    database = Database(sqlite_place[0].url, wal_most=1)
    async with open_door(database, keys) as door:
        writer = door._writers
        assert isinstance(writer, SqliteWriter)
        await until(lambda: writer.copier.line is not None)
        copier = next(each for each in door.standings if each.name == "checkpoint")
        elsewhere = database.path.with_name("elsewhere.db")
        database.path.rename(elsewhere)
        database.path.mkdir()
        assert isinstance(writer.copier.line, SqliteConnection)
        writer.copier.line.close()
        await until(lambda: copier.failing_since is not None)
        assert not copier.calm and "database_away" in copier.why
        database.path.rmdir()
        elsewhere.rename(database.path)
        await until(lambda: copier.calm and writer.copier.line is not None)


# --- what is answered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", list(NoDatabase))
def test_each_trouble_has_its_sentence_in_every_language(reason: NoDatabase) -> None:
    said = {texts(language).reason(reason) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES) and all(":" in each for each in said), "what it is, and what to do"


async def test_over_http_a_trouble_is_a_503_with_a_next_step_and_a_page_is_a_page(
    sqlite_place: tuple[Database, House], keys: Keys
) -> None:
    database, house = Database(sqlite_place[0].url, HASTY), sqlite_place[1]
    async with open_door(database, keys) as door, TestClient(TestServer(make_app(door))) as client:
        with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            headers = {COMMAND_ID: new_id(), **_key(house)}
            body = orjson.dumps(house.order(house.seats[0]))
            async with client.post("/api/v1/commands/place_order", data=body, headers=headers) as answer:
                said = await answer.json()
                assert (answer.status, said["reason"], answer.headers["Retry-After"]) == (
                    503,
                    "no_database.database_held",
                    "2",
                )
        elsewhere = database.path.with_name("elsewhere.db")
        database.path.rename(elsewhere)
        database.path.mkdir()
        await asyncio.gather(
            *(door.read(SYSTEM, lambda read: read._db.close()) for _ in range(8)), return_exceptions=True
        )
        async with client.get("/api/v1/entities/place", headers=_key(house)) as answer:
            said = await answer.json()
            assert (answer.status, said["reason"], answer.headers["Retry-After"]) == (
                503,
                "no_database.database_away",
                "5",
            )
            assert (
                said["title"] == texts("en").reason(NoDatabase.DATABASE_AWAY) and "elsewhere" not in await answer.text()
            )
        for language in LANGUAGES:
            async with client.get("/live", headers={**_key(house), "Accept-Language": language}) as answer:
                page = await answer.text()
                assert answer.status == 503 and answer.content_type == "text/html" and "Retry-After" in answer.headers
                assert texts(language).reason(NoDatabase.DATABASE_AWAY).split(":")[0].strip() in page.replace(
                    "&#39;", "'"
                )
                assert "Traceback" not in page and "Content-Security-Policy" in answer.headers
        database.path.rmdir()
        elsewhere.rename(database.path)
        async with client.get("/api/v1/entities/place", headers=_key(house)) as answer:
            assert answer.status == 200


def _key(house: House) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{house.admin}:{ADMIN_KEY}".encode()).decode()}
