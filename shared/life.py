"""Life cycles: which deed leads from which state to which. A step that is not in the table does not happen."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
D = TypeVar("D", bound=StrEnum)


class Life(Mapping[tuple[S, D], S]):
    """`begins` are the states in which a life may begin. `main` is what one wants next of the deeds, `stops` what ends
    something that others count on: screens draw them so, and ask twice."""

    def __init__(
        self, steps: Mapping[tuple[S, D], S], *, begins: frozenset[S], main: frozenset[D] = frozenset(),
        stops: frozenset[D] = frozenset(),
    ) -> None:  # fmt: skip
        self._steps, self.begins, self.main, self.stops = dict(steps), begins, main, stops

    def after(self, state: S, do: D) -> S | None:
        """Where this deed leads from there; None: nowhere, it is not done."""
        return self._steps.get((state, do))

    @property
    def deeds(self) -> frozenset[D]:
        return frozenset(do for _, do in self._steps)

    @property
    def ends(self) -> frozenset[S]:
        """From where nothing leads on."""
        return (self.begins | frozenset(self._steps.values())) - {state for state, _ in self._steps}

    def is_final(self, do: D) -> bool:
        """Whether nothing leads back from wherever this deed leads."""
        return {after for (_, each), after in self._steps.items() if each == do} <= self.ends

    def __getitem__(self, step: tuple[S, D]) -> S:
        return self._steps[step]

    def __iter__(self) -> Iterator[tuple[S, D]]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)
