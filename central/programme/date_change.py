"""A performance at another time: who mistypes a date can mend it on the screens."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

from central.catalogue.model import OVER, CataloguePrivilege, NoPerformance, Performance, PerformanceState
from central.inventory.counts import hall_mark
from central.inventory.reads import places_sold
from central.kernel.crud import RESETTING, Resetting
from central.kernel.entity import Ref
from central.kernel.registry import goes, handles
from central.kernel.tx import Tx
from central.programme.device_feeds import publish_performance
from central.programme.performances import Schedule
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.registries import add

TIMES = tuple(each.name for each in fields(Schedule))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReschedulePerformance:
    """Other times for a performance whose sale is not over. Devices hear of it; tickets that are sold stay valid, and
    whoever holds one has to be told."""

    performance_id: Annotated[Id, Ref("performance")]
    schedule: Schedule


@handles(
    ReschedulePerformance,
    only=frozenset(PerformanceState) - OVER,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoPerformance,),
    gives=int,
)
def reschedule_performance(tx: Tx, want: ReschedulePerformance) -> Outcome[int]:
    """Answers with the number of places that were sold for the time before."""
    before = tx.get(Performance, want.performance_id)
    if before is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    if not goes(ReschedulePerformance, before.state):
        return Refused(NoPerformance.NOT_POSSIBLE_NOW, fix=before.id, detail={"state": before.state})
    when = want.schedule
    if faults := when.faults():
        return Refused(NoPerformance.BAD_TIMES, fix="schedule", detail={"faults": faults})
    after = tx.update(before, replace(before, **{name: getattr(when, name) for name in TIMES}))
    if after.state is not PerformanceState.DRAFT:
        publish_performance(tx, after)
        tx.touched.add(hall_mark(after.id))
    return Ok(places_sold(tx, before.id))


add(
    RESETTING,
    "performance",
    Resetting(
        TIMES,
        ReschedulePerformance,
        lambda performance_id, times: ReschedulePerformance(performance_id=performance_id, schedule=Schedule(**times)),
    ),
)
