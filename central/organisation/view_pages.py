"""Views of lists that somebody keeps for themselves.

POST /admin/views             entity  name  query
POST /admin/views/drop        entity  view_id
"""

from aiohttp import web

from central.kernel.actor import Actor
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.organisation.list_views import DropListView, KeepListView, views_of
from central.organisation.pages import typed
from central.web.area import DOOR
from central.web.form import form_of
from central.web.frame import FRAME, Frame
from central.web.kept_views import MOST_NAME, KeptView, worth_keeping
from shared.ids import Id, is_id
from shared.runtime.system import SystemClock, fresh_id


def view_pages(app: web.Application) -> None:
    pages = ViewPages(app[DOOR], app[FRAME])
    app[FRAME].kept_views = _own
    app.router.add_post("/admin/views", pages.keep)
    app.router.add_post("/admin/views/drop", pages.drop)


def _own(read: Read, actor: Actor, entity: str) -> list[KeptView]:
    return views_of(read, actor.id, entity)


class ViewPages:
    """What is refused here (a list that is full) its own page says: there is no field for one more."""

    def __init__(self, door: Door, frame: Frame) -> None:
        self._door, self._frame = door, frame

    async def keep(self, request: web.Request) -> web.StreamResponse:
        me, form = await self._frame.who(request), await form_of(request)
        entity, name = typed(form, "entity"), " ".join(typed(form, "name").split())[:MOST_NAME]
        query = worth_keeping(entity, typed(form, "query")[:1000])
        if name:
            await self._door.execute(me.actor, KeepListView(entity=entity, name=name, query=query), _new_id())
        raise web.HTTPSeeOther(_list_of(entity, query))

    async def drop(self, request: web.Request) -> web.StreamResponse:
        me, form = await self._frame.who(request), await form_of(request)
        if is_id(typed(form, "view_id")):
            await self._door.execute(me.actor, DropListView(view_id=Id(typed(form, "view_id"))), _new_id())
        raise web.HTTPSeeOther(_list_of(typed(form, "entity"), ""))


def _new_id() -> Id:
    return fresh_id(SystemClock())


def _list_of(entity: str, query: str) -> str:
    return f"/admin/e/{entity}{'?' * bool(query)}{query}" if entity in BY_NAME else "/admin"
