"""Contingents, places and allocations. The unique index on live (performance, seat) decides who gets a seat; a counted
place is decided by one guarded statement. Nothing is asked first and trusted later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from central.catalogue.model import Event, NoProduct, Performance, ProductState
from central.catalogue.ops import Schedule, event_context, performance_context
from central.inventory.model import PLACE, Allocation, Contingent, Gauge, NoPlace, Place, PlaceDo, PlaceState
from central.kernel.db import in_list
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from central.organisation.model import Names, Privilege
from central.venues.model import LogicalConfiguration, LogicalZone, PhysicalSeat, PhysicalZone, PlanState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True)
class CreateContingent:
    id: Id
    context_id: Id
    code: str
    names: Names
    colour: str


@handles(CreateContingent, needs=Privilege.CONTINGENT_MODIFY, gives=Id)
def create_contingent(tx: Tx, want: CreateContingent) -> Outcome[Id]:
    contingent = Contingent(want.id, want.context_id, want.code, want.names, want.colour)
    return Ok(want.id) if tx.insert_if_absent(contingent) else Refused(NoProduct.CODE_TAKEN, fix="code")


@dataclass(frozen=True, slots=True)
class CreatePerformance:
    """A draft performance of an event, with a place for each seat and a gauge for each counted zone of its logical
    configuration; from here on they live their own life."""

    id: Id
    event_id: Id
    logical_configuration_id: Id
    price_grid_id: Id
    schedule: Schedule


@handles(
    CreatePerformance,
    needs=Privilege.CATALOGUE_MODIFY,
    at=lambda read, want: event_context(read, want.event_id),
    gives=int,
)
def create_performance(tx: Tx, want: CreatePerformance) -> Outcome[int]:
    """Answers with the number of places."""
    event = tx.get(Event, want.event_id)
    if event is None:
        return Refused(NoProduct.NO_SUCH_EVENT, fix="event_id")
    logical = tx.get(LogicalConfiguration, want.logical_configuration_id)
    if logical is None or logical.state is not PlanState.VALIDATED:
        return Refused(NoProduct.NOT_VALIDATED, fix="logical_configuration_id")
    if not tx.one("SELECT 1 FROM price_grid WHERE id = :id", id=want.price_grid_id):
        return Refused(NoProduct.NO_SUCH_GRID, fix="price_grid_id")
    if not want.schedule.sound():
        return Refused(NoProduct.BAD_TIMES, fix="schedule")
    (site_id,) = tx.run(
        "SELECT s.site_id FROM physical_configuration c JOIN space s ON s.id = c.space_id WHERE c.id = :id",
        id=logical.physical_configuration_id,
    )[0]
    when = want.schedule
    tx.insert(
        Performance(
            id=want.id, event_id=event.id, context_id=event.context_id, site_id=Id(site_id),
            logical_configuration_id=logical.id, price_grid_id=want.price_grid_id, state=ProductState.DRAFT,
            starts=when.starts, doors=when.doors, closes=when.closes, sell_until=when.sell_until,
            reentry_after_s=when.reentry_after_s, policy=when.policy,
        )
    )  # fmt: skip
    return Ok(_copy_places(tx, want.id, logical))


def _copy_places(tx: Tx, performance_id: Id, logical: LogicalConfiguration) -> int:
    seats = tx.run(
        "SELECT l.seat_id, l.category_id, l.contingent_id, l.blocked, z.control FROM logical_seat l "
        "JOIN physical_seat p ON p.id = l.seat_id JOIN physical_zone z ON z.id = p.zone_id "
        "WHERE l.configuration_id = :id ORDER BY p.position",
        id=logical.id,
    )
    tx.insert_all(
        [
            Place(place_id(performance_id, seat), performance_id, Id(seat), Id(category), contingent, blocked, zones)
            for seat, category, contingent, blocked, zones in seats
        ]
    )
    zones = tx.find(LogicalZone, "WHERE configuration_id = :id", id=logical.id)
    for zone in zones:
        physical = tx.get(PhysicalZone, zone.zone_id)
        assert physical, "a foreign key says so"
        made = derived_id("gauge", performance_id, zone.zone_id, "")
        control = physical.control
        tx.insert(Gauge(made, performance_id, zone.zone_id, zone.category_id, "", zone.capacity, 0, control))
    return len(seats) + sum(zone.capacity for zone in zones)


def place_id(performance_id: str, seat_id: str) -> Id:
    return derived_id("place", performance_id, seat_id)


@dataclass(frozen=True, slots=True)
class AssignContingent:
    """Seats of a performance into a contingent, or out of any. Places sold or held out of it are not moved by that."""

    performance_id: Id
    contingent_id: Id | None
    seats: tuple[Id, ...]


@handles(
    AssignContingent,
    needs=Privilege.CONTINGENT_MODIFY,
    at=lambda read, want: performance_context(read, want.performance_id),
    gives=int,
)
def assign_contingent(tx: Tx, want: AssignContingent) -> Outcome[int]:
    """Answers with the number of places that changed hands."""
    if want.contingent_id and tx.get(Contingent, want.contingent_id) is None:
        return Refused(NoPlace.NO_SUCH_CONTINGENT, fix="contingent_id")
    return _change_places(tx, want.performance_id, want.seats, "contingent_id", want.contingent_id)


@dataclass(frozen=True, slots=True)
class BlockPlaces:
    """Out of sale for a while, with a reason; an empty reason unblocks. A blocked place keeps its contingent."""

    performance_id: Id
    reason: str
    seats: tuple[Id, ...]


@handles(
    BlockPlaces,
    needs=Privilege.PLACE_BLOCK,
    at=lambda read, want: performance_context(read, want.performance_id),
    gives=int,
)
def block_places(tx: Tx, want: BlockPlaces) -> Outcome[int]:
    return _change_places(tx, want.performance_id, want.seats, "blocked", want.reason)


def _change_places(tx: Tx, performance_id: Id, seats: Sequence[Id], column: str, value: str | None) -> Outcome[int]:
    """Sets one column of many places; those with a live allocation keep what they have."""
    before = {row[0]: row[1:] for row in tx.run(
        f"SELECT p.seat_id, p.id, p.{column}, a.id FROM place p "  # noqa: S608 - one of two names of ours
        "LEFT JOIN allocation a ON a.performance_id = p.performance_id AND a.seat_id = p.seat_id "
        "AND a.state <> 'released' WHERE p.performance_id = :performance",
        performance=performance_id,
    )}  # fmt: skip
    unknown = [seat for seat in seats if seat not in before]
    if unknown:
        return Refused(NoPlace.NO_SUCH_PLACE, fix="seats", detail={"seats": unknown})
    todo = [(*before[seat][:2],) for seat in seats if before[seat][2] is None and before[seat][1] != value]
    tx.write_many(
        f"UPDATE place SET {column} = :value WHERE id = :id",  # noqa: S608
        [{"value": value, "id": place} for place, _ in todo],
    )
    tx.touched.add(hall_mark(performance_id))
    for place, was in todo:
        tx.changed("place", place, {column: [was, value]})
    return Ok(len(todo))


# --- taking places ---------------------------------------------------------------------------------------------------


HALL = "hall/"


def hall_mark(performance_id: str) -> str:
    """What a commit is marked with when the picture of this performance's hall may have changed."""
    return HALL + performance_id


