"""Writes the dumps of houses with a row in every table, one per schema (tests/central/kernel/dumps):

    .venv/bin/python -m tests.central.kernel.houses           those that are not there yet: after a new migration
    .venv/bin/python -m tests.central.kernel.houses 25498a3   of an early text of 0002, whose tables git remembers

The house is today's, through the door where rules bind its rows, and by hand where nothing but a row is wanted; what a
schema did not know yet is left out. Its log is sealed and signed as it was in its day. A dump that is there is never
written anew: it stands for houses that are.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations

import central.areas  # noqa: F401  # declares every entity
from central.inventory.model import Limit, LimitPer
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME, METADATA, Column, Declaration
from central.kernel.keys import make_keys
from central.kernel.log_chain import Checkpoint, head_of, seal_now
from central.kernel.privileges import Action
from central.kernel.schema import alembic_config, upgrade
from central.kernel.shape import FOLDER, known
from central.kernel.traces import Traces
from central.kernel.tx import Read, Tx
from central.orders.holds import HoldPlaces
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.wire.codec import build, dump
from shared.wire.seal import seal
from tests.central.small_house import NOW, STARTS, Clerk, House, Watch, new_id, set_up

DUMPS = Path(__file__).parent / "dumps"
EARLY = ("25498a3", "37dae3c", "d3f61ca", "ea97ee0", "c01efbc")
TURNED = {  # what a column was called in an early shape, or what stood there, in words of today's row
    "25498a3": {"operator_letter.sent": "asked", "operator.wrong": 0, "operator.locked_until": None},
}
PROVED_FROM = "0010"  # before it the log said nothing of the rows that it left
LETTERS_FROM = "0004"  # before it nobody looked for letters
NO_HOLDS = ("25498a3",)
UNSEALED = ("25498a3", "37dae3c")


# --- the house -------------------------------------------------------------------------------------------------------


def lived_in(clerk: Clerk, *, holds: bool = True) -> House:
    """Something of everything has happened in it. `holds`: there were any, which the earliest texts did not know."""
    house = set_up(clerk, 1, 6)
    make_limit = command_of(Action.CREATE, Limit)
    clerk.do(
        make_limit(
            id=new_id(),
            context_id=house.institution,
            code="MOST",
            names={"fr": "Au plus"},
            per=LimitPer.PERFORMANCE,
            most=500,
        )
    )
    clerk.do(house.order(house.seats[0], house.seats[1]))
    clerk.do(house.standing_order(2))
    if holds:
        clerk.do(
            HoldPlaces(
                hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=house.seats[2:4]
            )
        )
    for table in METADATA.sorted_tables:
        if table.name in BY_NAME and not clerk.rows(f"SELECT 1 FROM {table.name} LIMIT 1"):
            by_hand(clerk, BY_NAME[table.name])
    for table in METADATA.sorted_tables:
        if table.name not in BY_NAME and not clerk.rows(f"SELECT 1 FROM {table.name} LIMIT 1"):
            row = {column.name: _stored(clerk, column) for column in table.columns}
            names = ", ".join(row)
            clerk.db.write(f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)
    return house


A_DEVICE = derived_id("specimen", "device")
A_SCAN = derived_id("specimen", "scan")
A_TICKET = "SELECT MIN(id) FROM entitlement"
VALUES: dict[str, Any] = {  # where not any value will do; a SELECT: what it finds
    "fact.seq": 2,  # its first is still awaited
    "fact.device_id": A_DEVICE,
    "fact.kind": "scan",
    "fact.fact_id": A_SCAN,
    "scan.id": A_SCAN,
    "scan.device_id": A_DEVICE,
    "scan.ticket_id": A_TICKET,
    "scan.direction": "entry",
    "scan.admitted": True,
    "scan.gate": "A",
    "scan.site_id": derived_id("house", "venue", 0),
    "scan.performance_id": derived_id("house", "performance"),
    "admission.ticket_id": A_TICKET,
    "admission.scan_id": A_SCAN,
    "admission.gate": "A",
    "passage.scan_id": A_SCAN,
    "passage.device_id": A_DEVICE,
    "passage.passed": True,
    "device.contiguous": 0,
    "shop_picture.picture": "data:image/png;base64,iVBORw0KGgo=",
    "operator_letter.token_digest": "d" * 64,
    "operator_letter.until": STARTS,
    "webhook.url": "https://example.org/hook",
    "sign_in_attempt.locked_until": NOW,
    "zone_entrance.entrance_id": derived_id("specimen", "entrance"),
    # of tables that are no entities
    "balance_carried.through": 0,
    "balance_carried.billions": 0,
    "balance_carried.rest": 0,
    "door_tally.day": "2026-11-21",
    "door_tally.caller": "stranger",
    "door_tally.command": "sign_in",
    "door_tally.reason": "wrong",
    "fact_gap.device_id": A_DEVICE,
    "house_key.name": "root",
    "house_key.fingerprint": "f" * 64,
    "list_view.operator_id": A_DEVICE,
    "list_view.entity": "tariff",
    "list_view.query": "",
    "outbox.kind": "mail",
    "outbox.body": "{}",
    "outbox.state": "done",
    "sign_in_place.typed_email": "a" * 64,
}


def by_hand(clerk: Clerk, declaration: Declaration) -> None:
    """One row, as a command would leave it."""
    read = Read(clerk.db, SYSTEM, NOW, clerk.door.keys)
    row = declaration.kind(**{column.name: _value(read, declaration, column) for column in declaration.columns})
    traces, command_id = Traces(), new_id()
    clerk.db.begin(write=True)
    tx = Tx(clerk.db, SYSTEM, NOW, command_id, clerk.door.keys)
    tx.ways_in_asked = True  # nobody comes in by these
    tx.insert(row)
    traces.log(command_id, to_ms(NOW), "system:specimen", "", "specimen", None, "", "{}", "+null", tx.left())
    traces.gather(tx)
    traces.write(clerk.db)
    clerk.db.commit()


def _value(read: Read, declaration: Declaration, column: Column) -> Any:
    name = f"{declaration.name}.{column.name}"
    if name in VALUES:
        said = VALUES[name]
        return Id(read.run(said)[0][0]) if str(said).startswith("SELECT") else said
    if column.name == "id":
        return derived_id("specimen", declaration.name)
    if column.ref and not column.many:
        row = read.one(f"SELECT MAX(id) FROM {column.ref}")
        return Id(row[0]) if row and row[0] else None
    return None if column.nullable else _of(column.hint, column.name)


def _stored(clerk: Clerk, column: sa.Column[Any]) -> Any:
    """Of a table that is no entity: by its type, where VALUES says nothing."""
    name = f"{column.table.name}.{column.name}"
    if name in VALUES or column.nullable:
        return VALUES.get(name)
    for key in column.foreign_keys:
        return clerk.rows(f"SELECT MAX({key.column.name}) FROM {key.column.table.name}")[0][0]
    if isinstance(column.type, sa.Integer):
        return 1
    return derived_id("specimen", name) if getattr(column.type, "length", None) == 26 else column.name


def _of(hint: Any, name: str) -> Any:
    base = getattr(hint, "__supertype__", hint)
    if hint is Id:
        return derived_id("specimen", name)
    if isinstance(base, type) and issubclass(base, StrEnum):
        return next(iter(base))
    simple = {str: name, bool: False, int: 1, float: 1.0, datetime: NOW}
    if base in simple:
        return simple[base]
    return build(hint, {"fr": "Nom"} if name == "names" else _empty(hint))


def _empty(hint: Any) -> Any:
    for empty in ({}, []):
        try:
            build(hint, empty)
        except ValueError:
            continue
        return empty
    raise NotImplementedError(f"say in VALUES what {hint} may be")


# --- the dump --------------------------------------------------------------------------------------------------------


def shaped(url: str, schema: str) -> None:
    """Empty tables of a schema: a revision, or an early text of 0002 by its commit."""
    if schema in known():
        command.upgrade(alembic_config(Database(url)), schema)
        return
    text = subprocess.run(
        ["git", "show", f"{schema}:{(FOLDER / 'versions').relative_to(Path.cwd())}/0002_what_is_declared.py"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    module: dict[str, Any] = {}
    exec(compile(text, schema, "exec"), module)
    engine = sa.create_engine(url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        module["upgrade"]()
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('0002')"))
    engine.dispose()


def written(db: Connection, schema: str) -> Iterator[str]:
    """A dump's lines: rows alone for a revision, whose tables its frozen migrations make; of an early text also its
    tables, in words of SQLite's that PostgreSQL understands but for WITHOUT ROWID."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/shaped.db"
        shaped(url, schema)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            if schema not in known():
                made = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE sql <> '' ORDER BY rowid"))
                yield from (f"{' '.join(each.split())};" for (each,) in made)
                yield "INSERT INTO alembic_version (version_num) VALUES ('0002');"
            tables = sa.MetaData()
            tables.reflect(connection)
        engine.dispose()
    there = set(tables.tables) - (set() if schema in known() and schema >= LETTERS_FROM else {"operator_letter"})
    for table in tables.sorted_tables:
        if table.name != "alembic_version":
            yield from _rows(db, table, TURNED.get(schema, {}), there)


