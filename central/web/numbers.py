"""Numbers that forms and our own scripts send beside the fields of a sheet: whole, and no larger than what is counted
here. Whatever comes after may add a few of them, and say them in JSON again."""

from typing import Any

import orjson

MOST = 10**9  # places of all halls there are


def whole(said: Any) -> int:
    """From 0 to MOST, as a number or as its digits. ValueError for anything else: a fraction, a sign, yes or no."""
    if isinstance(said, str):
        said = said.strip()
        said = int(said) if said.isascii() and said.isdigit() and len(said) <= len(str(MOST)) else None
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said <= MOST:
        raise ValueError(f"a whole number from 0 to {MOST} is wanted")
    return said


def pairs(text: str) -> list[tuple[int, int]]:
    """[[first, how many], …] in JSON; none of an empty text. ValueError for anything else."""
    said = orjson.loads(text or "[]")
    if not isinstance(said, list) or any(not isinstance(each, list) or len(each) != 2 for each in said):
        raise ValueError("pairs of numbers are wanted")
    return [(whole(first), whole(many)) for first, many in said]
