"""OpenAPI 3.1 out of the declarations: what the API takes is what the handlers declare, nothing is written twice.

pydantic gives the shapes; the marks of a declaration (an id of what, from how much to how much, which form) and the
English texts of fields are added to them. `x-needs` is the privilege, `x-reasons` why a command may be refused, `x-ref`
the entity that an id names.
"""

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from central.kernel.crud import CONFIGURED
from central.kernel.entity import BY_NAME, ENTITIES, Between, Column, Declaration, Link, Look, Ref, item_marks, stripped
from central.kernel.registry import COMMANDS, QUERIES, Handler
from central.kernel.values import MOST_LINE, MOST_PICTURE, MOST_TEXT, TAG
from central.kernel.work import QUEUE
from central.web.bodies import MOST_FROM_DEVICES, MOST_FROM_STRANGERS, MOST_USUALLY
from central.web.caller import PROBLEM
from central.web.ids import PATTERN, is_ids
from central.web.once import once
from central.web.rows import MOST_ROWS, OWN, ROWS, filters
from central.web.session import CSRF_HEADER
from central.web.texts import texts
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.money import MOST_MONEY
from shared.wire.requests import COMMAND_ID, DEVICE, DIGEST, NONCE, SIGNATURE, TIME

VERSION = "1"
_REF = "#/components/schemas/{model}"
_AN_ID = {"type": "string", "pattern": PATTERN}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "reason"],
    "description": "What stands in the way, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string", "description": "One of the command's reasons; the first that applies."},
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
_LOOKS: dict[Look, dict[str, Any]] = {
    Look.COLOUR: {"pattern": "^#[0-9A-Fa-f]{6}$", "description": "A colour, #rrggbb."},
    Look.TIMEZONE: {"description": "An IANA time zone.", "examples": ["Europe/Paris"]},
    Look.EMAIL: {"format": "email"},
    Look.CURRENCY: {"pattern": "^[A-Z]{3}$", "description": "ISO 4217."},
    Look.MONEY: {"minimum": 0, "maximum": MOST_MONEY, "description": "Whole minor units (cents)."},
    Look.PERCENT: {"minimum": 0, "description": "Basis points: 550 is 5.5 %."},
    Look.SECONDS: {"minimum": 0, "description": "Seconds."},
    Look.PICTURE: {"description": "A data: address of a PNG, JPEG or WebP picture; empty: none."},
    Look.URL: {"format": "uri", "description": "https, or http to this machine."},
    Look.LANGUAGE: {"enum": list(LANGUAGES)},
    Look.CODE: {"examples": ["X1"]},
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
    shapes = _Shapes()
    paths: dict[str, Any] = {}
    for name, handler in sorted(COMMANDS.items()):
        paths[f"/api/v1/commands/{name}"] = {"post": _command(handler, shapes)}
    for name, handler in sorted(QUERIES.items()):
        paths[f"/api/v1/queries/{name}"] = {"get": _query(handler, shapes)}
    for name, declaration in sorted(BY_NAME.items()):
        paths[f"/api/v1/entities/{name}"] = {"get": _entity(declaration, shapes)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parterre", "version": VERSION, "description": _ABOUT},
        "paths": {**paths, **_OTHERS},
        "components": {
            "schemas": {"Problem": _PROBLEM_SCHEMA, **shapes.components},
            "responses": {f"S{status}": _refused(said) for status, said in _SAID.items()},
            "securitySchemes": _SECURITY,
        },
        "security": [{"operator": []}, {"session": []}, {key: [] for key in _DEVICE}],
    }


_DEVICE = ("device", "device_time", "device_nonce", "device_digest", "device_signature")


def _header_key(name: str, said: str) -> dict[str, Any]:
    return {"type": "apiKey", "in": "header", "name": name, "description": said}


_SECURITY = {
    "operator": {"type": "http", "scheme": "basic", "description": "An operator's id and its key."},
    "session": _header_key(CSRF_HEADER, "With the session's cookie: the token of a page that is signed in."),
    "device": _header_key(DEVICE, "A device's id."),
    "device_time": _header_key(TIME, "When it was signed, ISO 8601 with offset: within ten minutes of central's time."),
    "device_nonce": _header_key(NONCE, "Up to 64 characters that this device never used before."),
    "device_digest": _header_key(DIGEST, "sha-256 of the body, also of none (RFC 9530)."),
    "device_signature": _header_key(SIGNATURE, "Ed25519, base64: docs/interfaces.md."),
}


# --- shapes ----------------------------------------------------------------------------------------------------------


class _Shapes:
    """Every type's schema, generated together: two types of one name get two names."""

    def __init__(self) -> None:
        wanted: list[tuple[Any, Any, TypeAdapter[Any]]] = []
        for handler in (*COMMANDS.values(), *QUERIES.values()):
            wanted.append((handler.kind, "validation", handler.adapter))
            if handler.gives is not None:
                wanted.append(((handler.kind, "gives"), "serialization", TypeAdapter(handler.gives)))
        wanted += [(each.kind, "serialization", TypeAdapter(each.kind)) for each in BY_NAME.values()]
        self._schemas, said = TypeAdapter.json_schemas(wanted, ref_template=_REF)
        self.components: dict[str, Any] = dict(said.get("$defs", {}))
        for handler in (*COMMANDS.values(), *QUERIES.values()):
            self._mark_fields(self.own(handler.kind, "validation"), handler.hints, handler.on)
            if handler.on in CONFIGURED and (fields := self._fields_of(handler)):
                self._mark_fields(fields, get_type_hints(CONFIGURED[handler.on].declaration.kind, include_extras=True),
                                  handler.on)  # fmt: skip
        for name, kind in sorted(_parts_of(self._kinds(), {}).items()):
            for each in (name, f"{name}-Input", f"{name}-Output"):
                self._mark_fields(self.components.get(each, {}), get_type_hints(kind, include_extras=True), None)
        for declaration in BY_NAME.values():
            self._rows(declaration)

    @staticmethod
    def _kinds() -> list[Any]:
        handlers = (*COMMANDS.values(), *QUERIES.values())
        return [hint for handler in handlers for hint in (*handler.hints.values(), handler.gives)]

    def of(self, key: Any, mode: Any) -> dict[str, Any]:
        return self._schemas[(key, mode)]

    def own(self, key: Any, mode: Any) -> dict[str, Any]:
        """The schema itself, where `of` gives a reference to it."""
        schema = self.of(key, mode)
        named = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self.components[named] if named else schema
        return found

    def _fields_of(self, handler: Handler) -> dict[str, Any] | None:
        """The `set` of a generated change."""
        if get_args(handler.hints.get("set")) or "set" not in handler.hints or "seen" not in handler.hints:
            return None
        named = self.own(handler.kind, "validation")["properties"]["set"].get("$ref", "").rpartition("/")[2]
        return self.components.get(named)

    def _mark_fields(self, schema: dict[str, Any], hints: dict[str, Any], entity: str | None) -> None:
        for name, field in schema.get("properties", {}).items():
            if name in hints:
                bare, _, marks = stripped(hints[name])
                _mark(field, bare, (*marks, *item_marks(bare)), taken_in=True)
                _word(field, entity or "", name)

    def _rows(self, declaration: Declaration) -> None:
        """A row as it is shown: without secrets, and nothing beside what is declared."""
        schema = self.own(declaration.kind, "serialization")
        shown = [column for column in declaration.columns if not column.unlisted]
        schema["properties"] = {column.name: schema["properties"][column.name] for column in shown}
        schema["required"] = [column.name for column in shown]
        schema["additionalProperties"] = False
        for column in shown:
            field = schema["properties"][column.name]
            _mark(field, column.hint, (*column.marks, *item_marks(column.hint)), taken_in=False)
            _word(field, declaration.name, column.name)


def _parts_of(hints: Iterable[Any], found: dict[str, type[Any]]) -> dict[str, type[Any]]:
    """The dataclasses that lie within fields and answers, by their names."""
    for hint in hints:
        bare = stripped(hint)[0]
        if isinstance(bare, type) and is_dataclass(bare) and bare.__name__ not in found and bare not in ENTITIES:
            found[bare.__name__] = bare
            _parts_of(get_type_hints(bare, include_extras=True).values(), found)
        elif get_args(bare):
            _parts_of(get_args(bare), found)
    return found


def _mark(field: dict[str, Any], bare: Any, marks: tuple[Any, ...], *, taken_in: bool) -> None:
    """Puts into a field's schema what its declaration says beyond its type; limits only where something is taken in,
    since what stands in the database may be older than they are."""
    arm = next((each for each in field.get("anyOf", ()) if each.get("type") != "null"), field)
    if bare is Id:
        arm["pattern"] = PATTERN
    elif is_ids(bare):
        arm.setdefault("items", {})["pattern"] = PATTERN
    for mark in marks:
        if isinstance(mark, Ref | Link):
            field["x-ref"] = mark.table
        elif isinstance(mark, Look):
            said = _LOOKS.get(mark, {})
            arm |= {key: value for key, value in said.items() if taken_in or key in ("format", "description")}
            if "pattern" in arm and field.get("default") == "":
                arm["pattern"] = f"^$|{arm['pattern']}"
        elif isinstance(mark, Between) and taken_in:
            arm |= _limits(arm.get("type", ""), mark)
    if taken_in and arm.get("type") == "string" and not {"enum", "format", "maxLength", "pattern"} & arm.keys():
        arm["maxLength"] = MOST_TEXT if Look.LINES in marks else MOST_PICTURE if Look.PICTURE in marks else MOST_LINE
    if Look.NAMES in marks and taken_in and arm.get("type") == "object":
        arm |= {"propertyNames": {"pattern": f"^{TAG}$"}, "minProperties": 1}
        arm["additionalProperties"] = {"type": "string", "maxLength": MOST_LINE}


def _limits(kind: str, mark: Between) -> dict[str, Any]:
    least, most = {
        "string": ("minLength", "maxLength"), "array": ("minItems", "maxItems"),
        "object": ("minProperties", "maxProperties"),
    }.get(kind, ("minimum", "maximum"))  # fmt: skip
    return {name: value for name, value in ((least, mark.least), (most, mark.most)) if value is not None}


def _word(field: dict[str, Any], entity: str, name: str) -> None:
    """The English name and help, as the screens say them."""
    english = texts("en")
    field["title"] = english.field(entity, name)
    if help_ := english.help(entity, name):
        field.setdefault("description", help_)


# --- operations ------------------------------------------------------------------------------------------------------


def _command(handler: Handler, shapes: _Shapes) -> dict[str, Any]:
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


def _query(handler: Handler, shapes: _Shapes) -> dict[str, Any]:
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


def _entity(declaration: Declaration, shapes: _Shapes) -> dict[str, Any]:
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


def _value(handler: Handler, shapes: _Shapes) -> dict[str, Any]:
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
    return {"description": said, "content": {PROBLEM: {"schema": {"$ref": _REF.format(model="Problem")}}}}


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