def take_seat(
    tx: Tx, performance_id: Id, seat_id: Id, state: PlaceState, holder_id: Id, until: datetime | None = None
) -> Allocation | None:
    """The seat for this holder, or None: somebody has it. The unique index decides."""
    tx.touched.add(hall_mark(performance_id))
    made = Allocation(
        tx.new_id("seat", performance_id, seat_id), performance_id, seat_id, None, 1, state, holder_id, until
    )
    return made if tx.insert_if_absent(made) else None


def take_counted(
    tx: Tx, gauge_id: Id, quantity: int, state: PlaceState, holder_id: Id, until: datetime | None = None
) -> Allocation | None:
    """`quantity` counted places, or None: there are not that many left. One guarded statement decides."""
    taken = tx.run(
        "UPDATE gauge SET taken = taken + :n WHERE id = :id AND taken + :n <= capacity RETURNING performance_id, taken",
        n=quantity,
        id=gauge_id,
    )
    if not taken:
        return None
    performance_id, level = taken[0]
    made = tx.new_id("gauge", gauge_id, holder_id, level)  # the level tells two places of one order apart
    return tx.insert(Allocation(made, Id(performance_id), None, gauge_id, quantity, state, holder_id, until))


def sell_allocation(tx: Tx, allocation_id: Id, order_id: Id) -> bool:
    """A held, leased or optioned place becomes sold; False if it is in no state for that."""
    found = tx.run("SELECT state, holder_id FROM allocation WHERE id = :id", id=allocation_id)
    after = PLACE.get((PlaceState(found[0][0]), PlaceDo.SELL)) if found else None
    if after is None:
        return False
    tx.write(
        "UPDATE allocation SET state = :state, holder_id = :order, until = NULL WHERE id = :id",
        state=after, order=order_id, id=allocation_id,
    )  # fmt: skip
    tx.changed("allocation", allocation_id, {"state": [found[0][0], after], "holder_id": [found[0][1], order_id]})
    return True


