"""The bus on real brokers: the embedded one and Mosquitto; births, wills, loss and return, the bridge."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiomqtt import Client

from shared.ids import Id
from shared.runtime import mqtt
from shared.runtime.bridge import Bridge, SiteBrokerConfig, run_broker
from shared.runtime.broker import EmbeddedBroker
from shared.runtime.config import Failure
from shared.runtime.mqtt import Announce, Bus, Endpoint, Roster
from shared.runtime.tasks import Backoff
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.codec import dump, load
from shared.wire.topics import Presence
from tests.waiting import PATIENCE_S, until

NOW = datetime(2026, 5, 1, tzinfo=UTC)
QUICK = Backoff(first_s=0.05, most_s=0.1, calm_s=1.0)
MOSQUITTO = shutil.which("mosquitto") or next(iter(p for p in ["/usr/sbin/mosquitto"] if Path(p).exists()), None)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def mosquitto(directory: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    config = directory / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\nset_tcp_nodelay true\n"
    )
    assert MOSQUITTO is not None
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(config), stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(params=["embedded", "mosquitto"])
async def port(request, house, tmp_path) -> AsyncIterator[int]:
    if request.param == "embedded":
        async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
            yield broker.port
    elif MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    else:
        chosen = free_port()
        async with mosquitto(tmp_path, chosen):
            yield chosen


@asynccontextmanager
async def running(*buses: Bus) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    try:
        async with asyncio.timeout(PATIENCE_S):
            for bus in buses:
                await bus.wait_connected()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def announce(site: str, device_id: Id, session: str) -> Announce:
    return Announce(topics.state(site, device_id), session, lambda online: Presence(device_id, session, online, NOW))


async def test_what_one_says_the_other_hears(house, port) -> None:
    central, kiosk = house.holder("central", DeviceKind.CENTRAL), house.holder("kiosk", DeviceKind.KIOSK)
    one, two = (Bus("127.0.0.1", port, login=who.login, backoff=QUICK) for who in (central, kiosk))
    heard: list[tuple[str, bytes]] = []

    async def hear(topic: str, payload: bytes) -> None:
        heard.append((topic, payload))

    def fail(topic: str, payload: bytes) -> None:
        raise ValueError("a handler may fail")

    two.subscribe(topics.bells(house.site), fail)
    two.subscribe(topics.bells(house.site), hear)
    bell = topics.bell(house.site, "tickets/x")
    assert await one.publish(bell, b"1") is False, "offline: no exception, no lie"
    async with running(one, two):
        assert await one.publish(bell, b"7", retain=True)
        await until(lambda: heard)
        late: list[bytes] = []
        two.subscribe(topics.bell(house.site, "tickets/x"), lambda _, payload: late.append(payload))
        await until(lambda: late)
        assert await one.publish(bell, b"x" * 300_000) is False
    assert heard[0] == (bell, b"7")
    assert late == [b"7"]


async def test_birth_will_and_goodbye(house, port) -> None:
    gate, neighbour = house.holder("gate", DeviceKind.GATE), house.holder("other", DeviceKind.GATE)
    topic = topics.state(house.site, gate.id)
    roster, seen = Roster(), []

    def hear(_: str, payload: bytes) -> None:
        seen.append(load(Presence, payload))
        roster.take(seen[-1])

    watcher = Bus("127.0.0.1", port, login=neighbour.login, backoff=QUICK)
    watcher.subscribe(topics.states(house.site), hear)
    one = Bus("127.0.0.1", port, login=gate.login, announce=announce(house.site, gate.id, "one"), backoff=QUICK)
    async with running(watcher):
        async with running(one):
            await until(lambda: roster.online(gate.id))
        await until(lambda: not roster.online(gate.id))
        two = Bus("127.0.0.1", port, login=gate.login, announce=announce(house.site, gate.id, "two"), backoff=QUICK)
        async with running(two):
            await until(lambda: roster.online(gate.id))
            assert two._client is not None
            two._client._client._sock.shutdown(socket.SHUT_RDWR)  # the line is cut without a word
            await until(lambda: any(not p.online and p.session == "two" for p in seen))
            await until(lambda: roster.online(gate.id))
            stale = dump(Presence(gate.id, "one", False, NOW))
            before = len(seen)
            assert await two.publish(topic, stale, retain=True)
            await until(lambda: len(seen) >= before + 2)
            assert roster.online(gate.id), "a will of an earlier session is not believed"
            await until(lambda: seen[-1].online)


def test_roster_believes_sessions_in_order() -> None:
    roster = Roster()

    def say(session: str, online: bool) -> bool:
        return roster.take(Presence(Id("d"), session, online, NOW))

    assert say("a", True)
    assert not say("a", True)
    assert say("b", True)
    assert not say("a", False)
    assert roster.online("d")
    assert say("b", False)
    assert not roster.online("d")
    assert roster.all()["d"].session == "b"


def test_a_will_takes_back_no_later_word_of_its_session() -> None:
    """It was written when the session began: a device heard an hour later was not last heard then."""
    roster, later = Roster(), NOW + timedelta(hours=1)
    for at, online in ((NOW, True), (later, True), (NOW, False)):
        roster.take(Presence(Id("d"), "s", online, at))
    assert (roster.all()["d"].online, roster.all()["d"].at) == (False, later)
    roster.take(Presence(Id("d"), "t", True, NOW))
    assert roster.all()["d"].at == NOW, "another session says for itself when it was"


def test_a_device_is_where_it_was_told_of_last() -> None:
    roster, old, new = Roster(), *(Presence(Id("d"), "s", True, NOW, health) for health in ("old", "new"))
    assert roster.take(old, "one") and roster.take(new, "two") and roster.all() == {"d": new}
    assert roster.take(old, "one") and roster.all() == {"d": old}, "it came back"
    assert roster.take(new, "two") and not roster.take(new, "two")
    roster.forget("d", "two")
    assert roster.all() == {"d": old} and roster.online("d") and roster.told() == [("d", "one")]
    roster.forget("d", "two")
    roster.forget("d", "one")
    assert (roster.all(), roster.told(), roster.online("d")) == ({}, [], False)


def test_a_site_takes_the_room_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before: 5,000 in all, and whoever told of as many that there are none of hid every device that came later."""
    monkeypatch.setattr("shared.runtime.mqtt.MOST_OF_SITE", 10)
    roster = Roster()

    def say(device: str, site: str) -> bool:
        return roster.take(Presence(Id(device), "s", True, NOW), site)

    assert say("quiet", "theirs") and say("busy", "theirs")
    for n in range(100):
        assert say(f"none {n}", "theirs")
        assert not say("busy", "theirs"), "it is heard still"
    assert say("gate", "ours") and roster.online("gate")
    assert not roster.knows("quiet", "theirs") and roster.knows("busy", "theirs") and not roster.knows("gate", "theirs")
    assert len(roster.all()) == 11


