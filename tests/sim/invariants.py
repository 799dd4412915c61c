"""I1–I7 of docs/spec/edge.md, asked exactly: what the bench itself knows of the evening against what central has."""

from collections import Counter
from collections.abc import Iterator

import orjson

from central.access.model import TOLD_ID, ScanAnomaly
from central.devices.model import DeviceAnomaly
from central.kernel.row_proof import prove_rows
from central.reports.checks import run_checks
from shared.runtime.journal import chain_faults
from shared.wire.facts import Fact, FactKind
from tests.sim.scene import Scene

SLOT_TROUBLES = (
    DeviceAnomaly.SLOT_CLASH, DeviceAnomaly.SALE_WITHOUT_LEASE, DeviceAnomaly.SALE_AFTER_WRITE_OFF,
)  # fmt: skip


def faults(scene: Scene) -> list[str]:
    """Everything that must not be; empty after a good evening."""
    found = list(scene.world.faults)
    facts = {station.name: station.facts() for station in scene.stations}
    for name, look in INVARIANTS:
        found += [f"{name}: {what}" for what in look(scene, facts)]
    for check in run_checks(scene.office.read):
        found += [f"{check.name} (central's own check): {what}" for what in check.wrong if not _excused(scene, what)]
    found += [f"central's tables are not what its log left: {each}" for each in prove_rows(scene.office.read).faults]
    return found


Facts = dict[str, list[Fact]]


def _excused(scene: Scene, what: str) -> bool:
    """A clone really prints the same receipt twice; no rule can undo paper."""
    return bool(scene.cloned) and ("receipt" in what or "ticket number" in what) and "more than once" in what


def _states(scene: Scene) -> dict[str, str]:
    return dict(scene.office.rows("SELECT hash, state FROM fact"))  # type: ignore[arg-type]


def nothing_lost(scene: Scene, facts: Facts) -> Iterator[str]:
    """I1. Every fact of every disk is at central; so is every sale and admission that a human being saw."""
    states = _states(scene)
    for station in scene.stations:
        for fact in facts[station.name]:
            if fact.hash not in states:
                yield f"{station.name}: fact {fact.seq} ({fact.kind}) never arrived"
        chain = chain_faults(facts[station.name])
        if chain and station.id not in scene.cloned:  # a twin leaves out the numbers that the other one used
            yield f"{station.name}: {chain[0]}"
    orders = {row[0] for row in scene.office.rows("SELECT id FROM sale_order")}
    for kiosk in scene.kiosks:
        told = {fact.body.get("order_id") for fact in facts[kiosk.name] if fact.kind == FactKind.SALE}
        for order in kiosk.sold:
            if order not in told:
                yield f"{kiosk.name}: order {order} was sold and is not on its disk"
            elif order not in orders and kiosk.id not in scene.revoked:
                yield f"{kiosk.name}: order {order} was sold and is not at central"
    for order in scene.desk_orders:
        if order not in orders:
            yield f"desk: order {order} was sold and is not at central"
    scans = {row[0]: row[1] for row in scene.office.rows(f"SELECT {TOLD_ID}, admitted FROM scan")}
    void = {row[0] for row in scene.office.rows("SELECT scan_id FROM passage WHERE passed = 0")}
    entries = {(row[0], row[1]) for row in scene.office.rows("SELECT ticket_id, entry FROM admission")}
    for gate in scene.gates:
        if gate.id in scene.revoked:
            continue
        for opened in gate.opened:
            if not scans.get(opened.scan_id):
                yield f"{gate.name}: it opened for scan {opened.scan_id}, and central does not know"
            for entry in opened.entries:
                if opened.scan_id not in void and (opened.ticket_id, entry) not in entries:
                    yield f"{gate.name}: entry {entry} of {opened.ticket_id} is not at central"
        for scan in gate.refused:
            if scans.get(scan) != 0:
                yield f"{gate.name}: the refusal {scan} is not at central"


