"""The plan on screen: of a physical configuration, a logical one, or a performance; as a drawing, or as a list that
does everything for keyboard and screen reader.

GET  /admin/plan/<target>/<id>            the page                        ?view=list&page=2  ?at=2026-03-03T10:00
POST /admin/plan/<target>/<id>/list       another page of the list, with what is ticked on this one
GET  /admin/plan/<target>/<id>/picture    the plan as columns (JSON)      ?at=
GET  /admin/plan/<target>/<id>/changes    what changed                    ?version=&mark=
GET  /admin/plan/<target>/<id>/news       a bell that rings when something did (server-sent events)
GET  /admin/plan/<target>/<id>/side       counts and history, a fragment
POST /admin/plan/<target>/<id>/act        an act on a selection           JSON for the drawing, a page for the list
"""

import asyncio
import gzip
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from central.inventory.counts import hall_mark
from central.kernel.contexts import path_of
from central.kernel.door import Door, NoEntry
from central.kernel.registry import handler_of
from central.kernel.tx import Read
from central.kernel.versions import COUNTED, OPERATORS
from central.programme.plan_actions import UndoPlanAction
from central.programme.plan_deed_words import TABLE, action_part
from central.programme.plan_form import ACTS, UNDO, Form, command_for
from central.programme.plan_list import NOTHING, kept_of, page_of
from central.programme.plan_news import News, little_news, mark_of, plan_news
from central.programme.plan_pictures import (
    Picture,
    PlanPicture,
    plan_picture,
)
from central.programme.plan_texts import Listed, done_of, moment_of, page_data, side_data
from central.programme.plans import target_context
from central.venues.import_report import report_words
from central.venues.model import PlanTarget, VenuesPrivilege
from central.venues.plan_tables import version_of
from central.web.area import DOOR
from central.web.form import form_of
from central.web.frame import FRAME, Frame
from central.web.session import ASKED_S, SignedIn, still
from shared.ids import Id, is_id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import wait_any

NEEDS = VenuesPrivilege.VENUE_READ
BELL_GAP_S = 0.5
RIGHTS = frozenset(table for table, number in COUNTED.items() if number == OPERATORS)
MOST_PACKED = 8


