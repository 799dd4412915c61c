"""Sites, spaces, configurations: how a plan file becomes a hall that can be sold (spec/venues.md)."""

from dataclasses import dataclass, replace

from central.kernel.declared import command_of
from central.kernel.privileges import Action
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.model import Names, Privilege
from central.venues.model import (
    PLAN,
    Entrance,
    LogicalConfiguration,
    LogicalSeat,
    LogicalZone,
    NoVenue,
    PhysicalConfiguration,
    PhysicalSeat,
    PhysicalZone,
    PlanDo,
    PlanState,
    SeatCategory,
    Site,
    Space,
)
from central.venues.plan import Area, Plan, Shape, write_plan
from central.venues.planfile import read_plan
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import PlanRow, PlanSeat, PlanShape

CreateSite = command_of(Action.CREATE, Site)
CreateSpace = command_of(Action.CREATE, Space)
CreateEntrance = command_of(Action.CREATE, Entrance)
CreateSeatCategory = command_of(Action.CREATE, SeatCategory)


def _site_context(read: Read, site_id: str) -> str | None:
    row = read.one("SELECT context_id FROM site WHERE id = :id", id=site_id)
    return str(row[0]) if row else None


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A physical configuration out of a plan file (its text): refused whole with every fault, or imported whole."""

    id: Id
    space_id: Id
    code: str
    names: Names
    plan: str


def _space_context(read: Read, space_id: str) -> str | None:
    row = read.one("SELECT s.context_id FROM space p JOIN site s ON s.id = p.site_id WHERE p.id = :id", id=space_id)
    return str(row[0]) if row else None


@handles(ImportPlan, needs=Privilege.VENUE_MODIFY, at=lambda read, want: _space_context(read, want.space_id), gives=int)
def import_plan(tx: Tx, want: ImportPlan) -> Outcome[int]:
    """Answers with the number of seats."""
    read = read_plan(want.plan.encode())
    if isinstance(read, Refused):
        return Refused(NoVenue.PLAN_FAULTY, fix="plan", detail=read.detail)
    plan = read.value
    configuration = PhysicalConfiguration(
        want.id, want.space_id, want.code, want.names, PlanState.DRAFT, write_plan(plan).decode()
    )
    if not tx.insert_if_absent(configuration):
        return Refused(NoVenue.CODE_TAKEN, fix="code")
    capacity: dict[str, int] = {}
    for place in plan.places:
        capacity[place.zone] = capacity.get(place.zone, 0) + 1
    zones = {
        name: PhysicalZone(derived_id("zone", want.id, name), want.id, name, True, capacity[name], bit)
        for name, bit in plan.control_zones.items()
    }
    tx.insert_all(list(zones.values()))
    tx.insert_all(
        [
            PhysicalSeat(
                id=seat_id(want.id, place.zone, place.row, place.seat.number),
                configuration_id=want.id,
                zone_id=zones[place.zone].id,
                position=position,
                row_name=place.row,
                number=place.seat.number,
                guid=place.seat.guid,
                x=place.seat.x,
                y=place.seat.y,
                quality=place.quality,
                wheelchair=place.wheelchair,
                companion=place.companion,
                aisle=place.aisle,
            )
            for position, place in enumerate(plan.places)
        ]
    )
    return Ok(len(plan.places))


def seat_id(configuration_id: Id, zone: str, row: str, number: str) -> Id:
    """A seat is its zone, row and number within a configuration: a re-import over a draft keeps its id."""
    return derived_id("seat", configuration_id, zone, row, number)


@dataclass(frozen=True, slots=True)
class AddUnnumberedZone:
    """A zone without seats: standing places, benches. `control` is the bit of its control zone."""

    id: Id
    configuration_id: Id
    name: str
    capacity: int
    control: int


def _physical_context(read: Read, configuration_id: str) -> str | None:
    row = read.one("SELECT space_id FROM physical_configuration WHERE id = :id", id=configuration_id)
    return _space_context(read, row[0]) if row else None


@handles(
    AddUnnumberedZone,
    needs=Privilege.VENUE_MODIFY,
    at=lambda read, want: _physical_context(read, want.configuration_id),
    gives=Id,
)
def add_unnumbered_zone(tx: Tx, want: AddUnnumberedZone) -> Outcome[Id]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    if configuration.state is not PlanState.DRAFT:
        return Refused(NoVenue.NOT_DRAFT, fix=configuration.id)
    if want.capacity < 1:
        return Refused(NoVenue.EMPTY, fix="capacity")
    zone = PhysicalZone(want.id, configuration.id, want.name, False, want.capacity, want.control)
    return Ok(want.id) if tx.insert_if_absent(zone) else Refused(NoVenue.CODE_TAKEN, fix="name")


@dataclass(frozen=True, slots=True)
class ValidatePhysical:
    """Only a validated physical configuration can receive logical ones."""

    configuration_id: Id


@handles(
    ValidatePhysical,
    needs=Privilege.VENUE_MODIFY,
    at=lambda read, want: _physical_context(read, want.configuration_id),
)
def validate_physical(tx: Tx, want: ValidatePhysical) -> Outcome[None]:
    configuration = tx.get(PhysicalConfiguration, want.configuration_id)
    if configuration is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="configuration_id")
    after = PLAN.get((configuration.state, PlanDo.VALIDATE))
    if after is None:
        return Refused(NoVenue.NOT_DRAFT, fix=configuration.id)
    if not tx.one("SELECT 1 FROM physical_zone WHERE configuration_id = :id", id=configuration.id):
        return Refused(NoVenue.EMPTY, fix=configuration.id)
    tx.update(configuration, replace(configuration, state=after))
    return Ok(None)


@dataclass(frozen=True, slots=True)
class CreateLogicalConfiguration:
    """How a validated physical configuration is sold in a season (`context_id`), validated at once. `categories` maps
    the plan file's category names, and the names of unnumbered zones, to seat categories."""

    id: Id
    context_id: Id
    physical_configuration_id: Id
    code: str
    names: Names
    categories: dict[str, Id]


