"""Where plans come in and go out: a plan file is brought, or a hall is drawn from nothing out of blocks of rows, each
looked at before it is kept; a plan goes out as a file in any of the three formats.

GET, POST  /admin/plan/new?space=<id>     a new physical configuration   ?onto=<id>: a mended plan over a draft
POST       /admin/plan/new/preview        the drawing as a picture, a fragment
POST       /admin/plan/new/mapping        where a drawing says which seat is which (mapping_page.py)
GET        /admin/plan/physical/<id>/export/<json|svg|csv>
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import partial
from itertools import cycle
from typing import Any, get_args, get_origin, get_type_hints

from aiohttp import web

from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of, root_of_house
from central.kernel.door import Door
from central.kernel.helper_processes import Errand
from central.kernel.languages import spoken_first
from central.kernel.scope import context_of
from central.kernel.tx import Read
from central.kernel.values import whole_number
from central.venues.arrivals import brought, hall_of, needs_mapping, sent_by
from central.venues.flaw_words import flaws_in
from central.venues.hall_description import Aisle, DrawArea, DrawBlock, DrawPlan
from central.venues.mapping_page import HERE as MAPPING
from central.venues.mapping_page import MappingStep, answers_in
from central.venues.model import NoVenue, PhysicalConfiguration, VenuesPrivilege
from central.venues.plan import Category, DrawnArea, Shape
from central.venues.plan_flaws import Flaw, PlanFileFault
from central.venues.plan_preparation import drawn_file
from central.venues.plan_rows import Marked, exported, kept_plan
from central.venues.planfile import Format
from central.venues.planfile_checks import MOST_BYTES, MOST_PLAN_NAME
from central.venues.reads import categories_by_rank
from central.web.area import DOOR
from central.web.caller import awaited
from central.web.form import LARGE
from central.web.frame import FRAME
from central.web.kept_forms import flat, keeps, kept
from central.web.screens.notation import MARK
from central.web.screens.refusals import said as refusal_text
from central.web.settings import MIB
from central.web.texts import Texts, texts
from shared.look import look
from shared.outcome import Refused

MOST_BLOCKS = 40
_TYPES = {Format.JSON: "application/json", Format.SVG: "image/svg+xml", Format.CSV: "text/csv"}

# What a block of the form offers, in order; the rest of DrawBlock is for programs.
BLOCK_FIELDS = (
    "zone", "category", "rows", "seats", "x", "y", "curve", "rotation", "aisles", "numbering", "row_naming",
    "first_row", "skipped", "rows_from_back", "access",
)  # fmt: skip
AREA_FIELDS = ("text", "x", "y", "width", "height")
_SECOND = {"seat_step": "25", "row_step": "30", "radius": "10"}
ALL_BLOCK_FIELDS = (*BLOCK_FIELDS, *_SECOND)

Sent = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkshopPage:
    """What the workshop's page shows again after it was sent."""

    sent: Sent
    blocks: list[dict[str, str]]
    areas: list[dict[str, str]]
    faults: list[dict[str, str]]
    count: int
    refused: Any = None
    most_name: int = MOST_PLAN_NAME
    answers: Mapping[str, str] = field(default_factory=dict)


def workshop(app: web.Application) -> None:
    Workshop(app[DOOR]).routes(app)


