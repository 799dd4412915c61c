"""What may come in late if a device is given up: the places of a lease that nothing was heard of, and at most how much
money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from central.devices.model import DevicesPrivilege, LeaseRecord, LeaseSlot, NoLease
from central.kernel.entity import Ref
from central.kernel.registry import answers
from central.kernel.tx import Read
from central.pricing.reads import price_list
from shared.clock import from_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.pricing import Prices, asked_for
from shared.wire.leases import SlotState


@dataclass(frozen=True, slots=True)
class ExposedPlace:
    """A place that its device may have sold already. `amount`: at most, the dearest tariff of its category."""

    slot: int
    seat_id: Id | None
    category_id: Id
    amount: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """What may come in late if a lease is written off now: so many places, at most so much money. `heard`: when the
    device last uploaded anything; its sales until then are known."""

    places: int
    amount: int
    currency: str
    heard: datetime | None
    each: tuple[ExposedPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseExposure:
    """What a person should see before writing a lease off."""

    lease_id: Annotated[Id, Ref("lease")]


@answers(
    LeaseExposure,
    needs=DevicesPrivilege.DEVICE_READ,
    refuses=(NoLease,),
    gives=Exposure,
)
def lease_exposure(read: Read, want: LeaseExposure) -> Outcome[Exposure]:
    record = read.get(LeaseRecord, want.lease_id)
    return Ok(exposure_of(read, record)) if record else Refused(NoLease.NO_SUCH_LEASE, fix="lease_id")


def exposure_of(read: Read, record: LeaseRecord) -> Exposure:
    """Of the slots that nothing was heard of."""
    sold_for = price_list(read, record.performance_id)
    assert sold_for, "foreign keys say so"
    each = tuple(
        ExposedPlace(slot.slot, slot.seat_id, slot.category_id, _dearest(sold_for.prices, slot.category_id))
        for slot in read.find(
            LeaseSlot, f"WHERE lease_id = :id AND state = '{SlotState.FREE}' ORDER BY slot", id=record.id
        )
    )
    ((heard,),) = read.run("SELECT MAX(received) FROM fact WHERE device_id = :id", id=record.device_id)
    total = sum(place.amount for place in each)
    return Exposure(len(each), total, sold_for.currency, from_ms(heard) if heard is not None else None, each)


def _dearest(prices: Prices, category_id: Id) -> int:
    """Nothing where no tariff is sold in the category (any more)."""
    return max(asked_for(prices, category_id), default=0)
