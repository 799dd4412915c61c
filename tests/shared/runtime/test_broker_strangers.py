"""What a stranger, or a device gone wrong, can do to the embedded broker: every opening ends its own connection and
nothing else, is counted under a name, and leaves no traceback."""

import asyncio
import logging
import random
import socket
import struct
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from structlog.testing import capture_logs

from shared.ids import derived_id
from shared.runtime import broker
from shared.runtime.broker import ENDED, MOST_OF_ONE, EmbeddedBroker
from shared.runtime.doorkeeper import Away, BrokerLimits
from shared.runtime.login import Login
from shared.runtime.mqtt import Bus
from shared.runtime.tasks import Backoff
from shared.runtime.throttle import Seldom
from shared.wire import topics
from shared.wire.certificates import Certificate, DeviceKind
from shared.wire.packets import MOST_FILTERS, Wrong
from shared.wire.topics import MEASURES, Kind
from tests.mangled import inside_pem
from tests.waiting import PATIENCE_S, until

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
QUICK = Backoff(first_s=0.05, most_s=0.1, calm_s=1.0)
LIMITS = BrokerLimits(connect_s=2.0, packet_s=0.3, idle_s=30.0, free_failures=10_000)


# --- MQTT by hand -----------------------------------------------------------------------------------------------------


def packet(first: int, body: bytes) -> bytes:
    size, digits = len(body), bytearray()
    while True:
        size, digit = size >> 7, size & 127
        digits.append(digit | (128 if size else 0))
        if not size:
            return bytes((first,)) + bytes(digits) + body


def text(said: str | bytes) -> bytes:
    raw = said if isinstance(said, bytes) else said.encode()
    return struct.pack("!H", len(raw)) + raw


def connect(
    login: Login | None,
    *,
    name: str = "MQTT",
    level: int = 4,
    flags: int | None = None,
    keepalive_s: int = 60,
    client: str | bytes = "me",
    will: tuple[str, bytes] | None = None,
    more: bytes = b"",
) -> bytes:
    said = 2 | (0x24 if will else 0) | (0xC0 if login else 0) if flags is None else flags
    body = text(name) + bytes((level, said)) + struct.pack("!H", keepalive_s) + text(client)
    if will:
        body += text(will[0]) + text(will[1])
    if login:
        body += text(login.username) + text(login.password)
    return packet(0x10, body + more)


def publish(topic: str | bytes, payload: bytes, *, qos: int = 1, retain: bool = False, number: int = 7) -> bytes:
    body = text(topic) + (struct.pack("!H", number) if qos else b"") + payload
    return packet(0x30 | qos << 1 | retain, body)


def subscribe(*filters: str | bytes, number: int = 7, qos: int = 1) -> bytes:
    return packet(0x82, struct.pack("!H", number) + b"".join(text(each) + bytes((qos,)) for each in filters))


@dataclass(frozen=True)
class Opening:
    """What is sent, and how the line ends: the reason, the answer. `hang_up`: by a reset, or in order."""

    name: str
    sent: bytes
    ends: str
    answer: bytes = b""
    hang_up: str = ""
    logged_in: bool = False


REFUSED, UNSPOKEN = b"\x20\x02\x00\x05", b"\x20\x02\x00\x01"


