"""Houses of every schema there was, with a row in every table, come to today's: nothing is lost, what is proved is
proved, and their pages open. The dumps are stored (houses.py); a new migration comes with one of its own."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient, TestServer
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from central.app import make_app
from central.inventory.audit import audit_house
from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, METADATA
from central.kernel.former_names import today
from central.kernel.keys import Keys
from central.kernel.log_chain import seal_now
from central.kernel.log_proof import prove
from central.kernel.privileges import EVERYTHING
from central.kernel.row_proof import prove_rows
from central.kernel.schema import SchemaError, repair, upgrade
from central.kernel.shape import Shape, known, shape_of
from central.kernel.tx import Read
from central.reports.checks import run_checks
from central.web.session import SESSIONS, SignedIn
from tests.central.kernel.houses import DUMPS, EARLY, TURNED, loaded
from tests.central.small_house import NOW, Watch, new_id
from tests.whole import part

SCHEMAS = sorted(path.stem for path in DUMPS.glob("*.sql"))
OPENED = {*part(SCHEMAS, 4), SCHEMAS[-1]}
"""Those whose pages are opened."""
Rows = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'house.db'}")
    made: Database = request.getfixturevalue("empty_postgres")
    return made


def rows_of(database: Database) -> Rows:
    """Table → its rows as they are stored, in an order."""
    engine = sa.create_engine(database.alchemy_url)
    with engine.connect() as connection:
        found = {
            name: sorted(map(dict, connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()), key=repr)
            for name in sa.inspect(connection).get_table_names()
            if name != "alembic_version"
        }
    engine.dispose()
    return found


def kept(before: Rows, after: Rows) -> None:
    """Every row is there, with every value that both have a column for; what was renamed by its name of today."""
    for table, rows in before.items():
        if table == "schema_made":  # which says what was run, so that it grows
            assert rows[0] in after[table]
            continue
        if table == "found":
            rows = [{**row, "entity": today(row["entity"])} for row in rows]
        there = after[today(table)]
        columns = set(rows[0]) & set(there[0])
        narrowed = [sorted([{name: row[name] for name in columns} for row in each], key=repr) for each in (rows, there)]
        assert narrowed[0] == narrowed[1], table


_AS_DECLARED: set[tuple[str, Shape]] = set()


def as_declared(connection: sa.Connection) -> None:
    """Alembic finds no difference from the declarations. A database that looks like one it went through is not gone
    through again: that takes a quarter of all that is done to a house here."""
    looks = connection.dialect.name, shape_of(connection)
    if looks not in _AS_DECLARED:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        _AS_DECLARED.add(looks)


def test_there_is_a_house_of_every_schema() -> None:
    assert set(SCHEMAS) == {*known(), *EARLY}, "a new migration: .venv/bin/python -m tests.central.kernel.houses"


@pytest.mark.whole
@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_house_of_before_is_todays(schema: str, empty: Database, tmp_path: Path, keys: Keys) -> None:
    loaded(empty, schema)
    before = rows_of(empty)
    assert [table for table, rows in before.items() if not rows] == [], "a row in every table"
    if schema in EARLY:
        with pytest.raises(SchemaError, match=rf"early text of schema 0002 \(commit .*{schema}.*schema repair"):
            upgrade(empty)
        assert rows_of(empty) == before
        assert repair(empty, tmp_path / "aside").exists()
    upgrade(empty)
    after = rows_of(empty)
    kept(before, after)
    if schema in TURNED:
        asked = [row["asked"] for row in after["operator_letter"]]
        assert asked == [row["sent"] for row in before["operator_letter"]]

    engine = sa.create_engine(empty.alchemy_url)
    with engine.connect() as connection:
        as_declared(connection)
    engine.dispose()
    with closing(empty.connect()) as db:
        read = Read(db, SYSTEM, NOW, keys)
        seal_now(db, read)
        assert prove(read, None, (DUMPS / f"{schema}.pem").read_text()).faults == ()
        assert prove_rows(read).faults == ()
        assert [(each.name, each.wrong) for each in run_checks(read) if not each.ok] == [
            (  # as it was: there is a row in the table of gaps, and a fact of our making says nothing
                "I1",
                ("code: 1 of 2 facts have not arrived", "code: the scan that fact 2 told is not in the books"),
            )
        ]
        ((root,),) = db.run("SELECT id FROM context WHERE parent_id IS NULL", {})
        first = {name: db.run(f"SELECT MIN(id) FROM {name}", {})[0][0] for name in BY_NAME}
    assert [found for _, found in audit_house(empty) if found] == []
    if empty.is_sqlite and schema in OPENED:  # what a page asks is tried on both elsewhere
        await pages_open(empty, keys, root, {name: row for name, row in first.items() if row})


async def pages_open(database: Database, keys: Keys, root: str, things: Mapping[str, str]) -> None:
    door = Door(database, Watch(), path_of, keys)
    door.start()
    app = make_app(door)
    me = SignedIn(
        Actor(ActorKind.OPERATOR, new_id(), "Ada", frozenset({(EVERYTHING, root)}), {}), new_id(), "Ada", "fr", ""
    )

    async def session(_: Any) -> SignedIn:
        return me

    app[SESSIONS] = session
    async with TestClient(TestServer(app)) as client:
        said = {}
        for path in [
            "/admin",
            "/admin/audit",
            *(
                f"/admin/{place}"
                for name, row in things.items()
                for place in (f"e/{name}/{row}", f"history/{name}/{row}")
            ),
        ]:
            async with client.get(path) as answer:
                said[path] = answer.status
    door.stop()
    assert {path: status for path, status in said.items() if status != 200} == {}


# --- early houses that are left as they are ---------------------------------------------------------------------------

A_COMMIT_BEFORE = """
DROP TABLE plan_file;
DROP TABLE shop_picture;
DROP TABLE physical_configuration;
ALTER TABLE physical_seat DROP COLUMN category;
CREATE TABLE shop_picture (
    id VARCHAR(26) NOT NULL PRIMARY KEY, configuration_id VARCHAR(26) NOT NULL REFERENCES logical_configuration (id),
    media_type TEXT NOT NULL, data TEXT NOT NULL, CONSTRAINT uq_shop_picture_configuration_id UNIQUE (configuration_id)
);
CREATE TABLE physical_configuration (
    id VARCHAR(26) NOT NULL PRIMARY KEY, space_id VARCHAR(26) NOT NULL REFERENCES space (id), code TEXT NOT NULL,
    names TEXT NOT NULL, state TEXT NOT NULL, "plan" TEXT NOT NULL, gauge BIGINT NOT NULL,
    CONSTRAINT uq_physical_configuration_space_id_code UNIQUE (space_id, code)
);
"""


@pytest.fixture
def early(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    loaded(database, "25498a3")
    return database


def done(database: Database, statements: str) -> None:
    with closing(sqlite3.connect(database.path)) as db:
        db.executescript(statements)


def test_a_house_that_is_not_brought_over_is_refused_by_name(early: Database, tmp_path: Path) -> None:
    done(early, A_COMMIT_BEFORE)
    before = rows_of(early)
    for act in (partial(upgrade, early), partial(repair, early, tmp_path / "aside")):
        with pytest.raises(SchemaError, match=r"early text of schema 0002 \(commit 210787b\), from which nothing is"):
            act()
    assert rows_of(early) == before and not (tmp_path / "aside").exists()


def test_what_would_be_lost_keeps_all_as_it_is(early: Database, tmp_path: Path) -> None:
    done(early, "UPDATE operator SET wrong = 3")
    before = rows_of(early)
    with pytest.raises(SchemaError, match="left as it is, since something would be lost: a row of operator says more"):
        repair(early, tmp_path / "aside")
    assert rows_of(early) == before


def test_a_sound_house_is_not_repaired(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'house.db'}")
    for schema in ("0002", "0011"):
        database.path.unlink(missing_ok=True)
        loaded(database, schema)
        with pytest.raises(SchemaError, match="nothing to repair"):
            repair(database, tmp_path / "aside")
