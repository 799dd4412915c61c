"""What a house sets for an area, beside what it sets for central (config.py): each area declares a frozen dataclass of
keys with their defaults (web/area.py), and finds its own here, in a command, a query or the application."""

from dataclasses import dataclass
from typing import Any, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Settings:
    areas: tuple[Any, ...] = ()

    def of(self, kind: type[S]) -> S:
        """As it comes, where the configuration has nothing of it."""
        return next((each for each in self.areas if isinstance(each, kind)), None) or kind()


AS_IT_COMES = Settings()
