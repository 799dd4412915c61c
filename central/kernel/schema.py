"""Brings a database to the schema of this version, or says in a sentence why not."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.kernel.db import Database

FOLDER = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """The database is of a newer version, or cannot be reached."""


def upgrade(database: Database) -> None:
    """Runs the missing migrations; a database that is newer than this program is left alone."""
    if database.is_sqlite:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    config = alembic_config(database)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    try:
        engine = sa.create_engine(database.alchemy_url)
    except sa.exc.ArgumentError as fault:
        raise SchemaError(f"{database.url!r} names no database: write sqlite:///path or postgresql://….") from fault
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise SchemaError(
                f"The database is of another version (schema {current}), which this one cannot bring up to date. "
                "Install the Parterre that made it, or restore a backup made by this version."
            )
        command.upgrade(config, "head")
    except sa.exc.DBAPIError as fault:
        said = str(fault.orig).strip().splitlines()[0]
        raise SchemaError(f"The database {engine.url!r} cannot be used: {said}.") from fault
    finally:
        engine.dispose()
    if database.is_sqlite:
        # A new file is given its journal now, by one connection: the writer and its copier, each at its own first
        # connection, would lock each other out, which no patience helps.
        database.connect().close()


def alembic_config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", database.alchemy_url.replace("%", "%%"))
    return config
