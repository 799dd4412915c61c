"""OpenAPI 3.1 out of the declarations: what the API takes is what the handlers declare, nothing is written twice."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, QUERIES, Handler
from shared.wire.requests import COMMAND_ID

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "reason"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string", "description": "One of the command's reasons; the first that applies."},
        "fix": {"type": "string", "description": "The field, or the id or code of the thing, that must change."},
        "detail": {"type": "object"},
        "faults": {"type": "array", "items": {"type": "object"}},
    },
}


@cache
def document() -> dict[str, Any]:
    """The whole API. Call it once every area is imported."""
    components: dict[str, Any] = {"Problem": _PROBLEM}
    paths: dict[str, Any] = {}
    for name, handler in sorted(COMMANDS.items()):
        paths[f"/api/v1/commands/{name}"] = {"post": _command(handler, components)}
    for name, handler in sorted(QUERIES.items()):
        paths[f"/api/v1/queries/{name}"] = {"get": _query(handler, components)}
    for name in sorted(BY_NAME):
        paths[f"/api/v1/entities/{name}"] = {"get": _entity(name, components)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parterre", "version": "1", "description": "Commands change, queries and entities read."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"operator": {"type": "http", "scheme": "basic"}},
        },
        "security": [{"operator": []}, {}],
    }


def _schema(kind: Any, components: dict[str, Any], mode: Any = "validation") -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema(ref_template=_REF, mode=mode)
    components.update(schema.pop("$defs", {}))
    return schema


def _command(handler: Handler, components: dict[str, Any]) -> dict[str, Any]:
    components[handler.kind.__name__] = _schema(handler.kind, components)
    return {
        "operationId": handler.name,
        "summary": handler.name.replace("_", " ").capitalize(),
        "description": handler.doc,
        "parameters": [
            {
                "name": COMMAND_ID,
                "in": "header",
                "required": True,
                "description": "The command's id, made by the sender: sending it again gives the same answer.",
                "schema": {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"},
            },
            {"name": "dry_run", "in": "query", "schema": {"type": "string", "enum": ["0", "1"]}},
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{handler.kind.__name__}"}}},
        },
        "responses": _responses(handler.gives, components),
    }


def _query(handler: Handler, components: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(handler.kind, components)
    required = set(schema.get("required", ()))
    return {
        "operationId": handler.name,
        "summary": handler.name.replace("_", " ").capitalize(),
        "description": handler.doc,
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": field}
            for name, field in schema.get("properties", {}).items()
        ],
        "responses": _responses(handler.gives, components),
    }


def _entity(name: str, components: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": f"entities_{name}",
        "summary": f"Rows of {name}",
        "description": " ".join((BY_NAME[name].kind.__doc__ or "").split()),
        "parameters": [
            {"name": "id", "in": "query", "schema": {"type": "string"}},
            {"name": "after", "in": "query", "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 500}},
        ],
        "responses": _responses(list[dict[str, Any]], components),
    }


def _responses(gives: Any, components: dict[str, Any]) -> dict[str, Any]:
    value = {} if gives is None else _schema(gives, components, mode="serialization")
    answer = {"type": "object", "required": ["value"], "properties": {"value": value}}
    refused = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    said = {
        "400": "No command id.",
        "401": "The caller is not known.",
        "403": "The caller may not do this.",
        "409": "Refused, with the reason.",
        "422": "The content does not fit; every fault is listed.",
        "503": "Busy: send the same command again.",
    }
    return {
        "200": {"description": "Done.", "content": {"application/json": {"schema": answer}}},
        **{status: {"description": text, **refused} for status, text in said.items()},
    }
