"""Brings a database to the schema of this version, or says in a sentence why not. One program at a time: two that
start together would both make the same tables."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.kernel.db import PATIENT, Database, PostgresConnection
from central.kernel.trouble import Repeatable, Unavailable

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
        engine = sa.create_engine(database.alchemy_url, connect_args=_patience(database))
    except sa.exc.ArgumentError as fault:
        raise SchemaError(f"{database.url!r} names no database: write sqlite:///path or postgresql://….") from fault
    try:
        engine.connect().close()  # whether it can be reached at all, in words of its own
        with _alone(database):
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
    except (Unavailable, Repeatable) as fault:
        raise SchemaError(f"The database {engine.url!r} cannot be used: {fault}.") from fault
    finally:
        engine.dispose()
    if database.is_sqlite:
        # A new file is given its journal now, by one connection: the writer and its copier, each at its own first
        # connection, would lock each other out, which no patience helps.
        database.connect().close()


def heads(database: Database) -> list[str]:
    """The revision that a database of this version has."""
    return ScriptDirectory.from_config(alembic_config(database)).get_heads()


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Waits for whoever is at it already, however long that takes: a big house's migrations do. Who comes second finds
    nothing to do."""
    if database.is_sqlite:
        with database.path.with_name(f"{database.path.name}.schema").open("a") as lock:
            flock(lock, LOCK_EX)  # given back with the file, also by a program that was killed
            yield
        return
    with closing(PostgresConnection(database.url, PATIENT)) as db, db.alone("schema"):
        yield


def _patience(database: Database) -> dict[str, int]:
    return {} if database.is_sqlite else {"connect_timeout": max(2, round(database.waits.connect_s))}


def alembic_config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", database.alchemy_url.replace("%", "%%"))
    return config
