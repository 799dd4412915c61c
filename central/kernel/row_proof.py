"""`parterre audit verify`, second part: whether today's tables are what the log says was left in them.

The log is walked once, in order: each command's prints (kernel/prints.py) say what it found in a row and what it left.
That gives each row's print as of now, kept in a temporary database that goes to disk when it grows. Then each table is
walked beside it, in the order of ids. What differs was written behind the door's back. Tables and columns that are kept
beside the log say so where they are declared, with the check that stands for the proof (CHECKED_BY,
kernel/excuses.py).
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import partial

import orjson

import central.kernel.tables  # noqa: F401 - all tables are known
from central.kernel.entity import BY_NAME, METADATA
from central.kernel.excuses import worked_out
from central.kernel.former_names import today
from central.kernel.log_chain import FROM_LOG, MOST_SEQ
from central.kernel.prints import (
    ABSENT,
    ANY,
    COUNTER,
    FEED_ROW,
    OUTBOX,
    TAKEN_OVER,
    Prints,
    counter_proved,
    feed_print,
    feed_row_id,
    outbox_print,
    parted,
)
from central.kernel.tx import Read

AT_ONCE = 2000
MOST_TOLD = 200  # rows named; all are counted
MOST_PENDING = 20_000
CACHE_KB = 65_536
DONE = "rows taken over"  # the counter that says that nothing from before there were prints is left


class WrongRow(StrEnum):
    """What was done to a row behind the door's back."""

    CHANGED = auto()
    REMOVED = auto()
    INSERTED = auto()
    OVERWRITTEN = auto()  # it was another than it should have been when a command changed it, rightly, again
    DOES_NOT_FIT = auto()  # worked out again from others, it is another


@dataclass(frozen=True, slots=True)
class RowFault:
    """`seq`: the command in the log after which, or by which, it shows; 0: none does."""

    what: WrongRow
    table: str
    row_id: str
    seq: int = 0
    more: str = ""


@dataclass(frozen=True, slots=True)
class RowProof:
    """`since`: the first row of the log that says what it left; rows that no such command touched are `older`, and not
    proved. `count`: all faults; `faults` names the first of them."""

    tables: int
    rows: int
    older: int
    since: int
    count: int
    faults: tuple[RowFault, ...]


@dataclass(slots=True)
class _Found:
    count: int = 0
    faults: list[RowFault] = field(default_factory=list)

    def add(self, fault: RowFault) -> None:
        self.count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(fault)


def prove_rows(
    read: Read, progress: Callable[[int], None] = lambda _: None, tables: Iterable[str] | None = None
) -> RowProof:
    """`tables`: these alone; left out: all."""
    found = _Found()
    with closing(sqlite3.connect("", isolation_level=None)) as kept:
        kept.execute(f"PRAGMA cache_size=-{CACHE_KB}")
        kept.execute(
            "CREATE TABLE row (entity TEXT, id TEXT, print TEXT, seq INTEGER, PRIMARY KEY (entity, id)) WITHOUT ROWID"
        )
        kept.execute("CREATE TABLE there (id TEXT PRIMARY KEY, print TEXT) WITHOUT ROWID")
        said = _Said(read, kept, found)
        said.replay(progress)
        rows = older = 0
        chosen = sorted(METADATA.tables) if tables is None else sorted(tables)
        proved = [name for name in chosen if _pager(name)]
        for table in proved:
            n, unproved = _compared(read, kept, table, found, whole=said.whole)
            rows, older = rows + n, older + unproved
            progress(rows)
        for table in chosen:
            for row_id, why in worked_out(read, table):
                found.add(RowFault(WrongRow.DOES_NOT_FIT, table, row_id, more=why))
    faults = sorted(found.faults, key=lambda each: (each.table, str(each.row_id), each.seq))
    return RowProof(len(proved), rows, older, said.since, found.count, tuple(faults))


# --- what the log says -----------------------------------------------------------------------------------------------


