"""The invariants I1–I7 (docs/spec/edge.md), asked of central's books as they stand: what the live page and the demo's
last table show. Each is a look at the rows alone, so a fault of any command, loop or hand in the database shows.

What only a device's own journal can prove (I1: what it showed as "ok") is asked here as far as central can know it: no
number of a device is missing, and each fact that was taken has left what it was to leave.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Annotated, Any, TypeVar

import orjson

from central.access.model import TOLD_ID, AccessPrivilege, AnomalyKind
from central.access.reads import FIRST_COUNTS, USED_AN_ENTRY, surplus_id
from central.inventory.model import TAKEN
from central.kernel.columns import columns
from central.kernel.contexts import whole_house
from central.kernel.entity import Ref
from central.kernel.registry import answers
from central.kernel.sums import halves, summed
from central.kernel.tx import Read
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome
from shared.wire.codec import load
from shared.wire.facts import Direction, FactKind, Sale, ScanFact

_Told = TypeVar("_Told")
MOST_WRONG = 10  # named per check; the figures count them all
_SALE_FLAGS = (AnomalyKind.SLOT_CLASH, AnomalyKind.SALE_WITHOUT_LEASE, AnomalyKind.SALE_AFTER_WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Check:
    """`sentence` says what holds when `ok`; `wrong` names what does not fit, ten at most."""

    name: str
    sentence: str
    ok: bool
    figures: Mapping[str, int]
    wrong: tuple[str, ...] = ()


@dataclass(slots=True)
class _Looked:
    """Gathered while looking."""

    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, **figures: Any) -> None:
        self.figures |= {name: int(value or 0) for name, value in figures.items()}

    def fault(self, text: str) -> None:
        self.wrong.append(text)


def run_checks(read: Read) -> list[Check]:
    """All seven, in order. It reads whole tables: call it seldom in a big house."""
    checks = []
    for name, sentence, look in CHECKS:
        seen = _Looked()
        look(read, seen)
        figures = seen.figures | ({"wrong": len(seen.wrong)} if seen.wrong else {})
        checks.append(Check(name, sentence, not seen.wrong, figures, tuple(seen.wrong[:MOST_WRONG])))
    return checks


@dataclass(frozen=True, slots=True)
class _Fact:
    """`device` is its code."""

    device: str
    seq: int
    device_id: Id
    id: Id


@dataclass(frozen=True, slots=True)
class _FactKept(_Fact):
    body: str


_BODY = columns(
    _FactKept, device="d.code", seq="f.seq", device_id="f.device_id", id="f.fact_id", body="f.body"
)  # fmt: skip


def _nothing_lost(read: Read, seen: _Looked) -> None:
    """I1. Below a device's highest number none is missing, and every sale and scan that was taken is in the books."""
    devices = read.run(
        "SELECT d.code, d.contiguous, MAX(f.seq), COUNT(DISTINCT f.seq) FROM device d "
        "JOIN fact f ON f.device_id = d.id GROUP BY d.id, d.code, d.contiguous ORDER BY d.code"
    )
    for code, mark, highest, known in devices:
        if known < highest:
            seen.fault(f"{code}: {highest - known} of {highest} facts have not arrived")
        elif mark != highest:
            seen.fault(f"{code}: all {highest} facts are here, its mark stands at {mark}")
    sales = list(_taken(read, FactKind.SALE, Sale))
    orders = {row[0] for row in read.run("SELECT id FROM sale_order WHERE device_id IS NOT NULL")}
    for fact, sale in sales:
        if sale is None or sale.order_id not in orders:
            seen.fault(f"{fact.device}: the sale that fact {fact.seq} told is not in the books")
    scans = {
        (row[0], row[1]): row[2:]
        for row in read.run(f"SELECT device_id, {TOLD_ID}, ticket_id, entry, admitted, direction FROM scan")  # noqa: S608 - names of ours, values are parameters
    }
    counted = _anomalies(read, AnomalyKind.SCANNED_TOO_OFTEN)
    for fact, scan in _taken(read, FactKind.SCAN, ScanFact):  # with what it did to an entry
        there = scans.get((fact.device_id, fact.id))
        if there is None and scan and surplus_id(scan.ticket_id, fact.device_id) in counted and not _uses(scan):
            continue  # one of so many that used none
        if scan is None or there != (scan.ticket_id, scan.entry, int(scan.admitted), scan.direction):
            seen.fault(f"{fact.device}: the scan that fact {fact.seq} told is not in the books")
    seen.count(
        devices=len(devices),
        facts=sum(row[3] for row in devices),
        sales=len({sale.order_id for _, sale in sales if sale}),
        scans=_number(read, "SELECT COUNT(*) FROM scan"),
    )


