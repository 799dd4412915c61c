"""Facts of several tables in one look, as a dataclass: what each field is read from is said by its name, so that no
order of columns has to be kept in two places."""

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from typing import Any

Row = tuple[Any, ...]


def columns(kind: type[Any], /, **read_from: str) -> str:
    """The columns of a SELECT whose rows `kind(*row)` takes: of each field that must be given, what it is read from.
    Raises TypeError where one is missing, or is none of its fields."""
    needed = _needed(kind)
    if wrong := set(needed).symmetric_difference(read_from):
        raise TypeError(f"{kind.__name__}: {', '.join(sorted(wrong))}")
    return ", ".join(f"{read_from[name]} AS {name}" for name in needed)


def apart(kind: type[Any], rows: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Of rows that `columns(kind)` begins: what `kind(*…)` takes, and what stands behind it."""
    n = len(_needed(kind))
    return [(row[:n], row[n:]) for row in rows]


def _needed(kind: type[Any]) -> list[str]:
    return [each.name for each in fields(kind) if _must_be_given(each)]


def _must_be_given(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING
