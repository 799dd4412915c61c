"""Central's databases for tests: SQLite and PostgreSQL, each with the small house in it, copied from a template."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys, make_keys
from central.kernel.row_proof import RowFault, prove_rows
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from tests.central.small_house import NOW, Clerk, House, Watch, set_up
from tests.conftest import postgres_database

_NUMBER = count(1)


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys(NOW)


def built(database: Database, keys: Keys) -> House:
    upgrade(database)
    watch = Watch()
    db = database.connect()
    house = set_up(Clerk(Door(database, watch, path_of, keys), db, watch))
    db.close()
    return house


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> tuple[Path, House]:
    path = tmp_path_factory.mktemp("template") / "house.db"
    return path, built(Database(f"sqlite:///{path}"), keys)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str, keys: Keys) -> tuple[str, House]:
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE DATABASE house_template")
    url = postgres_url.replace("/postgres?", "/house_template?")
    return url, built(Database(url), keys)


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[Database]:
    with postgres_database(postgres_url, f"empty_{next(_NUMBER)}") as url:
        yield Database(url)


@pytest.fixture
def sqlite_place(
    sqlite_template: tuple[Path, House], tmp_path: Path, request: pytest.FixtureRequest, keys: Keys
) -> Iterator[tuple[Database, House]]:
    """Whatever a test lets central do leaves tables that follow from the log: proved after each, but for tests that
    write behind the door's back (mark `behind_the_door`), and those that have written nothing."""
    path, house = sqlite_template
    file = tmp_path / "house.db"
    shutil.copy(path, file)
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    database = Database(f"sqlite:///{file}")
    yield database, house
    if request.node.get_closest_marker("behind_the_door"):
        return
    if written(file):
        assert row_faults(database, keys) == [], "central wrote past the log, or the test did: mark it behind_the_door"


LONG_AGO = 1_000_000_000  # nanoseconds


def written(file: Path) -> bool:
    """Whether anything was committed: it stands in the log ahead of the file, or in the file, which is new then."""
    ahead = file.with_name(f"{file.name}-wal")
    return (ahead.exists() and ahead.stat().st_size > 0) or file.stat().st_mtime_ns != LONG_AGO


def row_faults(database: Database, keys: Keys) -> list[RowFault]:
    with closing(database.connect(read_only=True)) as db:
        db.begin(write=False)
        proof = prove_rows(Read(db, SYSTEM, NOW, keys))
        db.rollback()
    assert proof.older == 0 and proof.since == 1
    return list(proof.faults)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, House]]:
    """The same house on either database; whatever else a test calls one of them by, it is SQLite's."""
    if request.param != "postgres":
        yield request.getfixturevalue("sqlite_place")
        return
    _, house = request.getfixturevalue("postgres_template")
    with postgres_database(request.getfixturevalue("postgres_url"), f"house_{next(_NUMBER)}", "house_template") as url:
        yield Database(url), house


@pytest.fixture
def house(place: tuple[Database, House]) -> House:
    return place[1]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def clerk(place: tuple[Database, House], keys: Keys, watch: Watch) -> Iterator[Clerk]:
    """The system's own clerk, on a connection of its own."""
    db = place[0].connect()
    yield Clerk(Door(place[0], watch, path_of, keys), db, watch)
    db.close()


@pytest.fixture
def quick(sqlite_place: tuple[Database, House], keys: Keys, watch: Watch) -> Iterator[tuple[Clerk, House]]:
    """Clerk and house on SQLite alone, for what does not depend on the database."""
    db = sqlite_place[0].connect()
    yield Clerk(Door(sqlite_place[0], watch, path_of, keys), db, watch), sqlite_place[1]
    db.close()