class Workshop:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._mapping = MappingStep(door)

    def routes(self, app: web.Application) -> None:
        frame = app[FRAME]
        frame.templates("central.venues")
        here = "/admin/plan/new?space={id}"
        frame.page_for("space", "Nouveau plan de salle", here, VenuesPrivilege.VENUE_MODIFY, ("reimport_plan",))
        frame.given_at["import_plan"] = frame.new_at["physical_configuration"] = "/admin/plan/new"
        app[LARGE].update(dict.fromkeys(("/admin/plan/new", "/admin/plan/new/preview"), MOST_BYTES + MIB))
        app.router.add_get("/admin/plan/new", self._open)
        app.router.add_post("/admin/plan/new", self._save)
        keeps(app, "/admin/plan/new")
        keeps(app, "/admin/plan/new/preview", page="/admin/plan/new")
        app.router.add_post("/admin/plan/new/preview", self._preview)
        app.router.add_get(MAPPING, self._again)
        self._mapping.routes(app)
        app.router.add_get("/admin/plan/physical/{id:[0-9A-Z]{26}}/export/{format:json|svg|csv}", self._export)

    async def _open(self, request: web.Request) -> web.Response:
        me = await request.app[FRAME].who(request)
        if sent := flat(await kept(request, str(me.actor.id))):
            return await self._page(
                request, WorkshopPage(sent, _numbered(sent, "block"), _numbered(sent, "area"), [], 0)
            )
        t = await self._house_words()
        return await self._page(request, WorkshopPage({}, [_first_block(t)], [_stage(t)], [], 0))

    async def _again(self, request: web.Request) -> web.Response:
        """After a session that ended over the mapping of a drawing: the answers are there, the drawing is not."""
        me = await request.app[FRAME].who(request)
        sent, t = flat(await kept(request, str(me.actor.id))), await self._house_words()
        page = WorkshopPage(sent, [_first_block(t)], [_stage(t)], [], 0, answers=answers_in(sent))
        return await self._page(request, page)

    async def _house_words(self) -> Texts:
        """In which zones and categories are named: they stand on tickets, whoever draws the hall."""
        return texts(await self._door.read(SYSTEM, spoken_first))

    async def _page(self, request: web.Request, page: WorkshopPage, status: int = 200) -> web.Response:
        frame = request.app[FRAME]
        me = await frame.who(request)
        t = frame.texts(request, me)
        onto = request.query.get("onto", "")
        space = request.query.get("space") or request.query.get("space_id", "")  # as other pages call it

        def look(read: Read) -> dict[str, Any] | None:
            hall = hall_of(read, t, onto, space)
            if hall is None:
                return None
            path = path_of(read, hall["at"] or root_of_house(read) or "")
            return {**hall, "categories": [t.of(each.names) for each in categories_by_rank(read, path)]}

        data = await self._door.read(me.actor, look)
        if data is None:
            raise web.HTTPNotFound
        return await frame.page(
            request, "plan_new.html", status=status, page=page, block_fields=BLOCK_FIELDS, area_fields=AREA_FIELDS,
            choices=_choices(t), more=_SECOND, **data,
            action=str(request.rel_url.with_path("/admin/plan/new", keep_query=True)),
        )  # fmt: skip

    async def _preview(self, request: web.Request) -> web.Response:
        frame = request.app[FRAME]
        me = await frame.who(request)
        t = frame.texts(request, me)
        made = await self._drawn(request, await sent_by(request, me), Format.SVG)
        if isinstance(made, Refused):
            faults = flaws_in(made, t) or [{"at": "", "what": t.reason(made.reason)}]
            return await frame.page(request, "plan_preview.html", picture="", seats=0, faults=faults)
        picture, seats = made
        return await frame.page(request, "plan_preview.html", picture=_picture(picture), seats=seats, faults=[])

    async def _drawn(self, request: web.Request, sent: Sent, into: Format) -> tuple[bytes, int] | Refused:
        """What the form describes, drawn beside all else as long as somebody waits for it: the file and its number of
        seats."""
        want = described(sent, await self._house_words(), await self._door.read(SYSTEM, _colours))
        if isinstance(want, Refused):
            return want
        done = await self._door.work_out(Errand(drawn_file, (want, into)), partial(awaited, request))
        if isinstance(done, Refused):
            return done
        made: tuple[bytes, int] | Refused = done.value[0]
        return made

    async def _save(self, request: web.Request) -> web.Response:
        """A file, if there is one; else the drawing. What was entered stays when it is refused."""
        frame = request.app[FRAME]
        me = await frame.who(request)
        t = frame.texts(request, me)
        sent = await sent_by(request, me)
        page = WorkshopPage(sent, _numbered(sent, "block"), _numbered(sent, "area"), [], 0)
        if "add" in sent:
            page.blocks.append(_next_block(page.blocks, await self._house_words()))
            return await self._page(request, page)
        dropped = whole_number(sent.get("drop", ""), len(page.blocks) - 1) if page.blocks else None
        if dropped is not None:
            del page.blocks[dropped]
            return await self._page(request, page)
        text: str | None = sent.get("file") or None
        if text is not None and needs_mapping(text, asked="map" in sent or bool(answers_in(sent))):
            return await self._mapping.opened(request, me, sent, text)
        if text is None:
            made = await self._drawn(request, sent, Format.JSON)
            if isinstance(made, Refused):
                page.faults.extend(flaws_in(made, t))
                words = await self._door.read(me.actor, lambda read: refusal_text(self._door, read, t, made, ""))
                return await self._page(request, _counted(page, made, words), 422)
            text = made[0].decode()
        refused, words = await brought(self._door, request, me, t, sent, text)
        page.faults.extend(flaws_in(refused, t))
        return await self._page(request, _counted(page, refused, words), 422)

    async def _export(self, request: web.Request) -> web.Response:
        frame = request.app[FRAME]
        me = await frame.who(request)
        plan_id, into = request.match_info["id"], Format(request.match_info["format"])

        def look(read: Read) -> tuple[str, str, Marked] | None:
            place = context_of(read, "physical_configuration", plan_id)
            if place is None or not read.actor.may(VenuesPrivilege.VENUE_READ, path_of(read, place)):
                return None
            kept, row = kept_plan(read, plan_id), read.get(PhysicalConfiguration, plan_id)
            return (row.code, *kept) if kept and row else None

        found = await self._door.read_whole(me.actor, look)
        if found is None:
            raise web.HTTPNotFound
        point = frame.texts(request, me).point
        done = await self._door.work_out(Errand(exported, (*found[1:], into, point)), partial(awaited, request))
        if isinstance(done, Refused):
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", found[0])
        headers = {"Content-Disposition": f'attachment; filename="{name}.{into}"'}
        body = MARK + done.value[0] if into is Format.CSV else done.value[0]
        return web.Response(body=body, content_type=_TYPES[into], headers=headers)


