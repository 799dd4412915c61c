"""Sites, spaces, and how a space is built (physical) and sold (logical): docs/spec/venues.md."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.crud import MOST_KINDS, configured
from central.kernel.entity import Between, Bulky, Link, Look, Loose, Ref, Unproved, entity
from central.kernel.slots import Slot
from central.kernel.values import Code, Names, Zero
from central.venues.svg_sources import SvgMapping
from shared.ids import Id
from shared.life import Life
from shared.outcome import Reason
from shared.wire.feeds import PlanShape

CONTINGENT = Slot("out of which places are sold")


class VenuesPrivilege(StrEnum):
    VENUE_READ = "venues.venue.read"
    VENUE_CREATE = "venues.venue.create"
    VENUE_MODIFY = "venues.venue.modify"
    PLAN_UNDO = "venues.plan.undo"
    PLAN_CARRY_OVER = "venues.plan.carry_over"


@configured()
@entity("site", read=VenuesPrivilege.VENUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with an address; `timezone` is an IANA name. Belongs to the institution."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    address: Annotated[str, Look.LINES]
    timezone: Annotated[str, Look.TIMEZONE]


@configured()
@entity("space", read=VenuesPrivilege.VENUE_READ, unique=(("site_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A hall, a stand, a field inside a site."""

    id: Id
    site_id: Annotated[Id, Ref("site")]
    code: Code
    names: Names


