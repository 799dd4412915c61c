"""Lanes as they run: real reader lines, a real broker between them, no central. And the neighbours' book-keeping."""

import asyncio
import gc
import json
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs

from edge.device import instructions
from edge.device.identity import Stored, keep_identity
from edge.device.shell import DeviceConfig
from edge.gate import main
from edge.gate.config import GateConfig, GpioConfig, LaneConfig, PortConfig, ReaderConfig
from edge.gate.core import Barrier, LaneFace
from edge.gate.gpio import chip_labelled
from edge.gate.lane import LaneShell
from edge.gate.neighbours import Neighbours
from edge.gate.port import Contact, FakePort
from edge.gate.reader import ReaderState
from edge.gate.store import SCHEMA, GateStore
from shared.clock import Anchor
from shared.ids import Id, derived_id
from shared.outcome import Ok, Refused
from shared.rules.access import Deny, ProofRule
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.config import ConfigError, Failure, load_config
from shared.runtime.files import write_whole
from shared.runtime.journal import Journal
from shared.runtime.login import KEY_FILE
from shared.runtime.mqtt import Endpoint
from shared.runtime.system import SystemClock
from shared.wire.certificates import DeviceKind, verified
from shared.wire.codec import dump
from shared.wire.facts import FactKind
from shared.wire.seal import seal
from shared.wire.token import Flag, parse
from shared.wire.topics import Claim, Instruction, Presence
from tests.hostile import payloads
from tests.waiting import until

# For what amqtt leaves behind, see `site_broker`.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def ready_folder(house: Any, name: str) -> Path:
    """An enrolled lane's data, with what it would have pulled, and a clock that central set a moment ago."""
    folder = Path(house.folder) / f"lane-{name}"
    folder.mkdir()
    signer, device_id = house.signers[name], derived_id("device", name)
    pem = house.rows[signer.kid]["certificate"]
    raw = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(folder / KEY_FILE, raw, 0o600)
    certificate = verified(pem, house.root_pem)
    assert certificate is not None
    stored = Stored(
        pem, house.root_pem, derived_id("house"), (house.rows[house.signers["central"].kid]["certificate"],)
    )
    keep_identity(folder, signer.key, certificate, stored)
    journal = Journal.open(folder / "journal.db", device_id, instructions.SCHEMA + SCHEMA)
    house.fill(GateStore(journal, house.gate(name), house.root_pem))
    reading = SystemClock().read()
    with journal.transaction() as tx:
        tx.set_note("clock_anchor", dump(Anchor(reading.wall, reading.mono_ms, reading.boot_id)).decode())
    journal.close()
    return folder


@dataclass
class Running:
    """A lane with its reader's line and its port."""

    shell: LaneShell
    port: FakePort
    line: int
    task: "asyncio.Task[None]"

    def show(self, code: str) -> None:
        os.write(self.line, code.encode("latin-1") + b"\r")

    async def shows(self, word: str) -> None:
        await until(lambda: self.shell.picture.word == word)

    def moves(self, what: str) -> int:
        return sum(1 for told in self.port.told if told["what"] == what)


@asynccontextmanager
async def site_broker(house: Any, port: int = 0) -> AsyncIterator[EmbeddedBroker]:
    """amqtt leaves the socket and a task of each client that left before it; they must not outlive the test."""
    async with EmbeddedBroker("127.0.0.1", port, house.root_pem) as broker:
        yield broker
    left = [task for task in asyncio.all_tasks() if "amqtt" in str(task.get_coro())]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    del left
    gc.collect()


@asynccontextmanager
async def lane(
    house: Any, name: str, broker_port: int, passage_s: float | None = 0.05, folder: Path | None = None, **over: Any
) -> AsyncIterator[Running]:
    end, far = os.openpty()
    tty.setraw(far)
    folder = folder or ready_folder(house, name)
    config = GateConfig(
        DeviceConfig(folder, "http://127.0.0.1:9", Endpoint("127.0.0.1", broker_port), poll_s=1.0, timeout_s=0.5),
        LaneConfig(**{"name": name, "zones": 1, "language": "en", "gap_s": 0.2, "show_s": 0.3, **over}),
        ReaderConfig(os.ttyname(far)),
        PortConfig("fake", folder / "port.jsonl", passage_s),
    )
    port = FakePort(config.port.log, passage_s, name)
    up: asyncio.Future[LaneShell] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(main.run(config, up.set_result, port=port))
    waiting = asyncio.ensure_future(up)
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        task.result()
    shell = await waiting
    os.close(far)
    try:
        await until(lambda: shell.reader is ReaderState.READY)
        yield Running(shell, port, end, task)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        os.close(end)


