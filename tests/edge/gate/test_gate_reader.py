"""The serial reader on a real pseudo terminal, and its framing on anything at all."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serial_asyncio_fast import open_serial_connection

from edge.gate.reader import Framer, ReaderState, SerialReader
from shared.wire.token import MAX_INPUT
from tests.waiting import until

TICKET = "AEBAGBAF" * 21


@pytest.mark.parametrize(
    ("story", "chunks", "codes"),
    [
        ("CR", [b"ABC\r"], ["ABC"]),
        ("CR and LF are one end", [b"ABC\r\nDEF\r\n"], ["ABC", "DEF"]),
        ("torn apart", [b"A", b"BC", b"\n"], ["ABC"]),
        ("STX and ETX", [b"\x02ABC\x03\x02DEF\x03"], ["ABC", "DEF"]),
        ("nothing between ends", [b"\r\r\n\n"], []),
        ("binary", [b"\x00\xff\x80A\r"], ["ÿ\x80A"]),
        ("too long: cut, and the rest goes by", [b"x" * 700 + b"\rABC\r"], ["x" * MAX_INPUT, "ABC"]),
        ("no end yet", [b"ABC"], []),
    ],
)
def test_framing(story: str, chunks: list[bytes], codes: list[str]) -> None:
    framer = Framer()
    assert [code for chunk in chunks for code in framer.feed(chunk)] == codes


@given(st.lists(st.binary(max_size=700)))
def test_framing_takes_any_bytes_and_holds_little(chunks: list[bytes]) -> None:
    framer = Framer()
    for chunk in chunks:
        for code in framer.feed(chunk):
            assert 0 < len(code) <= MAX_INPUT
        assert len(framer.held) <= MAX_INPUT
    assert len(framer.flush()) <= 1
    assert framer.flush() == []


class Line:
    """A pseudo terminal under a name that stays, like a udev link: it can be pulled and plugged in again."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.end = -1

    def plug(self) -> None:
        self.end, far = os.openpty()
        tty.setraw(far)
        name = os.ttyname(far)
        os.close(far)
        self.link.symlink_to(name)

    def pull(self) -> None:
        self.link.unlink()
        os.close(self.end)
        self.end = -1

    def send(self, data: bytes) -> None:
        os.write(self.end, data)


class Heard:
    def __init__(self) -> None:
        self.codes: list[str] = []
        self.states: list[ReaderState] = []

    def state(self, state: ReaderState, why: str) -> None:
        self.states.append(state)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reader's attempts to open its line, as they come."""
    made: list[str] = []

    async def opened(*, url: str, **more: Any) -> Any:
        made.append(url)
        return await open_serial_connection(url=url, **more)

    monkeypatch.setattr("edge.gate.reader.open_serial_connection", opened)
    return made


@asynccontextmanager
async def reading(line: Line, heard: Heard) -> AsyncIterator[SerialReader]:
    reader = SerialReader(str(line.link), heard.codes.append, heard.state, retry_s=0.1)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if line.end >= 0:
            line.pull()


async def test_codes_come_over_a_real_line(tmp_path: Path) -> None:
    line, heard = Line(tmp_path / "reader"), Heard()
    line.plug()
    async with reading(line, heard) as reader:
        await until(lambda: reader.state is ReaderState.READY)
        line.send(TICKET.encode() + b"\r\n")
        line.send(b"\x00\xde\xad\r")
        await until(lambda: len(heard.codes) == 2)
    assert heard.codes == [TICKET, "Þ\xad"]


async def test_silence_ends_a_code_that_has_no_end(tmp_path: Path) -> None:
    line, heard = Line(tmp_path / "reader"), Heard()
    line.plug()
    async with reading(line, heard) as reader:
        await until(lambda: reader.state is ReaderState.READY)
        line.send(b"ABC")
        line.send(b"DEF")
        assert heard.codes == []
        await until(lambda: bool(heard.codes))
    assert heard.codes == ["ABCDEF"]


async def test_a_reader_that_was_pulled_is_back_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tries: list[str]
) -> None:
    line, heard = Line(tmp_path / "reader"), Heard()
    async with reading(line, heard) as reader:
        await until(lambda: heard.states[-1:] == [ReaderState.ABSENT])
        line.plug()
        await until(lambda: reader.state is ReaderState.READY)
        line.send(b"A")  # half a code, and the plug is pulled
        line.pull()
        await until(lambda: reader.state is ReaderState.ABSENT)
        before = len(tries)
        await until(lambda: len(tries) >= before + 3)
        line.plug()
        await until(lambda: reader.state is ReaderState.READY)
        line.send(b"B\r")
        await until(lambda: "B" in heard.codes)
    assert heard.codes in (["B"], ["A", "B"])
    assert ReaderState.READY in heard.states
    assert [told for told in caplog.records if told.name == "asyncio"] == []
    assert heard.states.count(ReaderState.ABSENT) == 2  # said when it changes, not at every attempt


async def test_what_is_no_serial_line_is_an_error_and_is_tried_again(tmp_path: Path, tries: list[str]) -> None:
    (tmp_path / "reader").write_text("not a tty")
    heard = Heard()
    reader = SerialReader(str(tmp_path / "reader"), heard.codes.append, heard.state, retry_s=0.05)
    task = asyncio.create_task(reader.run())
    await until(lambda: reader.state is ReaderState.ERROR)
    await until(lambda: len(tries) >= 4)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