@dataclass(eq=False, slots=True)
class Bell:
    """One page that is open. It is `woken` also to ask whether whoever looks at it still may."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    rung: bool = False


def plan_pages(app: web.Application) -> None:
    PlanPages(app[DOOR]).routes(app)


class PlanPages:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._clock = SystemClock()
        self._bells: dict[str, set[Bell]] = {}
        self._closing = False
        self._packed: OrderedDict[tuple[str, int, str], bytes] = OrderedDict()  # the last pictures, as they were sent
        self._ahead: dict[str, asyncio.Task[bytes | None]] = {}
        door.on_commit(self._ring)

    def routes(self, app: web.Application) -> None:
        frame = app[FRAME]
        frame.templates("central.programme")
        for target, table in TABLE.items():
            done_here = tuple(handler_of(act.command).name for act in ACTS[target].values())
            frame.page_for(table, "Plan", f"/admin/plan/{target}/{{id}}", NEEDS, done_here)
        frame.instead.add(handler_of(UndoPlanAction).name)  # its part offers it, where it can go
        frame.part_of("plan_action", "plan_action.html", action_part)
        frame.lead_to("import_plan", "/admin/plan/physical/{id}")
        here = r"/admin/plan/{target:physical|logical|performance}/{id:[0-9A-Z]{26}}"
        app.router.add_get(here, self._page)
        app.router.add_get(here + "/picture", self._picture)
        app.router.add_get(here + "/changes", self._changes)
        app.router.add_get(here + "/news", self._news, allow_head=False)
        app.router.add_get(here + "/side", self._side)
        app.router.add_post(here + "/list", self._listed)
        app.router.add_post(here + "/act", self._act)
        app.on_shutdown.append(self._close)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        asked = request.query.get("view") == "list"
        listed = Listed(page_of(request.query.get("page", "")), NOTHING) if asked else None
        data = await self._read(me, target, target_id, partial(page_data, t, target, target_id, request.query, listed))
        if (
            listed is None and "at" not in request.query and target_id not in self._ahead
        ):  # while the browser fetches the rest
            packing = asyncio.create_task(self._packed_now(me, target, target_id, ""), name=f"picture of {target_id}")
            self._ahead[target_id] = packing
            packing.add_done_callback(lambda _: self._ahead.pop(target_id, None))
        data["remarks"] = report_words(t, request.query)
        return await frame.page(request, "plan_list.html" if listed else "plan.html", here=TABLE[target], **data)

    async def _listed(self, request: web.Request) -> web.Response:
        """`page`: the one to go to; with `jump`, `to` names it."""
        _, me, target, target_id = await self._asked(request)
        form = await _form(request)
        return await self._list(request, me, target, target_id, form, "to" if "jump" in form else "page", None)

    async def _list(
        self, request: web.Request, me: SignedIn, target: PlanTarget, target_id: Id, form: Form, named: str, said: Any
    ) -> web.Response:
        """The page of the list that the field `named` of a form means; what was ticked stays, but for what was done."""
        frame = request.app[FRAME]
        t = frame.texts(request, me)
        page = page_of((form.get(named) or ("",))[0])
        done = said is not None and said.ok and not said.dry_run

        def look(read: Read) -> dict[str, Any]:
            kept = NOTHING if done else kept_of(read, target, target_id, form)
            return page_data(t, target, target_id, {}, Listed(page, kept), read)

        data = await self._read(me, target, target_id, look)
        return await frame.page(request, "plan_list.html", here=TABLE[target], **{**data, "said": said})

    async def _side(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        return await frame.page(
            request,
            "plan_side.html",
            **await self._read(me, target, target_id, partial(side_data, t, target, target_id)),
        )

    async def _picture(self, request: web.Request) -> web.Response:
        """Packed here and in a thread, because a stadium's columns are a megabyte and more."""
        _, me, target, target_id = await self._asked(request)
        at = request.query.get("at", "")
        if not at and (packing := self._ahead.get(target_id)):
            await asyncio.wait([packing])
        packed = await self._packed_now(me, target, target_id, at)
        if packed is None:
            raise web.HTTPNotFound
        headers = {"Content-Encoding": "gzip", "Cache-Control": "no-store"}
        return web.Response(body=packed, content_type="application/json", headers=headers)

    async def _packed_now(self, me: SignedIn, target: PlanTarget, target_id: Id, at: str) -> bytes | None:
        """The picture as it is sent; None: there is none. The last ones are kept as long as nothing changes."""

        def look(read: Read) -> bytes | None:
            mark = mark_of(read, target, target_id)
            key = (target_id, version_of(read, target_id), mark)
            if not at and key in self._packed:
                return self._packed[key]
            found = plan_picture(read, PlanPicture(target=target, target_id=target_id, at=moment_of(read, at)))
            if isinstance(found, Refused):
                return None
            picture: Picture = found.value
            body = {name: getattr(picture, name) for name in Picture.__slots__}
            packed = gzip.compress(orjson.dumps({**body, "mark": mark}), 3)
            if not at:
                self._keep(key, packed)
            return packed

        found: bytes | None = await self._read(me, target, target_id, look, whole=True)
        return found

    def _keep(self, key: tuple[str, int, str], packed: bytes) -> None:
        self._packed[key] = packed
        while len(self._packed) > MOST_PACKED:
            self._packed.popitem(last=False)

    async def _changes(self, request: web.Request) -> web.Response:
        _, me, target, target_id = await self._asked(request)
        version = request.query.get("version", "0")
        known = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        asked = (target, target_id, known, request.query.get("mark", ""))
        news: News | None = await self._read(me, target, target_id, lambda read: little_news(read, *asked))
        if news is None:
            news = await self._read(me, target, target_id, lambda read: plan_news(read, *asked), whole=True)
        return _json(news)

    async def _news(self, request: web.Request) -> web.StreamResponse:
        """Only a bell: what changed is asked for, with the rights of whoever asks. It rings as long as they may: asked
        anew before each ringing, when what anybody may has changed, and now and then."""
        _, me, target, target_id = await self._asked(request)
        await self._read(me, target, target_id, lambda _: None)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        bell = Bell()
        self._bells.setdefault(target_id, set()).add(bell)
        try:
            while not self._closing:
                await wait_any(bell.woken, ASKED_S)
                if not await self._still(request, target, target_id):
                    break
                if bell.rung:
                    bell.rung = False
                    await answer.write(b"data: changed\n\n")
                    await asyncio.sleep(BELL_GAP_S)
                else:
                    await answer.write(b":\n\n")
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._bells[target_id].discard(bell)
            if not self._bells[target_id]:
                del self._bells[target_id]
        return answer

    async def _still(self, request: web.Request, target: PlanTarget, target_id: Id) -> bool:
        me = await still(request)
        if me is None:
            return False
        try:
            await self._read(me, target, target_id, lambda _: None)
        except web.HTTPNotFound:
            return False
        return True

    def _ring(self, _: frozenset[str], marks: frozenset[str]) -> None:
        for target_id, bells in self._bells.items():
            rung = f"plan/{target_id}" in marks or hall_mark(target_id) in marks
            if rung or not marks.isdisjoint(RIGHTS):
                for bell in bells:
                    bell.rung |= rung
                    bell.woken.set()

    async def _close(self, _: web.Application) -> None:
        self._closing = True
        for bells in self._bells.values():
            for bell in bells:
                bell.woken.set()

    # --- acting -------------------------------------------------------------------------------------------------------

    async def _act(self, request: web.Request) -> web.Response:
        frame, me, target, target_id = await self._asked(request)
        t = frame.texts(request, me)
        form = await _form(request)
        wanted = command_for(target, target_id, form)
        dry_run = bool(form.get("dry_run"))
        if isinstance(wanted, Refused):
            outcome: Any = wanted
        else:
            command_id = fresh_id(self._clock)
            outcome = (await self._door.execute(me.actor, wanted.value, command_id, dry_run=dry_run)).outcome
        undone = form.get("act") == [UNDO]
        done = await self._door.read(
            me.actor,
            lambda read: done_of(self._door, read, t, outcome, target_id, dry_run=dry_run, undone=undone),
        )
        if "application/json" in request.headers.get("Accept", ""):
            return _json(done)
        return await self._list(request, me, target, target_id, {} if undone else form, "shown", done)

    # --- who asks for what --------------------------------------------------------------------------------------------

    async def _asked(self, request: web.Request) -> tuple[Frame, SignedIn, PlanTarget, Id]:
        frame = request.app[FRAME]
        me = await frame.who(request)
        if not is_id(request.match_info["id"]):
            raise web.HTTPNotFound
        return frame, me, PlanTarget(request.match_info["target"]), Id(request.match_info["id"])

    async def _read(self, me: SignedIn, target: PlanTarget, target_id: Id, look: Any, *, whole: bool = False) -> Any:
        """What `look` finds; a plan that is not there or not theirs to see is not there."""

        def allowed(read: Read) -> Any:
            place = target_context(read, target, target_id)
            if place is None or not read.actor.may(NEEDS, path_of(read, place)):
                return NoEntry.NOT_ALLOWED
            return look(read)

        found = await (self._door.read_whole if whole else self._door.read)(me.actor, allowed)
        if found is NoEntry.NOT_ALLOWED:
            raise web.HTTPNotFound
        return found


async def _form(request: web.Request) -> Form:
    sent = await form_of(request)
    return {name: [value for value in sent.getall(name) if isinstance(value, str)] for name in sent}


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", headers={"Cache-Control": "no-store"})
