"""What devices sold out of their leases: whether it was theirs to sell, and which slot it was. The sale is written down
by orders (device_sales.py); what does not fit becomes an anomaly. A sale of a valid slot always fits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access.model import AnomalyKind
from central.access.ops import report, settle_ticket
from central.devices.authority import sells
from central.devices.leases import close_if_done
from central.devices.model import LeaseRecord, LeaseSlot, NotLeased
from central.inventory.places import sell_allocation
from central.kernel.facts import Author
from central.kernel.tx import Read, Tx
from central.orders.device_sales import (
    DeviceSaleLine,
    DiscrepancyKind,
    Leased,
    NotBooked,
    Seller,
    bookable,
    own_order,
    write_device_sale,
)
from central.selling.model import PointOfSale
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.facts import Fact, Sale, SaleLine
from shared.wire.leases import LeaseState, SlotState
from shared.wire.token import leased_ticket_id

SHOWN: Mapping[DiscrepancyKind, AnomalyKind] = {
    DiscrepancyKind.PRICE_DIFFERS: AnomalyKind.PRICE_DIFFERS,
    DiscrepancyKind.CURRENCY_DIFFERS: AnomalyKind.CURRENCY_DIFFERS,
    DiscrepancyKind.VAT_DIFFERS: AnomalyKind.VAT_DIFFERS,
    DiscrepancyKind.PROOF_DIFFERS: AnomalyKind.PROOF_DIFFERS,
    DiscrepancyKind.AMOUNT_DIFFERS: AnomalyKind.AMOUNT_DIFFERS,
    DiscrepancyKind.METHOD_DIFFERS: AnomalyKind.METHOD_DIFFERS,
    DiscrepancyKind.NOTHING_SOLD: AnomalyKind.NOTHING_SOLD,
    DiscrepancyKind.NUMBER_NOT_ITS_OWN: AnomalyKind.NUMBER_NOT_ITS_OWN,
    DiscrepancyKind.TOKEN_NOT_ITS_OWN: AnomalyKind.TOKEN_NOT_ITS_OWN,
}
Anomalous = tuple[AnomalyKind, str, dict[str, object]]


def take_sale(tx: Tx, device: Author, fact: Fact, said: Sale) -> Outcome[None]:
    sale = own_order(tx, said, fact.hash)
    point = tx.get(PointOfSale, device.point_of_sale_id or "")
    if point is None:
        return Refused(NotLeased.NO_POINT_OF_SALE, fix=device.code)
    if refused := _not_its_own(tx, device, sale):
        return refused
    sold_for = bookable(tx, point, sale)
    if isinstance(sold_for, Refused):
        return sold_for
    key = load_pem_public_key(device.public_key.encode())
    seller = Seller(device.id, point, key if isinstance(key, Ed25519PublicKey) else None)
    shown: list[Anomalous] = []
    lines = [_line(tx, sale, line, shown) for line in sale.lines]
    issued, discrepancies = write_device_sale(tx, seller, fact.at, sale, lines, sold_for)
    shown += [(SHOWN[each.kind], each.subject, each.detail) for each in discrepancies]
    for kind, subject, detail in _by_kind(shown):
        report(tx, derived_id("sale", sale.order_id, kind), kind, fact.at, device.id, subject, detail)
    for entitlement_id in issued:
        settle_ticket(tx, entitlement_id)
    for lease_id in sorted({line.lease_id for line in sale.lines}):
        close_if_done(tx, lease_id)
    return Ok()


def _by_kind(shown: Iterable[Anomalous]) -> Iterator[Anomalous]:
    """One anomaly of a sale for each thing that is wrong with it: the first, and with it how often and of what."""
    kinds: dict[AnomalyKind, list[Anomalous]] = {}
    for each in shown:
        kinds.setdefault(each[0], []).append(each)
    for kind, alike in kinds.items():
        _, subject, detail = alike[0]
        many = {"count": len(alike), "subjects": [named for _, named, _ in alike]} if len(alike) > 1 else {}
        yield kind, subject, detail | many


def _not_its_own(read: Read, device: Author, sale: Sale) -> Refused | None:
    """A device sells out of its own leases, of the performance that they are for, and what its point of sale may sell;
    a lease that nobody knows may have been lost with a backup."""
    for lease_id in sorted({line.lease_id for line in sale.lines}):
        record = read.get(LeaseRecord, lease_id)
        if record and record.device_id != device.id:
            return Refused(NotLeased.NOT_ITS_LEASE, fix=lease_id)
        if record and record.performance_id != sale.performance_id:
            return Refused(NotLeased.OTHER_PERFORMANCE, fix=lease_id, detail={"performance": sale.performance_id})
    if not sells(read, device, sale.performance_id):
        return Refused(NotBooked.NOT_SOLD_THERE, fix=sale.performance_id)
    return None


def _line(tx: Tx, sale: Sale, line: SaleLine, shown: list[Anomalous]) -> DeviceSaleLine:
    """What one line was sold out of. A slot that cannot be sold (again) gives no place."""
    ticket = leased_ticket_id(line.lease_id, line.slot)
    slot = tx.get(LeaseSlot, ticket)
    record = tx.get(LeaseRecord, line.lease_id)
    if slot is None:
        shown.append((AnomalyKind.SALE_WITHOUT_LEASE, ticket, {"lease": line.lease_id, "slot": line.slot}))
        return DeviceSaleLine(line, ticket, None)
    allocation: Id | None = None
    if slot.state is SlotState.SOLD:
        shown.append((AnomalyKind.SLOT_CLASH, ticket, {"first": slot.order_id or "", "second": sale.order_id}))
    elif slot.state is SlotState.RETURNED:
        late = record is not None and record.state is LeaseState.WRITTEN_OFF
        kind = AnomalyKind.SALE_AFTER_WRITE_OFF if late else AnomalyKind.SALE_WITHOUT_LEASE
        shown.append((kind, ticket, {"seat": slot.seat_id or "", "order": sale.order_id}))
    else:
        tx.update(slot, replace(slot, state=SlotState.SOLD, order_id=sale.order_id))
        if sell_allocation(tx, slot.allocation_id, sale.order_id, line.tariff_id):
            allocation = slot.allocation_id
    return DeviceSaleLine(line, ticket, Leased(slot.seat_id, slot.category_id, slot.zones, allocation))
