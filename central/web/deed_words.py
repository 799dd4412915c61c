"""What was done, in words: a command's own, or the step that was chosen in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from central.kernel.db import in_list
from central.kernel.entity import BY_NAME
from central.kernel.registry import COMMANDS, Handler
from central.kernel.tx import Read
from central.web.screens.fields import Field, FieldKind, fields_of
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.life import Life
from shared.registries import add


@dataclass(frozen=True, slots=True)
class LogWords:
    """How the log says in words what the fields of a command hold for programs: by (id of what it acted on, when)."""

    fields: frozenset[str]
    said: Callable[[Read, Sequence[tuple[str, datetime]]], Mapping[tuple[str, datetime], str]]


LOG_WORDS: dict[str, LogWords] = {}


def says_in_log(command: str, words: LogWords) -> None:
    add(LOG_WORDS, command, words)


def step_field(handler: Handler, life: Life[Any, Any]) -> Field | None:
    """The field that takes one of its deeds: `do` of a performance's sale."""
    kinds = {type(do) for do in life.deeds}
    return next(
        (each for each in fields_of(handler.hints) if each.kind is FieldKind.CHOICE and each.hint in kinds), None
    )


def done_words(read: Read, t: Texts, commands: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """By the id of (id, name): `Mettre en vente` for a step of a life, whose command has a word for all its steps."""
    found = dict(commands)
    chosen = {name: field for name in set(found.values()) if (field := _step_of(name))}
    asked = [each for each, name in found.items() if name in chosen]
    said = {each: t.do(name) for each, name in found.items()}
    if asked:
        listed, params = in_list("c", asked)
        for each, body in read.run(f"SELECT id, body FROM command_log WHERE id IN {listed}", **params):  # noqa: S608 - our names
            said[each] = _step(t, chosen[found[each]], body) or said[each]
    return said


def _step_of(command: str) -> Field | None:
    handler = COMMANDS.get(command)
    declaration = BY_NAME.get(handler.on or "") if handler else None
    return step_field(handler, declaration.life[1]) if handler and declaration and declaration.life else None


def _step(t: Texts, field: Field, body: str) -> str:
    """Nothing where the log has no such step: another version of central wrote it, or it is kept in brief."""
    try:
        given = orjson.loads(body)
    except ValueError:
        return ""
    value = given.get(field.name) if isinstance(given, dict) else None
    step = next((each for each in field.choices if each == value), None)
    return t.value(enum_name(type(step)), step) if isinstance(step, StrEnum) else ""
