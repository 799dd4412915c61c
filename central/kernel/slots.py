"""What an area refers to and only an area after it has. The one says what it is to it, a slot; the other one fills it
(`@entity(…, fills=(SLOT,))`). So the order holds for references, too, and who comes later can be another."""

from typing import Any


class Slot:
    """`what` it is to who refers to it. `table` is empty until the area is imported that fills it."""

    __slots__ = ("_marks", "table", "what")

    def __init__(self, what: str) -> None:
        self.what, self.table = what, ""
        self._marks: list[Any] = []

    def named_by(self, mark: Any) -> None:
        """A mark of a field: it is told the table."""
        self._marks.append(mark)
        object.__setattr__(mark, "table", self.table)

    def fill(self, table: str) -> None:
        """Raises ValueError where another has it."""
        if self.table not in ("", table):
            raise ValueError(f"{self.what}: {self.table}, and {table}")
        self.table = table
        for mark in self._marks:
            object.__setattr__(mark, "table", table)


def name_in(mark: Any, to: str | Slot) -> None:
    """`mark` keeps the table, or is told it: asked for with every row, it is an attribute, and not worked out."""
    object.__setattr__(mark, "to", to)
    if isinstance(to, Slot):
        to.named_by(mark)
    else:
        object.__setattr__(mark, "table", to)
