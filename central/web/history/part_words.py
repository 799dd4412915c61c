"""What belongs to a thing and has rows of its own (the prices of a grid), told in the thing's history: people look
there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central.kernel.tx import Read
from central.web.screens.cells import Cell
from central.web.texts import Texts
from shared.registries import add


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field before and after; `before` or `after` None: there was no such thing. `doubt`: something else changed it
    since, that left no entry."""

    field: str
    before: Cell | None
    after: Cell | None
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class PartWords:
    """`table`: what belongs to it. `said`: (read, texts, the thing's id, commands) → by command what became of its
    parts."""

    table: str
    said: Callable[[Read, Texts, str, Sequence[str]], Mapping[str, tuple[FieldWords, ...]]]


PARTS: dict[str, PartWords] = {}


def tells_parts(whole: str, words: PartWords) -> None:
    add(PARTS, whole, words)
