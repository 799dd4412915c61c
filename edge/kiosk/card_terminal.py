"""Talks to a card terminal over TCP: one connection, one request, one answer. Decides nothing.

A message has no end mark, so an answer is taken when it is whole and a short silence follows, or when the terminal
closes. Most terminals want nothing after the request; some want CR LF (`line_end`).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from edge.kiosk.caisse_ap import (
    LIMIT,
    Malformed,
    Reply,
    Request,
    TillIdentity,
    decode_fields,
    decode_reply,
    encode_request,
)
from edge.kiosk.payment_rules import Lost
from shared.outcome import Ok, Refused

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """Times in seconds. `answer_s` is longer than the terminal's own time-out for the card, so that it is the terminal
    that gives up first. `tries` is how often a lost answer is asked for while a visitor waits, `boot_tries` per round
    at start-up; `pause_s` lies between two. `duplicate` and `cancel`: whether the model knows these operations."""

    host: str = "127.0.0.1"
    port: int = 8888
    till: TillIdentity = field(default_factory=TillIdentity)
    line_end: str = ""
    connect_s: float = 3.0
    answer_s: float = 180.0
    enquiry_s: float = 5.0
    cancel_s: float = 60.0
    idle_s: float = 0.15
    pause_s: float = 2.0
    tries: int = 30
    boot_tries: int = 5
    duplicate: bool = True
    cancel: bool = True
    exclusive: bool = False


class CardPort(Protocol):
    """What payments need of a terminal; the simulation bench brings its own."""

    @property
    def settings(self) -> TerminalSettings: ...
    async def ask(self, request: Request, wait_s: float) -> Reply | Lost: ...
    async def pause(self) -> None: ...


class CardTerminal:
    """A CardPort over TCP."""

    def __init__(self, settings: TerminalSettings) -> None:
        self.settings = settings

    async def pause(self) -> None:
        await asyncio.sleep(self.settings.pause_s)

    async def ask(self, request: Request, wait_s: float) -> Reply | Lost:
        """The answer, or why there is none. Never raises for anything that a terminal or a network can do."""
        wire = encode_request(self.settings.till, request) + self.settings.line_end.encode("ascii")
        try:
            async with asyncio.timeout(self.settings.connect_s):
                reader, writer = await asyncio.open_connection(self.settings.host, self.settings.port)
        except (OSError, TimeoutError):
            return self._told(request, Lost.UNREACHABLE)
        try:
            async with asyncio.timeout(wait_s):
                writer.write(wire)
                await writer.drain()
                answer = _understood(await self._read(reader))
        except TimeoutError:
            answer = Lost.SILENT
        except OSError:
            answer = Lost.CUT
        finally:
            writer.close()
        return self._told(request, answer)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while len(data) <= LIMIT:
            try:
                whole = isinstance(decode_reply(data.rstrip(b"\r\n")), Ok)
                async with asyncio.timeout(self.settings.idle_s if whole else None):
                    chunk = await reader.read(4096)
            except TimeoutError:
                break  # whole, and nothing more came
            if not chunk:
                break
            data += chunk
            match decode_fields(data.rstrip(b"\r\n")):
                case Refused(reason) if reason not in (Malformed.CUT_SHORT, Malformed.EMPTY):
                    break  # no further byte can mend it
        return data.rstrip(b"\r\n")

    def _told(self, request: Request, answer: Reply | Lost) -> Reply | Lost:
        said = str(answer) if isinstance(answer, Lost) else answer.result.name.lower()
        why = "" if isinstance(answer, Lost) or answer.why is None else answer.why.name.lower()
        log.info(
            "card_terminal", operation=request.operation.name.lower(), payment=request.reference, answer=said, why=why
        )
        return answer


def _understood(data: bytes) -> Reply | Lost:
    match decode_reply(data):
        case Ok(reply):
            return reply
        case Refused(Malformed.EMPTY | Malformed.CUT_SHORT):
            return Lost.CUT
    return Lost.GARBLED
