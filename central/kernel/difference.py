"""What `tools/migration` writes: the difference between the newest migration and what is declared, as a new file. What
was renamed (`was=`, `Was`) is renamed in it, where Alembic alone would drop it and make it anew, without its rows. A
new column of a table that may have rows holds its declared default in them.
"""

from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.operations.ops import AddColumnOp, ExecuteSQLOp, ModifyTableOps
from alembic.script import ScriptDirectory

from central.kernel.db import Database
from central.kernel.entity import BY_NAME, stored_default
from central.kernel.schema import alembic_config


def write_difference(database: Database, what: str, folder: Path | None = None) -> Path:
    """The file made. `database` is one of the newest migration, of its own and empty: it is renamed in. `folder`: where
    the file goes, left out: to the others."""
    config = alembic_config(database)
    if folder:
        config.set_main_option("version_locations", f"{versions(config)} {folder}")
        config.set_main_option("path_separator", "space")
    head = ScriptDirectory.from_config(config).get_current_head()
    engine = sa.create_engine(database.alchemy_url)
    with engine.begin() as connection:
        said = list(_renames(sa.inspect(connection)))
        for statement in said:
            connection.execute(sa.text(statement))
    engine.dispose()

    def with_rows(_: Any, __: Any, scripts: list[Any]) -> None:
        changes = scripts[0].upgrade_ops
        for table in changes.ops:
            for each in table.ops if isinstance(table, ModifyTableOps) else ():
                if isinstance(each, AddColumnOp):
                    _fill(each)
        changes.ops[:0] = [ExecuteSQLOp(statement) for statement in said]

    made = command.revision(
        config, what, autogenerate=True, rev_id=f"{int(head or 0) + 1:04}", process_revision_directives=with_rows,
        version_path=str(folder) if folder else None,
    )  # fmt: skip
    assert made and not isinstance(made, list)
    return Path(made.path)


def versions(config: Config) -> str:
    return str(Path(config.get_main_option("script_location") or "") / "versions")


def _fill(added: AddColumnOp) -> None:
    """Whole words for any type: both databases say such a default in the same way. It stays in the table, which costs
    nothing; a table of a million rows would else be written twice."""
    declaration = BY_NAME.get(added.table_name)
    column = declaration and next(each for each in declaration.columns if each.name == added.column.name)
    if not declaration or not column:
        return
    default = stored_default(declaration.kind.__dataclass_fields__[column.name], column)
    if default not in (None, MISSING):
        added.column = sa.Column(
            added.column.name, added.column.type, nullable=added.column.nullable, server_default=str(default)
        )


def _renames(there: sa.Inspector) -> Iterator[str]:
    """Statements that both databases understand."""
    tables = set(there.get_table_names())
    for each in BY_NAME.values():
        table = each.name if each.name in tables else next((name for name in each.was if name in tables), None)
        if table is None:
            continue
        if table != each.name:
            yield f"ALTER TABLE {table} RENAME TO {each.name}"
            yield f"UPDATE found SET entity = '{each.name}' WHERE entity = '{table}'"  # noqa: S608 - our own names
        columns = {column["name"] for column in there.get_columns(table)}
        for column in each.columns:
            old = next((name for name in column.was if name in columns), None)
            if old and column.name not in columns:
                yield f"ALTER TABLE {each.name} RENAME COLUMN {old} TO {column.name}"
