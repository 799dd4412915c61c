"""Files that devices fetch. Which file a caller may have is for the areas to say; here it is only sent, in pieces.

GET /api/v1/snapshots/<name>    a snapshot's file, by the name in its manifest
"""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from central.kernel.actor import Actor
from central.web.caller import ASKING, caller, problem

Locate = Callable[[Actor, str], Awaitable[Path | None]]
"""The file of this name for this caller; None: there is none, or it is not for them."""


class _InPieces(web.FileResponse):
    """Not by the system's own call, which goes past our connection (line.py): who reads nothing would keep it."""

    async def _sendfile(self, request: web.BaseRequest, fobj: IO[Any], offset: int, count: int) -> AbstractStreamWriter:
        writer = await web.StreamResponse.prepare(self, request)
        assert writer is not None, "it was not cut off before"
        await self._sendfile_fallback(writer, fobj, offset, count)
        await web.StreamResponse.write_eof(self)
        return writer


def files_of(app: web.Application, locate: Locate) -> None:
    app[ASKING].append("/api/v1/snapshots/")
    app.router.add_get("/api/v1/snapshots/{name}", partial(send, locate))


async def send(locate: Locate, request: web.Request) -> web.StreamResponse:
    actor = await caller(request)
    if isinstance(actor, web.Response):
        return actor
    path = await locate(actor, request.match_info["name"])
    if path is None:
        return problem(404, "no_such_file", "There is no such file for you.", fix="name")
    return _InPieces(path, chunk_size=256 * 1024, headers={"Content-Type": "application/vnd.sqlite3"})
