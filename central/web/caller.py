"""Who calls the API: a program by its key, a device by its signature, a signed-in browser by its session and token, or
nobody. What may be wrong with that is said as a problem (RFC 9457), like everything below /api/v1.

Keys and signatures are looked at once, where a request comes in (entrance.py), before its body is read.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from aiohttp import web

from central.kernel.actor import ANONYMOUS, Actor
from central.kernel.helper_processes import HungUp
from central.web.limits import RequestLimit
from central.web.origin import address_of
from central.web.session import CSRF_HEADER, SAFE, SESSIONS, is_csrf
from shared.registries import add

Authenticate = Callable[[web.Request], Awaitable[Actor | web.Response | None]]
"""Who signed this request's headers, or holds its key; None: not who it says; an answer says what is wrong with it."""

KnownCaller = Callable[[web.Request], Awaitable[str]]
"""By whom a caller is counted where their address has to wait, as `device:…`, or nothing: told by a secret that they
carry, which opens nothing by itself, is cheap to check, and is nobody else's to spend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """A kind of callers, which an area brings. `shown`: what a request's headers show that is one's; None: it is of
    another kind. `who` finds out. `limit` is by which they are counted once they are found, `most` how many bytes a
    body of theirs has, whatever it asks for. `signed`: whether these headers are of this body, where they say.
    `known`: how they are told from what is tried beside them at an address that has to wait, before anybody looks.
    `answered` puts into the answer what they are to show next time."""

    shown: Callable[[web.Request], Hashable]
    who: Authenticate
    limit: RequestLimit
    most: int | None = None
    signed: Callable[[Mapping[str, str], bytes], bool] | None = None
    known: tuple[KnownCaller, ...] = ()
    answered: Callable[[web.Request, web.StreamResponse], Awaitable[None]] | None = None


def one_of(kinds: Sequence[Callers]) -> Authenticate:
    """The first kind that a request claims to be of; of none, it is anybody's, who may next to nothing."""

    async def authenticate(request: web.Request) -> Actor | web.Response | None:
        kind = next((each for each in kinds if each.shown(request) is not None), None)
        return await kind.who(request) if kind else ANONYMOUS

    return authenticate


CALLERS: web.AppKey[Sequence[Callers]] = web.AppKey("callers", list)
"""Every kind, whose claim is looked at first."""
ASKING: web.AppKey[list[str]] = web.AppKey("asking", list)
"""Where they are heard: the beginnings of paths. Whoever adds a page that they may ask for says so; anywhere else they
are strangers."""
SCHEMES: dict[str, Mapping[str, Any]] = {}
"""How callers of a kind say who they are, for the API's description (openapi.py): its schemes of OpenAPI by name, all
of which they show at once."""
AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
ASKED = web.RequestKey("asked", Actor)
"""The program or device that was found at the entrance."""
PROBLEM = "application/problem+json"
_BASIC = 'Basic realm="Parterre", charset="UTF-8"'
_SESSION = 'Session realm="Parterre"'  # a browser would ask for a name and a key by itself, over our own page


def say_who(kind: str, **schemes: Any) -> None:
    add(SCHEMES, kind, schemes)


def in_header(name: str, said: str) -> dict[str, Any]:
    """The scheme of OpenAPI for what is shown in a header."""
    return {"type": "apiKey", "in": "header", "name": name, "description": said}


async def caller(request: web.Request) -> Actor | web.Response:
    """The actor, with where the request comes from; or the problem to answer with."""
    if actor := request.get(ASKED):
        return _placed(request, actor)
    signed_in = await request.app[SESSIONS](request) if SESSIONS in request.app and request.cookies else None
    if signed_in is None:
        return _placed(request, ANONYMOUS)
    said = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not is_csrf(said, signed_in.csrf):
        return problem(403, "not_our_page", f"A browser's session sends the page's token in the header {CSRF_HEADER}.")
    return _placed(request, signed_in.actor)


def _placed(request: web.Request, actor: Actor) -> Actor:
    origin = origin_of(request)
    return actor if actor.origin == origin else replace(actor, origin=origin)


def origin_of(request: web.Request) -> str:
    """As the log tells where a program asks from."""
    return f"api {address_of(request)}"


def is_gone(request: web.Request) -> bool:
    """Whether the caller hung up: what breaks then is no fault of ours."""
    return request.transport is None or request.transport.is_closing()


def awaited(request: web.Request) -> None:
    """Raises HungUp where the caller did; from any thread."""
    if is_gone(request):
        raise HungUp


def problem(status: int, reason: str, title: str, **more: Any) -> web.Response:
    body = {"type": f"urn:parterre:{reason}", "title": title, "status": status, "reason": reason, **more}
    return web.Response(status=status, body=orjson.dumps(body), content_type=PROBLEM)


def is_browser(request: web.Request) -> bool:
    """Whether somebody looks at a page, or a page of theirs watches: no program that has a key asks for that."""
    said = request.headers.get("Accept", "")
    return "Authorization" not in request.headers and ("text/html" in said or "text/event-stream" in said)


def unknown_caller(request: web.Request) -> web.Response:
    said = problem(
        401, "who_are_you", "Send an operator's id and key, sign the request as a device, or sign in at /sign-in."
    )
    said.headers["WWW-Authenticate"] = _SESSION if CSRF_HEADER in request.headers else _BASIC
    return said
