"""The lists central gives a gate: tickets in a compact table; keys, leases and performances in memory.

A million tickets take some 40 MB on disk and nothing in memory: 16 bytes of id, a performance's number, the lowest
valid serial, what bars it. The small feeds stay with the journal and are read into memory when their feed has moved, so
that a scan parses nothing. A row that makes no sense is counted and left out; it holds up no other.
"""

from collections.abc import Sequence
from typing import Any, Final

from shared.ids import Id, id_bytes, is_id
from shared.rules.access import KeyFacts, LeaseFacts, TicketFacts
from shared.runtime.journal import Journal, JournalTx
from shared.wire.certificates import DeviceKind, verified
from shared.wire.codec import build, load
from shared.wire.feeds import FeedFamily, FeedPage, FeedRow, KeyRow, LeaseRow, PerformanceRow, TicketRow
from shared.wire.leases import Lease

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS gate_performance (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS gate_ticket (
    id BLOB PRIMARY KEY, performance INTEGER NOT NULL, serial INTEGER NOT NULL, bars INTEGER NOT NULL) WITHOUT ROWID;
"""
KEPT: Final = frozenset(
    {FeedFamily.KEYS, FeedFamily.PERFORMANCES, FeedFamily.LEASES}
)  # the journal holds these rows itself
_CANCELLED, _BLOCKED = 1, 2  # bits of `bars`


class Lists:
    """`faults` counts rows left out since the start."""

    def __init__(self, journal: Journal, root_pem: str) -> None:
        self.faults = 0
        self._journal = journal
        self._root_pem = root_pem
        self._moved = set(KEPT)
        self._revision: int | None = None
        self._names: dict[int, Id] = {}
        self._keys: dict[str, KeyFacts] = {}
        self._gates: frozenset[tuple[str, str]] = frozenset()  # device and site
        self._performances: dict[str, PerformanceRow] = {}
        self._leases: dict[str, LeaseFacts] = {}

    def key(self, kid: str) -> KeyFacts | None:
        self._fresh()
        return self._keys.get(kid)

    def is_gate(self, device_id: str, site_id: str) -> bool:
        """Whether central lists this device as a gate of the site that is not revoked."""
        self._fresh()
        return (device_id, site_id) in self._gates

    def performance(self, performance_id: str) -> PerformanceRow | None:
        self._fresh()
        return self._performances.get(performance_id)

    def performances(self) -> dict[str, PerformanceRow]:
        self._fresh()
        return self._performances

    def lease(self, lease_id: str | None) -> LeaseFacts | None:
        self._fresh()
        return self._leases.get(lease_id) if lease_id else None

    def ticket(self, tx: JournalTx, ticket: bytes) -> TicketFacts | None:
        found = tx.run("SELECT performance, serial, bars FROM gate_ticket WHERE id = ?", (ticket,))
        if not found:
            return None
        number, serial, bars = found[0]
        return TicketFacts(self._name(tx, number), serial, bool(bars & _CANCELLED), bool(bars & _BLOCKED))

    def count(self) -> int:
        return int(self._journal.read("SELECT count(*) FROM gate_ticket")[0][0])

    def revision(self) -> int:
        """How far the ticket list is known."""
        if self._revision is None:
            self._revision = max(map(self._journal.revision, self._feeds(FeedFamily.TICKETS)), default=0)
        return self._revision

    def take(self, tx: JournalTx, page: FeedPage) -> None:
        """A page, inside the journal's own transaction; the memory follows at the next question."""
        family = page.feed.partition("/")[0]
        if family == FeedFamily.TICKETS:
            self._take_tickets(tx, page.rows, anew=page.asked > 0)
            self._revision = None
        elif family in KEPT:
            self._moved.add(FeedFamily(family))

    def _take_tickets(self, tx: JournalTx, rows: Sequence[FeedRow], anew: bool) -> None:
        """Read `anew`, a row may be older than what is known: it bars more, and never less."""
        numbers: dict[str, int] = {}
        for row in rows:  # in order: a page may speak of a ticket twice
            if not is_id(row.key):
                self.faults += 1
                continue
            ticket = id_bytes(Id(row.key))
            if row.body is None:
                if not anew:
                    tx.run("DELETE FROM gate_ticket WHERE id = ?", (ticket,))
                continue
            try:
                said = build(TicketRow, row.body)
            except ValueError:
                self.faults += 1
                continue
            if said.performance_id not in numbers:
                numbers[said.performance_id] = _number(tx, said.performance_id)
            bars = _CANCELLED * said.cancelled | _BLOCKED * said.blocked
            serial, known = said.serial, numbers[said.performance_id]
            if anew and (had := tx.run("SELECT serial, bars FROM gate_ticket WHERE id = ?", (ticket,))):
                serial, bars = max(serial, had[0]["serial"]), bars | had[0]["bars"]
            tx.run("INSERT OR REPLACE INTO gate_ticket VALUES (?, ?, ?, ?)", (ticket, known, serial, bars))

    def _name(self, tx: JournalTx, number: int) -> Id:
        if number not in self._names:
            self._names[number] = Id(tx.run("SELECT id FROM gate_performance WHERE no = ?", (number,))[0][0])
        return self._names[number]

    def _feeds(self, family: FeedFamily) -> list[str]:
        found = self._journal.read(
            "SELECT name FROM feed WHERE substr(name, 1, ?) = ?", (len(family) + 1, f"{family}/")
        )
        return [str(row[0]) for row in found]

    def _fresh(self) -> None:
        if not self._moved:
            return
        moved, self._moved = self._moved, set()
        if FeedFamily.KEYS in moved:
            self._keys = self._read_keys()
            self._gates = frozenset(
                (key.certificate.holder_id, key.certificate.site_id)
                for key in self._keys.values()
                if key.certificate.kind is DeviceKind.GATE and not key.revoked
            )
        if FeedFamily.PERFORMANCES in moved:
            self._performances = self._read_performances()
        if FeedFamily.LEASES in moved:
            self._leases = self._read_leases()

    def _read_keys(self) -> dict[str, KeyFacts]:
        found = {}
        for kid, body in self._rows(FeedFamily.KEYS):
            try:
                said = build(KeyRow, body)
            except ValueError:
                self.faults += 1
                continue
            certificate = verified(said.certificate, self._root_pem)
            if certificate is None or certificate.kid != kid:
                self.faults += 1
                continue
            found[kid] = KeyFacts(certificate, said.revoked_at is not None, frozenset(said.good))
        return found

    def _read_performances(self) -> dict[str, PerformanceRow]:
        found = {}
        for key, body in self._rows(FeedFamily.PERFORMANCES):
            try:
                found[key] = build(PerformanceRow, body)
            except ValueError:
                self.faults += 1
        return found

    def _read_leases(self) -> dict[str, LeaseFacts]:
        """`returned`: slots given back, where central says so (it also lists their tickets as cancelled)."""
        found = {}
        for key, body in self._rows(FeedFamily.LEASES):
            try:
                lease = load(Lease, build(LeaseRow, body).text)
                returned = frozenset(int(slot) for slot in body.get("returned", ()))
            except (ValueError, TypeError):
                self.faults += 1
                continue
            zones = tuple(place.zones for place in lease.places)
            found[key] = LeaseFacts(lease.device_id, lease.performance_id, zones, returned)
        return found

    def _rows(self, family: FeedFamily) -> list[tuple[str, dict[str, Any]]]:
        return [item for feed in self._feeds(family) for item in self._journal.rows(feed).items()]


def _number(tx: JournalTx, performance_id: str) -> int:
    tx.run("INSERT OR IGNORE INTO gate_performance (id) VALUES (?)", (performance_id,))
    return int(tx.run("SELECT no FROM gate_performance WHERE id = ?", (performance_id,))[0][0])
