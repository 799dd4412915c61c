"""Messages between central's own processes: pickled, each behind its length. Whoever has the other end was begun by us
(or began us), and nobody else can write there."""

import copyreg
import pickle
import struct
import traceback
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

AT_ONCE = 1 << 16  # bytes that are taken off a line in one go: room is made for all of them, 14 µs for a megabyte
_HEAD = struct.Struct("!Q")
K = TypeVar("K", bound=type[Any])


def by_values(kind: K) -> K:
    """Of a dataclass that goes with every command or answer: as its values, in order. What dataclasses do by themselves
    looks up the names of their fields for each object."""
    names = [each.name for each in fields(kind)]
    if len(names) > 1 and not any(each.kw_only for each in fields(kind)):
        copyreg.pickle(kind, partial(_reduced, kind, attrgetter(*names)))
    return kind


def _reduced(kind: Any, values: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    return kind, values(value)


def framed(message: Any) -> list[memoryview]:
    """To be sent one after the other; a long one is not copied for that."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    head = _HEAD.pack(len(body))
    return [memoryview(head + body)] if len(body) < AT_ONCE else [memoryview(head), memoryview(body)]


def opened(message: bytes) -> Any:
    return pickle.loads(message)  # noqa: S301 - our own process


class Messages:
    """Out of bytes as they come; not opened yet."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def of(self, some: bytes) -> Iterator[bytes]:
        """Those that are whole with these bytes."""
        self._bytes += some
        while len(self._bytes) >= _HEAD.size:
            end = _HEAD.size + _HEAD.unpack_from(self._bytes)[0]
            if len(self._bytes) < end:
                return
            message = bytes(memoryview(self._bytes)[_HEAD.size : end])
            del self._bytes[:end]
            yield message


class Elsewhere(Exception):
    """Where a fault was raised in another process."""


class Fault:
    """A fault on its way to another process: it comes out as itself, if it can be had there, with where it was raised,
    which pickle leaves out."""

    def __init__(self, fault: Exception) -> None:
        self._fault, self._trace = fault, "\n" + "".join(traceback.format_exception(fault))
        try:
            pickle.loads(pickle.dumps(fault))  # noqa: S301 - our own fault
        except Exception:
            self._fault = RuntimeError(f"{type(fault).__name__}: {fault}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _fault, (self._fault, self._trace)


def _fault(fault: Exception, trace: str) -> Exception:
    fault.__cause__ = Elsewhere(trace)
    return fault
