"""Sales that devices made out of their leases. They have happened: each is written down once, whatever it looks like,
and what does not fit becomes an anomaly for a person. A sale of a valid slot always fits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access.model import AnomalyKind
from central.access.ops import report, settle_ticket
from central.devices.authority import belongs, sells
from central.devices.leases import close_if_done
from central.devices.model import DeadLetter, DeadReason, Device, LeaseRecord, LeaseSlot
from central.inventory.places import sell_allocation
from central.kernel.contexts import organiser_of
from central.kernel.tx import Tx
from central.ledger.model import Account, AccountKind
from central.ledger.ops import account_id
from central.orders.model import Order, OrderState, PaymentMethod
from central.orders.ops import Paid, SoldPlace, write_sale
from central.pricing.reads import PriceList, price_list, tariff_contexts
from central.selling.model import PointOfSale
from shared.ids import Id, derived_id
from shared.money import Minor
from shared.outcome import Ok
from shared.rules.pricing import price
from shared.wire.facts import Sale, SaleLine
from shared.wire.leases import LeaseState, Slot
from shared.wire.token import PLAIN, Flag, leased_ticket_id, parse

METHODS = {method.value for method in PaymentMethod}
NOT_GENUINE = "?"  # before a number that is kept as it was printed, and is none of any series


@dataclass(frozen=True, slots=True)
class _Flag:
    """Something that does not fit: an id that follows from the line, its kind, what it is about."""

    kind: AnomalyKind
    subject: str
    detail: dict[str, object]


def take_sale(tx: Tx, device: Device, at: datetime, sale: Sale, fact_hash: str) -> None:
    """Writes a device's sale. The same fact never comes here twice, so an order that is there already is the sale of a
    twin: a cloned card sold the same places to somebody else, who also paid. It gets an order of its own."""
    if tx.one("SELECT 1 FROM sale_order WHERE id = :id", id=sale.order_id):
        sale = replace(sale, order_id=derived_id("twin", sale.order_id, fact_hash))
    point = tx.get(PointOfSale, device.point_of_sale_id or "")
    if point is None:
        raise DeadLetter(DeadReason.NO_POINT_OF_SALE, f"device {device.code} has no point of sale")
    _check_own(tx, device, sale)
    _check_money(tx, point, sale)
    key = load_pem_public_key(device.public_key.encode())
    named = [line.tariff_id for line in sale.lines]
    tariffs, sold_for = tariff_contexts(tx, named), price_list(tx, sale.performance_id, named)
    if sold_for is None:
        raise DeadLetter(DeadReason.NOT_SOLD_THERE, f"performance {sale.performance_id} is not there any more")
    series = _series(tx, sold_for, point)
    total = sum(line.price for line in sale.lines)
    flags: list[_Flag] = []
    places: list[SoldPlace] = []
    for n, line in enumerate(sale.lines):
        if not belongs(tx, tariffs.get(line.tariff_id, ""), sale.performance_id):
            raise DeadLetter(DeadReason.OTHER_TARIFF, f"tariff {line.tariff_id} is none of this performance's")
        before = {place.entitlement_id for place in places}
        place = _place(tx, sale, n, line, sold_for, flags.append, before)
        taken = {each.number for each in places}
        number = _number(tx, series, line, taken, place, flags.append)
        places.append(replace(place, number=number, token=_token(key, sale, line, place, flags.append)))
    order = Order(
        id=sale.order_id,
        context_id=point.context_id,
        channel_id=point.channel_id,
        point_of_sale_id=point.id,
        state=OrderState.SOLD,
        currency=sale.currency,
        total=Minor(total),
        placed=at,
        device_id=device.id,
        receipt=sale.receipt,
    )
    paid = [
        Paid(payment_id, PaymentMethod(each.method), each.amount, each.reference)
        for each in sale.payments
        if (payment_id := _payment_id(tx, device, each.id))
    ]
    if sum(each.amount for each in paid if each.method is not PaymentMethod.NONE) != total:
        flags.append(_Flag(AnomalyKind.AMOUNT_DIFFERS, sale.order_id, {"total": total}))
    write_sale(tx, order, places, paid)
    for n, flag in enumerate(flags):
        report(tx, derived_id("sale", sale.order_id, n, flag.kind), flag.kind, at, device.id, flag.subject, flag.detail)
    for place in places:
        settle_ticket(tx, place.entitlement_id)
    for lease_id in sorted({line.lease_id for line in sale.lines}):
        close_if_done(tx, lease_id)


def _payment_id(tx: Tx, device: Device, told: Id) -> Id | None:
    """As the device called it. None: a twin's, the same money came once. What somebody else was paid under that id is
    other money, so this gets an id of its own."""
    for payment_id in (told, derived_id("payment", device.id, told)):
        known = tx.one(
            "SELECT o.device_id FROM payment p JOIN sale_order o ON o.id = p.order_id WHERE p.id = :id", id=payment_id
        )
        if known is None:
            return payment_id
        if known[0] == device.id:
            return None
    return None


def _check_own(tx: Tx, device: Device, sale: Sale) -> None:
    """A device sells out of its own leases, of the performance that they are for, and what its point of sale may sell;
    a lease that nobody knows may have been lost with a backup. Raises DeadLetter."""
    for lease_id in sorted({line.lease_id for line in sale.lines}):
        record = tx.get(LeaseRecord, lease_id)
        if record and record.device_id != device.id:
            raise DeadLetter(DeadReason.NOT_ITS_LEASE, f"lease {lease_id} is not one of this device's")
        if record and record.performance_id != sale.performance_id:
            what = f"lease {lease_id} is not for performance {sale.performance_id}"
            raise DeadLetter(DeadReason.OTHER_PERFORMANCE, what)
    if not sells(tx, device, sale.performance_id):
        what = f"performance {sale.performance_id} is not sold at this device's point of sale"
        raise DeadLetter(DeadReason.NOT_SOLD_THERE, what)


def _check_money(tx: Tx, point: PointOfSale, sale: Sale) -> None:
    """What cannot be booked is a dead letter, not half a sale: no price or payment below nothing (a refund is a fact of
    its own), and the organiser keeps accounts in the currency. Raises DeadLetter."""
    for line in sale.lines:
        if line.price < 0:
            what = f"the price of slot {line.slot} of lease {line.lease_id} is below nothing ({line.price})"
            raise DeadLetter(DeadReason.BELOW_NOTHING, what)
    for payment in sale.payments:
        if payment.amount < 0:
            what = f"payment {payment.id} is below nothing ({payment.amount})"
            raise DeadLetter(DeadReason.BELOW_NOTHING, what)
        if payment.method not in METHODS:
            what = f"payment {payment.id} is by {payment.method!r}, which is none of our methods"
            raise DeadLetter(DeadReason.UNKNOWN_METHOD, what)
    if tx.get(Account, account_id(point.context_id, AccountKind.REVENUE, sale.currency)) is None:
        what = f"the organiser of this point of sale keeps no accounts in {sale.currency!r}"
        raise DeadLetter(DeadReason.NO_ACCOUNTS, what)


def _series(tx: Tx, sold_for: PriceList, point: PointOfSale) -> str:
    """How the numbers of this device's tickets begin (decision 14)."""
    organiser = organiser_of(tx, sold_for.context_id)
    return f"{organiser.code}-{point.code}-" if organiser else ""


