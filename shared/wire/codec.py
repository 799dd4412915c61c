"""Dataclasses to JSON and back. What comes in is checked here once; inside, values are trusted."""

from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

T = TypeVar("T")
MOST_MESSAGE = 32 * 1024 * 1024  # of any message; most have a smaller bound of their own
MOST_FAULTS = 50  # that are told of one message
MOST_SPELT = 1000  # of more than these none is spelt out: each costs what a hundred bytes of a good message do
MOST_PLACE, MOST_SAID = 200, 500  # characters of a fault: a place is named by who sent it

_MANY = ("list", "tuple", "set", "frozenset")
_NO_SCHEMA = ("metadata", "default", "expected", "serialization")  # what is not for who checks

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """One compiled validator per type and process. It looks no further in a list than to the first member that is
    wrong: two million wrong ones are one fault."""
    found = _ADAPTERS.get(kind)
    if found is None:
        made = TypeAdapter(kind)
        made.validator = SchemaValidator(_stopping(made.core_schema))
        found = _ADAPTERS.setdefault(kind, made)
    return found


def _stopping(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_stopping(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: part if name in _NO_SCHEMA else _stopping(part) for name, part in schema.items()}
    return told | {"fail_fast": True} if told.get("type") in _MANY else told


def dump(value: Any) -> bytes:
    """Canonical JSON: dataclasses as objects, keys sorted, datetimes in ISO 8601 with offset."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def load(kind: type[T], data: bytes | str, most: int = MOST_MESSAGE) -> T:
    """The value, or ValueError whose text lists the faults as `field.path: what is wrong`. More than `most` bytes
    (characters of a text) are not looked at."""
    if len(data) > most:
        raise ValueError(f"{kind.__name__}: {len(data)} bytes are more than {most}")
    try:
        return adapter(kind).validate_json(data)
    except ValidationError as bad:
        raise ValueError(faults_text(bad)) from None


def build(kind: type[T], data: Any) -> T:
    """Like `load` for what is parsed already (a dict out of a bigger message)."""
    try:
        return adapter(kind).validate_python(data)
    except ValidationError as bad:
        raise ValueError(faults_text(bad)) from None


def faults(bad: ValidationError) -> list[dict[str, str]]:
    """The first faults with their places, without the input itself: that may be a secret; and how many more there are.
    Where there are very many, only their number."""
    count = bad.error_count()
    told = [
        {"at": ".".join(map(str, fault["loc"]))[:MOST_PLACE] or "body", "what": fault["msg"][:MOST_SAID]}
        for fault in spelt(bad)[:MOST_FAULTS]
    ]
    return [*told, {"at": "body", "what": f"and {count - len(told)} more"}] if told and count > len(told) else (
        told or [{"at": "body", "what": f"{count} faults, too many to be told one by one"}]
    )  # fmt: skip


def spelt(bad: ValidationError) -> list[ErrorDetails]:
    """Its faults one by one; none of too many."""
    if bad.error_count() > MOST_SPELT:
        return []
    return bad.errors(include_url=False, include_input=False, include_context=False)


def faults_text(bad: ValidationError) -> str:
    return "; ".join(f"{fault['at']}: {fault['what']}" for fault in faults(bad))