def one_effect(scene: Scene, facts: Facts) -> Iterator[str]:
    """I2. One sale, one order; one charge, one payment; one entry, once at each lane."""
    wanted = Counter(_taken_sales(scene, facts))
    found = scene.office.rows("SELECT COUNT(*) FROM sale_order WHERE device_id IS NOT NULL")[0][0]
    if found != len(wanted):
        yield f"{len(wanted)} sales were told, {found} orders are there"
    payments = Counter(row[0] for row in scene.office.rows("SELECT id FROM payment WHERE method = 'card'"))
    for kiosk in scene.kiosks:
        rows = dict(kiosk.disk.db.execute("SELECT payment_id, state FROM payment").fetchall())
        for payment in kiosk.card.charged:
            state = rows.get(payment)
            if payment in kiosk.card.reversed:
                if payments[payment] or state not in ("voided", "review"):
                    yield f"{kiosk.name}: payment {payment} went back and is {state}, {payments[payment]} in the books"
            elif state == "captured":
                if payments[payment] != 1 and kiosk.id not in scene.revoked:
                    yield f"{kiosk.name}: payment {payment} is in the books {payments[payment]} times"
            elif state != "review":
                yield f"{kiosk.name}: payment {payment} was charged and is {state}"
        for payment, state in rows.items():
            if state == "captured" and payment not in kiosk.card.charged and kiosk.id not in scene.cloned:
                yield f"{kiosk.name}: payment {payment} is captured and was never charged"
    void = {fact.body["scan_id"] for told in facts.values() for fact in told if _void(fact)}
    for gate in scene.gates:
        stands = Counter(
            (each.ticket_id, entry) for each in gate.opened if each.scan_id not in void for entry in each.entries
        )
        for (ticket, entry), times in stands.items():
            if times > 1:
                yield f"{gate.name}: entry {entry} of {ticket} was let in {times} times"


def _void(fact: Fact) -> bool:
    return fact.kind == FactKind.PASSAGE and fact.body.get("passed") is False


def _taken_sales(scene: Scene, facts: Facts) -> Iterator[str]:
    """The sales that central took, by the hash of their facts."""
    states = _states(scene)
    for told in facts.values():
        for fact in told:
            if fact.kind == FactKind.SALE and states.get(fact.hash) == "taken":
                yield fact.hash


def books_agree(scene: Scene, facts: Facts) -> Iterator[str]:
    """I4. What devices and desk sold is what the orders, their lines and the moves say, to the cent."""
    taken = set(_taken_sales(scene, facts))
    sold = {
        fact.hash: sum(line["price"] for line in fact.body["lines"])
        for told in facts.values()
        for fact in told
        if fact.hash in taken
    }
    want = sum(sold.values()) + sum(scene.desk_orders.values())
    for what, sql in (
        ("orders", "SELECT COALESCE(SUM(total), 0) FROM sale_order"),
        ("lines", "SELECT COALESCE(SUM(price), 0) FROM order_line"),
        ("revenue", "SELECT COALESCE(SUM(m.amount), 0) FROM move m JOIN account a ON a.id = m.credit_id "
                    "WHERE a.kind = 'revenue'"),
        ("payments", "SELECT COALESCE(SUM(amount), 0) FROM payment"),
    ):  # fmt: skip
        found = scene.office.rows(sql)[0][0]
        if found != want:
            yield f"{what} say {found}, sold was {want}"


def not_oversold(scene: Scene, facts: Facts) -> Iterator[str]:
    """I5. A seat is sold once, but for anomalies that a person has to answer for; a refused person sits nowhere."""
    live = scene.office.rows(
        "SELECT seat_id, COUNT(*) FROM allocation WHERE state <> 'released' GROUP BY seat_id HAVING COUNT(*) > 1"
    )
    for seat, holders in live:
        yield f"seat {seat} has {holders} holders"
    lines = Counter(row[0] for row in scene.office.rows("SELECT seat_id FROM order_line WHERE seat_id IS NOT NULL"))
    twice = {seat: times for seat, times in lines.items() if times > 1}
    if twice and not (scene.written_off or scene.cloned or scene.revoked):
        yield f"sold more than once: {twice}"
    homeless = scene.office.rows("SELECT COUNT(*) FROM order_line WHERE allocation_id IS NULL")[0][0]
    if sum(twice.values()) - len(twice) > homeless:
        yield f"{twice} sold more than once, {homeless} lines without a place"
    leased = scene.office.rows("SELECT COUNT(*) FROM allocation WHERE state = 'leased'")[0][0]
    if leased:
        yield f"{leased} seats are still with devices that gave everything back"
    sold = scene.office.rows("SELECT COUNT(*) FROM allocation WHERE state = 'sold'")[0][0]
    with_place = scene.office.rows("SELECT COUNT(*) FROM order_line WHERE allocation_id IS NOT NULL")[0][0]
    if sold != with_place:
        yield f"{sold} places are sold, {with_place} lines have one"


