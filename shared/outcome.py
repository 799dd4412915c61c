"""A decision's answer: `Ok` with a value or `Refused` with a named reason. An exception is a bug or broken I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeAlias, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Ok(Generic[T_co]):
    value: T_co = None  # type: ignore[assignment]  # Ok() answers "yes" where there is nothing more to say


class Reason(Enum):
    """Why something is refused: each area has an enum of them, in the order in which they are asked where the enum says
    so. It is no text, so that those of two enums are never equal because they are spelt alike. `value` is its name in
    its enum (`taken`), for fields of that type; where it stands alone, in answers, the log and texts, it has its whole
    `key` (`no_sale.taken`)."""

    _value_: str

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> str:  # noqa: ARG004 - enum
        return name.lower()

    @property
    def key(self) -> str:
        kind = type(self).__name__
        return "".join("_" + char.lower() if char.isupper() else char for char in kind).lstrip("_") + "." + self.value

    def __str__(self) -> str:
        return self.key


def reason_named(name: str, among: Iterable[type[Reason]]) -> Reason | None:
    """By its key. One that stands alone by its `value`, as all did in logs of before, is the first of that name."""
    members = [member for kind in among for member in kind]
    whole = next((each for each in members if each.key == name), None)
    return whole or next((each for each in members if each.value == name), None)


@dataclass(frozen=True, slots=True)
class Refused:
    """`fix` is the id or code of the thing that must change; `detail` holds what a screen needs to say so in words
    (times, places, limits), JSON-ready."""

    reason: Reason
    fix: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


Outcome: TypeAlias = Ok[T_co] | Refused