def deaf(port: int = 9) -> int:
    """A port where no broker answers."""
    return port


async def test_two_lanes_on_one_broker_the_second_entry_is_refused(house_today: Any) -> None:
    house = house_today
    async with (
        site_broker(house) as broker,
        lane(house, "A", broker.port) as one,
        lane(house, "B", broker.port) as two,
    ):
        await until(lambda: one.shell.mode == two.shell.mode == "normal")
        await until(lambda: one.shell.neighbours.doors() == (("B", 1),))
        code = house.sold()  # nobody here has ever heard of that sale
        one.show(code)
        await one.shows("Come in")
        await until(lambda: one.shell.lane.counts.entered == 1)
        await until(lambda: bool(two.shell.store.entries(parse_id(code))))
        two.show(code)
        await two.shows("Already used")
        assert two.shell.picture.line.endswith(", A")
        assert (one.moves("open"), two.moves("open")) == (1, 0)
        answer = two.shell.lane.answer
        assert answer is not None
        assert isinstance(answer.outcome, Refused)
        assert answer.outcome.reason is Deny.USED
        assert answer.outcome.detail["gate"] == "A"
    logged = [json.loads(line) for line in (house.folder / "lane-A" / "port.jsonl").read_text().splitlines()]
    assert [entry["what"] for entry in logged if entry["what"] in ("open", "contact")] == ["open", "contact"]


async def test_nothing_is_waited_for_between_a_code_and_the_relay(house_today: Any) -> None:
    async with lane(house_today, "A", deaf()) as one:
        one.shell.scanned(house_today.sold())
        assert one.moves("open") == 1, "in the same turn of the loop: no neighbour, no central"


async def test_a_claim_made_while_the_broker_was_away_arrives_when_it_is_back(house_today: Any, free_port: int) -> None:
    house, code = house_today, house_today.sold()
    async with lane(house, "A", free_port) as one, lane(house, "B", free_port) as two:
        assert one.shell.mode == "neighbours_unheard"
        one.show(code)
        await one.shows("Come in")
        scan = next(one.shell.device.journal.facts(FactKind.SCAN))
        assert scan.body["mode"] == "admit_and_flag"
        assert "neighbours_unheard" in scan.body["flags"]
        async with site_broker(house, free_port):
            await until(lambda: one.shell.mode == two.shell.mode == "normal")
            await until(lambda: bool(two.shell.store.entries(parse_id(code))))
            two.show(code)
            await two.shows("Already used")


async def test_a_neighbour_that_restarts_is_told_what_it_missed(house_today: Any) -> None:
    house, code = house_today, house_today.sold()
    async with site_broker(house) as broker, lane(house, "A", broker.port) as one:
        folder = ready_folder(house, "B")
        async with lane(house, "B", broker.port, folder=folder):
            await until(lambda: bool(one.shell.neighbours.doors()))
        await until(lambda: not one.shell.neighbours.doors())
        assert one.shell.mode == "normal"  # it closed in good order: nobody misses it
        one.show(code)
        await one.shows("Come in")
        async with lane(house, "B", broker.port, folder=folder) as two:
            await until(lambda: bool(two.shell.store.entries(parse_id(code))))


async def test_a_visitor_who_turns_back_may_come_again_anywhere(house_today: Any) -> None:
    house, code = house_today, house_today.sold()
    async with (
        site_broker(house) as broker,
        lane(house, "A", broker.port, passage_s=None, grant_s=0.3) as one,
        lane(house, "B", broker.port) as two,
    ):
        await until(lambda: one.shell.mode == two.shell.mode == "normal")
        one.show(code)
        await one.shows("Come in")
        await until(lambda: bool(two.shell.store.entries(parse_id(code))))
        await until(lambda: one.shell.lane.counts.released == 1)
        await until(lambda: not two.shell.store.entries(parse_id(code)))
        two.show(code)
        await two.shows("Come in")


