"""What devices sold out of their leases: whether it was theirs to sell, and which slot it was. The sale is written down
by orders (device_sales.py); what does not fit becomes an anomaly. A sale of a valid slot always fits."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from central.access.ops import report, settle_ticket
from central.devices.authority import sells
from central.devices.leases import close_if_done
from central.devices.model import DeviceAnomaly, LeaseRecord, LeaseSlot, NotLeased
from central.inventory.places import sell_allocation
from central.kernel.anomalies import Anomalous
from central.kernel.facts import Author
from central.kernel.tx import Read, Tx
from central.orders.device_sales import (
    DeviceSaleLine,
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
    issued, odd = write_device_sale(tx, seller, fact.at, sale, lines, sold_for)
    for each in _by_kind([*shown, *odd]):
        of_kind = derived_id("sale", sale.order_id, each.kind)
        report(tx, of_kind, each.kind, fact.at, device.id, each.subject, each.detail)
    for entitlement_id in issued:
        settle_ticket(tx, entitlement_id)
    for lease_id in sorted({line.lease_id for line in sale.lines}):
        close_if_done(tx, lease_id)
    return Ok()


def _by_kind(shown: Iterable[Anomalous]) -> Iterator[Anomalous]:
    """One anomaly of a sale for each thing that is wrong with it: the first, and with it how often and of what."""
    kinds: dict[StrEnum, list[Anomalous]] = {}
    for each in shown:
        kinds.setdefault(each.kind, []).append(each)
    for alike in kinds.values():
        many = {"count": len(alike), "subjects": [each.subject for each in alike]} if len(alike) > 1 else {}
        yield replace(alike[0], detail=alike[0].detail | many)


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
        shown.append(Anomalous(DeviceAnomaly.SALE_WITHOUT_LEASE, ticket, {"lease": line.lease_id, "slot": line.slot}))
        return DeviceSaleLine(line, ticket, None)
    allocation: Id | None = None
    if slot.state is SlotState.SOLD:
        shown.append(
            Anomalous(DeviceAnomaly.SLOT_CLASH, ticket, {"first": slot.order_id or "", "second": sale.order_id})
        )
    elif slot.state is SlotState.RETURNED:
        late = record is not None and record.state is LeaseState.WRITTEN_OFF
        kind = DeviceAnomaly.SALE_AFTER_WRITE_OFF if late else DeviceAnomaly.SALE_WITHOUT_LEASE
        shown.append(Anomalous(kind, ticket, {"seat": slot.seat_id or "", "order": sale.order_id}))
    else:
        tx.update(slot, replace(slot, state=SlotState.SOLD, order_id=sale.order_id))
        if sell_allocation(tx, slot.allocation_id, sale.order_id, line.tariff_id):
            allocation = slot.allocation_id
    return DeviceSaleLine(line, ticket, Leased(slot.seat_id, slot.category_id, slot.zones, allocation))
