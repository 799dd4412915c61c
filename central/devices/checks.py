"""What must hold of what devices told. What only a device's own journal can prove (I1: what it showed as "ok") is asked
here as far as central can know it: no number of a device is missing, and each fact that was taken has left what it was
to leave."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TypeVar

import orjson

from central.access.checks import GENUINE
from central.access.model import TOLD_ID, ScanAnomaly
from central.access.reads import ids_shown_as, surplus_id
from central.devices.model import DeviceAnomaly, FactState
from central.kernel.columns import columns
from central.kernel.invariants import Invariant, Looked, number
from central.kernel.sums import summed
from central.kernel.tx import Read
from central.orders.checks import PAID
from central.orders.model import SaleAnomaly
from shared.ids import Id, derived_id
from shared.wire.codec import load
from shared.wire.facts import Direction, FactKind, Sale, ScanFact

_HOMELESS = (DeviceAnomaly.SLOT_CLASH, DeviceAnomaly.SALE_WITHOUT_LEASE, DeviceAnomaly.SALE_AFTER_WRITE_OFF)
_Told = TypeVar("_Told")


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


def _nothing_lost(read: Read, seen: Looked) -> None:
    """I1. Below a device's highest number none is missing, and every sale and scan that was taken is in the books."""
    # house: a figure for whoever may see the whole house; nothing is refused by it
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
    counted = ids_shown_as(read, ScanAnomaly.SCANNED_TOO_OFTEN)
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
        scans=number(read, "SELECT COUNT(*) FROM scan"),
    )


def _uses(scan: ScanFact) -> bool:
    return scan.admitted and scan.entry > 0 and scan.direction is Direction.ENTRY


def _taken(read: Read, kind: FactKind, shape: type[_Told]) -> Iterator[tuple[_Fact, _Told | None]]:
    """The facts of a kind that were taken, with what they say; None: it was read when it was taken, and is not what it
    was."""
    for row in read.run(
        f"SELECT {_BODY} FROM fact f JOIN device d ON d.id = f.device_id "  # noqa: S608 - names of ours
        f"WHERE f.kind = :kind AND f.state = '{FactState.TAKEN}' ORDER BY d.code, f.seq",
        kind=kind,
    ):
        fact = _FactKept(*row)
        try:
            said: _Told | None = load(shape, str(fact.body).encode())
        except ValueError:
            said = None
        yield fact, said


def _one_effect(read: Read, seen: Looked) -> None:
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
    # house: a figure for whoever may see the whole house; nothing is refused by it
    twins = read.run("SELECT device_id, seq FROM fact GROUP BY device_id, seq HAVING COUNT(*) > 1 ORDER BY 1, 2")
    flagged = ids_shown_as(read, DeviceAnomaly.CHAIN_BROKEN)
    for device, seq in twins:
        if derived_id("chain", device, seq) not in flagged:
            seen.fault(f"fact {seq} of device {device} was told in two ways, and nobody was told")
    for (scan,) in read.run(
        f"SELECT id FROM scan WHERE (device_id, {TOLD_ID}) NOT IN (SELECT f.device_id, f.fact_id FROM fact f "  # noqa: S608 - names of ours, values are parameters
        f"WHERE f.kind = '{FactKind.SCAN}' AND f.state = '{FactState.TAKEN}') ORDER BY id"
    ):
        seen.fault(f"scan {scan} was told by nobody")
    seen.count(
        orders=number(read, "SELECT COUNT(*) FROM sale_order"),
        tickets=number(read, "SELECT COUNT(*) FROM ticket"),
        scans=number(read, "SELECT COUNT(*) FROM scan"),
        twins=len(twins),
    )


