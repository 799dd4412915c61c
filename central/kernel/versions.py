"""Numbers that count changes of certain tables, so that what was worked out from them is known to be as good as new by
one look, whichever process changed them. They move in the transaction of the change: who sees the number sees the rows.
"""

import sqlite3
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from central.kernel.db import Connection, Database, SqliteConnection
from shared.registries import add_all

OPERATORS: Final = "operators"
"""Counts what lets somebody in or says what they may."""

SELLING_TERMS: Final = "selling terms"
"""Counts what may be sold where and for how much, but for the places themselves."""

TOLD: Final = "told to devices"
"""Counts what devices are told of beside that: how halls are called, built and drawn."""

COUNTED: dict[str, str] = {}
"""Table → the number that its changes move."""
TABLES_OF: dict[str, set[str]] = {}
"""The same by number."""


def counts(name: str, *tables: str) -> None:
    """Declares which tables a number is about. A table moves one number."""
    add_all(COUNTED, ((each, name) for each in tables))
    TABLES_OF.setdefault(name, set()).update(tables)


@cache
def row_of(name: str) -> str:
    """What its counter is called."""
    return f"version/{name}"


def move(db: Connection, names: list[Any]) -> None:
    """One step for all that a transaction changed."""
    for name in sorted(set(names)):
        # log: the counter `version/` is kept beside it
        db.write(
            "INSERT INTO counter (name, value) VALUES (:name, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
            {"name": row_of(name)},
        )


def version(db: Connection, name: str) -> int:
    found = db.run("SELECT value FROM counter WHERE name = :name", {"name": row_of(name)})
    return int(found[0][0]) if found else 0


class Glance:
    """Looks at a number from the loop itself, for each request: with SQLite a look takes some microseconds and no lock
    keeps it waiting, where a thread for it would cost ten times that. It never waits: what it cannot have at once is
    asked for by the readers, who say what is wrong with the database.

    A look may be `within_s` old: in a rush each gives the interpreter away to the writer's thread. What this very
    process changes is `forgotten` as soon as it is committed."""

    def __init__(self, database: Database, within_s: float = 0.0) -> None:
        self._database, self._within_s = database, within_s
        self._db: SqliteConnection | None = None
        self._seen: dict[str, tuple[float, int]] = {}

    def version(self, name: str) -> int | None:
        """None: it has to be asked for elsewhere."""
        if not self._database.is_sqlite:
            return None
        now = time.monotonic()
        seen = self._seen.get(name)
        # clock: seconds of the monotonic clock
        if seen is not None and now < seen[0] + self._within_s:
            return seen[1]
        found = self._looked(name)
        if found is not None:
            self._seen[name] = now, found
        return found

    def forget(self, tables: Iterable[str]) -> None:
        """These have been written in."""
        for name in {COUNTED[table] for table in tables if table in COUNTED}:
            self._seen.pop(name, None)

    def _looked(self, name: str) -> int | None:
        try:
            if self._db is None:
                self._db = SqliteConnection(self._database.path, read_only=True, lock_s=0.001)
            return version(self._db, name)
        except sqlite3.Error:
            self.close()
            return None

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
