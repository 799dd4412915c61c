"""The order of a performance's seats, and undo on any plan (docs/spec/venues.md, Actions on a plan). What
is sold, held, leased or optioned is left as it is, and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from central.inventory.plan_actions import OfPerformance, on_performance
from central.inventory.plan_tables import save_performance
from central.kernel.entity import Between, Reach, Ref
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.programme.plans import plan_table, target_context
from central.venues.history import CHANGED_SINCE, Changes, SeatField, changes_in, index_of, inverse
from central.venues.model import NoAct, PlanAct, PlanAction, PlanTarget, SeatOrder, VenuesPrivilege
from central.venues.plan_act import to_order
from central.venues.plan_actions import category_twice, pair_companions
from central.venues.plan_tables import Acted, acted, left_places, record, save_logical, save_physical
from central.venues.rules import INVALID
from central.venues.selection import Selection, Table
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MOST_WEIGHED = 20_000  # places of actions whose undo is tried before it is offered


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
    act = to_order(want.order, want.first_zones, want.why)
    return on_performance(tx, want.performance_id, want.selection, act, taken_too=True)


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
    did = changes_in(entry.changes)
    table = plan_table(tx, entry.target, entry.target_id, _touched(did))
    if table is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix=entry.target_id)

    changes, whys = taken_back(table, did)
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
    made = record(
        tx, entry.target, entry.target_id, PlanAct.UNDO, changes, table,
        why=want.why.strip(), what={"act": str(entry.act)}, of_id=entry.id,
    )  # fmt: skip
    return Ok(acted(tx, made, entry.target_id, left))


def taken_back(table: Table, did: Changes) -> tuple[Changes, dict[int, str]]:
    """What an undo of these changes would change, and by position why it leaves what it leaves. Nothing: a seat is not
    there any more, or nothing of it can go back."""

    def fixed(n: int) -> str:
        still_broken = bool(table.broken) and table.broken[n] and table.values[SeatField.INVALID][n]
        return table.taken[n] or (INVALID if still_broken else "")

    try:
        return inverse(did, table, fixed)
    except KeyError:  # another drawing of the hall came in since
        return Changes(), {}


def no_way_back(read: Read, actions: Sequence[PlanAction]) -> dict[Id, bool]:
    """Of actions on one plan, newest first, those of which nothing can be taken back any more, each with whether that
    is only because all of it changed since. So many are looked at as have `MOST_WEIGHED` places together."""
    weighed: list[tuple[PlanAction, Changes]] = []
    places = 0
    for each in actions:
        places += each.places
        if places <= MOST_WEIGHED:
            weighed.append((each, changes_in(each.changes)))
    if not weighed:
        return {}
    plan = weighed[0][0]
    table = plan_table(read, plan.target, plan.target_id, _touched(*(did for _, did in weighed)))
    if table is None:
        return {}
    backs = ((each.id, *taken_back(table, did)) for each, did in weighed)
    return {action: set(whys.values()) == {CHANGED_SINCE} for action, changes, whys in backs if not changes}


def _touched(*did: Changes) -> Selection:
    """The seats of these changes."""
    return Selection(
        runs=tuple(
            stretch
            for changes in did
            for change in changes.seats
            for stretch in zip(change.at[::2], change.at[1::2], strict=True)
        )
    )
