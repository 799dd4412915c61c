"""The answer while the database does not serve: 503 with the reason's name, what to do about it, and when to come back;
a problem below /api/, a page for people. Neither needs the database."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from central.kernel.trouble import NoDatabase, Unavailable
from central.web.caller import problem
from central.web.frame import FRAME
from central.web.session import HEADERS
from central.web.texts import texts
from shared.outcome import Reason

RETRY_AFTER_S: dict[Reason, int] = {
    NoDatabase.BUSY: 1,
    NoDatabase.DATABASE_HELD: 2,
    NoDatabase.DATABASE_AWAY: 5,
    NoDatabase.DISK_FULL: 30,
}


@web.middleware
async def away(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Around all others: who is there is asked of the database too."""
    try:
        return await handler(request)
    except Unavailable as trouble:
        answer = unavailable(trouble.reason) if request.path.startswith("/api/") else _page(request, trouble.reason)
        answer.headers.update(HEADERS)
        return answer


def unavailable(reason: Reason) -> web.Response:
    said = problem(503, reason.key, texts("en").reason(reason), fix=None, detail={})
    said.headers["Retry-After"] = str(RETRY_AFTER_S[reason])
    said.headers["Cache-Control"] = "no-store"
    return said


def _page(request: web.Request, reason: Reason) -> web.Response:
    headers = {"Retry-After": str(RETRY_AFTER_S[reason]), "Cache-Control": "no-store"}
    frame = request.app.get(FRAME)
    if frame is None:
        return web.Response(status=503, text=texts("en").reason(reason), headers=headers)
    t = frame.texts(request, None)
    said = frame.render("away.html", t, me=None, csrf="", title=t("Un instant"), reason=reason,
                        again_s=RETRY_AFTER_S[reason] if request.method == "GET" else 0)  # fmt: skip
    return web.Response(status=503, text=said, content_type="text/html", headers=headers)
