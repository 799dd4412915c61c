"""Whose SQLite's log is: it lies beside the database under that one's name, and SQLite plays it into whatever file has
the name. Of a file that was put back it makes neither what it was nor what is in the log.

So a mark lies beside both while the house is open: the file's number, and the number that its first page has for its
schema, which is drawn anew at each start of central. Whatever copies a database that is open (`.backup`, `VACUUM INTO`)
gives the copy another one, and a copy of a closed house has that of an earlier start. What does not fit, or what
nobody marked, is not opened. Of central's own file after a fall all of it fits.
"""

import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from central.kernel.trouble import NoDatabase, Unavailable
from shared.runtime.files import write_whole
from shared.runtime.log import logger

log = logger(__name__)
_MODE = 0o600
_LEAST, _MOST = 1 << 24, 1 << 30  # a copy's number is a small one, or the next one


class ForeignLog(Unavailable):
    """Says what to do."""


class _Statements(Protocol):
    def run(self, sql: str, params: Any) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class _Mark:
    """`numbers`: of the schema; two while one takes the other's place, for a fall in between."""

    file: int
    numbers: tuple[int, ...]


def wal_bytes(path: Path) -> int:
    """How much of SQLite's log lies beside the database."""
    try:
        return _log_of(path).stat().st_size
    except FileNotFoundError:
        return 0


def refuse_foreign_log(path: Path) -> None:
    """ForeignLog: beside this file lies a log that is not known to be its own. Before SQLite opens it."""
    if wal_bytes(path) and not _fits(_kept(path), _there(path)):
        wal = _log_of(path)
        raise ForeignLog(
            NoDatabase.DATABASE_AWAY,
            f"{wal} is not known to be the log of {path}, which it would spoil: if the file was put back, move "
            f"{wal.name} and {path.name}-shm out of the folder; if neither was touched since central ran, "
            f"`sqlite3 {path} 'PRAGMA wal_checkpoint(TRUNCATE)'` takes the log in; then start",
        )


def mark_log(path: Path) -> None:
    """This file and the log beside it, which is empty or its own, belong together."""
    there = _there(path)
    if there and not _fits(_kept(path), there):
        _keep(path, there)


def mark_change(path: Path, number: int) -> None:
    """Its schema has this number as soon as what is under way is in the file."""
    there = _there(path)
    if there and not _fits(_kept(path), changed := _Mark(there.file, (*there.numbers, number))):
        _keep(path, changed)


def draw_mark(path: Path, db: _Statements) -> None:
    """A number that no copy has which was made so far. Where somebody keeps it from the file, both hold."""
    number = _LEAST + secrets.randbelow(_MOST - _LEAST)
    mark_change(path, number)
    db.run(f"PRAGMA schema_version={number}", {})
    ((busy, _, _),) = db.run("PRAGMA wal_checkpoint(TRUNCATE)", {})
    if not busy and (there := _there(path)):
        _keep(path, there)


def forget_mark(path: Path) -> None:
    """The house is closed: without a log there is nothing to be marked, and a copy of the folder has no mark."""
    if not _log_of(path).exists():
        with suppress(OSError):
            _mark_of(path).unlink(missing_ok=True)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.mark")


def _fits(kept: _Mark | None, there: _Mark | None) -> bool:
    return bool(kept and there and kept.file == there.file and {*there.numbers} <= {*kept.numbers})


def _there(path: Path) -> _Mark | None:
    """As the file itself says, without its log. Read by SQLite: to open and close it here would give up the locks that
    this process has on it."""
    try:
        number = path.stat().st_ino
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as db:
            return _Mark(number, db.execute("PRAGMA schema_version").fetchone())
    except (OSError, sqlite3.Error):
        return None


def _kept(path: Path) -> _Mark | None:
    try:
        said = orjson.loads(_mark_of(path).read_bytes())
        return _Mark(int(said["file"]), tuple(int(each) for each in said["numbers"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, mark: _Mark) -> None:
    try:
        write_whole(_mark_of(path), orjson.dumps({"file": mark.file, "numbers": list(mark.numbers)}), _MODE)
    except OSError as fault:
        log.warning("after a fall it will not be known whose log it is", why=str(fault))
