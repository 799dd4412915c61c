"""Why a command may be refused, as far as its code says: read from the handler's source, so that no list is kept twice.

A reason is a member of one of the areas' enums of refusals (`NoPlace.TAKEN`; their names begin with No). They are
found in the handler and in what it calls of central and of the shared rules. What a value decides at run time alone is
not found; so these are the reasons known, not a promise that there is no other.
"""

import ast
import inspect
import textwrap
from enum import StrEnum
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from central.kernel.declared import check_of
from central.kernel.registry import Handler

_OURS = ("central.", "shared.rules.")
_NOT_INTO = ("central.kernel.db", "central.kernel.tx", "central.kernel.door", "central.kernel.registry")
_DEEP = 8


@cache
def reasons(handler: Handler) -> tuple[str, ...]:
    """The names, in the order of precedence in which their enums have them."""
    found: set[StrEnum] = set()
    seen: set[Any] = set()
    _look(handler.run, found, seen, 0)
    if handler.on and handler.kind.__module__ == "central.kernel.declared" and (check := check_of(handler.on)):
        _look(check, found, seen, 0)
    kinds = sorted({type(each) for each in found}, key=lambda kind: kind.__name__)
    return tuple(dict.fromkeys(str(member) for kind in kinds for member in kind if member in found))


def _look(function: Any, found: set[StrEnum], seen: set[Any], deep: int) -> None:
    function = inspect.unwrap(function)
    if function in seen or not isinstance(function, FunctionType) or deep > _DEEP:
        return
    seen.add(function)
    named, called = _says(function)
    found |= named
    for each in called:
        _look(each, found, seen, deep + 1)


@cache
def _says(function: FunctionType) -> tuple[frozenset[StrEnum], tuple[FunctionType, ...]]:
    """The reasons that it names itself, and what it names of ours that may name more."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # no source at hand, or a lambda in the middle of a line
        return frozenset(), ()
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    named = [_named(node, known) for node in ast.walk(tree)]
    reasons_ = frozenset(each for each in named if isinstance(each, StrEnum) and type(each).__name__.startswith("No"))
    return reasons_, tuple(each for each in named if isinstance(each, FunctionType) and _is_ours(each))


def _named(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name or `module.name` or `Enum.MEMBER` stands for."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = known.get(node.value.id)
        if isinstance(owner, ModuleType) or (isinstance(owner, type) and issubclass(owner, StrEnum)):
            return getattr(owner, node.attr, None)
    return None


def _is_ours(function: FunctionType) -> bool:
    module = function.__module__
    return module.startswith(_OURS) and module not in _NOT_INTO
