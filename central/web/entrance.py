"""The first that a request meets and the last that its answer passes: who asks, whether they ask too often, how much of
a body is read for them and for how long; afterwards the headers that every answer has, and a line instead of a
traceback where a caller hung up.

Who asks is looked at before a byte of the body is taken, and proved by the headers alone. A key, signature or session
that is none counts as a stranger's try, by address. Where an address waits, whoever carries what only they can have
(`KNOWN_CALLERS`) is counted by themselves, and some of the others are looked at: so nobody locks out who shares an
address with them, in whosever name. What a device signed names its body by a digest: another body is a signature that
is none.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from aiohttp import web
from aiohttp.hdrs import SERVER

from central.kernel.actor import Actor
from central.web.bodies import STATUS, Asks, Bodies, Unread, most_for
from central.web.caller import (
    ASKED,
    ASKING,
    AUTHENTICATE,
    CALLERS,
    Callers,
    KnownCaller,
    is_gone,
    problem,
    unknown_caller,
)
from central.web.form import LARGE, Foreign, Unreadable
from central.web.frame import FRAME
from central.web.limits import Limits, RequestLimit, counted_as
from central.web.line import Line
from central.web.origin import address_of, note_front
from central.web.session import HEADERS, SAFE, SESSIONS
from central.web.texts import Texts
from shared.runtime.log import logger
from shared.runtime.metrics import counter
from shared.runtime.throttle import Seldom

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Vouched = Callable[[web.Request], bool]
"""Whether a browser that is not signed in is no stranger all the same: it holds the set-up's link."""

KnownBrowser = Callable[[web.Request], str]
"""The mark of a browser with which somebody came in before (organisation/sign_in_places.py), or nothing: it is counted
by itself, so that who floods central from the same address does not shut it out."""

KNOWN_BROWSER: web.AppKey[KnownBrowser] = web.AppKey("known_browser")
KNOWN_CALLERS: web.AppKey[list[KnownCaller]] = web.AppKey("known_callers", list)
BROWSER = "browser:"
VOUCHED: web.AppKey[list[Vouched]] = web.AppKey("vouched", list)
LIMITS: web.AppKey[Limits] = web.AppKey("limits", Limits)
BODIES: web.AppKey[Bodies] = web.AppKey("bodies", Bodies)
REFUSED = counter(
    "parterre_http_refused_total",
    "HTTP requests refused before anybody handled them, by why.",
    why=[*RequestLimit, "at_once", "unknown", *Unread],
)
_FREE = ("/static/", "/healthz", "/readyz")  # out of memory: to say no would cost as much
_WAIT_AT_ONCE_S = 5
_SELDOM = Seldom(logger(__name__))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by their headers: `who` as the log names them, or by what else they are counted. `actor`, `kind`: a
    program, a device, whom else an area brings."""

    asks: Asks
    who: str
    actor: Actor | None = None
    kind: Callers | None = None

    @property
    def limit(self) -> RequestLimit | None:
        """By which who is known is counted."""
        if self.kind:
            return self.kind.limit
        return RequestLimit.PEOPLE if self.asks is Asks.PERSON else None

    @property
    def signed(self) -> Callable[[Mapping[str, str], bytes], bool] | None:
        return self.kind.signed if self.kind else None


@web.middleware
async def entrance(request: web.Request, handler: Answer) -> web.StreamResponse:
    line = request.protocol if isinstance(request.protocol, Line) else None
    if line:
        line.came(request)
    try:
        return _cut(await _let_in(request, handler), request, line)
    except web.HTTPException as said:
        _cut(said, request, line)
        raise
    except ConnectionError:
        if not is_gone(request):
            raise
        _SELDOM.warn("a caller hung up", kind="in the middle", path=_canonical(request))
        return web.Response(status=499)  # which nobody will read


async def _let_in(request: web.Request, handler: Answer) -> web.StreamResponse:
    if request.path.startswith(_FREE):
        return await handler(request)
    note_front(request)
    came = await _who(request)
    if isinstance(came, web.StreamResponse):
        return came
    limits, limit = request.app[LIMITS], came.limit or RequestLimit.LOOKS
    if not limits.enter(limit, came.who):
        REFUSED.add(why="at_once")
        return _wait(request, "too_many_at_once", limit, _WAIT_AT_ONCE_S)
    try:
        return await _with_body(request, handler, came)
    finally:
        limits.leave(came.who)


async def _with_body(request: web.Request, handler: Answer, came: Caller) -> web.StreamResponse:
    route = request.match_info
    if not request.body_exists or request.method in SAFE or route.http_exception is not None:
        return await _asked(request, handler, came)
    most = most_for(came.asks, _canonical(request), route.get("name", ""), request.app[LARGE],
        came.kind.most if came.kind else None,
    )  # fmt: skip
    late = not request.content.is_eof()
    held = await request.app[BODIES].read(request, came.asks, came.who, most)
    if isinstance(held, Unread):
        REFUSED.add(why=held)
        if held is Unread.TOO_SLOW:
            request.app[LIMITS].take(came.limit or RequestLimit.ACTS, came.who)
        return _unread(request, held, most)
    try:
        if late and came.actor:
            again = await _found(held.request, came.asks, came.kind)
            if not isinstance(again, Caller):
                return _no_caller(request, again)
            came = again
        body = await held.request.read() if came.signed else b""
        return await _asked(held.request, handler, came, body)
    except Unreadable as bad:
        why = Unread.FOREIGN if isinstance(bad, Foreign) else Unread.MALFORMED
        REFUSED.add(why=why)
        return _unread(request, why, most)
    finally:
        held.give_back()


def _canonical(request: web.Request) -> str:
    """Its route's path as it is declared: without what an address may tell, such as an invitation's token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def _asked(request: web.Request, handler: Answer, came: Caller, body: bytes = b"") -> web.StreamResponse:
    if came.signed and not came.signed(request.headers, body):
        return _no_caller(request, None)
    if came.actor:
        request[ASKED] = came.actor
    return await handler(request)


