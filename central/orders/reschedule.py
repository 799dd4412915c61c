"""A performance at another time, and a draft that was a slip: who mistypes a date can mend it on the screens."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.catalogue.model import CataloguePrivilege, NoProduct, Performance, ProductState
from central.catalogue.ops import Schedule
from central.inventory.counts import hall_mark
from central.inventory.model import Gauge, Place
from central.inventory.telling import PlanTold, plan_to_tell, tell_devices
from central.kernel.declared import NoChange, uses
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

OVER = frozenset({ProductState.CLOSED, ProductState.CANCELLED})
PARTS = (Place, Gauge)  # what a performance is made with, and goes with it


@dataclass(frozen=True, slots=True, kw_only=True)
class ReschedulePerformance:
    """Other times for a performance whose sale is not over. Devices hear of it; tickets that are sold stay valid, and
    whoever holds one has to be told."""

    performance_id: Annotated[Id, Ref("performance")]
    schedule: Schedule


@handles(
    ReschedulePerformance,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoProduct,),
    gives=int,
    looked=lambda read, want: plan_to_tell(read, want.performance_id),
)
def reschedule_performance(tx: Tx, want: ReschedulePerformance, told: PlanTold | None) -> Outcome[int]:
    """Answers with the number of tickets that bear the time before."""
    before = tx.get(Performance, want.performance_id)
    if before is None:
        return Refused(NoProduct.NO_SUCH_PERFORMANCE, fix="performance_id")
    if before.state in OVER:
        return Refused(NoProduct.NOT_POSSIBLE_NOW, fix=before.id, detail={"state": before.state})
    when = want.schedule
    if not when.sound():
        return Refused(NoProduct.BAD_TIMES, fix="schedule")
    after = tx.update(before, replace(
        before, starts=when.starts, doors=when.doors, closes=when.closes, sell_until=when.sell_until,
        reentry_after_s=when.reentry_after_s, policy=when.policy,
    ))  # fmt: skip
    if after.state is not ProductState.DRAFT:
        tell_devices(tx, after, told)
        tx.touched.add(hall_mark(after.id))
    ((sold,),) = tx.run(
        "SELECT COUNT(*) FROM entitlement WHERE performance_id = :id AND cancelled = 0", id=before.id
    )  # fmt: skip
    return Ok(int(sold))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePerformance:
    """Takes a draft away with its places. Once it was on sale it is cancelled or closed instead."""

    performance_id: Annotated[Id, Ref("performance")]


@handles(DeletePerformance, needs=CataloguePrivilege.CATALOGUE_MODIFY, refuses=(NoProduct, NoChange))
def delete_performance(tx: Tx, want: DeletePerformance) -> Outcome[None]:
    performance = tx.get(Performance, want.performance_id)
    if performance is None:
        return Refused(NoProduct.NO_SUCH_PERFORMANCE, fix="performance_id")
    if performance.state is not ProductState.DRAFT:
        return Refused(NoProduct.NOT_POSSIBLE_NOW, fix=performance.id, detail={"state": performance.state})
    if used := uses(tx, "performance", performance.id, most=20, besides=PARTS):
        return Refused(NoChange.IN_USE, fix=performance.id, detail={"by": used})
    for table in ("place_change", "place_count"):
        tx.write(f"DELETE FROM {table} WHERE performance_id = :id", id=performance.id)  # noqa: S608 - names of ours
    tx.remove(Gauge, "WHERE performance_id = :id", id=performance.id)
    tx.remove(Place, "WHERE performance_id = :id", id=performance.id)
    tx.delete(performance)
    tx.touched.add(hall_mark(performance.id))
    return Ok(None)
