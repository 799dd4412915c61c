"""The virtual printer itself: strict with commands, honest in its status, and everything on its control port."""

import asyncio
import json
import os
from pathlib import Path

import pytest
import zxingcpp
from escpos.printer import Dummy
from PIL import Image

from parterre.simulators.escpos_paper import KNIFE, MARGIN, WIDTH
from parterre.simulators.printer import Faults, Serving, Settings, VirtualPrinter, serve
from shared.runtime.config import Failure

FEED_CUT = b"\x1bJ\x60\x1dV\x00"


@pytest.fixture
def printer(tmp_path):
    return VirtualPrinter(tmp_path / "out")


def said(printer: VirtualPrinter, data: bytes) -> bytes:
    answers = bytearray()
    printer.receive(data, answers.extend)
    return bytes(answers)


def codes(path: Path) -> list[str]:
    with Image.open(path) as picture:
        return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize(
    "faults, words, paper",
    [
        ({}, [0x12, 0x12, 0x12, 0x12], 0x00),
        ({"near_end": True}, [0x12, 0x12, 0x12, 0x1E], 0x03),
        ({"paper_end": True}, [0x1A, 0x32, 0x12, 0x7E], None),
        ({"cover_open": True}, [0x1A, 0x16, 0x12, 0x12], None),
        ({"cutter_error": True}, [0x1A, 0x52, 0x1A, 0x12], None),
        ({"offline": True}, [0x1A, 0x12, 0x12, 0x12], None),
        ({"silence": True}, [], None),
    ],
)
def test_status_words(printer, faults, words, paper):
    printer.set(**faults)
    assert list(said(printer, b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04")) == words
    assert list(said(printer, b"\x1dr\x01")) == ([] if paper is None else [paper])


def test_gs_r_waits_for_paper_but_dle_eot_does_not(printer):
    printer.set(paper_end=True)
    assert said(printer, b"Bonsoir\n" + FEED_CUT + b"\x1dr\x01\x10\x04\x04") == b"\x7e"
    assert (printer.tickets, printer.parser.waiting > 0) == ([], True)
    answers = bytearray()
    printer.receive(b"", answers.extend)
    printer.set(paper_end=False)
    assert (bytes(answers), len(printer.tickets), printer.parser.waiting) == (b"\x00", 1, 0)


def test_automatic_status_comes_when_something_changes(printer):
    assert said(printer, b"\x1da\xff") == b"\x10\x00\x00\x00"
    answers = bytearray()
    printer.receive(b"", answers.extend)
    printer.set(cover_open=True)
    printer.set(cover_open=True)
    printer.set(cover_open=False, paper_end=True)
    assert bytes(answers) == b"\x38\x00\x00\x00" + b"\x18\x00\x0f\x00"


def test_recovery_frees_the_cutter_and_forgets_the_buffer(printer):
    printer.set(cutter_error=True)
    said(printer, b"lost\n" + FEED_CUT)
    assert said(printer, b"\x10\x05\x02\x10\x04\x03") == b"\x12"
    assert (printer.tickets, printer.parser.waiting) == ([], 0)


@pytest.mark.parametrize(
    "data, error",
    [
        (b"\x1b\x99", "unknown command ESC 99"),
        (b"\x1dZ", "unknown command GS 5a"),
        (b"\x01", "unknown control byte 01"),
        (b"\x1bt\x63", "unknown code page 99"),
        (b"\x1dV\x09", "unknown cut 9"),
        (b"\x1d(k\x03\x001\x99\x00", "unknown QR function 153"),
        (b"\x1dv0\x00\x49\x00\x01\x00" + bytes(73), "image 584 dots wide, the head has 576"),
        (b"Bonsoir\n\x1dV\x00", "cut through print: feed before the cut"),
        (b"\x1dk\x43\x03ABC", "bad data"),
    ],
)
def test_what_it_does_not_know_it_says(printer, data, error):
    said(printer, data)
    assert [error in fault for fault in printer.errors] == [True]
    said(printer, b"\nweiter\n" + FEED_CUT)
    assert len(printer.errors) == 1  # and goes on


def test_a_command_may_come_byte_by_byte(printer):
    page = Dummy(profile="TM-T20II")
    page.set(align="center", custom_size=True, width=3, height=3)
    page.text("Été à l’Opéra\n")
    page.print_and_feed(1)
    page.qr("PARTERRE", native=True, size=6)
    page.print_and_feed(2)
    page.barcode("3700123456780", "EAN13", function_type="B")
    page.barcode("{BT1-42", "CODE128", function_type="B")
    page.print_and_feed(4)
    page.cut(feed=False)
    for byte in page.output:
        said(printer, bytes([byte]))
    assert printer.errors == []
    [ticket] = printer.tickets
    assert sorted(codes(ticket)) == ["3700123456780", "PARTERRE", "T1-42"]
    assert [path.suffix for path in printer.out.iterdir()] == [".png"]


def test_sizes_and_places_on_the_paper(printer):
    """A line 2×2 and inverted is a black band 48 dots high, 24 dots a letter, after the white up to the knife."""
    said(printer, b"\x1b@\x1d!\x11\x1dB\x01\x1ba\x02" + b" " * 10 + b"\n" + FEED_CUT)
    with Image.open(printer.tickets[0]) as picture:
        assert picture.width == WIDTH + 2 * MARGIN
        black = picture.point(lambda level: 255 - level).getbbox()
    assert black == (MARGIN + WIDTH - 240, KNIFE, MARGIN + WIDTH, KNIFE + 48)


def test_an_empty_strip_is_no_ticket(printer):
    said(printer, b"\x1b@   \n" + FEED_CUT)
    assert (printer.tickets, printer.errors) == ([], [])


@pytest.fixture
async def serving(tmp_path):
    async with Serving(Settings(tmp_path / "out", port=0, control_port=0, pty=tmp_path / "tty")) as running:
        yield running


async def control(serving: Serving, *lines: bytes) -> list[dict[str, object]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.bound.control_port)
    answers = []
    for line in lines:
        writer.write(line + b"\n")
        answers.append(json.loads(await reader.readline()))
    writer.close()
    await writer.wait_closed()
    return answers


async def test_the_control_port(serving):
    set_, wrong, kind, broken, get, clear = await control(
        serving,
        b'{"set": {"paper_end": true, "slow_ms": 5}}',
        b'{"set": {"papier": true}}',
        b'{"set": {"paper_end": 1}}',
        b"{",
        b'{"get": true}',
        b'{"clear": true}',
    )
    assert set_["ok"] and set_["faults"]["paper_end"] and set_["faults"]["slow_ms"] == 5
    assert not wrong["ok"] and "no fault is called 'papier'" in wrong["error"]
    assert not kind["ok"] and "true or false" in kind["error"]
    assert not broken["ok"]
    assert get["faults"] == set_["faults"]
    assert clear["faults"] == {name: getattr(Faults(), name) for name in Faults.__slots__}


async def test_the_line_breaks_where_it_is_told_to(serving):
    await control(serving, b'{"set": {"cut_after_bytes": 4}}')
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.bound.port)
    writer.write(b"\x10\x04\x01")
    assert await reader.readexactly(1) == b"\x12"  # questions are not counted
    writer.write(b"Bonsoir\n")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert serving.machine.faults.cut_after_bytes == 0
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.bound.port)
    writer.write(b"\n" + FEED_CUT + b"\x1dr\x01")
    assert await reader.readexactly(1) == b"\x00"
    writer.close()
    await writer.wait_closed()
    assert len(serving.machine.tickets) == 1


async def test_the_serial_side(serving):
    device = serving.bound.pty
    loop = asyncio.get_running_loop()
    line = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(line, b"Bonsoir\n" + FEED_CUT + b"\x10\x04\x04")
        assert await loop.run_in_executor(None, os.read, line, 1) == b"\x12"
    finally:
        os.close(line)
    assert len(serving.machine.tickets) == 1


async def test_serve_says_where_and_stops_when_told(tmp_path):
    bound = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(Settings(tmp_path, port=0, control_port=0), bound.set_result))
    where = await bound
    for taken in (
        Settings(tmp_path, port=where.port, control_port=0),
        Settings(tmp_path, port=0, control_port=where.port),
    ):
        with pytest.raises(Failure, match=r"cannot start: .*in use"):
            await serve(taken)
    with pytest.raises(Failure, match="cannot start"):
        await serve(Settings(Path("/dev/null/out"), port=0, control_port=0))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", where.port)