def _colours(read: Read) -> dict[str, str]:
    found = [(each, name) for each in categories_by_rank(read) for name in (each.code, *each.names.values())]
    return {name.casefold(): each.colour.upper() for each, name in found}


# --- the form --------------------------------------------------------------------------------------------------------


def _first_block(t: Texts) -> dict[str, str]:
    return {
        "zone": t("Orchestre"), "category": t("Catégorie {n}", n=1), "rows": "10", "seats": "20", "x": "0", "y": "0",
        "curve": "600", "rotation": "0", "aisles": "10", "numbering": "odd_even", "row_naming": "letters", **_SECOND,
    }  # fmt: skip


def _stage(t: Texts) -> dict[str, str]:
    return {"text": t("Scène"), "x": "-200", "y": "-160", "width": "400", "height": "80"}


def _next_block(blocks: list[dict[str, str]], t: Texts) -> dict[str, str]:
    """The next one lies behind the last."""
    last = {**_first_block(t), **(blocks[-1] if blocks else {})}
    try:
        y, rows, step = (float(last[name].replace(",", ".") or 0) for name in ("y", "rows", "row_step"))
        behind = y + rows * (step or 30) + 60
    except ValueError:  # which is told when it is drawn
        behind = 0.0
    return {**last, "zone": f"{last['zone']} {len(blocks) + 1}", "y": f"{behind:g}"}


