"""Ids are 128 bits, made by the sender, written as 26 characters of Crockford's base 32 (the ULID form).

An id is either fresh (48 bits of milliseconds, 80 of chance: rows made together lie together in an index) or derived
from what it names, so that saying the same thing twice says it once.
"""

import re
from hashlib import sha256
from typing import NewType

Id = NewType("Id", str)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_PYTHON = str.maketrans(_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTUV")  # the digits that int() reads in base 32
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TRIPLES = [pair + low for pair in _PAIRS for low in _ALPHABET]  # 15 bits at a time: this is on the sale's hot path
LENGTH = 26
_ID = re.compile(f"[0-7][{_ALPHABET}]{{25}}")
_TIME = 10  # characters of an id that tell its moment
_CHANCE = LENGTH - _TIME
_SHIFTS = range(115, 9, -15)
_LETTERS = (_ALPHABET * 8).encode()  # a byte's letter: its five low bits


def id_from_bytes(raw: bytes) -> Id:
    """16 bytes → id."""
    if len(raw) != 16:
        raise ValueError(f"an id is 16 bytes, not {len(raw)}")
    number = int.from_bytes(raw, "big")
    return Id("".join([_TRIPLES[number >> shift & 32767] for shift in _SHIFTS]) + _PAIRS[number & 1023])


def id_bytes(value: Id) -> bytes:
    """The id's 16 bytes, for barcodes and compact tables."""
    if not is_id(value):
        raise ValueError(f"not an id: {value!r:.40}")
    return int(value.translate(_TO_PYTHON), 32).to_bytes(16, "big")


def is_id(text: str) -> bool:
    """True for the canonical form only: upper case, 26 characters, no more than 128 bits."""
    return _ID.fullmatch(text) is not None


def id_at(unix_ms: int, chance: bytes) -> Id:
    """A fresh id for a moment and 10 bytes of chance. Who may read the clock uses `runtime.system.fresh_id`."""
    return id_from_bytes(unix_ms.to_bytes(6, "big") + chance)


def near_id(base: Id, *parts: str | int) -> Id:
    """An id that follows from `base` and `parts` and lies beside `base` in an index: rows of one sale fill one page
    instead of dirtying ten. 80 bits of it are the hash."""
    said: str = base
    for part in parts:
        said = f"{said}\x1f{part}"
    return Id(base[:_TIME] + sha256(said.encode()).digest()[:_CHANCE].translate(_LETTERS).decode())


def derived_id(*parts: str | int) -> Id:
    """The id of what `parts` name, e.g. lease and slot: the same parts give the same id everywhere."""
    return id_from_bytes(sha256("\x1f".join(map(str, parts)).encode()).digest()[:16])