def _no_caller(request: web.Request, why: web.Response | None) -> web.Response:
    """To who turns out to be nobody after the body came; `why`: what is wrong with a device's key or time."""
    request.app[LIMITS].take(RequestLimit.CLAIMS, counted_as(address_of(request)))
    REFUSED.add(why="unknown")
    return why or unknown_caller(request)


# --- who --------------------------------------------------------------------------------------------------------------


async def _who(request: web.Request) -> Caller | web.StreamResponse:
    """Who asks, counted; or the answer to who asks too often, or shows a key that is none."""
    limits, address = request.app[LIMITS], counted_as(address_of(request))
    shown, asks, kind = _claim(request)
    limit, who = RequestLimit.CLAIMS, address
    if asks in (Asks.STRANGER, Asks.PERSON):  # a session that is over is no try at anything: its owner signs in again
        limit = RequestLimit.LOOKS if request.method in SAFE else RequestLimit.ACTS
        who = _mark(request) or address
    if wait := limits.wait(limit, who):
        if known := await _known(request):
            who, wait = known, limits.wait(limit, known)
        if wait and (later := wait if asks is Asks.STRANGER else limits.look(shown, address)):
            return _too_often(request, limit, min(wait, later))
    found = await _found(request, asks, kind)
    if not isinstance(found, Caller):
        limits.take(limit, who)  # of what is genuine nothing is taken: a program may begin with all it has
        if shown:
            limits.missed(shown)
        if limit is RequestLimit.CLAIMS:
            REFUSED.add(why="unknown")
            return found or unknown_caller(request)  # a device's key, and not its time: anybody may have heard it
        if wait:
            return _too_often(request, limit, wait)
        vouched = any(vouches(request) for vouches in request.app[VOUCHED])
        return Caller(Asks.PERSON if vouched else Asks.STRANGER, who)
    if found.limit and (wait := limits.take(found.limit, found.who)):
        return _too_often(request, found.limit, wait)
    return found


def _mark(request: web.Request) -> str:
    mark = request.app[KNOWN_BROWSER](request) if KNOWN_BROWSER in request.app else ""
    return f"{BROWSER}{mark}" if mark else ""


async def _known(request: web.Request) -> str:
    for known in request.app[KNOWN_CALLERS]:
        if who := await known(request):
            return who
    return ""


def _claim(request: web.Request) -> tuple[int, Asks, Callers | None]:
    """What the caller shows, and what that would make them."""
    asking, kinds = request.app[ASKING], request.app[CALLERS]
    if request.path.startswith(tuple(asking)):
        for n, kind in enumerate(kinds):
            if (shown := kind.shown(request)) is not None:
                return hash((n, shown)), Asks.CALLER, kind
    if SESSIONS in request.app and (said := request.headers.get("Cookie")):
        return hash(("Cookie", said)), Asks.PERSON, None
    return 0, Asks.STRANGER, None


async def _found(request: web.Request, asks: Asks, kind: Callers | None) -> Caller | web.Response | None:
    if kind:
        actor = await request.app[AUTHENTICATE](request)
        return Caller(asks, _counted(actor), actor, kind) if isinstance(actor, Actor) else actor
    signed_in = await request.app[SESSIONS](request) if asks is Asks.PERSON else None
    return Caller(asks, _counted(signed_in.actor)) if signed_in else None


