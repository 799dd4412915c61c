"""Actions on the plan of a performance (docs/spec/venues.md, Actions on a plan; docs/spec/contingents.md) of which no
device hears: none changes what they draw. Those that do are in programme/plan_actions.py. What is sold, held, leased or
optioned is left as it is, and named."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import Performance
from central.inventory.plan_reads import performance_table
from central.inventory.plan_tables import save_performance
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.venues.history import Changes
from central.venues.model import NoAct, PlanAct, PlanTarget, VenuesPrivilege
from central.venues.plan_tables import Acted, acted, known, record
from central.venues.rules import assigning, blocking, there
from central.venues.selection import Chosen, Selection, Table, resolve
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

OfPerformance = Annotated[Id, Ref("performance")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlaces:
    """Out of sale for a while, with the reason. A blocked place keeps its contingent."""

    performance_id: OfPerformance
    selection: Selection
    why: str


@handles(BlockPlaces, needs=VenuesPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def block_places(tx: Tx, want: BlockPlaces) -> Outcome[Acted]:
    why = want.why.strip()
    if not why:
        return Refused(NoAct.NO_REASON, fix="why")
    return on_performance(
        tx, want.performance_id, want.selection, PlanAct.BLOCK, why, {},
        lambda table, chosen: blocking(table, chosen, why),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockPlaces:
    performance_id: OfPerformance
    selection: Selection
    why: str = ""


@handles(UnblockPlaces, needs=VenuesPrivilege.PLACE_BLOCK, refuses=(NoAct,), gives=Acted)
def unblock_places(tx: Tx, want: UnblockPlaces) -> Outcome[Acted]:
    return on_performance(
        tx, want.performance_id, want.selection, PlanAct.UNBLOCK, want.why.strip(), {},
        lambda table, chosen: blocking(table, chosen, ""),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignContingent:
    """Places into a contingent, or out of any (`contingent_id` null). Places sold or held out of it are not moved."""

    performance_id: OfPerformance
    contingent_id: Annotated[Id, Ref("contingent")] | None
    selection: Selection
    why: str = ""


@handles(AssignContingent, needs=VenuesPrivilege.CONTINGENT_MODIFY, refuses=(NoAct,), gives=Acted)
def assign_contingent(tx: Tx, want: AssignContingent) -> Outcome[Acted]:
    found = known(tx, "contingent", want.contingent_id, NoAct.NO_SUCH_CONTINGENT)
    if isinstance(found, Refused):
        return found
    what = {"contingent_id": want.contingent_id or ""}
    return on_performance(
        tx, want.performance_id, want.selection, PlanAct.ASSIGN, want.why.strip(), what,
        lambda table, chosen: assigning(table, chosen, want.contingent_id),
    )  # fmt: skip


def on_performance(
    tx: Tx,
    performance_id: Id,
    selection: Selection,
    act: PlanAct,
    why: str,
    what: dict[str, str],
    decide: Callable[[Table, Chosen], Changes | Refused],
    *,
    taken_too: bool = False,
) -> Outcome[Acted]:
    """One action on a performance's plan; also for what central does by itself (release rules)."""
    performance = tx.get(Performance, performance_id)
    if performance is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="performance_id")
    table = performance_table(tx, performance, selection)
    found = resolve(selection, table)
    if isinstance(found, Refused):
        return found
    chosen, left = there(table, found.value, None if taken_too else table.taken.__getitem__)
    changes = decide(table, chosen)
    if isinstance(changes, Refused):
        return changes
    if not changes:
        return Ok(acted(tx, None, performance_id, left))
    save_performance(tx, performance_id, changes, table)
    entry = record(tx, PlanTarget.PERFORMANCE, performance_id, act, changes, why=why, what=what)
    return Ok(acted(tx, entry, performance_id, left))
