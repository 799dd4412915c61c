"""The two databases behind one small face: short SQL texts with `:name` parameters (or `?`, where every microsecond
counts), rows as tuples.

Schema and migrations come from SQLAlchemy; statements do not, because building them costs ten times what running them
does (docs/performance.md).
"""

import os
import re
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import psycopg

from central.kernel.database_file import DatabaseFile
from central.kernel.postgres_line import beginning, line_settings, lock_of
from central.kernel.trouble import ENDED, Cut, NoDatabase, Queued, Repeatable, Stuck, Unavailable, of_postgres
from central.kernel.turns import Footing, OutOfTurn, fits

Params = Mapping[str, Any] | Sequence[Any]
Row = tuple[Any, ...]
T = TypeVar("T")


class Connection(Protocol):
    """What a transaction needs of a driver. `shard` is whose row to add to, where several writers would wait for each
    other at one row; `memory` keeps what a later transaction may find useful, and is never the truth. `locking` ends a
    SELECT whose rows nobody else shall change until the commit. `lock_s`: how long the transaction waits for each lock
    that is another's, if less than usual (0: as usual); not for its turn."""

    shard: int
    memory: dict[str, Any]
    locking: str

    def run(self, sql: str, params: Params) -> list[Row]: ...
    def write(self, sql: str, params: Params) -> int: ...
    def write_many(self, sql: str, rows: Sequence[Params]) -> None: ...
    def begin(self, *, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None: ...
    def in_one_go(self) -> AbstractContextManager[None]:
        """`write_many` waits for no answer meanwhile: what is wrong with it is raised by what is asked next, or at the
        end."""

    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def savepoint(self, name: str = "command") -> None: ...
    def release(self, name: str = "command") -> None: ...
    def undo(self, name: str = "command") -> None: ...
    def close(self) -> None: ...
    def hang_up(self) -> None: ...  # from another thread: what it is asked just now fails
    def alone(self, word: str) -> AbstractContextManager[None]: ...
    def wait_for(self, word: str) -> None:
        """Whoever else waits for this word waits until this transaction has ended, and sees then what it did."""

    @property
    def closed(self) -> bool: ...
    @property
    def written(self) -> int:
        """Counts the rows that it has written: the same number as before means that there is nothing to undo."""


UNFIT = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError, OverflowError)
"""Raised over values that do not fit: an id that is there already, or that names nothing; a number out of bounds."""

NOT_UNIQUE = psycopg.errors.UniqueViolation
"""The one of them that two transactions side by side can bring about, each of which read the same last number."""


BROKEN: tuple[type[Exception], ...] = (sqlite3.Error, psycopg.Error, Repeatable, Unavailable, OSError)
"""Whatever can come out of a database: a disk that is gone, a line that is cut, a table that is not there."""


def is_read_only(fault: Exception) -> bool:
    """Whether this is what a connection that only reads says to a statement that writes."""
    if isinstance(fault, sqlite3.OperationalError):
        return fault.sqlite_errorcode == sqlite3.SQLITE_READONLY
    return isinstance(fault, psycopg.errors.ReadOnlySqlTransaction)


SHARDS = 64  # servers give their connections numbers in a row, so that two writers rarely meet in one
WAL_MOST = 64 * 1024 * 1024  # bytes of SQLite's log
MARGIN_S = 1.0  # what a server is given beyond the time within which it should have given up itself


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the database may keep somebody waiting, in seconds; 0: for ever. `lock_s` for what another program
    holds, `write_s` for a statement of a command, `read_s` for one of a look, `idle_s` for our own thoughts within a
    transaction. SQLite knows `lock_s` only: its statements are our own processor's time."""

    connect_s: float = 3.0
    lock_s: float = 1.5
    write_s: float = 5.0
    read_s: float = 60.0
    idle_s: float = 30.0


PATIENT = Waits(lock_s=0.0, write_s=0.0, read_s=0.0, idle_s=0.0)  # for who proves a house, or brings it up to date
_EVER_S = 3600.0  # SQLite has no word for waiting for ever


