"""Real ones with a few bytes changed: what a stranger sends who knows how a right one looks."""

from base64 import b64decode, b64encode
from collections.abc import Callable

from hypothesis import strategies as st

_EDIT = st.tuples(
    st.sampled_from(("change", "change", "change", "put in", "take out", "cut", "twice")),
    st.integers(0, 2**16),
    st.one_of(st.integers(0, 255), st.sampled_from(tuple(b'\x00\x01\x7f\x80\xff"{}[]<>&,;:-0'))),
)
EDITS = st.lists(_EDIT, min_size=1, max_size=4)


def edited(real: bytes, edits: list[tuple[str, int, int]]) -> bytes:
    made = bytearray(real)
    for what, at, byte in edits:
        here = at % (len(made) + 1)
        if what == "put in":
            made[here:here] = bytes((byte,))
        elif what == "take out":
            del made[here : here + 1 + byte % 4]
        elif what == "cut":
            del made[here:]
        elif what == "twice":
            made[here:here] = made[here : here + byte]
        elif here < len(made):
            made[here] = byte
    return bytes(made)


def edited_text(real: str, edits: list[tuple[str, int, int]]) -> str:
    return edited(real.encode(), edits).decode(errors="surrogateescape")  # as a header's or a packet's bytes may come


def inside_pem(real: str, edits: list[tuple[str, int, int]]) -> str:
    """The same of what a PEM holds, which is PEM again: otherwise most would end before anything is read."""
    first, *middle, last = real.strip().splitlines()
    der = edited(b64decode("".join(middle)), edits)
    return "\n".join((first, b64encode(der).decode(), last, ""))


Edited = Callable[[str, list[tuple[str, int, int]]], str]
