"""Bodies that do not come: whoever promises them, from wherever and however many, an honest caller of every kind is
served. Real sockets; budgets of sixteen bodies, shares of eight."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.kernel.actor import SYSTEM
from central.kernel.vault import Vault
from central.organisation.operators import CreateOperator
from central.organisation.ops import key_digest
from central.organisation.sign_in_places import with_device
from central.selling.model import SellingPrivilege
from central.web.bodies import AT_ONCE_OF_STRANGERS, MOST_FROM_DEVICES, MOST_USUALLY, STEP, Asks, Bodies
from central.web.entrance import BODIES, REFUSED
from central.web.origin import Proxies
from central.web.session import csrf_of
from central.web.settings import MIB, UNLIMITED, HttpConfig, Rate
from shared.wire.requests import COMMAND_ID, signed_headers
from shared.wire.seal import Signer
from tests.central.small_house import NOW, new_id
from tests.central.web.serving import Served, enrolled, signed_in
from tests.waiting import until

pytestmark = [
    pytest.mark.behind_the_door,  # a session's row of its own making
    pytest.mark.usefixtures("nothing_breaks"),
]

TIGHT = HttpConfig(body_s=3600, held_mib=1, held_of_strangers_mib=1, limits=UNLIMITED)
ROOM = MIB // STEP  # bodies on their way
MANY = ROOM + AT_ONCE_OF_STRANGERS
PROXY = Proxies.of(["127.0.0.1"])
THEIRS, ELSEWHERE = "203.0.113.{n}", "198.51.100.7"
BODY = b" " * STEP  # no command: read, and refused for what is in it
READ = 422


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who gives a command."""

    command: str
    headers: dict[str, str]

    def head(self, address: str, length: int) -> bytes:
        said = {
            "Host": "x", "X-Forwarded-For": address, "Connection": "close", COMMAND_ID: new_id(),
            **self.headers, "Content-Length": str(length),
        }  # fmt: skip
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        return f"POST /api/v1/commands/{self.command} HTTP/1.1\r\n{lines}\r\n".encode()


@dataclass(slots=True)
class Sent:
    writer: asyncio.StreamWriter
    answer: asyncio.Task[tuple[int, str]]