async def test_held_under_the_reader_it_opens_once(house_today: Any) -> None:
    async with lane(house_today, "A", deaf(), gap_s=60.0) as one:
        for _ in range(5):
            before = one.shell.last_ms
            one.show(house_today.sold())
            await until(lambda: one.shell.last_ms != before)  # noqa: B023 - awaited here
        await until(lambda: one.shell.lane.counts.entered == 1)
        assert one.moves("open") == 1
        assert len(list(one.shell.device.journal.facts(FactKind.SCAN))) == 1


async def test_a_killed_lane_remembers(house_today: Any) -> None:
    house, code = house_today, house_today.sold()
    folder = ready_folder(house, "A")
    async with lane(house, "A", deaf(), passage_s=None, folder=folder) as one:
        one.show(code)
        await one.shows("Come in")  # the light was green when the process died
    async with lane(house, "A", deaf(), folder=folder) as again:
        again.show(code)
        await again.shows("Already used")


async def test_the_fire_contact_opens_all_and_burns_nothing(house_today: Any) -> None:
    house = house_today
    async with lane(house, "A", deaf()) as one:
        one.port.touch(Contact.FIRE)
        assert one.shell.lane.barrier is Barrier.ALARM
        assert one.shell.mode == "alarm"
        before = one.shell.last_ms
        one.show(house.sold())
        await until(lambda: one.shell.last_ms != before)
        assert list(one.shell.device.journal.facts(FactKind.SCAN)) == []
        one.port.touch(Contact.FIRE, closed=False)
        assert one.moves("hold_open") == 1
        one.show(house.sold())
        await one.shows("Come in")
        incidents = [fact.body for fact in one.shell.device.journal.facts(FactKind.INCIDENT)]
        assert [(one["code"], one["cleared"]) for one in incidents if one["code"] == "G-08"] == [
            ("G-08", False),
            ("G-08", True),
        ]


async def test_somebody_without_a_ticket_is_an_incident(house_today: Any) -> None:
    async with lane(house_today, "A", deaf()) as one:
        one.port.touch(Contact.PASSAGE)
        incidents = [fact.body["code"] for fact in one.shell.device.journal.facts(FactKind.INCIDENT)]
        assert "G-07" in incidents
        assert one.shell.describe()["counts"]["intruded"] == 1


async def test_garbage_gets_an_answer_and_the_lane_goes_on(house_today: Any) -> None:
    async with lane(house_today, "A", deaf()) as one:
        for junk in ("hello", "\x00\xff" * 100, "A" * 2000, "AE" + house_today.sold()[2:]):
            one.show(junk)
        await until(lambda: one.shell.lane.counts.refused == 4)
        one.show(house_today.sold())
        await one.shows("Come in")


async def test_the_helpdesk_and_back(house_today: Any) -> None:
    async with lane(house_today, "A", deaf(), helpdesk=True) as one:
        assert one.shell.lane.face is LaneFace.HELPDESK
        one.show(house_today.sold())
        await one.shows("Valid")
        assert one.moves("open") == 0
        one.shell.set_helpdesk(False)
        one.show(house_today.sold())
        await one.shows("Come in")


async def test_orders_from_central(house_today: Any) -> None:
    house = house_today

    def order(name: str, **body: Any) -> bytes:
        now = one.shell.device.now().at
        signed = Instruction(
            one.shell.device.fresh_id(), one.shell.device.id, name, body, now, now + timedelta(seconds=9)
        )
        return dump(seal(dump(signed), house.signers["central"]))

    async with lane(house, "A", deaf(), proof=ProofRule.ASK) as one:
        take = one.shell.device.instructions.take
        assert await take(order("force_entry")) == Ok("nobody let in: no reason given")
        assert one.moves("open") == 0
        assert await take(order("force_entry", why="lost child")) == Ok("let in: lost child")
        await until(lambda: one.shell.lane.counts.entered == 1)
        (scan,) = [fact.body for fact in one.shell.device.journal.facts(FactKind.SCAN)]
        assert (scan["note"], scan["reason"], scan["entry"]) == ("lost child", "unreadable", 0)
        one.show(house.sold(flags=Flag.PROOF))
        await one.shows("Show proof")
        assert one.moves("open") == 1
        assert await take(order("proof_seen")) == Ok("let in")
        await until(lambda: one.shell.lane.counts.entered == 2)
        assert await take(order("helpdesk", on=True)) == Ok("helpdesk")
        assert one.shell.mode == "helpdesk"
        forged = order("force_entry", why="me").replace(b"me", b"us")
        assert isinstance(await take(forged), Refused)


