"""How much each field of a message may hold. Whoever sends one is believed about its content at most, never its size: a
message beyond its bounds is refused with the field's name before anything is done with it.

A bound is not a rule of the trade; it is what no honest message comes near. tests/shared/test_bounds.py walks every
dataclass of `shared.wire` and sends each field too much.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

import orjson
from pydantic import AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core.core_schema import no_info_after_validator_function

from shared.ids import LENGTH, Id
from shared.languages import names_told
from shared.money import MOST_MONEY

MOST_DEPTH: Final = 16  # of objects and lists in what has no declared form

IdText: TypeAlias = Annotated[Id, Field(max_length=LENGTH)]
IdOrNone: TypeAlias = Annotated[str, Field(max_length=LENGTH)]  # "" for none
WORD_CHARACTERS: Final = 64
Word: TypeAlias = Annotated[str, Field(max_length=WORD_CHARACTERS)]  # a code, a state, a language, a key's id
Line: TypeAlias = Annotated[str, Field(max_length=500)]  # a name, a sentence
Text: TypeAlias = Annotated[str, Field(max_length=20_000)]
Barcode: TypeAlias = Annotated[str, Field(max_length=512)]
Pem: TypeAlias = Annotated[str, Field(max_length=4096)]
Signature: TypeAlias = Annotated[str, Field(max_length=128)]
Hash: TypeAlias = Annotated[str, Field(max_length=64)]

Whole: TypeAlias = Annotated[int, Field(ge=-(2**53), le=2**53)]  # what JSON's numbers hold
Money: TypeAlias = Annotated[int, Field(ge=-MOST_MONEY, le=MOST_MONEY)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]
Short: TypeAlias = Annotated[int, Field(ge=0, le=65535)]  # 16 bits: a lease's slot, control zones, a serial
Rank: TypeAlias = Annotated[int, Field(ge=-(2**31), le=2**31)]
Real: TypeAlias = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Moment: TypeAlias = Annotated[
    AwareDatetime,
    Field(ge=datetime(1899, 12, 30, tzinfo=UTC), lt=datetime(9000, 1, 3, tzinfo=UTC)),  # the years below, in any zone
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": r"^(19\d\d|[2-8]\d\d\d)-"}),
]

Names: TypeAlias = Annotated[dict[Word, Line], Field(max_length=20)]  # by language
NamesTold: TypeAlias = Annotated[Names, BeforeValidator(names_told)]  # a row of an earlier version has one text


@dataclass(frozen=True, slots=True)
class Json:
    """`Annotated[dict[str, Any], Json(4096)]`: at most so many bytes as JSON, and not nested without end."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return no_info_after_validator_function(self.checked, handler(source))

    def checked(self, value: Any) -> Any:
        if depth(value) > MOST_DEPTH:
            raise ValueError(f"it is nested more than {MOST_DEPTH} deep")
        try:
            size = len(orjson.dumps(value))
        except TypeError as bad:  # a number of more than 64 bits, half a character
            raise ValueError(f"it cannot be written as JSON ({bad})") from None
        if size > self.most:
            raise ValueError(f"{size} bytes are more than {self.most}")
        return value


def longest(marks: Iterable[Any]) -> int | None:
    """The length that a declaration's marks bound, if one does."""
    told = [each for mark in marks for each in (mark, *getattr(mark, "metadata", ()))]
    return next((int(each.max_length) for each in told if getattr(each, "max_length", None) is not None), None)


def most_json(marks: Iterable[Any]) -> int | None:
    """The bytes that a declaration's marks allow what has no declared form, if they say."""
    return next((mark.most for mark in marks if isinstance(mark, Json)), None)


def depth(value: Any) -> int:
    """How many objects and lists stand in one another; counts no further than one over the bound."""
    level, inner = 0, [value]
    while inner and level <= MOST_DEPTH:
        inner = [below for each in inner for below in _below(each)]
        level += bool(inner)
    return level


def _below(value: Any) -> list[Any]:
    """What stands within a value, where that is a container itself."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [each for each in held if isinstance(each, dict | list | tuple)]