def _uses(scan: ScanFact) -> bool:
    return scan.admitted and scan.entry > 0 and scan.direction is Direction.ENTRY


def _taken(read: Read, kind: FactKind, shape: type[_Told]) -> Iterator[tuple[_Fact, _Told | None]]:
    """The facts of a kind that were taken, with what they say; None: it was read when it was taken, and is not what it
    was."""
    for row in read.run(
        f"SELECT {_BODY} FROM fact f JOIN device d ON d.id = f.device_id "  # noqa: S608 - names of ours
        "WHERE f.kind = :kind AND f.state = 'taken' ORDER BY d.code, f.seq",
        kind=kind,
    ):
        fact = _FactKept(*row)
        try:
            said: _Told | None = load(shape, str(fact.body).encode())
        except ValueError:
            said = None
        yield fact, said


def _one_effect(read: Read, seen: _Looked) -> None:
    """I2. Told twice or ten times, an id leaves one order, one scan, one ticket number."""
    for what, sql in (
        ("receipt {1} of device {0}", "SELECT device_id, receipt FROM sale_order WHERE device_id IS NOT NULL"),
        ("ticket number {0}", "SELECT number FROM ticket"),
        ("place {0}: sold lines", "SELECT allocation_id FROM order_line WHERE allocation_id IS NOT NULL"),
        ("entry {1} of ticket {0}", "SELECT ticket_id, entry FROM admission"),
    ):
        columns = sql.split("SELECT ")[1].split(" FROM")[0]
        for row in read.run(f"{sql} GROUP BY {columns} HAVING COUNT(*) > 1 ORDER BY {columns}"):
            seen.fault(what.format(*row) + " stands there more than once")
    twins = read.run("SELECT device_id, seq FROM fact GROUP BY device_id, seq HAVING COUNT(*) > 1 ORDER BY 1, 2")
    flagged = _anomalies(read, AnomalyKind.CHAIN_BROKEN)
    for device, seq in twins:
        if derived_id("chain", device, seq) not in flagged:
            seen.fault(f"fact {seq} of device {device} was told in two ways, and nobody was told")
    for (scan,) in read.run(
        f"SELECT id FROM scan WHERE (device_id, {TOLD_ID}) NOT IN (SELECT f.device_id, f.fact_id FROM fact f "  # noqa: S608 - names of ours, values are parameters
        "WHERE f.kind = 'scan' AND f.state = 'taken') ORDER BY id"
    ):
        seen.fault(f"scan {scan} was told by nobody")
    seen.count(
        orders=_number(read, "SELECT COUNT(*) FROM sale_order"),
        tickets=_number(read, "SELECT COUNT(*) FROM ticket"),
        scans=_number(read, "SELECT COUNT(*) FROM scan"),
        twins=len(twins),
    )


_GENUINE = (
    "SELECT scan.ticket_id, scan.entry, scan.id, scan.at, scan.gate, ROW_NUMBER() OVER "  # noqa: S608 - our own text
    f"(PARTITION BY scan.ticket_id, scan.entry ORDER BY {FIRST_COUNTS}) AS nth FROM scan WHERE {USED_AN_ENTRY}"
)


