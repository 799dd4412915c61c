"""A performance is made from an event and a hall, and a draft that was a slip goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, Event, NoPerformance, Performance, PerformanceState
from central.inventory.initial_places import PARTS, drop_places, make_places
from central.kernel.crud import NoChange
from central.kernel.entity import Look, Ref
from central.kernel.registry import goes, handles
from central.kernel.tx import Tx
from central.kernel.uses import uses
from central.kernel.values import Fault
from central.pricing.model import PriceGrid
from central.venues.model import LogicalConfiguration, PhysicalConfiguration, PlanState, Space
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import OfflinePolicy

YEARS = range(1980, 2200)  # what lies outside is a slip of the keys, and no calendar's business


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a performance is: doors ≤ starts < closes; the sale ends at `sell_until`. Aware times."""

    starts: datetime
    doors: datetime
    closes: datetime
    sell_until: datetime
    reentry_after_s: Annotated[int, Look.SECONDS] = 0
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG

    def faults(self) -> list[Fault]:
        """What is wrong with the times, each at the one that is to be mended."""
        times = {"starts": self.starts, "doors": self.doors, "closes": self.closes, "sell_until": self.sell_until}
        found = {name: "not_a_moment" for name, at in times.items() if at.tzinfo is None or at.year not in YEARS}
        if not found:
            if self.doors > self.starts:
                found["doors"] = "doors_after_start"
            if self.closes <= self.starts:
                found["closes"] = "closes_before_start"
            elif self.sell_until > self.closes:
                found["sell_until"] = "sale_ends_after_close"
        return [{"at": f"schedule.{name}", "what": what} for name, what in found.items()]


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
    at="event_id",
    refuses=(NoPerformance,),
    gives=int,
    makes="performance",
)
def create_performance(tx: Tx, want: CreatePerformance) -> Outcome[int]:
    """Answers with the number of places."""
    event = tx.get(Event, want.event_id)
    if event is None:
        return Refused(NoPerformance.NO_SUCH_EVENT, fix="event_id")
    logical = tx.get(LogicalConfiguration, want.logical_configuration_id)
    if logical is None or logical.state is not PlanState.VALIDATED:
        return Refused(NoPerformance.NOT_VALIDATED, fix="logical_configuration_id")
    if tx.get(PriceGrid, want.price_grid_id) is None:
        return Refused(NoPerformance.NO_SUCH_GRID, fix="price_grid_id")
    if faults := want.schedule.faults():
        return Refused(NoPerformance.BAD_TIMES, fix="schedule", detail={"faults": faults})
    physical = tx.get(PhysicalConfiguration, logical.physical_configuration_id)
    space = tx.get(Space, physical.space_id) if physical else None
    assert space, "foreign keys say so"
    when = want.schedule
    tx.insert(
        Performance(
            id=want.id, event_id=event.id, context_id=event.context_id, site_id=space.site_id,
            logical_configuration_id=logical.id, price_grid_id=want.price_grid_id, state=PerformanceState.DRAFT,
            starts=when.starts, doors=when.doors, closes=when.closes, sell_until=when.sell_until,
            reentry_after_s=when.reentry_after_s, policy=when.policy,
        )
    )  # fmt: skip
    return Ok(make_places(tx, want.id, logical))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePerformance:
    """Takes a draft away with its places. Once it was on sale it is cancelled or closed instead."""

    performance_id: Annotated[Id, Ref("performance")]


@handles(
    DeletePerformance, deletes=True, only=(PerformanceState.DRAFT,), needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoPerformance, NoChange),
)  # fmt: skip
def delete_performance(tx: Tx, want: DeletePerformance) -> Outcome[None]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    if not goes(DeletePerformance, performance.state):
        return Refused(NoPerformance.NOT_POSSIBLE_NOW, fix=performance.id, detail={"state": performance.state})
    if used := uses(tx, "performance", performance.id, most=20, besides=PARTS):
        return Refused(NoChange.IN_USE, fix=performance.id, detail={"by": used})
    drop_places(tx, performance.id)
    tx.delete(performance)
    return Ok(None)