def test_whoever_shows_a_roster_hears_of_each_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.mqtt.MOST_OF_SITE", 2)
    roster, changes = Roster(), list[int]()
    roster.on_change.append(lambda: changes.append(len(roster.all())))

    def say(device: str, online: bool = True) -> None:
        roster.take(Presence(Id(device), "s", online, NOW), "site")

    say("a")
    say("a")
    assert changes == [1], "the same again is no change"
    say("b")
    say("c")
    assert changes == [1, 2, 2], "whoever goes to make room goes with who comes"
    roster.forget("c", "site")
    assert changes == [1, 2, 2, 1]


async def test_comes_back_when_the_broker_does(house, tmp_path) -> None:
    port = free_port()
    gate, central = house.holder("gate", DeviceKind.GATE), house.holder("central", DeviceKind.CENTRAL)
    bus = Bus("127.0.0.1", port, login=gate.login, backoff=QUICK)
    heard: list[bytes] = []
    links: list[bool] = []
    bus.on_link.append(links.append)
    bus.subscribe(topics.bells(house.site), lambda _, payload: heard.append(payload))
    task = asyncio.create_task(bus.run())
    await until(lambda: bus.why != "not connected yet")
    for number in (b"1", b"2"):
        async with EmbeddedBroker("127.0.0.1", port, house.root_pem):
            await until(lambda: bus.connected)
            async with running(Bus("127.0.0.1", port, login=central.login, backoff=QUICK)) as _:
                pass
            talker = Bus("127.0.0.1", port, login=central.login, backoff=QUICK)
            async with running(talker):
                assert await talker.publish(topics.bell(house.site, "keys/x"), number)
                await until(lambda number=number: heard[-1:] == [number])
        await until(lambda: not bus.connected)
        assert await bus.publish(topics.state(house.site, gate.id), b"") is False
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert heard == [b"1", b"2"]
    assert links == [True, False, True, False]


@pytest.mark.parametrize("place", ["_ask_for", "announce", "_dispatch"])
async def test_it_ends_although_a_library_lost_the_word(house, place, monkeypatch) -> None:
    """`wait_for` swallows a cancellation that comes together with its answer."""
    gate, reached = house.holder("gate", DeviceKind.GATE), asyncio.Event()

    async def swallow(*_: object) -> bool:
        reached.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return True
        return False

    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
        announced = announce(house.site, gate.id, "one")
        bus = Bus("127.0.0.1", broker.port, login=gate.login, backoff=QUICK, announce=announced)
        monkeypatch.setattr(bus, place, swallow)
        if place == "_dispatch":  # its own presence comes back to it
            bus.subscribe(topics.states(house.site), lambda *_: None)
        task = asyncio.create_task(bus.run())
        async with asyncio.timeout(PATIENCE_S):
            await reached.wait()
            task.cancel()
            await asyncio.wait([task])
        assert task.cancelled()