def _counted(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


# --- answers ----------------------------------------------------------------------------------------------------------


def _too_often(request: web.Request, limit: RequestLimit, wait: float) -> web.Response:
    REFUSED.add(why=limit)
    return _wait(request, "too_many_requests", limit, ceil(wait))


def _wait(request: web.Request, reason: str, limit: RequestLimit, seconds: int) -> web.Response:
    answer = _said(request, 429, reason, {"limit": limit, "seconds": seconds})
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _unread(request: web.Request, why: Unread, most: int) -> web.Response:
    answer = _said(request, STATUS[why], f"body_{why}", {"most": most} if why is Unread.TOO_LARGE else {})
    if why is Unread.CROWDED:
        answer.headers["Retry-After"] = str(_WAIT_AT_ONCE_S)
    if why is Unread.COMPRESSED:
        answer.headers["Accept-Encoding"] = "identity"
    return answer


_TITLES = {
    "too_many_requests": "You ask too often: wait as long as Retry-After says.",
    "too_many_at_once": "Too many of your requests are being answered: let some end, or wait as Retry-After says.",
    "body_compressed": "Send the body as it is, without Content-Encoding.",
    "body_too_large": "The body is too big for who asks: detail.most is what is read.",
    "body_crowded": "Too much is being uploaded at once: wait as long as Retry-After says.",
    "body_too_slow": "The body did not come in time.",
    "body_malformed": "The body cannot be read as what its Content-Type says.",
    "body_foreign": "Send a form urlencoded in UTF-8; as multipart/form-data only where a file is asked for.",
}


def _said(request: web.Request, status: int, reason: str, detail: dict[str, Any]) -> web.Response:
    """A problem for programs, a page for people."""
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return problem(status, reason, _TITLES[reason], fix=str(detail.get("limit", "body")), detail=detail)
    frame = request.app[FRAME]
    t = frame.texts(request, None)
    title, why = _words(t, reason, detail)
    text = frame.render("held.html", t, title=title, why=why, csrf="")
    return web.Response(status=status, text=text, content_type="text/html")


def _words(t: Texts, reason: str, detail: dict[str, Any]) -> tuple[str, str]:
    """For people: what is the matter, and what to do."""
    match reason:
        case "too_many_requests":
            return t("Un instant, s’il vous plaît"), t.n(
                "Trop de demandes arrivent de votre réseau ou de votre accès : réessayez dans une seconde.",
                "Trop de demandes arrivent de votre réseau ou de votre accès : réessayez dans {n} secondes.",
                detail["seconds"],
            )
        case "too_many_at_once":
            return t("Un instant, s’il vous plaît"), t.n(
                "Trop de pages sont ouvertes ou demandées à la fois depuis votre réseau ou votre accès : "
                "fermez-en, ou réessayez dans une seconde.",
                "Trop de pages sont ouvertes ou demandées à la fois depuis votre réseau ou votre accès : "
                "fermez-en, ou réessayez dans {n} secondes.",
                detail["seconds"],
            )
        case "body_too_large":
            kib = t.number(detail["most"] >> 10)
            return t("C’est trop volumineux"), t("Ici, {kib} Kio au plus sont lus : envoyez moins.", kib=kib)
        case "body_crowded":
            return t("Un instant, s’il vous plaît"), t("Trop de fichiers arrivent à la fois : renvoyez le vôtre.")
        case "body_too_slow":
            return t("L’envoi s’est arrêté"), t("Ce que vous envoyez n’est pas arrivé à temps : renvoyez-le.")
        case "body_foreign":
            return t("Cet envoi est illisible"), t(
                "Les formulaires d’ici sont en UTF-8, et seuls certains prennent des fichiers : "
                "rechargez la page et envoyez le sien."
            )
    return t("Cet envoi est illisible"), t("Rechargez la page et envoyez de nouveau.")


def _cut(answer: web.StreamResponse, request: web.Request, line: Line | None) -> web.StreamResponse:
    """Of a body that nobody wants, little more is taken."""
    if request.can_read_body:
        answer.force_close()
        if line:
            line.cut_short(in_chunks=request.content_length is None)
    return answer


async def finish(_: web.Request, answer: web.StreamResponse) -> None:
    """What every answer has, whoever made it: nothing is kept that does not say so, and no version is told."""
    answer.headers.pop(SERVER, None)
    answer.headers.setdefault("Cache-Control", "no-store")
    for name, said in HEADERS.items():
        answer.headers.setdefault(name, said)
