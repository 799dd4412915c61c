"""The program's own text as trees, for tests that look through all of it: each file is read once for all of them."""

import ast
import gc
from functools import cache
from pathlib import Path


@cache
def tree_of(file: Path) -> ast.Module:
    """Nobody changes it."""
    gc.disable()  # a tree is many small things that stay
    try:
        return ast.parse(file.read_text())
    finally:
        gc.enable()


@cache
def nodes_of(file: Path) -> tuple[ast.AST, ...]:
    """All of its tree, in no order that matters."""
    return tuple(ast.walk(tree_of(file)))
