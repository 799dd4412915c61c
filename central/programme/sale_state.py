"""Going on sale, and off it again: the one state of a performance that devices are told of."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.catalogue.model import (
    PERFORMANCE,
    CataloguePrivilege,
    NoPerformance,
    Performance,
    PerformanceDo,
    PerformanceState,
)
from central.inventory.counts import hall_mark
from central.kernel.contexts import organiser_of
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.ledger.ops import open_accounts
from central.pricing.model import PriceGrid
from central.programme.device_feeds import publish_performance
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSale:
    """Opens, suspends, closes or cancels a performance's sale; `open` on one that is on sale leaves it so."""

    performance_id: Annotated[Id, Ref("performance")]
    do: PerformanceDo


@handles(
    ChangeSale,
    needs=CataloguePrivilege.CATALOGUE_MODIFY,
    refuses=(NoPerformance,),
    gives=PerformanceState,
)
def change_sale(tx: Tx, want: ChangeSale) -> Outcome[PerformanceState]:
    before = tx.get(Performance, want.performance_id)
    if before is None:
        return Refused(NoPerformance.NO_SUCH_PERFORMANCE, fix="performance_id")
    after = PERFORMANCE.after(before.state, want.do)
    if after is None and (before.state, want.do) == (PerformanceState.ON_SALE, PerformanceDo.OPEN):
        after = before.state
    if after is None:
        return Refused(NoPerformance.NOT_POSSIBLE_NOW, fix=before.id, detail={"state": before.state, "do": want.do})
    performance = tx.update(before, replace(before, state=after))
    publish_performance(tx, performance)  # with the change: nothing is sold on meanwhile
    tx.touched.add(hall_mark(performance.id))
    _open_accounts(tx, performance)
    return Ok(after)


def _open_accounts(tx: Tx, performance: Performance) -> None:
    """The organiser's, in the currency of the performance's prices."""
    grid = tx.get(PriceGrid, performance.price_grid_id)
    organiser = organiser_of(tx, performance.context_id)
    if grid and organiser:
        open_accounts(tx, organiser.id, grid.currency)
