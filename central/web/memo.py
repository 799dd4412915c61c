"""What is worked out but once in a process, however many threads ask for it first."""

from collections.abc import Callable
from functools import cache, wraps
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """`functools.cache` alone lets each of those work it out who come before the first is done."""
    made, making = cache(make), Lock()

    @wraps(make)
    def ask() -> T:
        with making:
            return made()

    return ask
