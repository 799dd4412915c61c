"""A contingent is a share of a performance's places with an owner; an allocation takes places out, with a holder and an
end. Cart hold, lease, sale are allocations with another holder (design: Contingent + Allocation).

Numbered: the unique index on live (performance, seat) is the lock. Counted: one guarded statement. No other lock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.crud import MOST_KINDS, configured
from central.kernel.entity import Between, Link, Look, Loose, Ref, Unproved, entity
from central.kernel.spans import recent
from central.kernel.values import Code, Names
from central.venues.model import CONTINGENT
from shared.ids import Id
from shared.life import Life
from shared.outcome import Reason
from shared.rules.place_state import PlaceState


class InventoryPrivilege(StrEnum):
    """`CONTINGENT_MODIFY` and `PLACE_BLOCK` are asked for on the plan of a logical configuration too."""

    CONTINGENT_READ = "inventory.contingent.read"
    CONTINGENT_MODIFY = "inventory.contingent.modify"
    PLACE_BLOCK = "inventory.place.block"
    LIMIT_READ = "inventory.limit.read"


@configured(most=MOST_KINDS)
@entity("contingent", read=InventoryPrivilege.CONTINGENT_READ, unique=(("context_id", "code"),), fills=(CONTINGENT,))
@dataclass(frozen=True, slots=True, kw_only=True)
class Contingent:
    """Institution-wide. A place that has none is hors contingent. An external contingent belongs to exactly one
    external channel (`external_channel_id`): no other one may sell from it."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    colour: Annotated[str, Look.COLOUR]
    external_channel_id: Annotated[Id, Ref("channel")] | None = None


