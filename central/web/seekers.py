"""How things without a name of their own are looked for and called: an area says it of its entities (`Area.seekers`,
`Area.called`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.kernel.tx import Read


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows of the table, called `t`, are meant, as a condition with its parameters; the best come first."""

    where: str
    params: Mapping[str, Any]
    order: str


Seeker = Callable[[Read, str, Sequence[str]], Sought]
"""(who looks, their language, folded words)"""

SEEKERS: dict[str, Seeker] = {}

Called = Callable[[Read, Sequence[str]], Mapping[str, str]]
"""(who looks, ids of rows) → what each is called; who has no name is left out."""

CALLED: dict[str, Called] = {}
