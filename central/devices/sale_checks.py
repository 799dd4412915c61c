"""What must hold of the sales, those of devices with what did not fit in them: the books balance, and no place is sold
twice."""

import orjson

from central.devices.model import DeviceAnomaly
from central.inventory.model import TAKEN
from central.kernel.invariants import Invariant, Looked, number
from central.kernel.sums import halves, summed
from central.kernel.tx import Read
from central.orders.model import SaleAnomaly
from shared.ids import derived_id

_SALE_FLAGS = (DeviceAnomaly.SLOT_CLASH, DeviceAnomaly.SALE_WITHOUT_LEASE, DeviceAnomaly.SALE_AFTER_WRITE_OFF)

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


def _books_balance(read: Read, seen: Looked) -> None:
    """I4. Of every order: what its lines cost is what was booked as sold, and what was paid is what was booked as paid;
    what remains with the customer is zero, unless an anomaly says that the device took another amount."""
    flagged = {row[0] for row in read.run("SELECT subject FROM anomaly WHERE kind = :k", k=SaleAnomaly.AMOUNT_DIFFERS)}
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
        moves=number(read, "SELECT COUNT(*) FROM move"),
    )
    seen.add_up(sold=sold, paid=paid_in_all)


def _never_oversold(read: Read, seen: Looked) -> None:
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
        places=number(read, "SELECT COUNT(*) FROM place"),
        sold=number(read, "SELECT COUNT(*) FROM allocation WHERE state = 'sold' AND seat_id IS NOT NULL"),
        without_place=homeless,
    )


def _lines_without_place(read: Read, seen: Looked) -> int:
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


BOOKS = Invariant("I4", "The books balance: lines, sales and payments agree.", _books_balance)
PLACES = Invariant("I5", "No place is sold twice.", _never_oversold)