def _number(
    tx: Tx, series: str, line: SaleLine, taken: set[str], place: SoldPlace, flag: Callable[[_Flag], None]
) -> str:
    """The number as printed, where it is the next of the device's own; else with a mark, so that no two tickets of the
    books have one number and no series of central's meets it."""
    own = line.number.removeprefix(series)
    fits = bool(series) and own != line.number and own.isascii() and own.isdigit()
    if fits and line.number not in taken and not tx.one("SELECT 1 FROM ticket WHERE number = :n", n=line.number):
        return line.number
    detail: dict[str, object] = {"number": line.number, "series": series}
    flag(_Flag(AnomalyKind.NUMBER_NOT_ITS_OWN, place.entitlement_id, detail))
    return NOT_GENUINE + line.number


def _token(key: object, sale: Sale, line: SaleLine, place: SoldPlace, flag: Callable[[_Flag], None]) -> str:
    """The barcode as printed, where the device signed it for this very slot; nothing else is kept as a ticket's."""
    said = parse(line.ticket)
    fits = (
        said is not None
        and isinstance(key, Ed25519PublicKey)
        and (said.lease_id, said.slot, said.performance_id) == (line.lease_id, line.slot, sale.performance_id)
        and (said.serial, said.entries, said.flags & ~Flag.PROOF) == (1, 1, PLAIN)
        and (not place.zones or said.zones == place.zones)
        and said.signed_by(key)
    )
    if fits:
        return line.ticket
    flag(_Flag(AnomalyKind.TOKEN_NOT_ITS_OWN, place.entitlement_id, {"slot": line.slot, "lease": line.lease_id}))
    return ""


def _place(
    tx: Tx, sale: Sale, n: int, line: SaleLine, sold_for: PriceList, flag: Callable[[_Flag], None], named: set[Id]
) -> SoldPlace:
    """What one line sold. A slot that cannot be sold (again) gets a line without a place and an id of its own; `named`
    are the ids of the lines before it."""
    ticket = leased_ticket_id(line.lease_id, line.slot)
    slot = tx.get(LeaseSlot, ticket)
    record = tx.get(LeaseRecord, line.lease_id)
    allocation: Id | None = None
    if slot is None:
        flag(_Flag(AnomalyKind.SALE_WITHOUT_LEASE, ticket, {"lease": line.lease_id, "slot": line.slot}))
    elif slot.state is Slot.SOLD:
        flag(_Flag(AnomalyKind.SLOT_CLASH, ticket, {"first": slot.order_id or "", "second": sale.order_id}))
    elif slot.state is Slot.RETURNED:
        late = record is not None and record.state is LeaseState.WRITTEN_OFF
        kind = AnomalyKind.SALE_AFTER_WRITE_OFF if late else AnomalyKind.SALE_WITHOUT_LEASE
        flag(_Flag(kind, ticket, {"seat": slot.seat_id or "", "order": sale.order_id}))
    else:
        tx.update(slot, replace(slot, state=Slot.SOLD, order_id=sale.order_id))
        allocation = (
            slot.allocation_id if sell_allocation(tx, slot.allocation_id, sale.order_id, line.tariff_id) else None
        )
    listed = price(sold_for.prices, slot.category_id, line.tariff_id) if slot else None
    if isinstance(listed, Ok) and listed.value != line.price:
        flag(_Flag(AnomalyKind.PRICE_DIFFERS, ticket, {"sold": line.price, "listed": listed.value}))
    known = ticket in named or tx.one("SELECT 1 FROM entitlement WHERE id = :id", id=ticket) is not None
    return SoldPlace(
        entitlement_id=derived_id("clash", sale.order_id, n) if known else ticket,
        performance_id=sale.performance_id,
        site_id=sold_for.site_id,
        allocation_id=allocation,
        seat_id=slot.seat_id if slot else None,
        category_id=slot.category_id if slot else derived_id("unknown category"),
        tariff_id=line.tariff_id,
        price=line.price,
        vat_bp=sold_for.vat_bp,
        zones=slot.zones if slot else 0,
        entries=1,
        token=line.ticket,
        number=line.number,
    )
