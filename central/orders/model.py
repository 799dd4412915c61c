"""Orders, lines, payments; and what a sale issues: entitlements, and tickets that stand for them.

A line's history is never rewritten: a refund or an exchange adds lines. A product is sold, an entitlement is what the
gate knows; a reissue is a new ticket with a higher serial for the same entitlement.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Link, Look, Loose, Ref, entity
from central.kernel.slots import Slot
from central.ledger.model import SOLD
from shared.ids import Id
from shared.money import Minor
from shared.outcome import Reason

SOLD_BY = Slot("the device that sold it")


class OrdersPrivilege(StrEnum):
    ORDER_READ = "orders.order.read"
    ORDER_CREATE = "orders.order.create"  # a hold is the beginning of an order
    TICKET_REISSUE = "orders.ticket.reissue"


class SaleAnomaly(StrEnum):
    """What does not fit in a sale that a device made."""

    PRICE_DIFFERS = auto()
    CURRENCY_DIFFERS = auto()  # sold in another than the performance is
    VAT_DIFFERS = auto()  # another rate on the ticket than the event's
    PROOF_DIFFERS = auto()  # the barcode asks for a proof and the tariff does not, or the other way round
    AMOUNT_DIFFERS = auto()
    METHOD_DIFFERS = auto()  # a device took what no device takes: cash, a debt
    NOTHING_SOLD = auto()  # a sale without a line
    NUMBER_NOT_ITS_OWN = auto()  # a ticket's number is there already, or of another series than the device's
    TOKEN_NOT_ITS_OWN = auto()  # a barcode that the device did not sign for this slot


class OrderState(StrEnum):
    """A cart is a hold until it is paid; what comes after a sale comes with its code (docs/spec/orders.md)."""

    SOLD = auto()


@entity("sale_order", read=OrdersPrivilege.ORDER_READ, index=(("context_id", "placed"),), fills=(SOLD,))
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`context_id` is the organiser; `device_id` and `receipt` (gap-free per device) where a device sold it."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    channel_id: Annotated[Id, Ref("channel")]
    point_of_sale_id: Annotated[Id, Ref("point_of_sale")]
    state: OrderState
    currency: str
    total: Minor
    placed: datetime
    device_id: Annotated[Id, Link(SOLD_BY)] | None
    receipt: int | None
    contact_id: Annotated[Id, Loose("of a house's own list of contacts")] | None = None


@entity("order_line", read=OrdersPrivilege.ORDER_READ, index=(("order_id",), ("performance_id",)))
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One place at one tariff. The price never changes after this line exists."""

    id: Id
    order_id: Annotated[Id, Ref("sale_order")]
    performance_id: Annotated[Id, Ref("performance")]
    allocation_id: (
        Annotated[Id, Link("allocation"), Look.ASIDE] | None
    )  # none: an anomaly, sold without a place that central knows of
    seat_id: Annotated[Id, Link("physical_seat")] | None
    category_id: Annotated[Id, Link("seat_category")]
    tariff_id: Annotated[Id, Link("tariff")]
    price: Minor
    vat_bp: Annotated[int, Look.PERCENT]


class PaymentMethod(StrEnum):
    CARD = auto()
    CASH = auto()
    DEFERRED = auto()
    NONE = auto()


@entity("payment", read=OrdersPrivilege.ORDER_READ, index=(("order_id",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What was paid for an order, in minor units of its currency; `reference` is what the terminal, or
    whoever sold, calls it."""

    id: Id
    order_id: Annotated[Id, Ref("sale_order")]
    method: PaymentMethod
    amount: Minor
    reference: str
    at: datetime


@entity("entitlement", read=OrdersPrivilege.ORDER_READ, index=(("line_id",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What the holder may do: `entries` entries to `zones` (bits) of a performance. Nothing sets `cancelled` before
    returns come."""

    id: Id
    line_id: Annotated[Id, Ref("order_line")]
    performance_id: Annotated[Id, Ref("performance")]
    zones: Annotated[int, Look.MACHINE]
    entries: int
    cancelled: bool


@entity("ticket", read=OrdersPrivilege.ORDER_READ, index=(("number",), ("entitlement_id",)))
@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`number` is the gap-free legal number of its series (docs/spec/law-fr.md, R3); `token` what the barcode says. Of
    the tickets of one entitlement only the highest `serial` is valid; they share the id in the token, the
    entitlement's."""

    id: Id
    entitlement_id: Annotated[Id, Ref("entitlement")]
    serial: int
    number: str
    token: str
    issued: datetime


class NoOrder(Reason):
    """Why an order is not taken, in order; before these come the reasons why nothing is held either (`NoSale`)."""

    NO_SUCH_TICKET = auto()
    WRONG_AMOUNT = auto()
    NOT_PAID = auto()
