"""A contingent is a share of a performance's places with an owner; an allocation takes places out, with a holder and an
end. Cart hold, lease, sale are allocations with another holder (design: Contingent + Allocation).

Numbered: the unique index on live (performance, seat) is the lock. Counted: one guarded statement. No other lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.declared import configured
from central.kernel.entity import Look, Ref, entity
from central.organisation.model import Names, Privilege
from shared.ids import Id


@configured()
@entity("contingent", read=Privilege.CONTINGENT_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True)
class Contingent:
    """Institution-wide. A place that has none is hors contingent. An external contingent belongs to exactly one
    external channel (`external_channel_id`): no other one may sell from it."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: str
    names: Names
    colour: Annotated[str, Look.COLOUR]
    external_channel_id: Annotated[Id, Ref("channel")] | None = None


@entity(
    "place",
    read=Privilege.CONTINGENT_READ,
    unique=(("performance_id", "seat_id"),),
    index=(("performance_id", "contingent_id"),),
)
@dataclass(frozen=True, slots=True)
class Place:
    """A seat of a performance: category, contingent and block are its own from the moment the performance exists.
    `zones`: bits of the control zones that its ticket opens. `quality` is its rank for best seats; None: as drawn. A
    seat that is invalid (broken) has no place."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    seat_id: Annotated[Id, Ref("physical_seat")]
    category_id: Id
    contingent_id: Id | None
    blocked: str
    zones: int
    quality: int | None = None


@entity("gauge", read=Privilege.CONTINGENT_READ, unique=(("performance_id", "zone_id", "contingent_id"),))
@dataclass(frozen=True, slots=True)
class Gauge:
    """Counted places of an unnumbered zone, per contingent (empty: hors contingent); `blocked` of them are out of sale.
    taken + blocked ≤ capacity, always."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    category_id: Id
    contingent_id: str
    capacity: int
    taken: int
    blocked: int
    zones: int


class PlaceState(StrEnum):
    """A place with no live allocation is free (or blocked)."""

    HELD = auto()
    LEASED = auto()
    OPTIONED = auto()
    SOLD = auto()
    RELEASED = auto()


class PlaceDo(StrEnum):
    SELL = auto()
    RELEASE = auto()
    RETURN = auto()


PLACE: Mapping[tuple[PlaceState, PlaceDo], PlaceState] = {
    (PlaceState.HELD, PlaceDo.SELL): PlaceState.SOLD,
    (PlaceState.LEASED, PlaceDo.SELL): PlaceState.SOLD,
    (PlaceState.OPTIONED, PlaceDo.SELL): PlaceState.SOLD,
    (PlaceState.HELD, PlaceDo.RELEASE): PlaceState.RELEASED,
    (PlaceState.LEASED, PlaceDo.RELEASE): PlaceState.RELEASED,
    (PlaceState.OPTIONED, PlaceDo.RELEASE): PlaceState.RELEASED,
    (PlaceState.SOLD, PlaceDo.RETURN): PlaceState.RELEASED,
}


@entity(
    "allocation",
    read=Privilege.CONTINGENT_READ,
    index=(("holder_id",),),
    unique_where={"ux_allocation_live": (("performance_id", "seat_id"), "state <> 'released'")},
)
@dataclass(frozen=True, slots=True)
class Allocation:
    """One seat, or `quantity` counted places of a gauge, taken by a holder (cart, order, lease) until an end."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    seat_id: Id | None
    gauge_id: Annotated[Id, Ref("gauge")] | None
    quantity: int
    state: PlaceState
    holder_id: Id
    until: datetime | None


class NoPlace(StrEnum):
    """Why a place cannot be taken, in order."""

    NO_SUCH_PERFORMANCE = auto()
    NO_SUCH_PLACE = auto()
    NO_SUCH_CONTINGENT = auto()
    BLOCKED = auto()
    NOT_IN_CONTINGENT = auto()
    TAKEN = auto()
    SOLD_OUT = auto()
    RESERVE_KEPT = auto()
