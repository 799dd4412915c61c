"""The API to read and to try: `/api` lists every operation, each has a page with its fields, answers and reasons, and a
form that sends it with the session of who is signed in. A command runs dry unless one says otherwise.

Drawn here, out of the same description that `/api/v1/openapi.json` is; the browser only sends what is on the page.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from markupsafe import Markup, escape

from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES, Handler
from central.kernel.tx import Read
from central.web.frame import FRAME
from central.web.ids import PATTERN
from central.web.openapi import document
from central.web.rows import RowFilter, page
from central.web.session import SignedIn
from central.web.texts import Texts
from shared.ids import Id
from shared.outcome import Ok
from shared.runtime.system import SystemClock, fresh_id

KINDS = {"commands": "post", "queries": "get", "entities": "get"}
SOME_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
MOST_LOOKED_UP = 12
DEEP = 4


def api_pages(app: web.Application) -> None:
    app.router.add_get("/api", contents)
    app.router.add_get(f"/api/{{kind:{'|'.join(KINDS)}}}/{{name}}", operation)


@dataclass(frozen=True, slots=True)
class OperationLine:
    """An operation in the list: `find` is what the filter looks through, in lower case."""

    name: str
    said: str
    module: str
    find: str


@dataclass(frozen=True, slots=True)
class FieldLine:
    name: str
    type: str
    needed: bool
    said: str
    ref: str
    choices: tuple[str, ...]
    sent: str  # what the form proposes


async def contents(request: web.Request) -> web.Response:
    frame = request.app[FRAME]
    t = frame.texts(request, await frame.known(request))
    await asyncio.to_thread(document)  # the first time takes a second
    groups = [(kind, [_line(kind, name, said, t) for name, said in _operations(kind).items()]) for kind in KINDS]
    return await frame.page(request, "api.html", title="API", groups=groups, here="/api")


async def operation(request: web.Request) -> web.Response:
    frame = request.app[FRAME]
    kind, name = request.match_info["kind"], request.match_info["name"]
    said = (await asyncio.to_thread(_operations, kind)).get(name)
    if said is None:
        raise web.HTTPNotFound
    me = await frame.known(request)
    t = frame.texts(request, me)
    ids = await _known_ids(frame.door, me, said)
    body, handler = _body(said), _handler(kind, name)
    example: Any = example_of(body, ids) if body else None
    if handler and handler.makes and "id" in example:
        example["id"] = fresh_id(SystemClock())
    return await frame.page(
        request, "api_operation.html", title=name, here="/api", kind=kind, name=name, said=said,
        line=_line(kind, name, said, t), method=KINDS[kind].upper(), path=f"/api/v1/{kind}/{name}",
        parameters=[] if body else [_parameter(each, ids) for each in said["parameters"]],
        fields=_fields(body, t, (handler and handler.on) or "") if body else [],
        doc=_with_code(said.get("description", "")),
        rows=_fields(_row_schema(said), t, name) if kind == "entities" else [],
        example=_pretty(example) if body else "", schema=_pretty(_expanded(body or _answer(said))),
        reasons=handler.reasons if handler else (), needs=said.get("x-needs", ""),
        open_to_all=said.get("security") == [{}], address=request.url.origin(),
    )  # fmt: skip


@cache
def _operations(kind: str) -> dict[str, Any]:
    """By name, in alphabetical order."""
    prefix = f"/api/v1/{kind}/"
    paths: dict[str, Any] = document()["paths"]
    return {path.removeprefix(prefix): said[KINDS[kind]] for path, said in paths.items() if path.startswith(prefix)}


def _line(kind: str, name: str, said: Mapping[str, Any], t: Texts) -> OperationLine:
    words = t.do(name) if kind == "commands" else t.entities(name) if kind == "entities" else said["summary"]
    module = str(said.get("x-needs", "")).partition(".")[0]
    return OperationLine(name, words, module, f"{name} {words} {said.get('x-needs', '')}".lower())


def _with_code(doc: str) -> Markup:
    """What stands between backticks, as code."""
    parts = [
        escape(part) if n % 2 == 0 else Markup("<code>{}</code>").format(part) for n, part in enumerate(doc.split("`"))
    ]
    return Markup("").join(parts)


def _handler(kind: str, name: str) -> Handler | None:
    return {"commands": COMMANDS, "queries": QUERIES}.get(kind, {}).get(name)


# --- schemas ---------------------------------------------------------------------------------------------------------


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the reference, and without what says that it may be empty."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    return (
        {**_resolved(arms[0]), **{key: schema[key] for key in schema if key != "anyOf"}} if len(arms) == 1 else schema
    )


def _body(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    body = said.get("requestBody")
    return _resolved(body["content"]["application/json"]["schema"]) if body else None


def _answer(said: Mapping[str, Any]) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = said["responses"]["200"]["content"]["application/json"]["schema"]
    return answer


def _row_schema(said: Mapping[str, Any]) -> Mapping[str, Any]:
    return _resolved(_answer(said)["properties"]["value"]["items"])


def _expanded(schema: Any, deep: int = 0) -> Any:
    """With what it refers to in place, as far as anybody wants to read."""
    if isinstance(schema, Mapping):
        if "$ref" in schema and deep < DEEP:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            return _expanded({**_resolved({"$ref": schema["$ref"]}), **beside}, deep + 1)
        return {key: _expanded(value, deep) for key, value in schema.items()}
    return [_expanded(each, deep) for each in schema] if isinstance(schema, list) else schema


def type_of(schema: Mapping[str, Any]) -> str:
    """`string`, `id`, `integer`, `list of …`, a named shape: for people."""
    if "const" in schema:
        return "string"
    named = str(schema.get("$ref", "")).rpartition("/")[2]
    schema = _resolved(schema)
    if schema.get("type") == "array":
        return f"[{type_of(schema.get('items', {}))}]"
    if schema.get("pattern") == PATTERN:
        return "id"
    return str(named or schema.get("format") or schema.get("type") or "any")


def _fields(schema: Mapping[str, Any], t: Texts, entity: str, prefix: str = "", deep: int = 0) -> list[FieldLine]:
    """A line per field; what lies inside a field comes right after it."""
    found: list[FieldLine] = []
    for name, field in schema.get("properties", {}).items():
        whole = _resolved(field)
        inner = _resolved(whole.get("items", whole)) if whole.get("type") == "array" else whole
        label = t.known(f"field:{entity}.{name}", f"field:{name}") or ""
        said = t.help(entity, name) or str(field.get("description", "")) or label
        found.append(
            FieldLine(
                prefix + name, type_of(field), name in schema.get("required", ()), said,
                str(field.get("x-ref", whole.get("x-ref", ""))), tuple(map(str, whole.get("enum", ()))), "",
            )
        )  # fmt: skip
        if inner.get("properties") and deep < DEEP:
            mark = "[]." if inner is not whole else "."
            found += _fields(inner, t, entity, f"{prefix}{name}{mark}", deep + 1)
    return found


def _parameter(said: Mapping[str, Any], ids: Mapping[str, str]) -> FieldLine:
    schema = said["schema"]
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null" and "const" not in arm]
    schema = _resolved(arms[0]) if arms else _resolved(schema)
    ref = str(said["schema"].get("x-ref", ""))
    needed = bool(said.get("required"))
    choices = ("true", "false") if schema.get("type") == "boolean" else tuple(map(str, schema.get("enum", ())))
    sent = str(ids.get(ref, "")) if needed and schema.get("pattern") == PATTERN else ""
    return FieldLine(said["name"], type_of(schema), needed, str(said.get("description", "")), ref, choices, sent)


# --- an example that could be sent -----------------------------------------------------------------------------------


def example_of(schema: Mapping[str, Any], ids: Mapping[str, str], name: str = "") -> Any:
    """Every field with something that fits its schema; ids that exist, as far as the reader sees any."""
    schema = _resolved(schema)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    if schema.get("pattern") == PATTERN:
        return ids.get(str(schema.get("x-ref", "")), SOME_ID)
    if "default" in schema:
        return schema["default"]
    if arms := schema.get("anyOf"):
        return example_of(arms[0], ids, name)
    kind = schema.get("type")
    if kind == "object":
        known = schema.get("properties", {})
        shown = [each for each in schema.get("required") or known if each in known]
        return {each: example_of(known[each], ids, each) for each in shown}
    if kind == "array":
        item = {**schema.get("items", {}), **({"x-ref": schema["x-ref"]} if "x-ref" in schema else {})}
        return [example_of(item, ids, name.removesuffix("s"))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return True if kind == "boolean" else _text_for(schema, name)


def _text_for(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("examples"):
        return str(schema["examples"][0])
    by_format = {"date-time": "2027-01-30T20:00:00+01:00", "email": "anna@example.org", "uri": "https://example.org/in"}
    if (format_ := schema.get("format")) in by_format:
        return by_format[str(format_)]
    pattern = str(schema.get("pattern", ""))
    for text in ("#0072B2", "EUR", "X1"):
        if pattern and re.search(pattern, text):
            return text
    return "X1" if name == "code" else "Exemple"


async def _known_ids(door: Door, me: SignedIn | None, said: Mapping[str, Any]) -> dict[str, str]:
    """An id of each entity that the operation names, of what the reader may see."""
    if me is None:
        return {}
    tables = sorted(_named_in(orjson.dumps(_expanded([said.get("requestBody", {}), said["parameters"]])).decode()))

    def look(read: Read) -> dict[str, str]:
        found = {}
        for table in tables[:MOST_LOOKED_UP]:
            outcome = page(door, read, BY_NAME[table], RowFilter(limit=1))
            if isinstance(outcome, Ok) and outcome.value.rows:
                found[table] = str(Id(outcome.value.rows[0]["id"]))
        return found

    known: dict[str, str] = await door.read(me.actor, look)
    return known


def _named_in(text: str) -> set[str]:
    return set(re.findall(r'"x-ref":"(\w+)"', text)) & BY_NAME.keys()


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
