"""What a database really looks like: its catalogue as lines that are the same on SQLite and PostgreSQL, and their
fingerprint. Each revision has one fingerprint (migrations/fingerprints.txt, a line per migration), so that a database
whose tables are not what its revision says is refused, and never misread.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
FINGERPRINTS = FOLDER / "fingerprints.txt"
MOST_NAMED = 4
Shape = frozenset[str]


@cache
def known() -> Mapping[str, str]:
    """Revision → fingerprint."""
    lines = FINGERPRINTS.read_text().splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


def fingerprint(shape: Shape) -> str:
    return sha256("\n".join(sorted(shape)).encode()).hexdigest()


def shape_of(connection: sa.Connection) -> Shape:
    """Tables, columns, keys, references, checks, indexes, and triggers, of which we have none; the order of columns is
    not among it, and not Alembic's own table. Types and conditions are brought to one spelling."""
    there = sa.inspect(connection)
    lines = {line for table, line in _lines(there) if table != "alembic_version"}
    triggers = connection.execute(sa.text(_TRIGGERS[connection.dialect.name]))
    return frozenset(lines | {f"trigger {name} on {table}" for name, table in triggers})


_TRIGGERS = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace "
    "UNION ALL SELECT rulename, tablename FROM pg_rules WHERE schemaname = current_schema()",
}
"""They change what a command writes, and no command says so; PostgreSQL's rules do the same."""


def _lines(there: sa.Inspector) -> Iterator[tuple[str, str]]:
    for table, column in _of_tables(there.get_multi_columns()):
        null = "" if column["nullable"] else " not null"
        default = f" default {_plain(column['default'])}" if column["default"] is not None else ""
        default = re.sub(r"'(-?[\d.]+)'$", r"\1", default)  # PostgreSQL says '1' of some numbers, 1 of others
        yield table, f"column {table}.{column['name']} {_type(column['type'])}{null}{default}"
    for (_, table), key in there.get_multi_pk_constraint().items():
        yield str(table), f"key of {table} ({', '.join(key['constrained_columns'])})"
    for table, each in _of_tables(there.get_multi_unique_constraints()):
        yield table, f"unique {each['name']} of {table} ({', '.join(each['column_names'])})"
    for table, each in _of_tables(there.get_multi_foreign_keys()):
        there_ = f"{each['referred_table']} ({', '.join(each['referred_columns'])})"
        options = "".join(f" {name} {value}" for name, value in sorted(each["options"].items()))
        yield table, f"reference {table} ({', '.join(each['constrained_columns'])}) to {there_}{options}"
    for table, each in _of_tables(there.get_multi_check_constraints()):
        yield table, f"check {each['name']} of {table} {_plain(each['sqltext'])}"
    for table, each in _of_tables(there.get_multi_indexes()):
        if each.get("duplicates_constraint"):
            continue
        columns = each.get("expressions") or each["column_names"]
        options = each.get("dialect_options", {})
        where = [_plain(options[name]) for name in ("sqlite_where", "postgresql_where") if name in options]
        unique = "unique " if each["unique"] else ""
        yield (
            table,
            f"{unique}index {each['name']} of {table} ({', '.join(columns)}){''.join(f' if {w}' for w in where)}",
        )


def _of_tables(found: Mapping[Any, Iterable[Any]]) -> Iterator[tuple[str, Any]]:
    for (_, table), each in found.items():
        yield from ((table, one) for one in each)


def _type(kind: sa.types.TypeEngine[Any]) -> str:
    try:
        said = str(kind.as_generic()).lower()
    except NotImplementedError:  # none of those that we use
        said = str(kind).lower()
    return "float" if said == "double" else said


def _plain(text: Any) -> str:
    """PostgreSQL gives conditions back with brackets and types of its own."""
    return re.sub(r"::(?:double precision|character varying|\w+)|[()\"]|\s+", "", str(text)).lower()


# --- what it should be -----------------------------------------------------------------------------------------------


def shape_at(revision: str) -> Shape:
    """What the migrations make of an empty database, up to this one."""
    with tempfile.TemporaryDirectory() as folder:
        config = config_of(f"sqlite:///{folder}/empty.db")
        command.upgrade(config, revision)
        engine = sa.create_engine(f"sqlite:///{folder}/empty.db")
        with engine.connect() as connection:
            shape = shape_of(connection)
        engine.dispose()
    return shape


def engine_of(alchemy_url: str) -> sa.Engine:
    """One whose transactions also hold what changes tables: Python's SQLite driver alone begins none for it."""
    engine = sa.create_engine(alchemy_url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _begun)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _begun(driver: Any, _: Any) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA secure_delete=ON")  # of a table that is made anew, too, nothing stays in pages that are free


def config_of(alchemy_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", alchemy_url.replace("%", "%%"))
    return config


def difference(there: Shape, wanted: Shape) -> str:
    """In words: what it lacks, what it has beside."""
    lacks, beside = sorted(wanted - there), sorted(there - wanted)
    said = [f"{word} {_named(lines)}" for word, lines in (("lacks", lacks), ("has besides", beside)) if lines]
    return " and ".join(said) or "is what an empty database becomes"


def _named(lines: list[str]) -> str:
    more = f" and {len(lines) - MOST_NAMED} more" if len(lines) > MOST_NAMED else ""
    return "; ".join(lines[:MOST_NAMED]) + more
