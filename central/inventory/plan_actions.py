"""Actions on the plan of a performance, and undo on any plan (docs/spec/venues.md, Actions on a plan;
docs/spec/contingents.md). What is sold, held, leased or optioned is left as it is, and named."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from central.catalogue.model import Performance
from central.inventory.plan_tables import performance_table, save_performance
from central.inventory.telling import plan_changed
from central.kernel.entity import Between, Reach, Ref
from central.kernel.registry import handles
from central.kernel.scope import context_of
from central.kernel.tx import Read, Tx
from central.venues.history import Changes, SeatField, index_of, inverse, load
from central.venues.model import (
    LogicalConfiguration,
    NoAct,
    PlanAct,
    PlanAction,
    PlanTarget,
    SeatOrder,
    VenuesPrivilege,
)
from central.venues.plan_actions import category_twice, pair_companions
from central.venues.plan_tables import (
    Acted,
    acted,
    known,
    left_places,
    logical_table,
    physical_table,
    record,
    save_logical,
    save_physical,
)
from central.venues.rules import INVALID, assigning, blocking, ordering, there
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeats:
    """In which order this performance's seats are proposed. `first_zones` come before the others, in this order."""

    performance_id: OfPerformance
    selection: Selection
    order: SeatOrder
    first_zones: Annotated[tuple[Annotated[Id, Ref("physical_zone"), Reach.WITHIN], ...], Between(most=1_000)] = ()
    why: str = ""


@handles(OrderSeats, needs=VenuesPrivilege.VENUE_MODIFY, refuses=(NoAct,), gives=Acted)
def order_seats(tx: Tx, want: OrderSeats) -> Outcome[Acted]:
    what = {"order": str(want.order), "first_zones": ",".join(want.first_zones)}
    return on_performance(
        tx, want.performance_id, want.selection, PlanAct.ORDER, want.why.strip(), what,
        lambda table, chosen: ordering(table, chosen, want.order, want.first_zones), taken_too=True,
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
    plan_changed(tx, performance_id, changes.seats)
    entry = record(tx, PlanTarget.PERFORMANCE, performance_id, act, changes, why=why, what=what)
    return Ok(acted(tx, entry, performance_id, left))


# --- undo ------------------------------------------------------------------------------------------------------------

_TABLES = {
    PlanTarget.PHYSICAL: "physical_configuration",
    PlanTarget.LOGICAL: "logical_configuration",
    PlanTarget.PERFORMANCE: "performance",
}


def target_context(read: Read, target: PlanTarget, target_id: str) -> str | None:
    return context_of(read, _TABLES[target], target_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlanAction:
    """Takes an action back, as a new entry in the plan's history. What was changed again since, or is taken now, is
    left as it is and named. An undo can be undone."""

    action_id: Annotated[Id, Ref("plan_action"), Reach.PLACE]
    why: str = ""


def _at_action(read: Read, want: UndoPlanAction) -> str | None:
    entry = read.get(PlanAction, want.action_id)
    return target_context(read, entry.target, entry.target_id) if entry else None


@handles(UndoPlanAction, needs=VenuesPrivilege.PLAN_UNDO, refuses=(NoAct,), at=_at_action, gives=Acted)
def undo_plan_action(tx: Tx, want: UndoPlanAction) -> Outcome[Acted]:
    entry = tx.get(PlanAction, want.action_id)
    if entry is None:
        return Refused(NoAct.NO_SUCH_ACTION, fix="action_id")
    did = load(entry.changes)
    table = plan_table(tx, entry.target, entry.target_id, _touched(did))
    if table is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix=entry.target_id)

    def fixed(n: int) -> str:
        still_broken = bool(table.broken) and table.broken[n] and table.values[SeatField.INVALID][n]
        return table.taken[n] or (INVALID if still_broken else "")

    changes, whys = inverse(did, table, fixed)
    at = index_of(table)
    left = left_places(table, [(at(position), why) for position, why in sorted(whys.items())])
    if not changes:
        detail = {"left_out": len(left), "left": left[:20]}
        return Refused(NoAct.NOTHING_TO_UNDO, fix=entry.id, detail=detail)
    match entry.target:
        case PlanTarget.PHYSICAL:
            save_physical(tx, changes, table)
            pair_companions(tx, entry.target_id)
        case PlanTarget.LOGICAL:
            save_logical(tx, entry.target_id, changes, table)
            if twice := category_twice(tx, entry.target_id):
                return twice
        case PlanTarget.PERFORMANCE:
            save_performance(tx, entry.target_id, changes, table)
            plan_changed(tx, entry.target_id, changes.seats)
    made = record(
        tx, entry.target, entry.target_id, PlanAct.UNDO, changes,
        why=want.why.strip(), what={"act": str(entry.act)}, of_id=entry.id,
    )  # fmt: skip
    return Ok(acted(tx, made, entry.target_id, left))


def _touched(did: Changes) -> Selection:
    """The seats of these changes."""
    return Selection(
        runs=tuple(stretch for change in did.seats for stretch in zip(change.at[::2], change.at[1::2], strict=True))
    )


def plan_table(read: Read, target: PlanTarget, target_id: str, selection: Selection | None = None) -> Table | None:
    """The plan of now: the whole of it, or at least what is selected. None: there is no such plan."""
    match target:
        case PlanTarget.PHYSICAL:
            there_is = read.one("SELECT 1 FROM physical_configuration WHERE id = :id", id=target_id)
            return physical_table(read, target_id, selection) if there_is else None
        case PlanTarget.LOGICAL:
            logical = read.get(LogicalConfiguration, target_id)
            return logical_table(read, logical, selection) if logical else None
        case PlanTarget.PERFORMANCE:
            performance = read.get(Performance, target_id)
            return performance_table(read, performance, selection) if performance else None