def _entries_follow(read: Read, seen: _Looked) -> None:
    """I3. The entries worked out anew from all scans are those in the books: the order of arrival left no trace."""
    wrong = read.run(
        f"SELECT g.ticket_id, g.entry FROM ({_GENUINE}) g LEFT JOIN admission a "  # noqa: S608 - our own text
        "ON a.ticket_id = g.ticket_id AND a.entry = g.entry AND a.scan_id = g.id AND a.at = g.at AND a.gate = g.gate "
        "WHERE g.nth = 1 AND a.id IS NULL ORDER BY 1, 2"
    )
    for ticket, entry in wrong:
        seen.fault(f"entry {entry} of ticket {ticket}: its earliest scan is not the one that counts")
    extra = read.run(
        f"SELECT a.ticket_id, a.entry FROM admission a LEFT JOIN ({_GENUINE}) g "  # noqa: S608 - names of ours, values are parameters
        "ON g.ticket_id = a.ticket_id AND g.entry = a.entry AND g.nth = 1 WHERE g.id IS NULL ORDER BY 1, 2"
    )
    for ticket, entry in extra:
        seen.fault(f"entry {entry} of ticket {ticket} has no scan")
    seen.count(
        scans=_number(read, "SELECT COUNT(*) FROM scan"), admissions=_number(read, "SELECT COUNT(*) FROM admission")
    )


_OF_ORDER = tuple(
    what.format(half)
    for column, what in (
        ("l.price", "(SELECT {} FROM order_line l WHERE l.order_id = o.id)"),
        ("p.amount", "(SELECT {} FROM payment p WHERE p.order_id = o.id AND p.method <> 'none')"),
        ("m.amount", "(SELECT {} FROM move m JOIN account c ON c.id = m.debit_id WHERE m.order_id = o.id "
                     "AND c.kind = 'customers')"),
        ("m.amount", "(SELECT {} FROM move m JOIN account c ON c.id = m.credit_id WHERE m.order_id = o.id "
                     "AND c.kind = 'customers')"),
    )
    for half in halves(column).split(", ")
)  # fmt: skip
"""Of an order `o`, two columns each for `summed`: what its lines cost, was paid, is booked as sold, and as paid."""


def _books_balance(read: Read, seen: _Looked) -> None:
    """I4. Of every order: what its lines cost is what was booked as sold, and what was paid is what was booked as paid;
    what remains with the customer is zero, unless an anomaly says that the device took another amount."""
    flagged = {row[0] for row in read.run("SELECT subject FROM anomaly WHERE kind = :k", k=AnomalyKind.AMOUNT_DIFFERS)}
    rows = read.run(f"SELECT o.id, o.total, {', '.join(_OF_ORDER)} FROM sale_order o ORDER BY o.id")  # noqa: S608 - ours
    sold = paid_in_all = 0
    for order, total, *parts in rows:
        lines, paid, owed, settled = (summed(*parts[n : n + 2]) for n in range(0, len(_OF_ORDER), 2))
        sold, paid_in_all = sold + total, paid_in_all + paid
        if not total == lines == owed:
            seen.fault(f"order {order}: total {total}, lines {lines}, booked as sold {owed}")
        if paid != settled or (paid != total and order not in flagged):
            seen.fault(f"order {order}: total {total}, paid {paid}, booked as paid {settled}")
    for (move,) in read.run(
        "SELECT m.id FROM move m LEFT JOIN account d ON d.id = m.debit_id LEFT JOIN account c ON c.id = m.credit_id "
        "LEFT JOIN sale_order o ON o.id = m.order_id WHERE d.id IS NULL OR c.id IS NULL OR d.id = c.id "
        "OR d.currency <> m.currency OR c.currency <> m.currency OR m.amount <= 0 "
        "OR (m.order_id IS NOT NULL AND o.id IS NULL) ORDER BY m.id"
    ):
        seen.fault(f"move {move} has not two sides in its own currency")
    seen.count(
        orders=len(rows),
        moves=_number(read, "SELECT COUNT(*) FROM move"),
        sold=sold,
        paid=paid_in_all,
    )


