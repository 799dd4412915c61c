"""`parterre audit verify`, second part: whether today's tables are what the log says was left in them.

The log is walked once, in order: each command's prints (kernel/prints.py) say what it found in a row and what it left.
That gives each row's print as of now, kept in a temporary database that goes to disk when it grows. Then each table is
walked beside it, in the order of ids. What differs was written behind the door's back. Tables and columns that are kept
beside the log say so where they are declared, with the check that stands for the proof (`checked_by`).
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum, auto
from functools import partial

import orjson

import central.kernel.tables  # noqa: F401 - all tables are known
from central.kernel.entity import BY_NAME, METADATA
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
from central.kernel.search_index import line, spoken
from central.kernel.tx import Read
from shared.clock import from_ms, to_ms
from shared.registries import add

AT_ONCE = 2000
LATE = timedelta(days=2)
MOST_TOLD = 200  # rows named; all are counted
MOST_PENDING = 20_000
CACHE_KB = 65_536
NOTHING = line({})  # a thing that says nothing needs no line: letters from before they kept an address
DONE = "rows taken over"  # the counter that says that nothing from before there were prints is left

Check = Callable[[Read], Iterable[tuple[str, str]]]
"""Rows of a table that are not what they must be: (id, why)."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """A table that the log does not prove, why, and what checks it instead; None: nothing need."""

    why: str
    check: Check | None


UNPROVED: dict[str, Excuse] = {
    "command_log": Excuse("proved by its chain (kernel/log_proof.py)", None),
    "command_prints": Excuse("proved with the log (kernel/log_proof.py)", None),
    "audit": Excuse("proved with the log (kernel/log_proof.py)", None),
    "audit_checkpoint": Excuse("signed (kernel/log_proof.py)", None),
    "house_key": Excuse("compared with the house's root at every start and proof (central/house_keys.py)", None),
    "schema_made": Excuse("compared with the tables at every start (kernel/schema.py)", None),
    "door_tally": Excuse("numbers for an operator's eyes, of what left no row in the log", None),
}


def unproved(table: str, why: str, check: Check | None = None) -> None:
    """Says that a table is kept beside the log."""
    add(UNPROVED, table, Excuse(why, check))


CHECKED_BY: dict[str, Check] = {}
"""Tables with columns that are kept beside the log (entity.Unproved) → what checks these."""


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
            for row_id, why in _worked_out(read, table):
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
    kept.execute("CREATE TABLE there (id TEXT PRIMARY KEY, print TEXT) WITHOUT ROWID")
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
    kept.execute("COMMIT")
    kept.execute("DROP TABLE there")
    return seen, older


def _shown(table: str, now: str) -> str:
    return now if table == COUNTER else ""


def _wrong_heads(read: Read) -> Iterator[tuple[str, str]]:
    """No row of a feed is newer than its head, and no two rows are one revision: else devices would miss rows."""
    for feed, revision, newest, rows, revisions in read.run(
        "SELECT h.feed, h.revision, MAX(r.revision), COUNT(r.revision), COUNT(DISTINCT r.revision) FROM feed_head h "
        "LEFT JOIN feed_row r ON r.feed = h.feed GROUP BY h.feed, h.revision ORDER BY h.feed"
    ):
        if revision < (newest or 0) or rows != revisions:
            yield feed, f"its head is {revision}, its newest row {newest}; {rows} rows have {revisions} revisions"
    for (feed,) in read.run(
        "SELECT DISTINCT r.feed FROM feed_row r LEFT JOIN feed_head h ON h.feed = r.feed WHERE h.feed IS NULL"
    ):
        yield feed, "its head is gone"


def _wrong_lines(read: Read) -> Iterator[tuple[str, str]]:
    """What things are found by follows from their rows."""
    for table in sorted(BY_NAME):
        if not spoken(table):
            continue
        columns = ", ".join(f"t.{name}" for name in spoken(table))
        last = ""
        while rows := read.run(
            f"SELECT t.id, f.words, {columns} FROM {table} t "  # noqa: S608 - names of ours
            "LEFT JOIN found f ON f.entity = :table AND f.entity_id = t.id WHERE t.id > :last ORDER BY t.id LIMIT :n",
            table=table, last=last, n=AT_ONCE,
        ):  # fmt: skip
            for row_id, words, *values in rows:
                if (words or NOTHING) != line(dict(zip(spoken(table), values, strict=True))):
                    yield f"{table} {row_id}", "is not found by what its row says"
            last = rows[-1][0]
        for (row_id,) in read.run(
            f"SELECT f.entity_id FROM found f LEFT JOIN {table} t ON t.id = f.entity_id "  # noqa: S608 - names of ours, values are parameters
            "WHERE f.entity = :table AND t.id IS NULL ORDER BY 1",
            table=table,
        ):
            yield f"{table} {row_id}", "is found, and not there"


def _overdue(read: Read) -> Iterator[tuple[str, str]]:
    """Whose duty has ended is forgotten within the day."""
    for subject, kind, due in read.run(
        "SELECT subject, kind, due FROM subject_key WHERE due < :late AND key IS NOT NULL ORDER BY subject, kind",
        late=to_ms(read.now - LATE),
    ):
        yield f"{subject} {kind}", f"should have been destroyed on {from_ms(due).date().isoformat()}"


unproved("subject_key", "chance: the prints of the rows that a key blinds fit no other", _overdue)
unproved("feed_head", "follows from the feeds' rows", _wrong_heads)
unproved("found", "follows from the rows that are looked for", _wrong_lines)


# --- what is worked out from others ----------------------------------------------------------------------------------


def _worked_out(read: Read, table: str) -> Iterator[tuple[str, str]]:
    """What the checks say of a table, or of columns of it, that are kept beside the log."""
    excuse = UNPROVED.get(table)
    for check in (excuse.check if excuse else None, CHECKED_BY.get(table)):
        if check:
            yield from check(read)
