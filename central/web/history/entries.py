"""The log's rows in words, as the audit's screen lists them and a sheet writes them."""

from dataclasses import dataclass

from central.web.history.log import LogRow
from central.web.history.part_words import FieldWords
from central.web.history.words import Who


@dataclass(frozen=True, slots=True)
class TouchedThing:
    """A thing that a command changed; without a name and address for who may not see it."""

    act: str
    entity: str
    name: str
    href: str
    seen: bool = True
    lines: tuple[FieldWords, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEntry:
    row: LogRow
    when: str
    who: Who
    origin: str
    did: str
    place: str
    reason: str
    things: tuple[TouchedThing, ...]
    more: int
