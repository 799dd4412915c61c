"""An action on a plan, whichever kind of plan it is: what it decides stands here once, and how it is carried out. Halls
as they are sold, and performances, differ in where their table comes from and goes to (docs/spec/venues.md, Actions on
a plan)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from central.kernel.tx import Read, Tx
from central.venues.history import Changes
from central.venues.model import NoAct, PlanAct, PlanTarget, SeatOrder
from central.venues.plan_tables import Acted, LeftPlace, acted, known, record
from central.venues.rules import assigning, blocking, categorising, ordering
from central.venues.selection import Chosen, Selection, Table, resolve
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

Decide = Callable[[Table, Chosen], Changes | Refused]


@dataclass(frozen=True, slots=True)
class ActOnPlan:
    """`decide` says what it changes; `what` and `why` stand in the plan's history."""

    act: PlanAct
    decide: Decide
    why: str
    what: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanInHand:
    """A plan, as far as an action needs it. `there`: of what was chosen that which can be changed, and what is left."""

    target: PlanTarget
    id: Id
    table: Table
    there: Callable[[Chosen], tuple[Chosen, list[LeftPlace]] | Refused]
    save: Callable[[Changes], None]


def carried_out(tx: Tx, plan: PlanInHand, selection: Selection, act: ActOnPlan) -> Outcome[Acted]:
    found = resolve(selection, plan.table)
    if isinstance(found, Refused):
        return found
    there = plan.there(found.value)
    if isinstance(there, Refused):
        return there
    chosen, left = there
    changes = act.decide(plan.table, chosen)
    if isinstance(changes, Refused):
        return changes
    if not changes:
        return Ok(acted(tx, None, plan.id, left))
    plan.save(changes)
    entry = record(tx, plan.target, plan.id, act.act, changes, plan.table, why=act.why, what=dict(act.what))
    return Ok(acted(tx, entry, plan.id, left))


# --- what can be done -------------------------------------------------------------------------------------------------


def to_block(why: str) -> ActOnPlan | Refused:
    reason = why.strip()
    if not reason:
        return Refused(NoAct.NO_REASON, fix="why")
    return ActOnPlan(PlanAct.BLOCK, lambda table, chosen: blocking(table, chosen, reason), reason)


def to_unblock(why: str) -> ActOnPlan:
    return ActOnPlan(PlanAct.UNBLOCK, lambda table, chosen: blocking(table, chosen, ""), why.strip())


def to_assign(contingent_id: Id | None, why: str) -> ActOnPlan:
    """None: out of any contingent."""
    what = {"contingent_id": contingent_id or ""}
    return ActOnPlan(PlanAct.ASSIGN, lambda table, chosen: assigning(table, chosen, contingent_id), why.strip(), what)


def to_categorise(read: Read, category_id: Id, why: str) -> ActOnPlan | Refused:
    found = known(read, "seat_category", category_id, NoAct.NO_SUCH_CATEGORY)
    if isinstance(found, Refused):
        return found
    what = {"category_id": category_id}
    return ActOnPlan(
        PlanAct.CATEGORISE, lambda table, chosen: categorising(table, chosen, category_id), why.strip(), what
    )


def to_order(order: SeatOrder, first_zones: tuple[Id, ...], why: str) -> ActOnPlan:
    what = {"order": str(order), "first_zones": ",".join(first_zones)}
    return ActOnPlan(
        PlanAct.ORDER, lambda table, chosen: ordering(table, chosen, order, first_zones), why.strip(), what
    )
