"""Migration 0002 was rewritten ten times on its first day, under one number. Houses that were made by an earlier text
have tables of another shape: they are known by their fingerprint and brought to today's 0002, all rows with them, or
refused by name. From 0003 on no migration was rewritten, so this list is closed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from central.kernel.search_index import line
from central.kernel.shape import config_of, engine_of

REVISION = "0002"
OTHERS = "alembic_version"  # Alembic's own, which stays


@dataclass(frozen=True, slots=True)
class Earlier:
    """`commit`: the one whose text made it. `fills`: what a column holds that must have a value and was not there, as
    SQL over the old row; None: the database is not brought over. `says_nothing`: per table, a condition on the columns
    that are left behind, under which nothing is lost; a row that does not meet it keeps all as it is."""

    commit: str
    fills: Mapping[str, str] | None
    says_nothing: Mapping[str, str]


_ORDERED = {"command_log.turn": "at * 1000 + ROW_NUMBER() OVER (PARTITION BY at ORDER BY id)"}
_FIRST = {
    **_ORDERED,
    "channel.hold_minutes": "15",
    "channel.hold_most_minutes": "60",
    "operator.totp_step": "0",
    "operator.recovery": "'[]'",
    "operator_letter.asked": "sent",
}
EARLIER: Mapping[str, Earlier] = {
    # Plans lay whole in the configuration and pictures in two columns, counts were not kept or kept otherwise: what
    # central does now with their rows was never tried, and is not promised.
    "afefceac430d252908b36aa5c39b9b000511faace47b94571661a4d3cf20a039": Earlier("6a45861", None, {}),
    "ec00db1360f7cc64e8e7399285250670ac1ba026b2f0c739a9b6c6f6b31291f2": Earlier("c3fbab7", None, {}),
    "20b2307e59e97a5ce95fd0db75ae128bb08bc49860c8d6225386e79b33abdc71": Earlier("bd13246", None, {}),
    "a4375a8b5074c1df10928dea310bacf7290237cd6bb9d8a4eda9bcf21ac6870d": Earlier("210787b", None, {}),
    "1fbdc5deb11265578e9289397fa75a1d9a804145e5042cd499a134ad22977e89": Earlier(
        "25498a3", _FIRST, {"operator": "wrong = 0 AND locked_until IS NULL"}
    ),
    "1ad086884220873859177befafd1e1669582626d3b0b258354b3642679a0e2cf": Earlier("37dae3c", _ORDERED, {}),
    "663a2e378096ba3cd064caf688f0223744b8f8fd4ea06ee76803092b74a914fd": Earlier("d3f61ca, 02a61bf", {}, {}),
    "b3b2bdb97261e705580dfab50e259e79b7d727a54612b02ae35e9f6b5ce7fcf2": Earlier("ea97ee0", {}, {}),
    "7a39320090b8337b6ec05b98f9f73b4defe205a475b977f8305812551c1a9e70": Earlier("c01efbc", {}, {}),
}
_CODED = """
channel context contingent entrance event logical_configuration physical_configuration point_of_sale price_grid profile
release_rule sale_limit seat_category site space tariff webhook
"""
_LOOKED_FOR: Mapping[str, tuple[str, ...]] = {  # what things were looked for by in 0002: their lines are written anew
    **dict.fromkeys(_CODED.split(), ("code", "names")),
    "device": ("code", "label"),
    "operator": ("name", "email"),
    "physical_zone": ("name",),
}


class NotBroughtOver(Exception):
    """Something would be lost; says what."""


def bring_over(alchemy_url: str, copy: Path, shape: Earlier) -> None:
    """Makes the tables of 0002 as they are today and fills them from the old ones, in one transaction. `copy` is one of
    the database as it is: SQLite reads the rows from there. What is left behind without a word is nothing: all old
    columns are carried over, or are known to say nothing."""
    assert shape.fills is not None
    with _beside(alchemy_url, copy) as connection:
        old = _columns(connection, "earlier")
        for table, condition in shape.says_nothing.items():
            if connection.execute(sa.text(f"SELECT 1 FROM earlier.{table} WHERE NOT ({condition})")).first():  # noqa: S608 - names of ours, values are parameters
                raise NotBroughtOver(f"a row of {table} says more than {condition}")
        with Operations.context(MigrationContext.configure(connection, opts={"transactional_ddl": True})):
            script = ScriptDirectory.from_config(config_of(alchemy_url)).get_revision(REVISION)
            script.module.upgrade()
        made = sa.MetaData()
        made.reflect(connection)
        for each in made.sorted_tables:
            if each.name in old:
                connection.execute(sa.text(_carried(each, old[each.name], shape.fills)))
        _look_for(connection)


@contextmanager
def _beside(alchemy_url: str, copy: Path) -> Iterator[sa.Connection]:
    """A transaction in which the old tables are called `earlier.…`, and there are no others yet."""
    engine = engine_of(alchemy_url)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        sa.event.listen(engine, "connect", lambda driver, _: driver.execute("ATTACH ? AS earlier", (str(copy),)))
    try:
        with engine.begin() as connection:
            tables = [name for name in sa.inspect(connection).get_table_names() if name != OTHERS]
            if not sqlite:
                connection.execute(sa.text("CREATE SCHEMA earlier"))
            for table in tables:
                do = f"DROP TABLE {table}" if sqlite else f"ALTER TABLE {table} SET SCHEMA earlier"
                connection.execute(sa.text(do))
            yield connection
            if not sqlite:
                connection.execute(sa.text("DROP SCHEMA earlier CASCADE"))
    finally:
        engine.dispose()


def _columns(connection: sa.Connection, schema: str) -> dict[str, set[str]]:
    found = sa.inspect(connection).get_multi_columns(schema=schema)
    return {str(table): {each["name"] for each in columns} for (_, table), columns in found.items() if table != OTHERS}


def _carried(table: sa.Table, old: set[str], fills: Mapping[str, str]) -> str:
    pairs = [(column.name, column.name if column.name in old else fills.get(f"{table.name}.{column.name}"))
             for column in table.columns]  # fmt: skip
    into, out = zip(*[(name, value) for name, value in pairs if value is not None], strict=True)
    return f"INSERT INTO {table.name} ({', '.join(into)}) SELECT {', '.join(out)} FROM earlier.{table.name}"  # noqa: S608 - names of ours, values are parameters


def _look_for(connection: sa.Connection) -> None:
    connection.execute(sa.text("DELETE FROM found"))
    for table, columns in _LOOKED_FOR.items():
        for row_id, *values in connection.execute(sa.text(f"SELECT id, {', '.join(columns)} FROM {table}")):  # noqa: S608 - names of ours, values are parameters
            connection.execute(
                sa.text("INSERT INTO found (entity, entity_id, words) VALUES (:entity, :id, :words)"),
                {"entity": table, "id": row_id, "words": line(dict(zip(columns, values, strict=True)))},
            )