@entity(
    "place",
    read=InventoryPrivilege.CONTINGENT_READ,
    unique=(("performance_id", "seat_id"),),
    index=(("performance_id", "contingent_id"),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A seat of a performance: category, contingent and block are its own from the moment the performance exists.
    `zones`: bits of the control zones that its ticket opens. `quality` is its rank for best seats; None: as drawn. A
    seat that is invalid (broken) has no place."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    seat_id: Annotated[Id, Ref("physical_seat")]
    category_id: Annotated[Id, Link("seat_category")]
    contingent_id: Annotated[Id, Link("contingent")] | None
    blocked: str
    zones: Annotated[int, Look.MACHINE]
    quality: int | None = None


@entity("gauge", read=InventoryPrivilege.CONTINGENT_READ, unique=(("performance_id", "zone_id", "contingent_id"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Counted places of an unnumbered zone, per contingent (empty: hors contingent); `blocked` of them are out of sale.
    taken + blocked ≤ capacity, always."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    category_id: Annotated[Id, Link("seat_category")]
    contingent_id: str
    capacity: int
    taken: Annotated[int, Unproved("the sum of its live allocations, which the inventory's check adds up again")]
    blocked: int
    zones: Annotated[int, Look.MACHINE]


class AllocationState(StrEnum):
    """How the place of an allocation stands, or that it is no longer its. A place with no live one is free (or
    blocked)."""

    HELD = PlaceState.HELD.value
    LEASED = PlaceState.LEASED.value
    SOLD = PlaceState.SOLD.value
    RELEASED = auto()


class PlaceDo(StrEnum):
    SELL = auto()
    RELEASE = auto()


PLACE = Life[AllocationState, PlaceDo]({
    (AllocationState.HELD, PlaceDo.SELL): AllocationState.SOLD,
    (AllocationState.LEASED, PlaceDo.SELL): AllocationState.SOLD,
    (AllocationState.HELD, PlaceDo.RELEASE): AllocationState.RELEASED,
    (AllocationState.LEASED, PlaceDo.RELEASE): AllocationState.RELEASED,
}, begins=frozenset({AllocationState.HELD, AllocationState.LEASED}))  # fmt: skip


TAKEN = f"state <> '{AllocationState.RELEASED}'"
"""Of an allocation: it has its place. A seat is free where no such one is."""


def has_seat(performance: str, seat: str) -> str:
    """Of an allocation `a`: it has that seat there, as the two columns or parameters say."""
    return f"a.performance_id = {performance} AND a.seat_id = {seat} AND a.{TAKEN}"


def taken_by(performance: str, seat: str) -> str:
    """For a statement that knows a seat: who has it, if anybody."""
    return "LEFT JOIN allocation a ON " + has_seat(performance, seat)


TAKEN_BY = taken_by("p.performance_id", "p.seat_id")
"""For one that has a place `p`."""
FREE = "p.blocked = '' AND a.id IS NULL"
"""Of a place `p` with its allocation `a`: whoever its contingent is for may take it."""


@entity(
    "allocation",
    read=InventoryPrivilege.CONTINGENT_READ,
    life=("state", PLACE),
    index=(("holder_id",),),
    unique_where={
        "ux_allocation_live": (("performance_id", "seat_id"), TAKEN),
        "ux_allocation_contact": (("contact_id", "id"), "contact_id IS NOT NULL"),  # to find them; unique it is anyway
    },
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """One seat, or `quantity` counted places of a gauge, taken by a holder (cart, order, lease) until an end. Channel,
    contact and tariff are what limits count by."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    seat_id: Annotated[Id, Link("physical_seat")] | None
    gauge_id: Annotated[Id, Ref("gauge")] | None
    quantity: int
    state: AllocationState
    holder_id: Annotated[Id, Loose("a hold, a lease or an order, as its state says")]
    until: datetime | None
    channel_id: Annotated[Id, Link("channel")] | None = None
    contact_id: Annotated[Id, Loose("of a house's own list of contacts")] | None = None
    tariff_id: Annotated[Id, Link("tariff")] | None = None


class HoldState(StrEnum):
    ACTIVE = auto()
    SOLD = auto()
    RELEASED = auto()
    EXPIRED = auto()


class HoldDo(StrEnum):
    SELL = auto()
    RELEASE = auto()
    EXPIRE = auto()


HOLD = Life[HoldState, HoldDo]({
    (HoldState.ACTIVE, HoldDo.SELL): HoldState.SOLD,
    (HoldState.ACTIVE, HoldDo.RELEASE): HoldState.RELEASED,
    (HoldState.ACTIVE, HoldDo.EXPIRE): HoldState.EXPIRED,
}, begins=frozenset({HoldState.ACTIVE}))  # fmt: skip


@entity(
    "hold",
    read=InventoryPrivilege.CONTINGENT_READ,
    index=(("state", "until"), ("performance_id",)),
    life=("state", HOLD),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Places of one performance kept for a cart until an end; its allocations are the places. Sold: the last of them
    went into an order. `latest`: no renewal reaches beyond this."""

    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    point_of_sale_id: Annotated[Id, Ref("point_of_sale")]
    contact_id: Annotated[Id, Loose("of a house's own list of contacts")] | None
    state: HoldState
    since: datetime
    until: datetime
    latest: datetime

    def is_due(self, now: datetime) -> bool:
        """It is over, and still has its places."""
        return self.state is HoldState.ACTIVE and not recent(self.since, now, self.until - self.since)


# clock: HOLD_AHEAD stands beside it
HOLD_DUE = f"state = '{HoldState.ACTIVE}' AND until <= :now"
"""The same of a row, but for what a wrong clock stored: HOLD_AHEAD."""
# clock: HOLD_AHEAD stands beside it
HOLD_AHEAD = f"state = '{HoldState.ACTIVE}' AND until > :ahead"
"""Of one that ends later than any hold may."""
LONGEST_HOLD = timedelta(days=7)  # as a channel may set at most


class LimitPer(StrEnum):
    """What shares one count. An order or hold without a contact is a contact of its own."""

    PERFORMANCE = auto()
    EVENT = auto()  # all performances of the event together
    ORDER = auto()  # one order or hold
    CONTACT = auto()  # of a contact, per performance
    CONTACT_AND_EVENT = auto()


@configured(initial={"active": True})
@entity("sale_limit", read=InventoryPrivilege.LIMIT_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many places, held, leased, optioned and sold together. What is named narrows what is counted; what is
    left empty does not."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    per: LimitPer
    most: Annotated[int, Between(0, 1_000_000)]
    event_id: Annotated[Id, Ref("event")] | None = None
    performance_id: Annotated[Id, Ref("performance")] | None = None
    channel_id: Annotated[Id, Ref("channel")] | None = None
    tariff_id: Annotated[Id, Ref("tariff")] | None = None
    category_id: Annotated[Id, Ref("seat_category")] | None = None
    contingent_id: Annotated[Id, Ref("contingent")] | None = None
    active: bool = True


@configured(initial={"active": True})
@entity("release_rule", read=InventoryPrivilege.CONTINGENT_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRule:
    """When the unsold rest of a contingent falls back: at a moment, or so many seconds before the performance. Without
    `to_contingent_id` it falls to hors contingent; without event or performance the rule is for all of its context."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    contingent_id: Annotated[Id, Ref("contingent")]
    to_contingent_id: Annotated[Id, Ref("contingent")] | None = None
    event_id: Annotated[Id, Ref("event")] | None = None
    performance_id: Annotated[Id, Ref("performance")] | None = None
    at: datetime | None = None
    before_s: Annotated[int, Look.SECONDS, Between(0, 400 * 86400)] | None = None
    active: bool = True


@entity(
    "release_firing",
    read=InventoryPrivilege.CONTINGENT_READ,
    unique=(("rule_id", "performance_id"),),
    index=(("performance_id", "contingent_id"), ("to_contingent_id",)),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFiring:
    """A rule has fired for a performance: once. `places` went at once; what was held or sold then follows when it comes
    back."""

    id: Id
    rule_id: Annotated[Id, Ref("release_rule")]
    performance_id: Annotated[Id, Ref("performance")]
    contingent_id: Annotated[Id, Link("contingent")]
    to_contingent_id: Annotated[Id, Link("contingent")] | None
    places: int
    at: datetime


class NoRule(Reason):
    ONE_MOMENT = auto()  # either a date, or so long before the performance
    INTO_ITSELF = auto()


class NoPlace(Reason):
    """Why a place cannot be taken, in order."""

    TAKEN = auto()
    LIMIT = auto()  # whose: a limit that an organiser sets on what is its own


class NoSale(Reason):
    """Why nothing is held or sold at a point of sale, in order."""

    NO_SUCH_POINT_OF_SALE = auto()
    NOT_YOURS = auto()
    CHANNEL_CLOSED = auto()
    NO_SUCH_PERFORMANCE = auto()
    NOT_SOLD_HERE = auto()  # another organiser's: its takings do not belong in this one's books
    NOT_ON_SALE = auto()
    SALE_OVER = auto()
    EMPTY = auto()
    TOO_MANY = auto()  # whose: of one command's own size
    SAME_SEAT_TWICE = auto()
    NO_SUCH_HOLD = auto()
    HOLD_OVER = auto()
    NO_SUCH_PLACE = auto()
    BLOCKED = auto()
    NOT_FOR_THIS_CHANNEL = auto()
    NO_PRICE = auto()
    NOT_ENOUGH = auto()  # whose: of one performance's or plan's own places


class NoContingent(Reason):
    """Why a contingent cannot be as it shall be."""

    NOT_EXTERNAL = auto()  # an external contingent belongs to an external channel
    NAMED_ELSEWHERE = auto()  # and to that one alone
    IN_USE = auto()
