"""Starting up: what is wrong is said in one sentence, and the picture in the docs can be drawn again."""

import asyncio
import runpy
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageChops

from edge.device.identity import Stored, device_key, keep_identity
from edge.device.shell import DeviceConfig
from edge.printer_agent.config import PrinterConfig
from edge.printer_agent.main import run
from shared.ids import derived_id
from shared.runtime.config import ConfigError, Failure, load_config
from shared.runtime.journal import Journal
from shared.runtime.mqtt import Endpoint
from shared.wire.certificates import DeviceKind
from shared.wire.codec import build
from shared.wire.facts import FactKind
from shared.wire.printing import JobReport, PrintState
from tests.waiting import PATIENCE_S

DRAW = Path(__file__).parents[3] / "docs/pictures/draw_ticket.py"


@pytest.fixture
def config(tmp_path):
    return PrinterConfig("tcp://127.0.0.1:1", tmp_path / "s", tmp_path / "data")


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"printer": "lpt1"}, "'lpt1' is no printer address"),
        ({"code_pages": {"CP1252": 16, "KLINGON": 99}}, "code pages cannot be used"),
        ({"qr_module": 20}, "4 to 10 dots"),
        ({"socket": Path("/dev/null/s")}, "cannot be opened"),
        ({"socket": Path("/tmp") / ("s" * 200)}, "cannot be opened"),
    ],
)
async def test_it_says_why_it_does_not_start(config, changes, sentence):
    with pytest.raises(Failure, match=sentence):
        await run(replace(config, **changes))


async def test_one_agent_on_one_socket_and_a_dead_ones_is_taken_over(config):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(config.socket))  # a crash leaves the file behind
    ready = asyncio.Event()
    first = asyncio.create_task(run(config, ready.set))
    await asyncio.wait_for(ready.wait(), PATIENCE_S)
    assert config.socket.stat().st_mode & 0o777 == 0o660
    with pytest.raises(Failure, match="Another printer agent answers"):
        await run(replace(config, data=config.data / "other"))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


def test_configuration_from_a_file_and_the_environment(tmp_path):
    file = tmp_path / "printer.toml"
    file.write_text("""
        printer = "tcp://printer"
        socket = "/run/p/s"
        data = "/var/lib/p"
        proof = "status"
        [times]
        reply_ms = 200
    """)
    config = load_config(PrinterConfig, file, {"PARTERRE_PRINTER__QR": "image"}, "PARTERRE_PRINTER")
    assert (config.proof, config.qr, config.times.reply_ms, config.times.connect_ms) == ("status", "image", 200, 1000)
    with pytest.raises(ConfigError, match="papier"):
        load_config(PrinterConfig, file, {"PARTERRE_PRINTER__PAPIER": "a4"}, "PARTERRE_PRINTER")


def test_the_picture_for_the_docs_draws_itself(tmp_path):
    drawn = runpy.run_path(str(DRAW))["draw"](tmp_path)
    with Image.open(drawn) as new, Image.open(DRAW.parent / "ticket.png") as kept:
        assert new.size == kept.size
        assert ImageChops.difference(new, kept).getbbox() is None
        [code] = zxingcpp.read_barcodes(kept)
    assert len(code.text) == 175  # as long as a real token


@pytest.fixture
def enrolled(house, tmp_path):
    """A printer's data directory as enrolment would have left it."""
    central = house.holder("central", DeviceKind.CENTRAL)
    directory = tmp_path / "device"
    key = device_key(directory)
    certificate = house.certificate(key, derived_id("printer"), DeviceKind.PRINTER)
    stored = Stored(certificate.pem, house.root_pem, derived_id("institution"), (central.certificate.pem,))
    keep_identity(directory, key, certificate, stored)
    return directory


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_an_enrolled_printer_prints_without_central_and_keeps_facts_for_it(enrolled, paper, agent, samples):
    device = DeviceConfig(enrolled, f"http://127.0.0.1:{closed_port()}", Endpoint("127.0.0.1", closed_port()))
    async with agent(device=device) as till:
        await till.submit(samples.job("good"))
        assert (await till.wait(samples.job("good").job_id, 8000)).state is PrintState.CONFIRMED
        paper.machine.set(paper_end=True)
        await till.submit(samples.job("bad", 2))
        assert (await till.wait(samples.job("bad", 2).job_id, 8000)).state is PrintState.FAILED
    journal = Journal.open(enrolled / "journal.db", derived_id("printer"))
    prints = [build(JobReport, fact.body) for fact in journal.facts(FactKind.PRINT)]
    incidents = [(fact.body["code"], fact.body["cleared"]) for fact in journal.facts(FactKind.INCIDENT)]
    journal.close()
    assert [(one.state, one.printed, one.code) for one in prints] == [
        (PrintState.CONFIRMED, 1, ""),
        (PrintState.FAILED, 0, "P-01"),
    ]
    assert ("P-01", False) in incidents
