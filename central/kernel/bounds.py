"""How large a command may be: every text, list and mapping in it has a bound that its declaration says, and whatever is
beyond is refused before anything else is asked, read or worked out.

A list, a mapping and a `Raw` text say theirs with `Between`; a text has that of its `Look`, or of one line; an id is an
id. A command's heaviest is therefore known from its declaration alone: tests make it and count what the writer does
with it (tests/central/kernel/test_heaviest.py), and one that lacks a bound does not pass test_bounds.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import orjson
from pydantic import AwareDatetime
from typing_extensions import is_typeddict

from central.kernel.entity import Between, Look, Raw, stripped
from central.kernel.values import MOST_LINE, MOST_PICTURE, MOST_TEXT, Fault
from shared.ids import LENGTH, Id
from shared.wire.bounds import longest, most_json

MOST_PRIVILEGES = 500
MOST_FOUND = 50  # faults; one in each of 100,000 members is not said 100,000 times
MOST_JSON = 65_536  # bytes of a value of whatever shape, where its declaration says no less (`Json`)
PLAIN = (int, float, bool, datetime, AwareDatetime, date, type(None))

Fits = Callable[[Any], bool]
Find = Callable[[Any, str, list[Fault]], None]
"""(value, where it stands, the faults so far)."""


class BoundCheck(NamedTuple):
    """Whether a value fits, as fast as can be, since every sale is asked; and where it does not."""

    fits: Fits
    find: Find


@dataclass(frozen=True, slots=True)
class Unbounded(Exception):
    """A declaration that does not say how much there may be."""

    at: str


def beyond(command: Any) -> list[Fault]:
    """What is larger in it than may be, each with its place."""
    kind: Any = type(command)
    check = check_of_class(kind)
    if check is None or check.fits(command):
        return []
    found: list[Fault] = []
    check.find(command, "", found)
    return found


# --- what a declaration says -----------------------------------------------------------------------------------------


@cache
def most_of(hint: Any, at: str = "") -> int:
    """Characters of a text, members of a list, entries of a mapping. Raises Unbounded."""
    bare, _, marks = stripped(hint)
    said = next((mark.most for mark in marks if isinstance(mark, Between) and mark.most is not None), None)
    if said is None:
        said = longest(marks)  # a device's message has its bounds from shared.wire
    if said is not None:
        return said
    if bare is Id:
        return LENGTH
    if Look.PRIVILEGES in marks and not _is_text(bare):
        return MOST_PRIVILEGES
    if not _is_text(bare) or any(isinstance(mark, Raw) for mark in marks):
        raise Unbounded(at)
    return MOST_TEXT if Look.LINES in marks else MOST_PICTURE if Look.PICTURE in marks else MOST_LINE


@cache
def json_bytes(hint: Any) -> int:
    """Of a value of whatever shape, as JSON."""
    return most_json(stripped(hint)[2]) or MOST_JSON


@cache
def parts_of(hint: Any) -> tuple[str, tuple[Any, ...]]:
    """What a type is to bounds, and the types in it: `text`, `plain`, `any`, `class`, `fields`, `list`, `pair`,
    `mapping`, `union`."""
    bare, _, _ = stripped(hint)
    origin, args = get_origin(bare), get_args(bare)
    if bare is Id or _is_text(bare):
        return "text", ()
    if bare is Any:
        return "any", ()
    if origin is Literal or bare in PLAIN or (isinstance(bare, type) and issubclass(bare, Enum)):
        return "plain", ()
    if is_typeddict(bare):
        return "fields", (bare,)
    if isinstance(bare, type) and is_dataclass(bare):
        return "class", (bare,)
    if origin in (Union, UnionType):
        return "union", args
    if origin in (tuple, list) and (origin is list or args[-1] is Ellipsis):
        return "list", args[:1]
    if origin is tuple:
        return "pair", args
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return ("any", ()) if args[1] is Any else ("mapping", args)
    raise TypeError(f"a command may not hold {bare!r}: how large would it be?")


@cache
def heaviest(kind: Any) -> int:
    """The most characters, members and other values that a command or a part of it may hold."""
    hints = get_type_hints(kind, include_extras=True)
    names = [each.name for each in fields(kind)] if is_dataclass(kind) else list(hints)
    return sum(_weight(hints[name]) for name in names)


def _weight(hint: Any) -> int:
    kind, inner = parts_of(hint)
    match kind:
        case "text":
            return most_of(hint)
        case "any":
            return json_bytes(hint)
        case "class" | "fields":
            return heaviest(inner[0])
        case "list" | "mapping":
            return most_of(hint) * sum(1 + _weight(each) for each in inner)
        case _:
            return 1 + sum(_weight(each) for each in inner)


def classes_in(kind: Any) -> set[Any]:
    """The dataclasses of which a command has parts, and those parts."""
    found: set[Any] = set()
    waiting = list(get_type_hints(kind, include_extras=True).values())
    while waiting:
        sort, inner = parts_of(waiting.pop())
        if sort == "class" and inner[0] not in found:
            found.add(inner[0])
            waiting += get_type_hints(inner[0], include_extras=True).values()
        elif sort in ("union", "list", "pair", "mapping"):
            waiting += [each for each in inner if each is not type(None)]
    return found


def _is_text(bare: Any) -> bool:
    return getattr(bare, "__supertype__", bare) is str


# --- asking ----------------------------------------------------------------------------------------------------------


@cache
def check_of_class(kind: Any) -> BoundCheck | None:
    hints = get_type_hints(kind, include_extras=True)
    names = [each.name for each in fields(kind)] if is_dataclass(kind) else list(hints)
    checks = {name: check for name in names if (check := _check_of(hints[name]))}
    if not checks:
        return None
    get: Callable[[Any, str], Any] = getattr if is_dataclass(kind) else lambda value, name: value.get(name)
    pairs = [(name, check.fits) for name, check in checks.items()]

    def fits(value: Any) -> bool:
        for name, inner in pairs:
            part = get(value, name)
            if part is not None and not inner(part):
                return False
        return True

    def find(value: Any, at: str, found: list[Fault]) -> None:
        for name, check in checks.items():
            if (part := get(value, name)) is not None:
                check.find(part, f"{at}.{name}" if at else name, found)

    return BoundCheck(fits, find)


def _check_of(hint: Any) -> BoundCheck | None:
    kind, inner = parts_of(hint)
    match kind:
        case "plain":
            return None
        case "text":
            return _of_size(most_of(hint), "too_long")
        case "any":
            return _of_json(json_bytes(hint))
        case "class" | "fields":
            return check_of_class(inner[0])
        case "list":
            return _of_members(_of_size(most_of(hint), "too_big"), _check_of(inner[0]))
        case "mapping":
            return _of_entries(_of_size(most_of(hint), "too_big"), _check_of(inner[0]), _check_of(inner[1]))
        case _:
            if any(_check_of(each) for each in inner):
                raise TypeError(f"a command may not hold {hint!r}: which part of it is how large?")
            return None


def _of_size(most: int, what: str) -> BoundCheck:
    def find(value: Any, at: str, found: list[Fault]) -> None:
        if len(value) > most:
            found.append({"at": at, "what": what, "most": most, "is": len(value)})

    return BoundCheck(lambda value: len(value) <= most, find)


def _of_json(most: int) -> BoundCheck:
    def size(value: Any) -> int:
        if value is None or isinstance(value, bool | int | float):
            return 0
        try:
            return len(orjson.dumps(value))
        except TypeError:  # a number that no column holds, which the door says
            return 0

    def find(value: Any, at: str, found: list[Fault]) -> None:
        if (is_ := size(value)) > most:
            found.append({"at": at, "what": "too_long", "most": most, "is": is_})

    return BoundCheck(lambda value: size(value) <= most, find)


def _of_members(size: BoundCheck, inner: BoundCheck | None) -> BoundCheck:
    if inner is None:
        return size
    each_fits = inner.fits

    def fits(value: Any) -> bool:
        if not size.fits(value):
            return False
        return all(each is None or each_fits(each) for each in value)

    def find(value: Any, at: str, found: list[Fault]) -> None:
        size.find(value, at, found)
        for n, each in enumerate(value) if size.fits(value) else ():
            if len(found) >= MOST_FOUND:
                return
            if each is not None:
                inner.find(each, f"{at}.{n}", found)

    return BoundCheck(fits, find)


def _of_entries(size: BoundCheck, key: BoundCheck | None, inner: BoundCheck | None) -> BoundCheck:
    def fits(value: Any) -> bool:
        if not size.fits(value):
            return False
        for name, each in value.items():
            if (key and not key.fits(name)) or (inner and each is not None and not inner.fits(each)):
                return False
        return True

    def find(value: Any, at: str, found: list[Fault]) -> None:
        size.find(value, at, found)
        for name, each in value.items() if size.fits(value) else ():
            if len(found) >= MOST_FOUND:
                return
            if key:
                key.find(name, at, found)
            if inner and each is not None:
                inner.find(each, f"{at}.{name}"[:MOST_LINE], found)

    return BoundCheck(fits, find)
