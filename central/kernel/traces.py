"""What the commands of one transaction leave behind: log, audit, feeds, outbox, sums. Gathered in memory and written
together right before the commit, which costs an order a tenth less than row by row."""

import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from central.kernel.batch import Gathered, Rows, Shared
from central.kernel.db import Connection
from central.kernel.entity import BY_NAME, METADATA
from central.kernel.feeds import BEGUN
from central.kernel.outbox_state import OutboxState
from central.kernel.tx import Tx
from shared.ids import Id

LATELY = 8192  # ids: some seconds of a rush


@cache
def _order() -> list[str]:
    """Tables after those that their rows name."""
    return [table.name for table in METADATA.sorted_tables]


class TurnClock:
    """Microseconds since 1970, each more than the last. Taken after a command has seen what it builds on, it puts two
    changes of one row in the order in which they happened, also within a millisecond; between machines as well as
    their clocks agree."""

    def __init__(self) -> None:
        self._lock, self._last = threading.Lock(), 0

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            return self._last


TURNS = TurnClock()


@dataclass(frozen=True, slots=True)
class Given:
    """A command that is in the log: whose it was, where it acted, the digest of its content."""

    actor: str
    place: str | None
    digest: str


class Care(Exception):
    """One of those who share a transaction has to be undone, or came before: they all run again, with care."""


class Lately:
    """The last ids under which commands came into the log here: most repeats come soon, and are looked up at once."""

    def __init__(self) -> None:
        self._ids: OrderedDict[Id, None] = OrderedDict()

    def add(self, command_id: Id) -> None:
        self._ids[command_id] = None
        if len(self._ids) > LATELY:
            self._ids.popitem(last=False)

    def __contains__(self, command_id: Id) -> bool:
        return command_id in self._ids


class Traces:
    """Of one transaction; what is rolled back, or goes through no door, leaves none. `beside`: others write beside it;
    `races`: so what it finds taken is asked for once more before it is a refusal. `careful`: each command has a
    savepoint of its own, and is looked up in the log first; nearly none needs either, so nobody pays for them at the
    first try: what does raises `Care`."""

    def __init__(self, *, beside: bool = False, races: bool = False, careful: bool = True) -> None:
        self.beside, self.races, self.careful = beside, races, careful
        self._rows: Rows = {}
        self.common = Shared()
        self._log: dict[Id, tuple[Any, ...]] = {}
        self._prints: list[tuple[Id, str]] = []
        self._audit: list[tuple[Any, ...]] = []
        self._feeds: dict[str, dict[str, str | None]] = {}
        self._outbox: list[tuple[Any, ...]] = []
        self.due: Gathered = {}
        self._unlogged = False
        self._looked_up: dict[Id, Given | None] = {}

    def look_up(self, db: Connection, command_id: Id) -> None:
        """Outside of the transaction, where several run side by side: ids begin with their time, so every command would
        read the very leaf of the log's index that all others write to, and could not be ordered among them. Whoever
        comes in between is found by the primary key."""
        self._looked_up[command_id] = self.given(db, command_id)

    def given(self, db: Connection, command_id: Id) -> Given | None:
        """What came under this id before: in an earlier transaction, or in this one."""
        if here := self._log.get(command_id):
            return Given(here[2], here[5], here[7])
        if command_id in self._looked_up:
            return self._looked_up[command_id]
        found = db.run("SELECT actor, place, digest FROM command_log WHERE id = ?", (command_id,))
        return Given(*found[0]) if found else None

    def answer(self, db: Connection, command_id: Id) -> str:
        """What was said to it. Asked for only where it is given again: it may be long."""
        if here := self._log.get(command_id):
            return str(here[9])
        return str(db.run("SELECT answer FROM command_log WHERE id = ?", (command_id,))[0][0])

    def done_to(self, ids: Collection[str]) -> list[tuple[str, str, str, str]]:
        """(entity, id, action, change) of what the commands before in this transaction did to those."""
        return [(table, row_id, action, change) for _, _, table, row_id, action, change in self._audit if row_id in ids]

    @property
    def empty(self) -> bool:
        """Nothing came of these commands: there is nothing to commit."""
        return not (self._log or self._unlogged)

    def log(
        self, command_id: Id, at: int, actor: str, origin: str, name: str, place: str | None, digest: str, body: str,
        answer: str, prints: str,
    ) -> None:  # fmt: skip
        self._log[command_id] = (command_id, at, actor, origin, name, place, TURNS.next(), digest, body, answer)
        self._prints.append((command_id, prints))

    def unlogged(self) -> None:
        """One has written something that leaves no row in the log."""
        self._unlogged = True

    def gather(self, tx: Tx) -> None:
        """Takes over what a command that stands has left. The last word on a feed's key counts."""
        self._audit += [(tx.command_id, n, *row) for n, row in enumerate(tx.audit_rows)]
        self._outbox += tx.outbox_rows
        for feed, rows in tx.feeds.items():
            told = self._feeds.setdefault(feed, {})
            for key, body in rows.items():
                told.pop(key, None)  # told again, it goes to the end: the newest revision
                told[key] = body
        for write, items in tx.due.items():
            self.due.setdefault(write, []).extend(items)
        self.common.touched |= tx.touched
        self.common.numbers.drawn.update(tx.drawn)
        for table, made in (tx.late or {}).items():
            self._rows.setdefault(table, []).extend(made)

    def flush(self, db: Connection) -> None:
        """Writes the rows and numbers that were gathered, those first that others name: whoever comes now may read
        them."""
        for table in sorted(self._rows, key=_order().index):
            db.write_many(BY_NAME[table].insert_sql, self._rows[table])
        self._rows.clear()
        if not self.common.numbers.write(db):
            raise Care

    def write(self, db: Connection) -> None:
        """Once, right before the commit."""
        self.flush(db)
        # log: it hears of it by `Tx.left`
        for sql, rows in (
            ("INSERT INTO command_log (id, at, actor, origin, name, place, turn, digest, body, answer) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             list(self._log.values())),
            ("INSERT INTO command_prints (command_id, prints) VALUES (?, ?)", self._prints),
            ("INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES (?, ?, ?, ?, ?, ?)",
             self._audit),
            ("INSERT INTO outbox (id, kind, body, due, lane, tries, state, last_error) "  # noqa: S608 - words of ours
             f"VALUES (?, ?, ?, ?, ?, 0, '{OutboxState.WAITING}', '')",
             self._outbox),
        ):  # fmt: skip
            if rows:
                db.write_many(sql, rows)
        for feed, told in self._feeds.items():
            self._write_feed(db, feed, told)
        for write, items in self.due.items():
            write(db, items)

    @staticmethod
    def _write_feed(db: Connection, feed: str, rows: dict[str, str | None]) -> None:
        (head,) = db.run(
            "INSERT INTO feed_head (feed, revision) "
            "VALUES (:feed, COALESCE((SELECT value FROM counter WHERE name = :begun), 0) + :n) "
            "ON CONFLICT (feed) DO UPDATE SET revision = feed_head.revision + :n RETURNING revision",
            {"feed": feed, "n": len(rows), "begun": BEGUN},
        )
        first = int(head[0]) - len(rows) + 1
        # log: it hears of it by `Tx.left`
        db.write_many(
            "INSERT INTO feed_row (feed, key, revision, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (feed, key) DO UPDATE SET revision = excluded.revision, body = excluded.body",
            [(feed, key, first + n, body) for n, (key, body) in enumerate(rows.items())],
        )
