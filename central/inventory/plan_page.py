"""The plan on screen: of a physical configuration, a logical one, or a performance; as a drawing, or as a list that
does everything for keyboard and screen reader.

GET  /admin/plan/<target>/<id>            the page                        ?view=list  ?at=2026-03-03T10:00
GET  /admin/plan/<target>/<id>/picture    the plan as columns (JSON)      ?at=
GET  /admin/plan/<target>/<id>/changes    what changed                    ?version=&mark=
GET  /admin/plan/<target>/<id>/news       a bell that rings when something did (server-sent events)
GET  /admin/plan/<target>/<id>/side       counts and history, a fragment
POST /admin/plan/<target>/<id>/act        an act on a selection           JSON for the drawing, a page for the list
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from central.catalogue.model import Performance
from central.inventory.carry_page import HREF as CARRY
from central.inventory.carry_page import carry_pages
from central.inventory.counts import BUCKETS, Availability, availability, hall_mark
from central.inventory.plan_actions import target_context
from central.inventory.plan_acts import ACTS, UNDO, command_for
from central.inventory.plan_news import mark_of, part_of, plan_news
from central.inventory.plan_pictures import (
    CountLine,
    Picture,
    PlanCounts,
    PlanHistory,
    PlanPicture,
    plan_counts,
    plan_history,
    plan_picture,
    states_of,
    table_at,
)
from central.kernel.door import Door, NoEntry
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.organisation.contexts import path_of
from central.organisation.model import Privilege
from central.venues.history import Field
from central.venues.model import PhysicalConfiguration, PlanState, PlanTarget, SeatOrder
from central.venues.plan_tables import version_of
from central.venues.selection import Selection
from central.web.frame import FRAME, Frame
from central.web.screens.moments import moment
from central.web.screens.names import Labels, house_zone, label, labels
from central.web.screens.refusals import said as refusal_text
from central.web.screens.shown import address
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Ok, Refused
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import wait_any

NEEDS = "venues.venue.read"
BELL_GAP_S = 0.5
ALIVE_S = 15.0
MOST_STORY = 30
MOST_PACKED = 8
STATES = "fhlosbx"  # the order that the drawing's shapes have
TABLE = {
    PlanTarget.PHYSICAL: "physical_configuration",
    PlanTarget.LOGICAL: "logical_configuration",
    PlanTarget.PERFORMANCE: "performance",
}


class PlanPages:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._clock = SystemClock()
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._closing = False
        self._packed: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()  # the last pictures, as they were sent
        door.on_commit(self._ring)

    def routes(self, app: web.Application) -> None:
        frame = app[FRAME]
        frame.templates("central.inventory")
        for target, table in TABLE.items():
            done_here = tuple(handler_of(act.command).name for act in ACTS[target].values())
            frame.page_for(table, "Plan", f"/admin/plan/{target}/{{id}}", NEEDS, done_here)
        carry_pages(app, self._door)
        here = r"/admin/plan/{target:physical|logical|performance}/{id:[0-9A-Z]{26}}"
        app.router.add_get(here, self._page)
        app.router.add_get(here + "/picture", self._picture)
        app.router.add_get(here + "/changes", self._changes)
        app.router.add_get(here + "/news", self._news)
        app.router.add_get(here + "/side", self._side)
        app.router.add_post(here + "/act", self._act)
        app.on_shutdown.append(self._close)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        listed = request.query.get("view") == "list"
        data = await self._read(me, target, target_id, partial(_page, t, target, target_id, request.query, listed))
        return await frame.page(request, "plan_list.html" if listed else "plan.html", **data)

    async def _side(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        return await frame.page(
            request, "plan_side.html", **await self._read(me, target, target_id, partial(_side, t, target, target_id))
        )

    async def _picture(self, request: web.Request) -> web.Response:
        """Packed here and in a thread, because a stadium's columns are a megabyte and more."""
        _, me, target, target_id = await self._asked(request)

        at = request.query.get("at", "")

        def look(read: Read) -> bytes | None:
            mark = mark_of(read, target, target_id)
            key = (target_id, version_of(read, target_id), mark)
            if not at and key in self._packed:
                return self._packed[key]
            found = plan_picture(read, PlanPicture(target, target_id, _moment(read, at)))
            if isinstance(found, Refused):
                return None
            picture: Picture = found.value
            body = {name: getattr(picture, name) for name in Picture.__slots__}
            packed = gzip.compress(orjson.dumps({**body, "mark": mark}), 3)
            if not at:
                self._keep(key, packed)
            return packed

        packed = await self._read(me, target, target_id, look)
        if packed is None:
            raise web.HTTPNotFound
        headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store"}
        return web.Response(body=packed, content_type="application/json", headers=headers)

    def _keep(self, key: tuple[str, int, str], packed: bytes) -> None:
        self._packed[key] = packed
        while len(self._packed) > MOST_PACKED:
            self._packed.popitem(last=False)

    async def _changes(self, request: web.Request) -> web.Response:
        _, me, target, target_id = await self._asked(request)
        version = request.query.get("version", "0")
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        look = partial(_news, target=target, target_id=target_id, version=known, mark=request.query.get("mark", ""))
        return _json(await self._read(me, target, target_id, look))

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Only a bell: what changed is asked for, with the rights of whoever asks."""
        _, me, target, target_id = await self._asked(request)
        await self._read(me, target, target_id, lambda _: None)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        bell = asyncio.Event()
        self._bells.setdefault(target_id, set()).add(bell)
        try:
            while not self._closing:
                if await wait_any(bell, ALIVE_S):
                    bell.clear()
                    await answer.write(b"data: changed\n\n")
                    await asyncio.sleep(BELL_GAP_S)
                elif await request.app[FRAME].known(request) is None:
                    break  # signed out meanwhile
                else:
                    await answer.write(b":\n\n")
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._bells[target_id].discard(bell)
            if not self._bells[target_id]:
                del self._bells[target_id]
        return answer

    def _ring(self, _: frozenset[str], marks: frozenset[str]) -> None:
        for target_id, bells in self._bells.items():
            if f"plan/{target_id}" in marks or hall_mark(target_id) in marks:
                for bell in bells:
                    bell.set()

    async def _close(self, _: web.Application) -> None:
        self._closing = True
        for bells in self._bells.values():
            for bell in bells:
                bell.set()

    # --- acting -------------------------------------------------------------------------------------------------------

    async def _act(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        sent = await request.post()
        form = {name: [value for value in sent.getall(name) if isinstance(value, str)] for name in sent}
        wanted = command_for(target, target_id, form)
        dry_run = bool(form.get("dry_run"))
        if isinstance(wanted, Refused):
            outcome: Any = wanted
        else:
            command_id = fresh_id(self._clock)
            outcome = (await self._door.execute(me.actor, wanted.value, command_id, dry_run=dry_run)).outcome
        undone = form.get("act") == [UNDO]
        done = await self._door.read(
            me.actor, lambda read: _done(read, t, outcome, target_id, dry_run=dry_run, undone=undone)
        )
        if "application/json" in request.headers.get("Accept", ""):
            return _json(done)
        look = partial(_page, t, target, target_id, {}, True)
        data = await self._read(me, target, target_id, look)
        return await frame.page(request, "plan_list.html", **{**data, "said": done})

    # --- who asks for what --------------------------------------------------------------------------------------------

    async def _asked(self, request: web.Request) -> tuple[Frame, SignedIn, PlanTarget, Id]:
        frame = request.app[FRAME]
        me = await frame.who(request)
        if not is_id(request.match_info["id"]):
            raise web.HTTPNotFound
        return frame, me, PlanTarget(request.match_info["target"]), Id(request.match_info["id"])

    async def _read(self, me: SignedIn, target: PlanTarget, target_id: Id, look: Any) -> Any:
        """What `look` finds; a plan that is not there or not theirs to see is not there."""

        def allowed(read: Read) -> Any:
            place = target_context(read, target, target_id)
            if place is None or not read.actor.may(NEEDS, path_of(read, place)):
                return NoEntry.NOT_ALLOWED
            return look(read)

        found = await self._door.read(me.actor, allowed)
        if found is NoEntry.NOT_ALLOWED:
            raise web.HTTPNotFound
        return found


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", headers={"Cache-Control": "no-store"})


# --- what the page shows ---------------------------------------------------------------------------------------------


def _base(target: PlanTarget, target_id: str) -> str:
    return f"/admin/plan/{target}/{target_id}"


def _moment(read: Read, said: str) -> datetime | None:
    """A time as the page's field gives it, in the house's zone; None for none, or one that is no time."""
    if not said:
        return None
    try:
        local = datetime.fromisoformat(said)
    except ValueError:
        return None
    return local if local.tzinfo else moment(local, house_zone(read)).at


def _page(
    t: Texts, target: PlanTarget, target_id: Id, query: Mapping[str, str], listed: bool, read: Read
) -> dict[str, Any]:
    at = _moment(read, query.get("at", ""))
    base = _base(target, target_id)
    zone = house_zone(read)
    suffix = f"?at={query['at']}" if at else ""
    side = _side(t, target, target_id, read)
    place = target_context(read, target, target_id)
    acts = {} if at else {name: act for name, act in ACTS[target].items() if _may(read, act.command, place)}
    config = {
        "picture": f"{base}/picture{suffix}",
        "changes": f"{base}/changes",
        "news": None if at else f"{base}/news",
        "act": f"{base}/act",
        "acts": {name: act.asks for name, act in acts.items()},
        "last": next((each["id"] for each in side["story"] if each["undoable"]), None),
        "past": t("La salle telle qu’elle était le {when}.", when=t.moment(at, zone)) if at else None,
        "language": t.language,
        "words": {
            "nothing": t("Rien n’est sélectionné. Touchez une place, ou tracez un lasso."),
            "places": t("{n} places sélectionnées", n="{n}"),
            "pair": t("{what} : {name}", what="{what}", name="{name}"),
            "none": t("sans catégorie"),
            "outside": t("hors contingent"),
            "lost": t("Le plan n’arrive pas. Vérifiez le réseau, puis rechargez la page."),
            "states": [t(f"value:count.{name}") for name in _STATE_NAMES],
        },
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
        "orders": [str(order) for order in SeatOrder if order is not SeatOrder.LISTED],
        "contingents": _named(read, "contingent", "code"),
        "categories": _named(read, "seat_category", "rank, code"),
        "shares": _shares(read, t, target, target_id),
        "zones": _listed(read, t, target, target_id) if listed else [],
        "said": None,
        "listed": listed,
    }


_STATE_NAMES = ("free", "held", "leased", "optioned", "sold", "blocked", "invalid")


def _may(read: Read, command: type[Any], place: str | None) -> bool:
    needs = handler_of(command).needs
    return needs is not None and place is not None and read.actor.may(needs, path_of(read, place))


def _subtitle(read: Read, t: Texts, target: PlanTarget, target_id: str, zone: ZoneInfo) -> str:
    if target is not PlanTarget.PERFORMANCE:
        return ""
    performance = read.get(Performance, target_id)
    return t.day(performance.starts, zone, "full") if performance else ""


def _links(read: Read, t: Texts, target: PlanTarget, target_id: str, place: str | None) -> list[tuple[str, str]]:
    """Where one goes from this plan: validating it, selling it, carrying it over, back to what it started from."""

    def may(privilege: Privilege) -> bool:
        return read.actor.may(privilege, path_of(read, place or ""))

    if target is PlanTarget.LOGICAL:
        carry = (t("Reporter sur des représentations"), CARRY.replace("{id}", target_id))
        return [carry] if may(Privilege.PLAN_CARRY_OVER) else []
    if target is PlanTarget.PERFORMANCE:
        performance = read.get(Performance, target_id)
        of = performance.logical_configuration_id if performance else ""
        return [(t("Plan de la configuration de vente"), _base(PlanTarget.LOGICAL, of))] if of else []
    if _is_draft(read, target_id):
        validate = (t.do("validate_physical"), f"/admin/do/validate_physical?on={target_id}")
        return [validate] if may(Privilege.VENUE_MODIFY) else []
    return [(t("Vendre une salle"), f"/admin/sell-hall?physical={target_id}&then=plan")]


def _is_draft(read: Read, configuration_id: str) -> bool:
    physical = read.get(PhysicalConfiguration, configuration_id)
    return physical is not None and physical.state is PlanState.DRAFT


def _named(read: Read, table: str, order: str) -> list[dict[str, Any]]:
    rows = read.run(f"SELECT id, names FROM {table} ORDER BY {order}")  # noqa: S608 - names of ours
    return [{"id": row[0], "names": orjson.loads(row[1])} for row in rows]


def _side(t: Texts, target: PlanTarget, target_id: Id, read: Read) -> dict[str, Any]:
    kept, counts = _counts(read, t, target, target_id)
    columns = [name for name in kept if name == "free" or any(row["numbers"][name] for row in counts)]
    return {
        "base": _base(target, target_id),
        "columns": columns,
        "counts": counts,
        "totals": {name: sum(row["numbers"][name] for row in counts) for name in columns},
        "story": _story(read, t, target, target_id),
        "zone_name": t("Heures : {zone}", zone=house_zone(read).key),
        "when": "",
    }


def _counts(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> tuple[list[str], list[dict[str, Any]]]:
    """(columns, a row per category and contingent). A performance's counts are kept, others are counted."""
    lines: list[tuple[str | None, str, int, dict[str, int]]] = []
    if target is PlanTarget.PERFORMANCE:
        columns = list(BUCKETS)
        found = availability(read, Availability(target_id))
        for row in found.value if isinstance(found, Ok) else []:
            lines.append((row.category_id, row.contingent_id, row.capacity, _numbers(row, columns)))
    else:
        columns = ["free", "blocked", "invalid"]
        counted = plan_counts(read, PlanCounts(target, target_id))
        each: CountLine
        for each in counted.value if isinstance(counted, Ok) else []:
            lines.append((each.category_id, each.contingent_id, each.capacity, _numbers(each, columns)))
    names = _labels(read, t, {line[0] for line in lines}, {line[1] for line in lines})
    colours: dict[str | None, str] = {row[0]: row[1] for row in read.run("SELECT id, colour FROM seat_category")}
    return columns, [
        {
            "category": names("seat_category", category) if category else t("sans catégorie"),
            "colour": colours.get(category, ""),
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


def _story(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> list[dict[str, Any]]:
    found = plan_history(read, PlanHistory(target, target_id, limit=MOST_STORY))
    entries = found.value if isinstance(found, Ok) else []
    zone = house_zone(read)
    undone = {entry.of_id for entry in entries}
    named = labels(read, t, [
        (table, entry.what[key])
        for entry in entries
        for key, table in (("contingent_id", "contingent"), ("category_id", "seat_category"))
        if entry.what.get(key)
    ])  # fmt: skip

    def words(entry: Any) -> str:
        what = entry.what
        if "contingent_id" in what:
            name = named("contingent", what["contingent_id"]) if what["contingent_id"] else t("hors contingent")
            return t("{what} : {name}", what=t(f"value:plan_act.{entry.act}"), name=name)
        if "category_id" in what:
            name = named("seat_category", what["category_id"])
            return t("{what} : {name}", what=t(f"value:plan_act.{entry.act}"), name=name)
        return t(f"value:plan_act.{entry.act}")

    return [
        {
            "id": entry.id,
            "said": words(entry),
            "why": entry.why,
            "when": t.moment(entry.at, zone, "short"),
            "who": entry.name or t("Parterre"),
            "places": entry.places,
            "undoable": entry.id not in undone and str(entry.act) != UNDO,
        }
        for entry in entries
    ]


def _shares(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> list[dict[str, Any]]:
    """Counted zones: how many places of which contingent may be meant."""
    table = part_of(read, target, target_id, Selection())
    if table is None or not table.shares:
        return []
    names = labels(read, t, [("contingent", contingent) for _, contingent in table.shares if contingent])
    return [
        {
            "name": f"count:{zone}:{contingent}",
            "zone": table.names.get(zone, ""),
            "contingent": names("contingent", contingent) if contingent else t("hors contingent"),
            "free": share.free,
            "capacity": share.capacity,
        }
        for (zone, contingent), share in table.shares.items()
    ]


def _listed(read: Read, t: Texts, target: PlanTarget, target_id: Id) -> list[dict[str, Any]]:
    """Zones → rows → seats in words."""
    found = table_at(read, target, target_id, None)
    if isinstance(found, Refused):
        return []
    table = found.value
    states = dict(zip(STATES, _STATE_NAMES, strict=True))
    nothing = [None] * len(table.ids)
    categories, contingents = table.values.get(Field.CATEGORY, nothing), table.values.get(Field.CONTINGENT, nothing)
    named = _labels(read, t, set(categories), set(contingents))
    columns = (table.zones, table.rows, table.ids, table.numbers, states_of(table), categories, contingents)
    seats = zip(*columns, strict=True)
    zones = []
    for zone, in_zone in groupby(seats, key=lambda seat: seat[0]):
        rows = []
        for row, in_row in groupby(in_zone, key=lambda seat: seat[1]):
            rows.append({
                "name": row,
                "value": f"{zone}|{row}",
                "seats": [
                    {
                        "id": seat,
                        "number": number,
                        "state": t(f"value:count.{states[state]}"),
                        "free": state == "f",
                        "category": named("seat_category", category) if category else "",
                        "contingent": named("contingent", contingent) if contingent else "",
                    }
                    for _, _, seat, number, state, category, contingent in in_row
                ],
            })  # fmt: skip
        count = sum(len(row["seats"]) for row in rows)
        zones.append({"id": zone, "name": table.names.get(zone, ""), "rows": rows, "count": count})
    return zones


def _news(read: Read, *, target: PlanTarget, target_id: Id, version: int, mark: str) -> dict[str, Any]:
    news = plan_news(read, target, target_id, version, mark)
    return {"version": news.version, "mark": news.mark, "whole": news.whole, "seats": news.seats}


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did, in words."""

    ok: bool
    dry_run: bool
    said: str
    action: str | None = None
    links: tuple[tuple[str, str], ...] = ()


def _done(read: Read, t: Texts, outcome: Any, target_id: str, *, dry_run: bool, undone: bool) -> Done:
    if isinstance(outcome, Refused):
        words = refusal_text(read, t, outcome, target_id)
        places = outcome.detail.get("places")
        more = f" {', '.join(map(str, places))}" if places else ""
        return Done(False, dry_run, words.text + more, None, words.links)
    done = outcome.value
    if not done["places"] and not done["left_out"]:
        return Done(True, dry_run, t("Il n’y avait rien à changer."))
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
    return Done(True, dry_run, text, None if undone else done["action_id"])