def _anomalies_visible(read: Read, seen: Looked) -> None:
    """I6. What does not fit is on the list, under its class: second entries, dead letters, quarantine, tickets that
    nobody sold, sales without a place or of another amount."""
    second = ids_shown_as(read, ScanAnomaly.DUPLICATE_OFFLINE)
    for scan, ticket in read.run(f"SELECT g.id, g.ticket_id FROM ({GENUINE}) g WHERE g.nth > 1 ORDER BY g.id"):  # noqa: S608 - names of ours, values are parameters
        if derived_id("duplicate", scan) not in second:
            seen.fault(f"scan {scan} let ticket {ticket} in again, and no anomaly says so")
    classes = {"dead": DeviceAnomaly.DEAD_LETTER, "quarantined": DeviceAnomaly.QUARANTINED}
    shown = ids_shown_as(read, *classes.values())
    for device, hash_, state in read.run(
        "SELECT device_id, hash, state FROM fact "  # noqa: S608 - words of ours
        f"WHERE state IN ('{FactState.DEAD}', '{FactState.QUARANTINED}') ORDER BY device_id, seq"
    ):
        if derived_id("fact", classes[state], device, hash_) not in shown:
            seen.fault(f"a fact of device {device} is {state}, and no anomaly says so")
    unknown = ids_shown_as(read, ScanAnomaly.UNKNOWN_TICKET_ADMITTED)
    for (ticket,) in read.run(
        "SELECT DISTINCT a.ticket_id FROM admission a LEFT JOIN entitlement e ON e.id = a.ticket_id WHERE e.id IS NULL"
    ):
        if derived_id("unknown ticket", ticket) not in unknown:
            seen.fault(f"ticket {ticket} was admitted and never sold, and no anomaly says so")
    _other_amounts(read, seen)
    # house: a figure for whoever may see the whole house; nothing is refused by it
    seen.count(
        open=number(read, "SELECT COUNT(*) FROM anomaly WHERE settled = 0"),
        without_place=_lines_without_place(read, seen),
    )
    seen.count(**dict(read.run("SELECT kind, COUNT(*) FROM anomaly WHERE settled = 0 GROUP BY kind ORDER BY kind")))


def _other_amounts(read: Read, seen: Looked) -> None:
    """A device took another amount than what it sold costs."""
    shown = {row[0] for row in read.run("SELECT subject FROM anomaly WHERE kind = :k", k=SaleAnomaly.AMOUNT_DIFFERS)}
    for order, total, *paid in read.run(
        f"SELECT o.id, o.total, {PAID} FROM sale_order o WHERE o.device_id IS NOT NULL ORDER BY o.id"  # noqa: S608 - our own text
    ):
        if summed(*paid) != total and order not in shown:
            seen.fault(f"order {order}: total {total}, paid {summed(*paid)}, and no anomaly says so")


def _lines_without_place(read: Read, seen: Looked) -> int:
    """How many; those of an order that has fewer anomalies than such lines are faults."""
    # house: a figure for whoever may see the whole house; nothing is refused by it
    rows = read.run(
        "SELECT l.order_id, COUNT(*), (SELECT COUNT(*) FROM order_line a WHERE a.order_id = l.order_id) "
        "FROM order_line l WHERE l.allocation_id IS NULL GROUP BY l.order_id ORDER BY l.order_id"
    )
    if not rows:
        return 0
    flagged: dict[str, int] = {}
    for kind in _HOMELESS:
        for anomaly, detail in read.run("SELECT id, detail FROM anomaly WHERE kind = :kind", kind=kind):
            flagged[anomaly] = int(orjson.loads(detail).get("count", 1))
    for order, lines, all_lines in rows:
        ids = {derived_id("sale", order, kind) for kind in _HOMELESS}
        ids |= {derived_id("sale", order, n, kind) for n in range(4 * all_lines) for kind in _HOMELESS}  # from before
        told = sum(flagged.get(each, 0) for each in ids)
        if told < lines:
            seen.fault(f"order {order}: {lines} lines sold without a place, {told} of them flagged")
    return sum(row[1] for row in rows)


def _nothing_blocked(read: Read, seen: Looked) -> None:
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
    # house: a figure for whoever may see the whole house; nothing is refused by it
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


LOST = Invariant("I1", "Nothing that a device told is lost.", _nothing_lost)
EFFECTS = Invariant("I2", "Each id has had one effect.", _one_effect)
VISIBLE = Invariant("I6", "Whatever does not fit is shown under its class.", _anomalies_visible)
BLOCKED = Invariant("I7", "No bad record blocked another.", _nothing_blocked)
