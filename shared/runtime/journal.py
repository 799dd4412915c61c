"""A device's memory: one SQLite file with its facts, the feeds it was given, its counters and notes, and role tables.

Whatever a device answers "ok" to is committed here first (WAL, synchronous=FULL). One process and one thread own a
journal; everything is synchronous and small, so a shell calls it straight from its event loop. Facts are numbered
without gaps and chained by hash; they are done only when central's receipt says so, and are kept after that too, since
a role can rebuild what it did from them. A broken file is set aside, never deleted; see `salvage`.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

import orjson

from shared.clock import Now, Reading
from shared.ids import Id
from shared.runtime import salvage
from shared.runtime.config import Failure
from shared.runtime.salvage import Salvaged
from shared.wire.codec import dump, load
from shared.wire.facts import BATCH_BYTES, BATCH_FACTS, GENESIS, Fact, Receipt, fact_hash
from shared.wire.feeds import FeedPage, kept_anew

SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, hash TEXT NOT NULL, json BLOB NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,  -- 0 waits, 1 is with central, 2 is on central's dead-letter list
    why TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS fact_waiting ON fact (seq) WHERE state = 0;
CREATE INDEX IF NOT EXISTS fact_dead ON fact (seq) WHERE state = 2;
CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS feed_row (
    feed_id INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (feed_id, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_ENVELOPE = 128  # bytes of an upload besides its facts
_HEAD = "fact_head"  # note: the seq below which the next fact may not fall, after a salvage that lost the tail
_Params = Sequence[Any] | Mapping[str, Any]


class Phase(StrEnum):
    """Where the hook of the crash simulation is called."""

    BEFORE_COMMIT = auto()
    AFTER_COMMIT = auto()


class PageRefused(Exception):
    """A feed page that does not follow on what this journal has: it goes back, leaves a gap or lies about itself."""


class JournalTx:
    """An open transaction; it lives only inside `Journal.transaction()`."""

    __slots__ = ("_db", "_device_id", "recorded")

    def __init__(self, db: sqlite3.Connection, device_id: Id) -> None:
        self.recorded = False
        self._db = db
        self._device_id = device_id

    def run(self, sql: str, params: _Params = ()) -> list[sqlite3.Row]:
        return self._db.execute(sql, params).fetchall()

    def run_many(self, sql: str, params: Sequence[_Params]) -> None:
        self._db.executemany(sql, params)

    def record(self, kind: str, body: object, now: Now, reading: Reading, fact_id: Id) -> Fact:
        """Write the next fact of this device. `body` is the kind's dataclass from `shared.wire.facts`. Recording an
        id that is there already is a bug and raises sqlite3.IntegrityError."""
        seq, prev = _head(self._db)
        said = orjson.loads(dump(body))
        unhashed = Fact(
            self._device_id, seq + 1, fact_id, kind, now.at, reading.mono_ms, reading.boot_id, now.state, said, prev
        )
        fact = _with_hash(unhashed)
        self._db.execute(
            "INSERT INTO fact (seq, id, kind, hash, json) VALUES (?, ?, ?, ?, ?)",
            (fact.seq, fact.id, fact.kind, fact.hash, dump(fact)),
        )
        self.recorded = True
        return fact

    def counter(self, name: str) -> int:
        """The next number, from 1: gap-free, because it is rolled back with the transaction that took it."""
        row = self._db.execute(
            "INSERT INTO counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        ).fetchone()
        return int(row[0])

    def note(self, name: str) -> str | None:
        return _note(self._db, name)

    def set_note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))


RowsReader = Callable[[JournalTx, FeedPage], None]


class Journal:
    """`salvaged` tells what became of the last file when that one was found broken; a role then rebuilds its own
    tables from `facts` and does not sell or admit on what it cannot know."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        device_id: Id,
        schema: str = "",
        on_commit: Callable[[Phase], None] | None = None,
    ) -> None:
        self.device_id = device_id
        self.salvaged: Salvaged | None = None
        self.on_fact: Callable[[], None] | None = None  # called after a commit that wrote facts: sync listens
        self._db = connection
        self._on_commit = on_commit
        connection.isolation_level = None  # transactions are ours alone
        connection.row_factory = sqlite3.Row
        connection.executescript(SCHEMA + schema)
        owner = self.note("device")
        if owner not in (None, device_id):
            raise Failure(
                f"This journal belongs to device {owner}, not to {device_id}.",
                "Give each device a data directory of its own.",
            )
        if owner is None:
            with self.transaction() as tx:
                tx.set_note("device", device_id)

    @classmethod
    def open(
        cls,
        path: Path,
        device_id: Id,
        schema: str = "",
        on_commit: Callable[[Phase], None] | None = None,
        moment: datetime | None = None,
    ) -> "Journal":
        """The journal at `path`. A file that does not pass SQLite's check is set aside as `<name>.broken-<time>`, and
        what can be read of it goes into a new one."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as bad:
            raise Failure(
                f"The journal {path} cannot be written ({bad.strerror}).", "Check the data directory."
            ) from bad
        if salvage.sound(path):
            return cls(connect(path), device_id, schema, on_commit)
        broken = salvage.set_aside(path, moment or datetime.now(UTC))
        path.touch(mode=0o600)
        journal = cls(connect(path), device_id, schema, on_commit)
        journal.salvaged = salvage.rescue(broken, journal._db, device_id, _HEAD)
        return journal

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[JournalTx]:
        """BEGIN IMMEDIATE … COMMIT; any exception rolls back. Never await inside."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            tx = JournalTx(self._db, self.device_id)
            yield tx
            if self._on_commit:
                self._on_commit(Phase.BEFORE_COMMIT)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        if self._on_commit:
            self._on_commit(Phase.AFTER_COMMIT)
        if tx.recorded and self.on_fact:
            self.on_fact()

    def read(self, sql: str, params: _Params = ()) -> list[sqlite3.Row]:
        """A look-up outside any transaction."""
        return self._db.execute(sql, params).fetchall()

    # facts

    def head(self) -> tuple[int, str]:
        """Number and hash of the last fact; (0, GENESIS) before the first."""
        return _head(self._db)

    def pending(self, max_facts: int = BATCH_FACTS, max_bytes: int = BATCH_BYTES) -> list[Fact]:
        """The oldest facts that central has not confirmed, at least one if any wait, bounded in number and size.
        A fact that is no longer as it was written is put with the dead letters."""
        batch: list[Fact] = []
        damaged: list[int] = []
        size = _ENVELOPE
        rows = self._db.execute("SELECT seq, json FROM fact WHERE state = 0 ORDER BY seq LIMIT ?", (max_facts,))
        for seq, body in rows.fetchall():
            size += len(body) + 1  # bytes
            if batch and size > max_bytes:
                break
            fact = salvage.genuine_fact(body, seq, self.device_id)
            if fact is None:
                damaged.append(seq)
            else:
                batch.append(fact)
        if damaged:  # SQLite does not notice a flipped bit in a row; such a fact must not hold up the others
            with self.transaction() as tx:
                why = "damaged on this device's disk"
                tx.run_many("UPDATE fact SET state = 2, why = ? WHERE seq = ?", [(why, seq) for seq in damaged])
            return batch or self.pending(max_facts, max_bytes)
        return batch

    def settle(self, receipt: Receipt, sent: int | None = None) -> None:
        """Believe central's receipt: what it has is done, what it wants again waits again, dead letters are marked.
        If it has more than was ever written here (a disk from a backup), later facts are numbered after that.
        `sent`: the last fact of the upload. What was not sent is not done, whatever central has under its number: that
        came from a clone of this disk."""
        with self.transaction() as tx:
            done = receipt.contiguous if sent is None else min(receipt.contiguous, sent)
            tx.run("UPDATE fact SET state = 1 WHERE state = 0 AND seq <= ?", (done,))
            tx.run_many("UPDATE fact SET state = 1 WHERE state = 0 AND seq = ?", [(seq,) for seq in receipt.taken])
            tx.run_many(
                "UPDATE fact SET state = 0 WHERE state = 1 AND seq BETWEEN ? AND ?",
                [(first, last) for first, last in receipt.gaps if last > receipt.contiguous],
            )
            if receipt.contiguous > _head(self._db)[0]:
                tx.set_note(_HEAD, str(receipt.contiguous))
            tx.run_many(
                "UPDATE fact SET state = 2, why = :why WHERE CAST(seq AS TEXT) = :named OR id = :named",
                [{"named": named, "why": why} for named, why in receipt.dead.items()],
            )

    def unsent(self) -> int:
        return int(self.read("SELECT count(*) FROM fact WHERE state = 0")[0][0])

    def dead(self) -> dict[int, str]:
        """Facts that central put on its dead-letter list: number → reason."""
        return {row[0]: row[1] for row in self.read("SELECT seq, why FROM fact WHERE state = 2 ORDER BY seq")}

    def facts(self, *kinds: str, after: int = 0) -> Iterator[Fact]:
        """Every fact of these kinds (of all, if none is named), oldest first."""
        marks = ",".join("?" * len(kinds))
        only = f"AND kind IN ({marks})" if kinds else ""
        for (text,) in self._db.execute(
            f"SELECT json FROM fact WHERE seq > ? {only} ORDER BY seq",  # noqa: S608  # only question marks go in
            (after, *kinds),
        ):
            yield load(Fact, text)

    def forget(self, keep: int) -> int:
        """Drop facts that central has, but for the last `keep` (at least one, which carries the chain)."""
        with self.transaction() as tx:
            seq, _ = _head(self._db)
            tx.run("DELETE FROM fact WHERE state = 1 AND seq <= ?", (seq - max(keep, 1),))
            return int(tx.run("SELECT changes()")[0][0])

    # feeds

    def revision(self, feed: str) -> int:
        """How far this feed is known; 0 if never seen."""
        row = self._db.execute("SELECT revision FROM feed WHERE name = ?", (feed,)).fetchone()
        return int(row[0]) if row else 0

    def rows(self, feed: str) -> dict[str, dict[str, Any]]:
        found = self._db.execute(
            "SELECT key, body FROM feed_row WHERE feed_id = (SELECT id FROM feed WHERE name = ?)", (feed,)
        )
        return {key: orjson.loads(body) for key, body in found}

    def row(self, feed: str, key: str) -> dict[str, Any] | None:
        found = self._db.execute(
            "SELECT body FROM feed_row WHERE feed_id = (SELECT id FROM feed WHERE name = ?) AND key = ?", (feed, key)
        ).fetchone()
        return dict(orjson.loads(found[0])) if found else None

    def apply(self, page: FeedPage, on_rows: RowsReader | None = None, keep: bool = True) -> None:
        """Take a page whose seal was verified, whole or not at all. `on_rows` puts rows into the role's own tables in
        the same transaction; with `keep=False` they are not stored here besides. PageRefused if it does not follow.
        A page that says that what was asked from was never told takes the feed back; until its end is reached, pages
        (as `on_rows` gets them) say so too."""
        have = self.revision(page.feed)
        anew = page.asked == have > page.upto and page.after == 0
        if page.upto < have and not anew:
            raise PageRefused(f"{page.feed} would go back from revision {have} to {page.upto}")
        if page.after != have and not anew:
            raise PageRefused(f"{page.feed}: page starts after revision {page.after}, this device has {have}")
        if page.upto < page.after or any(not page.after < row.revision <= page.upto for row in page.rows):
            raise PageRefused(f"{page.feed}: page {page.after}..{page.upto} holds rows of other revisions")
        with self.transaction() as tx:
            _take(tx, page, page.upto, on_rows, keep)

    def load(self, part: FeedPage, on_rows: RowsReader | None = None, keep: bool = True) -> None:
        """Take a part of a feed's first load, its rows in any order. The feed is as unknown as before until the last
        part (`more` is false) is there; a load that broke off is begun again, or pages bring everything anew.
        PageRefused for a feed that is known already."""
        have = self.revision(part.feed)
        if have or any(not 0 < row.revision <= part.upto for row in part.rows):
            raise PageRefused(f"{part.feed}: no first load up to {part.upto}, this device has {have}")
        with self.transaction() as tx:
            _take(tx, part, 0 if part.more else part.upto, on_rows, keep)

    def note(self, name: str) -> str | None:
        return _note(self._db, name)


