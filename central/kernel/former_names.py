"""What entities and columns were called before. The log is sealed: what it says stays as it was said, under the names
of its day. Whoever shows it, or looks something up in it, asks here for today's. A declaration says its former names
(`was=`, `Was`), oldest first, and keeps them for ever."""

from collections.abc import Mapping
from typing import TypeVar

from central.kernel.entity import BY_NAME

V = TypeVar("V")


def today(entity: str) -> str:
    """The name of today of an entity that the log names; what nobody declares stays as it is."""
    if entity in BY_NAME:
        return entity
    return next((each.name for each in BY_NAME.values() if entity in each.was), entity)


def names_of(entity: str) -> tuple[str, ...]:
    """All names under which the log may name an entity of today."""
    return (*BY_NAME[entity].was, entity) if entity in BY_NAME else (entity,)


def renamed(entity: str, values: Mapping[str, V]) -> dict[str, V]:
    """What the log says of an entity's fields, under today's names."""
    declaration = BY_NAME.get(today(entity))
    former = declaration.former if declaration else {}
    return {former.get(name, name): value for name, value in values.items()}


_GENERATED = ("create", "change", "delete")  # kernel/crud.py


def command_today(command: str) -> str:
    """The name of today of a command that the log names: those of a declaration are called after its entity."""
    verb, _, entity = command.partition("_")
    return f"{verb}_{today(entity)}" if verb in _GENERATED else command


def names_of_command(command: str) -> tuple[str, ...]:
    """All names under which the log may name a command of today."""
    verb, _, entity = command.partition("_")
    return tuple(f"{verb}_{name}" for name in names_of(entity)) if verb in _GENERATED else (command,)
