"""Leases: places that one device alone may sell. Given out here, and brought back only by the device's own word or by a
person who writes the device off (docs/spec/edge.md, Leases)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from central.access.ops import report
from central.catalogue.model import Performance
from central.catalogue.ops import sale_of
from central.catalogue.reads import serves
from central.devices.lease_exposure import Exposure, exposure_of
from central.devices.model import (
    SELLERS,
    Device,
    DeviceAnomaly,
    DevicesPrivilege,
    DeviceState,
    LeaseRecord,
    LeaseSlot,
    NoLease,
    NotLeased,
)
from central.inventory.halls import choose, free_seats, room
from central.inventory.model import AllocationState, NoPlace
from central.inventory.places import Holder, SeatToTake, release, take_seats
from central.inventory.reads import seats_for_sale
from central.inventory.selling_terms import reach
from central.kernel.crud import used_by
from central.kernel.db import in_list
from central.kernel.entity import Between, Reach, Ref
from central.kernel.facts import Author
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.pricing.model import PriceGrid, Tariff
from central.selling.model import Channel, PointOfSale
from central.selling.rules import SoldThere, sold_there
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.seating import Want
from shared.wire.codec import dump
from shared.wire.facts import SALE_LINES, Fact, LeaseSealed, SlotsReturned
from shared.wire.feeds import FeedFamily, LeaseRow, feed_name
from shared.wire.leases import LEASE, OPEN, Lease, LeaseDo, LeasedPlace, LeaseState, SlotState
from shared.wire.seal import Sealed, seal
from shared.wire.token import leased_ticket_id

MOST_OUT = SALE_LINES  # unsold slots that one device may have out per performance
FEW = 10  # that a visitor may wait for: they stand in no line of heavy work
RESERVE_PERCENT = 3  # of what a channel could still take: never leased as stock


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLease:
    """Asked by a selling device: just these seats (a visitor waits), or `quantity` places as stock, best first, of a
    category or of any. `lease_id` is the device's, so that asking again gives the same lease."""

    lease_id: Annotated[Id, Ref("lease"), Reach.OWN]
    performance_id: Annotated[Id, Ref("performance")]
    seats: Annotated[tuple[Annotated[Id, Ref("physical_seat"), Reach.WITHIN], ...], Between(most=500)] = ()
    category_id: Annotated[Id, Ref("seat_category"), Reach.WITHIN] | None = None
    quantity: int = 0

    @property
    def in_line(self) -> str:
        return f"best/{self.performance_id}" if self.quantity else ""


def own_context(read: Read, _: Any) -> str | None:
    """Where the asking device stands."""
    row = read.one("SELECT context_id FROM device WHERE id = :id", id=read.actor.id)
    return str(row[0]) if row else None


def weight_of(want: RequestLease) -> int:
    """Places that are taken as stock; a few for a visitor who waits go as a sale does."""
    wanted = len(want.seats) or want.quantity
    return wanted if FEW < wanted <= MOST_OUT else 0


@handles(
    RequestLease,
    needs=DevicesPrivilege.DEVICE_SYNC,
    refuses=(NoLease, NoPlace),
    at=own_context,
    gives=Sealed,
    weighs=weight_of,
)
def request_lease(tx: Tx, want: RequestLease) -> Outcome[Sealed]:
    device = tx.get(Device, tx.actor.id)
    performance = tx.get(Performance, want.performance_id)
    given = tx.get(LeaseRecord, want.lease_id)
    if given and given.device_id == tx.actor.id and given.performance_id == want.performance_id:
        if not _sells(device):
            return Refused(NoLease.NOT_A_SELLER, fix=tx.actor.id)
        return Ok(Sealed(given.text, given.kid, given.signature))
    channel = _channel_selling(tx, device, performance)
    if isinstance(channel, Refused):
        return channel
    assert device and performance, "it is sold there"
    if refused := _too_many(tx, device, performance, want):
        return refused
    seats = _seats(tx, performance, channel, want)
    if isinstance(seats, Refused):
        return seats
    taken = take_seats(tx, performance.id, seats, AllocationState.LEASED, Holder(want.lease_id, channel.id))
    if isinstance(taken, Refused):
        return taken
    return Ok(_give(tx, device, performance, want.lease_id, [each.seat_id for each in seats], taken.value))


