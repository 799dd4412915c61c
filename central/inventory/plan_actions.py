"""Actions on the plan of a performance (docs/spec/venues.md, Actions on a plan; docs/spec/contingents.md) of which no
device hears: none changes what they draw. Those that do are in programme/plan_actions.py. What is sold, held, leased or
optioned is left as it is, and named."""

from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import Performance
from central.inventory.plan_reads import performance_table
from central.inventory.plan_tables import save_performance
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.venues.model import NoAct, PlanTarget, VenuesPrivilege
from central.venues.plan_act import ActOnPlan, PlanInHand, carried_out, to_assign_known, to_block, to_unblock
from central.venues.plan_tables import Acted
from central.venues.rules import there
from central.venues.selection import Selection
from shared.ids import Id
from shared.outcome import Outcome, Refused

OfPerformance = Annotated[Id, Ref("performance")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlaces:
    """Out of sale for a while, with the reason. A blocked place keeps its contingent."""

    performance_id: OfPerformance
    selection: Selection
    why: str


@handles(BlockPlaces, needs=VenuesPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def block_places(tx: Tx, want: BlockPlaces) -> Outcome[Acted]:
    return on_performance(tx, want.performance_id, want.selection, to_block(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockPlaces:
    performance_id: OfPerformance
    selection: Selection
    why: str = ""


@handles(UnblockPlaces, needs=VenuesPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def unblock_places(tx: Tx, want: UnblockPlaces) -> Outcome[Acted]:
    return on_performance(tx, want.performance_id, want.selection, to_unblock(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignContingent:
    """Places into a contingent, or out of any (`contingent_id` null). Places sold or held out of it are not moved."""

    performance_id: OfPerformance
    contingent_id: Annotated[Id, Ref("contingent")] | None
    selection: Selection
    why: str = ""


@handles(AssignContingent, needs=VenuesPrivilege.CONTINGENT_MODIFY, refuses=(NoAct,), gives=Acted)
def assign_contingent(tx: Tx, want: AssignContingent) -> Outcome[Acted]:
    act = to_assign_known(tx, want.contingent_id, want.why)
    return on_performance(tx, want.performance_id, want.selection, act)


def on_performance(
    tx: Tx, performance_id: Id, selection: Selection, act: ActOnPlan | Refused, *, taken_too: bool = False
) -> Outcome[Acted]:
    """One action on a performance's plan; also for what central does by itself (release rules)."""
    if isinstance(act, Refused):
        return act
    performance = tx.get(Performance, performance_id)
    if performance is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="performance_id")
    table = performance_table(tx, performance, selection)
    hindered = None if taken_too else table.taken.__getitem__
    plan = PlanInHand(
        PlanTarget.PERFORMANCE, performance_id, table, there=lambda chosen: there(table, chosen, hindered),
        save=lambda changes: save_performance(tx, performance_id, changes, table),
    )  # fmt: skip
    return carried_out(tx, plan, selection, act)
