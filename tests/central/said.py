"""What code says of itself where it stands, and a test asks of it: a comment `# <word>: <why>`. It stands at or right
above the line that it excuses, or anywhere in its function; docs/areas.md has the words."""

import ast
import re
import tokenize
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import central
from tests.trees import tree_of

CENTRAL = Path(central.__file__).parent
Owner = tuple[str, int, str]
"""A file, the first line of a function or, outside of any, of a statement, and what it is called."""


@cache
def modules() -> dict[str, tuple[str, ast.Module]]:
    """Central's, by their names below its folder."""
    return {
        path.relative_to(CENTRAL).as_posix(): (path.read_text(), tree_of(path))
        for path in sorted(CENTRAL.rglob("*.py"))
        if "migrations" not in path.parts
    }


def text_of(node: ast.AST, put: str = ":x") -> str:
    """A text in whole, with `put` for what is put into it; of what is none, nothing."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_part_said(each, put) for each in parts)
    return ""


def _part_said(part: ast.expr, put: str) -> str:
    """A word of an enum (`{HoldState.ACTIVE}`) stands as its word."""
    match part:
        case ast.Constant(value=text):
            return str(text)
        case ast.FormattedValue(value=ast.Attribute(value=ast.Name(), attr=word)) if word.isupper():
            return word.lower()
    return put


def owned(name: str, tree: ast.Module) -> Iterator[tuple[Owner, ast.AST]]:
    """Each node, and whose it is: the innermost function's, or statement's outside of any. Parts of a text are none."""

    def below(node: ast.AST, owner: Owner, of: str, *, inside: bool) -> Iterator[tuple[Owner, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant):
                continue
            mine, called, function = owner, of, inside
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                called = f"{of}.{child.name}".lstrip(".")
                function = inside or not isinstance(child, ast.ClassDef)
            if isinstance(child, ast.stmt) and (called != of or not inside):
                mine = (name, _first(child), called)
            yield mine, child
            yield from below(child, mine, called, inside=function)

    yield from below(tree, (name, 1, ""), "", inside=False)


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _said(word: str) -> set[Owner]:
    """Whoever has the comment."""
    saying = re.compile(rf"(?:^|  )# {word}: \S.{{4,}}")
    found = set[Owner]()
    for name, (text, tree) in modules().items():
        if f"{word}: " not in text:
            continue
        comments, code = list[int](), set[int]()
        for token in tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__):
            if token.type == tokenize.COMMENT and saying.search(token.string):
                comments.append(token.start[0])
            elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
                code |= {*range(token.start[0], token.end[0] + 1)}
        lines = sorted(code)
        owner_at = dict[int, Owner]()
        for owner, node in owned(name, tree) if comments else ():
            if isinstance(node, ast.stmt):
                last = node.end_lineno or node.lineno
                owner_at |= dict.fromkeys(range(_first(node), last + 1), owner)  # what stands inside comes after
        found |= {owner_at[lines[bisect_left(lines, each)]] for each in comments}
    return found


def asked(word: str, concerned: Callable[[str, ast.AST], bool]) -> set[Owner]:
    """Whoever has a node that this is true of, given the file's name. Each has to say why, and nobody else has
    anything to say."""
    found = {
        owner for name, (_, tree) in modules().items() for owner, node in owned(name, tree) if concerned(name, node)
    }
    said = _said(word)
    assert sorted(found - said) == [], f"write `# {word}: <why>` there, at the line or in the function"
    assert sorted(said - found) == [], f"what `# {word}: …` speaks of is gone: take it away there"
    return found
