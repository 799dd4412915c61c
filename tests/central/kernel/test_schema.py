"""Migrations: an empty database gets exactly what the entities declare; what is not ours is left alone."""

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import central.kernel.tables
from central.kernel.db import Database
from central.kernel.entity import METADATA
from central.kernel.schema import FOLDER, SchemaError, upgrade

# Houses were made by these files: what comes new is a new file (tools/migration), and a line here with its landing.
FROZEN = {
    "0002_what_is_declared.py": "a875ba7d2b474964e295f405c9c051839b429cbff88e421ee8e28c73548c6e1d",
    "0003_gaps_of_facts.py": "d257fae143a956359debb9a78f8fa25c1e7e11ca04e4b96f2cfdaf2be37d17e7",
    "0004_passwords_given_again.py": "726224065260cbc4cdfa93b7dd669ffe2b6313c30828d70bdcc420f157bd07fa",
    "0005_house_key.py": "51c8fc18fdd1de0809026d8e446176d93f47577d7e8d85be26d7ae05505dd871",
    "0006_what_the_door_turned_away.py": "5eed14b3fabb8d34f4662bb13db1dd933cccdb87028a57f09582cce624b3e82f",
    "0007_outbox_claims.py": "0492d8e3c0b46f97ae36d578a5776576f81545dbb3dabaf71220209d448340f0",
    "0008_known_places.py": "2c2158e16d288fc3fa3545ebc954d015f018811204efa96ec38f4f1c3886ade6",
    "0009_outbox_lanes.py": "554f6d7d2b9468a5f382baf147aeaf0597509659cf968bb33362e35347690c52",
    "0010_prints.py": "9d36f415543c2a1ab7825952796d2e32aad3e80d9f2a90851eae875462e32531",
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'folder' / 'new.db'}")
    made: Database = request.getfixturevalue("empty_postgres")
    return made


def test_migrations_give_exactly_what_is_declared(empty: Database) -> None:
    upgrade(empty)
    engine = sa.create_engine(empty.alchemy_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        there = {name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"}
        indexes: dict[str, Any] = {each["name"]: each for each in sa.inspect(connection).get_indexes("allocation")}
    engine.dispose()
    assert there == set(METADATA.tables) and central.kernel.tables.COMMAND_LOG.name in there
    assert indexes["ux_allocation_live"]["unique"], "the lock on live seats"
    upgrade(empty)  # a second time there is nothing to do


def test_a_migration_that_made_houses_is_not_rewritten() -> None:
    there = {path.name: sha256(path.read_bytes()).hexdigest() for path in (FOLDER / "versions").glob("*.py")}
    assert there == FROZEN


def test_no_migration_goes_down() -> None:
    """An operator goes back to the copy. 0002 has the words for it in its frozen text, and nobody runs them."""
    going_down = {path.name for path in (FOLDER / "versions").glob("*.py") if "def downgrade" in path.read_text()}
    assert going_down == {"0002_what_is_declared.py"} and "downgrade" not in (FOLDER / "script.py.mako").read_text()


def test_a_newer_database_is_left_alone(empty: Database) -> None:
    upgrade(empty)
    db = empty.connect()
    db.write("UPDATE alembic_version SET version_num = '9999'", {})
    db.close()
    with pytest.raises(SchemaError, match=r"another version \(schema 9999\).* Install the Parterre that made it"):
        upgrade(empty)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("These are my notes. " * 100)
    with pytest.raises(SchemaError, match=r"cannot be used: file is not a database\."):
        upgrade(Database(f"sqlite:///{path}"))
    assert path.read_text().startswith("These are my notes.")


@pytest.mark.parametrize(
    "url, says",
    [
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be used: "),
        ("nonsense", "names no database"),
        ("oracle-of-delphi://x", "names no database"),
    ],
)
def test_a_database_that_is_not_there(url: str, says: str) -> None:
    with pytest.raises(SchemaError, match=says):
        upgrade(Database(url))


def test_a_password_is_not_said() -> None:
    with pytest.raises(SchemaError) as refused:
        upgrade(Database("postgresql://anna:hunter2@127.0.0.1:1/none"))
    assert "hunter2" not in str(refused.value)


def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'd.db'}")
    db = database.connect()
    said = [db.run(f"PRAGMA {name}", {})[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    db.close()
    assert said == ["wal", 2, 1]
    reader = database.connect(read_only=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.write("CREATE TABLE t (a)", {})
    reader.close()