def _numbered(sent: Sent, kind: str) -> list[dict[str, str]]:
    """`block-0-zone`, `block-0-rows`, `block-1-zone` … as one dict each."""
    found: dict[int, dict[str, str]] = {}
    for name, value in sent.items():
        start, _, rest = name.partition("-")
        number, _, field = rest.partition("-")
        if start == kind and number.isascii() and number.isdigit() and len(number) < 4:
            found.setdefault(int(number), {})[field] = value
    return [found[number] for number in sorted(found)][:MOST_BLOCKS]


def described(sent: Sent, t: Texts, colours: Mapping[str, str]) -> DrawPlan | Refused:
    """What the form says; faults name the block and the field. `colours` are those of the house's categories, by any of
    their names."""
    faults: list[dict[str, Any]] = []
    blocks = [_block(block, n, faults) for n, block in enumerate(_numbered(sent, "block"))]
    areas = [area for n, each in enumerate(_numbered(sent, "area")) if (area := _area(each, n, faults))]
    if faults:
        return Refused(NoVenue.PLAN_FAULTY, fix="blocks", detail={"faults": faults, "count": len(faults)})
    names = dict.fromkeys(block.category for block in blocks)
    free = cycle([each for each in look().categories if each.upper() not in colours.values()] or look().categories)
    categories = tuple(Category(name, colours.get(name.casefold()) or next(free)) for name in names)
    return DrawPlan(sent.get("name") or t("Salle"), categories, tuple(blocks), tuple(areas))


_HINTS = get_type_hints(DrawBlock)


def _block(said: Sent, n: int, faults: list[dict[str, Any]]) -> DrawBlock:
    given: dict[str, Any] = {"zone": "", "category": "", "x": 0.0, "y": 0.0, "rows": 1}
    for name in (*BLOCK_FIELDS, *_SECOND):
        text = said.get(name, "")
        if not text:
            continue
        try:
            given[name] = _value(_HINTS[name], name, text)
        except ValueError:
            faults.append(PlanFileFault(f"blocks[{n}].{name}", Flaw.NO_NUMBERS, {"text": text[:40]}).told())
    return DrawBlock(**given)


def _value(hint: Any, name: str, text: str) -> Any:
    if name == "aisles":
        return tuple(Aisle(int(part)) for part in re.split(r"[ ,;]+", text) if part)
    if hint is bool:
        return text in ("1", "on", "true")
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(text)
    if hint in (int, float):
        return hint(text.replace(",", "."))
    return text


def _area(said: Sent, n: int, faults: list[dict[str, Any]]) -> DrawArea | None:
    if not said.get("text") and not said.get("width"):
        return None
    try:
        x, y, width, height = (float(said.get(name, "0").replace(",", ".") or 0) for name in AREA_FIELDS[1:])
    except ValueError:
        text = ", ".join(said.values())[:40]
        faults.append(PlanFileFault(f"areas[{n}]", Flaw.NO_NUMBERS, {"text": text}).told())
        return None
    return DrawArea(
        DrawnArea(
            Shape.RECTANGLE, x, y, colour="#3b2a4f", border="#3b2a4f", width=width, height=height,
            text=said.get("text", ""), text_x=x + width / 2, text_y=y + height / 2, text_colour="#ffffff", text_size=20,
        )
    )  # fmt: skip


def _picture(svg: bytes) -> str:
    """The drawing as an address that an image takes: nothing in it runs."""
    return "data:image/svg+xml;base64," + b64encode(svg).decode()


def _counted(page: WorkshopPage, refused: Refused, words: Any = None) -> WorkshopPage:
    count = int(refused.detail.get("count", len(page.faults)))
    return WorkshopPage(page.sent, page.blocks, page.areas, page.faults, count, words)


def _choices(t: Texts) -> dict[str, list[tuple[str, str]]]:
    """The values of fields that offer some, in words."""
    return {
        name: [(str(value), t.value(name, str(value))) for value in hint]
        for name, hint in ((each.name, _HINTS[each.name]) for each in fields(DrawBlock))
        if get_origin(hint) is None and not get_args(hint) and isinstance(hint, type) and issubclass(hint, StrEnum)
    }