def _rows(db: Connection, table: sa.Table, turned: dict[str, Any], there: set[str]) -> Iterator[str]:
    """`there`: the tables whose things were looked for."""
    names = [column.name for column in table.columns]
    out = [_today(turned, f"{table.name}.{name}", name) for name in names]
    rows = db.run(f"SELECT {', '.join(out)} FROM {table.name} ORDER BY 1, 2", {})
    if table.name == "found":
        rows = [row for row in rows if row[names.index("entity")] in there]
    if table.name == "context":  # above before below
        parent = {row[0]: row[names.index("parent_id")] for row in rows}
        rows.sort(key=lambda row: _depth(parent, row[0]))
    for row in rows:
        yield f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(map(_literal, row))});"


def _depth(parent: dict[str, str | None], row_id: str) -> int:
    above = parent[row_id]
    return 1 + _depth(parent, above) if above else 0


def _today(turned: dict[str, Any], key: str, name: str) -> str:
    said = turned.get(key, name)
    return said if isinstance(said, str) else _literal(said)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def loaded(database: Database, schema: str) -> None:
    """The house of a dump, in an empty database."""
    statements = re.split(r";\n(?=CREATE |INSERT |\Z)", (DUMPS / f"{schema}.sql").read_text())
    if schema in known():
        if database.is_sqlite:
            database.path.parent.mkdir(exist_ok=True)
        command.upgrade(alembic_config(database), schema)
    engine = sa.create_engine(database.alchemy_url)
    with engine.begin() as connection:
        for each in filter(None, statements):
            connection.exec_driver_sql(each if database.is_sqlite else _for_postgres(each))
    engine.dispose()


