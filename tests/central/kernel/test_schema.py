"""Migrations: an empty database gets exactly what the entities declare; what is not ours is left alone."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import central.kernel.tables
from central.kernel.db import Database
from central.kernel.entity import METADATA
from central.kernel.schema import FOLDER, SchemaError, alembic_config, upgrade
from central.kernel.shape import fingerprint, known, shape_of

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
    "0011_schema_made.py": "fb0a88dbc65e7d7865af7e4adbea0199a02e2f422d714a06ba88cdf328d1cb78",
    "0012_dead_letter_reasons.py": "b12e1a1c2aaaa3ea2d9501fd328fd012b16ef4321df219aa17ebf754e08dc2a0",
    "0013_personal_keys.py": "c60edb8ce2a803f34e0955545e5e6c54022fb993d7779e39ffae15b8f8c150fa",
    "0014_scan_fact_ids.py": "7a335e3f764256e35f52422580c00c0efd24696cd140e68ff026009fd55593fc",
    "0015_sign_in_places_owner.py": "cd9830f279a8e700a00b43331b11838218141e0e04352e5dad8565b14ed5dcec",
    "0016_gone_contexts.py": "c1dd059358db2ec863b5c4c3da6b92286523a215ac5c29f7530ba6ba22cb5d7d",
    "0017_performance_note.py": "cbf5bce191fd45f8e6dff2a2190af7a4cde9484a12a56f33c62ad4215c8cb11f",
    "0018_what_is_asked_daily.py": "8bfcd5a393eb8e735014a8665dfe8fc626a6fafbfb5245f474d044234c69ace0",
    "0019_names_said_in_full.py": "d341d808029609ef0001454c6ad1fe399478f795055b6676ce4fca7e7d709258",
    "0020_kept_list_views.py": "94a5856f465c93390c3bfde83252b085db21044e2046a21e2d62721355aff268",
    "0021_invited_by_code.py": "a0b7432588b882437522feb23e932bd2930f79260d444120e75041eff9f9d109",
    "0022_found_by_what_they_name.py": "2741cbb354ceaa70425046daf4be1e7b4cd2c2a142f3eb942fe196613f728506",
    "0023_heard_by_central.py": "dcd714ceb222436a680312aa619b3f09e366b712c968afab2c3d0ac1633fefa3",
    "0024_balances_carried.py": "af2621cfcb43f690cf2f1c0d39ab181e64b6571f91a9b1d6581ff1ab481e68f4",
}
NEWEST = max(FROZEN)[:4]


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
        context = MigrationContext.configure(connection, opts={"compare_type": True})
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


# --- what the tables really are --------------------------------------------------------------------------------------


def at(database: Database, revision: str) -> None:
    """An empty database of an earlier version."""
    if database.is_sqlite:
        database.path.parent.mkdir(exist_ok=True)
    command.upgrade(alembic_config(database), revision)


def tables_of(database: Database) -> set[str]:
    engine = sa.create_engine(database.alchemy_url)
    with engine.connect() as connection:
        found = set(shape_of(connection))
    engine.dispose()
    return found


def done(database: Database, *statements: str) -> None:
    db = database.connect()
    for statement in statements:
        db.write(statement, {})
    db.close()


COMMAND = (
    "INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, turn) "
    "VALUES ('01', 0, '', '', 'one', '', '', '', 1796000000123456)"
)


def test_a_revision_has_one_fingerprint_on_both_databases(empty: Database) -> None:
    for revision in sorted(known()):
        at(empty, revision)
        made = fingerprint(frozenset(tables_of(empty)))
        assert known()[revision] == made, f"central/kernel/migrations/fingerprints.txt, if it is new: {revision} {made}"


def test_every_migration_has_a_fingerprint() -> None:
    assert sorted(known()) == sorted(name[:4] for name in FROZEN)


@pytest.mark.parametrize(
    "by_hand, says",
    [
        ("CREATE TABLE mine (a BIGINT PRIMARY KEY)", "has besides column mine.a bigint"),
        ("DROP INDEX ix_outbox_lane", r"lacks index ix_outbox_lane of outbox \(lane, state, due\)\."),
        ("ALTER TABLE outbox ADD COLUMN note TEXT", r"has besides column outbox\.note text\."),
        (
            "ALTER TABLE outbox RENAME COLUMN lane TO queue",
            r"lacks column outbox\.lane text; .* and has besides column",
        ),
        ("DROP TABLE door_tally", r"lacks column door_tally\.caller text not null; .* and 2 more\."),
    ],
)
def test_tables_that_are_not_what_the_revision_says(empty: Database, by_hand: str, says: str) -> None:
    upgrade(empty)
    done(empty, by_hand)
    with pytest.raises(SchemaError, match=f"says schema {NEWEST} and was changed by hand: it {says}.*Undo that, or"):
        upgrade(empty)


def test_a_trigger_is_no_part_of_it(empty: Database) -> None:
    upgrade(empty)
    if empty.is_sqlite:
        done(empty, "CREATE TRIGGER evil AFTER INSERT ON operator_session BEGIN UPDATE operator SET name = 'x'; END")
    else:
        done(empty, "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        done(empty, "CREATE TRIGGER evil AFTER INSERT ON operator_session FOR EACH ROW EXECUTE FUNCTION evil()")
        done(empty, "CREATE RULE quiet AS ON DELETE TO operator_session DO INSTEAD NOTHING")
    with pytest.raises(SchemaError, match=r"changed by hand: it has besides .*trigger evil on operator_session.*Undo"):
        upgrade(empty)


def test_an_older_database_that_is_not_what_it_says_is_left_alone(empty: Database) -> None:
    at(empty, "0010")
    done(empty, "ALTER TABLE outbox ADD COLUMN note TEXT")
    before = tables_of(empty)
    with pytest.raises(SchemaError, match="says schema 0010 and was changed by hand"):
        upgrade(empty)
    assert tables_of(empty) == before


def test_tables_made_by_another_parterre(empty: Database) -> None:
    """A migration that was rewritten under its number: what it made is what it noted, and not ours."""
    upgrade(empty)
    done(empty, "ALTER TABLE outbox ADD COLUMN note TEXT")
    made = fingerprint(frozenset(tables_of(empty)))
    db = empty.connect()
    assert db.run("SELECT revision, fingerprint FROM schema_made", {}) == [(NEWEST, known()[NEWEST])]
    db.write("UPDATE schema_made SET fingerprint = :made", {"made": made})
    db.close()
    with pytest.raises(SchemaError, match="was made so by another Parterre"):
        upgrade(empty)


def test_an_update_that_fails_leaves_what_was_there(empty: Database, tmp_path: Path) -> None:
    """All of a run is one transaction, on SQLite too."""
    at(empty, "0002")
    done(empty, COMMAND, "INSERT INTO outbox (id, kind, body, due, tries, state, last_error) "
         "VALUES ('1', 'webhook', 'no JSON', 0, 0, 'waiting', '')")  # fmt: skip
    before = tables_of(empty)
    for _ in range(2):
        with pytest.raises(ValueError, match="Expecting value"):
            upgrade(empty, tmp_path / "aside")
        assert tables_of(empty) == before
    assert len(list((tmp_path / "aside").iterdir())) == 1, "a start that is repeated makes no second copy of the same"


def test_migrations_that_make_something_else_are_said_and_undone(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worked out when those that ran are over: Alembic runs one at a time."""
    at(empty, "0010")
    before = tables_of(empty)
    monkeypatch.setattr("central.kernel.schema.known", lambda: {**known(), NEWEST: known()["0010"]})
    says = rf"to schema {NEWEST} have made other tables .*\(it is what an empty database becomes\), and nothing was ch"
    with pytest.raises(SchemaError, match=says):
        upgrade(empty)
    assert tables_of(empty) == before


