"""Whatever `make test` asks a part of, since all of it takes too long for every change: `make weekly` asks the whole
(`WHOLE=1`). A test that does so is marked `whole`; one that is only there then, `whole(only=True)`."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
WHOLE = bool(os.environ.get("WHOLE"))


def part(everything: Sequence[T], of: int, turn: int = 0) -> Sequence[T]:
    """Every `of`th, from another one on each turn: over `of` turns all have come."""
    return everything if WHOLE else everything[turn % of :: of]
