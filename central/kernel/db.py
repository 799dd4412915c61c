"""The two databases behind one small face: short SQL texts with `:name` parameters (or `?`, where every microsecond
counts), rows as tuples.

Schema and migrations come from SQLAlchemy; statements do not, because building them costs ten times what running them
does (docs/performance.md).
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg

Params = Mapping[str, Any] | Sequence[Any]
Row = tuple[Any, ...]
T = TypeVar("T")


class Connection(Protocol):
    """What a transaction needs of a driver. `shard` is whose row to add to, where several writers would wait for each
    other at one row; `memory` keeps what a later transaction may find useful, and is never the truth."""

    shard: int
    memory: dict[str, Any]

    def run(self, sql: str, params: Params) -> list[Row]: ...
    def write(self, sql: str, params: Params) -> int: ...
    def write_many(self, sql: str, rows: Sequence[Params]) -> None: ...
    def begin(self, *, write: bool, apart: bool = False) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def savepoint(self, name: str = "command") -> None: ...
    def release(self, name: str = "command") -> None: ...
    def undo(self, name: str = "command") -> None: ...
    def close(self) -> None: ...
    def alone(self, word: str) -> AbstractContextManager[None]: ...

    @property
    def closed(self) -> bool: ...


class Repeatable(Exception):
    """The database could not order this transaction among others, or the line to it was cut: run it again, whole."""


UNFIT = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError, OverflowError)
"""What a statement raises over values that do not fit: an id that is there already, or that names nothing; a number out
of bounds."""


BROKEN: tuple[type[Exception], ...] = (sqlite3.Error, psycopg.Error, Repeatable, OSError)
"""Whatever can come out of a database: a disk that is gone, a line that is cut, a table that is not there."""


def is_read_only(fault: Exception) -> bool:
    """Whether this is what a connection that only reads says to a statement that writes."""
    if isinstance(fault, sqlite3.OperationalError):
        return fault.sqlite_errorcode == sqlite3.SQLITE_READONLY
    return isinstance(fault, psycopg.errors.ReadOnlySqlTransaction)


SHARDS = 64  # servers give their connections numbers in a row, so that two writers rarely meet in one


@dataclass(frozen=True, slots=True)
class Database:
    """Where the data lives. `url` is `sqlite:///path` or `postgresql://…`."""

    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    @property
    def alchemy_url(self) -> str:
        return self.url if self.is_sqlite else self.url.replace("postgresql://", "postgresql+psycopg://", 1)

    def connect(self, *, read_only: bool = False) -> Connection:
        if self.is_sqlite:
            return SqliteConnection(self.path, read_only=read_only)
        return PostgresConnection(self.url)


class SqliteConnection:
    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        uri = f"file:{path}?mode=ro" if read_only else f"file:{path}"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
        run = self._db.execute
        if not read_only:
            run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA busy_timeout=5000")
        run("PRAGMA cache_size=-65536")
        run("PRAGMA temp_store=MEMORY")
        run("PRAGMA wal_autocheckpoint=10000")  # a backstop: the door copies the log every second, beside the writer
        self._run = run
        self.memory: dict[str, Any] = {}

    def run(self, sql: str, params: Params) -> list[Row]:
        return self._run(sql, params).fetchall()

    def write(self, sql: str, params: Params) -> int:
        return self._run(sql, params).rowcount

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        self._db.executemany(sql, rows)

    def begin(self, *, write: bool, apart: bool = False) -> None:  # noqa: ARG002 - one writer: all are in order
        self._run("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self) -> None:
        self._run("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._run("ROLLBACK")

    def savepoint(self, name: str = "command") -> None:
        self._run(f"SAVEPOINT {name}")

    def release(self, name: str = "command") -> None:
        self._run(f"RELEASE {name}")

    def undo(self, name: str = "command") -> None:
        self._run(f"ROLLBACK TO {name}")
        self._run(f"RELEASE {name}")

    def close(self) -> None:
        self._db.close()

    def alone(self, word: str) -> AbstractContextManager[None]:  # noqa: ARG002 - there is one writer
        return nullcontext()

    @property
    def closed(self) -> bool:
        return False  # a file does not hang up

    shard = 0  # one writer


class PostgresConnection:
    def __init__(self, url: str) -> None:
        self._db = self._guard(lambda: psycopg.connect(url, autocommit=True))
        self.shard = self._db.info.backend_pid % SHARDS
        self.memory: dict[str, Any] = {}

    def run(self, sql: str, params: Params) -> list[Row]:
        cursor = self._execute(sql, params)
        return cursor.fetchall() if cursor.description else []

    def write(self, sql: str, params: Params) -> int:
        return self._execute(sql, params).rowcount

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        with self._db.cursor() as cursor:
            self._guard(lambda: cursor.executemany(pg_text(sql).encode(), rows))

    def begin(self, *, write: bool, apart: bool = False) -> None:
        """`apart`: it neither reads nor writes what commands decide by, so it need not be ordered among them."""
        mode = "READ COMMITTED" if apart else "SERIALIZABLE" if write else "REPEATABLE READ READ ONLY"
        self._execute(f"BEGIN ISOLATION LEVEL {mode}", {})

    def commit(self) -> None:
        self._execute("COMMIT", {})

    def rollback(self) -> None:
        if not self._db.closed:
            with suppress(psycopg.OperationalError):  # cut off: the server rolls back by itself
                self._db.execute("ROLLBACK")

    def savepoint(self, name: str = "command") -> None:
        self._execute(f"SAVEPOINT {name}", {})

    def release(self, name: str = "command") -> None:
        self._execute(f"RELEASE SAVEPOINT {name}", {})

    def undo(self, name: str = "command") -> None:
        self._execute(f"ROLLBACK TO SAVEPOINT {name}", {})
        self._execute(f"RELEASE SAVEPOINT {name}", {})

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def alone(self, word: str) -> Iterator[None]:
        """Waits until nobody else in any process is alone with this word; an empty one waits for nobody. Taken outside
        of a transaction: inside, one would have waited with a look at the data that is too old by then."""
        if not word:
            yield
            return
        key = {"key": int.from_bytes(sha256(word.encode()).digest()[:8], "big", signed=True)}
        self._execute("SELECT pg_advisory_lock(:key)", key)
        try:
            yield
        finally:
            if not self._db.closed:  # a line that is cut gives the lock back
                with suppress(psycopg.OperationalError):
                    self._db.execute(pg_text("SELECT pg_advisory_unlock(:key)").encode(), key)

    @property
    def closed(self) -> bool:
        return self._db.closed

    def _execute(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        return self._guard(lambda: self._db.execute(pg_text(sql).encode(), params))

    @staticmethod
    def _guard(act: Callable[[], T]) -> T:
        try:
            return act()
        except psycopg.OperationalError as again:  # not to be ordered, deadlocked, or the server went away
            raise Repeatable(str(again)) from again


_NAMED = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@cache
def pg_text(sql: str) -> str:
    """The same statement in psycopg's spelling. Our texts hold no colons or question marks in literals."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%")).replace("?", "%s")


def in_list(name: str, values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """`(:name0, :name1, …)` and its parameters, for `IN` with few values."""
    params = {f"{name}{position}": value for position, value in enumerate(values)}
    return "(" + ", ".join(f":{key}" for key in params) + ")", params
