"""What must hold of the orders: the books balance, and what is sold has its place."""

from central.inventory.model import AllocationState
from central.kernel.invariants import Invariant, Looked, number
from central.kernel.sums import halves, summed
from central.kernel.tx import Read
from central.ledger.model import AccountKind
from central.orders.model import PaymentMethod


def _each(column: str, what: str) -> str:
    """Of an order `o`, two columns for `summed`."""
    return ", ".join(what.format(half) for half in halves(column).split(", "))


PAID = _each("p.amount", f"(SELECT {{}} FROM payment p WHERE p.order_id = o.id AND p.method <> '{PaymentMethod.NONE}')")  # noqa: S608 - words of ours
"""Of an order `o`, two columns for `summed`: what was paid."""

_OF_ORDER = ", ".join((
    _each("l.price", "(SELECT {} FROM order_line l WHERE l.order_id = o.id)"),
    PAID,
    _each("m.amount", "(SELECT {} FROM move m JOIN account c ON c.id = m.debit_id WHERE m.order_id = o.id "  # noqa: S608 - words of ours
                      f"AND c.kind = '{AccountKind.CUSTOMERS}')"),
    _each("m.amount", "(SELECT {} FROM move m JOIN account c ON c.id = m.credit_id WHERE m.order_id = o.id "  # noqa: S608 - words of ours
                      f"AND c.kind = '{AccountKind.CUSTOMERS}')"),
))  # fmt: skip
"""What its lines cost, was paid, is booked as sold, and as paid."""


def _books_balance(read: Read, seen: Looked) -> None:
    """I4. Of every order: what its lines cost is what was booked as sold, what was paid is what was booked as paid, and
    nothing remains with the customer. A device may have taken another amount, and says so (I6)."""
    rows = read.run(f"SELECT o.id, o.total, o.device_id, {_OF_ORDER} FROM sale_order o ORDER BY o.id")  # noqa: S608 - ours
    sold = paid_in_all = 0
    for order, total, device, *parts in rows:
        lines, paid, owed, settled = (summed(*parts[n : n + 2]) for n in range(0, len(parts), 2))
        sold, paid_in_all = sold + total, paid_in_all + paid
        if not total == lines == owed:
            seen.fault(f"order {order}: total {total}, lines {lines}, booked as sold {owed}")
        if paid != settled or (paid != total and not device):
            seen.fault(f"order {order}: total {total}, paid {paid}, booked as paid {settled}")
    for (move,) in read.run(
        "SELECT m.id FROM move m LEFT JOIN account d ON d.id = m.debit_id LEFT JOIN account c ON c.id = m.credit_id "
        "LEFT JOIN sale_order o ON o.id = m.order_id WHERE d.id IS NULL OR c.id IS NULL OR d.id = c.id "
        "OR d.currency <> m.currency OR c.currency <> m.currency OR m.amount <= 0 "
        "OR (m.order_id IS NOT NULL AND o.id IS NULL) ORDER BY m.id"
    ):
        seen.fault(f"move {move} has not two sides in its own currency")
    _lines_have_places(read, seen)
    # house: a figure for whoever may see the whole house; nothing is refused by it
    seen.count(
        orders=len(rows),
        moves=number(read, "SELECT COUNT(*) FROM move"),
    )
    seen.add_up(sold=sold, paid=paid_in_all)


def _lines_have_places(read: Read, seen: Looked) -> None:
    """Each sold place has its line, and each line's place is sold, of the same performance."""
    for (allocation,) in read.run(
        f"SELECT a.id FROM allocation a WHERE a.state = '{AllocationState.SOLD}' AND a.id NOT IN "  # noqa: S608 - words of ours
        "(SELECT l.allocation_id FROM order_line l WHERE l.allocation_id IS NOT NULL) ORDER BY a.id"
    ):
        seen.fault(f"place {allocation} is sold without a line")
    for (line,) in read.run(
        "SELECT l.id FROM order_line l LEFT JOIN allocation a ON a.id = l.allocation_id WHERE l.allocation_id IS NOT "  # noqa: S608 - words of ours
        "NULL AND (a.id IS NULL OR a.performance_id <> l.performance_id "
        f"OR a.state <> '{AllocationState.SOLD}') ORDER BY l.id"
    ):
        seen.fault(f"line {line} is sold, its place is not")


BOOKS = Invariant("I4", "The books balance: lines, places, sales and payments agree.", _books_balance)
