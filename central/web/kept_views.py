"""Views of lists that somebody keeps: who keeps them is not the shell's business, only what it shows of them."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from central.kernel.actor import Actor
from central.kernel.tx import Read
from shared.ids import Id

MOST_VIEWS = 20  # of one list, for one person
MOST_NAME = 60
ONLY = "is."
"""Before a column's name in a list's address: the value that it is narrowed to."""
_KEPT = ("at", "sort", "when", "col")


class KeptView(NamedTuple):
    """A name, and the query of a list's address."""

    id: Id
    name: str
    query: str


ViewsOf = Callable[[Read, Actor, str], list[KeptView]]


def worth_keeping(query: str) -> str:
    """Of a list's query what a view is: not the page, and not what was typed."""
    pairs = parse_qsl(query, max_num_fields=200)
    return urlencode([(name, value) for name, value in pairs if name in _KEPT or name.startswith(ONLY)])
