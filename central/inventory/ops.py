"""Contingents, the places of a performance, and what a channel may still take of them. Taking is in places.py."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central.catalogue.model import Event, NoProduct, Performance, ProductState
from central.catalogue.ops import Schedule, event_context, performance_context
from central.inventory import counts
from central.inventory.model import Contingent, Gauge, NoPlace, Place
from central.inventory.places import hall_mark
from central.kernel.db import in_list
from central.kernel.declared import command_of
from central.kernel.privileges import Action
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.model import Privilege
from central.venues.model import LogicalConfiguration, PhysicalSeat, PlanState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused

CreateContingent = command_of(Action.CREATE, Contingent)


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
    """Seats that are invalid are not there. The copies' history begins with the performance's own entry."""
    seats = tx.run(
        "SELECT l.seat_id, l.category_id, l.contingent_id, l.blocked, z.control, l.quality FROM logical_seat l "
        "JOIN physical_seat p ON p.id = l.seat_id JOIN physical_zone z ON z.id = p.zone_id "
        "WHERE l.configuration_id = :id AND p.invalid = '' ORDER BY p.position",
        id=logical.id,
    )
    tx.append(
        [
            Place(place_id(performance_id, seat), performance_id, Id(seat), Id(category), *values)
            for seat, category, *values in seats
        ]
    )
    shares = tx.run(
        "SELECT g.zone_id, z.category_id, g.contingent_id, g.capacity, g.blocked, p.control FROM logical_gauge g "
        "JOIN logical_zone z ON z.configuration_id = g.configuration_id AND z.zone_id = g.zone_id "
        "JOIN physical_zone p ON p.id = g.zone_id WHERE g.configuration_id = :id ORDER BY g.zone_id, g.contingent_id",
        id=logical.id,
    )
    for zone, category, contingent, capacity, blocked, control in shares:
        made = gauge_id(performance_id, zone, contingent)
        tx.insert(Gauge(made, performance_id, zone, category, contingent, capacity, 0, blocked, control))
    seen = Counter((category, contingent or "", bool(blocked)) for _, category, contingent, blocked, *_ in seats)
    moves = [(*share, "", counts.BLOCKED if blocked else counts.FREE, n) for (*share, blocked), n in seen.items()]
    for _, category, contingent, capacity, blocked, _ in shares:
        moves += [(category, contingent, "", counts.FREE, capacity - blocked)]
        moves += [(category, contingent, "", counts.BLOCKED, blocked)]
    counts.moved(tx, performance_id, moves)
    return len(seats) + sum(int(share[3]) for share in shares)


def gauge_id(performance_id: str, zone_id: str, contingent_id: str) -> Id:
    return derived_id("gauge", performance_id, zone_id, contingent_id)


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
        "SELECT p.seat_id, p.id, a.id, p.category_id, p.contingent_id, p.blocked FROM place p "
        "LEFT JOIN allocation a ON a.performance_id = p.performance_id AND a.seat_id = p.seat_id "
        "AND a.state <> 'released' WHERE p.performance_id = :performance",
        performance=performance_id,
    )}  # fmt: skip
    unknown = [seat for seat in seats if seat not in before]
    if unknown:
        return Refused(NoPlace.NO_SUCH_PLACE, fix="seats", detail={"seats": unknown})
    moves: list[tuple[str, str, str, str, int]] = []
    changed: list[Id] = []
    for seat in dict.fromkeys(seats):
        place, allocation, category, contingent, blocked = before[seat]
        was = {"contingent_id": contingent, "blocked": blocked}[column]
        if allocation is not None or was == value:
            continue
        bucket = counts.BLOCKED if blocked else counts.FREE
        if column == "blocked":
            moves.append((category, contingent or "", bucket, counts.BLOCKED if value else counts.FREE, 1))
        else:
            moves += [(category, contingent or "", bucket, "", 1), (category, value or "", "", bucket, 1)]
        changed.append(seat)
        tx.changed("place", place, {column: [was, value]})
    tx.write_many(
        f"UPDATE place SET {column} = :value WHERE id = :id",  # noqa: S608 - one of two names of ours
        [{"value": value, "id": before[seat][0]} for seat in changed],
    )
    tx.touched.add(hall_mark(performance_id))
    counts.moved(tx, performance_id, moves, changed)
    return Ok(len(changed))


# --- what is left ----------------------------------------------------------------------------------------------------


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
