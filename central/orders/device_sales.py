"""Sales that devices made. They have happened: each is written down once, whatever it looks like, and what does not fit
is named, for a person to look at. Out of which lease a place came is the devices' own to say (devices/sales.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import auto

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.catalogue.reads import serves
from central.kernel.anomalies import Anomalous
from central.kernel.contexts import organiser_of
from central.kernel.tx import Read, Tx
from central.ledger.model import Account, AccountKind
from central.ledger.ops import account_id
from central.orders.model import PaymentMethod, SaleAnomaly
from central.orders.sale_rows import OrderHead, Paid, SoldPlace, write_sale
from central.pricing.reads import PriceList, asks_proof, price_list, tariff_contexts
from central.selling.model import PointOfSale
from shared.ids import Id, derived_id
from shared.outcome import Ok, Reason, Refused
from shared.rules.numbering import device_series, is_of
from shared.rules.pricing import price
from shared.wire.facts import Sale, SaleLine
from shared.wire.token import PLAIN, Flag, parse

METHODS = {method.value for method in PaymentMethod}
DEVICE_METHODS = {PaymentMethod.CARD, PaymentMethod.NONE}  # what shared/wire/facts.py lets a device take
NOT_GENUINE = "?"  # before a number that is kept as it was printed, and is none of any series


class NotBooked(Reason):
    """Why a sale cannot be written down at all, in the order in which it is asked."""

    NOT_SOLD_THERE = auto()
    BELOW_NOTHING = auto()
    UNKNOWN_METHOD = auto()
    NO_ACCOUNTS = auto()
    OTHER_TARIFF = auto()


@dataclass(frozen=True, slots=True)
class Seller:
    """A device at its point of sale; `key` is what it signs with, if that is a key as ours are."""

    device_id: Id
    point: PointOfSale
    key: Ed25519PublicKey | None


@dataclass(frozen=True, slots=True)
class Leased:
    """The place that a lease knows a line by. `allocation_id` None: it was not to be sold (again)."""

    seat_id: Id | None
    category_id: Id
    zones: int
    allocation_id: Id | None


@dataclass(frozen=True, slots=True)
class DeviceSaleLine:
    """`ticket_id` follows from lease and slot, whether or not anybody knows of them (`leased` None)."""

    said: SaleLine
    ticket_id: Id
    leased: Leased | None


Note = Callable[[SaleAnomaly, str, dict[str, object]], None]


def own_order(tx: Tx, sale: Sale, fact_hash: str) -> Sale:
    """The same fact never comes twice, so an order that is there already is the sale of a twin: a cloned card sold the
    same places to somebody else, who also paid. It gets an order of its own."""
    if tx.one("SELECT 1 FROM sale_order WHERE id = :id", id=sale.order_id):
        return replace(sale, order_id=derived_id("twin", sale.order_id, fact_hash))
    return sale


def bookable(read: Read, point: PointOfSale, sale: Sale) -> PriceList | Refused:
    """What the sale is held against. What cannot be booked is refused whole, not half a sale: no price or payment is
    below nothing (a refund is a fact of its own), the organiser keeps accounts in the currency, and the tariffs are the
    performance's."""
    named = [line.tariff_id for line in sale.lines]
    sold_for = price_list(read, sale.performance_id, named)
    if sold_for is None:
        return Refused(NotBooked.NOT_SOLD_THERE, fix=sale.performance_id)
    for line in sale.lines:
        if line.price < 0:
            said = {"slot": line.slot, "price": line.price}
            return Refused(NotBooked.BELOW_NOTHING, fix=line.lease_id, detail=said)
    for payment in sale.payments:
        if payment.amount < 0:
            return Refused(NotBooked.BELOW_NOTHING, fix=payment.id, detail={"amount": payment.amount})
        if payment.method not in METHODS:
            return Refused(NotBooked.UNKNOWN_METHOD, fix=payment.id, detail={"method": payment.method})
    if read.get(Account, account_id(point.context_id, AccountKind.REVENUE, sale.currency)) is None:
        return Refused(NotBooked.NO_ACCOUNTS, fix=sale.currency, detail={"point_of_sale": point.id})
    tariffs = tariff_contexts(read, named)
    for tariff_id in named:
        if not serves(read, tariffs.get(tariff_id, ""), sale.performance_id):
            return Refused(NotBooked.OTHER_TARIFF, fix=tariff_id)
    return sold_for