def release(tx: Tx, allocation_id: Id, do: PlaceDo = PlaceDo.RELEASE) -> bool:
    """The place is free again; False if it was not to be freed that way."""
    found = tx.get(Allocation, allocation_id)
    after = PLACE.get((found.state, do)) if found else None
    if found is None or after is None:
        return False
    tx.write("UPDATE allocation SET state = :state WHERE id = :id", state=after, id=allocation_id)
    tx.touched.add(hall_mark(found.performance_id))
    if found.gauge_id:
        tx.write("UPDATE gauge SET taken = taken - :n WHERE id = :id", n=found.quantity, id=found.gauge_id)
    tx.changed("allocation", allocation_id, {"state": [found.state, after]})
    return True


@dataclass(frozen=True, slots=True)
class FreePlace:
    seat: PhysicalSeat
    category_id: Id
    contingent_id: str | None
    zones: int


def free_places(read: Read, performance_id: Id, contingents: Iterable[str], uncontingented: bool) -> list[FreePlace]:
    """What a channel with these contingents may take now, in plan order."""
    allowed, params = in_list("c", contingents)
    outside = "OR p.contingent_id IS NULL" if uncontingented else ""
    inside = f"p.contingent_id IN {allowed}" if params else "1 = 0"
    columns = (
        "s.id, s.configuration_id, s.zone_id, s.position, s.row_name, s.number, s.guid, s.x, s.y, s.quality, "
        "s.wheelchair, s.companion, s.aisle"
    )
    rows = read.run(
        f"SELECT {columns}, p.category_id, p.contingent_id, p.zones FROM place p "  # noqa: S608 - texts of ours
        "JOIN physical_seat s ON s.id = p.seat_id LEFT JOIN allocation a ON a.performance_id = p.performance_id "
        "AND a.seat_id = p.seat_id AND a.state <> 'released' "
        f"WHERE p.performance_id = :performance AND a.id IS NULL AND p.blocked = '' AND ({inside} {outside}) "
        "ORDER BY s.position",
        performance=performance_id,
        **params,
    )
    return [FreePlace(PhysicalSeat(*row[:10], *map(bool, row[10:13])), Id(row[13]), row[14], row[15]) for row in rows]


# --- counting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """capacity = free + blocked + held + leased + optioned + sold, always (spec/contingents.md)."""

    performance_id: Id
    category_id: Id
    contingent_id: str
    capacity: int
    free: int
    blocked: int
    held: int
    leased: int
    optioned: int
    sold: int


@dataclass(frozen=True, slots=True)
class Availability:
    performance_id: Id


@answers(
    Availability,
    needs=Privilege.CATALOGUE_READ,
    at=lambda read, want: performance_context(read, want.performance_id),
    gives=list[PlaceCounts],
)
def availability(read: Read, want: Availability) -> Outcome[list[PlaceCounts]]:
    """Seats per category and contingent. A place that was sold or leased before it was blocked counts as that."""
    rows = read.run(
        "SELECT p.category_id, COALESCE(p.contingent_id, ''), COUNT(*), "
        "SUM(CASE WHEN a.id IS NULL AND p.blocked = '' THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN a.id IS NULL AND p.blocked <> '' THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN a.state = 'held' THEN 1 ELSE 0 END), SUM(CASE WHEN a.state = 'leased' THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN a.state = 'optioned' THEN 1 ELSE 0 END), SUM(CASE WHEN a.state = 'sold' THEN 1 ELSE 0 END) "
        "FROM place p LEFT JOIN allocation a ON a.performance_id = p.performance_id AND a.seat_id = p.seat_id "
        "AND a.state <> 'released' WHERE p.performance_id = :id GROUP BY 1, 2 ORDER BY 1, 2",
        id=want.performance_id,
    )
    return Ok([PlaceCounts(want.performance_id, row[0], row[1], *map(int, row[2:])) for row in rows])