# --- the copy --------------------------------------------------------------------------------------------------------


def test_a_copy_is_set_aside_and_is_what_was_there(empty: Database, tmp_path: Path) -> None:
    at(empty, "0008")
    done(empty, COMMAND)
    copy = upgrade(empty, tmp_path / "aside")
    end = "db" if empty.is_sqlite else "dump"
    assert copy == tmp_path / "aside" / f"schema-0008-20261130T005320.123456Z.{end}"
    assert copy.stat().st_mode & 0o077 == 0 and list(copy.parent.iterdir()) == [copy]
    assert upgrade(empty, tmp_path / "aside") is None


def test_nothing_to_lose_is_not_copied(empty: Database, tmp_path: Path) -> None:
    at(empty, "0008")
    assert upgrade(empty, tmp_path / "aside") is None and not (tmp_path / "aside").exists()


def test_without_a_copy_nothing_is_changed(empty: Database, tmp_path: Path) -> None:
    at(empty, "0008")
    done(empty, COMMAND)
    (tmp_path / "aside").write_text("a file where the folder should be")
    with pytest.raises(SchemaError, match=r"from schema 0008 to .* copied, which fails: .*schema update --copied"):
        upgrade(empty, tmp_path / "aside")
    assert fingerprint(frozenset(tables_of(empty))) == known()["0008"]
    assert upgrade(empty) is None
    assert fingerprint(frozenset(tables_of(empty))) == known()[NEWEST]


@pytest.mark.postgres
def test_without_pg_dump_there_is_no_copy(
    empty_postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(empty_postgres, "0008")
    done(empty_postgres, COMMAND)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SchemaError, match="pg_dump is not installed"):
        upgrade(empty_postgres, tmp_path / "aside")


def test_what_central_did_not_note_when_it_heard_is_taken_from_what_was_told(empty: Database) -> None:
    """And is no later than the update, whatever a device's clock said."""
    at(empty, "0022")
    told = {"past": 1_000, "ahead": 9_000_000_000_000}
    with closing(empty.connect()) as db:
        db.begin(write=True)
        for name, when in told.items():
            db.write(
                "INSERT INTO anomaly (id, kind, at, device_id, subject, detail, settled) "
                "VALUES (:name, 'duplicate_offline', :at, '', '', '{}', 0)",
                {"name": name, "at": when},
            )
        db.commit()
    upgrade(empty)
    with closing(empty.connect()) as db:
        now = dict(db.run("SELECT id, received FROM anomaly", {}))
    assert now["past"] == 1_000 and 1_000 < now["ahead"] < told["ahead"]


# --- what is no database of ours -------------------------------------------------------------------------------------


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
