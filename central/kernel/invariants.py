"""What must hold of the books whatever happens (docs/spec/edge.md, I1–I7, and what areas add): each area enters its
own (web/area.py), reports/checks.py asks them all. Each is a look at the rows alone, so a fault of any command, loop or
hand in the database shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from central.kernel.tx import Read


@dataclass(slots=True)
class Looked:
    """Gathered while looking: figures, which of them are amounts of money, and what does not fit."""

    figures: dict[str, int] = field(default_factory=dict)
    money: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def count(self, **figures: Any) -> None:
        self.figures |= {name: int(value or 0) for name, value in figures.items()}

    def add_up(self, **amounts: int) -> None:
        self.count(**amounts)
        self.money += amounts

    def fault(self, text: str) -> None:
        self.wrong.append(text)


@dataclass(frozen=True, slots=True)
class Invariant:
    """`sentence` says what holds; they are asked in the order of their names, whose texts are `value:check.<name>`. The
    texts of their figures are `value:figure.<name>`."""

    name: str
    sentence: str
    look: Callable[[Read, Looked], None]


INVARIANTS: dict[str, Invariant] = {}


def number(read: Read, sql: str) -> int:
    return int(read.run(sql)[0][0])