def _take(tx: JournalTx, page: FeedPage, revision: int, on_rows: RowsReader | None, keep: bool) -> None:
    found = tx.run(
        "INSERT INTO feed (name, revision) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET revision = excluded.revision RETURNING id",
        (page.feed, revision),
    )
    feed_id = found[0][0]
    page = _anew(tx, page)
    if keep:
        for row in page.rows:  # in order: a page may speak of a key twice
            body = kept_anew(page.feed, _body(tx, feed_id, row.key), row.body) if page.asked else row.body
            if body is None:
                tx.run("DELETE FROM feed_row WHERE feed_id = ? AND key = ?", (feed_id, row.key))
            else:
                tx.run("INSERT OR REPLACE INTO feed_row VALUES (?, ?, ?)", (feed_id, row.key, orjson.dumps(body)))
    if on_rows:
        on_rows(tx, page)


def _anew(tx: JournalTx, page: FeedPage) -> FeedPage:
    """The page, marked where its feed is read anew: from the page that began it to the first that has no more after."""
    name = f"anew {page.feed}"
    asked = page.asked or int(tx.note(name) or 0)
    if asked:
        tx.set_note(name, str(asked if page.more else 0))
    return replace(page, asked=asked)


def _body(tx: JournalTx, feed_id: int, key: str) -> dict[str, Any] | None:
    found = tx.run("SELECT body FROM feed_row WHERE feed_id = ? AND key = ?", (feed_id, key))
    return dict(orjson.loads(found[0][0])) if found else None


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose COMMIT means: on the disk."""
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def chain_faults(facts: Sequence[Fact], seq: int = 0, prev: str = GENESIS) -> list[str]:
    """What is wrong with a run of facts that should follow on fact `seq` with hash `prev`; empty if nothing is."""
    found = []
    for fact in facts:
        if fact.seq != seq + 1:
            found.append(f"fact {fact.seq} follows on {seq}")
        elif fact.prev != prev:
            found.append(f"fact {fact.seq} does not know the fact before it")
        if fact_hash(fact) != fact.hash:
            found.append(f"fact {fact.seq} was altered")
        seq, prev = fact.seq, fact.hash
    return found


def _head(db: sqlite3.Connection) -> tuple[int, str]:
    row = db.execute("SELECT seq, hash FROM fact ORDER BY seq DESC LIMIT 1").fetchone()
    seq, digest = (int(row[0]), str(row[1])) if row else (0, GENESIS)
    return max(seq, int(_note(db, _HEAD) or 0)), digest


def _note(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def _with_hash(fact: Fact) -> Fact:
    values = {name: getattr(fact, name) for name in Fact.__slots__}
    values["hash"] = fact_hash(fact)
    return Fact(**values)
