"""Dataclasses to JSON and back. What comes in is checked here once; inside, values are trusted."""

from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
MOST_MESSAGE = 32 * 1024 * 1024  # of any message; most have a smaller bound of their own
MOST_FAULTS = 50  # that are told of one message
MOST_COUNTED = 5_000
MOST_PLACE, MOST_SAID = 200, 500  # characters of a fault: a place is named by who sent it


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """One compiled validator per type and process."""
    found = _ADAPTERS.get(kind)
    if found is None:
        found = _ADAPTERS.setdefault(kind, TypeAdapter(kind))
    return found


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
    """The first faults with their places, without the input itself: that may be a secret. Of very many only the number:
    the library makes all of them or none."""
    if bad.error_count() > MOST_COUNTED:
        return [{"at": "body", "what": f"{bad.error_count():,} faults"}]
    return [
        {"at": ".".join(map(str, fault["loc"]))[:MOST_PLACE] or "body", "what": fault["msg"][:MOST_SAID]}
        for fault in bad.errors(include_url=False, include_input=False, include_context=False)[:MOST_FAULTS]
    ]


def faults_text(bad: ValidationError) -> str:
    return "; ".join(f"{fault['at']}: {fault['what']}" for fault in faults(bad))