class _Said:
    """The walk along the log. `whole`: all rows that there may be are in it, so that any other was put in."""

    def __init__(self, read: Read, kept: sqlite3.Connection, found: _Found) -> None:
        self._read, self._kept, self._found = read, kept, found
        self._pending: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
        self.since = 0
        self.whole = True

    def replay(self, progress: Callable[[int], None]) -> None:
        self._kept.execute("BEGIN")
        count = 0
        for seq, prints in self._commands():
            count += 1
            if prints is None:
                self.whole = False
                continue
            self.since = self.since or seq
            self._take(seq, _read(prints))
            if count % AT_ONCE == 0:
                progress(count)
        self._kept.execute("COMMIT")
        for (table, row_id), left in self._pending.items():
            for seq, _, _ in left[:1]:
                self._found.add(RowFault(WrongRow.OVERWRITTEN, table, row_id, seq))

    def _commands(self) -> Iterator[tuple[int, str | None]]:
        """(seq, prints) in order; what is not sealed yet comes last."""
        last = 0
        while rows := self._read.run(
            f"SELECT l.seq, p.prints {FROM_LOG} WHERE l.seq > :last AND l.seq <= :most ORDER BY l.seq LIMIT :n",
            last=last, most=MOST_SEQ, n=AT_ONCE,
        ):  # fmt: skip
            yield from ((row[0], row[1]) for row in rows)
            last = rows[-1][0]
        waiting = self._read.run(f"SELECT p.prints {FROM_LOG} WHERE l.seq IS NULL ORDER BY l.turn, l.id")
        yield from ((last + n, row[0]) for n, row in enumerate(waiting, 1))

    def _take(self, seq: int, prints: dict[str, dict[str, str]]) -> None:
        if prints.get(COUNTER, {}).get(DONE):
            self.whole = True
        for named, rows in prints.items():
            table = today(named)
            for row_id, entry in rows.items():
                if entry.startswith(TAKEN_OVER):
                    self._taken_over(seq, table, row_id, entry[1:])
                else:
                    before, after = parted(entry)
                    self._step(seq, table, row_id, before, after)

    def _taken_over(self, seq: int, table: str, row_id: str, as_found: str) -> None:
        """Rows from before there were prints are believed as they were found, once: after that none is taken over."""
        known = self._known(table, row_id)
        if known is None and not self.whole:
            self._put(seq, table, row_id, as_found)
        elif known != as_found:
            what = WrongRow.INSERTED if known is None else WrongRow.CHANGED
            self._found.add(RowFault(what, table, row_id, seq))
            self._put(seq, table, row_id, as_found)

    def _step(self, seq: int, table: str, row_id: str, before: str, after: str) -> None:
        """Two processes' clocks may put two changes of one row into the wrong order; what each found says the right
        one, so a change that does not fit yet waits for the one that it builds on."""
        known = self._known(table, row_id)
        fits = before == ANY or known == before or (known is None and (before == ABSENT or not self.whole))
        if not fits and len(self._pending) < MOST_PENDING:
            self._pending.setdefault((table, row_id), []).append((seq, before, after))
            return
        if not fits:
            self._found.add(RowFault(WrongRow.OVERWRITTEN, table, row_id, seq))
        self._put(seq, table, row_id, after)
        waiting = self._pending.get((table, row_id))
        if waiting:
            found = next((each for each in waiting if each[1] == after), None)
            if found:
                waiting.remove(found)
                if not waiting:
                    del self._pending[table, row_id]
                self._step(found[0], table, row_id, found[1], found[2])

    def _known(self, table: str, row_id: str) -> str | None:
        """The print so far; empty: the row was taken away; None: nothing is known of it."""
        row = self._kept.execute("SELECT print FROM row WHERE entity = ? AND id = ?", (table, row_id)).fetchone()
        return row[0] if row else None

    def _put(self, seq: int, table: str, row_id: str, after: str) -> None:
        self._kept.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?)", (table, row_id, after, seq))


def _read(prints: str) -> Prints:
    """What a command left; nothing where they were tampered with, which the log's own proof names."""
    try:
        said = orjson.loads(prints) if prints else {}
    except ValueError:
        return {}
    tables = list(said.values()) if isinstance(said, dict) else [said]
    sound = all(isinstance(rows, dict) and all(isinstance(each, str) for each in rows.values()) for rows in tables)
    return said if sound else {}