def _sells(device: Device | None) -> bool:
    """A lease is given, and given again, to who may sell from it."""
    if device is None or device.state is not DeviceState.ACTIVE or not device.point_of_sale_id:
        return False
    return device.kind in SELLERS


def _too_many(read: Read, device: Device, performance: Performance, want: RequestLease) -> Refused | None:
    among, states = in_list("open", OPEN)
    (out,) = read.run(
        "SELECT COUNT(*) FROM lease_slot s JOIN lease l ON l.id = s.lease_id WHERE l.device_id = :device "  # noqa: S608 - names of parameters
        f"AND l.performance_id = :performance AND s.state = '{SlotState.FREE}' AND l.state IN {among}",
        device=device.id,
        performance=performance.id,
        **states,
    )[0]
    wanted = len(want.seats) or want.quantity
    if wanted < 1 or out + wanted > MOST_OUT:
        return Refused(NoLease.TOO_MANY, fix=device.id, detail={"out": out, "most": MOST_OUT})
    return None


def _channel_selling(tx: Tx, device: Device | None, performance: Performance | None) -> Channel | Refused:
    """The channel by which a device sells a performance now."""
    if device is None or not _sells(device):
        return Refused(NoLease.NOT_A_SELLER, fix=tx.actor.id)
    point = tx.get(PointOfSale, device.point_of_sale_id or "")
    channel = tx.get(Channel, point.channel_id) if point else None
    assert point and channel, "foreign keys say so"
    sale = sale_of(performance, tx.now) if performance else None
    here = serves(tx, point.context_id, performance.id) if performance else False
    match sold_there(point.active, channel.active, sale, here):
        case SoldThere.CLOSED:
            return Refused(NoLease.NOT_A_SELLER, fix=point.id)
        case SoldThere.NO_PERFORMANCE | SoldThere.ELSEWHERE:
            return Refused(NoLease.NO_SUCH_PERFORMANCE, fix="performance_id")
        case SoldThere.NOT_ON_SALE | SoldThere.OVER:
            assert performance
            return Refused(NoLease.NOT_ON_SALE, fix=performance.id, detail={"state": performance.state})
        case SoldThere.OPEN:
            return channel