@configured()
@entity("entrance", read=VenuesPrivilege.VENUE_READ, unique=(("site_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """A door through which visitors enter. `zones` are the bits of the control zones that it serves."""

    id: Id
    site_id: Annotated[Id, Ref("site")]
    code: Code
    names: Names
    zones: int


@configured(most=MOST_KINDS)
@entity("seat_category", read=VenuesPrivilege.VENUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCategory:
    """Institution-wide; a logical configuration picks some. `rank` 1 is the dearest."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    colour: Annotated[str, Look.COLOUR]
    rank: Annotated[int, Between(1, 999)]


class PlanState(StrEnum):
    DRAFT = auto()
    VALIDATED = auto()


class PlanDo(StrEnum):
    VALIDATE = auto()


PLAN = Life[PlanState, PlanDo](
    {(PlanState.DRAFT, PlanDo.VALIDATE): PlanState.VALIDATED},
    begins=frozenset(PlanState), main=frozenset({PlanDo.VALIDATE}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnCategory:
    """A category as the plan file names it: which seat category it is, a logical configuration says."""

    name: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a plan shows beside its seats, in plan units."""

    width: int
    height: int
    categories: tuple[DrawnCategory, ...] = ()
    shapes: tuple[PlanShape, ...] = ()
    mapping: SvgMapping | None = None  # how the file that it came from was read: proposed for the hall's next one


@entity(
    "physical_configuration", read=VenuesPrivilege.VENUE_READ, chosen=True, unique=(("space_id", "code"),),
    life=("state", PLAN),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalConfiguration:
    """How a space is built for a use. No `drawing`: it has no plan and no seats, and its zones add up to `gauge`.
    With a plan, the gauge is what the plan and the counted zones beside it hold: 0 here."""

    id: Id
    space_id: Annotated[Id, Ref("space")]
    code: Code
    names: Names
    state: PlanState
    drawing: Drawing | None = None
    gauge: Annotated[int, Zero()] = 0


@entity("plan_file", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """The plan that a configuration was imported from, as `venues.plan.write_plan` writes it: for export. It is large,
    so lists leave it out."""

    id: Id
    configuration_id: Annotated[Id, Ref("physical_configuration")]
    text: Annotated[str, Bulky(), Unproved("some 30 MB; its SHA-256 stands in the audit, and is compared")]


@entity("physical_zone", read=VenuesPrivilege.VENUE_READ, chosen=True, unique=(("configuration_id", "name"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalZone:
    """Numbered (has seats) or unnumbered (has a capacity). `control` is the bit of its control zone."""

    id: Id
    configuration_id: Annotated[Id, Ref("physical_configuration")]
    name: Annotated[str, Look.NAME]
    numbered: bool
    capacity: int
    control: int


@entity(
    "zone_entrance", read=VenuesPrivilege.VENUE_READ, unique=(("zone_id", "entrance_id"),), index=(("entrance_id",),)
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneEntrance:
    """This entrance serves this zone."""

    id: Id
    zone_id: Annotated[Id, Ref("physical_zone")]
    entrance_id: Annotated[Id, Ref("entrance")]


@entity(
    "physical_seat",
    read=VenuesPrivilege.VENUE_READ,
    unique=(("zone_id", "row_name", "number"),),
    index=(("configuration_id", "position"),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalSeat:
    """`position` is its order in the plan; `quality` its rank for best seats, lower is better; x, y in plan units.
    `category` is what the plan file calls it; `companion_of` the wheelchair place that a companion's seat belongs to;
    `invalid` why the seat is gone, empty: it is there."""

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
    category: str = ""
    restricted: bool = False
    companion_of: Annotated[Id, Link("physical_seat")] | None = None
    invalid: str = ""


class SeatOrder(StrEnum):
    """In which order seats are proposed within a selection."""

    DRAWN = auto()  # by their place in the drawing: near the stage and in the middle first
    SNAKE = auto()  # row by row from the front, left to right and back again
    ROWS = auto()  # row by row from the front, from the middle outwards
    LISTED = auto()  # as the selection lists them


@entity(
    "logical_configuration", read=VenuesPrivilege.VENUE_READ, chosen=True, unique=(("context_id", "code"),),
    life=("state", PLAN),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalConfiguration:
    """How a physical configuration is sold in one season (`context_id`)."""

    id: Id
    physical_configuration_id: Annotated[Id, Ref("physical_configuration")]
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    state: PlanState


@entity(
    "logical_category", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id", "category_id"),),
    index=(("category_id",),),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalCategory:
    """A category that this configuration picks. `colour` empty: the category's own; `options`: may be optioned."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    category_id: Annotated[Id, Ref("seat_category")]
    colour: str = ""
    options: bool = True


@configured()
@entity("shop_picture", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ShopPicture:
    """A logical configuration's picture for the shop: a data: URL of a PNG, JPEG or WebP."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    picture: Annotated[str, Look.PICTURE, Bulky()]


@entity(
    "logical_seat", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id", "seat_id"),),
    index=(("contingent_id",), ("category_id",), ("seat_id",)),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalSeat:
    """A seat's category and contingent in a logical configuration; no contingent: outside any. `blocked`: a reason. A
    draft may have seats without a category. `quality` is its rank for best seats; None: as drawn."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    seat_id: Annotated[Id, Ref("physical_seat")]
    category_id: Annotated[Id, Ref("seat_category")] | None
    contingent_id: Annotated[Id, Link(CONTINGENT)] | None
    blocked: str
    quality: int | None = None


@entity("logical_zone", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id", "zone_id"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalZone:
    """An unnumbered zone has exactly one category (none yet: only in a draft)."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    category_id: Annotated[Id, Ref("seat_category")] | None
    capacity: int


@entity(
    "logical_gauge", read=VenuesPrivilege.VENUE_READ, unique=(("configuration_id", "zone_id", "contingent_id"),),
    index=(("contingent_id",),),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalGauge:
    """The share of an unnumbered zone that is in a contingent (empty: hors contingent); the shares add up to the zone's
    capacity. `blocked` of them are out of sale."""

    id: Id
    configuration_id: Annotated[Id, Ref("logical_configuration")]
    zone_id: Annotated[Id, Ref("physical_zone")]
    contingent_id: str
    capacity: int
    blocked: int


class PlanTarget(StrEnum):
    """What an action on a plan is done to."""

    PHYSICAL = auto()
    LOGICAL = auto()
    PERFORMANCE = auto()


class PlanAct(StrEnum):
    INVALIDATE = auto()
    REVALIDATE = auto()
    ATTRIBUTE = auto()
    BLOCK = auto()
    UNBLOCK = auto()
    CATEGORISE = auto()
    ASSIGN = auto()
    ORDER = auto()
    CARRY_OVER = auto()
    RELEASE = auto()  # what is left of a contingent falls back at its time (release rules)
    UNDO = auto()


@entity(
    "plan_action", read=VenuesPrivilege.VENUE_READ, unique=(("target_id", "version"),), index=(("target_id", "at"),),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAction:
    """One action on one plan: who, when, what, why, and all that it changed (`changes`: venues.history as JSON). It is
    never changed itself, and it is the plan's own history: the audit does not repeat it seat by seat."""

    id: Id
    target: PlanTarget
    target_id: Annotated[Id, Loose("a configuration or a performance, as `target` says")]
    version: int
    at: datetime
    who: Annotated[str, Look.ACTOR]
    act: PlanAct
    what: Annotated[dict[str, str], Look.MACHINE]  # what was set: category, contingent, order …
    why: str
    places: int
    of_id: Annotated[Id, Link("plan_action")] | None  # the action that it undoes or carries over
    changes: Annotated[str, Look.MACHINE]


class NoVenue(Reason):
    NO_SUCH_CONFIGURATION = auto()
    PLAN_FAULTY = auto()
    NOT_DRAFT = auto()
    NOT_VALIDATED = auto()
    EMPTY = auto()
    CATEGORY_MISSING = auto()
    CODE_TAKEN = auto()
    NO_SUCH_ZONE = auto()
    NO_SUCH_ENTRANCE = auto()
    ELSEWHERE = auto()  # it belongs to another site or configuration
    HAS_PLAN = auto()
    HAS_NO_PLAN = auto()
    ABOVE_GAUGE = auto()
    NO_SUCH_CONTROL = auto()  # no bit of a ticket
    INCOMPLETE = auto()
    NO_COLOUR = auto()
    IN_USE = auto()


class NoAct(Reason):
    """Why an action on a plan is refused."""

    NO_SUCH_PLAN = auto()
    NO_SUCH_ACTION = auto()
    NO_SUCH_SEAT = auto()
    NO_SUCH_ZONE = auto()
    NO_SUCH_CATEGORY = auto()
    NO_SUCH_CONTINGENT = auto()
    NO_SUCH_PERFORMANCE = auto()
    NO_SUCH_MOMENT = auto()
    NOT_FLAT = auto()  # a lasso of fewer than three points
    # whose: of one command's own size
    TOO_INTRICATE = auto()  # a lasso that goes to and fro without end
    EMPTY = auto()
    NO_REASON = auto()
    HAS_CONTINGENT = auto()
    CATEGORY_TWICE = auto()  # one category for a counted zone and for seats of the plan
    WHOLE_ZONE = auto()  # a counted zone has exactly one category
    TOO_MANY_PERFORMANCES = auto()  # whose: of one command's own size
    # whose: of one performance's or plan's own places
    TOO_MANY = auto()  # more than are free
    OTHER_PLAN = auto()
    NOTHING_TO_UNDO = auto()
