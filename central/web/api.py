"""The one HTTP face: commands, queries, entities, each by name, read from their declarations. No rule lives here.

POST /api/v1/commands/<name>    JSON body, header Idempotency-Key: the command's id   [?dry_run=1]
GET  /api/v1/queries/<name>     fields as query parameters
GET  /api/v1/entities/<name>    rows by id, ?after=<id>&limit=; or one, ?id=
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from central.kernel.db import in_list
from central.kernel.door import Door, NoEntry, reply_to
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Actor, Read
from central.web.openapi import document
from shared.ids import Id, is_id
from shared.outcome import Ok, Outcome, Refused
from shared.runtime.log import logger
from shared.wire.codec import faults
from shared.wire.requests import COMMAND_ID, DEVICE

Authenticate = Callable[[web.Request, bytes], Awaitable[Actor | None]]

DOOR = web.AppKey("door", Door)
AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
MOST_BYTES = 64 * 1024 * 1024  # a plan file of 80,000 places is 21 MB, and JSON escapes its quotes once more
MOST_FROM_STRANGERS = 64 * 1024
MOST_ROWS = 500
STATUS: dict[str, int] = {NoEntry.BUSY: 503, NoEntry.NOT_ALLOWED: 403}
_PROBLEM = "application/problem+json"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # the one character that no database takes in a text
_NO_NUL = {"at": "body", "what": "holds the character U+0000"}
log = logger(__name__)


def routes(app: web.Application) -> None:
    app.router.add_post("/api/v1/commands/{name}", command)
    app.router.add_get("/api/v1/queries/{name}", query)
    app.router.add_get("/api/v1/entities/{name}", entities)
    app.router.add_get("/api/v1/openapi.json", openapi)
    app.middlewares.append(problems)


@web.middleware
async def problems(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """What goes wrong below /api answers as a problem too, never as a page of the server's own."""
    try:
        return await handler(request)
    except web.HTTPError as bad:
        if not request.path.startswith("/api/"):
            raise
        said = problem(bad.status, bad.reason.lower().replace(" ", "_"), f"{bad.reason}.")
        return _allowing(said, bad)
    except Exception:
        if not request.path.startswith("/api/"):
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
    known = "Authorization" in request.headers or DEVICE in request.headers
    body = await (request if known else request.clone(client_max_size=MOST_FROM_STRANGERS)).read()
    actor = await request.app[AUTHENTICATE](request, body)
    if actor is None:
        return unknown_caller()
    command_id = request.headers.get(COMMAND_ID, "")
    if not is_id(command_id):
        return problem(400, "no_command_id", f"Send the command's id (26 characters) in the header {COMMAND_ID}.")
    dry_run = request.query.get("dry_run", "0")
    if dry_run not in ("0", "1"):  # anything else would be taken for one of them, and one of them sells
        return _bad_content([{"at": "dry_run", "what": "0 or 1"}])
    try:
        wanted = handler.adapter.validate_json(body)
    except ValidationError as bad:
        return _bad_content(faults(bad))
    if _NUL.search(body):
        return _bad_content([_NO_NUL])
    reply = await request.app[DOOR].execute(actor, wanted, Id(command_id), dry_run=dry_run == "1")
    if reply.ok:
        return web.Response(body=b'{"value":' + reply.body + b"}", content_type="application/json")
    return refusal(reply.outcome)


async def query(request: web.Request) -> web.Response:
    handler = QUERIES.get(request.match_info["name"])
    if handler is None:
        return problem(404, "unknown_query", "There is no such query.", at=request.match_info["name"])
    actor = await request.app[AUTHENTICATE](request, b"")
    if actor is None:
        return unknown_caller()
    try:
        wanted = handler.adapter.validate_strings(dict(request.query), strict=False)
    except ValidationError as bad:
        return _bad_content(faults(bad))
    if any("\0" in value for value in request.query.values()):
        return _bad_content([_NO_NUL])
    return _answer(await request.app[DOOR].ask(actor, wanted))


async def entities(request: web.Request) -> web.Response:
    declaration = BY_NAME.get(request.match_info["name"])
    if declaration is None:
        return problem(404, "unknown_entity", "There is no such entity.", at=request.match_info["name"])
    actor = await request.app[AUTHENTICATE](request, b"")
    if actor is None:
        return unknown_caller()
    limit = request.query.get("limit", "100")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= MOST_ROWS:
        return _bad_content([{"at": "limit", "what": f"a whole number from 1 to {MOST_ROWS}"}])
    wanted, after = request.query.get("id"), request.query.get("after", "")
    if not (wanted is None or is_id(wanted)) or not (after == "" or is_id(after)):
        return _bad_content([{"at": "id" if after == "" else "after", "what": "an id of 26 characters"}])
    door = request.app[DOOR]

    def look(read: Read) -> Outcome[list[dict[str, Any]]]:
        places = door.places(read, declaration)
        if places is not None and not places:
            return Refused(NoEntry.NOT_ALLOWED, fix=declaration.read)
        narrowed, params = ("", {}) if places is None else in_list("place", places)
        inside = f" AND {'id' if declaration.name == 'context' else 'context_id'} IN {narrowed}" if narrowed else ""
        if wanted:
            found = read.find(declaration.kind, f"WHERE id = :id{inside}", id=wanted, **params)
        else:
            where = f"WHERE id > :after{inside} ORDER BY id LIMIT :n"
            found = read.find(declaration.kind, where, after=after, n=int(limit), **params)
        return Ok([declaration.public(each) for each in found])

    return _answer(await door.read(actor, look))


async def openapi(_: web.Request) -> web.Response:
    return web.Response(body=orjson.dumps(document()), content_type="application/json")


def _bad_content(found: list[dict[str, str]]) -> web.Response:
    return problem(422, "bad_content", "The content does not fit what is declared.", faults=found)


def _answer(outcome: Outcome[Any]) -> web.Response:
    reply = reply_to(outcome)
    if reply.ok:
        return web.Response(body=b'{"value":' + reply.body + b"}", content_type="application/json")
    return refusal(outcome)


def refusal(outcome: Outcome[Any]) -> web.Response:
    """A refusal as RFC 9457: the reason's name, what to change, and what a screen needs to say so."""
    assert isinstance(outcome, Refused), "only refusals come here"
    status = STATUS.get(outcome.reason, 409)
    title = outcome.reason.replace("_", " ").capitalize() + "."
    return problem(status, outcome.reason, title, fix=outcome.fix, detail=dict(outcome.detail))


def problem(status: int, reason: str, title: str, **more: Any) -> web.Response:
    body = {"type": f"urn:parterre:{reason}", "title": title, "status": status, "reason": reason, **more}
    return web.Response(status=status, body=orjson.dumps(body), content_type=_PROBLEM)


def unknown_caller() -> web.Response:
    return problem(401, "who_are_you", "Sign the request as a device, or send an operator's id and key.")
