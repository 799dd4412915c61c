"""GET /admin/cloakroom: how many coats hang there."""

from aiohttp import web

from central.web.area import DOOR
from central.web.frame import FRAME

HREF = "/admin/cloakroom"


def cloakroom(app: web.Application) -> None:
    frame, door = app[FRAME], app[DOOR]
    frame.templates("central.cloakroom")

    async def show(request: web.Request) -> web.Response:
        me = await frame.who(request)
        # house: a figure that is shown; nothing is refused by it
        coats = await door.read(me.actor, lambda read: read.run("SELECT COUNT(*) FROM coat")[0][0])
        title = frame.texts(request, me)("Vestiaire ce soir")
        return await frame.page(request, "cloakroom.html", title=title, coats=coats, here=HREF)

    app.router.add_get(HREF, show)
