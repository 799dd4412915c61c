"""What was sold, written down once for every way of selling. One seat's order is the path that an on-sale runs
thousands of times a minute, so its rows are made without their entities, and nothing is made twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from central.kernel.db import Row
from central.kernel.row_makers import row_maker
from central.kernel.tx import Tx
from central.ledger.model import AccountKind
from central.ledger.ops import book_sale
from central.orders.model import Entitlement, Order, OrderLine, OrderState, Payment, PaymentMethod, Ticket
from shared.ids import Id, near_id
from shared.money import Minor
from shared.wire.feeds import FeedFamily, TicketRow, feed_name

ACCOUNT = {
    PaymentMethod.CARD: AccountKind.CARD,
    PaymentMethod.CASH: AccountKind.CASH,
    PaymentMethod.DEFERRED: AccountKind.DEFERRED,
}


class OrderHead(NamedTuple):
    """An order to write: `placed` then, over the counter or (with `device_id`) at a device."""

    id: Id
    context_id: Id
    channel_id: Id
    point_of_sale_id: Id
    currency: str
    total: int
    placed: datetime
    device_id: Id | None = None
    receipt: int | None = None
    contact_id: Id | None = None


class SoldPlace(NamedTuple):
    """A line to write. `entitlement_id` is what the gate will know it by; `token` and `number` as they are outside."""

    entitlement_id: Id
    performance_id: Id
    site_id: str
    allocation_id: Id | None
    seat_id: Id | None
    category_id: Id
    tariff_id: Id
    price: int
    vat_bp: int
    zones: int
    entries: int
    token: str
    number: str


class Paid(NamedTuple):
    id: Id
    method: PaymentMethod
    amount: int
    reference: str


_order = row_maker(Order)
_line = row_maker(OrderLine)
_payment = row_maker(Payment)
_entitlement = row_maker(Entitlement)
_ticket = row_maker(Ticket)


def write_sale(tx: Tx, order: OrderHead, places: Sequence[SoldPlace], paid: Sequence[Paid]) -> None:
    """Order, lines, payments, moves, entitlements, tickets, and the gates' feed: all or, with the command, nothing."""
    tx.insert_row(
        Order,
        _order(
            id=order.id,
            context_id=order.context_id,
            channel_id=order.channel_id,
            point_of_sale_id=order.point_of_sale_id,
            state=OrderState.SOLD,
            currency=order.currency,
            total=Minor(order.total),
            placed=order.placed,
            device_id=order.device_id,
            receipt=order.receipt,
            contact_id=order.contact_id,
        ),
    )
    lines: list[Row] = []
    entitlements: list[Row] = []
    tickets: list[Row] = []
    for n, place in enumerate(places):
        line = near_id(order.id, "line", n)
        lines.append(
            _line(
                id=line,
                order_id=order.id,
                performance_id=place.performance_id,
                allocation_id=place.allocation_id,
                seat_id=place.seat_id,
                category_id=place.category_id,
                tariff_id=place.tariff_id,
                price=Minor(place.price),
                vat_bp=place.vat_bp,
            )
        )
        entitlements.append(
            _entitlement(
                id=place.entitlement_id,
                line_id=line,
                performance_id=place.performance_id,
                zones=place.zones,
                entries=place.entries,
                cancelled=False,
            )
        )
        tickets.append(
            _ticket(
                id=ticket_id(place.entitlement_id, 1),
                entitlement_id=place.entitlement_id,
                serial=1,
                number=place.number,
                token=place.token,
                issued=order.placed,
            )
        )
        row = TicketRow(place.performance_id, serial=1)
        tx.feed(feed_name(FeedFamily.TICKETS, place.site_id), place.entitlement_id, row)
    tx.append_rows(OrderLine, lines)
    tx.append_rows(Payment, [
        _payment(id=each.id, order_id=order.id, method=each.method, amount=Minor(each.amount),
                 reference=each.reference, at=tx.now)
        for each in paid
    ])  # fmt: skip
    settled = [(ACCOUNT[each.method], each.amount) for each in paid if each.method in ACCOUNT]
    book_sale(tx, order.context_id, order.currency, order.id, order.total, settled)
    tx.append_rows(Entitlement, entitlements)
    tx.append_rows(Ticket, tickets)


def ticket_id(entitlement_id: Id, serial: int) -> Id:
    return near_id(entitlement_id, "ticket", serial)
