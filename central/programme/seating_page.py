"""/admin/sell-hall: how a hall is sold in a season. Each part of its plan, and each counted zone, gets a
seat category; one command makes the logical configuration, validated. Who comes from the hall itself (`then=plan`) may
choose the season here and goes on to the plan; who comes from a season goes back to its list of what is to do.

The generic form would ask for the plan's own names by heart; this one shows them, with their places.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from central.kernel.contexts import Context, ContextKind, contexts_below, path_of
from central.kernel.db import in_list
from central.kernel.languages import house_languages, names
from central.kernel.privileges import nodes
from central.kernel.tx import Read
from central.venues.logical_configurations import CreateLogicalConfiguration
from central.venues.model import PhysicalConfiguration, SeatCategory, Space, VenuesPrivilege
from central.venues.reads import Part, categories_by_rank, parts_of, validated_halls
from central.web.area import DOOR
from central.web.codes import code_of
from central.web.form import form_of, line
from central.web.frame import FRAME
from central.web.kept_forms import flat, keeps, kept
from central.web.screens.refusals import sentences
from central.web.texts import Texts
from shared.ids import Id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id

MOST_HALLS = 50
MOST_SEASONS = 20
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class PlanPart:
    """With the category that is proposed for it."""

    part: Part
    category_id: str


@dataclass(frozen=True, slots=True)
class SellHallSheet:
    season: Context
    seasons: tuple[Context, ...]  # in which it could be sold, the newest first
    halls: tuple[tuple[PhysicalConfiguration, str], ...]  # with the name of their space
    hall: PhysicalConfiguration | None
    space: str
    parts: tuple[PlanPart, ...]
    categories: tuple[SeatCategory, ...]
    more: int  # so many halls are shown of more; 0: all are


def sell_hall_routes(app: web.Application) -> None:
    frame, door = app[FRAME], app[DOOR]
    href = "/admin/sell-hall?physical={id}&then=plan"
    frame.page_for("physical_configuration", "Vendre une salle", href, VenuesPrivilege.VENUE_MODIFY)

    async def page(request: web.Request) -> web.Response:
        me = await frame.who(request)
        t = frame.texts(request, me)
        at, wanted = request.query.get("at", ""), request.query.get("physical", "")
        to_plan = request.query.get("then") == "plan"
        sheet: SellHallSheet | None = await door.read(me.actor, lambda read: _sheet(read, t, at, wanted))
        if sheet is None:
            raise web.HTTPSeeOther("/admin/live")
        first, *_ = await door.read(me.actor, house_languages)
        values = {"name": sheet.space, "code": "", **flat(await kept(request, str(me.actor.id)))}
        faults: dict[str, list[str]] = {}
        refused: Refused | None = None
        status = 200
        if request.method == "POST" and sheet.hall:
            form: Any = await form_of(request)
            values = {"name": "", "code": "", **{name: line(form, name) for name in form}}
            said = values.get("_command", "")
            made = fresh_id(_CLOCK)
            command = CreateLogicalConfiguration(
                id=made,
                context_id=sheet.season.id,
                physical_configuration_id=sheet.hall.id,
                code=values["code"] or code_of(values["name"], "HALL"),
                names=names(values["name"], t.language, first),
                categories={each.part.name: Id(line(form, f"part_{n}")) for n, each in enumerate(sheet.parts)},
            )
            if not values["name"]:
                faults = {"name": [t.fault("missing")]}
            else:
                reply = await door.execute(me.actor, command, Id(said) if is_id(said) else fresh_id(_CLOCK))
                if not isinstance(outcome := reply.outcome, Refused):
                    to = f"/admin/plan/logical/{made}?" if to_plan else f"/admin/live?at={sheet.season.id}&"
                    raise web.HTTPSeeOther(f"{to}done={said}")
                refused, faults, status = outcome, sentences(outcome, t, {"names": "name"}), 422
        return await frame.page(
            request, "sell_hall.html", status=status, title=t("Vendre une salle"), sheet=sheet, values=values,
            faults=faults, refused=refused, command=fresh_id(_CLOCK), here="/admin/live", at=sheet.season.id,
            then="&then=plan" if to_plan else "",
        )  # fmt: skip

    app.router.add_get("/admin/sell-hall", page)
    app.router.add_post("/admin/sell-hall", page)
    keeps(app, "/admin/sell-hall")


def _sheet(read: Read, t: Texts, at: str, wanted: str) -> SellHallSheet | None:
    """What may be seen of it; None: there is no such season for them."""
    seasons = _seasons(read, "")
    season = next(iter(_seasons(read, at) if at else seasons), None)
    if season is None:
        return None
    seasons += [] if season in seasons else [season]
    path = path_of(read, season.id)
    halls = []
    found = validated_halls(read, path, wanted, MOST_HALLS + 1)
    for hall_id in found[:MOST_HALLS]:
        hall = read.get(PhysicalConfiguration, hall_id)
        space = read.get(Space, hall.space_id) if hall else None
        if hall and space:
            halls.append((hall, t.of(space.names)))
    chosen = next((pair for pair in halls if wanted in (pair[0].id, "")), None)
    categories = categories_by_rank(read, path)
    parts = _parts(read, chosen[0].id, categories) if chosen else ()
    return SellHallSheet(
        season,
        tuple(seasons),
        tuple(halls),
        chosen[0] if chosen else None,
        chosen[1] if chosen else "",
        parts,
        tuple(categories),
        MOST_HALLS if len(found) > MOST_HALLS else 0,
    )


def _seasons(read: Read, only: str) -> list[Context]:
    """The newest of those whose halls the asker may see, or this one."""
    held = [context for node, context in read.actor.grants if node in nodes(VenuesPrivilege.VENUE_READ)]
    if only:
        found = read.find(Context, f"WHERE kind = '{ContextKind.SEASON}' AND id = :id", id=only)
        return [each for each in found if read.actor.may(VenuesPrivilege.VENUE_READ, path_of(read, each.id))]
    where, params = f"kind = '{ContextKind.SEASON}'", dict[str, Any]()
    if not any(len(path_of(read, each)) == 1 for each in held):
        among, params = in_list("c", [*contexts_below(read, *sorted(set(held))), ""])
        where += f" AND id IN {among}"
    return read.find(Context, f"WHERE {where} ORDER BY id DESC LIMIT :most", most=MOST_SEASONS, **params)


def _parts(read: Read, physical_id: str, categories: list[SeatCategory]) -> tuple[PlanPart, ...]:
    return tuple(PlanPart(each, _like(each.name, categories)) for each in parts_of(read, physical_id))


def _like(name: str, categories: list[SeatCategory]) -> str:
    """The category that the plan's own name speaks of: the same name or code, or one of its words (`1re catégorie` for
    `1re`); else the first."""
    said = name.casefold()

    def texts_of(each: SeatCategory) -> set[str]:
        return {each.code.casefold(), *(text.casefold() for text in each.names.values())}

    same = [each for each in categories if said in texts_of(each)]
    near = [each for each in categories if any(said in text.split() for text in texts_of(each))]
    return next((each.id for each in (*same, *near, *categories)), "")
