"""The wire to the printer: TCP or a serial line, with a status that can say "unknown".

python-escpos' own status calls turn silence into "plenty of paper" or "no paper"; here silence is UNKNOWN. Answers are
told apart by their fixed bits, so that an echo of the line, an answer sent twice (USB bridges) or an automatic status
is never taken for the answer. After a silence the connection is dropped: a late answer must not meet the next question.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from urllib.parse import parse_qs, urlsplit

from serial_asyncio_fast import open_serial_connection

from shared.wire.printing import READY, PrinterStatus

DLE_EOT = b"\x10\x04"
GS_R = b"\x1dr\x01"  # answered only when everything before it is printed
NO_ASB = b"\x1da\x00"
FLUSH = 1200  # bytes; no command of a ticket is longer (a test looks)
CLEAR = b"\x1b@\x1bJ\x5a\x1dV\x00"  # what hangs out of the printer is cut off before the next ticket
QUIET_S = 0.01  # an answer sent twice has both halves within this
CHUNK = 512


class Proof(StrEnum):
    """How a printer shows that it is through with a ticket."""

    ECHO = auto()  # it answers GS r in sequence
    STATUS = auto()  # it cannot: its status after the time that printing takes


class LineLost(Exception):
    """The line went while bytes were leaving."""


@dataclass(frozen=True, slots=True)
class Tcp:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Serial:
    """A serial line, a USB bridge or a pty."""

    device: str
    baud: int = 19200


def address(text: str) -> Tcp | Serial:
    """`tcp://192.168.1.40:9100` or `serial:/dev/ttyUSB0?baud=38400`. ValueError says what is wrong."""
    parts = urlsplit(text)
    match parts.scheme:
        case "tcp" if parts.hostname:
            return Tcp(parts.hostname, parts.port if parts.port is not None else 9100)
        case "serial" if parts.path:
            baud = parse_qs(parts.query).get("baud", ["19200"])[0]
            if not baud.isdigit():
                raise ValueError(f"{baud!r} is not a speed in baud")
            return Serial(parts.path, int(baud))
    raise ValueError(f"{text!r} is no printer address; write tcp://host:9100 or serial:/dev/ttyUSB0?baud=19200")


class Heard(Enum):
    REAL_TIME = auto()  # answer to DLE EOT
    ECHO = auto()  # answer to GS r


class Answers:
    """Tells the printer's bytes apart: 0xx1xx10 answers DLE EOT, 0xx0xxxx answers GS r, 0xx1xx00 and the three bytes
    behind it are an automatic status, the rest (XON, XOFF, noise) is nothing."""

    def __init__(self) -> None:
        self._automatic = 0

    def take(self, data: bytes) -> list[tuple[Heard, int]]:
        found = []
        for byte in data:
            if self._automatic:
                self._automatic -= 1
            elif byte & 0x93 == 0x12:
                found.append((Heard.REAL_TIME, byte))
            elif byte & 0x93 == 0x10:
                self._automatic = 3
            elif byte & 0x90 == 0:
                found.append((Heard.ECHO, byte))
        return found


def judge(printer: int, offline: int, error: int, paper: int) -> PrinterStatus:
    """The status out of the four DLE EOT answers. What a person can mend at once comes first: an open cover also
    reports paper and offline."""
    if offline & 0x04:
        return PrinterStatus.COVER_OPEN
    if offline & 0x20 or paper & 0x60:
        return PrinterStatus.PAPER_OUT
    if error & 0x08:
        return PrinterStatus.CUTTER_ERROR
    if printer & 0x08 or offline & 0x40 or error & 0x60:
        return PrinterStatus.OFFLINE
    return PrinterStatus.NEAR_END if paper & 0x0C else PrinterStatus.OK


@dataclass(frozen=True, slots=True)
class Times:
    """`settle_ms`: the longest that printing a ticket may take; `print_ms`: what it takes, for Proof.STATUS."""

    reply_ms: int = 300
    connect_ms: int = 1000
    send_ms: int = 5000
    settle_ms: int = 8000
    print_ms: int = 2500


class Printer:
    """One conversation at a time; the caller sees to that. Connects when needed, and again after any trouble.

    `fragment`: half a ticket may hang in the printer, perhaps in the middle of a command that would swallow the next
    ticket's first bytes. The next unit is then led by `flush` zeros, which end the longest command and print nothing,
    and by a cut.
    """

    def __init__(
        self, where: Tcp | Serial, times: Times | None = None, proof: Proof = Proof.ECHO, flush: int = FLUSH
    ) -> None:
        self._where = where
        self._times = times or Times()
        self._proof = proof
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._answers = Answers()
        self._echoed = False
        self._flush = bytes(flush)
        self.fragment = False

    async def status(self) -> PrinterStatus:
        """What the printer says now; UNKNOWN if it does not answer, or cannot be reached."""
        try:
            await self._connect()
            return await self._look()
        except (OSError, TimeoutError, EOFError):
            await self.close()
            return PrinterStatus.UNKNOWN

    async def send(self, data: bytes) -> None:
        """Hands a unit's bytes over. LineLost: some, all or none of them may have arrived."""
        data = self._flush + CLEAR + data if self.fragment else data
        self.fragment = True
        try:
            await self._connect()
            assert self._writer is not None
            async with asyncio.timeout(self._times.send_ms / 1000):
                for start in range(0, len(data), CHUNK):
                    self._writer.write(data[start : start + CHUNK])
                    await self._writer.drain()
        except (OSError, TimeoutError) as error:
            await self.close()
            raise LineLost(str(error)) from error

    async def settled(self) -> tuple[bool, PrinterStatus]:
        """After a unit: whether the printer proved that it is through, and its status."""
        if self._proof is Proof.STATUS:
            await asyncio.sleep(self._times.print_ms / 1000)
            status = await self.status()
            self.fragment = status not in READY
            return not self.fragment, status
        try:
            echoed = await self._echo()
        except (OSError, TimeoutError, EOFError):
            await self.close()
            echoed = False
        self.fragment = not echoed
        return echoed, await self.status()

    async def close(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
            await asyncio.sleep(0)

    async def _connect(self) -> None:
        if self._writer is not None and not self._writer.is_closing():
            return
        async with asyncio.timeout(self._times.connect_ms / 1000):
            match self._where:
                case Tcp(host, port):
                    self._reader, self._writer = await asyncio.open_connection(host, port)
                case Serial(device, baud):
                    self._reader, self._writer = await open_serial_connection(
                        url=device, baudrate=baud, dsrdtr=False, exclusive=True
                    )
        self._answers = Answers()
        assert self._writer is not None
        self._writer.write(NO_ASB)

    async def _echo(self) -> bool:
        """Asks GS r, and between two waits looks whether the printer is still well: without paper it would be silent
        for as long as nobody comes."""
        assert self._writer is not None
        self._echoed = False
        self._writer.write(GS_R)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._times.settle_ms / 1000
        while not self._echoed and loop.time() < until:
            await self._listen(self._times.reply_ms / 1000, Heard.ECHO)
            if await self._look() not in READY:
                break
        return self._echoed

    async def _look(self) -> PrinterStatus:
        return judge(*[await self._ask(which) for which in (1, 2, 3, 4)])

    async def _ask(self, which: int) -> int:
        """The answer to one DLE EOT; TimeoutError on silence."""
        assert self._writer is not None
        await self._listen(QUIET_S, None)  # whatever is left from before is not the answer
        self._writer.write(DLE_EOT + bytes([which]))
        word = await self._listen(self._times.reply_ms / 1000, Heard.REAL_TIME)
        if word is None:
            raise TimeoutError(f"no answer to DLE EOT {which}")
        return word

    async def _listen(self, wait_s: float, wanted: Heard | None) -> int | None:
        """Reads for at most `wait_s`, until a wanted answer comes. EOFError when the other side has closed."""
        assert self._reader is not None
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    data = await self._reader.read(64)
            except TimeoutError:
                break
            if not data:
                raise EOFError("the printer closed the line")
            found = self._answers.take(data)
            self._echoed = self._echoed or any(heard is Heard.ECHO for heard, _ in found)
            for heard, word in found:
                if heard is wanted:
                    return word
        return None
