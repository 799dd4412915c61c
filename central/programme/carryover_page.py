"""From a logical configuration's plan to its performances, on screen: which ones, which values, what would change in
each of them; it is done only after that was shown. Each performance is a command of its own, so that sales go on
between two of them, and another's carrying-over takes turns with it. Where it stops, what is done stays done: the same
press goes on from there, since a command that was given already is answered and not done again.

GET, POST  /admin/plan/logical/<id>/carry-over
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from central.catalogue.model import OVER
from central.catalogue.reads import made_from
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.trouble import Unavailable
from central.kernel.tx import Read
from central.programme.carryover import Carried, CarryOver, ChangeLine
from central.venues.history import SeatField
from central.venues.model import LogicalConfiguration, VenuesPrivilege
from central.venues.plan_tables import LOGICAL_FIELDS
from central.web.area import DOOR
from central.web.form import form_of
from central.web.frame import FRAME, Frame
from central.web.kept_forms import keeps, kept
from central.web.preview_mark import SHOWN, shown_mark, was_shown
from central.web.screens.names import Labels, label, labels
from central.web.screens.refusals import words_of
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id, derived_id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

HREF = "/admin/plan/logical/{id}/carry-over"
MOST_PERFORMANCES = 200
_CLOCK = SystemClock()
_CARRIED = TypeAdapter(list[Carried])  # the door answers as it would over the wire


@dataclass(frozen=True, slots=True)
class CarriedPerformance:
    """One performance: what would change in it, or did."""

    name: str
    plan: str
    places: str
    changes: tuple[str, ...]
    left: str
    unpriced: str


def carry_pages(app: web.Application) -> None:
    frame, door = app[FRAME], app[DOOR]
    needs = VenuesPrivilege.PLAN_CARRY_OVER
    frame.page_for("logical_configuration", "Reporter sur des représentations", HREF, needs, ("carry_over",))

    async def page(request: web.Request) -> web.Response:
        me = await frame.who(request)
        return await _page(frame, door, me, request)

    app.router.add_get("/admin/plan/logical/{id:[0-9A-Z]{26}}/carry-over", page)
    app.router.add_post("/admin/plan/logical/{id:[0-9A-Z]{26}}/carry-over", page)
    keeps(app, "/admin/plan/logical/{id}/carry-over")


async def _page(frame: Frame, door: Door, me: SignedIn, request: web.Request) -> web.Response:
    t, of = frame.texts(request, me), request.match_info["id"]
    sheet = await door.read(me.actor, lambda read: _sheet(read, t, of))
    if sheet is None:
        raise web.HTTPNotFound
    form: Any = await form_of(request)
    again = None if form else await kept(request, str(me.actor.id))
    typed = again or {name: form.getall(name) for name in form}
    chosen = [Id(each) for each in dict.fromkeys(typed.get("performance", [])) if is_id(each)][:MOST_PERFORMANCES]
    wanted = typed.get("field", []) if typed else [str(each) for each in LOGICAL_FIELDS]
    fields = tuple(each for each in LOGICAL_FIELDS if str(each) in wanted)
    why = (typed.get("why") or [""])[0]
    mark = shown_mark([of, chosen, fields, why])
    done = "_do" in form and was_shown(form.getall(SHOWN, []), mark)
    press = fresh_id(_CLOCK)
    lines: tuple[CarriedPerformance, ...] = ()
    refused = fault = ""
    if form and not (chosen and fields):
        fault = t("Choisissez au moins une représentation, et ce qui doit y être reporté.")
    elif form:
        spent = str(form.get("_command", ""))
        press = Id(spent) if done and is_id(spent) else press
        one_each = [CarryOver(configuration_id=Id(of), performances=(each,), fields=fields, why=why) for each in chosen]
        carried, outcome = await _carried(door, me, one_each, press, dry_run=not done)
        if done or not outcome:  # where one is refused nothing is offered
            lines = await door.read(me.actor, lambda read: _lines(read, t, carried))
        if outcome:
            refused = await door.read(me.actor, lambda read: words_of(read, t, outcome))
            left = t(
                "{n} représentations sur {all} sont faites. Continuez pour les autres.", n=len(lines), all=len(chosen)
            )
            refused = f"{refused} {left}" if done and lines else refused
    return await frame.page(
        request, "plan_carry.html", status=422 if refused or fault else 200,
        title=t("Reporter sur des représentations"), sheet=sheet,
        chosen=chosen, wanted=wanted, why=why, lines=lines, refused=refused or fault,
        done=done and bool(lines), stopped=done and bool(lines) and bool(refused), SHOWN=SHOWN, mark=mark,
        command=press if refused and done else fresh_id(_CLOCK), unseen="_do" in form and not done,
        at=sheet["at"], here="logical_configuration",
        fields=[(str(each), _field(t, each)) for each in LOGICAL_FIELDS],
    )  # fmt: skip


async def _carried(
    door: Door, me: SignedIn, wanted: Sequence[CarryOver], press: Id, *, dry_run: bool
) -> tuple[list[Carried], Refused | None]:
    """One after the other, and why it went no further. Two presses of one button do each of them once."""
    found: list[Carried] = []
    for each in wanted:
        command_id = derived_id("carry over", press, *each.performances, *each.fields, each.why)
        try:
            outcome = (await door.execute(me.actor, each, command_id, dry_run=dry_run)).outcome
        except Unavailable as busy:
            if not found:
                raise
            return found, busy.refused
        if isinstance(outcome, Refused):
            return found, outcome
        found += _CARRIED.validate_python(outcome.value)
    return found, None


def _sheet(read: Read, t: Texts, configuration_id: str) -> dict[str, Any] | None:
    logical = read.get(LogicalConfiguration, configuration_id)
    if logical is None or not read.actor.may(VenuesPrivilege.PLAN_CARRY_OVER, path_of(read, logical.context_id)):
        return None
    there = made_from(read, configuration_id, (*OVER,), MOST_PERFORMANCES + 1)
    more, there = len(there) > MOST_PERFORMANCES, there[:MOST_PERFORMANCES]
    named = labels(read, t, [("performance", each.id) for each in there])
    return {
        "id": configuration_id,
        "name": label(read, t, "logical_configuration", configuration_id),
        "at": logical.context_id,
        "performances": [(each.id, named("performance", each.id)) for each in there],
        "more": MOST_PERFORMANCES if more else 0,
    }


def _field(t: Texts, field: SeatField) -> str:
    return {
        SeatField.CATEGORY: t("Catégories"),
        SeatField.CONTINGENT: t("Contingents"),
        SeatField.BLOCKED: t("Blocages"),
        SeatField.QUALITY: t("Ordre de proposition"),
        SeatField.INVALID: t("Sièges hors service"),
    }.get(field, t.field("physical_seat", field))


def _lines(read: Read, t: Texts, carried: list[Carried]) -> tuple[CarriedPerformance, ...]:
    wanted: list[tuple[str, str]] = [("performance", each.performance_id) for each in carried]
    for each in carried:
        wanted += [("seat_category", category) for category in each.unpriced]
        wanted += [("contingent", share.contingent_id) for share in each.shares if share.contingent_id]
        wanted += [("physical_zone", share.zone_id) for share in each.shares]
        for change in each.changes:
            table = {SeatField.CATEGORY: "seat_category", SeatField.CONTINGENT: "contingent"}.get(change.field)
            wanted += [(table, value) for value in (change.was, change.now) if table and value]
    named = labels(read, t, wanted)
    return tuple(_line(t, named, each) for each in carried)


def _line(t: Texts, named: Labels, each: Carried) -> CarriedPerformance:
    changes: dict[str, int] = {}
    for change in each.changes:
        said = change_words(t, named, change)
        changes[said] = changes.get(said, 0) + change.places
    said_changes = [f"{said} : {t.n('{n} place', '{n} places', count)}" for said, count in changes.items()]
    for share in each.shares:
        owner = named("contingent", share.contingent_id) if share.contingent_id else t("hors contingent")
        said_changes.append(f"{named('physical_zone', share.zone_id)}, {owner} : {share.was[0]} → {share.now[0]}")
    seats = ", ".join(f"{seat.zone} {seat.row}-{seat.number}".strip() for seat in each.left[:10])
    left = t.n("{n} place est laissée telle quelle :", "{n} places sont laissées telles quelles :", each.left_out)
    return CarriedPerformance(
        named("performance", each.performance_id),
        f"/admin/plan/performance/{each.performance_id}",
        t.n("{n} place", "{n} places", each.places),
        tuple(said_changes),
        f"{left} {seats}{'…' if each.left_out > 10 else ''}" if each.left_out else "",
        ", ".join(named("seat_category", category) for category in each.unpriced),
    )


def change_words(t: Texts, named: Labels, change: ChangeLine) -> str:
    name = _field(t, change.field)
    if change.was == change.now:  # many values at once
        return name

    def value(said: Any) -> str:
        if change.field is SeatField.CATEGORY:
            return named("seat_category", said) if said else t("sans catégorie")
        if change.field is SeatField.CONTINGENT:
            return named("contingent", said) if said else t("hors contingent")
        if change.field is SeatField.INVALID:
            return t("hors service") if said else t("en service")
        if change.field is SeatField.BLOCKED:
            return f"« {said} »" if said else t("libre")
        return str(said) if said not in (None, "") else t("rien")

    return f"{name}, {value(change.was)} → {value(change.now)}"
