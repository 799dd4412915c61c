"""Registries: what is declared in one place is found by its name in another. Of two with one name the second would
replace the first, and nobody would hear of it."""

from collections.abc import Iterable, MutableMapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def add(registry: MutableMapping[K, V], name: K, value: V) -> None:
    """Raises ValueError where the name is there already."""
    if name in registry:
        raise ValueError(f"{name!r} is declared twice: {registry[name]!r:.200} and {value!r:.200}")
    registry[name] = value


def add_all(registry: MutableMapping[K, V], many: Iterable[tuple[K, V]]) -> None:
    for name, value in many:
        add(registry, name, value)
