"""Every text of every command meets the rule of characters before the door opens: folded where it only looks different,
refused with its place where it holds a sign that nobody sees.

What a command's texts are is read from its declaration, once: a new field is looked at without a line of code. Left as
they are: secrets, pictures, texts in a language of their own (`Raw`: whoever parses them judges their letters), and
what a device signed, which is not ours to change.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

from central.kernel.characters import tidy
from central.kernel.entity import Look, Raw, Secret, stripped
from central.kernel.values import Fault, sign_fault
from shared.ids import Id

C = TypeVar("C")
Fold = Callable[[Any, str, list[Fault]], Any]
"""(value, where it stands, the faults so far) → the value folded, or the same object."""

SET = "set"  # what a change changes: its fields are called as the entity's


def worded(command: C) -> tuple[C, list[Fault]]:
    """The command as it is kept, and what is wrong with its texts."""
    found: list[Fault] = []
    kind: Any = type(command)
    fold = _of_dataclass(kind)
    return (fold(command, "", found) if fold else command), found


def _fold_of(hint: Any) -> Fold | None:
    """What to do with values of this type; None: there is no text in them."""
    bare, _, marks = stripped(hint)
    if bare is Id or any(isinstance(mark, Secret | Raw) or mark is Look.PICTURE for mark in marks):
        return None
    base = getattr(bare, "__supertype__", bare)
    if base is str:
        return _lines if Look.LINES in marks else _line
    origin = get_origin(base)
    if base is Any or origin in (Union, UnionType):
        return _any
    if isinstance(base, type) and issubclass(base, Enum):
        return None
    if is_typeddict(base):
        return _of_fields(get_type_hints(base, include_extras=True))
    if is_dataclass(base):
        return _of_dataclass(base) if isinstance(base, type) else None
    return _of_many(origin, get_args(base)) if origin else None


def _of_many(origin: Any, args: tuple[Any, ...]) -> Fold | None:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _of_mapping(_fold_of(args[0]), _fold_of(args[1]))
    folds = [_fold_of(each) for each in args if each is not Ellipsis]
    one = next((fold for fold in folds if fold), None)
    if origin is tuple and len(set(folds)) > 1:
        return _any
    return _of_members(one) if one else None


def _line(value: Any, at: str, found: list[Fault]) -> Any:
    return value if value is None else _text(value, at, found, lines=False)


def _lines(value: Any, at: str, found: list[Fault]) -> Any:
    return value if value is None else _text(value, at, found, lines=True)


def _text(value: str, at: str, found: list[Fault], *, lines: bool) -> str:
    if value.isascii() and value.isprintable():
        return value
    kept = tidy(value, lines=lines)
    if bad := sign_fault(at, kept, lines=lines):
        found.append(bad)
    return value if kept == value else kept


def _any(value: Any, at: str, found: list[Fault]) -> Any:
    """JSON of whatever shape."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return _line(value, at, found)
    if isinstance(value, Mapping):
        return _mapped(value, at, found, _any, _any)
    if isinstance(value, list | tuple):
        return _each(value, at, found, _any)
    kind: Any = type(value)
    fold = _of_dataclass(kind) if is_dataclass(value) else None
    return fold(value, at, found) if fold else value


def _of_members(fold: Fold) -> Fold:
    return lambda value, at, found: _each(value, at, found, fold)


def _each(value: Any, at: str, found: list[Fault], fold: Fold) -> Any:
    if value is None:
        return None
    kept = [fold(each, f"{at}.{n}", found) for n, each in enumerate(value)]
    return value if all(a is b for a, b in zip(kept, value, strict=True)) else type(value)(kept)


def _of_mapping(key: Fold | None, fold: Fold | None) -> Fold | None:
    if key is None and fold is None:
        return None
    return lambda value, at, found: _mapped(value, at, found, key, fold)


def _mapped(value: Any, at: str, found: list[Fault], key: Fold | None, fold: Fold | None) -> Any:
    if value is None:
        return None
    kept = {}
    for name, each in value.items():
        under = key(name, at, found) if key else name
        kept[under] = fold(each, f"{at}.{under}", found) if fold else each
    same = len(kept) == len(value) and all(a is b for a, b in zip(kept.values(), value.values(), strict=True))
    return value if same and kept.keys() == value.keys() else kept


@cache
def _of_dataclass(kind: Any) -> Fold | None:
    if kind.__module__.startswith("shared.wire."):
        return None
    hints = get_type_hints(kind, include_extras=True)
    folds = {each.name: fold for each in fields(kind) if (fold := _fold_of(hints[each.name]))}
    if not folds:
        return None

    def fold_all(value: Any, at: str, found: list[Fault]) -> Any:
        if value is None:
            return None
        other = {}
        for name, fold in folds.items():
            before = getattr(value, name)
            after = fold(before, at if name == SET else f"{at}.{name}" if at else name, found)
            if after is not before:
                other[name] = after
        return replace(value, **other) if other else value

    return fold_all


def _of_fields(hints: dict[str, Any]) -> Fold | None:
    folds = {name: fold for name, hint in hints.items() if (fold := _fold_of(hint))}
    if not folds:
        return None

    def fold_all(value: Any, at: str, found: list[Fault]) -> Any:
        if value is None:
            return None
        kept = {
            name: folds[name](each, f"{at}.{name}" if at else name, found) if name in folds else each
            for name, each in value.items()
        }
        return value if all(kept[name] is each for name, each in value.items()) else kept

    return fold_all