def _never_oversold(read: Read, seen: _Looked) -> None:
    """I5. A place has one holder; each sold place has its line, and a sold line without a place has its anomaly."""
    for performance, seat, holders in read.run(
        f"SELECT performance_id, seat_id, COUNT(*) FROM allocation WHERE {TAKEN} AND seat_id IS NOT NULL "  # noqa: S608 - names of ours, values are parameters
        "GROUP BY performance_id, seat_id HAVING COUNT(*) > 1 ORDER BY 1, 2"
    ):
        seen.fault(f"seat {seat} of performance {performance} has {holders} holders")
    for gauge, capacity, taken, given in read.run(
        "SELECT g.id, g.capacity, g.taken, COALESCE((SELECT SUM(a.quantity) FROM allocation a WHERE a.gauge_id = g.id "  # noqa: S608 - names of ours, values are parameters
        f"AND a.{TAKEN}), 0) FROM gauge g ORDER BY g.id"
    ):
        if taken != given or not 0 <= taken <= capacity:
            seen.fault(f"counted places {gauge}: {taken} of {capacity} taken, {given} given out")
    for (allocation,) in read.run(
        "SELECT a.id FROM allocation a WHERE a.state = 'sold' AND a.id NOT IN "
        "(SELECT l.allocation_id FROM order_line l WHERE l.allocation_id IS NOT NULL) ORDER BY a.id"
    ):
        seen.fault(f"place {allocation} is sold without a line")
    for (line,) in read.run(
        "SELECT l.id FROM order_line l LEFT JOIN allocation a ON a.id = l.allocation_id WHERE l.allocation_id IS NOT "
        "NULL AND (a.id IS NULL OR a.performance_id <> l.performance_id OR a.state <> 'sold') ORDER BY l.id"
    ):
        seen.fault(f"line {line} is sold, its place is not")
    homeless = _lines_without_place(read, seen)
    seen.count(
        places=_number(read, "SELECT COUNT(*) FROM place"),
        sold=_number(read, "SELECT COUNT(*) FROM allocation WHERE state = 'sold' AND seat_id IS NOT NULL"),
        without_place=homeless,
    )


def _lines_without_place(read: Read, seen: _Looked) -> int:
    """How many; those of an order that has fewer anomalies than such lines are faults."""
    rows = read.run(
        "SELECT l.order_id, COUNT(*), (SELECT COUNT(*) FROM order_line a WHERE a.order_id = l.order_id) "
        "FROM order_line l WHERE l.allocation_id IS NULL GROUP BY l.order_id ORDER BY l.order_id"
    )
    if not rows:
        return 0
    flagged: dict[str, int] = {}
    for kind in _SALE_FLAGS:
        for anomaly, detail in read.run("SELECT id, detail FROM anomaly WHERE kind = :kind", kind=kind):
            flagged[anomaly] = int(orjson.loads(detail).get("count", 1))
    for order, lines, all_lines in rows:
        ids = {derived_id("sale", order, kind) for kind in _SALE_FLAGS}
        ids |= {derived_id("sale", order, n, kind) for n in range(4 * all_lines) for kind in _SALE_FLAGS}  # from before
        told = sum(flagged.get(each, 0) for each in ids)
        if told < lines:
            seen.fault(f"order {order}: {lines} lines sold without a place, {told} of them flagged")
    return sum(row[1] for row in rows)


