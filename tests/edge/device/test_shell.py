"""A whole device: with central and a broker, without either, and as systemd sees it."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta

import pytest

from edge.device import health
from edge.device.health import FALLING, FALLS, Health, Trouble
from edge.device.identity import Stored, device_key, keep_identity
from edge.device.shell import DeviceConfig, start
from edge.device.text_table import SAID
from edge.gate.errors import ALL as GATES
from edge.printer_agent.errors import PrinterCode
from shared.clock import ClockState
from shared.ids import derived_id
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.config import Failure
from shared.runtime.mqtt import Bus, Endpoint
from shared.runtime.sync import Reader
from shared.runtime.system import SystemClock
from shared.runtime.systemd import Notifier
from shared.runtime.tasks import Backoff, Crew, well
from shared.texts import trouble_key
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump, load
from shared.wire.facts import FactKind, Incident
from shared.wire.feeds import FeedFamily
from shared.wire.seal import seal
from shared.wire.topics import Instruction, Presence
from tests.waiting import PATIENCE_S, until

GATE = derived_id("gate")
HOUSE_ID = derived_id("institution")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def enrolled(house, tmp_path):
    """A data directory with an identity, as enrolment would have left it."""
    central = house.holder("central", DeviceKind.CENTRAL)
    directory = tmp_path / "gate"
    key = device_key(directory)
    certificate = house.certificate(key, GATE, DeviceKind.GATE)
    keep_identity(
        directory, key, certificate, Stored(certificate.pem, house.root_pem, HOUSE_ID, (central.certificate.pem,))
    )
    return directory


async def test_a_device_starts_with_no_network_at_all(enrolled) -> None:
    config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()), poll_s=0.1)
    async with asyncio.timeout(PATIENCE_S):
        async with start(config, DeviceKind.GATE) as device:
            assert (device.id, device.online, device.bus.connected) == (GATE, False, False)
            with device.journal.transaction() as tx:
                device.record(tx, FactKind.INCIDENT, Incident("E", "", ""))
            assert await device.tell(topics.claim(device.site_id, device.id), b"x") is False
            assert device.now().state is ClockState.UNTRUSTED
            assert device.check() and device.check() and device.check()
            assert device.health.word == "D-06"
            assert "without central" in device.status()
        async with start(config, DeviceKind.GATE) as device:
            assert device.journal.unsent() >= 1, "what was seen is there after a restart"


async def test_a_part_that_keeps_falling_is_told_and_so_is_its_recovery(enrolled) -> None:
    config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()), poll_s=0.1)
    mended = asyncio.Event()

    async def part() -> None:
        if not mended.is_set():
            raise ValueError("bent")
        well()
        await asyncio.Event().wait()

    async with (
        asyncio.timeout(PATIENCE_S),
        start(config, DeviceKind.GATE) as device,
        Crew(device.standings) as crew,
    ):
        crew.start("part", part, Backoff(first_s=0.001, most_s=0.002))
        standing = device.standings[-1]
        assert device.check() and FALLING not in device.health.troubles
        await until(lambda: standing.falls >= FALLS)
        assert device.check() and FALLING in device.health.troubles
        mended.set()
        await until(lambda: standing.calm)
        assert device.check() and FALLING not in device.health.troubles


async def test_the_whole_device(house, central, enrolled) -> None:
    central.devices[GATE] = house.certificate(device_key(enrolled), GATE, DeviceKind.GATE)
    central.settings = {"gate": "north"}
    stored = house.holder("central", DeviceKind.CENTRAL)  # enrolled under another key of central than is used now
    assert stored.certificate.kid != central.certificate.kid
    central.approve(GATE, central.devices[GATE], HOUSE_ID)
    feed = f"tickets/{house.site}"
    central.publish(feed, "t1", {"serial": 1})
    taken, settings, states, opened = [], [], [], []
    readers = {FeedFamily.TICKETS: Reader(on_rows=lambda tx, page: taken.extend(row.key for row in page.rows))}

    async def open_gate(command: Instruction) -> str:
        opened.append(command.id)
        return "opened"

    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
        watcher = Bus("127.0.0.1", broker.port, login=stored.login)
        watcher.subscribe(topics.states(house.site), lambda _, payload: states.append(load(Presence, payload)))
        watch = asyncio.create_task(watcher.run())
        config = DeviceConfig(enrolled, central.url, Endpoint("127.0.0.1", broker.port), poll_s=30.0, label="north")
        async with start(config, DeviceKind.GATE, readers=readers) as device:
            device.on_settings.append(settings.append)
            device.instructions.handle("open", open_gate, physical=True)
            await until(lambda: taken == ["t1"] and device.now().state is ClockState.TRUSTED)
            assert device.journal.row(feed, "t1") == {"serial": 1}
            await until(lambda: device.settings == {"gate": "north"})
            await until(lambda: watcher.connected and device.bus.connected)
            await until(lambda: any(state.online and state.device_id == GATE for state in states))

            central.publish(feed, "t2", {"serial": 1})
            assert await watcher.publish(topics.bell(house.site, feed), b"2", retain=True)
            await until(lambda: taken == ["t1", "t2"])

            now = datetime.now(UTC)
            order = Instruction(derived_id("order"), GATE, "open", {}, now, now + timedelta(seconds=10))
            sealed = dump(seal(dump(order), central.signer))
            for _ in range(2):
                assert await watcher.publish(topics.command(house.site, GATE), sealed)
            await until(lambda: opened)

            await until(lambda: device.journal.unsent() == 0)
            assert device.check() and device.check() and device.check()
            device.health.set(Trouble("G-01"))
            await until(lambda: states[-1].health == "G-01")
            kinds = {(fact.kind, fact.body.get("code", "")) for fact in device.journal.facts()}
            assert {(FactKind.INCIDENT, "command.open"), (FactKind.INCIDENT, "G-01"), (FactKind.CLOCK, "")} <= kinds
        await until(lambda: not states[-1].online)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    assert opened == [order.id]
    assert settings in ([], [{"gate": "north"}])
    assert len({state.session for state in states if state.device_id == GATE}) == 1


async def test_start_up_failures_are_sentences(house, enrolled, tmp_path) -> None:
    async def begin(directory, kind=DeviceKind.GATE) -> None:
        async with start(DeviceConfig(directory, f"http://127.0.0.1:{free_port()}"), kind):
            pass

    with pytest.raises(Failure, match="not enrolled"):
        await begin(tmp_path / "new")
    with pytest.raises(Failure, match="not of a kiosk"):
        await begin(enrolled, DeviceKind.KIOSK)
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot be read or made"):
        await begin(tmp_path / "file" / "below")


async def test_the_roles_own_exception_comes_out_as_it_is(enrolled) -> None:
    config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()))
    with pytest.raises(ZeroDivisionError):
        async with start(config, DeviceKind.GATE):
            _ = 1 / 0


async def test_a_salvaged_journal_is_told(enrolled) -> None:
    (enrolled / "journal.db").write_bytes(b"not a database at all, sorry " * 100)
    config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()))
    async with start(config, DeviceKind.GATE) as device:
        assert "D-01" in {trouble.code for trouble in device.health.troubles}
        assert list(enrolled.glob("journal.db.broken-*"))


async def test_systemd_hears_ready_and_the_watchdog_only_while_all_works(enrolled, tmp_path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sock.setblocking(False)
        heard: list[str] = []

        def hear() -> list[str]:
            try:
                while True:
                    heard.append(sock.recv(4096).decode())
            except BlockingIOError:
                return heard

        notifier = Notifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "150000"})
        config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()))
        async with start(config, DeviceKind.GATE, notifier=notifier) as device:
            await until(lambda: any("READY=1" in line for line in hear()))
            await until(lambda: sum("WATCHDOG=1" in line for line in hear()) >= 3)
            looked: list[bool] = []

            def beat(works: bool) -> bool:
                looked.append(works)
                return works

            device.heartbeats.append(lambda: beat(works=False))  # a reader's loop hangs
            await until(lambda: looked)
            hear()
            heard.clear()
            await until(lambda: len(looked) >= 4)
            assert not any("WATCHDOG" in line for line in hear())
            device.heartbeats.clear()
            await until(lambda: any("WATCHDOG" in line for line in hear()))
            device.journal._db.execute("PRAGMA query_only = 1")  # the disk takes nothing any more
            await until(lambda: device.health.word == "D-03")
            hear()
            heard.clear()
            checks: list[bool] = []
            check = device.check
            device.check = lambda: checks.append(check()) or checks[-1]
            await until(lambda: len(checks) >= 3)
            assert checks == [False] * len(checks)
            assert not any("WATCHDOG" in line for line in hear())
        assert any("STOPPING=1" in line for line in hear())


def test_nobody_listens_nothing_breaks(tmp_path) -> None:
    Notifier({}).say(READY="1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).say(READY="1")
    assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog_s is None


def test_a_trouble_is_recorded_when_it_comes_and_when_it_goes(house, enrolled) -> None:
    import sqlite3

    from edge.device.clockwork import Clockwork
    from shared.runtime.journal import Journal

    journal, clock, told = Journal(sqlite3.connect(":memory:"), GATE), SystemClock(), []
    sick = Health(journal, clock, Clockwork(clock, journal).now, lambda: language)
    sick.on_change = lambda: told.append(sick.word)
    cover, paper, language = Trouble("P-02"), Trouble("P-01"), "de"
    for trouble, present in [(cover, True), (cover, True), (paper, True), (paper, False), (paper, False)]:
        sick.set(trouble, present)
    assert told == ["P-02", "P-01", "P-02"]
    assert [(f.body["code"], f.body["cleared"]) for f in journal.facts()] == [
        ("P-02", False),
        ("P-01", False),
        ("P-01", True),
    ]
    language = "it"  # what the house speaks now
    sick.set(cover, present=False)
    texts = [(fact.body["sentence"], fact.body["step"]) for fact in journal.facts()]
    assert texts[0][0] == "Die Abdeckung des Druckers ist offen."
    assert texts[-1] == ("Il coperchio della stampante è aperto.", "Chiudere il coperchio fino allo scatto.")


def test_every_device_has_words_for_its_troubles_and_none_beside() -> None:
    everybodys = (each for each in vars(health).values() if isinstance(each, Trouble))
    codes = [*(each.code for each in (*everybodys, *GATES)), *PrinterCode]
    assert set(SAID["fr"]) == {f"{trouble_key(code)}.{part}" for code in codes for part in ("what", "step")}


async def test_a_device_speaks_as_its_house_does(enrolled) -> None:
    config = DeviceConfig(enrolled, f"http://127.0.0.1:{free_port()}", Endpoint("127.0.0.1", free_port()), poll_s=30.0)
    async with start(config, DeviceKind.GATE) as device:
        for settings, spoken in ({}, "fr"), ({"language": "de"}, "de"), ({"language": "pt"}, "fr"):
            device._take_settings(settings)  # as central tells them
            assert device.language == spoken
