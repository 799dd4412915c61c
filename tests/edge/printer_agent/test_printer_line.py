"""Bytes on the line ↔ what the agent makes of them, against a printer that says exactly what it is told to."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from edge.printer_agent.transport import Answers, Heard, LineLost, Printer, Proof, Serial, Tcp, Times, address, judge
from shared.wire.printing import PrinterStatus as P

TIMES = Times(reply_ms=100, connect_ms=300, send_ms=500, settle_ms=600, print_ms=10)


@pytest.mark.parametrize(
    "words, want",
    [
        ((0x12, 0x12, 0x12, 0x12), P.OK),
        ((0x16, 0x12, 0x12, 0x12), P.OK),  # drawer
        ((0x12, 0x1A, 0x12, 0x12), P.OK),  # somebody holds the feed button
        ((0x12, 0x12, 0x12, 0x1E), P.NEAR_END),
        ((0x1A, 0x32, 0x12, 0x7E), P.PAPER_OUT),
        ((0x12, 0x12, 0x12, 0x72), P.PAPER_OUT),
        ((0x1A, 0x12, 0x12, 0x12), P.OFFLINE),
        ((0x1A, 0x36, 0x12, 0x7E), P.COVER_OPEN),  # an open cover sees no paper either
        ((0x1A, 0x52, 0x1A, 0x12), P.CUTTER_ERROR),
        ((0x12, 0x12, 0x32, 0x12), P.OFFLINE),  # unrecoverable
        ((0x12, 0x12, 0x52, 0x12), P.OFFLINE),  # too hot, comes back by itself
        ((0x12, 0x52, 0x12, 0x12), P.OFFLINE),
    ],
)
def test_judge(words, want):
    assert judge(*words) is want


@pytest.mark.parametrize(
    "data, want",
    [
        (b"\x12", [(Heard.REAL_TIME, 0x12)]),
        (b"\x12\x12", [(Heard.REAL_TIME, 0x12)] * 2),
        (b"\x00", [(Heard.ECHO, 0)]),
        (b"\x0f", [(Heard.ECHO, 0x0F)]),
        (b"\x10\x00\x00\x00", []),  # automatic status: its zeros are no echo
        (b"\x18\x08\x0c\x00\x12", [(Heard.REAL_TIME, 0x12)]),
        (b"\x11\x13", []),  # XON, XOFF
        (b"\xff\x93\x80", []),
    ],
)
def test_answers_are_told_apart(data, want):
    assert Answers().take(data) == want
    by_one = Answers()
    assert [found for at in range(len(data)) for found in by_one.take(data[at : at + 1])] == want


@asynccontextmanager
async def talking(answers):
    """A printer that answers each request (b'1'…b'4' for DLE EOT, b'r' for GS r) with the next of its answers; None is
    silence, "close" hangs up, ((seconds, bytes), …) comes late. Yields its address and the bytes it got."""
    got = bytearray()
    tails: list[asyncio.Task[None]] = []

    async def host(reader, writer):
        tails.append(asyncio.current_task())
        held = b""
        try:
            while data := await reader.read(1):
                got.extend(data)
                held = (held + data)[-3:]
                real_time = held[:2] == b"\x10\x04" and len(held) == 3
                queue = answers.get(chr(48 + held[2]) if real_time else "r" if held == b"\x1dr\x01" else "", [None])
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                if answer == "close":
                    break
                for wait_s, words in answer if isinstance(answer, tuple) else [(0, answer or b"")]:
                    asyncio.get_running_loop().call_later(wait_s, writer.write, words)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(host, "127.0.0.1", 0)
    try:
        yield Tcp("127.0.0.1", server.sockets[0].getsockname()[1]), got
    finally:
        server.close()
        for task in tails:
            task.cancel()
        await asyncio.gather(*tails, return_exceptions=True)
        await asyncio.sleep(0)


WELL = {"1": [b"\x12"], "2": [b"\x12"], "3": [b"\x12"], "4": [b"\x12"], "r": [b"\x00"]}


@pytest.mark.parametrize(
    "answers, want",
    [
        ({}, P.OK),
        ({"1": [b"\x12\x12"], "4": [b"\x12\x12"]}, P.OK),  # USB bridges say it twice
        ({"1": [b"\x10\x00\x00\x00\x12"]}, P.OK),  # an automatic status in between
        ({"1": [b"\x11\x13\x12"]}, P.OK),
        ({"1": [None]}, P.UNKNOWN),
        ({"4": [None]}, P.UNKNOWN),  # three good answers do not make the fourth
        ({"2": [b"\xff"]}, P.UNKNOWN),  # not an answer
        ({"3": ["close"]}, P.UNKNOWN),
        ({"4": [b"\x1e"]}, P.NEAR_END),
    ],
)
async def test_status(answers, want):
    async with talking({**WELL, **answers}) as (where, _):
        printer = Printer(where, TIMES)
        assert await printer.status() is want
        await printer.close()


async def test_a_late_answer_is_not_taken_for_the_next_one():
    """The first answer comes after the time-out, just when the same is asked again; by now the printer is offline."""
    async with talking({**WELL, "1": [((0.15, b"\x12"),), ((0.08, b"\x1a"),)]}) as (where, _):
        printer = Printer(where, TIMES)
        assert await printer.status() is P.UNKNOWN
        assert await printer.status() is P.OFFLINE
        await printer.close()


async def test_the_second_half_of_an_answer_is_not_taken_for_the_next_one():
    async with talking({**WELL, "3": [((0, b"\x12"), (0.003, b"\x12"))], "4": [((0.006, b"\x72"),)]}) as (where, _):
        printer = Printer(where, TIMES)
        assert await printer.status() is P.PAPER_OUT
        await printer.close()


@pytest.mark.parametrize(
    "answers, proof, want",
    [
        ({}, Proof.ECHO, (True, P.OK)),
        ({"r": [b"\x03"]}, Proof.ECHO, (True, P.OK)),
        ({"r": [((0.3, b"\x00"),)]}, Proof.ECHO, (True, P.OK)),  # a long ticket takes its time
        ({"r": [None]}, Proof.ECHO, (False, P.OK)),
        ({"r": [None], "4": [b"\x72"]}, Proof.ECHO, (False, P.PAPER_OUT)),
        ({"r": ["close"]}, Proof.ECHO, (False, P.OK)),
        ({"r": [None]}, Proof.STATUS, (True, P.OK)),
        ({"2": [b"\x16"]}, Proof.STATUS, (False, P.COVER_OPEN)),
    ],
)
async def test_proof_after_a_ticket(answers, proof, want):
    async with talking({**WELL, **answers}) as (where, got):
        printer = Printer(where, TIMES, proof)
        await printer.send(b"TICKET")
        assert await printer.settled() == want
        assert b"TICKET" in got
        assert printer.fragment is not want[0]
        await printer.close()


async def test_after_trouble_the_fragment_is_ended_and_cut_off_first():
    async with talking({**WELL, "r": ["close", b"\x00"]}) as (where, got):
        printer = Printer(where, TIMES, flush=64)
        await printer.send(b"ONE")
        assert await printer.settled() == (False, P.OK)
        got.clear()
        await printer.send(b"TWO")
        assert (await printer.settled())[0]
        assert bytes(64) + b"\x1b@\x1bJ\x5a\x1dV\x00TWO" in got
        got.clear()
        await printer.send(b"THREE")
        assert (await printer.settled())[0]
        assert bytes(64) not in got
        await printer.close()


async def test_nobody_there(tmp_path):
    async with talking(WELL) as (where, _):
        pass
    for nowhere in (where, Serial(str(tmp_path / "ttyUSB9"))):
        printer = Printer(nowhere, TIMES)
        assert await printer.status() is P.UNKNOWN
        with pytest.raises(LineLost):
            await printer.send(b"TICKET")


@pytest.mark.parametrize(
    "text, want",
    [
        ("tcp://10.0.0.7:9100", Tcp("10.0.0.7", 9100)),
        ("tcp://printer.lan", Tcp("printer.lan", 9100)),
        ("serial:/dev/ttyUSB0?baud=38400", Serial("/dev/ttyUSB0", 38400)),
        ("serial:///dev/ttyS0", Serial("/dev/ttyS0", 19200)),
    ],
)
def test_address(text, want):
    assert address(text) == want


@pytest.mark.parametrize(
    "text", ["", "printer", "usb:1", "tcp://", "tcp://x:99999", "serial:", "serial:/dev/x?baud=fast"]
)
def test_no_address(text):
    with pytest.raises(ValueError, match=r".+"):
        address(text)
