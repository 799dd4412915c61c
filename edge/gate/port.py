"""Relay, lamps, buzzer and contacts of a lane behind one small port.

The relay is closed (barrier shut) at the start, at the end, and when the process dies: the lines are ours only while we
hold them, and a pull-down does the rest. The fire-alarm contact must also be wired to the barrier itself; what happens
here in software is for the counting and the screen.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum, auto
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import orjson

from shared.rules.access import Lamp
from shared.runtime.config import Failure


class Contact(StrEnum):
    PASSAGE = auto()  # closes when somebody goes through
    FIRE = auto()  # closes on alarm


class Sound(StrEnum):
    """One for each answer, so that nobody has to look."""

    YES = auto()  # one short, high
    LOOK = auto()  # two short
    NO = auto()  # one long, low
    ALARM = auto()


PATTERN = {  # buzzer on, off, on … in milliseconds
    Sound.YES: (120,),
    Sound.LOOK: (120, 80, 120),
    Sound.NO: (700,),
    Sound.ALARM: (300, 300, 300, 300, 300),
}

OnContact = Callable[[Contact, bool], None]


class GatePort(Protocol):
    """`start` calls back for every change of a contact. Nothing here blocks."""

    async def start(self, on_contact: OnContact) -> None: ...
    def pulse(self) -> None: ...
    def hold_open(self) -> None: ...
    def close(self) -> None: ...
    def lamp(self, lamp: Lamp | None) -> None: ...
    def sound(self, sound: Sound) -> None: ...
    async def stop(self) -> None: ...


def _open(file: Path) -> BinaryIO:
    try:
        return cast(BinaryIO, file.open("ab", buffering=0))
    except OSError as bad:
        raise Failure(f"The port's log {file} cannot be written ({bad.strerror}).", "Set port.log elsewhere.") from bad


class FakePort:
    """No hardware: everything is logged, to a list and to a file with one JSON object a line. With `passage_s` whoever
    is let in goes through after that time, as a visitor would."""

    def __init__(self, log_file: Path | None = None, passage_s: float | None = None, lane: str = "") -> None:
        self.told: list[dict[str, Any]] = []
        self._file = _open(log_file) if log_file else None
        self._passage_s, self._lane = passage_s, lane
        self._on_contact: OnContact | None = None
        self._walks: set[asyncio.TimerHandle] = set()

    async def start(self, on_contact: OnContact) -> None:
        self._on_contact = on_contact
        self._tell("start")

    def pulse(self) -> None:
        self._tell("open")
        if self._passage_s is not None:
            self._walks.add(asyncio.get_running_loop().call_later(self._passage_s, self.touch, Contact.PASSAGE))

    def hold_open(self) -> None:
        self._tell("hold_open")

    def close(self) -> None:
        self._tell("close")

    def lamp(self, lamp: Lamp | None) -> None:
        self._tell("lamp", lamp=lamp or "off")

    def sound(self, sound: Sound) -> None:
        self._tell("sound", sound=sound)

    def touch(self, contact: Contact, closed: bool = True) -> None:
        """What a person or a fire would do."""
        self._tell("contact", contact=contact, closed=closed)
        if self._on_contact:
            self._on_contact(contact, closed)

    async def stop(self) -> None:
        for walk in self._walks:
            walk.cancel()
        self._on_contact = None
        self._tell("stop")
        if self._file:
            self._file.close()
            self._file = None

    def _tell(self, what: str, **more: Any) -> None:
        entry = {"what": what, "lane": self._lane, **more}
        self.told.append(entry)
        if len(self.told) > 1000:
            del self.told[:500]
        if self._file:
            self._file.write(orjson.dumps({"at": datetime.now(UTC), **entry}) + b"\n")
