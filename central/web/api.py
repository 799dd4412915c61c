"""The one HTTP face: commands, queries, entities, each by name, read from their declarations. No rule lives here.

POST /api/v1/commands/<name>    JSON body, header Idempotency-Key: the command's id   [?dry_run=1]
GET  /api/v1/queries/<name>     fields as query parameters
GET  /api/v1/entities/<name>    rows by id, ?after=<id>&limit=; or one, ?id=
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from central.kernel.door import Door, NoEntry, reply_to
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES
from central.kernel.tx import Actor, Read
from central.web.openapi import document
from shared.ids import Id, is_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.codec import faults
from shared.wire.requests import COMMAND_ID

Authenticate = Callable[[web.Request, bytes], Awaitable[Actor | None]]

DOOR = web.AppKey("door", Door)
AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
MOST_BYTES = 16 * 1024 * 1024  # a plan file of 80,000 places fits
MOST_ROWS = 500
STATUS: dict[str, int] = {NoEntry.BUSY: 503, NoEntry.NOT_ALLOWED: 403}
_PROBLEM = "application/problem+json"


def routes(app: web.Application) -> None:
    app.router.add_post("/api/v1/commands/{name}", command)
    app.router.add_get("/api/v1/queries/{name}", query)
    app.router.add_get("/api/v1/entities/{name}", entities)
    app.router.add_get("/api/v1/openapi.json", openapi)


async def command(request: web.Request) -> web.Response:
    handler = COMMANDS.get(request.match_info["name"])
    if handler is None:
        return problem(404, "unknown_command", "There is no such command.", at=request.match_info["name"])
    body = await request.read()
    actor = await request.app[AUTHENTICATE](request, body)
    if actor is None:
        return _unknown_caller()
    command_id = request.headers.get(COMMAND_ID, "")
    if not is_id(command_id):
        return problem(400, "no_command_id", f"Send the command's id (26 characters) in the header {COMMAND_ID}.")
    try:
        wanted = handler.adapter.validate_json(body)
    except ValidationError as bad:
        return problem(422, "bad_content", "The content does not fit the command.", faults=faults(bad))
    dry_run = request.query.get("dry_run") == "1"
    reply = await request.app[DOOR].execute(actor, wanted, Id(command_id), dry_run=dry_run)
    if reply.ok:
        return web.Response(body=b'{"value":' + reply.body + b"}", content_type="application/json")
    return refusal(reply.outcome)


async def query(request: web.Request) -> web.Response:
    handler = QUERIES.get(request.match_info["name"])
    if handler is None:
        return problem(404, "unknown_query", "There is no such query.", at=request.match_info["name"])
    actor = await request.app[AUTHENTICATE](request, b"")
    if actor is None:
        return _unknown_caller()
    try:
        wanted = handler.adapter.validate_strings(dict(request.query), strict=False)
    except ValidationError as bad:
        return problem(422, "bad_content", "The parameters do not fit the query.", faults=faults(bad))
    return _answer(await request.app[DOOR].ask(actor, wanted))


async def entities(request: web.Request) -> web.Response:
    declaration = BY_NAME.get(request.match_info["name"])
    if declaration is None:
        return problem(404, "unknown_entity", "There is no such entity.", at=request.match_info["name"])
    actor = await request.app[AUTHENTICATE](request, b"")
    if actor is None:
        return _unknown_caller()
    if not any(privilege == declaration.read for privilege, _ in actor.grants):
        return refusal(Refused(NoEntry.NOT_ALLOWED, fix=declaration.read))
    try:
        limit = max(1, min(int(request.query.get("limit", "100")), MOST_ROWS))
    except ValueError:
        return problem(422, "bad_content", "limit is a whole number.", faults=[{"at": "limit", "what": "a number"}])

    def look(read: Read) -> list[dict[str, Any]]:
        if wanted := request.query.get("id"):
            found = read.find(declaration.kind, "WHERE id = :id", id=wanted)
        else:
            after = request.query.get("after", "")
            found = read.find(declaration.kind, "WHERE id > :after ORDER BY id LIMIT :n", after=after, n=limit)
        return [declaration.public(each) for each in found]

    return _answer(Ok(await request.app[DOOR].read(actor, look)))


async def openapi(_: web.Request) -> web.Response:
    return web.Response(body=orjson.dumps(document()), content_type="application/json")


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


def _unknown_caller() -> web.Response:
    return problem(401, "who_are_you", "Sign the request as a device, or send an operator's id and key.")