def anomalies_shown(scene: Scene, facts: Facts) -> Iterator[str]:
    """I6. Each thing that the bench knows to have gone wrong stands on the list under its class."""
    rows = scene.office.rows("SELECT kind, device_id, subject, detail FROM anomaly")
    anomalies = [(kind, device, subject) for kind, device, subject, _ in rows]
    shown = Counter(
        (kind, each) for kind, _, subject, detail in rows for each in orjson.loads(detail).get("subjects", [subject])
    )
    taken = set(_taken_sales(scene, facts))
    distinct = {fact.hash: fact for told in facts.values() for fact in told}
    slots = Counter(_ticket(line) for fact in distinct.values() if fact.hash in taken for line in fact.body["lines"])
    for ticket, times in slots.items():
        told = sum(shown[kind, ticket] for kind in SLOT_TROUBLES)
        if times > 1 and told < times - 1:
            yield f"ticket {ticket} was sold {times} times, {told} anomalies say so"
    for station in scene.stations:
        for fact in facts[station.name]:
            unseen = fact.id in station.bad_facts and (DeviceAnomaly.DEAD_LETTER, fact.id) not in shown
            if unseen and station.id not in scene.revoked:
                yield f"{station.name}: fact {fact.seq} cannot be read, and nobody was told"
    seqs = {}
    for fact in distinct.values():
        seqs.setdefault((fact.device_id, fact.seq), set()).add(fact.hash)
    for (device, seq), hashes in seqs.items():
        broken = [s for kind, d, s in anomalies if kind == DeviceAnomaly.CHAIN_BROKEN and d == device]
        if len(hashes) > 1 and str(seq) not in broken:
            yield f"fact {seq} of {device} was told in {len(hashes)} ways, and nobody was told"
        if len(hashes) == 1 and str(seq) in broken and device not in scene.cloned:
            yield f"fact {seq} of {device} is called broken and is not"
    let_in = Counter(
        (row[0], row[1])
        for row in scene.office.rows(
            "SELECT ticket_id, entry FROM scan WHERE admitted = 1 AND entry > 0 AND direction = 'entry' "
            f"AND NOT EXISTS (SELECT 1 FROM passage p WHERE p.scan_id = {TOLD_ID} "
            "AND p.device_id = scan.device_id AND p.passed = 0)"
        )
    )
    for (ticket, entry), times in let_in.items():
        told = shown[ScanAnomaly.DUPLICATE_OFFLINE, f"{ticket}/{entry}"]
        if told != times - 1:
            yield f"entry {entry} of {ticket} was let in {times} times, {told} anomalies say so"
    known = {row[0] for row in scene.office.rows("SELECT id FROM entitlement")}
    inside = {row[0] for row in scene.office.rows("SELECT ticket_id FROM admission")}
    unknown = {subject for kind, subject in shown if kind == ScanAnomaly.UNKNOWN_TICKET_ADMITTED}
    if unknown != inside - known:
        yield f"admitted and never sold: {inside - known}; shown as that: {unknown}"


def _ticket(line: dict[str, object]) -> str:
    from shared.wire.token import leased_ticket_id

    return leased_ticket_id(line["lease_id"], line["slot"])  # type: ignore[arg-type]


def nothing_blocked(scene: Scene, facts: Facts) -> Iterator[str]:
    """I7. Exactly the unreadable facts are dead letters; everything around them was taken and settled."""
    rows = scene.office.rows("SELECT hash, state FROM fact")
    bad = {fact.hash for station in scene.stations for fact in facts[station.name] if fact.id in station.bad_facts}
    for hash_, state in rows:
        if state == "dead" and hash_ not in bad:
            yield f"fact {hash_[:8]} is a dead letter and could be read"
    marks = dict(scene.office.rows("SELECT id, contiguous FROM device"))  # type: ignore[arg-type]
    for station in scene.stations:
        last = max((fact.seq for fact in facts[station.name]), default=0)
        if marks[station.id] < last:
            yield f"{station.name}: it wrote {last} facts, central's mark stands at {marks[station.id]}"


def numbers_without_gaps(scene: Scene, facts: Facts) -> Iterator[str]:
    """The law's part (docs/spec/law-fr.md, R3): receipts and tickets of a device are numbered 1, 2, 3 … on its own
    disk."""
    for kiosk in scene.kiosks:
        sales = [f.body for f in facts[kiosk.name] if f.kind == FactKind.SALE and f.id not in kiosk.bad_facts]
        receipts = [sale["receipt"] for sale in sales]
        if receipts != list(range(1, len(receipts) + 1)):
            yield f"{kiosk.name}: receipts {receipts}"
        tickets = [int(line["number"].rpartition("-")[2]) for sale in sales for line in sale["lines"]]
        if tickets != list(range(1, len(tickets) + 1)):
            yield f"{kiosk.name}: tickets {tickets}"


INVARIANTS = (
    ("I1", nothing_lost),
    ("I2", one_effect),
    ("I4", books_agree),
    ("I5", not_oversold),
    ("I6", anomalies_shown),
    ("I7", nothing_blocked),
    ("R3", numbers_without_gaps),
)