async def test_it_ends_although_it_is_refused_at_that_moment(house, monkeypatch) -> None:
    """Before: the refusal took the cancellation's place, and a device that was revoked went on asking for ever."""
    stranger = type(house)().holder("gate", DeviceKind.GATE)
    hears = Client._on_connect

    def told(client: Client, *said: object) -> None:
        waited_for = client._connected._callbacks  # the answer may come before anybody waits for it: the next time then
        hears(client, *said)
        if waited_for and not task.cancelling():
            task.cancel()

    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
        monkeypatch.setattr(Client, "_on_connect", told)
        bus = Bus("127.0.0.1", broker.port, login=stranger.login, backoff=QUICK)
        task = asyncio.create_task(bus.run())
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([task])
    assert task.cancelled()


async def test_a_broker_that_cannot_end_in_order_ends(house, port, monkeypatch) -> None:
    """What does the protocol waits for its readers without bound: the port is free all the same."""
    monkeypatch.setattr("shared.runtime.broker.STOP_S", 0.05)
    broker = EmbeddedBroker("127.0.0.1", 0, house.root_pem)
    await broker.start()
    assert broker._broker
    monkeypatch.setattr(broker._broker, "_cleanup_session", lambda _: asyncio.Event().wait())
    bus = Bus("127.0.0.1", broker.port, login=house.holder("gate", DeviceKind.GATE).login, backoff=QUICK)
    async with running(bus):
        async with asyncio.timeout(PATIENCE_S):
            await broker.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", broker.port)
        await until(lambda: not bus.connected)


async def test_mosquitto_restarts(house, tmp_path) -> None:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    port = free_port()
    bus = Bus("127.0.0.1", port, backoff=QUICK)
    heard: list[bytes] = []
    bus.subscribe("a/#", lambda _, payload: heard.append(payload))
    async with mosquitto(tmp_path, port) as process, running(bus):
        assert await bus.publish("a/b", b"1")
        process.kill()
        await process.wait()
        await until(lambda: not bus.connected)
        async with mosquitto(tmp_path, port):
            await until(lambda: bus.connected)
            assert await bus.publish("a/b", b"2")
            await until(lambda: heard == [b"1", b"2"])


async def test_small_messages_are_not_held_back(house, port) -> None:
    """TCP_NODELAY: without it, request and response take 80 ms instead of one."""
    bus = Bus("127.0.0.1", port, login=house.holder("gate", DeviceKind.GATE).login, backoff=QUICK)
    async with running(bus):
        assert bus._client is not None
        sock = bus._client._client.socket()
        assert sock is not None
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_the_embedded_broker_keeps_everyone_to_his_own(house) -> None:
    gate, kiosk = house.holder("gate", DeviceKind.GATE), house.holder("kiosk", DeviceKind.KIOSK)
    central = house.holder("central", DeviceKind.CENTRAL)
    stranger = type(house)().holder("gate", DeviceKind.GATE)
    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
        watch, bad, heard = Bus("127.0.0.1", broker.port, login=central.login), [], []
        watch.subscribe(f"parterre/{house.site}/#", lambda topic, _: heard.append(topic))
        thief = Bus("127.0.0.1", broker.port, login=kiosk.login)
        thief.subscribe(topics.command(house.site, gate.id), lambda topic, _: bad.append(topic))
        thief.subscribe(f"parterre/{house.site}/#", lambda topic, _: bad.append(topic))
        out = Bus("127.0.0.1", broker.port, login=stranger.login, backoff=QUICK)
        liar = Bus(
            "127.0.0.1", broker.port, login=kiosk.login, backoff=QUICK, announce=announce(house.site, gate.id, "x")
        )
        tasks = [asyncio.create_task(bus.run()) for bus in (out, liar)]
        async with running(watch, thief):
            assert await watch.publish(topics.state(house.site, "ghost"), b"retained", retain=True)
            await thief.publish(topics.claim(house.site, gate.id), b"forged")
            await thief.publish(topics.bell(house.site, "keys/x"), b"9")
            await thief.publish(topics.state(house.site, kiosk.id), b"mine")
            await watch.publish(topics.command(house.site, gate.id), b"open")
            await until(lambda: {topics.state(house.site, kiosk.id), topics.command(house.site, gate.id)} <= set(heard))
            await until(lambda: len(heard) >= 3)
            await until(lambda: "uthor" in out.why and "uthor" in liar.why)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert bad == []
    assert sorted(heard) == sorted(
        [topics.state(house.site, "ghost"), topics.command(house.site, gate.id), topics.state(house.site, kiosk.id)]
    )