def openings(house: Any) -> Iterator[Opening]:
    gate, other = house.holder("gate", DeviceKind.GATE), house.holder("other", DeviceKind.GATE)
    kiosk, stranger = house.holder("kiosk", DeviceKind.KIOSK), type(house)().holder("gate", DeviceKind.GATE)
    good, site = connect(gate.login), house.site
    yield Opening("nothing", b"", Away.SILENT)
    for cut in (1, 2, 9, len(good) - 1):
        yield Opening(f"{cut} bytes of a CONNECT", good[:cut], Away.SLOW)
    yield Opening("a CONNECT of 256 MB", b"\x10\xff\xff\xff\x7f" + b"x" * 100, Wrong.TOO_BIG)
    yield Opening("a length without an end", b"\x10\xff\xff\xff\xff\x7f", Wrong.MALFORMED)
    yield Opening("a web browser", b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n", Wrong.MALFORMED)
    yield Opening("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100, Wrong.MALFORMED)
    for first in range(256):
        if first != 0x10:
            why = Wrong.NOT_CONNECT if first in (*range(0x30, 0x40), 0x40, 0x82, 0xA2, 0xC0, 0xE0) else None
            why = why or (Wrong.NOT_TAKEN if first >> 4 in (5, 6, 7) else Wrong.MALFORMED)
            yield Opening(f"first byte {first:02x}", bytes((first, 0)), why)
    yield Opening("MQTT 3.1", connect(gate.login, name="MQIsdp", level=3), Wrong.PROTOCOL, UNSPOKEN)
    yield Opening("MQTT 5", connect(gate.login, level=5), Wrong.PROTOCOL, UNSPOKEN)
    yield Opening("a session that stays", connect(gate.login, flags=0xC0), Wrong.NOT_TAKEN)
    yield Opening("the reserved flag", connect(gate.login, flags=0xC3), Wrong.MALFORMED)
    yield Opening("a password without a name", connect(None, flags=0x42, more=text("x")), Wrong.MALFORMED)
    yield Opening("quality of a will that is none", connect(gate.login, flags=0xCA), Wrong.MALFORMED)
    yield Opening("a will of quality 3", connect(gate.login, flags=0xDE), Wrong.MALFORMED)
    yield Opening("a will and no message", connect(gate.login, flags=0xC6), Wrong.MALFORMED)
    yield Opening("a client that is no text", connect(gate.login, client=b"\xff\xfe"), Wrong.MALFORMED)
    yield Opening("a client with a zero in it", connect(gate.login, client="a\0b"), Wrong.MALFORMED)
    yield Opening("a client of 4 kB", connect(gate.login, client="a" * 4096), Wrong.MALFORMED)
    yield Opening("more than a CONNECT holds", connect(gate.login, more=b"more"), Wrong.MALFORMED)
    yield Opening("nobody", connect(None), Away.LOGIN, REFUSED)
    yield Opening("a password", connect(Login("admin", "admin")), Away.LOGIN, REFUSED)
    yield Opening("another house", connect(stranger.login), Away.LOGIN, REFUSED)
    yield Opening("another's name", connect(replace(gate.login, username=kiosk.id)), Away.LOGIN, REFUSED)
    yield Opening("a long password", connect(Login(gate.id, "x" * 4096)), Away.LOGIN, REFUSED)
    state = topics.state(site, other.id)
    yield Opening("another's will", connect(gate.login, will=(state, b"gone")), Away.WILL, REFUSED)
    own, claim = topics.state(site, gate.id), topics.claim(site, gate.id)
    yield Opening("a will that is too big", connect(gate.login, will=(own, b"x" * 8193)), Wrong.TOO_BIG)
    yield Opening("a will on no topic of ours", connect(gate.login, will=("a/b", b"x")), Wrong.NOT_TAKEN)
    yield Opening("a will that a claim keeps", connect(gate.login, will=(claim, b"x")), Wrong.RETAINED)
    for cut in range(len(good)):
        yield Opening(f"hang-up at byte {cut}", good[:cut], Away.HUNG_UP, hang_up="reset" if cut % 2 else "order")
    said = publish(claim, b"entry")
    for cut in range(1, len(said)):
        how = "reset" if cut % 2 else "order"
        yield Opening(f"hang-up at byte {cut} of a claim", said[:cut], Away.HUNG_UP, hang_up=how, logged_in=True)
    yield Opening("half a claim", said[:20], Away.SLOW, logged_in=True)
    yield from _of_a_device(site, gate.id, good)


def _of_a_device(site: str, device: str, good: bytes) -> Iterator[Opening]:
    topic = {
        Kind.STATE: topics.state(site, device),
        Kind.CLAIM: topics.claim(site, device),
        Kind.COMMAND: topics.command(site, device),
        Kind.BELL: topics.bell(site, "keys/x"),
    }
    for kind, measure in MEASURES.items():
        yield _bad(f"a {kind} too big", publish(topic[kind], b"x" * (measure.most + 1)), Wrong.TOO_BIG)
        if not measure.retained:
            yield _bad(f"a {kind} to keep", publish(topic[kind], b"x", retain=True), Wrong.RETAINED)
    yield _bad("a claim of 250 MB", b"\x32\xff\xff\xff\x7f" + b"x" * 100, Wrong.TOO_BIG)
    yield _bad("another CONNECT", good, Wrong.NOT_CONNECT)
    yield _bad("quality 2", publish(topic[Kind.CLAIM], b"x", qos=2), Wrong.NOT_TAKEN)
    yield _bad("quality 3", publish(topic[Kind.CLAIM], b"x", qos=3), Wrong.MALFORMED)
    yield _bad("said again, quality 0", packet(0x38, text(topic[Kind.CLAIM])), Wrong.MALFORMED)
    yield _bad("no topic", publish("", b"x"), Wrong.MALFORMED)
    yield _bad("number 0", publish(topic[Kind.CLAIM], b"x", number=0), Wrong.MALFORMED)
    for strange in ("a/b", "$SYS/x", "parterre", f"parterre/{site}/x/y/z", f"{topic[Kind.STATE]}/more"):
        yield _bad(f"on {strange[:12]}", publish(strange, b"x"), Wrong.NOT_TAKEN)
    yield _bad("a topic with a filter's signs", publish(f"parterre/{site}/device/+/state", b"x"), Wrong.MALFORMED)
    yield _bad("a topic of 60 kB", publish("a" * 60_000, b""), Wrong.TOO_BIG)
    yield _bad("a topic of 300 bytes", publish("a" * 300, b""), Wrong.MALFORMED)
    yield _bad("a topic that is no text", publish(b"\xc3\x28", b""), Wrong.MALFORMED)
    yield _bad("too short for its topic", packet(0x32, b"\x00\xff"), Wrong.MALFORMED)
    yield _bad("no filter", packet(0x82, b"\x00\x07"), Wrong.MALFORMED)
    yield _bad("a filter of 300 bytes", subscribe("a" * 300), Wrong.MALFORMED)
    yield _bad("a filter of quality 3", subscribe("a", qos=3), Wrong.MALFORMED)
    yield _bad("many filters", subscribe(*(f"f{n}" for n in range(MOST_FILTERS + 1))), Wrong.TOO_BIG)
    yield _bad("a very long request", packet(0x82, b"x" * 60_000), Wrong.TOO_BIG)
    yield _bad("an empty filter to drop", packet(0xA2, b"\x00\x07\x00\x00"), Wrong.MALFORMED)
    yield _bad("a PUBACK of nothing", packet(0x40, b""), Wrong.MALFORMED)
    yield _bad("a PINGREQ that says something", packet(0xC0, b"x"), Wrong.TOO_BIG)
    yield _bad("a PUBREL", packet(0x62, b"\x00\x07"), Wrong.NOT_TAKEN)
    yield _bad("a server's word", packet(0x20, b"\x00\x00"), Wrong.MALFORMED)


def _bad(name: str, sent: bytes, ends: str) -> Opening:
    return Opening(name, sent, ends, logged_in=True)


# --- a broker that is looked at ---------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A broker, everything that went wrong beside it, and two honest gates on it; the first one's login."""

    house: Any
    broker: EmbeddedBroker
    faults: list[dict[str, Any]]
    honest: tuple[Bus, Bus]
    heard: list[bytes]
    login: Login

    async def serves(self) -> None:
        """Two honest gates hear each other."""
        said = f"entry {len(self.heard)}".encode()
        one = self.house.holder("one", DeviceKind.GATE)
        assert await self.honest[0].publish(topics.claim(self.house.site, one.id), said)
        await until(lambda: said in self.heard)

    async def alone(self) -> None:
        """Nobody but the two holds a connection."""
        await until(lambda: len(self.broker.door.lines) == len(self.honest))

    @asynccontextmanager
    async def line(
        self, login: Login | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.broker.port)
        try:
            if login:
                writer.write(connect(login))
                assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
            yield reader, writer
        finally:
            writer.transport.abort()


@asynccontextmanager
async def stage(house: Any, limits: BrokerLimits = LIMITS, **more: Any) -> AsyncIterator[Stage]:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    async with EmbeddedBroker("127.0.0.1", 0, house.root_pem, limits=limits, **more) as broker:
        one, two = (house.holder(name, DeviceKind.GATE) for name in ("one", "two"))
        buses = tuple(Bus("127.0.0.1", broker.port, login=who.login, backoff=QUICK) for who in (one, two))
        heard: list[bytes] = []
        buses[1].subscribe(topics.claims(house.site), lambda _, payload: heard.append(payload))
        tasks = [asyncio.create_task(bus.run()) for bus in buses]
        async with asyncio.timeout(PATIENCE_S):
            for bus in buses:
                await bus.wait_connected()
        try:
            yield Stage(house, broker, faults, (buses[0], buses[1]), heard, one.login)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert faults == [], "a traceback"


def reset(writer: asyncio.StreamWriter) -> None:
    """Gone without a goodbye: what is under way meets a closed door."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def performed(at: Stage, opening: Opening) -> bytes:
    """What came back until the broker closed the line."""
    gate = at.house.holder(opening.name, DeviceKind.GATE)
    async with at.line(gate.login if opening.logged_in else None) as (reader, writer):
        writer.write(opening.sent)
        with suppress(ConnectionError):
            await writer.drain()
        if opening.hang_up == "reset":
            reset(writer)
            return b""
        if opening.hang_up:
            with suppress(OSError):  # the broker was quicker
                writer.write_eof()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await reader.read()
        except ConnectionResetError:
            return b""


async def test_every_opening_ends_its_own_line_and_nothing_else(house, caplog) -> None:
    caplog.set_level(logging.DEBUG, "asyncio")
    async with stage(house) as at:
        told = list(openings(house))
        assert len(told) > 1000
        for several in (told[n : n + 20] for n in range(0, len(told), 20)):
            before = {why: ENDED.value(why=why) for why in (*Away, *Wrong)}
            answers = await asyncio.gather(*(performed(at, opening) for opening in several))
            for opening, answer in zip(several, answers, strict=True):
                assert answer == opening.answer or (opening.hang_up and not answer), opening.name
            await at.alone()
            counted = {why: ENDED.value(why=why) - before[why] for why in before}
            want = {why: sum(opening.ends == why for opening in several) for why in before}
            assert counted == want, [opening.name for opening in several]
        await at.serves()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_any_bytes_at_all(house) -> None:
    chance = random.Random(8)
    good = connect(house.holder("gate", DeviceKind.GATE).login)
    async with stage(house) as at:
        for _ in range(15):
            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    noise = bytearray(good) if chance.random() < 0.7 else bytearray(chance.randbytes(300))
                    for _ in range(chance.randrange(1, 6)):
                        noise[chance.randrange(len(noise))] = chance.randrange(256)
                    how = chance.choice(("reset", "order"))
                    group.create_task(performed(at, Opening("noise", bytes(noise), "", hang_up=how)))
            await at.alone()
        await at.serves()


async def test_one_line_of_the_log_for_many(house, monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("shared.runtime.broker.seldom", Seldom(broker.log, clock=lambda: now[0]))
    with capture_logs() as lines:
        await _many_browsers(house)
    # On a busy machine one of them may be gone before it is read: that is told apart, once as well.
    ended = {line["why"]: line["count"] for line in lines if line["event"] == "connection ended"}
    assert Wrong.MALFORMED in ended and set(ended.values()) == {1}
    assert len([line for line in lines if line["event"] == "connection ended"]) == len(ended)
    with capture_logs() as lines:
        now[0] = 60.0
        broker.seldom.flush()
    rest = [line["count"] for line in lines if line["event"] == "connection ended"]
    assert sum(rest) == 200 - len(ended) and len(rest) <= len(ended)


async def _many_browsers(house) -> None:
    async with stage(house) as at:
        for _ in range(10):
            await asyncio.gather(*(performed(at, Opening("web", b"GET / HTTP/1.1\r\n\r\n", "")) for _ in range(20)))
        await at.alone()


# --- how many, how long -----------------------------------------------------------------------------------------------


async def test_strangers_are_few_and_devices_come_in_beside_them(house) -> None:
    """From the devices' own address even: who only sits there makes room."""
    few = replace(LIMITS, connect_s=30.0, strangers_per_address=10)
    async with stage(house, few) as at:
        before = ENDED.value(why=Away.STRANGERS_ADDRESS)
        lines = [await asyncio.open_connection("127.0.0.1", at.broker.port) for _ in range(60)]
        await until(lambda: ENDED.value(why=Away.STRANGERS_ADDRESS) - before == 50)
        assert len(at.broker.door.lines) == 2 + 10
        async with at.line(house.holder("new", DeviceKind.GATE).login):
            await at.serves()
        for _, writer in lines:
            writer.transport.abort()
        await at.alone()


async def test_a_client_that_promised_to_be_heard_and_is_not(house) -> None:
    async with stage(house, replace(LIMITS, idle_s=0.3)) as at:
        gate, before = house.holder("gate", DeviceKind.GATE), ENDED.value(why=Away.SILENT)
        reader, writer = await asyncio.open_connection("127.0.0.1", at.broker.port)
        writer.write(connect(gate.login, keepalive_s=0))
        assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b""
        assert ENDED.value(why=Away.SILENT) > before
        writer.close()


async def test_slow_bytes_do_not_prolong_a_login(house) -> None:
    async with stage(house, replace(LIMITS, connect_s=0.3, packet_s=30.0)) as at, at.line() as (reader, writer):
        closed = asyncio.create_task(reader.read())
        good, sent = connect(house.holder("gate", DeviceKind.GATE).login), 0
        while not closed.done():
            writer.write(good[sent % len(good) : sent % len(good) + 1])
            sent += 1
            await asyncio.wait([closed], timeout=0.02)
            assert sent < 500
        assert sent < len(good)


@pytest.mark.parametrize("why", [Away.STANDING, Away.WILL])
async def test_a_genuine_login_that_is_refused_is_a_failure(house, why: Away) -> None:
    """The same login for ever, overheard or of a stolen device: it waits as a false one does, also where it came in
    before; and those of the house behind its address come in as before."""
    now, gone = [0.0], set[str]()

    async def standing(many: Sequence[Certificate]) -> Collection[str]:
        return {who.kid for who in many if who.kid not in gone}

    strict = replace(LIMITS, free_failures=3, first_wait_s=60.0, looks_per_s=0.001)
    async with stage(house, strict, clock=lambda: now[0], standing=standing) as at:
        stolen, own = house.holder("stolen", DeviceKind.GATE), house.holder("own", DeviceKind.GATE)
        for each in (stolen, own):
            async with at.line(each.login):
                pass
        will = (topics.state(house.site, own.id), b"gone") if why is Away.WILL else None
        if why is Away.STANDING:
            gone.add(stolen.signer.kid)
        again = Opening("again", connect(stolen.login, will=will), "")
        busy = b"\x20\x02\x00\x03"
        said = [await performed(at, again) for _ in range(6)]
        assert busy not in said[:4] and (why is Away.WILL or said[4:] == [busy] * 2)
        guess = Opening("a guess", connect(Login("admin", "admin")), "")
        assert [await performed(at, guess) for _ in range(2)][1] == busy, "its address waits"
        async with at.line(own.login):
            pass


async def test_failures_make_an_address_wait_but_not_its_devices(house) -> None:
    now = [0.0]
    strict = replace(LIMITS, free_failures=3, first_wait_s=60.0, looks_per_s=0.001)
    async with stage(house, strict, clock=lambda: now[0]) as at:
        guess = Opening("a guess", connect(Login("admin", "admin")), "", REFUSED)
        busy = b"\x20\x02\x00\x03"
        assert [await performed(at, guess) for _ in range(6)] == [REFUSED] * 4 + [busy] * 2
        newcomer = Opening("never seen here", connect(house.holder("new", DeviceKind.GATE).login), "")
        assert await performed(at, newcomer) == busy
        named = Opening("in its name", connect(house.holder("one", DeviceKind.GATE).login), "")
        assert [await performed(at, named) for _ in range(3)] == [busy] * 3
        async with at.line(at.login):  # with which it came in before
            pass
        now[0] = 61.0
        async with at.line(house.holder("new", DeviceKind.GATE).login):
            pass


async def test_what_makes_us_fall_before_the_login_is_a_failure(house, monkeypatch) -> None:
    """Whatever fault of ours a stranger finds, their address waits as for a guess."""

    def falls(*_: object) -> None:
        raise RecursionError("a fault of ours")

    strict = replace(LIMITS, free_failures=3, first_wait_s=60.0, looks_per_s=0.001)
    async with stage(house, strict, clock=lambda: 0.0) as at:
        monkeypatch.setattr("shared.runtime.broker.admitted", falls)
        guess = Opening("a login", connect(house.holder("new", DeviceKind.GATE).login), "")
        fell, busy = b"", b"\x20\x02\x00\x03"
        assert [await performed(at, guess) for _ in range(6)] == [fell] * 4 + [busy] * 2


async def test_a_certificate_of_no_version_is_a_failure(house) -> None:
    strict = replace(LIMITS, free_failures=3, first_wait_s=60.0, looks_per_s=0.001)
    stranger = house.holder("new", DeviceKind.GATE)
    pem = x509.load_pem_x509_certificate(stranger.certificate.pem.encode()).public_bytes(Encoding.DER)
    at = pem.index(b"\xa0\x03\x02\x01\x02") + 4
    odd = inside_pem(stranger.certificate.pem, [("change", at, 0x32)])
    async with stage(house, strict, clock=lambda: 0.0) as there:
        guess = Opening("of version 51", connect(Login.of(stranger.key, odd, stranger.id)), "", REFUSED)
        assert [await performed(there, guess) for _ in range(6)] == [REFUSED] * 4 + [b"\x20\x02\x00\x03"] * 2


async def test_a_device_has_a_few_lines_and_the_oldest_goes(house) -> None:
    gate = house.holder("gate", DeviceKind.GATE)
    async with stage(house) as at, at.line(gate.login) as (first, _):
        async with at.line(gate.login), at.line(gate.login), at.line(gate.login):
            assert len(at.broker.door.lines) == 6
            async with at.line(gate.login):
                async with asyncio.timeout(PATIENCE_S):
                    assert await first.read() == b""
        await at.alone()


async def test_subscriptions_are_bounded_and_given_back(house) -> None:
    gate = house.holder("gate", DeviceKind.GATE)
    async with stage(house) as at, at.line(gate.login) as (reader, writer):

        async def asked(n: int) -> bytes:
            writer.write(subscribe(topics.bell(house.site, f"keys/{n}")))
            return (await reader.readexactly(5))[-1:]

        answers = [await asked(n) for n in range(MOST_FILTERS + 3)]
        assert answers == [b"\x01"] * MOST_FILTERS + [b"\x80"] * 3
        assert await asked(0) == b"\x01", "the same again is no more"
        broker = at.broker._broker
        assert broker is not None
        for n in range(MOST_FILTERS):
            writer.write(packet(0xA2, b"\x00\x07" + text(topics.bell(house.site, f"keys/{n}"))))
            assert await reader.readexactly(4) == b"\xb0\x02\x00\x07"
        assert not [topic for topic in broker._subscriptions if "/bell/" in topic]
        assert await asked(MOST_FILTERS + 1) == b"\x01"


@pytest.mark.parametrize("reads", [False, True], ids=["does not read", "acknowledges nothing"])
async def test_who_does_not_read_is_not_waited_for(house, monkeypatch, reads: bool) -> None:
    """Its messages are held up to a bound, of however few bytes they are; then it is put out, and everybody else has
    heard all the while."""
    monkeypatch.setattr("shared.runtime.broker_line.MOST_WAITING_BYTES", 100_000)
    gate, one = house.holder("gate", DeviceKind.GATE), house.holder("one", DeviceKind.GATE)
    before = ENDED.value(why=Away.NOT_READING)
    async with stage(house) as at, at.line(gate.login) as (_, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        if not reads:
            writer.transport.pause_reading()
        writer.write(subscribe(topics.claims(house.site)))
        claim, said = topics.claim(house.site, one.id), b"x" if reads else b"x" * 2000
        async with asyncio.timeout(PATIENCE_S):
            while ENDED.value(why=Away.NOT_READING) == before:
                assert await at.honest[0].publish(claim, said)
        await at.alone()
        await at.serves()


async def test_who_sends_much_keeps_nobody_elses_claims(house) -> None:
    """In turns, and read no further ahead than that: whatever waits before amqtt's queue counts too."""
    one, flooder = house.holder("one", DeviceKind.GATE), house.holder("flooder", DeviceKind.GATE)
    many, claim = 1500, topics.claim(house.site, flooder.id)
    async with stage(house, replace(LIMITS, packets_at_once=10_000)) as at, AsyncExitStack() as lines:
        turns, most = at.broker._broker._turns, 0
        for _ in range(3):
            _, writer = await lines.enter_async_context(at.line(flooder.login))
            writer.write(publish(claim, b"flood", qos=0) * many)
        await until(lambda: b"flood" in at.heard)
        mine = asyncio.create_task(at.honest[0].publish(topics.claim(house.site, one.id), b"an entry"))
        while b"an entry" not in at.heard:
            most = max(most, turns.qsize())
            await asyncio.sleep(0)
        assert at.heard.index(b"an entry") < many, "it did not wait for all of them"
        assert await mine and 0 < most <= 5 * MOST_OF_ONE, "nor is more read of who has so much waiting"
        await until(lambda: at.heard.count(b"flood") == 3 * many)
        await at.serves()


async def test_a_relay_takes_no_room_of_anothers_messages(house, monkeypatch) -> None:
    """One that fills what may be kept keeps its own newest; another site's presence and new bells are kept."""
    monkeypatch.setattr("shared.runtime.kept_messages.MOST_RETAINED", 20)
    monkeypatch.setattr("shared.runtime.kept_messages.MOST_OF_RELAY", 15)
    central, relay = house.holder("central", DeviceKind.CENTRAL), house.holder("relay", DeviceKind.BROKER)
    site = derived_id("another site")
    gate = house.holder("theirs", DeviceKind.GATE, site)
    bells = [topics.bell(house.site, f"tickets/{n}") for n in range(9)]
    told = [topics.state(house.site, f"x{n}") for n in range(40)]
    presence = topics.state(site, gate.id)
    async with stage(house) as at:
        broker = at.broker._broker
        assert broker is not None
        for who, said in ((central, bells[:3]), (relay, told), (gate, [presence]), (central, bells[3:])):
            async with at.line(who.login) as (reader, writer):
                for topic in said:
                    writer.write(publish(topic, b"1", retain=True))
                for _ in said:
                    await reader.readexactly(4)
                await until(lambda last=said[-1]: last in broker.retained_messages)
        kept = set(broker.retained_messages)
        assert {*bells, presence} <= kept and told[-1] in kept and told[0] not in kept
        assert len(kept) == 20


async def test_what_is_kept_is_bounded(house, monkeypatch) -> None:
    monkeypatch.setattr("shared.runtime.kept_messages.MOST_RETAINED", 5)
    central = house.holder("central", DeviceKind.CENTRAL)
    async with stage(house) as at:
        bus = Bus("127.0.0.1", at.broker.port, login=central.login, backoff=QUICK)
        task = asyncio.create_task(bus.run())
        await bus.wait_connected()
        for n in range(9):
            assert await bus.publish(topics.bell(house.site, f"tickets/{n}"), b"1", retain=True)
        assert await bus.publish(topics.bell(house.site, "tickets/0"), b"2", retain=True)
        broker = at.broker._broker
        assert broker is not None
        await until(lambda: broker.retained_messages[topics.bell(house.site, "tickets/0")].data == b"2")
        assert len(broker.retained_messages) == 5
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