@dataclass(slots=True)
class Calls:
    """Requests under way."""

    served: Served
    sent: list[Sent] = field(default_factory=list)

    async def begin(self, sender: Sender, address: str, part: bytes = b"", length: int = STEP) -> Sent:
        reader, writer = await self.served.call()
        writer.write(sender.head(address, length) + part)
        self.sent.append(Sent(writer, asyncio.create_task(_answer(reader))))
        return self.sent[-1]

    async def settled(self) -> None:
        """Each is either read or answered."""
        await until(lambda: self.held // STEP + sum(each.answer.done() for each in self.sent) == len(self.sent))

    @property
    def held(self) -> int:
        bodies = self.served.app[BODIES]
        return bodies.held(Asks.STRANGER) + bodies.held(Asks.PERSON)

    def statuses(self) -> list[int]:
        return [each.answer.result()[0] for each in self.sent if each.answer.done()]


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    with suppress(ConnectionError):
        if text := (await reader.read()).decode():
            return int(text.split(" ", 2)[1]), text
    return 0, ""


@asynccontextmanager
async def calling(served: Served) -> AsyncIterator[Calls]:
    calls = Calls(served)
    try:
        yield calls
    finally:
        for each in calls.sent:
            each.writer.close()
        await asyncio.gather(*(each.answer for each in calls.sent))
    await until(lambda: calls.held == 0)


def signed(device: Any, signer: Signer) -> Sender:
    path = "/api/v1/commands/upload_facts"
    return Sender("upload_facts", signed_headers(device, signer, "POST", path, NOW.isoformat(), "n", BODY, new_id()))


def person(name: str) -> Sender:
    return Sender("create_site", {"Cookie": f"session={name}", "X-CSRF": csrf_of(name)})


STRANGER = Sender("enrol_device", {})
KINDS = ("stranger", "device without its key", "person", "program", "device")


async def honest_and_hostile(served: Served) -> tuple[dict[str, Sender], dict[str, Sender]]:
    """One of each kind, and another one of each kind."""
    door, house, program = served.door, served.house, new_id()
    await signed_in(door, house, "berta")
    made = CreateOperator(
        id=program,
        context_id=house.institution,
        name="P",
        key_digest=key_digest("k"),
        privileges=(str(SellingPrivilege.CHANNEL_READ),),
    )
    assert (await door.execute(SYSTEM, made, new_id())).ok
    device, other = await enrolled(served, "G1"), await enrolled(served, "G2")
    key = b64encode(f"{program}:k".encode()).decode()
    browser = with_device(Vault(b"k" * 32), "", "an account that came in here before")
    honest = {
        "stranger": STRANGER,
        "browser that is known": Sender("enrol_device", {"Cookie": f"known={browser}"}),
        "person": person("anna"),
        "program": Sender("create_site", served.auth),
        "device": signed(*device),
    }
    hostile = {
        "stranger": STRANGER,
        "device without its key": signed(device[0], Signer.of(Ed25519PrivateKey.generate())),
        "person": person("berta"),
        "program": Sender("create_site", {"Authorization": f"Basic {key}"}),
        "device": signed(*other),
    }
    assert tuple(hostile) == KINDS
    return honest, hostile


@pytest.mark.parametrize("addresses", [1, 4, MANY])
@pytest.mark.parametrize("kind", KINDS)
async def test_bodies_that_do_not_come_shut_nobody_out(serve: Callable[..., Any], kind: str, addresses: int) -> None:
    async with serve(TIGHT, proxies=PROXY) as served, calling(served) as calls:
        honest, hostile = await honest_and_hostile(served)
        unknown = REFUSED.value(why="unknown")
        for n in range(MANY):
            await calls.begin(hostile[kind], THEIRS.format(n=n % addresses), b"{")
        await calls.settled()
        if kind == "device without its key":
            assert calls.statuses() == [401] * MANY, "not a byte is waited for"
            assert REFUSED.value(why="unknown") == unknown + MANY
        elif kind == "stranger":
            assert calls.held == min(addresses * AT_ONCE_OF_STRANGERS, ROOM) * STEP
        else:
            assert calls.held == ROOM * STEP // 2, "one caller, from wherever"
        assert set(calls.statuses()) <= {401, 408}
        for who, sender in honest.items():
            for address in (ELSEWHERE, THEIRS.format(n=0)):  # who shares an address with them as well
                mine = await calls.begin(sender, address)
                await calls.settled()
                mine.writer.write(BODY)
                status, said = await mine.answer
                assert status == READ, (who, address, said)


async def test_whoever_holds_most_makes_room(serve: Callable[..., Any]) -> None:
    """Two strangers with all they may, then one body each of others: of the others none is cut."""
    async with serve(TIGHT, proxies=PROXY) as served, calling(served) as calls:
        for n in range(ROOM):
            await calls.begin(STRANGER, THEIRS.format(n=n // AT_ONCE_OF_STRANGERS))
        await calls.settled()
        assert calls.statuses() == []
        others = []
        for n in range(ROOM - 4):
            others.append(await calls.begin(STRANGER, f"198.51.100.{n}"))
            await calls.settled()
        for each in others:
            each.writer.write(BODY)
        assert [(await each.answer)[0] for each in others] == [READ] * len(others)
        cut = [each.answer.result()[0] for each in calls.sent[:ROOM] if each.answer.done()]
        assert cut == [408] * len(others)


async def test_a_body_takes_what_came_and_not_what_it_promised(serve: Callable[..., Any]) -> None:
    async with serve(TIGHT) as served, calling(served) as calls:
        big = await calls.begin(Sender("create_site", served.auth), ELSEWHERE, length=MOST_USUALLY)
        await until(lambda: calls.held == STEP)
        came = 0
        for n, steps in ((STEP - 1, 1), (1, 1), (1, 2), (5 * STEP, 7)):
            big.writer.write(b" " * n)
            came += n
            await until(lambda n=steps * STEP: calls.held == n)
        big.writer.write(b" " * (MOST_USUALLY - came))
        status, said = await big.answer
        assert status == READ, f"alone it may be larger than the budget: {said}"


async def test_who_promises_more_than_is_read_is_refused_at_once(serve: Callable[..., Any]) -> None:
    async with serve(TIGHT) as served, calling(served) as calls:
        honest, _ = await honest_and_hostile(served)
        for who, most in (("stranger", STEP), ("program", MOST_USUALLY), ("device", MOST_FROM_DEVICES)):
            status, said = await (await calls.begin(honest[who], ELSEWHERE, length=most + 1)).answer
            assert status == 413, said


async def test_a_body_that_grows_gives_way_to_who_holds_less(serve: Callable[..., Any]) -> None:
    """A person's upload that fills the budget is cut for what others send, not the other way round."""
    async with serve(TIGHT) as served, calling(served) as calls:
        honest, _ = await honest_and_hostile(served)
        big = await calls.begin(honest["person"], ELSEWHERE, length=MOST_USUALLY)
        await until(lambda: calls.held == STEP)
        big.writer.write(b" " * MIB)
        await until(lambda: calls.held == MIB)
        small = await calls.begin(honest["device"], ELSEWHERE)
        assert (await big.answer)[0] == 408
        small.writer.write(BODY)
        assert (await small.answer)[0] == READ


async def test_a_slow_body_counts_against_its_address(serve: Callable[..., Any]) -> None:
    """A burst of three: the body and its slowness are two, so the third body is not looked at; another address is."""
    config = replace(TIGHT, body_s=0.05, slowest_kib_per_s=1e6, limits=replace(UNLIMITED, acts=Rate(0.001, 3)))
    async with serve(config, proxies=PROXY) as served, calling(served) as calls:
        for address, wanted in ((THEIRS, 408), (THEIRS, 408), (THEIRS, 429), (ELSEWHERE, 408)):
            status, said = await (await calls.begin(STRANGER, address.format(n=0), b"{")).answer
            assert status == wanted, said


async def test_who_hangs_up_before_the_body_is_looked_at_is_gone() -> None:
    """Between a request's head and the first line of whoever handles it: aiohttp then tells nobody that it is over."""
    bodies, said = Bodies(HttpConfig()), asyncio.get_running_loop().create_future()

    def hung_up(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        protocol.transport.abort()
        return web.Request(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=STEP)

    async def handler(request: Any) -> web.Response:
        try:
            said.set_result(await bodies.read(request, Asks.STRANGER, "somebody", STEP))
        except Exception as fault:
            said.set_result(fault)
        return web.Response()

    server = web.Server(handler, request_factory=hung_up, access_log=None)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    assert isinstance(await said, ConnectionError) and not bodies.held(Asks.STRANGER)
    writer.close()
    listening.close()
    await server.shutdown(0)
