"""Where in the house: its contexts by name or code, a page at a time.

GET /admin/where?q=…&under=…&of=…     `under`: what hangs on one; `of`: the list that is looked at
"""

from aiohttp import web

from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.web.branches import Branch, FoundContexts, contexts_found, seen_branch
from central.web.frame import FRAME
from central.web.screens.names import Labels, labels

MOST_QUERY = 100


def where_routes(app: web.Application) -> None:
    frame = app[FRAME]

    async def show(request: web.Request) -> web.Response:
        me = await frame.who(request)
        t, asked = frame.texts(request, me), request.query
        q, under, of = asked.get("q", "")[:MOST_QUERY], asked.get("under", ""), asked.get("of", "")

        def look(read: Read) -> tuple[FoundContexts, Branch | None, Labels]:
            found = contexts_found(read, q, under, asked.get("after", ""))
            above = [("context", each.parent_id) for each in found.rows if each.parent_id]
            own = [("context", each.id) for each in found.rows]
            return found, seen_branch(read, under) if under else None, labels(read, t, [*above, *own])

        found, at, named = await frame.door.read(me.actor, look)
        return await frame.page(
            request, "where.html", title=t("Où dans la maison"), here=of if of in BY_NAME else "", q=q, under=at,
            found=found, named=named, of=of, at=at.id if at else None,
        )  # fmt: skip

    app.router.add_get("/admin/where", show)
