"""A lease: places that only one device may sell, online or not (docs/spec/edge.md, Leases).

Slots are numbered 0..n-1, one place each; the sale of slot k has the id `leased_ticket_id(lease, k)` wherever it is
told. `sell_until` stops selling; it does not tell what was sold: places come back only with a slot that the device says
it gave back, with a sealed slot map, or when a person writes the device off.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from shared.life import Life
from shared.wire.bounds import Count, IdOrNone, IdText, Moment, Short, Word


@dataclass(frozen=True, slots=True)
class LeasedPlace:
    """One slot's place. `seat_id` is empty for a counted place; `zones` are the control zones its ticket opens."""

    seat_id: IdOrNone
    category_id: IdText
    zones: Short


@dataclass(frozen=True, slots=True)
class Lease:
    """What central signs. `price_version` is the price grid's revision when it was given out, `epoch` how many leases
    the device had been given with it: signed for who looks into a dispute, no program goes by them. Aware times."""

    id: IdText
    device_id: IdText
    epoch: Count
    performance_id: IdText
    contingent_id: IdOrNone
    places: Annotated[tuple[LeasedPlace, ...], Field(max_length=65536)]
    price_version: Count
    currency: Word
    issued: Moment
    sell_until: Moment


class LeaseState(StrEnum):
    ACTIVE = auto()
    DRAINING = auto()  # no new sale
    SEALED = auto()  # the device has sent its final slot map
    WRITTEN_OFF = auto()  # a person gave the device up; late uploads become anomalies
    CLOSED = auto()  # the unsold rest is back in the pool


OPEN = (LeaseState.ACTIVE, LeaseState.DRAINING)
"""Its slots are the device's: what it did with them is not all told yet."""


class LeaseDo(StrEnum):
    DRAIN = auto()
    SEAL = auto()
    CLOSE = auto()
    WRITE_OFF = auto()


LEASE = Life[LeaseState, LeaseDo]({
    (LeaseState.ACTIVE, LeaseDo.DRAIN): LeaseState.DRAINING,
    (LeaseState.ACTIVE, LeaseDo.SEAL): LeaseState.SEALED,
    (LeaseState.DRAINING, LeaseDo.SEAL): LeaseState.SEALED,
    (LeaseState.SEALED, LeaseDo.CLOSE): LeaseState.CLOSED,
    (LeaseState.ACTIVE, LeaseDo.WRITE_OFF): LeaseState.WRITTEN_OFF,
    (LeaseState.DRAINING, LeaseDo.WRITE_OFF): LeaseState.WRITTEN_OFF,
}, begins=frozenset({LeaseState.ACTIVE}))  # fmt: skip


class SlotState(StrEnum):
    """What became of a slot. FREE and HELD are the device's own business; the rest is told to central."""

    FREE = auto()
    HELD = auto()  # in the cart of the visitor at the screen
    SOLD = auto()
    RETURNED = auto()  # given back unsold, for good
