"""How a transaction stands among those that run at the same time. SQLite has one writer, where this means nothing.

On PostgreSQL commands run SERIALIZABLE, and what it cannot order is repeated; of sales, which all come to the same few
pages, that was nearly each. They run *side by side* instead: READ COMMITTED, where a unique index, a guarded statement
or a locked row decides, and they wait for each other there. PostgreSQL orders nobody else against them, so nobody is
beside them who could tell: while one runs, no command does that changes what they read, or so much as names what they
write. Which those are nobody declares: a command that comes to such a statement is undone and runs again *alone*, and
so does, from the start, whoever gives one of its kind later. What is left shares no table with sales, so any order of
the two is the same. A command that runs side by side and comes to any other table runs alone as well.

Tables that are everybody's: what is appended under an id of the command's own, and rows that whoever writes them locks
until the commit (the head of a feed, a number). None of them says anything that a sale decides by, but for the numbers
of kernel/versions.py, which move with what they count.
"""

import re
from enum import StrEnum, auto
from functools import cache

SALES = "sales"  # the word for `alone`
GROUPS = "groups of sales"  # for whoever of them has its turn
BRIEF_S = 0.25  # how long a transaction waits for each lock of another: a sale's is over by then, and its sync
HURRIED_S = 0.02  # while others are known to wait for one that is kept
EVERYBODYS = frozenset({
    "audit", "command_log", "command_prints", "counter", "feed_head", "feed_row", "found", "outbox",
})  # fmt: skip

READ: set[str] = set()
WRITTEN: set[str] = set()
FIXED: set[str] = set()


class Footing(StrEnum):
    ALONE = auto()  # in order among all others; no sale beside it where its connection is `alone` with SALES
    ORDERED = auto()  # in order among all others but sales: of what is theirs it may name nothing
    BESIDE = auto()  # a sale
    TOGETHER = auto()  # sales that share a transaction: beside other sales, and one such group after another
    APART = auto()  # it neither reads nor writes what commands decide by


class OutOfTurn(Exception):
    """This statement needs its transaction to run alone: undo it, and run it again."""


def sales(*, read: tuple[str, ...] = (), written: tuple[str, ...] = (), fixed: tuple[str, ...] = ()) -> None:
    """Declares what commands side by side read, what they write (and may read), and what they read that no command
    changes once anything is sold by it."""
    READ.update(read)
    WRITTEN.update(written)
    FIXED.update(fixed)


@cache
def tables(sql: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that a statement only reads, and those that it writes."""
    written = set(re.findall(r"(?:INSERT INTO|DELETE FROM|(?<!DO )(?<!FOR )UPDATE) ([a-z_]+)", sql))
    own = set(re.findall(r"(?:WITH|RECURSIVE) ([a-z_]+)", sql))
    return frozenset(re.findall(r"\b(?:FROM|JOIN) ([a-z_]+)", sql)) - written - own, frozenset(written)


def fits(footing: Footing, sql: str) -> bool:
    """Whether a transaction that stands so may say that."""
    if footing in (Footing.ALONE, Footing.APART):
        return True
    read, written = tables(sql)
    if footing is not Footing.ORDERED:
        return written <= WRITTEN | EVERYBODYS and read <= READ | WRITTEN | FIXED | EVERYBODYS
    return not (written & READ or (read | written) & WRITTEN)
