"""The heaviest that a command may be, made from its declaration alone, and what a type is made of."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime

from central.kernel.bounds import json_bytes, most_of, parts_of
from central.kernel.entity import Ref, stripped
from shared.ids import Id, derived_id

A_LETTER = "x"
bare_of = cache(stripped)  # a plan has 80,000 rows of one type


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in ([each.name for each in fields(kind)] if is_dataclass(kind) else hints)}


def sized_parts(hint: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Every text, list and mapping in a type, with its place."""
    kind, inner = parts_of(hint)
    if kind in ("text", "list", "mapping"):
        yield at, hint
    if kind in ("class", "fields"):
        for name, part in fields_of(inner[0]).items():
            yield from sized_parts(part, f"{at}.{name}")
    else:
        for part in inner:
            yield from sized_parts(part, f"{at}[]")


class Maker:
    """`known` are rows that there are, by table: a reference names one of them, and its other members others that are
    not there. `more`: one more than may be, at this place, and lists elsewhere are of one member."""

    def __init__(self, known: dict[str, Id] | None = None, more: str = "") -> None:
        self._known, self._more = known or {}, more

    def command(self, kind: Any) -> Any:
        return kind(**{name: self.value(hint, name) for name, hint in fields_of(kind).items()})

    def value(self, hint: Any, at: str, n: int = 0) -> Any:
        kind, inner = parts_of(hint)
        bare, _, marks = bare_of(hint)
        extra = 1 if at == self._more else 0
        if kind == "text":
            size = most_of(hint) + extra
            table = next((mark.table for mark in marks if isinstance(mark, Ref)), "")
            if bare is Id or table:
                named = self._known.get(table) if n == 0 else None
                return (named or derived_id("heaviest", table, n)) + A_LETTER * extra
            return (f"{n}" + A_LETTER * size)[:size]
        if kind == "class":
            return bare(**{name: self.value(part, f"{at}.{name}", n) for name, part in fields_of(bare).items()})
        if kind == "fields":
            return {name: self.value(part, f"{at}.{name}", n) for name, part in fields_of(bare).items()}
        if kind == "list":
            return tuple(self.value(inner[0], f"{at}[]", m) for m in self._entries(hint, extra))
        if kind == "mapping":
            entries = self._entries(hint, extra)
            return {self.value(inner[0], f"{at}[]", m): self.value(inner[1], f"{at}[]", m) for m in entries}
        if kind == "any":
            return {"x": A_LETTER * (json_bytes(hint) - 8 + extra)}
        if kind == "pair":
            return tuple(self.value(part, at, n) for part in get_args(bare))
        if kind == "union":
            return self.value(next(part for part in inner if part is not type(None)), at, n)
        return _plain(bare, n)

    def _entries(self, hint: Any, extra: int) -> range:
        return range(1 if self._more and not extra else most_of(hint) + extra)


def _plain(bare: Any, n: int) -> Any:
    if get_origin(bare) is not None:  # Literal
        return get_args(bare)[0]
    if isinstance(bare, type) and issubclass(bare, Enum):
        return next(iter(bare))
    if bare in (datetime, AwareDatetime):
        return datetime(2026, 11, 21, tzinfo=UTC)
    if bare is date:
        return date(2026, 11, 21)
    return bare(1 + n % 7)
