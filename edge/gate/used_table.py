"""The used table: every movement through a gate that this lane knows of, its own, its neighbours' and central's.

A movement is one person of one ticket going in or out: (ticket, entry, scan). Movements are only ever added, confirmed
or withdrawn, never altered, so the table is the same whatever order they arrive in; what a ticket has used is folded
from them, the earliest entry first. It does not depend on the outbox: uploading empties nothing here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
from sqlite3 import Row
from typing import Final

from shared.clock import from_ms, to_ms
from shared.ids import Id, id_bytes, id_from_bytes
from shared.rules.access import Entry
from shared.runtime.journal import Journal, JournalTx

# `fresh` marks an own, standing, first entry: the index makes a second one impossible, whatever a rule believed.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS gate_used (
    ticket BLOB NOT NULL, entry INTEGER NOT NULL, scan BLOB NOT NULL, at INTEGER NOT NULL, gate TEXT NOT NULL,
    device BLOB NOT NULL, inside INTEGER NOT NULL, source INTEGER NOT NULL, state INTEGER NOT NULL,
    performance TEXT NOT NULL, fresh INTEGER NOT NULL, PRIMARY KEY (ticket, entry, scan)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS gate_used_once ON gate_used (ticket, entry) WHERE fresh = 1;
"""
_COLUMNS: Final = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT: Final = f"INSERT INTO gate_used VALUES {_COLUMNS}"  # noqa: S608  # no value in the text
_MERGE: Final = (
    _INSERT + " ON CONFLICT (ticket, entry, scan) DO UPDATE SET source = source | excluded.source,"
    " state = max(state, excluded.state), fresh = CASE WHEN excluded.state = 2 THEN 0 ELSE fresh END,"
    " device = max(device, excluded.device), performance = max(performance, excluded.performance)"
    " WHERE device = excluded.device OR device = x'' OR excluded.device = x''"
)


class ToldBy(IntFlag):
    """Who told of a movement; several may."""

    OWN = 1
    PEER = 2
    CENTRAL = 4


class State(IntEnum):
    """Only ever rising."""

    GRANTED = 0
    WENT = 1
    VOID = 2


@dataclass(frozen=True, slots=True)
class Movement:
    """`device` is empty in central's word, which does not name one."""

    ticket_id: Id
    entry: int
    scan_id: Id
    at: datetime
    gate: str
    device_id: str
    inside: bool
    source: ToldBy
    state: State
    performance_id: str = ""
    fresh: bool = False

    def columns(self) -> tuple[bytes | int | str, ...]:
        return (
            id_bytes(self.ticket_id),
            self.entry,
            id_bytes(self.scan_id),
            to_ms(self.at),
            self.gate,
            id_bytes(Id(self.device_id)) if self.device_id else b"",
            self.inside,
            int(self.source),
            int(self.state),
            self.performance_id,
            self.fresh,
        )


def movement(row: Row) -> Movement:
    return Movement(
        id_from_bytes(row["ticket"]),
        row["entry"],
        id_from_bytes(row["scan"]),
        from_ms(row["at"]),
        row["gate"],
        id_from_bytes(row["device"]) if row["device"] else "",
        bool(row["inside"]),
        ToldBy(row["source"]),
        State(row["state"]),
        row["performance"],
        bool(row["fresh"]),
    )


def add(tx: JournalTx, moved: Movement) -> None:
    """An own movement. sqlite3.IntegrityError if this entry was used here already: a bug, and nothing is admitted."""
    tx.run(_INSERT, moved.columns())


def merge(tx: JournalTx, moved: Movement) -> None:
    """Somebody else's word, or our own again. Only the device that made a movement, or central, may withdraw it."""
    tx.run(_MERGE, moved.columns())


def known(journal: Journal, moved: Movement) -> bool:
    """Whether this was heard before and says nothing new: neighbours repeat themselves, and a commit is dear."""
    rows = journal.read(
        "SELECT 1 FROM gate_used WHERE ticket = ? AND entry = ? AND scan = ? AND state >= ? AND source & ? = ?",
        (
            id_bytes(moved.ticket_id),
            moved.entry,
            id_bytes(moved.scan_id),
            int(moved.state),
            int(moved.source),
            int(moved.source),
        ),
    )
    return bool(rows)


def end(tx: JournalTx, ticket_id: Id, entry: int, scan_id: Id, state: State) -> Movement | None:
    """What became of an own grant; the movement as it is now."""
    changed = tx.run(
        "UPDATE gate_used SET state = max(state, ?1), fresh = CASE WHEN ?1 = 2 THEN 0 ELSE fresh END"
        " WHERE ticket = ?2 AND entry = ?3 AND scan = ?4 RETURNING *",
        (int(state), id_bytes(ticket_id), entry, id_bytes(scan_id)),
    )
    return movement(changed[0]) if changed else None


def withdraw(tx: JournalTx, ticket_id: Id, entry: int) -> None:
    """Central takes back what it knew of an entry."""
    tx.run(
        "UPDATE gate_used SET state = 2, fresh = 0 WHERE ticket = ? AND entry = ? AND source & ?",
        (id_bytes(ticket_id), entry, int(ToldBy.CENTRAL)),
    )


def drop(tx: JournalTx, ticket_id: Id, entry: int, scan_id: Id) -> None:
    """Forget a movement that was our own reading of central's word."""
    tx.run(
        "DELETE FROM gate_used WHERE ticket = ? AND entry = ? AND scan = ?",
        (id_bytes(ticket_id), entry, id_bytes(scan_id)),
    )


def of_ticket(tx: JournalTx, ticket: bytes) -> list[Row]:
    return tx.run("SELECT * FROM gate_used WHERE ticket = ?", (ticket,))


def open_grants(journal: Journal) -> list[Movement]:
    """Own grants of which nobody knows how they ended."""
    return [movement(row) for row in journal.read("SELECT * FROM gate_used WHERE state = 0 AND source & 1")]


def latest_own(journal: Journal, limit: int) -> list[Movement]:
    """Oldest first."""
    rows = journal.read("SELECT * FROM gate_used WHERE source & 1 ORDER BY at DESC LIMIT ?", (limit,))
    return [movement(row) for row in reversed(rows)]


def inside_now(journal: Journal) -> Counter[str]:
    """People inside by performance: those whose last movement was inwards."""
    rows = journal.read(
        "SELECT performance, count(*) FROM (SELECT performance, inside, max(at) FROM gate_used WHERE state < 2"
        " GROUP BY ticket, entry) WHERE inside = 1 GROUP BY performance"
    )
    return Counter({row[0]: row[1] for row in rows})


def tally(rows: Sequence[Row]) -> Counter[str]:
    """The same for one ticket."""
    named = max((row["performance"] for row in rows), default="")
    return Counter({named: sum(entry.inside for entry in fold(rows))})


def fold(rows: Sequence[Row]) -> tuple[Entry, ...]:
    """A ticket's entries, by number: when and where each was first used, and whether that person is inside now."""
    by_entry: dict[int, list[Row]] = {}
    for row in rows:
        if row["state"] < State.VOID:
            by_entry.setdefault(row["entry"], []).append(row)
    return tuple(_entry(number, by_entry[number]) for number in sorted(by_entry))


def _entry(number: int, rows: list[Row]) -> Entry:
    rows.sort(key=lambda row: (row["at"], -row["inside"], row["scan"]))
    first = next((row for row in rows if row["inside"]), rows[0])
    last = rows[-1]
    inside = bool(last["inside"])
    return Entry(number, from_ms(first["at"]), first["gate"], inside, None if inside else from_ms(last["at"]))
