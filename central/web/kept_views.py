"""Views of lists that somebody keeps: who keeps them is not the shell's business, only what it shows of them."""

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from central.kernel.actor import Actor
from central.kernel.entity import BY_NAME, Declaration
from central.kernel.tx import Read
from shared.ids import Id, is_id

MOST_VIEWS = 20  # of one list, for one person
MOST_NAME = 60
ONLY = "is."
"""Before a column's name in a list's address: the value that it is narrowed to."""
MOST_FIELDS = 200
_KEPT = ("sort", "when", "col")


class When(StrEnum):
    """Which rows of a list that goes by days."""

    COMING = auto()  # what is not over yet
    PAST = auto()
    ALL = auto()


class KeptView(NamedTuple):
    """A name, and the query of a list's address."""

    id: Id
    name: str
    query: str


ViewsOf = Callable[[Read, Actor, str], list[KeptView]]


def worth_keeping(entity: str, query: str) -> str:
    """Of a list's query what a view is: not the page, and nothing that was typed. Of values that narrow the list those
    that are chosen from what there is: other things by their ids, states, yes and no."""
    declaration = BY_NAME.get(entity)
    try:
        pairs = parse_qsl(query, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in pairs if declaration and _is_kept(declaration, name, value)])


def _is_kept(declaration: Declaration, name: str, value: str) -> bool:
    if name == "at":
        return is_id(value)
    if name in _KEPT:
        return all(each.removeprefix("-") in (*declaration.names, *When) for each in value.split("."))
    field = name.removeprefix(ONLY)
    if field == name or field not in declaration.names:
        return False
    column = declaration.column(field)
    return value in _choices(column.hint) or (column.ref is not None and is_id(value))


def _choices(hint: Any) -> tuple[str, ...]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(str(each.value) for each in hint)
    return ("0", "1", "true", "false") if hint is bool else ()
