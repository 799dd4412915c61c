"""The answer where a page breaks, or where there is none: a page of ours that says what to do; what breaks is one entry
in the log (the API's: api.py)."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from central.kernel.trouble import Unavailable
from central.web.caller import is_browser, is_gone, problem
from central.web.frame import FRAME
from central.web.session import HEADERS
from shared.runtime.log import logger

log = logger(__name__)


@web.middleware
async def broken(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Around all that may break. What has begun to go out cannot become another answer."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.path.startswith("/api/"):
            return problem(404, "unknown_address", "There is nothing at this address: GET /api says what there is.")
        if request.method != "GET" or not is_browser(request) or FRAME not in request.app or _is_fragment(request):
            raise
        return await _lost(request)
    except (web.HTTPException, Unavailable):
        raise
    except Exception:
        begun = request.writer.output_size > 0
        if is_gone(request) or begun or FRAME not in request.app:
            raise
        resource = request.match_info.route.resource  # its path as declared: an address may hold a secret
        log.exception("a page broke", method=request.method, path=resource.canonical if resource else "")
        return _page(request)


def _is_fragment(request: web.Request) -> bool:
    return "HX-Request" in request.headers or request.path.startswith(("/api/", "/static/"))


async def _lost(request: web.Request) -> web.Response:
    """In the reader's language, with the house around it for who is signed in."""
    frame = request.app[FRAME]
    t = frame.texts(request, await frame.known(request))
    answer = await frame.page(request, "screens/lost.html", status=404, title=t("Introuvable"))
    answer.headers.update({name: said for name, said in HEADERS.items() if name not in answer.headers})
    return answer


def _page(request: web.Request) -> web.Response:
    frame = request.app[FRAME]
    t = frame.texts(request, None)
    why = t("La faute est la nôtre. Réessayez ; si cela recommence, dites à qui administre la maison quand c’était.")
    text = frame.render("held.html", t, title=t("Une erreur s’est produite"), why=why, csrf="")
    answer = web.Response(status=500, text=text, content_type="text/html", headers=HEADERS)
    answer.force_close()  # of what else comes on this line nobody knows how far it was read
    return answer
