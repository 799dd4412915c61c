"""Files that devices fetch. Which file a caller may have is for the areas to say; here it is only sent, in pieces.

GET /api/v1/snapshots/<name>    a snapshot's file, by the name in its manifest
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from central.kernel.tx import Actor
from central.web.caller import caller, problem

Locate = Callable[[Actor, str], Awaitable[Path | None]]
"""The file of this name for this caller; None: there is none, or it is not for them."""


def files_of(app: web.Application, locate: Locate) -> None:
    async def send(request: web.Request) -> web.StreamResponse:
        actor = await caller(request)
        if isinstance(actor, web.Response):
            return actor
        path = await locate(actor, request.match_info["name"])
        if path is None:
            return problem(404, "no_such_file", "There is no such file for you.", fix="name")
        return web.FileResponse(path, chunk_size=256 * 1024, headers={"Content-Type": "application/vnd.sqlite3"})

    app.router.add_get("/api/v1/snapshots/{name}", send)
