"""The acts of the plan's screen, out of its form: which command each is, on which kind of plan."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from central.inventory.plan_actions import (
    AssignContingent,
    AssignLogicalContingent,
    BlockLogical,
    BlockPlaces,
    UnblockLogical,
    UnblockPlaces,
)
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.venues.model import NoAct, PlanTarget, SeatOrder
from central.venues.plan_actions import AssignLogicalCategory, InvalidateSeats, OrderLogicalSeats, RevalidateSeats
from central.venues.selection import Counted, RowRef, Selection
from central.web.numbers import pairs, whole
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

UNDO = "undo"


@dataclass(frozen=True, slots=True)
class FormAct:
    """`asks`: the fields of the form that it needs, beside the selection."""

    command: type[Any]
    asks: tuple[str, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """Which of them have to be filled in: what the command has no other word for."""
        bare = {each.name for each in fields(self.command) if each.default is MISSING}
        return tuple(name for name in self.asks if name in bare)


ACTS: Mapping[PlanTarget, Mapping[str, FormAct]] = {
    PlanTarget.PHYSICAL: {
        "invalidate": FormAct(InvalidateSeats, ("why", "remember")),
        "revalidate": FormAct(RevalidateSeats, ("why",)),
    },
    PlanTarget.LOGICAL: {
        "assign": FormAct(AssignLogicalContingent, ("contingent", "why")),
        "categorise": FormAct(AssignLogicalCategory, ("category", "why")),
        "block": FormAct(BlockLogical, ("why",)),
        "unblock": FormAct(UnblockLogical, ("why",)),
        "order": FormAct(OrderLogicalSeats, ("order", "why")),
    },
    PlanTarget.PERFORMANCE: {
        "assign": FormAct(AssignContingent, ("contingent", "why")),
        "block": FormAct(BlockPlaces, ("why",)),
        "unblock": FormAct(UnblockPlaces, ("why",)),
        "order": FormAct(OrderSeats, ("order", "why")),
    },
}

Form = Mapping[str, Sequence[str]]


def command_for(target: PlanTarget, target_id: Id, form: Form) -> Outcome[Any]:
    """The command that a sent form means; refused where it means none."""
    name = _one(form, "act")
    if name == UNDO:
        return Ok(UndoPlanAction(action_id=Id(_one(form, "action_id"))))
    act = ACTS[target].get(name)
    if act is None:
        return Refused(NoAct.NO_SUCH_ACTION, fix="act")
    try:
        selection = _selection(form)
        given: dict[str, Any] = {"selection": selection}
        if "why" in act.asks:
            given["why"] = _one(form, "why")
        if "contingent" in act.asks:
            given["contingent_id"] = Id(_one(form, "contingent_id")) if _one(form, "contingent_id") else None
        if "category" in act.asks:
            given["category_id"] = Id(_one(form, "category_id"))
            if selection.counts:  # a counted zone has one category, so it is assigned as a whole
                zones = tuple(sorted({part.zone_id for part in selection.counts}))
                given["selection"] = replace(selection, counts=(), zones=zones)
        if "order" in act.asks:
            given["order"] = SeatOrder(_one(form, "order"))
        if "remember" in act.asks:
            given["remember"] = bool(_one(form, "remember"))
    except (ValueError, TypeError):  # no numbers, or no pairs of them
        return Refused(NoAct.NO_SUCH_ACTION, fix="selection")
    owner = "performance_id" if target is PlanTarget.PERFORMANCE else "configuration_id"
    return Ok(act.command(**{owner: target_id}, **given))


def _selection(form: Form) -> Selection:
    """The canvas sends stretches, the list ticked seats, rows and zones; both send counted places.

    `runs`: JSON [[first, how many], …]; `row`: `zone id|row`; `of_category`, `of_contingent` (empty: hors contingent);
    `count:<zone id>:<contingent id>`: how many."""
    counts = [
        Counted(Id(name.split(":")[1]), whole(values[0]), name.split(":")[2])
        for name, values in form.items()
        if name.startswith("count:") and name.count(":") == 2 and values[0].strip()
    ]
    rows = [value.partition("|") for value in form.get("row", ())]
    return Selection(
        seats=tuple(Id(seat) for seat in form.get("seat", ())),
        runs=tuple(pairs(_one(form, "runs"))),
        rows=tuple(RowRef(Id(zone), row) for zone, _, row in rows),
        zones=tuple(Id(zone) for zone in form.get("zone", ())),
        categories=tuple(Id(category) for category in form.get("of_category", ())),
        contingents=tuple(form.get("of_contingent", ())),
        counts=tuple(each for each in counts if each.quantity > 0),
    )


def _one(form: Form, name: str) -> str:
    values = form.get(name, ())
    return values[0] if values else ""
