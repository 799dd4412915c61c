"""What a command asked, as the log says it: fields by their names, what it names by theirs, and no data of programs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from central.kernel.door import Door
from central.kernel.entity import named_by, stripped
from central.kernel.former_names import renamed
from central.kernel.personal_data import ERASED, STRUCK
from central.kernel.registry import COMMANDS
from central.kernel.tx import Read
from central.web.deed_words import LOG_WORDS
from central.web.history.records import visible
from central.web.history.words import labels_ever
from central.web.screens.cells import clipped
from central.web.screens.names import house_timezone
from central.web.screens.value_words import inner_text
from central.web.texts import Texts
from shared.ids import is_id

MOST_ASKED = 500  # characters of what a field said


@dataclass(frozen=True, slots=True)
class LogField:
    name: str
    value: str


def asked_fields(
    door: Door, read: Read, t: Texts, command: str, body: Mapping[str, Any], about: tuple[str, str] | None
) -> Iterable[LogField]:
    """A generated change says what it sets; its revision says nothing to people, nor does what an area says in words.
    What it acted on is called by its name (`about`), for who may see it, and so is what it names beside it."""
    said = LOG_WORDS[command].fields if command in LOG_WORDS else frozenset()
    refs, zone = _named_in(door, read, t, command, body), house_timezone(read)
    on = next(iter(COMMANDS[command].hints), "") if command in COMMANDS and about else ""
    entity = (COMMANDS[command].on if command in COMMANDS else None) or command.partition("_")[2]
    generated = set(body) == {"id", "set", "seen"} and isinstance(body["set"], dict)
    asked = {"id": body["id"], **body["set"]} if generated else body
    for name, value in renamed(entity, asked).items():
        if name in said:
            continue
        label = t("Identifiant") if name == "id" else t.known(f"field:{command}.{name}") or t.field(entity, name)
        named_as = about[0] if about and name == on != "id" else refs.get(name)
        yield LogField(label, named_as or _plain(t, value, zone))


def _named_in(door: Door, read: Read, t: Texts, command: str, body: Mapping[str, Any]) -> Mapping[str, str]:
    """What its references name, by field, for who may see it."""
    hints = COMMANDS[command].hints if command in COMMANDS else {}
    tables = {name: named_by(stripped(hint)[2]) for name, hint in hints.items()}
    things = {name: (table, body[name]) for name, table in tables.items() if table and is_id(str(body.get(name)))}
    seen = visible(door, read, set(things.values()))
    names = labels_ever(read, t, seen)
    return {name: names(*thing) for name, thing in things.items() if thing in seen}


def _plain(t: Texts, value: Any, zone: ZoneInfo) -> str:
    text = {STRUCK: t("gardé secret"), ERASED: t("effacé")}.get(value, "") if isinstance(value, str) else ""
    return clipped(text or inner_text(t, value, zone), MOST_ASKED)
