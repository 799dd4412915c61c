"""The one HTTP face: commands, queries, entities, each by name, read from their declarations. No rule lives here.

POST /api/v1/commands/<name>    JSON body, header Idempotency-Key: the command's id   [?dry_run=1]
GET  /api/v1/queries/<name>     fields as query parameters
GET  /api/v1/entities/<name>    rows by id, ?after=<id>&limit=&at=<context>&<field>=<value>; or one, ?id=
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from central.kernel.actor import Actor, ActorKind
from central.kernel.door import NoEntry, reply_to
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.trouble import Unavailable
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.caller import ASKING, caller, is_gone, problem, unknown_caller
from central.web.command_body import TAKING, Faulty, Taking, too_much, unreadable
from central.web.ids import bad_ids
from central.web.openapi import document
from central.web.outage_answer import RETRY_AFTER_S, unavailable
from central.web.rows import RowPage, page, wanted
from shared.ids import Id, is_id
from shared.outcome import Outcome, Reason, Refused
from shared.runtime.log import logger
from shared.wire.codec import MOST_FAULTS, faults
from shared.wire.requests import COMMAND_ID

STATUS: dict[Reason, int] = {NoEntry.NOT_ALLOWED: 403}
_DRY_RUN = "0 or 1"
log = logger(__name__)


def routes(app: web.Application) -> None:
    app[TAKING], app[DESCRIPTION], app[UNDER_WAY] = Taking(), Description(), set()
    app.on_cleanup.append(app[TAKING].stop)
    app[ASKING] += ["/api/v1/commands/", "/api/v1/queries/", "/api/v1/entities/"]
    app.router.add_post("/api/v1/commands/{name}", command)
    app.router.add_get("/api/v1/queries/{name}", query)
    app.router.add_get("/api/v1/entities/{name}", entities)
    app.router.add_get("/api/v1/openapi.json", openapi)


@web.middleware
async def problems(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """What goes wrong below /api/v1 answers as a problem too, never as a page of the server's own."""
    try:
        return await handler(request)
    except web.HTTPError as bad:
        if not request.path.startswith("/api/v1/"):
            raise
        said = problem(bad.status, bad.reason.lower().replace(" ", "_"), f"{bad.reason}.")
        return _allowing(said, bad)
    except Unavailable:
        raise
    except Exception:
        if is_gone(request) or not request.path.startswith("/api/v1/"):
            raise
        log.exception("a request broke", method=request.method, path=request.path)
        return problem(500, "broken", "This is a fault of Parterre's; its log says more. Nothing was changed.")


def _allowing(said: web.Response, bad: web.HTTPError) -> web.Response:
    if "Allow" in bad.headers:
        said.headers["Allow"] = bad.headers["Allow"]
    return said


async def command(request: web.Request) -> web.Response:
    handler = COMMANDS.get(request.match_info["name"])
    if handler is None:
        return problem(404, "unknown_command", "There is no such command.", at=request.match_info["name"])
    actor = await caller(request)
    if isinstance(actor, web.Response):
        return actor
    body, door = await request.read(), request.app[DOOR]  # which is here already (entrance.py)
    command_id = request.headers.get(COMMAND_ID, "")
    if not is_id(command_id):
        return problem(400, "no_command_id", f"Send the command's id (26 characters) in the header {COMMAND_ID}.")
    dry_run = request.query.get("dry_run", "0")
    if dry_run not in ("0", "1"):  # anything else would be taken for one of them, and one of them sells
        return _bad_content([{"at": "dry_run", "what": _DRY_RUN}])
    if turned_away := door.turned_away(actor, handler):  # whatever they sent, nobody reads it
        return refusal(request, actor, turned_away)
    taken = await request.app[TAKING].take(actor, handler, body)
    if isinstance(taken, Refused):
        return refusal(request, actor, taken)
    want = taken.value
    if isinstance(want, Faulty):
        return _bad_content(want.faults)
    reply = await door.execute(actor, want, Id(command_id), dry_run=dry_run == "1")
    if reply.ok:
        return _said(b'{"value":' + reply.body + b"}")
    return refusal(request, actor, reply.outcome)


