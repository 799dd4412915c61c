"""What a device keeps of an answer's pass: what it can send again, or nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.runtime.central import HttpCentral, Unreachable
from shared.runtime.system import SystemClock
from shared.wire.requests import PASS

GOOD = "0" * 26 + "." + "a" * 64


class Answering:
    """A line on which somebody says what they like, and hears what they are sent."""

    def __init__(self) -> None:
        self.shown, self.heard = b"", list[bytes]()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        head = b"HTTP/1.1 503 No\r\nContent-Length: 2\r\nConnection: close\r\n"
        writer.write(head + PASS.encode() + b": " + self.shown + b"\r\n\r\n{}")
        await writer.drain()
        writer.close()


@pytest.fixture
async def line() -> AsyncIterator[tuple[Answering, str]]:
    answering = Answering()
    async with await asyncio.start_server(answering.talk, "127.0.0.1", 0) as server:
        yield answering, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("shown", [b"a\x01b", b"a\x7f", "é".encode(), b"", b"x" * 300, GOOD[:-1].encode()])
async def test_what_cannot_be_sent_again_is_not_kept(line: tuple[Answering, str], shown: bytes) -> None:
    answering, url = line
    async with HttpCentral(url, SystemClock()) as central:
        for said in (GOOD.encode(), shown, shown, shown):
            answering.shown = said
            with pytest.raises(Unreachable):
                await central.query("time", {})
    sent = [GOOD.encode() in each for each in answering.heard]
    assert sent == [False, True, True, True]
