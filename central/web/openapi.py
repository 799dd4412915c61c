"""OpenAPI 3.1 out of the declarations: what the API takes is what the handlers declare, nothing is written twice.

pydantic gives the shapes; the marks of a declaration (an id of what, from how much to how much, which form) and the
English texts of fields are added to them. `x-needs` is the privilege, `x-reasons` why a command may be refused, `x-ref`
the entity that an id names.
"""

from typing import Any

from pydantic import TypeAdapter

from central.kernel.entity import BY_NAME, Column, Declaration, mark_of
from central.kernel.registry import COMMANDS, QUERIES, Handler
from central.kernel.values import Word
from central.kernel.work import QUEUE
from central.web.bodies import MOST_FROM_DEVICES, MOST_FROM_STRANGERS, MOST_USUALLY
from central.web.caller import PROBLEM, SCHEMES, in_header
from central.web.ids import PATTERN
from central.web.memo import once
from central.web.openapi_shapes import REF, Shapes
from central.web.rows import MOST_ROWS, OWN, ROWS, filters
from central.web.session import CSRF_HEADER
from central.web.texts import texts
from shared.ids import Id
from shared.wire.requests import COMMAND_ID, DEVICE, DIGEST, NONCE, SIGNATURE, TIME

VERSION = "1"
_AN_ID = {"type": "string", "pattern": PATTERN}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "reason"],
    "description": "What stands in the way, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string", "description": "One of the command's reasons: what was come upon first."},
        "fix": {"type": "string", "description": "The field, or the id or code of the thing, that must change."},
        "detail": {
            "type": "object",
            "description": "What a screen needs to say so: `faulty` lists its `faults`, `code_taken` has the `value` "
            "that is taken and in `by` the id of the row that has it, `in_use` says by what.",
        },
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "what"],
                "properties": {"at": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_SAID = {
    "400": "No command id, or one that is none.",
    "401": "Nobody said who they are, or they are not who they say.",
    "403": "The caller may not do this; `fix` names the privilege that is missing.",
    "408": "The body did not come in time.",
    "409": "Refused, with the reason; nothing was changed.",
    "413": "The body is too big for who asks; `detail.most` is what is read.",
    "415": "The body is compressed: send it as it is.",
    "422": "The content does not fit; every fault is listed.",
    "429": "Asked too often, or for too much at once: wait as long as Retry-After says; `detail.limit` is which limit.",
    "500": "A fault of Parterre's; nothing was changed.",
    "503": "Not now: `busy`, or the database does not serve (`disk_full`, `database_held`, `database_away`). Wait as "
    "long as Retry-After says and send the same again; a command with the same id is never done twice.",
}
_ABOUT = f"""Commands change, queries and entities read.

**Who asks.** A program sends its operator's id and key (Basic), a device signs ({DEVICE}, {TIME}, {NONCE},
{DIGEST}, {SIGNATURE}), a browser that is signed in sends its cookie and, to change something, the page's token in
{CSRF_HEADER}.

**Once only.** A command carries its id, made by the sender, in {COMMAND_ID}; sent again it gives the same answer.

**Limits.** A body has at most {MOST_USUALLY >> 20} MiB (a plan more), {MOST_FROM_DEVICES >> 10} KiB from a device and
{MOST_FROM_STRANGERS >> 10} KiB from a caller who is not known, and comes uncompressed; an answer holds at most
{MOST_ROWS} rows. Who asks more often than the house allows gets 429 `too_many_requests`, who has as many requests
under way 429 `too_many_at_once`; when {QUEUE:,} commands wait, the next is answered 503 `busy`; all with Retry-After.
Keys are too long to guess; sign-in is slowed down."""


@once
def document() -> dict[str, Any]:
    """The whole API. Call it once every area is imported."""
    shapes = Shapes()
    paths: dict[str, Any] = {}
    for name, handler in sorted(COMMANDS.items()):
        paths[f"/api/v1/commands/{name}"] = {"post": _command(handler, shapes)}
    for name, handler in sorted(QUERIES.items()):
        paths[f"/api/v1/queries/{name}"] = {"get": _query(handler, shapes)}
    for name, declaration in sorted(BY_NAME.items()):
        paths[f"/api/v1/entities/{name}"] = {"get": _entity(declaration, shapes)}
    schemes = (_SESSION, *SCHEMES.values())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parterre", "version": VERSION, "description": _ABOUT},
        "paths": {**paths, **_OTHERS},
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA, **shapes.components},
            "responses": {f"S{status}": _refused(said) for status, said in _SAID.items()},
            "securitySchemes": {name: said for each in schemes for name, said in each.items()},
        },
        "security": [{name: [] for name in each} for each in schemes],
    }


_SESSION = {"session": in_header(CSRF_HEADER, "With the session's cookie: the token of a page that is signed in.")}


# --- operations ------------------------------------------------------------------------------------------------------


