"""Sites, spaces, and how a space is built (physical) and sold (logical): spec/venues.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Ref, entity
from central.organisation.model import Names, Privilege
from shared.ids import Id


@entity("site", read=Privilege.VENUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True)
class Site:
    """A place with an address; `timezone` is an IANA name. Belongs to the institution."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: str
    names: Names
    address: str
    timezone: str


@entity("space", read=Privilege.VENUE_READ, unique=(("site_id", "code"),))
@dataclass(frozen=True, slots=True)
class Space:
    """A hall, a stand, a field inside a site."""

    id: Id
    site_id: Annotated[Id, Ref("site")]
    code: str
    names: Names


@entity("entrance", read=Privilege.VENUE_READ, unique=(("site_id", "code"),))
@dataclass(frozen=True, slots=True)
class Entrance:
    """A door through which visitors enter. `zones` are the bits of the control zones that it serves."""

    id: Id
    site_id: Annotated[Id, Ref("site")]
    code: str
    names: Names
    zones: int


@entity("seat_category", read=Privilege.VENUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True)
class SeatCategory:
    """Institution-wide; a logical configuration picks some. `rank` 1 is the dearest."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: str
    names: Names
    colour: str
    rank: int


class PlanState(StrEnum):
    DRAFT = auto()
    VALIDATED = auto()


class PlanDo(StrEnum):
    VALIDATE = auto()


PLAN: Mapping[tuple[PlanState, PlanDo], PlanState] = {(PlanState.DRAFT, PlanDo.VALIDATE): PlanState.VALIDATED}


@entity("physical_configuration", read=Privilege.VENUE_READ, unique=(("space_id", "code"),))
@dataclass(frozen=True, slots=True)
class PhysicalConfiguration:
    """How a space is built for a use. `plan` is its plan file as `venues.plan.write_plan` writes it; empty: no plan."""

    id: Id
    space_id: Annotated[Id, Ref("space")]
    code: str
    names: Names
    state: PlanState
    plan: str


@entity("physical_zone", read=Privilege.VENUE_READ, unique=(("configuration_id", "name"),))
@dataclass(frozen=True, slots=True)
class PhysicalZone:
    """Numbered (has seats) or unnumbered (has a capacity). `control` is the bit of its control zone."""

    id: Id
    configuration_id: Annotated[Id, Ref("physical_configuration")]
    name: str
    numbered: bool
    capacity: int
    control: int


@entity(
    "physical_seat",
    read=Privilege.VENUE_READ,
    unique=(("zone_id", "row_name", "number"),),
    index=(("configuration_id", "position"),),
)
@dataclass(frozen=True, slots=True)
class PhysicalSeat:
    """`position` is its order in the plan; `quality` its rank for best seats, lower is better; x, y in plan units."""

    id: Id
    configuration_id: Annotated[Id, Ref("physical_configuration")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    position: int
    row_name: str
    number: str
    guid: str
    x: float
    y: float
    quality: int
    wheelchair: bool
    companion: bool
    aisle: bool


@entity("logical_configuration", read=Privilege.VENUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True)
class LogicalConfiguration:
    """How a physical configuration is sold in one season (`context_id`)."""

    id: Id
    physical_configuration_id: Annotated[Id, Ref("physical_configuration")]
    context_id: Annotated[Id, Ref("context")]
    code: str
    names: Names
    state: PlanState


@entity(
    "logical_seat", read=Privilege.VENUE_READ, unique=(("configuration_id", "seat_id"),), index=(("contingent_id",),)
)
@dataclass(frozen=True, slots=True)
class LogicalSeat:
    """A seat's category and contingent in a logical configuration; no contingent: outside any. `blocked`: a reason."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    seat_id: Annotated[Id, Ref("physical_seat")]
    category_id: Annotated[Id, Ref("seat_category")]
    contingent_id: Id | None
    blocked: str


@entity("logical_zone", read=Privilege.VENUE_READ, unique=(("configuration_id", "zone_id"),))
@dataclass(frozen=True, slots=True)
class LogicalZone:
    """An unnumbered zone has exactly one category."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    category_id: Annotated[Id, Ref("seat_category")]
    capacity: int


class NoVenue(StrEnum):
    NO_SUCH_SITE = auto()
    NO_SUCH_SPACE = auto()
    NO_SUCH_CONFIGURATION = auto()
    PLAN_FAULTY = auto()
    NOT_DRAFT = auto()
    NOT_VALIDATED = auto()
    EMPTY = auto()
    CATEGORY_MISSING = auto()
    CODE_TAKEN = auto()
    BAD_TIMEZONE = auto()
