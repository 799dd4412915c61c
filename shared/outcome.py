"""A decision's answer: `Ok` with a value or `Refused` with a named reason. An exception is a bug or broken I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Ok(Generic[T_co]):
    value: T_co = None  # type: ignore[assignment]  # Ok() answers "yes" where there is nothing more to say


@dataclass(frozen=True, slots=True)
class Refused:
    """`reason` comes from a StrEnum in order of precedence; `fix` is the id or code of the thing that must change;
    `detail` holds what a screen needs to say so in words (times, places, limits), JSON-ready."""

    reason: str
    fix: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


Outcome: TypeAlias = Ok[T_co] | Refused
