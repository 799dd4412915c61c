"""What the plan's page says: its selects and counts, its history in words, the list, what an act did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from central.catalogue.model import Performance
from central.inventory.counts import Availability, availability
from central.inventory.reads import contingents
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.programme.carryover import ChangeLine
from central.programme.carryover_page import HREF as CARRY
from central.programme.carryover_page import change_words
from central.programme.plan_actions import no_way_back
from central.programme.plan_deed_words import TABLE, act_words, lost_words, named_in
from central.programme.plan_form import ACTS
from central.programme.plan_history import Compared, ComparePlan, compare_plan, may_be_undone, plan_entries
from central.programme.plan_list import SHARES, UNSAID, Ticked, list_data, shares_of
from central.programme.plan_pictures import (
    STATES,
    CountLine,
    PlanCounts,
    plan_counts,
)
from central.programme.plans import target_context
from central.venues.model import PhysicalConfiguration, PlanState, PlanTarget, SeatOrder, VenuesPrivilege
from central.venues.reads import actions_before, categories_by_rank
from central.web.screens.cells import address
from central.web.screens.moments import said_moment
from central.web.screens.names import Labels, house_timezone, label, labels
from central.web.screens.refusals import said as refusal_text
from central.web.texts import Texts
from shared.ids import Id
from shared.outcome import Ok, Refused
from shared.rules.place_state import BUCKETS, HAD

MOST_STORY = 30


def _base(target: PlanTarget, target_id: str) -> str:
    return f"/admin/plan/{target}/{target_id}"


def moment_of(read: Read, said: str) -> datetime | None:
    """A time as the page's field gives it, in the house's zone; None for none, or one that is no time."""
    return said_moment(said, house_timezone(read)) if said else None


@dataclass(frozen=True, slots=True)
class Listed:
    """Which page of the list, and what is ticked."""

    page: int
    kept: Ticked


def page_data(
    t: Texts, target: PlanTarget, target_id: Id, query: Mapping[str, str], listed: Listed | None, read: Read
) -> dict[str, Any]:
    """`listed`: as a list; None: as a drawing."""
    at = moment_of(read, query.get("at", ""))
    base = _base(target, target_id)
    zone = house_timezone(read)
    suffix = f"?at={query['at']}" if at else ""
    side = side_data(t, target, target_id, read)
    place = target_context(read, target, target_id)
    path = path_of(read, place) if place else ()
    acts = {} if at else {name: act for name, act in ACTS[target].items() if _may(read, act.command, place)}
    config = {
        "picture": f"{base}/picture{suffix}",
        "changes": f"{base}/changes",
        "news": None if at else f"{base}/news",
        "act": f"{base}/act",
        "acts": {name: act.asks for name, act in acts.items()},
        "needs": {name: act.needs for name, act in acts.items()},
        "last": next((each["id"] for each in side["story"] if each["undoable"]), None),
        "past": t("La salle telle qu’elle était le {when}.", when=t.moment(at, zone)) if at else None,
        "language": t.language,
        "words": {
            "nothing": t("Rien n’est sélectionné. Touchez une place, ou tracez un lasso."),
            "places": t("Places sélectionnées : {n}", n="{n}"),
            "pair": t("{what} : {name}", what="{what}", name="{name}"),
            "none": t("sans catégorie"),
            "outside": t("hors contingent"),
            "chosen": t("les places choisies"),
            "unknown": t("Aucune place ni aucun rang ne s’appelle « {name} » ici.", name="{name}"),
            "do": {name: act_text(t, name, "{places}") for name in acts},
            "unsure": t(
                "La ligne s’est coupée pendant l’enregistrement : on ne sait pas si c’est fait. Ne rechargez pas : "
                "quand le réseau est revenu, appuyez de nouveau ; ce qui est déjà fait reste ainsi."
            ),
            "lost": t("Le plan n’arrive pas. Vérifiez le réseau, puis rechargez la page."),
        },
        "states": [
            {"letter": letter, "name": name, "said": t(f"value:count.{name}")} for letter, name in STATES.items()
        ],
    }
    return {
        **side,
        "title": label(read, t, TABLE[target], target_id),
        "subtitle": _subtitle(read, t, target, target_id, zone),
        "target": str(target),
        "draft": target is PlanTarget.PHYSICAL and _is_draft(read, target_id),
        "links": _links(read, t, target, target_id, place),
        "thing": address(TABLE[target], target_id),
        "at": place,
        "when": query.get("at", "") if at else "",
        "config": config,
        "acts": [{"name": name, "said": t(f"value:plan_act.{name}")} for name in acts],
        "do": act_text(t, next(iter(acts), ""), t("les places choisies")),
        "needs": next((act.needs for act in acts.values()), ()),
        "needy": [t(f"value:plan_act.{name}") for name, act in acts.items() if "why" in act.needs],
        "orders": [str(order) for order in SeatOrder if order is not SeatOrder.LISTED],
        "contingents": contingents(read, path, {each["contingent_id"] for each in side["counts"]} - {""}),
        "categories": categories_by_rank(read, path, {each["category_id"] for each in side["counts"]} - {""}),
        "said": None,
        "changed": _changed_since(read, t, target, target_id, at) if at else None,
        "listed": listed is not None,
        **(
            list_data(read, t, target, target_id, listed.page, listed.kept)
            if listed
            else _of_drawing(read, t, target, target_id)
        ),
    }


def act_text(t: Texts, act: str, places: str) -> str:
    """What its button says: a verb and what it does it to."""
    said = {
        "block": t("Bloquer {places}", places=places),
        "unblock": t("Débloquer {places}", places=places),
        "invalidate": t("Mettre hors service {places}", places=places),
        "revalidate": t("Remettre en service {places}", places=places),
        "categorise": t("Changer la catégorie : {places}", places=places),
        "assign": t("Changer le contingent : {places}", places=places),
        "order": t("Changer l’ordre : {places}", places=places),
    }
    return said.get(act, t("Appliquer"))


def _of_drawing(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> dict[str, Any]:
    """What the list has a page at a time."""
    shares = [{**share, "said": ""} for share in shares_of(read, t, target, target_id)]
    return {"shares": shares[:SHARES], "more_shares": len(shares) > SHARES, "given": UNSAID}


def _may(read: Read, command: type[Any], place: str | None) -> bool:
    needs = handler_of(command).needs
    return needs is not None and place is not None and read.actor.may(needs, path_of(read, place))


def _subtitle(read: Read, t: Texts, target: PlanTarget, target_id: str, zone: ZoneInfo) -> str:
    if target is not PlanTarget.PERFORMANCE:
        return ""
    performance = read.get(Performance, target_id)
    if performance is None:
        return ""
    return f"{t.day(performance.starts, zone, 'full')} · {t.value('performance_state', performance.state)}"


def _links(read: Read, t: Texts, target: PlanTarget, target_id: str, place: str | None) -> list[tuple[str, str]]:
    """Where one goes from this plan: validating it, selling it, carrying it over, back to what it started from."""

    def may(privilege: str) -> bool:
        return read.actor.may(privilege, path_of(read, place or ""))

    if target is PlanTarget.LOGICAL:
        carry = (t("Reporter sur des représentations"), CARRY.replace("{id}", target_id))
        return [carry] if may(VenuesPrivilege.PLAN_CARRY_OVER) else []
    if target is PlanTarget.PERFORMANCE:
        performance = read.get(Performance, target_id)
        of = performance.logical_configuration_id if performance else ""
        return [(t("Plan de la configuration de vente"), _base(PlanTarget.LOGICAL, of))] if of else []
    if _is_draft(read, target_id):
        validate = (t.do("validate_physical"), f"/admin/do/validate_physical?on={target_id}")
        return [validate] if may(VenuesPrivilege.VENUE_MODIFY) else []
    return [(t("Vendre une salle"), f"/admin/sell-hall?physical={target_id}&then=plan")]


def _changed_since(read: Read, t: Texts, target: PlanTarget, target_id: Id, at: datetime) -> list[tuple[int, str]]:
    """(places, what is other than at that moment), in words: what actions did, and what was sold or given back."""
    found = compare_plan(read, ComparePlan(target=target, target_id=target_id, since=at))
    if isinstance(found, Refused):
        return []
    compared: Compared = found.value
    lines = [
        ChangeLine(each.field, each.was[0], each.now[0], each.count, each.at)
        if len(each.was) == len(each.now) == 1
        else ChangeLine(each.field, None, None, each.count, each.at)
        for each in compared.changes.seats
    ]
    said = [value for line in lines for value in (line.was, line.now)]
    named = _labels(read, t, set(said), {value for value in said if value is not None})
    moved = [
        (count, f"{t(f'value:count.{STATES[pair[0]]}')} → {t(f'value:count.{STATES[pair[1]]}')}")
        for pair, count in compared.states.items()
        if HAD & set(pair)
    ]
    return [(line.places, change_words(t, named, line)) for line in lines] + moved


def _is_draft(read: Read, configuration_id: str) -> bool:
    physical = read.get(PhysicalConfiguration, configuration_id)
    return physical is not None and physical.state is PlanState.DRAFT


def side_data(t: Texts, target: PlanTarget, target_id: Id, read: Read) -> dict[str, Any]:
    kept, counts = _counts(read, t, target, target_id)
    columns = [name for name in kept if name == "free" or any(row["numbers"][name] for row in counts)]
    return {
        "base": _base(target, target_id),
        "columns": columns,
        "counts": counts,
        "totals": {name: sum(row["numbers"][name] for row in counts) for name in columns},
        "story": _story(read, t, target_id),
        "zone_name": t("Heures : {zone}", zone=house_timezone(read).key),
        "when": "",
    }


def _counts(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> tuple[list[str], list[dict[str, Any]]]:
    """(columns, a row per category and contingent). A performance's counts are kept, others are counted."""
    lines: list[tuple[str | None, str, int, dict[str, int]]] = []
    if target is PlanTarget.PERFORMANCE:
        columns = list(BUCKETS)
        found = availability(read, Availability(performance_id=target_id))
        for row in found.value if isinstance(found, Ok) else []:
            lines.append((row.category_id, row.contingent_id, row.capacity, _numbers(row, columns)))
    else:
        columns = ["free", "blocked", "invalid"]
        counted = plan_counts(read, PlanCounts(target=target, target_id=target_id))
        each: CountLine
        for each in counted.value if isinstance(counted, Ok) else []:
            lines.append((each.category_id, each.contingent_id, each.capacity, _numbers(each, columns)))
    names = _labels(read, t, {line[0] for line in lines}, {line[1] for line in lines})
    categories = categories_by_rank(read, used={category for category, *_ in lines if category})
    colours: dict[str | None, str] = {each.id: each.colour for each in categories}
    kept = contingents(read, used={contingent for _, contingent, *_ in lines if contingent})
    shares: dict[str, str] = {each.id: each.colour for each in kept}
    return columns, [
        {
            "category_id": category or "",
            "contingent_id": contingent,
            "category": names("seat_category", category) if category else t("sans catégorie"),
            "colour": colours.get(category, ""),
            "contingent_colour": shares.get(contingent, ""),
            "contingent": names("contingent", contingent) if contingent else t("hors contingent"),
            "capacity": capacity,
            "numbers": numbers,
        }
        for category, contingent, capacity, numbers in lines
    ]