def write_device_sale(
    tx: Tx, seller: Seller, at: datetime, sale: Sale, lines: Sequence[DeviceSaleLine], sold_for: PriceList
) -> tuple[list[Id], list[Anomalous]]:
    """The entitlements that were issued, and what does not fit. `sold_for`: what `bookable` said."""
    found: list[Anomalous] = []

    def note(kind: SaleAnomaly, subject: str, detail: dict[str, object]) -> None:
        found.append(Anomalous(kind, subject, detail))

    series, proofs = _series(tx, sold_for, seller.point), asks_proof(tx, [line.tariff_id for line in sale.lines])
    if sale.currency != sold_for.currency:
        note(SaleAnomaly.CURRENCY_DIFFERS, sale.order_id, {"sold": sale.currency, "listed": sold_for.currency})
    places: list[SoldPlace] = []
    for n, line in enumerate(lines):
        place = _place(tx, sale, n, line, sold_for, note, {each.entitlement_id for each in places})
        number = _number(tx, series, line.said, {each.number for each in places}, place, note)
        token = _token(seller.key, sale, line.said, place, line.said.tariff_id in proofs, note)
        places.append(place._replace(number=number, token=token))
    total = sum(line.price for line in sale.lines)
    point = seller.point
    order = OrderHead(
        id=sale.order_id, context_id=point.context_id, channel_id=point.channel_id, point_of_sale_id=point.id,
        currency=sale.currency, total=total, placed=at, device_id=seller.device_id, receipt=sale.receipt,
    )  # fmt: skip
    paid: list[Paid] = []
    for n, each in enumerate(sale.payments):
        payment_id = _payment_id(tx, seller.device_id, each.id, {other.id for other in paid}, n)
        if payment_id:
            paid.append(Paid(payment_id, PaymentMethod(each.method), each.amount, each.reference))
    unpaid = sum(each.amount for each in paid if each.method is PaymentMethod.NONE)
    if unpaid or sum(each.amount for each in paid) != total:
        note(SaleAnomaly.AMOUNT_DIFFERS, sale.order_id, {"total": total})
    for taken in paid:
        if taken.method not in DEVICE_METHODS:
            note(SaleAnomaly.METHOD_DIFFERS, sale.order_id, {"method": taken.method, "amount": taken.amount})
    if not places:
        note(SaleAnomaly.NOTHING_SOLD, sale.order_id, {"receipt": sale.receipt})
    write_sale(tx, order, places, paid)
    return [place.entitlement_id for place in places], found


def _payment_id(tx: Tx, device_id: Id, told: Id, before: set[Id], n: int) -> Id | None:
    """As the device called it. None: a twin's, the same money came once. What somebody else was paid under that id is
    other money, and so is what the same sale was paid `before` it: this gets an id of its own."""
    if told in before:
        return derived_id("payment", device_id, told, n)
    for payment_id in (told, derived_id("payment", device_id, told)):
        known = tx.one(
            "SELECT o.device_id FROM payment p JOIN sale_order o ON o.id = p.order_id WHERE p.id = :id", id=payment_id
        )
        if known is None:
            return payment_id
        if known[0] == device_id:
            return None
    return None


def _series(tx: Tx, sold_for: PriceList, point: PointOfSale) -> str:
    """Whose numbers are those of this device's tickets; empty: nobody's."""
    organiser = organiser_of(tx, sold_for.context_id)
    return device_series(organiser.code, point.code) if organiser else ""


def _place(
    tx: Tx, sale: Sale, n: int, line: DeviceSaleLine, sold_for: PriceList, note: Note, before: set[Id]
) -> SoldPlace:
    """What one line sold. Of a ticket that is there already, or among those `before` it, it gets an id of its own."""
    ticket, leased, said = line.ticket_id, line.leased, line.said
    listed = price(sold_for.prices, leased.category_id, said.tariff_id) if leased else None
    asked = listed.value if isinstance(listed, Ok) else None  # None: it is not sold at this tariff, for whatever price
    if leased and asked != said.price:
        note(SaleAnomaly.PRICE_DIFFERS, ticket, {"sold": said.price, "listed": asked})
    if said.vat_bp != sold_for.vat_bp:
        note(SaleAnomaly.VAT_DIFFERS, ticket, {"sold": said.vat_bp, "listed": sold_for.vat_bp})
    known = ticket in before or tx.one("SELECT 1 FROM entitlement WHERE id = :id", id=ticket) is not None
    return SoldPlace(
        entitlement_id=derived_id("clash", sale.order_id, n) if known else ticket,
        performance_id=sale.performance_id,
        site_id=sold_for.site_id,
        allocation_id=leased.allocation_id if leased else None,
        seat_id=leased.seat_id if leased else None,
        category_id=leased.category_id if leased else derived_id("unknown category"),
        tariff_id=said.tariff_id,
        price=said.price,
        vat_bp=said.vat_bp,  # which the paper says
        zones=leased.zones if leased else 0,
        entries=1,
        token=said.ticket,
        number=said.number,
    )


def _number(tx: Tx, series: str, line: SaleLine, taken: set[str], place: SoldPlace, note: Note) -> str:
    """The number as printed, where it is the next of the device's own; else with a mark and the ticket's id, so that no
    two tickets of the books have one number and no series of central's meets it."""
    fits = is_of(series, line.number) and line.number not in taken
    if fits and not tx.one("SELECT 1 FROM ticket WHERE number = :n LIMIT 1", n=line.number):
        return line.number
    note(SaleAnomaly.NUMBER_NOT_ITS_OWN, place.entitlement_id, {"number": line.number, "series": series})
    return f"{NOT_GENUINE}{line.number} {place.entitlement_id}"


def _token(key: Ed25519PublicKey | None, sale: Sale, line: SaleLine, place: SoldPlace, proof: bool, note: Note) -> str:
    """The barcode as printed, where the device signed it for this very slot; nothing else is kept as a ticket's.
    `proof`: the tariff asks for one."""
    said = parse(line.ticket)
    fits = (
        said is not None
        and key is not None
        and (said.lease_id, said.slot, said.performance_id) == (line.lease_id, line.slot, sale.performance_id)
        and (said.serial, said.entries, said.flags & ~Flag.PROOF) == (1, 1, PLAIN)
        and (not place.zones or said.zones == place.zones)
        and said.signed_by(key)
    )
    if fits and said:
        if (Flag.PROOF in said.flags) is not proof:
            detail: dict[str, object] = {"sold": Flag.PROOF in said.flags, "listed": proof}
            note(SaleAnomaly.PROOF_DIFFERS, place.entitlement_id, detail)
        return line.ticket
    note(SaleAnomaly.TOKEN_NOT_ITS_OWN, place.entitlement_id, {"slot": line.slot, "lease": line.lease_id})
    return ""
