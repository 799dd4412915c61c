"""What stands inside a value, in words: a drawing, what was asked, what a device told. Never as programs keep it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from central.kernel.briefs import brief_length
from central.web.text_keys import enum_name
from central.web.texts import Texts
from shared.languages import LANGUAGES

MOST_NAMED = 12
_NAMING = ("names", "name", "text", "code")


def inner_text(t: Texts, value: Any, zone: ZoneInfo | None = None) -> str:
    """In one line. `zone`: that of the times in it; without one they stay as they are."""
    said = in_json(value)
    match said:
        case None | "":
            return t("rien")
        case bool():
            return t("oui") if said else t("non")
        case StrEnum():
            return t.value(enum_name(type(said)), said)
        case int() | float():
            return t.number(said)
        case str():
            if (length := brief_length(said)) is not None:
                return t.n("texte d’un caractère", "texte de {n} caractères", length)
            at = _moment(said) if zone else None
            return t.moment(at, zone) if at and zone else said
        case list() | tuple():
            return _many(t, said, zone)
        case _:
            return "; ".join(inner_lines(t, said, zone)) or t("rien")


def inner_lines(t: Texts, value: Any, zone: ZoneInfo | None = None, of: str = "") -> tuple[str, ...]:
    """A line for each thing in it that says something; `of` is what its fields belong to in the texts."""
    said = in_json(value)
    if is_dataclass(said) and not isinstance(said, type):
        said = {each.name: getattr(said, each.name) for each in fields(said)}
    if not isinstance(said, Mapping):
        return (inner_text(t, said, zone),)
    if said and said.keys() <= {*LANGUAGES}:
        return (t.of(said),)
    told = {name: each for name, each in said.items() if each is not None and each != "" and each != () and each != []}
    return tuple(f"{t.field(of, name)}{t.colon}{inner_text(t, each, zone)}" for name, each in told.items())


def in_json(value: Any) -> Any:
    """What a text holds that is JSON of more than one thing; anything else is itself."""
    if isinstance(value, str) and value[:1] in ("{", "[") and value[-1:] in ("}", "]"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _many(t: Texts, items: list[Any] | tuple[Any, ...], zone: ZoneInfo | None) -> str:
    """By what they are called, or how many there are."""
    if not items:
        return t("rien")
    named = [_called(t, each, zone) for each in items[:MOST_NAMED]]
    if not all(named):
        return t.n("{n} élément", "{n} éléments", len(items))
    more = len(items) - len(named)
    return ", ".join([*named, *([t.n("et {n} autre", "et {n} autres", more)] if more > 0 else [])])


def _called(t: Texts, item: Any, zone: ZoneInfo | None) -> str:
    """Empty: by nothing that people would know."""
    if isinstance(item, str | int | float | StrEnum):
        return inner_text(t, item, zone)
    if is_dataclass(item) and not isinstance(item, type):
        item = {each.name: getattr(item, each.name) for each in fields(item)}
    if not isinstance(item, Mapping):
        return ""
    found = next((item[name] for name in _NAMING if item.get(name)), "")
    return t.of(found) if isinstance(found, Mapping) else str(found)


def _moment(text: str) -> datetime | None:
    if len(text) < len("2026-11-21T18:00Z") or text[4:5] != "-" or "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