@handles(CreateLogicalConfiguration, needs=Privilege.VENUE_MODIFY, gives=int)
def create_logical_configuration(tx: Tx, want: CreateLogicalConfiguration) -> Outcome[int]:
    """Answers with the number of places."""
    physical = tx.get(PhysicalConfiguration, want.physical_configuration_id)
    if physical is None:
        return Refused(NoVenue.NO_SUCH_CONFIGURATION, fix="physical_configuration_id")
    if physical.state is not PlanState.VALIDATED:
        return Refused(NoVenue.NOT_VALIDATED, fix=physical.id)
    plan = plan_of(physical)
    counted = tx.find(PhysicalZone, "WHERE configuration_id = :id AND numbered = 0", id=physical.id)
    needed = {place.seat.category for place in plan.places} | {zone.name for zone in counted}
    known = {row[0] for row in tx.run("SELECT id FROM seat_category")}
    missing = sorted(name for name in needed if want.categories.get(name) not in known)
    if missing:
        return Refused(NoVenue.CATEGORY_MISSING, fix="categories", detail={"missing": missing})
    logical = LogicalConfiguration(want.id, physical.id, want.context_id, want.code, want.names, PlanState.VALIDATED)
    if not tx.insert_if_absent(logical):
        return Refused(NoVenue.CODE_TAKEN, fix="code")
    tx.insert_all(
        [
            LogicalSeat(
                id=derived_id("logical", want.id, place.zone, place.row, place.seat.number),
                configuration_id=want.id,
                seat_id=seat_id(physical.id, place.zone, place.row, place.seat.number),
                category_id=want.categories[place.seat.category],
                contingent_id=None,
                blocked="",
            )
            for place in plan.places
        ]
    )
    tx.insert_all(
        [
            LogicalZone(
                derived_id("logical", want.id, zone.id), want.id, zone.id, want.categories[zone.name], zone.capacity
            )
            for zone in counted
        ]
    )
    return Ok(len(plan.places) + sum(zone.capacity for zone in counted))


CATEGORY_STEP = 300  # in quality units: how a house ranks its categories weighs more than a few rows


def plan_of(configuration: PhysicalConfiguration) -> Plan:
    """The plan as values; what we wrote ourselves is sound."""
    read = read_plan(configuration.plan.encode())
    if isinstance(read, Refused):
        raise ValueError(f"physical configuration {configuration.id}: its stored plan cannot be read: {read.detail}")
    return read.value


def plan_row(read: Read, logical: LogicalConfiguration) -> PlanRow:
    """The plan as devices get it, seats in plan order with this configuration's categories."""
    physical = read.get(PhysicalConfiguration, logical.physical_configuration_id)
    assert physical, "a logical configuration has a physical one"
    plan = plan_of(physical)
    categories = {
        str(seat): (Id(category), int(rank))
        for seat, category, rank in read.run(
            "SELECT l.seat_id, l.category_id, c.rank FROM logical_seat l JOIN seat_category c ON c.id = l.category_id "
            "WHERE l.configuration_id = :id",
            id=logical.id,
        )
    }
    return PlanRow(
        name=logical.names["fr"],
        width=plan.width,
        height=plan.height,
        seats=tuple(
            PlanSeat(
                id=(found := seat_id(physical.id, place.zone, place.row, place.seat.number)),
                zone=place.zone,
                row=place.row,
                number=place.seat.number,
                x=place.seat.x,
                y=place.seat.y,
                category_id=categories[found][0],
                quality=place.quality + CATEGORY_STEP * (categories[found][1] - 1),
                wheelchair=place.wheelchair,
                companion=place.companion,
                aisle=place.aisle,
                zones=place.control,
            )
            for place in plan.places
        ),
        shapes=tuple(_shape(area) for area in plan.areas),
    )


def _shape(area: Area) -> PlanShape:
    size, turn = float(area.text_size), area.rotation
    if outline := area.outline():
        return PlanShape("polygon", area.colour, outline, 0.0, area.text, size, turn)
    if area.shape is Shape.TEXT:
        colour = area.text_colour or area.colour
        return PlanShape("text", colour, ((area.text_x, area.text_y),), 0.0, area.text, size, turn)
    return PlanShape("circle", area.colour, ((area.x, area.y),), area.width, area.text, size, turn)
