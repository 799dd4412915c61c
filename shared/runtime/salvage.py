"""A journal that SQLite no longer trusts: set it aside and read out of it whatever can still be read.

Facts first, each checked by its own hash, then counters, notes and role tables row by row; feeds are not saved, central
gives them again. If the facts could not be read to their end, numbers that may have been used are left out: a hole that
central asks about shows the loss, a number used twice would look like a cloned device.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shared.ids import Id
from shared.runtime.config import Failure
from shared.wire.codec import load
from shared.wire.facts import Fact, fact_hash

SKIP = 1_000_000  # numbers left out when the last facts cannot be read
_OUT_OF_REACH = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_FULL,
)
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
_FEEDS = ("feed", "feed_row")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved. `whole`: every fact up to the last could be read."""

    set_aside: Path
    facts: int
    rows: int
    whole: bool


def sound(path: Path) -> bool:
    """Whether SQLite can open the file and finds nothing wrong with it. An empty file is a new journal. A file that is
    merely out of reach (locked, no right to it) is not broken: that is a Failure to start."""
    try:
        with closing(sqlite3.connect(path, timeout=5.0)) as db:
            db.text_factory = _lenient
            return [row[0] for row in db.execute("PRAGMA quick_check(1)")] == ["ok"]
    except UnicodeDecodeError:  # SQLite's own words quote a name out of the damaged file
        return False
    except sqlite3.DatabaseError as bad:
        if bad.sqlite_errorcode & 0xFF not in _OUT_OF_REACH:
            return False
        raise Failure(
            f"The journal {path} cannot be opened ({bad}).", "Is another process of this device running?"
        ) from bad


def set_aside(path: Path, moment: datetime) -> Path:
    """Rename file, log and index together, so that SQLite still finds them as one."""
    broken = path.with_name(f"{path.name}.broken-{moment:%Y%m%dT%H%M%S}")
    number = 1
    while broken.exists():
        number += 1
        broken = path.with_name(f"{path.name}.broken-{moment:%Y%m%dT%H%M%S}-{number}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(broken.with_name(broken.name + suffix))
    return broken


def rescue(broken: Path, into: sqlite3.Connection, device_id: Id, head_note: str) -> Salvaged:
    """Copy what is readable; `into` has its tables already. The broken file is only read."""
    facts = rows = 0
    whole = tail = False
    last = 0
    into.execute("BEGIN IMMEDIATE")
    for access in ("mode=ro", "immutable=1"):  # a log without its index can only be opened as a file at rest
        try:
            with closing(sqlite3.connect(f"file:{quote(str(broken))}?{access}", uri=True)) as db:
                db.text_factory = _lenient
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()
                facts, last, whole, tail = _facts(db, into, device_id)
                rows = sum(_rows(db, into, table) for table in _tables(into) if table not in ("fact", *_FEEDS))
            break
        except _UNREADABLE:
            continue
    floor = last if tail else last + SKIP
    into.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (head_note, str(floor)))
    into.execute("COMMIT")
    return Salvaged(broken, facts, rows, whole)


def _facts(db: sqlite3.Connection, into: sqlite3.Connection, device_id: Id) -> tuple[int, int, bool, bool]:
    """How many were saved, the last number seen, whether all were readable, whether the last one was."""
    found: dict[int, tuple[Any, ...]] = {}
    columns = "seq, id, kind, hash, json, state"
    whole = tail = _read(db, f"SELECT {columns} FROM fact ORDER BY seq", found)  # noqa: S608  # our own columns
    if not whole:  # from the other end: that reaches what lies behind a broken page
        behind: dict[int, tuple[Any, ...]] = {}
        _read(db, f"SELECT {columns} FROM fact ORDER BY seq DESC", behind)  # noqa: S608
        tail = bool(behind)
        found |= behind
    saved = 0
    for seq, (_, fact_id, kind, digest, text, state) in sorted(found.items()):
        if genuine_fact(text, seq, device_id) is None:
            whole = False
            continue
        done = 1 if state == 1 else 0  # anything else waits again: a fact sent twice is taken once
        into.execute(
            "INSERT OR IGNORE INTO fact VALUES (?, ?, ?, ?, ?, ?, '')", (seq, fact_id, kind, digest, text, done)
        )
        saved += 1
    return saved, max(found, default=0), whole, tail


def genuine_fact(text: bytes, seq: int, device_id: Id) -> Fact | None:
    """The fact as it was written, by its own hash; None if a single bit is not."""
    try:
        fact = load(Fact, text)
    except (ValueError, TypeError):
        return None
    return fact if (fact.seq, fact.device_id, fact.hash) == (seq, device_id, fact_hash(fact)) else None


def _read(db: sqlite3.Connection, sql: str, found: dict[int, tuple[Any, ...]]) -> bool:
    """Read until the end (True) or until SQLite gives up (False), keeping what came before."""
    try:
        for row in db.execute(sql):
            found[row[0]] = tuple(row)
    except _UNREADABLE:
        return False
    return True


def _rows(db: sqlite3.Connection, into: sqlite3.Connection, table: str) -> int:
    saved = 0
    for row in _readable(db, table):
        marks = ",".join("?" * len(row))
        try:
            into.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608  # our own table names
            saved += 1
        except _UNREADABLE:
            continue  # a row of an older shape, or one that breaks a rule of its table
    return saved


def _readable(db: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    try:
        for row in db.execute(f"SELECT * FROM {table}"):  # noqa: S608  # our own table names
            yield tuple(row)
    except _UNREADABLE:
        return


def _tables(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [row[0] for row in rows]


def _lenient(raw: bytes) -> str:
    """Text out of a damaged file may be no text."""
    return raw.decode(errors="replace")
