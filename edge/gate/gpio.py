"""A lane's port on real GPIO lines (libgpiod 2), found by the chip's label: numbers change from kernel to kernel.

A Pi 5 says `pinctrl-rp1`, a Pi 4 `pinctrl-bcm2711`, a Pi 3 `pinctrl-bcm2835`. `gpiodetect` shows what a machine has.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from edge.gate.config import GpioConfig
from edge.gate.port import PATTERN, Contact, OnContact, Sound
from shared.rules.access import Lamp
from shared.runtime.config import Failure

_CONSUMER = "parterre-gate"


def chip_labelled(label: str, folder: Path = Path("/dev")) -> Path:
    """The chip's device file. Failure that names what there is instead."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(path)) as chip:
                found.setdefault(chip.get_info().label, path)
        except OSError as bad:
            raise Failure(f"{path} cannot be opened ({bad.strerror}).", "Add this user to the group gpio.") from bad
    if label in found:
        return found[label]
    there = ", ".join(found) or "none at all"
    raise Failure(f"There is no GPIO chip labelled {label}; there is {there}.", "Set port.gpio.chip, or port.kind.")


class GpioPort:
    def __init__(self, config: GpioConfig, folder: Path = Path("/dev")) -> None:
        if config.relay is None:
            raise Failure("No line is set for the relay.", "Set port.gpio.relay.")
        self._config = config
        self._path = chip_labelled(config.chip, folder)
        self._request: gpiod.LineRequest | None = None
        self._timers: dict[int, list[asyncio.TimerHandle]] = {}
        self._contacts = {
            line: contact
            for line, contact in ((config.passage, Contact.PASSAGE), (config.fire, Contact.FIRE))
            if line is not None
        }
        self._lamps = {Lamp.GREEN: config.green, Lamp.AMBER: config.amber, Lamp.RED: config.red}

    async def start(self, on_contact: OnContact) -> None:
        lines: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None] = {}
        for output in (self._config.relay, *self._lamps.values(), self._config.buzzer):
            if output is not None:
                lines[output] = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
        for contact in self._contacts:
            lines[contact] = gpiod.LineSettings(
                direction=Direction.INPUT,
                edge_detection=Edge.BOTH,
                bias=Bias.PULL_UP,
                active_low=True,
                debounce_period=timedelta(milliseconds=self._config.debounce_ms),
            )
        try:
            self._request = gpiod.request_lines(str(self._path), consumer=_CONSUMER, config=lines)
        except OSError as bad:
            raise Failure(
                f"The lines {list(lines)} of {self._config.chip} cannot be had ({bad.strerror}).",
                "See `gpioinfo` for who holds them.",
            ) from bad
        if self._contacts:
            asyncio.get_running_loop().add_reader(self._request.fd, self._edges, on_contact)
        for line, which in self._contacts.items():
            if which is Contact.FIRE and self._request.get_value(line) is Value.ACTIVE:
                on_contact(which, True)  # it was burning before we came

    def pulse(self) -> None:
        self._play(self._config.relay, (self._config.pulse_ms,))

    def hold_open(self) -> None:
        self._set(self._config.relay, True)

    def close(self) -> None:
        self._set(self._config.relay, False)

    def lamp(self, lamp: Lamp | None) -> None:
        for which, line in self._lamps.items():
            self._set(line, which is lamp)

    def sound(self, sound: Sound) -> None:
        self._play(self._config.buzzer, PATTERN[sound])

    async def stop(self) -> None:
        if self._request is None:
            return
        asyncio.get_running_loop().remove_reader(self._request.fd)
        for line in (self._config.relay, *self._lamps.values(), self._config.buzzer):
            self._set(line, False)
        self._request.release()
        self._request = None

    def _edges(self, on_contact: OnContact) -> None:
        if self._request is None:
            return
        for event in self._request.read_edge_events():
            closed = event.event_type is event.Type.RISING_EDGE  # logical: active low is taken care of
            on_contact(self._contacts[event.line_offset], closed)

    def _play(self, line: int | None, pattern: tuple[int, ...]) -> None:
        """On, off, on … for these milliseconds, off at the end."""
        self._set(line, True)
        if line is None:
            return
        at, on = 0.0, True
        for length in pattern:
            at, on = at + length / 1000, not on
            self._timers[line].append(asyncio.get_running_loop().call_later(at, self._put, line, on))

    def _set(self, line: int | None, on: bool) -> None:
        if line is None:
            return
        for timer in self._timers.pop(line, ()):
            timer.cancel()
        self._timers[line] = []
        self._put(line, on)

    def _put(self, line: int, on: bool) -> None:
        if self._request is not None:
            self._request.set_value(line, Value.ACTIVE if on else Value.INACTIVE)