def _anomalies_visible(read: Read, seen: _Looked) -> None:
    """I6. What does not fit is on the list, under its class: second entries, dead letters, quarantine, chains."""
    second = _anomalies(read, AnomalyKind.DUPLICATE_OFFLINE)
    for scan, ticket in read.run(f"SELECT g.id, g.ticket_id FROM ({_GENUINE}) g WHERE g.nth > 1 ORDER BY g.id"):  # noqa: S608 - names of ours, values are parameters
        if derived_id("duplicate", scan) not in second:
            seen.fault(f"scan {scan} let ticket {ticket} in again, and no anomaly says so")
    classes = {"dead": AnomalyKind.DEAD_LETTER, "quarantined": AnomalyKind.QUARANTINED}
    shown = _anomalies(read, *classes.values())
    for device, hash_, state in read.run(
        "SELECT device_id, hash, state FROM fact WHERE state IN ('dead', 'quarantined') ORDER BY device_id, seq"
    ):
        if derived_id("fact", classes[state], device, hash_) not in shown:
            seen.fault(f"a fact of device {device} is {state}, and no anomaly says so")
    unknown = _anomalies(read, AnomalyKind.UNKNOWN_TICKET_ADMITTED)
    for (ticket,) in read.run(
        "SELECT DISTINCT a.ticket_id FROM admission a LEFT JOIN entitlement e ON e.id = a.ticket_id WHERE e.id IS NULL"
    ):
        if derived_id("unknown ticket", ticket) not in unknown:
            seen.fault(f"ticket {ticket} was admitted and never sold, and no anomaly says so")
    seen.count(open=_number(read, "SELECT COUNT(*) FROM anomaly WHERE settled = 0"))
    seen.count(**dict(read.run("SELECT kind, COUNT(*) FROM anomaly WHERE settled = 0 GROUP BY kind ORDER BY kind")))


def _nothing_blocked(read: Read, seen: _Looked) -> None:
    """I7. A device's mark stands where its numbers first break off, dead letters and quarantine or not, and its gaps
    are what is missing above it."""
    rows = read.run(
        "SELECT DISTINCT d.code, d.contiguous, f.seq FROM device d JOIN fact f ON f.device_id = d.id ORDER BY 1, 3"
    )
    gaps: dict[str, list[tuple[int, int]]] = {}
    for code, first, last in read.run(
        "SELECT d.code, g.first_seq, g.last_seq FROM fact_gap g JOIN device d ON d.id = g.device_id ORDER BY 1, 2"
    ):
        gaps.setdefault(code, []).append((first, last))
    for code, group in groupby(rows, key=itemgetter(0)):
        facts = list(group)
        reached = _reach(seq for _, _, seq in facts)
        if facts[0][1] != reached:
            seen.fault(f"{code}: facts are here up to {reached}, its mark stands at {facts[0][1]}")
        holes = [(a + 1, b - 1) for a, b in pairwise([reached, *(seq for _, _, seq in facts)]) if b > a + 1]
        if gaps.get(code, []) != holes:
            seen.fault(f"{code}: {holes[:3]} are missing, its gaps say {gaps.get(code, [])[:3]}")
    states: dict[str, int] = dict(read.run("SELECT state, COUNT(*) FROM fact GROUP BY state"))
    seen.count(taken=states.get("taken"), dead=states.get("dead"), quarantined=states.get("quarantined"))


def _reach(seqs: Iterable[int]) -> int:
    """The last of 1, 2, 3 … that is there; `seqs` ascending."""
    mark = 0
    for seq in seqs:
        if seq != mark + 1:
            break
        mark = seq
    return mark


def _anomalies(read: Read, *kinds: AnomalyKind) -> set[str]:
    found: set[str] = set()
    for kind in kinds:
        found |= {row[0] for row in read.run("SELECT id FROM anomaly WHERE kind = :kind", kind=kind)}
    return found


def _number(read: Read, sql: str) -> int:
    return int(read.run(sql)[0][0])


CHECKS: tuple[tuple[str, str, Callable[[Read, _Looked], None]], ...] = (
    ("I1", "Nothing that a device told is lost.", _nothing_lost),
    ("I2", "Each id has had one effect.", _one_effect),
    ("I3", "Entries are what the scans say, in whatever order they came.", _entries_follow),
    ("I4", "The books balance: lines, sales and payments agree.", _books_balance),
    ("I5", "No place is sold twice.", _never_oversold),
    ("I6", "Whatever does not fit is shown under its class.", _anomalies_visible),
    ("I7", "No bad record blocked another.", _nothing_blocked),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The seven invariants with their figures, over the whole house: the right is asked for there, whichever of its
    contexts is named."""

    context_id: Annotated[Id, Ref("context")]


@answers(Checks, needs=AccessPrivilege.ACCESS_READ, at=whole_house, gives=list[Check], whole=True)
def checks(read: Read, _: Checks) -> Outcome[list[Check]]:
    return Ok(run_checks(read))