def _seats(tx: Tx, performance: Performance, channel: Channel, want: RequestLease) -> list[SeatToTake] | Refused:
    """The seats to lease, all of them free now and allowed on the device's channel."""
    reached = reach(tx, channel.id, channel.contingents, channel.uncontingented)
    if want.seats:
        named = list(dict.fromkeys(want.seats))
        free = {seat.seat_id: seat for seat in free_seats(tx, performance.id, named) if seat.contingent_id in reached}
        missing = [seat for seat in named if seat not in free]
        return Refused(NoLease.TAKEN, fix=missing[0], detail={"seats": missing}) if missing else list(free.values())
    sort = Want(1, want.category_id or "", contingents=reached)
    there = room(tx, performance.id, sort)
    spare = there - -(-there * RESERVE_PERCENT // 100)
    if spare < 1:
        return Refused(NoLease.RESERVE_KEPT, fix=channel.id, detail={"free": there})
    found = choose(tx, performance.id, replace(sort, quantity=min(want.quantity, spare)))
    return found or Refused(NoLease.RESERVE_KEPT, fix=channel.id, detail={"free": there})


def _give(
    tx: Tx,
    device: Device,
    performance: Performance,
    lease_id: Id,
    seats: Sequence[Id],
    allocations: Sequence[Id],
) -> Sealed:
    """`allocations` of these seats, in their order."""
    places = _leased(tx, performance.id, seats)
    grid = tx.get(PriceGrid, performance.price_grid_id)
    assert grid, "a performance has a grid"
    epoch = device.lease_epoch + 1
    lease = Lease(
        id=lease_id, device_id=device.id, epoch=epoch, performance_id=performance.id, contingent_id="",
        places=places,
        price_version=grid.version, currency=grid.currency, issued=tx.now, sell_until=performance.sell_until,
    )  # fmt: skip
    sealed = seal(dump(lease), tx.keys.signer)
    record = LeaseRecord(
        id=lease_id,
        device_id=device.id,
        performance_id=performance.id,
        state=LeaseState.ACTIVE,
        text=sealed.text,
        kid=sealed.kid,
        signature=sealed.signature,
        issued=tx.now,
        sell_until=performance.sell_until,
    )
    tx.insert(record)
    tx.insert_all(
        [
            LeaseSlot(
                id=leased_ticket_id(lease_id, slot),
                lease_id=lease_id,
                slot=slot,
                allocation_id=allocation,
                category_id=place.category_id,
                seat_id=Id(place.seat_id),
                zones=place.zones,
                state=SlotState.FREE,
                order_id=None,
            )
            for slot, (place, allocation) in enumerate(zip(places, allocations, strict=True))
        ]
    )
    tx.update(device, replace(device, lease_epoch=epoch))
    publish_lease(tx, record)
    return sealed


def _leased(read: Read, performance_id: Id, seats: Sequence[Id]) -> tuple[LeasedPlace, ...]:
    """These places as their lease tells them, in this order."""
    there = seats_for_sale(read, performance_id, seats)
    return tuple(LeasedPlace(seat, there[seat].category_id, there[seat].zones) for seat in seats)


def publish_lease(tx: Tx, record: LeaseRecord) -> None:
    row = LeaseRow(record.text, record.kid, record.signature, record.state)
    tx.feed(feed_name(FeedFamily.LEASES, record.device_id), record.id, row)


# --- coming back ----------------------------------------------------------------------------------------------------


def take_returned(tx: Tx, device: Author, fact: Fact, said: SlotsReturned) -> Outcome[None]:
    """Slots that the device gave back unsold: its own word, so they are free at once."""
    if refused := _not_its_own(tx, device, said.lease_id):
        return refused
    returned = frozenset(said.slots)
    for slot in tx.find(LeaseSlot, "WHERE lease_id = :id ORDER BY slot", id=said.lease_id):
        if slot.slot in returned:
            _bring_back(tx, device, fact, slot)
    close_if_done(tx, said.lease_id)
    return Ok()


def take_sealed(tx: Tx, device: Author, fact: Fact, said: LeaseSealed) -> Outcome[None]:
    """The final slot map: what it does not name as sold is free; what it names waits for its sale."""
    if refused := _not_its_own(tx, device, said.lease_id):
        return refused
    move_lease(tx, said.lease_id, LeaseDo.SEAL)
    sold = frozenset(said.sold)
    for slot in tx.find(LeaseSlot, "WHERE lease_id = :id ORDER BY slot", id=said.lease_id):
        if slot.slot not in sold and slot.state is SlotState.FREE:
            _bring_back(tx, device, fact, slot)
    close_if_done(tx, said.lease_id)
    return Ok()


def _not_its_own(read: Read, device: Author, lease_id: str) -> Refused | None:
    """Nobody speaks for another device's places: they may be sold already."""
    if read.one("SELECT 1 FROM lease WHERE id = :id AND device_id = :device", id=lease_id, device=device.id):
        return None
    return Refused(NotLeased.NOT_ITS_LEASE, fix=lease_id)


def _bring_back(tx: Tx, device: Author, fact: Fact, slot: LeaseSlot) -> None:
    if slot.state is SlotState.RETURNED:
        return
    if slot.state is SlotState.SOLD:
        report(
            tx, derived_id("clash", slot.id, "returned"), DeviceAnomaly.SLOT_CLASH, tx.now, device.id, slot.id,
            {"slot": slot.slot, "said": "returned", "fact": fact.id},
        )  # fmt: skip
        return
    tx.update(slot, replace(slot, state=SlotState.RETURNED))
    release(tx, [slot.allocation_id])


def move_lease(tx: Tx, lease_id: str, do: LeaseDo) -> LeaseRecord | None:
    """The lease after `do`, told to its device; None where the table has no such step."""
    record = tx.get(LeaseRecord, lease_id)
    after = LEASE.after(record.state, do) if record else None
    if record is None or after is None:
        return None
    moved = tx.update(record, replace(record, state=after))
    publish_lease(tx, moved)
    return moved


def close_if_done(tx: Tx, lease_id: str) -> None:
    """A lease of which every slot is accounted for holds nothing any more."""
    if not tx.one(f"SELECT 1 FROM lease_slot WHERE lease_id = :id AND state = '{SlotState.FREE}'", id=lease_id):  # noqa: S608 - words of ours
        move_lease(tx, lease_id, LeaseDo.SEAL)
        move_lease(tx, lease_id, LeaseDo.CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainLease:
    """Asks the device to stop selling out of a lease and to seal it."""

    lease_id: Annotated[Id, Ref("lease")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffLease:
    """A person gives a device up: its unsold places come back now. Answers with the exposure, as `lease_exposure`
    told it before: places that may have been sold already without our knowing, and at most how much money."""

    lease_id: Annotated[Id, Ref("lease")]
    reason: str


@handles(
    DrainLease,
    does=LeaseDo.DRAIN,
    needs=DevicesPrivilege.DEVICE_MODIFY,
    refuses=(NoLease,),
)
def drain_lease(tx: Tx, want: DrainLease) -> Outcome[None]:
    if move_lease(tx, want.lease_id, LeaseDo.DRAIN) is None:
        return Refused(NoLease.NOT_POSSIBLE_NOW, fix=want.lease_id)
    return Ok(None)


@handles(
    WriteOffLease,
    does=LeaseDo.WRITE_OFF,
    needs=DevicesPrivilege.LEASE_WRITE_OFF,
    refuses=(NoLease,),
    gives=Exposure,
)
def write_off_lease(tx: Tx, want: WriteOffLease) -> Outcome[Exposure]:
    record = move_lease(tx, want.lease_id, LeaseDo.WRITE_OFF)
    if record is None:
        return Refused(NoLease.NOT_POSSIBLE_NOW, fix=want.lease_id)
    exposure = exposure_of(tx, record)
    open_slots = tx.find(LeaseSlot, f"WHERE lease_id = :id AND state = '{SlotState.FREE}'", id=record.id)
    for slot in open_slots:
        tx.update(slot, replace(slot, state=SlotState.RETURNED))
    release(tx, [slot.allocation_id for slot in open_slots])
    return Ok(exposure)


@used_by(Tariff)
def leased_at(read: Read, tariff: Tariff) -> list[dict[str, Any]]:
    """Leases of which something may be sold still, or was and is not told yet: a device that has them may take this
    tariff, and what it took has to be booked. Of what was written off a sale may come at any time."""
    out = read.run(
        f"SELECT l.id, l.performance_id FROM lease l WHERE l.state = '{LeaseState.WRITTEN_OFF}' OR EXISTS "  # noqa: S608 - words of ours
        f"(SELECT 1 FROM lease_slot s WHERE s.lease_id = l.id AND s.state = '{SlotState.FREE}') ORDER BY l.id"
    )
    shows = {performance for _, performance in out if serves(read, tariff.context_id, performance)}
    ids = [lease for lease, performance in out if performance in shows]
    return [{"entity": "lease", "field": "text", "count": len(ids), "ids": ids[:20]}] if ids else []
