"""What a lane shows: one big word, a shape, a colour, one line. A value; screens, the live page and lamps draw it.

Readable at two metres, in five languages (texts/<language>/gate.po: `used.word`, `used.line`); the state never lies in
the colour alone. Every refusal says what to do next or where to go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.gate.core import GateAnswer, LaneFace
from edge.gate.port import Sound
from edge.gate.text_table import SAID
from shared.languages import named
from shared.outcome import Ok, Reason
from shared.rules.access import Deny, Lamp
from shared.texts import say


class Shape(StrEnum):
    TICK = auto()
    EYE = auto()  # go, and somebody looks
    CROSS = auto()
    CLOCK = auto()  # not now
    ARROW = auto()  # another door
    DOTS = auto()  # ready, wait
    FLAME = auto()


COLOUR: Final[Mapping[Lamp | None, str]] = {
    Lamp.GREEN: "#1f7a4d",
    Lamp.AMBER: "#b7791f",
    Lamp.RED: "#b3261e",
    None: "#1d1a26",
}


@dataclass(frozen=True, slots=True)
class Picture:
    word: str
    line: str
    shape: Shape
    lamp: Lamp | None
    sound: Sound | None = None

    @property
    def colour(self) -> str:
        return COLOUR[self.lamp]


_FIELDS: Final = ("at", "closed", "entries", "event", "gate", "gates", "left", "left_count", "opens", "starts", "zones")
_DAY: Final = {"de": "%d.%m."}
_SHAPES: Final[Mapping[Reason, Shape]] = {
    Deny.WRONG_PERFORMANCE: Shape.CLOCK,
    Deny.WRONG_ZONE: Shape.ARROW,
    Deny.TOO_EARLY: Shape.CLOCK,
    Deny.REENTRY_NOT_YET: Shape.CLOCK,
    Deny.NEEDS_CHECK: Shape.EYE,
}
_FACES: Final[Mapping[LaneFace, tuple[Shape, Lamp | None, Sound | None]]] = {
    LaneFace.READY: (Shape.DOTS, None, None),
    LaneFace.WAIT: (Shape.DOTS, Lamp.AMBER, Sound.LOOK),
    LaneFace.ALARM: (Shape.FLAME, Lamp.GREEN, Sound.ALARM),
    LaneFace.HELPDESK: (Shape.DOTS, None, None),
    LaneFace.FAULT: (Shape.CROSS, Lamp.RED, Sound.NO),
}


def picture(
    face: LaneFace, answer: GateAnswer | None, language: str, now: datetime, timezone: str = "UTC", again: bool = False
) -> Picture:
    """What to show. `again`: the same answer to the same code makes no second sound."""
    if face is not LaneFace.ANSWER or answer is None:
        shape, lamp, sound = _FACES[face if face is not LaneFace.ANSWER else LaneFace.READY]
        return Picture(
            *_said(face if face is not LaneFace.ANSWER else LaneFace.READY, language, {}), shape, lamp, sound
        )
    if isinstance(answer.outcome, Ok):
        admit = answer.outcome.value
        fields = _fields(admit.detail, language, now, timezone)
        several = int(admit.detail.get("entries") or 0) > 1
        fields["left"] = say(SAID, language, "left", n=admit.left) if several else ""
        look = admit.lamp is Lamp.AMBER
        shape, lamp, sound = Shape.EYE if look else Shape.TICK, admit.lamp, Sound.LOOK if look else Sound.YES
        name: str = admit.message
    else:
        reason = answer.outcome.reason
        name = reason.value
        fields = _fields(answer.outcome.detail, language, now, timezone)
        look = reason is Deny.NEEDS_CHECK
        shape, lamp = _SHAPES.get(reason, Shape.CROSS), Lamp.AMBER if look else Lamp.RED
        sound = Sound.LOOK if look else Sound.NO
    word, line = _said(name, language, fields)
    return Picture(word, line, shape, lamp, None if again else sound)


def _said(name: str, language: str, fields: Mapping[str, str]) -> tuple[str, str]:
    known = {**dict.fromkeys(_FIELDS, ""), **fields}  # a detail that is not known leaves a gap, not a fault
    line = say(SAID, language, f"{name}.line", **known)
    return say(SAID, language, f"{name}.word"), " ".join(line.split())


def _fields(detail: Mapping[str, Any], language: str, now: datetime, timezone: str) -> dict[str, str]:
    zone = _zone(str(detail.get("timezone") or timezone))
    fields = {key: str(value) for key, value in detail.items() if isinstance(value, str | int)}
    for key in ("at", "opens", "closed", "starts"):
        if detail.get(key):
            fields[key] = _time(str(detail[key]), language, now, zone)
    names = detail.get("event")
    if isinstance(names, Mapping):
        fields["event"] = named(names, language)
    for key in ("gates", "zones"):
        fields[key] = ", ".join(map(str, detail.get(key) or ()))
    if fields["zones"] and fields["gates"]:
        fields["zones"] = f"({fields['zones']})"
    fields["left_count"] = str(detail.get("left", 0))
    return fields


def _time(text: str, language: str, now: datetime, zone: ZoneInfo) -> str:
    """The time of day there; with the day if it is another one."""
    at = datetime.fromisoformat(text).astimezone(zone)
    hour = at.strftime("%H:%M")
    return hour if at.date() == now.astimezone(zone).date() else f"{at.strftime(_DAY.get(language, '%d/%m'))} {hour}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
