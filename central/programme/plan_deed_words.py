"""What was done to a plan, in words: in its history, on the action's own page, in the log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from central.kernel.contexts import path_of
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.programme.plan_actions import no_way_back
from central.programme.plan_form import ACTS
from central.programme.plan_history import PlanEntry, may_be_undone
from central.programme.plans import target_context
from central.venues.action_reads import acts_at, undone_on
from central.venues.model import PlanAction, PlanTarget, VenuesPrivilege
from central.web.deed_words import LogWords, says_in_log
from central.web.screens.names import Labels, label, labels
from central.web.texts import Texts

TABLE = {
    PlanTarget.PHYSICAL: "physical_configuration",
    PlanTarget.LOGICAL: "logical_configuration",
    PlanTarget.PERFORMANCE: "performance",
}


def named_in(read: Read, t: Texts, entries: Iterable[PlanEntry | PlanAction]) -> Labels:
    """The categories and contingents of these."""
    return labels(read, t, [
        (table, entry.what[key])
        for entry in entries
        for key, table in (("contingent_id", "contingent"), ("category_id", "seat_category"))
        if entry.what.get(key)
    ])  # fmt: skip


def act_words(t: Texts, named: Labels, entry: PlanEntry | PlanAction) -> str:
    what, act = entry.what, t(f"value:plan_act.{entry.act}")
    if "contingent_id" in what:
        name = named("contingent", what["contingent_id"]) if what["contingent_id"] else t("hors contingent")
        return t("{what} : {name}", what=act, name=name)
    if "category_id" in what:
        return t("{what} : {name}", what=act, name=named("seat_category", what["category_id"]))
    if "act" in what:  # which it takes back
        return t("{what} : {name}", what=act, name=t(f"value:plan_act.{what['act']}"))
    return act


def lost_words(t: Texts, only_changed: bool | None) -> str:
    """Why an undo is not offered that was; `only_changed` as `no_way_back` says it, None: it is offered."""
    if only_changed is None:
        return ""
    if only_changed:
        return t("Ne peut plus être annulé : tout a changé depuis.")
    return t("Ne peut plus être annulé : ces places sont prises, hors service ou changées depuis.")


def action_part(read: Read, t: Texts, entry: PlanAction) -> Mapping[str, Any]:
    """What an action did and to which seats, its plan, and its undo where that can go."""
    place = target_context(read, entry.target, entry.target_id)
    may = place is not None and read.actor.may(VenuesPrivilege.PLAN_UNDO, path_of(read, place))
    is_open = may and may_be_undone(entry, undone_on(read, entry.target_id))
    lost = no_way_back(read, [entry]) if is_open else {}
    return {
        "said": act_words(t, named_in(read, t, [entry]), entry),
        "seats": entry.what.get("seats", ""),
        "plan": label(read, t, TABLE[entry.target], entry.target_id) if place else "",
        "href": f"/admin/plan/{entry.target}/{entry.target_id}",
        "undo": f"/admin/do/undo_plan_action?on={entry.id}" if is_open and not lost else "",
        "lost": lost_words(t, lost.get(entry.id)),
        "says": ("act", "target_id"),
    }


# --- in the log -------------------------------------------------------------------------------------------------------


def _seats(read: Read, did: Sequence[tuple[str, datetime]]) -> Mapping[tuple[str, datetime], str]:
    """By (plan, moment): the first seats of what was done to a plan then."""
    return {(each.target_id, each.at): each.what.get("seats", "") for each in acts_at(read, did)}


for _acts in ACTS.values():
    for _act in _acts.values():
        says_in_log(handler_of(_act.command).name, LogWords(frozenset({"selection"}), _seats))