def _for_postgres(statement: str) -> str:
    made = statement.replace(" WITHOUT ROWID", "") if statement.startswith("CREATE") else statement
    return made.replace("%", "%%")


def sealed_as_in(clerk: Clerk, schema: str) -> None:
    """As the log was in its day: before prints it said nothing of rows, before the chain nothing was sealed."""
    db, keys = clerk.db, clerk.door.keys
    kept = (
        "(SELECT id FROM command_log ORDER BY turn DESC LIMIT 1)"
        if schema in known() and schema >= PROVED_FROM
        else "('')"
    )
    db.write(f"DELETE FROM command_prints WHERE command_id NOT IN {kept}", {})
    db.write("UPDATE command_log SET seq = NULL, hash = NULL", {})
    db.write("DELETE FROM audit_checkpoint", {})
    db.write("DELETE FROM counter WHERE name = 'log sealed'", {})
    if schema in UNSEALED:
        return
    read = Read(db, SYSTEM, NOW, keys)
    seal_now(db, read)
    seq, digest = head_of(read)
    signed = seal(dump(Checkpoint(seq, digest.hex(), to_ms(NOW))), keys.signer)
    db.write(
        "INSERT INTO audit_checkpoint (seq, text, kid, signature, certificate) VALUES (?, ?, ?, ?, ?)",
        (seq, signed.text, signed.kid, signed.signature, keys.certificate.pem),
    )


def write(schemas: Iterable[str]) -> None:
    wanted = sorted(schemas, key=lambda each: each not in known() or each < PROVED_FROM)  # prints are taken away after
    for holds in (True, False):
        keys = make_keys(NOW)
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{folder}/house.db")
            upgrade(database)
            watch = Watch()
            with closing(database.connect()) as db:
                clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
                lived_in(clerk, holds=holds)
                for schema in wanted:
                    if (schema not in NO_HOLDS) is holds:
                        sealed_as_in(clerk, schema)
                        text = "\n".join(written(db, schema))
                        (DUMPS / f"{schema}.sql").write_text(f"{text}\n")
                        (DUMPS / f"{schema}.pem").write_text(keys.root_pem)


if __name__ == "__main__":
    write(each for each in sys.argv[1:] or sorted(known()) if not (DUMPS / f"{each}.sql").exists())
