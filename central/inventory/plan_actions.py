"""Blocking places of a plan and putting them into contingents, for a logical configuration and for a performance
(docs/spec/venues.md, Actions on a plan; docs/spec/contingents.md). No device hears of it: none of it changes what they
draw. Of a performance, what is sold, held, leased or optioned is left as it is, and named. The other actions are in
venues/plan_actions.py and programme/plan_actions.py."""

from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import Performance
from central.inventory.model import InventoryPrivilege
from central.inventory.plan_reads import performance_table
from central.inventory.plan_tables import save_performance
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.venues.model import NoAct, PlanTarget
from central.venues.plan_act import ActOnPlan, PlanInHand, carried_out, to_assign, to_block, to_unblock
from central.venues.plan_actions import on_logical
from central.venues.plan_tables import Acted, known
from central.venues.rules import there
from central.venues.selection import Selection
from shared.ids import Id
from shared.outcome import Outcome, Refused

Logical = Annotated[Id, Ref("logical_configuration")]
OfPerformance = Annotated[Id, Ref("performance")]


# --- of a logical configuration ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLogical:
    """Places out of sale for a while, with the reason (television, filling). They keep their contingent."""

    configuration_id: Logical
    selection: Selection
    why: str


@handles(
    BlockLogical,
    needs=InventoryPrivilege.PLACE_BLOCK,
    refuses=(NoAct,),
    gives=Acted,
)
def block_logical(tx: Tx, want: BlockLogical) -> Outcome[Acted]:
    return on_logical(tx, want.configuration_id, want.selection, to_block(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockLogical:
    """Blocked places for sale again, as their contingent says. Performances that are there stay as they are."""

    configuration_id: Logical
    selection: Selection
    why: str = ""


@handles(
    UnblockLogical,
    needs=InventoryPrivilege.PLACE_BLOCK,
    refuses=(NoAct,),
    gives=Acted,
)
def unblock_logical(tx: Tx, want: UnblockLogical) -> Outcome[Acted]:
    return on_logical(tx, want.configuration_id, want.selection, to_unblock(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignLogicalContingent:
    """Places into a contingent, or out of any (`contingent_id` null). A place is in one contingent or in none."""

    configuration_id: Logical
    contingent_id: Annotated[Id, Ref("contingent")] | None
    selection: Selection
    why: str = ""


@handles(
    AssignLogicalContingent,
    needs=InventoryPrivilege.CONTINGENT_MODIFY,
    at="configuration_id",
    refuses=(NoAct,),
    gives=Acted,
)
def assign_logical_contingent(tx: Tx, want: AssignLogicalContingent) -> Outcome[Acted]:
    act = _to_assign_known(tx, want.contingent_id, want.why)
    return on_logical(tx, want.configuration_id, want.selection, act)


# --- of a performance -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlaces:
    """Out of sale for a while, with the reason. A blocked place keeps its contingent."""

    performance_id: OfPerformance
    selection: Selection
    why: str


@handles(BlockPlaces, needs=InventoryPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def block_places(tx: Tx, want: BlockPlaces) -> Outcome[Acted]:
    return on_performance(tx, want.performance_id, want.selection, to_block(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockPlaces:
    """Blocked places for sale again, as their contingent says."""

    performance_id: OfPerformance
    selection: Selection
    why: str = ""


@handles(UnblockPlaces, needs=InventoryPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def unblock_places(tx: Tx, want: UnblockPlaces) -> Outcome[Acted]:
    return on_performance(tx, want.performance_id, want.selection, to_unblock(want.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignContingent:
    """Places into a contingent, or out of any (`contingent_id` null). Places sold or held out of it are not moved."""

    performance_id: OfPerformance
    contingent_id: Annotated[Id, Ref("contingent")] | None
    selection: Selection
    why: str = ""


@handles(
    AssignContingent, needs=InventoryPrivilege.CONTINGENT_MODIFY, at="performance_id", refuses=(NoAct,), gives=Acted
)
def assign_contingent(tx: Tx, want: AssignContingent) -> Outcome[Acted]:
    act = _to_assign_known(tx, want.contingent_id, want.why)
    return on_performance(tx, want.performance_id, want.selection, act)


def _to_assign_known(read: Read, contingent_id: Id | None, why: str) -> ActOnPlan | Refused:
    found = known(read, "contingent", contingent_id, NoAct.NO_SUCH_CONTINGENT)
    return found if isinstance(found, Refused) else to_assign(contingent_id, why)


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