async def test_a_disk_that_takes_nothing_opens_nothing(house_today: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with lane(house_today, "A", deaf()) as one:
        db = one.shell.device.journal._db
        db.execute("PRAGMA query_only = ON")
        one.show(house_today.sold())
        await one.shows("Out of service")
        assert one.moves("open") == 0
        db.execute("PRAGMA query_only = OFF")
        one.show(house_today.sold())
        await one.shows("Come in")


# --- configuration --------------------------------------------------------------------------------------------------


def test_a_configuration_is_read_and_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    good = tmp_path / "gate.toml"
    good.write_text(
        """
        [device]
        data = "data"
        central = "http://central:8080"
        broker = { host = "broker", port = 1883 }
        [lane]
        name = "PORTE_A"
        direction = "exit"
        zones = 3
        performances = ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]
        [reader]
        device = "/dev/reader"
        [port]
        kind = "gpio"
        gpio = { chip = "pinctrl-bcm2711", relay = 17 }
        """
    )
    config = load_config(GateConfig, good, {"PARTERRE_GATE__LANE__CAPACITY": "500"}, "PARTERRE_GATE")
    assert (config.lane.zones, config.lane.capacity, config.port.gpio.relay) == (3, 500, 17)
    assert config.lane.performances == (Id("01ARZ3NDEKTSV4RRFFQ69G5FAV"),)
    bad = tmp_path / "bad.toml"
    bad.write_text(good.read_text().replace("capacity", "").replace("zones = 3", "zoness = 3"))
    with pytest.raises(ConfigError, match="zoness"):
        load_config(GateConfig, bad, {}, "PARTERRE_GATE")


async def test_a_missing_chip_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no GPIO chip labelled pinctrl-rp1; there is none at all"):
        chip_labelled("pinctrl-rp1", tmp_path)
    config = GateConfig(
        DeviceConfig(tmp_path, "http://127.0.0.1:9"),
        LaneConfig("A"),
        ReaderConfig("/dev/null"),
        PortConfig("gpio", gpio=GpioConfig(chip="nowhere", relay=1)),
    )
    with pytest.raises(Failure, match="nowhere"):
        await main.run(config)


# --- neighbours -----------------------------------------------------------------------------------------------------

A, B = derived_id("device", "A"), derived_id("device", "B")


def presence(online: bool, at: Any, session: str = "1", **detail: Any) -> Presence:
    said = {"kind": "gate", "lane": "B", "zones": 2, "direction": "entry", "closed": False, **detail}
    return Presence(B, session, online, at, detail=said)


def test_neighbours(clock: Any) -> None:
    now = clock.wall
    listed = {A, B}
    book = Neighbours(A, stale_ms=30_000, is_gate=listed.__contains__)
    assert not book.heard(0)  # no broker, nobody heard
    book.connected = True
    assert book.heard(0)
    assert not book.take(replace(presence(True, now), device_id=A), 0, now)  # itself
    assert not book.take(replace(presence(True, now), device_id=derived_id("device", "kiosk")), 0, now)
    assert not book.take(presence(False, now - timedelta(hours=13)), 0, now)  # last night's
    assert book.heard(0)
    assert book.take(presence(True, now), 0, now)  # it came: tell it what it missed
    assert not book.take(presence(True, now), 10_000, now)  # still there
    assert book.heard(40_000)
    assert book.missing(40_001) == ("B",)  # silent for too long
    assert not book.take(presence(True, now), 41_000, now)
    assert book.heard(41_000)
    assert book.take(presence(True, now, session="2"), 42_000, now)  # it restarted
    book.take(presence(False, now, session="1"), 43_000, now)  # the will of the run before comes late
    assert book.heard(43_000)
    book.take(presence(False, now, session="2"), 44_000, now)
    assert not book.heard(44_000)
    assert book.doors() == ()
    assert book.take(presence(True, now, session="2"), 45_000, now)
    assert book.doors() == (("B", 2),)
    book.take(presence(False, now, session="2", closed=True), 46_000, now)
    assert book.heard(99_000)
    book.take(presence(True, now, session="3", lane="x" * 5000), 99_000, now)
    assert [len(name) for name, _ in book.doors()] == [64]
    for odd in (-1, 2**70, "1", None, [1]):
        book.take(presence(True, now, session="3", zones=odd), 99_000, now)
        assert book.doors() == ()
    book.take(presence(False, now, session="3"), 100_000, now)
    assert not book.heard(100_000)
    listed.discard(B)  # it was revoked: nobody misses it, and its door is none
    assert book.heard(100_000) and book.doors() == ()


@pytest.mark.parametrize("kind", [kind for kind in DeviceKind if kind is not DeviceKind.GATE])
async def test_what_another_device_calls_itself_closes_no_lane(house_today: Any, kind: DeviceKind) -> None:
    """A printer that says it is a gate and falls silent: the lane does not miss it, nor show its door to anybody."""
    house = house_today
    house.member("liar", kind, site="" if kind is DeviceKind.CENTRAL else "site")
    liar = derived_id("device", "liar")
    async with lane(house, "A", deaf()) as one:
        shell = one.shell
        shell.neighbours.connected = True
        now = shell.device.now().at
        for online in (True, False):
            said = {"kind": "gate", "lane": "Liar", "zones": 1, "direction": "entry"}
            told = Presence(liar, "s", online, now, detail=said)
            shell._state_heard(f"parterre/site/device/{liar}/state", dump(told))
            assert shell._heard() and shell.neighbours.doors() == ()
        other = derived_id("device", "B")
        told = Presence(other, "s", False, now, detail={"lane": "B", "kind": "printer"})
        shell._state_heard(f"parterre/site/device/{other}/state", dump(told))
        assert shell.neighbours.missing(shell._mono()) == ("B",), "a gate is one, whatever it calls itself"


async def test_no_message_makes_a_lane_fall(house_today: Any) -> None:
    """Every hostile payload on every topic that a lane hears: a line of the log for each kind, no traceback; then a
    neighbour's claim is heard as before."""
    house, ticket = house_today, derived_id("ticket")
    b, now = derived_id("device", "B"), house.noon
    claim = Claim(derived_id("scan"), ticket, 1, now, "B", b)
    good = {
        Presence: Presence(b, "s", True, now, detail={"lane": "B", "zones": 1, "direction": "entry"}), Claim: claim,
        Instruction: Instruction(
            derived_id("order"), derived_id("device", "A"), "helpdesk", {}, now, now + timedelta(hours=1)
        ),
    }  # fmt: skip
    told = list(payloads(good, (house.signers["B"], house.signers["central"])))
    async with lane(house, "A", deaf()) as one:
        bus = one.shell.device.bus
        topics_heard = {
            wanted.replace("+", b).replace("#", "keys/house"): handler for wanted, handler in bus._handlers
        }  # fmt: skip
        assert len(topics_heard) == 4 and len(told) > 1000
        with capture_logs() as lines:
            for topic in topics_heard:
                for payload in told:
                    await bus._dispatch(aiomqtt.Topic(topic), payload)
        assert not one.task.done() and [line for line in lines if "exc_info" in line] == []
        assert len([line for line in lines if line["log_level"] in ("warning", "error")]) < 20
        honest = replace(claim, ticket_id=derived_id("another ticket"), scan_id=derived_id("another scan"))
        sealed = dump(seal(dump(honest), house.signers["B"]))
        await bus._dispatch(aiomqtt.Topic(f"parterre/site/device/{b}/claim"), sealed)
        assert [entry.number for entry in one.shell.store.entries(honest.ticket_id)] == [1]


def parse_id(code: str) -> Id:
    token = parse(code)
    assert token is not None
    return token.ticket_id
