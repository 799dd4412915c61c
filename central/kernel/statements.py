"""Which tables a statement names, out of its text: asked of each that a transaction says (turns.py), and by lint of
each that stands in the code (tools/checks.py). It imports nothing of Parterre's, since lint reads it from outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAMED = r'(?:"?[a-z_]+"?\.)?"?[a-z_]+"?(?:\s+(?:as\s+)?(?!(?:join|for)\b)\w+)?'
_NAMES = re.compile(
    rf"\b(?P<before>(?:delete|do|for)\s+)?(?P<how>from|join|into|update)\s+(?P<named>{_NAMED}(?:\s*,\s*{_NAMED})*)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?:\bwith(?:\s+recursive)?|\)\s*,)\s+([a-z_]+)(?:\s*\([^()]*\))?\s+as\s+(?:(?:not\s+)?materialized\s+)?\(",
    re.IGNORECASE,
)
_NO_TABLES = {"set", "of", "skip", "nowait", "select", "lateral", "only"}  # what may stand there instead
# In small letters a sentence for people reads the same: a statement, or a piece of one, is then what begins like one.
_STATEMENT = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE)\b|(?i:\(\s*select\s|\A\W*(?:(?:select|insert|update|delete|with)\s"
    r"|(?:(?:left|right|full|inner|cross|natural)\s+(?:outer\s+)?)?join\s"
    r"|from\s+\w+\s+(?:\w+\s+){0,2}(?:where|join|left|inner|order|group|limit)\s))"
)


@dataclass(frozen=True, slots=True)
class NamedTable:
    name: str
    written: bool


def is_statement(text: str) -> bool:
    """Or a piece of one."""
    return _STATEMENT.search(text) is not None


def tables_in(statement: str) -> Iterator[NamedTable]:
    """What follows FROM, JOIN, INTO and UPDATE in a statement or a piece of one, also after a comma, in quotes or with
    its schema; but for what the statement itself calls so (WITH)."""
    own = {name.lower() for name in _OWN.findall(statement)}
    for at in _NAMES.finditer(statement):
        how, before = at["how"].lower(), (at["before"] or "").strip().lower()
        written = how == "into" or (how == "update" and not before) or (how == "from" and before == "delete")
        for each in at["named"].split(","):
            name = each.split()[0].rpartition(".")[2].strip('"')
            if name.lower() not in own | _NO_TABLES:
                yield NamedTable(name, written)


def tables(statement: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that a statement only reads, and those that it writes."""
    named = list(tables_in(statement))
    written = frozenset(each.name for each in named if each.written)
    return frozenset(each.name for each in named) - written, written
