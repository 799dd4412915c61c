"""How a transaction stands among those that run at the same time. SQLite has one writer, where this means nothing.

On PostgreSQL commands run SERIALIZABLE, and what it cannot order is repeated; of sales, which all come to the same few
pages, that was nearly each. They run *side by side* instead: READ COMMITTED, where a unique index, a guarded statement
or a locked row decides, and they wait for each other there. PostgreSQL orders nobody else against them, so nobody is
beside them who could tell: while one runs, no command does that changes what they read, or so much as names what they
write. Which those are nobody declares (what sales do themselves, each area says, `Sales`): a command that comes to such
a statement is undone and runs again *alone*, and so does, from the start, whoever gives one of its kind later. What is
left shares no table with sales, so any order of the two is the same. A command that runs side by side and comes to any
other table runs alone as well.

Tables that are everybody's: what is appended under an id of the command's own, and rows that whoever writes them locks
until the commit (the head of a feed, a number). None of them says anything that a sale decides by, but for the numbers
of kernel/versions.py, which move with what they count.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache

from central.kernel.statements import tables

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """What commands side by side do with an area's tables. They read `offered`, which what may be sold at all follows
    from, and whose changes move the number of that (versions.SELLING_TERMS); they read and write the others; of `fixed`
    nothing changes once anything is sold by it."""

    offered: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    def declare(self) -> None:
        READ.update(self.offered, self.read)
        WRITTEN.update(self.written)
        FIXED.update(self.fixed)


NO_SALES = Sales()
_tables = cache(tables)


def fits(footing: Footing, sql: str) -> bool:
    """Whether a transaction that stands so may say that."""
    if footing in (Footing.ALONE, Footing.APART):
        return True
    read, written = _tables(sql)
    if footing is not Footing.ORDERED:
        return written <= WRITTEN | EVERYBODYS and read <= READ | WRITTEN | FIXED | EVERYBODYS
    return not (written & READ or (read | written) & WRITTEN)