# --- what is there ---------------------------------------------------------------------------------------------------


def proved_tables() -> list[str]:
    """Those whose rows the log proves."""
    return sorted(name for name in METADATA.tables if _pager(name))


def page_of(read: Read, table: str, after: str, most: int = AT_ONCE) -> tuple[list[tuple[str, str]], str]:
    """The next rows of a table as (id, print), in the order of ids, and where to go on; empty: that was all."""
    pager = _pager(table)
    assert pager, table
    rows = pager(read, after, most)
    last = rows[-1][0] if len(rows) == most else ""
    return [(row_id, print_) for row_id, print_ in rows if print_], last


Pager = Callable[[Read, str, int], list[tuple[str, str]]]
"""Rows after an id as (id, print); an empty print: not proved."""


def _pager(table: str) -> Pager | None:
    if table in BY_NAME:
        return None if BY_NAME[table].unproved else partial(_entities, table)
    return {COUNTER: _counters, FEED_ROW: _feed_rows, OUTBOX: _outbox}.get(table)


def _entities(table: str, read: Read, after: str, most: int) -> list[tuple[str, str]]:
    declaration = BY_NAME[table]
    on = "WHERE id > :after" if after else ""  # a device may have made an id that is empty
    rows = read.run(f"{declaration.select_sql} {on} ORDER BY id LIMIT :n", after=after, n=most)
    blinded = read.people.blinded(declaration, rows)
    return [(row[0], declaration.print_of(each)) for row, each in zip(rows, blinded, strict=True)]


def _counters(read: Read, after: str, most: int) -> list[tuple[str, str]]:
    rows = read.run("SELECT name, value FROM counter WHERE name > :after ORDER BY name LIMIT :n", after=after, n=most)
    return [(name, str(value) if counter_proved(name) else "") for name, value in rows]


def _outbox(read: Read, after: str, most: int) -> list[tuple[str, str]]:
    rows = read.run("SELECT id, kind, body FROM outbox WHERE id > :after ORDER BY id LIMIT :n", after=after, n=most)
    return [(row[0], outbox_print(*row)) for row in rows]


def _feed_rows(read: Read, after: str, most: int) -> list[tuple[str, str]]:
    feed, _, key = after.partition(" ")
    rows = read.run(
        "SELECT feed, key, body FROM feed_row WHERE feed > :feed OR (feed = :feed AND key > :key) "
        "ORDER BY feed, key LIMIT :n",
        feed=feed, key=key, n=most,
    )  # fmt: skip
    return [(feed_row_id(*row[:2]), feed_print(*row)) for row in rows]


def _compared(read: Read, kept: sqlite3.Connection, table: str, found: _Found, *, whole: bool) -> tuple[int, int]:
    """(rows, rows that are older than the proof)."""
    seen = older = 0
    kept.execute("BEGIN")
    rows, after = page_of(read, table, "")
    while True:
        kept.executemany("INSERT INTO there VALUES (?, ?)", rows)
        seen += len(rows)
        if not after:
            break
        rows, after = page_of(read, table, after)
    for row_id, now, was, seq in kept.execute(
        "SELECT t.id, t.print, r.print, r.seq FROM there t LEFT JOIN row r ON r.entity = :table AND r.id = t.id "
        "WHERE r.print IS NULL OR r.print <> t.print ORDER BY t.id",
        {"table": table},
    ):
        if was is None and not whole:
            older += 1
        else:
            what = WrongRow.CHANGED if was else WrongRow.INSERTED
            found.add(RowFault(what, table, row_id, seq or 0, _shown(table, now)))
    for row_id, seq in kept.execute(
        "SELECT r.id, r.seq FROM row r LEFT JOIN there t ON t.id = r.id "
        "WHERE r.entity = :table AND r.print <> '' AND t.id IS NULL ORDER BY r.id",
        {"table": table},
    ):
        found.add(RowFault(WrongRow.REMOVED, table, row_id, seq))
    kept.execute("DELETE FROM there")
    kept.execute("COMMIT")
    return seen, older


def _shown(table: str, now: str) -> str:
    return now if table == COUNTER else ""
