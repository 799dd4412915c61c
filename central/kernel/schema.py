"""Brings a database to the schema of this version, or says in a sentence why not. One program at a time: two that
start together would both make the same tables. What its tables really are is compared with what its revision says
(kernel/shape.py), before and after; nothing is changed in a house before a copy was set aside.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from fcntl import LOCK_EX, flock
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.kernel.db import BROKEN, PATIENT, Database, PostgresConnection
from central.kernel.log_mark import draw_mark, mark_change
from central.kernel.old_schemas import EARLIER, REVISION, Earlier, NotBroughtOver, bring_over
from central.kernel.remedy import remedy
from central.kernel.safety_copy import NoCopy, set_aside
from central.kernel.shape import FOLDER, Shape, config_of, difference, fingerprint, known, shape_at, shape_of
from central.kernel.tables import SCHEMA_MADE
from central.kernel.trouble import Repeatable, Unavailable

__all__ = ["FOLDER", "SchemaError", "alembic_config", "heads", "upgrade"]


class SchemaError(Exception):
    """The database is of a newer version, is not what it says, cannot be copied, or cannot be reached."""


class _NotAsSaid(Exception):
    """The tables are not what their revision says. What they should be is worked out by migrations, and so said only
    when those that run are over: Alembic runs one at a time."""

    def __init__(self, revision: str, shape: Shape, says: str) -> None:
        super().__init__(says)
        self.revision, self.shape, self.says = revision, shape, says


def upgrade(database: Database, aside: Path | None = None) -> Path | None:
    """Runs the missing migrations; a database that is newer than this program, or whose tables are not what its
    revision says, is left alone. `aside`: the folder that a copy goes to first; None: there is one, or nothing to lose.
    Answers with the copy that was made."""
    with _opened(database) as engine:
        try:
            copy = _brought_up(database, engine, aside)
        except _NotAsSaid as found:
            said = difference(found.shape, shape_at(found.revision))
            raise SchemaError(found.says.format(said)) from None
    if database.is_sqlite:
        # A new file is given its journal now, by one connection: the writer and its copier, each at its own first
        # connection, would lock each other out, which no patience helps.
        with suppress(*BROKEN), closing(database.connect()) as db:
            draw_mark(database.path, db)
    return copy


def repair(database: Database, aside: Path) -> Path:
    """Brings a database that an earlier text of 0002 made to what 0002 is today, all rows with it, after a copy went to
    `aside`; answers with the copy. Everything later is `upgrade`."""
    with _opened(database) as engine:
        with engine.connect() as connection:
            found = _earlier(connection)
            if found is None:
                raise SchemaError("The database is of no earlier text of schema 0002: there is nothing to repair.")
            if found.fills is None:
                raise SchemaError(_not_brought_over(found))
            last = connection.execute(sa.text("SELECT COALESCE(MAX(at), 0) * 1000 FROM command_log")).scalar_one()
        try:
            copy = set_aside(database, aside, REVISION, int(last))
            bring_over(database.alchemy_url, copy, found)
        except NoCopy as why:
            raise SchemaError(f"The database is copied before it is repaired, which fails: {why}. Mend that.") from why
        except NotBroughtOver as why:
            raise SchemaError(f"The database is left as it is, since something would be lost: {why}.") from why
        return copy


def _earlier(connection: sa.Connection) -> Earlier | None:
    if MigrationContext.configure(connection).get_current_revision() != REVISION:
        return None
    return EARLIER.get(fingerprint(shape_of(connection)))


def _not_brought_over(found: Earlier) -> str:
    return (
        f"The database was made by an early text of schema 0002 (commit {found.commit}), from which nothing is brought "
        "over: go on with that commit, or begin a new house (docs/operation.md, Early houses)."
    )


def is_new(database: Database) -> bool:
    """Whether nothing was ever made in it."""
    if database.is_sqlite and not (database.path.exists() and database.path.stat().st_size):
        return True
    with _opened(database) as engine, engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() is None


def heads(database: Database) -> list[str]:
    """The revision that a database of this version has."""
    return ScriptDirectory.from_config(alembic_config(database)).get_heads()


def _brought_up(database: Database, engine: sa.Engine, aside: Path | None) -> Path | None:
    config = alembic_config(database)
    newest = ScriptDirectory.from_config(config).get_current_head() or ""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None:
            _sound(connection, current)
        last = _last(connection) if current not in (None, newest) and aside else None
    copy = None
    if aside and last is not None:
        try:
            copy = set_aside(database, aside, str(current), last)
        except NoCopy as why:
            raise SchemaError(
                f"Before the database is brought from schema {current} to {newest} it is copied, which fails: {why}. "
                "Mend that; or copy it by your own means, and run `parterre schema update --copied`."
            ) from why
    if current != newest:
        config.attributes["then"] = partial(_made, database)
        command.upgrade(config, "head")
    return copy


def _made(database: Database, connection: sa.Connection) -> None:
    """After the migrations, in their transaction: what is not what it should be is not committed."""
    revision = MigrationContext.configure(connection).get_current_revision() or ""
    shape = shape_of(connection)
    if fingerprint(shape) != known().get(revision):
        says = (
            f"The migrations to schema {revision} have made other tables than its fingerprint says (it {{}}), and "
            "nothing was changed: this Parterre is not as it was delivered. Install it again."
        )
        raise _NotAsSaid(revision, shape, says)
    connection.execute(
        sa.insert(SCHEMA_MADE).values(revision=revision, fingerprint=known()[revision], at=time.time_ns() // 1_000_000)
    )
    if database.is_sqlite:
        mark_change(database.path, connection.execute(sa.text("PRAGMA schema_version")).scalar_one())


def _sound(connection: sa.Connection, revision: str) -> None:
    """Raises where the tables are not what the revision says."""
    if revision not in known():
        raise SchemaError(
            f"The database is of another version (schema {revision}), which this one cannot bring up to date. "
            "Install the Parterre that made it, or restore a backup made by this version."
        )
    shape = shape_of(connection)
    if (there := fingerprint(shape)) == known()[revision]:
        return
    if revision == REVISION and (early := EARLIER.get(there)):
        raise SchemaError(
            _not_brought_over(early) if early.fills is None else
            f"The database was made by an early text of schema 0002 (commit {early.commit}): run "
            "`parterre schema repair` once."
        )  # fmt: skip
    changed = "was made so by another Parterre" if _noted(connection, revision) == there else "was changed by hand"
    says = f"The database says schema {revision} and {changed}: it {{}}. Undo that, or restore a backup."
    raise _NotAsSaid(revision, shape, says)


def _noted(connection: sa.Connection, revision: str) -> str | None:
    """What the migrations had left; None: nobody noted it."""
    if not sa.inspect(connection).has_table(SCHEMA_MADE.name):
        return None
    where = SCHEMA_MADE.c.revision == revision
    return connection.execute(sa.select(SCHEMA_MADE.c.fingerprint).where(where)).scalar()


def _last(connection: sa.Connection) -> int | None:
    """The turn of the last command; None: there is none, and nothing to lose."""
    row = connection.execute(sa.text("SELECT MAX(turn) FROM command_log")).scalar()
    return None if row is None else int(row)


@contextmanager
def _opened(database: Database) -> Iterator[sa.Engine]:
    """The database, for nobody else meanwhile; what is wrong with it in a sentence."""
    if database.is_sqlite:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        engine = sa.create_engine(database.alchemy_url, connect_args=_patience(database))
    except sa.exc.ArgumentError as fault:
        raise SchemaError(f"{database.url!r} names no database: write sqlite:///path or postgresql://….") from fault
    try:
        if database.is_sqlite:
            database.file.stays(database.path)  # before SQLite sees the log beside it
        engine.connect().close()  # whether it can be reached at all, in words of its own
        with _alone(database):
            yield engine
    except sa.exc.DBAPIError as fault:
        raise _unusable(engine, str(fault.orig).strip().splitlines()[0], fault.orig or fault, database) from fault
    except (Unavailable, Repeatable) as fault:
        raise _unusable(engine, str(fault), fault, database) from fault
    finally:
        engine.dispose()


def _unusable(engine: sa.Engine, said: str, fault: BaseException, database: Database) -> SchemaError:
    helps = remedy(fault, database.path.parent if database.is_sqlite else None)
    return SchemaError(f"The database {engine.url!r} cannot be used: {said}. {helps}")


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
    return config_of(database.alchemy_url)
