"""Barcode readers on a serial line (USB-CDC, RS-232, TTL): bytes to codes, and a line that comes back after a pull.

A code ends with CR, LF or ETX, or with 50 ms of silence; more than 512 bytes are no ticket, whatever they are. Bytes
become text one to one (Latin-1), so anything at all reaches the rule, which calls it unreadable; nothing that a reader
sends raises here. Known: GM65 and the usual hand-held readers in their CDC mode (docs/devices/gate.md).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path

from serial import SerialException
from serial_asyncio_fast import open_serial_connection

from shared.runtime.log import logger
from shared.wire.token import MAX_INPUT

log = logger(__name__)
SILENCE_S = 0.05
RETRY_S = 1.0
_ENDS = b"\r\n\x03"
_PADDING = "\x02\x00 \t"  # start of text, fillers: never part of a code


class ReaderState(StrEnum):
    ABSENT = auto()  # no such device
    OPENING = auto()
    READY = auto()
    ERROR = auto()  # there, but it cannot be read


@dataclass(slots=True)
class Framer:
    """Cuts a stream into codes. Holds at most 512 bytes; the rest of a longer one is let go by."""

    held: bytearray = field(default_factory=bytearray)
    spilling: bool = False

    def feed(self, data: bytes) -> list[str]:
        codes = []
        for byte in data:
            if byte in _ENDS:
                codes += self.flush()
            elif self.spilling:
                continue
            else:
                self.held.append(byte)
                if len(self.held) >= MAX_INPUT:
                    self.spilling = True
        return codes

    def flush(self) -> list[str]:
        """The code so far is all there is; none if nothing came since the last."""
        text = self.held.decode("latin-1").strip(_PADDING)
        self.held.clear()
        self.spilling = False
        return [text] if text else []

    @property
    def waiting(self) -> bool:
        return bool(self.held)


class SerialReader:
    """Use `run()` as a task. `on_code` gets each code, `on_state` each change of state with its reason."""

    def __init__(
        self,
        device: str,
        on_code: Callable[[str], None],
        on_state: Callable[[ReaderState, str], None] = lambda _state, _why: None,
        baudrate: int = 9600,
        retry_s: float = RETRY_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.state = ReaderState.ABSENT
        self._device, self._baudrate = device, baudrate
        self._on_code, self._on_state = on_code, on_state
        self._retry_s, self._silence_s = retry_s, silence_s
        self._told = False

    async def run(self) -> None:
        """Open, read, and open again for as long as the process lives."""
        while True:
            self._be(ReaderState.OPENING)
            try:
                await self._session()
            except (SerialException, OSError, ValueError) as bad:
                there = self.state is not ReaderState.READY and _there(self._device)
                self._be(ReaderState.ERROR if there else ReaderState.ABSENT, str(bad))
            else:
                self._be(ReaderState.ABSENT, "the reader is gone")
            await asyncio.sleep(self._retry_s)

    async def _session(self) -> None:
        stream, writer = await open_serial_connection(url=self._device, baudrate=self._baudrate, exclusive=True)
        self._be(ReaderState.READY)
        framer = Framer()
        try:
            while data := await self._read(stream, framer):
                for code in framer.feed(data):
                    self._on_code(code)
        finally:
            if not writer.transport.is_closing():  # it closes itself when the line is pulled, and only bears that once
                writer.transport.abort()

    async def _read(self, stream: asyncio.StreamReader, framer: Framer) -> bytes:
        """The next bytes; a silence after the last ones ends the code they belong to. Empty when the line is gone."""
        if not framer.waiting:
            return await stream.read(MAX_INPUT)
        try:
            async with asyncio.timeout(self._silence_s):
                return await stream.read(MAX_INPUT)
        except TimeoutError:
            for code in framer.flush():
                self._on_code(code)
            return await stream.read(MAX_INPUT)

    def _be(self, state: ReaderState, why: str = "") -> None:
        """While the device is away every attempt would say `opening`: that is told once, until it changes anything."""
        if state is ReaderState.OPENING and self._told:
            return
        changed, self.state, self._told = state is not self.state or not self._told, state, True
        if changed:
            log.info("reader", device=self._device, state=state, why=why)
            self._on_state(state, why)


def _there(device: str) -> bool:
    return Path(device).exists()
