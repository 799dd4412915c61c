"""Contingents, and the places of a performance from the moment there is one. Taking them is in places.py."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, Event, NoProduct, Performance, ProductState
from central.catalogue.ops import Schedule
from central.inventory import counts
from central.inventory.model import Contingent, Gauge, Place
from central.kernel.declared import command_of
from central.kernel.entity import Ref
from central.kernel.privileges import Action
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.venues.model import LogicalConfiguration, PlanState
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused

CreateContingent = command_of(Action.CREATE, Contingent)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePerformance:
    """A draft performance of an event, with a place for each seat and a gauge for each counted zone of its logical
    configuration; from here on they live their own life."""

    id: Id
    event_id: Annotated[Id, Ref("event")]
    logical_configuration_id: Annotated[Id, Ref("logical_configuration")]
    price_grid_id: Annotated[Id, Ref("price_grid")]
    schedule: Schedule


@handles(
    CreatePerformance,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoProduct,),
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
            Place(
                id=place_id(performance_id, seat), performance_id=performance_id, seat_id=Id(seat),
                category_id=Id(category), contingent_id=contingent, blocked=blocked, zones=zones, quality=quality,
            )
            for seat, category, contingent, blocked, zones, quality in seats
        ]
    )  # fmt: skip
    shares = tx.run(
        "SELECT g.zone_id, z.category_id, g.contingent_id, g.capacity, g.blocked, p.control FROM logical_gauge g "
        "JOIN logical_zone z ON z.configuration_id = g.configuration_id AND z.zone_id = g.zone_id "
        "JOIN physical_zone p ON p.id = g.zone_id WHERE g.configuration_id = :id ORDER BY g.zone_id, g.contingent_id",
        id=logical.id,
    )
    for zone, category, contingent, capacity, blocked, control in shares:
        made = gauge_id(performance_id, zone, contingent)
        tx.insert(
            Gauge(
                id=made,
                performance_id=performance_id,
                zone_id=zone,
                category_id=category,
                contingent_id=contingent,
                capacity=capacity,
                taken=0,
                blocked=blocked,
                zones=control,
            )
        )
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