@dataclass(frozen=True, slots=True)
class Database:
    """Where the data lives. `url` is `sqlite:///path` or `postgresql://…`; `wal_most` the bytes of SQLite's log beyond
    which it is cut. So much of it stays when it begins anew: to write over what is there takes half of what it takes to
    make a file longer."""

    url: str
    waits: Waits = Waits()
    wal_most: int = WAL_MOST
    file: DatabaseFile = field(default_factory=DatabaseFile, compare=False, repr=False)

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
            self.file.stays(self.path)  # or SQLite would make an empty one, or play in a log that is not its own
            found = SqliteConnection(self.path, read_only=read_only, lock_s=self.waits.lock_s, wal_most=self.wal_most)
            found.is_there = self.file.opened(self.path, read_only=read_only)
            return found
        return PostgresConnection(self.url, self.waits, read_only=read_only)


class SqliteConnection:
    is_there: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, path: Path, *, read_only: bool = False, lock_s: float = 1.5, wal_most: int = WAL_MOST) -> None:
        uri = f"file:{quote(str(path))}" + ("?mode=ro" if read_only else "")
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
        run = self._db.execute
        run(f"PRAGMA busy_timeout={int((lock_s or _EVER_S) * 1000)}")
        if not read_only:
            run("PRAGMA journal_mode=WAL")
            run(f"PRAGMA journal_size_limit={wal_most}")
            run("PRAGMA secure_delete=ON")  # what is taken away is written over: kernel/erasure.py counts on it
        run("PRAGMA synchronous=FULL")
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA cache_size=-65536")
        run("PRAGMA temp_store=MEMORY")
        run("PRAGMA wal_autocheckpoint=10000")  # a backstop: the door copies the log every second, beside the writer
        self._run, self.hang_up = run, self._db.interrupt
        self.memory: dict[str, Any] = {}

    def run(self, sql: str, params: Params) -> list[Row]:
        return self._run(sql, params).fetchall()

    def write(self, sql: str, params: Params) -> int:
        return self._run(sql, params).rowcount

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        self._db.executemany(sql, rows)

    def begin(self, *, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None:  # noqa: ARG002 - one writer: all are in order, and the lock is the file's
        if write:
            self.is_there()
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

    def in_one_go(self) -> AbstractContextManager[None]:
        return nullcontext()  # there is no line that an answer could be long in

    def alone(self, word: str) -> AbstractContextManager[None]:  # noqa: ARG002 - there is one writer
        return nullcontext()

    def wait_for(self, word: str) -> None:
        """There is nobody to wait for."""

    @property
    def closed(self) -> bool:
        return False  # a file does not hang up

    @property
    def written(self) -> int:
        return self._db.total_changes

    shard, locking = 0, ""  # one writer


class PostgresConnection:
    """`since`: the monotonic second at which the server was asked something that it has not answered yet."""

    locking = " FOR UPDATE"

    def __init__(self, url: str, waits: Waits = Waits(), *, read_only: bool = False) -> None:
        self.since: float | None = None
        self.written = 0
        self._footing = Footing.ALONE
        self._going: psycopg.Pipeline | None = None
        self._read_only = read_only
        self._lock_s = waits.lock_s
        statement_s = waits.read_s if read_only else waits.write_s
        self.limit_s = statement_s + MARGIN_S if statement_s else 0.0
        try:
            self._db = psycopg.connect(url, autocommit=True, **line_settings(url, waits.connect_s))
        except psycopg.Error as fault:
            why = (str(fault).strip() or type(fault).__name__).splitlines()[0]
            raise Unavailable(NoDatabase.DATABASE_AWAY, why) from fault
        self.shard = self._db.info.backend_pid % SHARDS
        self.memory: dict[str, Any] = {}
        settings = {"lock_timeout": waits.lock_s, "statement_timeout": statement_s,
                    "idle_in_transaction_session_timeout": waits.idle_s}  # fmt: skip
        said = ", ".join(f"set_config('{name}', '{int(s * 1000)}', false)" for name, s in settings.items())
        self._execute(f"SELECT {said}", {})

    def run(self, sql: str, params: Params) -> list[Row]:
        cursor = self._execute(sql, params)
        if not (cursor.statusmessage or "").startswith("SELECT"):
            self.written += max(0, cursor.rowcount)
        return cursor.fetchall() if cursor.description else []

    def write(self, sql: str, params: Params) -> int:
        rows = self._execute(sql, params).rowcount
        self.written += max(0, rows)
        return rows

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        self._fits(sql)
        with self._known_prepared():
            self._guard(lambda: self._db.cursor().executemany(pg_text(sql).encode(), rows))
        self.written += len(rows)

    def begin(self, *, write: bool, footing: Footing = Footing.ALONE, lock_s: float = 0.0) -> None:
        said, self._footing = beginning(write=write, footing=footing, lock_s=min(lock_s, self._lock_s)), footing
        with self._in_line():
            self._guard(lambda: self._db.execute(said.encode(), prepare=False))

    def commit(self) -> None:
        self._execute("COMMIT", {})
        self._footing = Footing.ALONE

    def rollback(self) -> None:
        self._footing = Footing.ALONE
        self._end("ROLLBACK", {})

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
    def in_one_go(self) -> Iterator[None]:
        with self._known_prepared():
            going = self._db.pipeline()
            self._going = self._guard(going.__enter__)
            try:
                yield
            except BaseException:
                self._going = None
                with suppress(psycopg.Error):  # of what was still on its way
                    going.__exit__(None, None, None)
                raise
            self._going = None
            self._guard(lambda: going.__exit__(None, None, None))

    @contextmanager
    def _known_prepared(self) -> Iterator[None]:
        """Round what is said in one go: after a fault the driver believes prepared what the server passed over."""
        try:
            yield
        except BaseException:
            self._db._prepared.clear()  # as the driver does at a rollback of its own; it knows of no savepoints
            raise

    @contextmanager
    def alone(self, word: str) -> Iterator[None]:
        """Waits until nobody else in any process is alone with this word; an empty one waits for nobody. Taken outside
        of a transaction: inside, one would have waited with a look at the data that is too old by then."""
        if not word:
            yield
            return
        key = {"key": lock_of(word)}
        with self._in_line():
            self._execute("SELECT pg_advisory_lock(:key)", key)
        try:
            yield
        finally:
            self._end("SELECT pg_advisory_unlock(:key)", key)

    def _end(self, sql: str, params: Params) -> None:
        """Ends what this line keeps; where that cannot be said, the line ends, and with it whatever it kept."""
        try:
            _ = self._db.closed or self._execute(sql, params)
        except (Repeatable, Unavailable):
            self._db.close()

    def wait_for(self, word: str) -> None:
        self._execute("SELECT pg_advisory_xact_lock(:key)", {"key": lock_of(word)})

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        try:
            yield
        except Stuck as held:
            if held.again:
                raise Queued(str(held)) from held
            raise

    @property
    def closed(self) -> bool:
        return self._db.closed

    def _execute(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        self._fits(sql)
        return self._guard(lambda: self._answered(sql, params))

    def _answered(self, sql: str, params: Params) -> psycopg.Cursor[Row]:
        asked = self._db.execute(pg_text(sql).encode(), params)
        if self._going:
            self._going.sync()
        return asked

    def _fits(self, sql: str) -> None:
        if not fits(self._footing, sql):
            raise OutOfTurn(sql)

    def _guard(self, act: Callable[[], T]) -> T:
        self.since = time.monotonic()
        try:
            return act()
        except psycopg.Error as fault:
            if self._read_only and is_read_only(fault):
                raise
            if trouble := of_postgres(fault):
                if isinstance(trouble, Cut) or fault.sqlstate in ENDED:
                    self._db.close()
                raise trouble from fault
            if isinstance(fault, psycopg.OperationalError):  # not to be ordered, or deadlocked
                raise Repeatable(str(fault)) from fault
            raise
        finally:
            self.since = None

    def overdue(self, now: float, most_s: float | None = None) -> bool:
        """Whether the server has owed an answer for longer than it should have let itself, or than `most_s`."""
        since, most_s = self.since, most_s or self.limit_s
        return bool(most_s) and since is not None and now - since > most_s  # clock: seconds of the monotonic clock

    def hang_up(self) -> None:
        """Also for a server that answers nothing: it is frozen, or behind a line that was cut without a word."""
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self._db.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


_NAMED = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@cache
def pg_text(sql: str) -> str:
    """The same statement in psycopg's spelling. Our texts hold no colons or question marks in literals."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%")).replace("?", "%s")


def in_list(name: str, values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """`(:name0, :name1, …)` and its parameters, for `IN` with few values."""
    params = {f"{name}{position}": value for position, value in enumerate(values)}
    return "(" + ", ".join(f":{key}" for key in params) + ")", params
