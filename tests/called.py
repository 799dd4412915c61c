"""Which functions of ours a function names, for tests that look for all who use one."""

import ast
import inspect
import textwrap
from functools import cache
from types import FunctionType, ModuleType
from typing import Any


@cache
def called(function: FunctionType) -> tuple[FunctionType, ...]:
    """Those of central and of the shared rules, as they stand in its source; none where it has none at hand."""
    function = inspect.unwrap(function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # a lambda in the middle of a line
        return ()
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    named = [_named(node, known) for node in ast.walk(tree)]
    return tuple(each for each in named if isinstance(each, FunctionType) and _is_ours(each))


def _named(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name or `module.name` stands for."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = known.get(node.value.id)
        return getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
    return None


def _is_ours(function: FunctionType) -> bool:
    module = function.__module__ or ""  # one that was made of text (kernel/row_makers.py) has none
    return module.startswith(("central.", "shared.rules.")) and not module.startswith(
        ("central.kernel.db", "central.kernel.tx", "central.kernel.door", "central.kernel.registry")
    )