def _numbers(line: Any, columns: list[str]) -> dict[str, int]:
    return {name: getattr(line, name) for name in columns}


def _labels(read: Read, t: Texts, categories: set[str | None], contingents: set[str | None]) -> Labels:
    wanted = [("seat_category", each) for each in categories if each]
    return labels(read, t, wanted + [("contingent", each) for each in contingents if each])


def _story(read: Read, t: Texts, target_id: Id) -> list[dict[str, Any]]:
    done = actions_before(read, target_id, 0, MOST_STORY)
    entries = plan_entries(read, done)
    zone = house_timezone(read)
    undone = {entry.of_id for entry in entries}
    open_ones = [each for each in done if may_be_undone(each, undone)]
    lost = no_way_back(read, open_ones)
    offered = {each.id for each in open_ones} - lost.keys()
    named = named_in(read, t, entries)

    return [
        {
            "id": entry.id,
            "said": act_words(t, named, entry),
            "why": entry.why,
            "when": t.moment(entry.at, zone, "short"),
            "who": entry.name or t("Parterre"),
            "places": entry.places,
            "seats": entry.what.get("seats", ""),
            "undoable": entry.id in offered,
            "lost": lost_words(t, lost.get(entry.id)),
        }
        for entry in entries
    ]


@dataclass(frozen=True, slots=True)
class ActResult:
    """What an act did, in words."""

    ok: bool
    dry_run: bool
    said: str
    action: str | None = None
    links: tuple[tuple[str, str], ...] = ()


def done_of(
    door: Door, read: Read, t: Texts, outcome: Any, target_id: str, *, dry_run: bool, undone: bool
) -> ActResult:
    if isinstance(outcome, Refused):
        words = refusal_text(door, read, t, outcome, target_id)
        places = outcome.detail.get("places")
        more = f" {', '.join(map(str, places))}" if places else ""
        return ActResult(False, dry_run, words.text + more, None, words.links)
    done = outcome.value
    if not done["places"] and not done["left_out"]:
        return ActResult(True, dry_run, t("Il n’y avait rien à changer."))
    places = done["places"]
    if dry_run:
        text = t.n("{n} place changerait.", "{n} places changeraient.", places)
    else:
        text = t.n("{n} place changée.", "{n} places changées.", places)
    if done["left_out"]:
        text += " " + t.n(
            "{n} place est laissée telle quelle :", "{n} places sont laissées telles quelles :", done["left_out"]
        )
        named = [f"{each['zone']} {each['row']}-{each['number']}" for each in done["left"][:10]]
        text += " " + ", ".join(named) + ("…" if done["left_out"] > len(named) else ".")
    return ActResult(True, dry_run, text, None if undone else done["action_id"])
