"""Who calls the API: a program by its key, a device by its signature, a signed-in browser by its session and token, or
nobody. What may be wrong with that is said as a problem (RFC 9457), like everything below /api/v1."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from central.kernel.tx import Actor, ActorKind
from central.web.origin import address_of
from central.web.session import CSRF_HEADER, SAFE, SESSIONS, is_csrf
from shared.wire.requests import DEVICE

Authenticate = Callable[[web.Request, bytes], Awaitable[Actor | web.Response | None]]
"""Who signed this request, or holds its key; None: not who it says; an answer says what is wrong with it. The body is
what a device's signature covers."""

AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
MOST_BYTES = 64 * 1024 * 1024  # a plan file of 80,000 places is 21 MB, and JSON escapes its quotes once more
MOST_FROM_STRANGERS = 64 * 1024
PROBLEM = "application/problem+json"
_BASIC = 'Basic realm="Parterre", charset="UTF-8"'
_SESSION = 'Session realm="Parterre"'  # a browser would ask for a name and a key by itself, over our own page


async def caller(request: web.Request, body: bytes = b"") -> Actor | web.Response:
    """The actor, with where the request comes from; or the problem to answer with."""
    authenticate = request.app[AUTHENTICATE]
    if DEVICE in request.headers or "Authorization" in request.headers:
        return _placed(request, await authenticate(request, body))
    signed_in = await request.app[SESSIONS](request) if SESSIONS in request.app and request.cookies else None
    if signed_in is None:
        return _placed(request, await authenticate(request, body))
    said = request.headers.get(CSRF_HEADER, "")
    if request.method not in SAFE and not is_csrf(said, signed_in.csrf):
        return problem(403, "not_our_page", f"A browser's session sends the page's token in the header {CSRF_HEADER}.")
    return _placed(request, signed_in.actor)


async def caller_with_body(request: web.Request) -> tuple[Actor, bytes] | web.Response:
    """Who is known may send a stadium's plan; a stranger cannot make central hold megabytes."""
    if DEVICE in request.headers:  # its signature covers the body, which has to be here first
        body = await request.read()
        actor = await caller(request, body)
    else:
        actor = await caller(request)
        if isinstance(actor, web.Response):
            return actor
        stranger = actor.kind is ActorKind.ANONYMOUS
        body = await (request.clone(client_max_size=MOST_FROM_STRANGERS) if stranger else request).read()
    return actor if isinstance(actor, web.Response) else (actor, body)


def _placed(request: web.Request, found: Actor | web.Response | None) -> Actor | web.Response:
    return replace(found, origin=f"api {address_of(request)}") if isinstance(found, Actor) else _refused(request, found)


def _refused(request: web.Request, answer: web.Response | None) -> web.Response:
    return unknown_caller(request) if answer is None else answer


def problem(status: int, reason: str, title: str, **more: Any) -> web.Response:
    body = {"type": f"urn:parterre:{reason}", "title": title, "status": status, "reason": reason, **more}
    return web.Response(status=status, body=orjson.dumps(body), content_type=PROBLEM)


def unknown_caller(request: web.Request) -> web.Response:
    said = problem(
        401, "who_are_you", "Send an operator's id and key, sign the request as a device, or sign in at /sign-in."
    )
    said.headers["WWW-Authenticate"] = _SESSION if CSRF_HEADER in request.headers else _BASIC
    return said
