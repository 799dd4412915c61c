"""Connections that hold what they do not use: places, heads, requests sent ahead, answers that nobody reads. Real
sockets, tiny limits, counted."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from central.kernel.actor import Actor
from central.web.entrance import entrance
from central.web.files import send
from central.web.line import CLOSED, FIELD, FIELDS, HEAD, HUNG_UP, OPEN, RECEIVED, SPILL, TAKE, listening
from central.web.origin import NO_PROXIES, PROXIES
from central.web.settings import KIB, MIB, UNLIMITED, HttpConfig
from tests.central.web.serving import answer_of
from tests.waiting import PATIENCE_S, until

ASKED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HELD = b"GET /healthz/held HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /healthz/large HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENT = HttpConfig(head_s=3600, idle_s=3600, body_s=3600, send_s=3600, limits=UNLIMITED)
MUCH = 8 * MIB  # more than the system keeps for a socket that nobody reads


def head(size: int, fields: int = 8) -> bytes:
    """A request whose head has about so many bytes."""
    line = b"x" * (size // fields - 10)
    return (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"h%d: %b\r\n" % (n, line) for n in range(fields)) + b"\r\n"
    )


def asked(size: int) -> bytes:
    """A request whose address has so many bytes more."""
    return ASKED.replace(b"/healthz", b"/healthz?" + b"x" * size)


@dataclass(slots=True)
class House:
    url: str
    go_on: asyncio.Event
    came: list[str] = field(default_factory=list)
    open: list[asyncio.StreamWriter | socket.socket] = field(default_factory=list)

    async def call(self, address: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, local_addr=(address, 0))
        self.open.append(writer)
        return reader, writer

    async def deaf(self) -> socket.socket:
        """A connection that takes next to nothing."""
        where, at = urlsplit(self.url), socket.socket()
        self.open.append(at)
        at.setblocking(False)
        at.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        await asyncio.get_running_loop().sock_connect(at, (where.hostname, where.port))
        return at

    async def asks(self, line: tuple[asyncio.StreamReader, asyncio.StreamWriter], times: int = 1) -> None:
        """And is answered, on this connection."""
        reader, writer = line
        for _ in range(times):
            writer.write(ASKED)
            said = await asyncio.wait_for(reader.readuntil(b"well"), PATIENCE_S)
            assert said.startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def house(config: HttpConfig) -> AsyncIterator[House]:
    there = House("", asyncio.Event())

    async def well(_: web.Request) -> web.Response:
        there.came.append("well")
        return web.Response(text="well")

    async def read(request: web.Request) -> web.Response:
        await request.read()
        return await well(request)

    async def held(_: web.Request) -> web.Response:
        there.came.append("held")
        await there.go_on.wait()
        return web.Response(text="held")

    async def large(_: web.Request) -> web.Response:
        there.came.append("large")
        return web.Response(body=b"x" * MUCH)

    app = web.Application(middlewares=[entrance])
    app[PROXIES] = NO_PROXIES
    app.router.add_get("/healthz", well)
    app.router.add_post("/healthz", read)
    app.router.add_get("/healthz/held", held)
    app.router.add_get("/healthz/large", large)
    async with listening(app, "127.0.0.1", 0, config) as there.url:
        try:
            yield there
        finally:
            there.go_on.set()
            for each in there.open:
                each.close()
            await until(lambda: OPEN.value() == 0)


async def is_cut(line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    return await answer_of(line[0]) == (0, "")


# --- places -----------------------------------------------------------------------------------------------------------


async def test_the_connection_that_is_idle_for_longest_makes_room() -> None:
    async with house(replace(PATIENT, connections_per_address=3)) as at:
        lines = [await at.call() for _ in range(3)]
        for each in lines:
            await at.asks(each)
        await at.asks(lines[0])
        before = CLOSED.value(why="crowded")
        late = await at.call()
        await at.asks(late)
        assert CLOSED.value(why="crowded") == before + 1 and OPEN.value() == 3
        assert await is_cut(lines[1])
        for each in (lines[0], lines[2], late):
            await at.asks(each)


async def test_never_one_with_a_request_in_hand() -> None:
    async with house(replace(PATIENT, connections_per_address=3)) as at:
        busy = [await at.call() for _ in range(2)]
        for _, writer in busy:
            writer.write(HELD)
        await until(lambda: at.came == ["held"] * 2)
        for _ in range(4):
            await at.asks(await at.call())
        third = await at.call()
        third[1].write(HELD)
        await until(lambda: at.came.count("held") == 3)
        assert await is_cut(await at.call()), "all have something in hand: who comes now is the one that goes"
        at.go_on.set()
        for reader, _ in (*busy, third):
            assert b"200" in await asyncio.wait_for(reader.readuntil(b"held"), PATIENCE_S)


async def test_where_all_places_are_taken_whoever_holds_most_makes_room() -> None:
    async with house(replace(PATIENT, connections=4, connections_per_address=3)) as at:
        alone = await at.call("127.0.0.2")
        await at.asks(alone)
        lines = [await at.call() for _ in range(3)]
        for each in lines:
            await at.asks(each)
        other = await at.call("127.0.0.3")
        await at.asks(other)
        assert await is_cut(lines[0])
        await at.asks(alone)
        await at.asks(lines[1])


# --- heads and what is sent ahead -------------------------------------------------------------------------------------


async def test_of_what_is_sent_ahead_only_so_much_is_taken_and_all_of_it_answered() -> None:
    async with house(PATIENT) as at:
        honest, (reader, writer) = await at.call(), await at.call()
        writer.write(HELD)
        await until(lambda: at.came == ["held"])
        before, ahead = RECEIVED.value(), head(HEAD - TAKE)
        for _ in range(64):
            writer.write(ahead)
        await until(lambda: RECEIVED.value() - before >= HEAD)
        await at.asks(honest, 100)
        assert RECEIVED.value() - before <= HEAD + TAKE + 100 * len(ASKED)
        at.go_on.set()
        for _ in range(64):
            await asyncio.wait_for(reader.readuntil(b"well"), PATIENCE_S)
        await at.asks((reader, writer))


@pytest.mark.parametrize("comes", ["behind the one in hand", "after its answer"])
async def test_a_later_heads_time_is_as_short(comes: str) -> None:
    async with house(replace(PATIENT, head_s=0.1)) as at:
        before, sent = CLOSED.value(why="head"), RECEIVED.value()
        reader, writer = await at.call()
        writer.write(HELD)
        await until(lambda: at.came == ["held"])
        if comes == "behind the one in hand":
            writer.write(ASKED[:-4])
            await until(lambda: RECEIVED.value() - sent == len(HELD + ASKED) - 4)
        at.go_on.set()
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\nheld"), PATIENCE_S)
        if comes == "after its answer":
            writer.write(ASKED[:-4])
        assert await is_cut((reader, writer))
        assert CLOSED.value(why="head") == before + 1


POST = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
CHUNKS = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
PART = ASKED[:-4]


@pytest.mark.parametrize(
    "pieces",
    [
        [ASKED + PART], [ASKED * 2 + PART], [POST + b"x" * 9 + PART], [POST, b"x" * 9 + PART],
        [POST + b"x", b"x" * 8 + PART], [CHUNKS + PART], [HELD, ASKED, PART], [ASKED[:-2], ASKED[-2:] + PART],
    ],
    ids=["one", "two", "a body", "then a body", "half a body", "chunks", "three pieces", "half an end"],
)  # fmt: skip
async def test_half_a_head_that_came_with_a_request_has_a_heads_time(pieces: list[bytes]) -> None:
    """Before: what lay behind the request was forgotten with its answer, and kept the line until it had been idle for
    long."""
    async with house(replace(PATIENT, head_s=0.3)) as at:
        at.go_on.set()
        before = CLOSED.value(why="head")
        reader, writer = await at.call()
        for piece in pieces:
            sent = RECEIVED.value()
            writer.write(piece)
            await until(lambda sent=sent, piece=piece: RECEIVED.value() >= sent + len(piece))
        async with asyncio.timeout(PATIENCE_S):
            said = await reader.read()
        assert said.count(b"HTTP/1.1 200") == max(1, b"".join(pieces).count(b"HTTP/1.1") - 1)
        assert CLOSED.value(why="head") == before + 1


@pytest.mark.parametrize(
    "pieces",
    [[ASKED], [ASKED * 2], [POST + b"x" * 9], [POST, b"x" * 9], [POST + b"x", b"x" * 8], [ASKED[:9], ASKED[9:]]],
)
async def test_whole_requests_leave_a_line_idle_for_as_long_as_it_may(pieces: list[bytes]) -> None:
    async with house(replace(PATIENT, head_s=0.3)) as at:
        reader, writer = await at.call()
        for piece in pieces:
            sent = RECEIVED.value()
            writer.write(piece)
            await until(lambda sent=sent, piece=piece: RECEIVED.value() >= sent + len(piece))
        for _ in range(b"".join(pieces).count(b"HTTP/1.1")):
            await asyncio.wait_for(reader.readuntil(b"well"), PATIENCE_S)
        late = await at.call()
        late[1].write(PART)
        assert await is_cut(late), "a head's time is over"
        await at.asks((reader, writer))


async def test_a_head_that_is_too_big_is_not_read_to_its_end() -> None:
    async with house(replace(PATIENT, linger_s=0.1)) as at:
        before, spilt = RECEIVED.value(), CLOSED.value(why="spill")
        _, writer = await at.call()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + (b"h: %b\r\n" % (b"x" * (FIELD - 100))) * 60)
        await until(lambda: CLOSED.value(why="spill") == spilt + 1)
        assert RECEIVED.value() - before <= HEAD + SPILL + 2 * TAKE


@pytest.mark.parametrize("first", [b"", ASKED], ids=["at once", "behind another"])
@pytest.mark.parametrize("size", [HEAD, HEAD + TAKE, HEAD + SPILL // 2])
@pytest.mark.parametrize("ends", [True, False])
async def test_whose_head_is_too_big_is_told_so(first: bytes, size: int, ends: bool) -> None:
    async with house(replace(PATIENT, linger_s=0.1)) as at:
        late = CLOSED.value(why="head")
        reader, writer = await at.call()
        if first:
            await at.asks((reader, writer))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"h: %b\r\n" % (b"x" * 1000) * (size // 1000 + 1))
        if ends:
            writer.write(b"\r\n")
        status, said = await answer_of(reader)
        assert status == 431 and "Connection: close" in said and at.came == ["well"] * bool(first)
        assert CLOSED.value(why="head") == late + 1


@pytest.mark.parametrize(
    "most, more",
    [
        (head(FIELD, FIELDS - 1), head(FIELD, FIELDS + 1)),
        (head(FIELD - 100, 1), head(FIELD + 100, 1)),
        (asked(FIELD - 100), asked(FIELD)),
    ],
    ids=["many fields", "a long field", "a long address"],
)
async def test_a_head_has_so_many_fields_and_each_has_its_bound(most: bytes, more: bytes) -> None:
    async with house(PATIENT) as at:
        reader, writer = await at.call()
        writer.write(most)
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"well"), PATIENCE_S)
        writer.write(more)
        status, _ = await answer_of(reader)
        assert status == 400


async def test_heads_that_do_not_end_make_room_for_those_that_do() -> None:
    async with house(replace(PATIENT, held_of_lines_mib=1)) as at:
        before, taken = CLOSED.value(why="held"), RECEIVED.value()
        unfinished = head(HEAD - KIB)[:-2]
        lines = [await at.call() for _ in range(20)]
        for _, writer in lines:
            writer.write(unfinished)
        room = MIB // 2 // len(unfinished)
        await until(lambda: CLOSED.value(why="held") == before + 20 - room)
        await until(lambda: RECEIVED.value() - taken >= room * len(unfinished))
        await at.asks(await at.call())
        lines[-1][1].write(b"\r\n")
        assert b"200" in await asyncio.wait_for(lines[-1][0].readuntil(b"well"), PATIENCE_S), "the youngest is there"


# --- answers that nobody reads ----------------------------------------------------------------------------------------


async def test_who_does_not_read_is_cut_and_did_not_hang_up() -> None:
    async with house(replace(PATIENT, send_s=0.1)) as at:
        before, hung_up = CLOSED.value(why="unread"), HUNG_UP.value()
        deaf = await at.deaf()
        await asyncio.get_running_loop().sock_sendall(deaf, LARGE)
        await until(lambda: CLOSED.value(why="unread") == before + 1)
        await until(lambda: OPEN.value() == 0)
        assert HUNG_UP.value() == hung_up


async def test_who_does_not_read_a_file_is_cut_too(tmp_path: Path) -> None:
    """Which the system would send by itself, past what our connection counts."""
    (tmp_path / "snapshot").write_bytes(b"x" * MUCH)

    async def locate(_: Actor, name: str) -> Path:
        return tmp_path / name

    app = web.Application(middlewares=[entrance])
    app[PROXIES] = NO_PROXIES
    app.router.add_get("/healthz/{name}", partial(send, locate))
    config = replace(PATIENT, send_s=0.1)
    async with listening(app, "127.0.0.1", 0, config) as url, aiohttp.ClientSession(url) as client:
        async with client.get("/healthz/snapshot", headers={"Range": "bytes=5-"}) as answer:
            assert answer.status == 206 and len(await answer.read()) == MUCH - 5, "all of it for who reads"
        before, deaf = CLOSED.value(why="unread"), await House(url, asyncio.Event()).deaf()
        with deaf:
            await asyncio.get_running_loop().sock_sendall(deaf, b"GET /healthz/snapshot HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: CLOSED.value(why="unread") == before + 1)


async def test_nothing_more_is_answered_to_who_does_not_read() -> None:
    """Pipelined behind an answer that does not leave: nothing is begun, little is taken."""
    async with house(PATIENT) as at:
        honest, deaf, before = await at.call(), await at.deaf(), RECEIVED.value()
        sending = asyncio.create_task(asyncio.get_running_loop().sock_sendall(deaf, LARGE + head(HEAD - TAKE) * 1000))
        await until(lambda: RECEIVED.value() - before >= HEAD)
        await at.asks(honest, 100)
        assert at.came == ["large"] + ["well"] * 100
        assert RECEIVED.value() - before <= HEAD + 2 * TAKE + 100 * len(ASKED)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def test_answers_that_nobody_reads_make_room_for_one_another() -> None:
    async with house(replace(PATIENT, held_of_lines_mib=1)) as at:
        before, deaf = CLOSED.value(why="held"), [await at.deaf() for _ in range(3)]
        for each in deaf:
            await asyncio.get_running_loop().sock_sendall(each, LARGE)
        await until(lambda: CLOSED.value(why="held") == before + 2)
        await until(lambda: OPEN.value() == 1)
        await at.asks(await at.call("127.0.0.2"))


async def test_who_reads_gets_all_of_it_however_large() -> None:
    async with house(replace(PATIENT, held_of_lines_mib=1)) as at:
        reader, writer = await at.call()
        for _ in range(3):
            writer.write(LARGE)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
            assert await asyncio.wait_for(reader.readexactly(MUCH), PATIENCE_S) == b"x" * MUCH
