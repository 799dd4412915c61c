"""Ids are 128 bits, made by the sender, written as 26 characters of Crockford's base 32 (the ULID form).

An id is either fresh (48 bits of milliseconds, 80 of chance: rows made together lie together in an index) or derived
from what it names, so that saying the same thing twice says it once.
"""

from hashlib import sha256
from typing import NewType

Id = NewType("Id", str)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {char: value for value, char in enumerate(_ALPHABET)}
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]  # ten bits at a time: this is on the sale's hot path
LENGTH = 26


def id_from_bytes(raw: bytes) -> Id:
    """16 bytes → id."""
    if len(raw) != 16:
        raise ValueError(f"an id is 16 bytes, not {len(raw)}")
    number = int.from_bytes(raw, "big")
    return Id("".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]))


def id_bytes(value: Id) -> bytes:
    """The id's 16 bytes, for barcodes and compact tables."""
    if not is_id(value):
        raise ValueError(f"not an id: {value!r:.40}")
    number = 0
    for char in value:
        number = number << 5 | _VALUE[char]
    return number.to_bytes(16, "big")


def is_id(text: str) -> bool:
    """True for the canonical form only: upper case, 26 characters, no more than 128 bits."""
    return len(text) == LENGTH and text[0] <= "7" and all(char in _VALUE for char in text)


def id_at(unix_ms: int, chance: bytes) -> Id:
    """A fresh id for a moment and 10 bytes of chance. Who may read the clock uses `runtime.system.fresh_id`."""
    return id_from_bytes(unix_ms.to_bytes(6, "big") + chance)


def derived_id(*parts: str | int) -> Id:
    """The id of what `parts` name, e.g. lease and slot: the same parts give the same id everywhere."""
    return id_from_bytes(sha256("\x1f".join(map(str, parts)).encode()).digest()[:16])
