"""What is remembered of the database beyond a transaction, and so is only what was committed.

Of tables that seldom change, what was worked out is `remembered` by a connection for as long as they have not: one look
at the number that counts their changes (kernel/versions.py), for the whole transaction, stands for all looks behind it.
What never changes about a row while it is there is `keep`t by its id.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

from central.kernel.tx import Read

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
MOST = 4096  # answers, per number


def remembered(read: Read, name: str, key: Hashable, look: Callable[[], T]) -> T:
    """What `look` answers, which asks nothing but tables that `name` counts. `key` says what is asked, and by whom.
    What a transaction has itself changed, it looks up."""
    if read.is_moving(name):
        return look()
    now = read.version(name)
    seen, kept = read.memory.get(name, (None, {}))
    if seen != now or len(kept) >= MOST:
        kept = {}
        read.memory[name] = now, kept
    if key not in kept:
        kept[key] = look()
    found: T = kept[key]
    return found


def keep(read: Read, table: str, kept: dict[K, T], key: K, found: T, most: int = MOST) -> T:
    """What was found of a row of `table`, and never changes about it, into `kept` (at most `most`). Not where this very
    transaction writes in the table: it may be undone, and the row's id free for somebody else's."""
    if not read.is_new(table):
        if len(kept) >= most:
            kept.clear()
        kept[key] = found
    return found