async def test_nobody_is_sent_what_he_did_not_ask_for(house) -> None:
    gate, central = house.holder("gate", DeviceKind.GATE), house.holder("central", DeviceKind.CENTRAL)
    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as broker:
        watch = Bus("127.0.0.1", broker.port, login=central.login)
        watch.subscribe("parterre/#", lambda *_: None)
        quiet = Bus("127.0.0.1", broker.port, login=gate.login)
        got: list[str] = []
        quiet.subscribe(topics.claims(house.site), lambda *_: None)
        dispatch = quiet._dispatch

        async def spy(topic, payload):
            got.append(topic.value)
            await dispatch(topic, payload)

        quiet._dispatch = spy  # type: ignore[method-assign]
        async with running(watch):
            assert await watch.publish(topics.bell("other", "tickets/x"), b"1", retain=True)
            async with running(quiet):
                assert await watch.publish(topics.claim(house.site, "x"), b"!")
                await until(lambda: got)
    assert got == [topics.claim(house.site, "x")]


async def test_a_taken_port_is_one_sentence(house) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        taken = sock.getsockname()[1]
        with pytest.raises(Failure, match=f"cannot listen on 127.0.0.1:{taken}"):
            await EmbeddedBroker("127.0.0.1", taken, house.root_pem).start()


async def test_bridge_through_a_cut_line(house, tmp_path) -> None:
    relay, central = house.holder("broker", DeviceKind.BROKER), house.holder("central", DeviceKind.CENTRAL)
    gate, far_port = house.holder("gate", DeviceKind.GATE), free_port()
    here, there = [], []
    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem) as near:
        bridge = Bridge(
            Bus("127.0.0.1", near.port, login=relay.login, backoff=QUICK),
            Bus("127.0.0.1", far_port, login=relay.login, backoff=QUICK),
            house.site,
        )
        task = asyncio.create_task(bridge.run())
        device = Bus(
            "127.0.0.1", near.port, login=gate.login, backoff=QUICK, announce=announce(house.site, gate.id, "one")
        )
        device.subscribe(topics.bells(house.site), lambda topic, payload: here.append((topic, payload)))
        device.subscribe(topics.command(house.site, gate.id), lambda topic, payload: here.append((topic, payload)))
        async with running(device):  # central is not there yet: the site works without it
            for number in (b"1", b"2"):
                async with EmbeddedBroker("127.0.0.1", far_port, house.root_pem):
                    far = Bus("127.0.0.1", far_port, login=central.login, backoff=QUICK)
                    far.subscribe(topics.states(house.site), lambda topic, payload: there.append((topic, payload)))
                    async with running(far):
                        await until(lambda: bridge.central.connected)
                        await far.publish(topics.bell(house.site, "keys/x"), number, retain=True)
                        await far.publish(topics.command(house.site, gate.id), b"open " + number)
                        await until(lambda number=number: {p for _, p in here} >= {number, b"open " + number})
                        await until(lambda: any(t == topics.state(house.site, gate.id) for t, _ in there))
                there.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [payload for topic, payload in here if "/command/" in topic] == [b"open 1", b"open 2"]


async def test_run_broker(house, tmp_path) -> None:
    root = tmp_path / "root.pem"
    with pytest.raises(Failure, match="cannot be read"):
        await run_broker(SiteBrokerConfig(root, Endpoint("127.0.0.1", 0)))
    root.write_text(house.root_pem)
    with pytest.raises(Failure, match="needs an identity"):
        await run_broker(SiteBrokerConfig(root, Endpoint("127.0.0.1", 0), upstream=Endpoint()))
    ready = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run_broker(SiteBrokerConfig(root, Endpoint("127.0.0.1", 0)), ready))
    bus = Bus("127.0.0.1", await ready, login=house.holder("gate", DeviceKind.GATE).login)
    async with running(bus):
        assert bus.connected
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_whoever_gives_up_while_it_logs_in_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before: where the broker then ended the connection, a fault that nobody caught went to the log."""
    faults, came, ended = list[object](), asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        came.set()
        await given_up.wait()
        writer.transport.abort()

    given_up, ours = asyncio.Event(), mqtt._Client._on_disconnect

    def hear_ours(*said: object, **named: object) -> None:
        ended.set()
        ours(*said, **named)

    monkeypatch.setattr(mqtt._Client, "_on_disconnect", hear_ours)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        going = asyncio.create_task(Bus("127.0.0.1", server.sockets[0].getsockname()[1], backoff=QUICK).run())
        async with asyncio.timeout(PATIENCE_S):
            await came.wait()
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
            given_up.set()
            await ended.wait()
            await asyncio.sleep(0)
    assert faults == []