async def query(request: web.Request) -> web.Response:
    handler = QUERIES.get(request.match_info["name"])
    if handler is None:
        return problem(404, "unknown_query", "There is no such query.", at=request.match_info["name"])
    actor = await caller(request)
    if isinstance(actor, web.Response):
        return actor
    if turned_away := request.app[DOOR].turned_away(actor, handler):
        return refusal(request, actor, turned_away)
    try:
        want = handler.adapter.validate_strings(dict(request.query), strict=False)
    except ValidationError as bad:
        return _bad_content(faults(bad))
    if lost := unreadable(request.query):
        return _bad_content(lost)
    if found := too_much(want) or list(islice(bad_ids(want), MOST_FAULTS)):
        return _bad_content(found)
    if not handler.alone:
        return await _answer(request, actor, want)
    asked, under_way = (handler.name, actor.id), request.app[UNDER_WAY]
    if asked in under_way:
        said = problem(429, "too_many_at_once", "One of these is being answered to you: let it end.")
        said.headers["Retry-After"] = "1"
        return said
    under_way.add(asked)
    try:
        answer = await _answer(request, actor, want)
        await answer.prepare(request)
        await answer.write_eof()  # the last of it has left, or the caller has
        return answer
    finally:
        under_way.discard(asked)


async def _answer(request: web.Request, actor: Actor, want: Any) -> web.Response:
    outcome = await request.app[DOOR].ask(actor, want)
    if isinstance(outcome, Refused):
        return refusal(request, actor, outcome)
    return _said(b'{"value":' + reply_to(outcome).body + b"}")


async def entities(request: web.Request) -> web.Response:
    declaration = BY_NAME.get(request.match_info["name"])
    if declaration is None:
        return problem(404, "unknown_entity", "There is no such entity.", at=request.match_info["name"])
    actor = await caller(request)
    if isinstance(actor, web.Response):
        return actor
    if lost := unreadable(request.query):
        return _bad_content(lost)
    want = wanted(declaration, request.query)
    if isinstance(want, list):
        return _bad_content(want)
    door = request.app[DOOR]

    def look(read: Read) -> Outcome[RowPage]:
        return page(door, read, declaration, want)

    outcome: Outcome[RowPage] = await door.read(actor, look)
    if isinstance(outcome, Refused):
        return refusal(request, actor, outcome)
    said = _said(orjson.dumps({"value": outcome.value.rows, "next": outcome.value.next}))
    if outcome.value.next:
        onwards = request.rel_url.update_query(after=outcome.value.next)
        said.headers["Link"] = f'<{onwards}>; rel="next"'
    return said


async def openapi(request: web.Request) -> web.Response:
    """The description, which says nothing about anybody: who may not call may read how to."""
    kept = request.app[DESCRIPTION]
    async with kept.making:  # one thread for it, and not one of all who ask
        whole, packed, tag = kept.made if kept.made else await asyncio.to_thread(kept.make)
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=packed, content_type="application/json", headers=headers)
    return web.Response(body=whole, content_type="application/json", headers=headers)


@dataclass(slots=True)
class Description:
    """The description as it is sent: plain, packed, and its tag. Both forms are kept: a stranger may ask for either."""

    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: tuple[bytes, bytes, str] | None = None

    def make(self) -> tuple[bytes, bytes, str]:
        whole = orjson.dumps(document())
        self.made = whole, gzip.compress(whole, 9, mtime=0), f'"{sha256(whole).hexdigest()[:16]}"'
        return self.made


UNDER_WAY: web.AppKey[set[tuple[str, str]]] = web.AppKey("under_way", set)
"""Queries whose answers go one at a time, and to whom one goes."""

DESCRIPTION: web.AppKey[Description] = web.AppKey("description", Description)


def _said(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def _bad_content(found: list[dict[str, str]]) -> web.Response:
    return problem(422, "bad_content", "The content does not fit what is declared.", faults=found)


def refusal(request: web.Request, actor: Actor, outcome: Outcome[Any]) -> web.Response:
    """A refusal as RFC 9457: the reason's name, what to change, and what a screen needs to say so. Whoever did not say
    who they are is asked to, before they are told that they may not."""
    assert isinstance(outcome, Refused), "only refusals come here"
    if outcome.reason == NoEntry.NOT_ALLOWED and actor.kind is ActorKind.ANONYMOUS:
        return unknown_caller(request)
    if outcome.reason in RETRY_AFTER_S:
        return unavailable(outcome.reason)
    status = STATUS.get(outcome.reason, 409)
    title = outcome.reason.value.replace("_", " ").capitalize() + "."
    return problem(status, outcome.reason.key, title, fix=outcome.fix, detail=dict(outcome.detail))