def _command(handler: Handler, shapes: Shapes) -> dict[str, Any]:
    known = tuple(each.key for each in handler.reasons)
    return {
        **_head(handler.name, "commands", texts("en").do(handler.name), handler.doc, handler.needs),
        "x-reasons": list(known),
        "parameters": [
            {
                "name": COMMAND_ID,
                "in": "header",
                "required": True,
                "description": "The command's id, made by the sender: sending it again gives the same answer.",
                "schema": _AN_ID,
            },
            {
                "name": "dry_run",
                "in": "query",
                "description": "1: everything is done and undone again, and the answer is what it would be.",
                "schema": {"type": "string", "enum": ["0", "1"], "default": "0"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": shapes.of(handler.kind, "validation")}},
        },
        "responses": _responses(
            _value(handler, shapes), {"400", "401", "403", "409", "413", "422", "500", "503"}, known
        ),
    }


def _query(handler: Handler, shapes: Shapes) -> dict[str, Any]:
    schema = shapes.own(handler.kind, "validation")
    required = set(schema.get("required", ()))
    return {
        **_head(handler.name, "queries", handler.name.replace("_", " ").capitalize(), handler.doc, handler.needs),
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": field}
            for name, field in schema.get("properties", {}).items()
        ],
        "responses": _responses(
            _value(handler, shapes), {"401", "403", "409", "422", "500"}, tuple(each.key for each in handler.reasons)
        ),
    }


def _entity(declaration: Declaration, shapes: Shapes) -> dict[str, Any]:
    rows = {"type": "array", "maxItems": MOST_ROWS, "items": shapes.of(declaration.kind, "serialization")}
    answer = {
        "type": "object",
        "required": ["value", "next"],
        "additionalProperties": False,
        "properties": {
            "value": rows,
            "next": {"anyOf": [_AN_ID, {"type": "null"}], "description": "Ask for `after` this; null: that was all."},
        },
    }
    said = _responses({}, {"401", "403", "422", "500"}, ())
    link = {"description": 'The next page, rel="next".', "schema": {"type": "string"}}
    said["200"] = {"description": "Rows, by id.", "headers": {"Link": link}, **_json(answer)}
    doc = " ".join((declaration.kind.__doc__ or "").split())
    return {
        **_head(f"entities_{declaration.name}", "entities", texts("en").entities(declaration.name), doc,
                declaration.read),
        "parameters": [
            _asked("id", _AN_ID, "This row alone."),
            _asked("after", {"anyOf": [_AN_ID, {"const": ""}]}, "The page after this id."),
            _asked("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": ROWS}, "Rows a page."),
            _asked("at", {**_AN_ID, "x-ref": "context"}, "Rows of this context and of what lies below it."),
            *(_asked(each.name, _filter(each), f"Rows whose {each.name} is this.") for each in filters(declaration)),
        ],
        "responses": said,
    }  # fmt: skip


def _filter(column: Column) -> dict[str, Any]:
    schema: dict[str, Any] = TypeAdapter(column.hint).json_schema()
    if column.hint is Id:
        schema["pattern"] = PATTERN
    if column.shown_as:
        schema["x-ref"] = column.shown_as
    if word := mark_of(column.marks, Word):
        schema["enum"] = list(word.words())
    schema.pop("title", None), schema.pop("description", None)
    return {"anyOf": [schema, {"const": "", "description": "Rows that have none."}]} if column.nullable else schema


def _asked(name: str, schema: dict[str, Any], said: str) -> dict[str, Any]:
    assert name in OWN or said, name
    return {"name": name, "in": "query", "description": said, "schema": schema}


def _head(operation: str, tag: str, summary: str, doc: str, needs: str | None) -> dict[str, Any]:
    head: dict[str, Any] = {"operationId": operation, "tags": [tag], "summary": summary, "description": doc}
    if needs is None:
        return {**head, "security": [{}]}
    return {**head, "x-needs": str(needs)}


def _value(handler: Handler, shapes: Shapes) -> dict[str, Any]:
    value = {} if handler.gives is None else shapes.of((handler.kind, "gives"), "serialization")
    return {"type": "object", "required": ["value"], "additionalProperties": False, "properties": {"value": value}}


def _responses(answer: dict[str, Any], statuses: set[str], known: tuple[str, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {
        status: {"$ref": f"#/components/responses/S{status}"} for status in _SAID if status in statuses
    }
    if known:
        said["409"] = _refused(f"Refused: {', '.join(known)}. Nothing was changed.")
    return {"200": {"description": "Done.", **_json(answer)}, **said}


def _refused(said: str) -> dict[str, Any]:
    return {"description": said, "content": {PROBLEM: {"schema": {"$ref": REF.format(model="Problem")}}}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


_OTHERS: dict[str, Any] = {
    "/api/v1/openapi.json": {
        "get": {
            "operationId": "openapi",
            "tags": ["description"],
            "summary": "This description",
            "security": [{}],
            "responses": {"200": {"description": "OpenAPI 3.1.", **_json({"type": "object"})}},
        }
    },
    "/api/v1/snapshots/{name}": {
        "get": {
            "operationId": "snapshot_file",
            "tags": ["files"],
            "summary": "A snapshot's file, by the name in its manifest",
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": "SQLite.", "content": {"application/vnd.sqlite3": {}}},
                "401": {"$ref": "#/components/responses/S401"},
                "404": _refused("There is no such file for you."),
            },
        }
    },
}
