"""What was worked out from tables that seldom change, kept by a connection for as long as they have not: one look at
the number that counts their changes (kernel/versions.py), for the whole transaction, stands for all looks behind it."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from central.kernel.tx import Read

T = TypeVar("T")
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
