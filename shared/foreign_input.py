"""What strangers gave, read by a library of others. Which errors such a library has for what it cannot read is its own
affair and changes with it: one that is forgotten would be a fault of ours, with a traceback, for whoever sends it."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PANIC = "PanicException"  # how a library in Rust falls: no Exception, and of no module that can be imported


def understood(read: Callable[[], T]) -> T | None:
    """What `read` makes of it; None for whatever it cannot take, however it says so. `read` holds the library's calls
    and nothing of ours, or a slip of ours would be taken for the stranger's."""
    try:
        return read()
    except MemoryError:
        raise
    except Exception:
        return None
    except BaseException as fall:
        if type(fall).__name__ != _PANIC:
            raise
        return None
