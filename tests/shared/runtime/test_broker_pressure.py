"""What a line of the embedded broker may leave unfinished, what its pace is taken for, and who is put out for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.runtime.broker import ENDED, MOST_OF_ONE
from shared.runtime.broker_line import ASKED_COUNTS
from shared.runtime.doorkeeper import Away, DeviceLine
from shared.wire import topics
from shared.wire.certificates import DeviceKind
from shared.wire.packets import FILTER_COUNTS, MOST_FILTERS
from tests.shared.runtime.test_broker_strangers import LIMITS, Stage, packet, publish, stage, subscribe, text
from tests.waiting import PATIENCE_S, until

PING, PONG = b"\xc0\x00", b"\xd0\x00"


class Peer:
    """A device's end of a line that it reads by hand."""

    def __init__(self, at: Stage, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.line: DeviceLine = max(at.broker.door.known, key=lambda line: line.number)
        broker: Any = at.broker._broker
        self.handler = next(each for _, each in broker._sessions.values() if each.line is self.line)

    async def next(self) -> tuple[int, bytes]:
        async with asyncio.timeout(PATIENCE_S):
            first, size, digit, place = (await self.reader.readexactly(1))[0], 0, 128, 0
            while digit & 128:
                digit = (await self.reader.readexactly(1))[0]
                size, place = size | (digit & 127) << place, place + 7
            return first, await self.reader.readexactly(size)

    async def taken(self) -> int:
        """Reads a message and tells its receipt; its quality."""
        first, body = await self.next()
        assert first >> 4 == 3, "a message"
        if first & 6:
            at = 2 + int.from_bytes(body[:2])
            self.writer.write(packet(0x40, body[at : at + 2]))
        return first >> 1 & 3

    @property
    def unsent(self) -> int:
        size: int = self.handler.writer._writer.transport.get_write_buffer_size()
        return size


@asynccontextmanager
async def peer(at: Stage, name: str) -> AsyncIterator[Peer]:
    async with at.line(at.house.holder(name, DeviceKind.GATE).login) as (reader, writer):
        yield Peer(at, reader, writer)


async def not_reading(at: Stage, one: Peer) -> int:
    """It subscribed and does not read: so many messages are sent to it that its line is full."""
    one.handler.writer._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    one.writer.transport.pause_reading()
    said, sent = topics.claim(at.house.site, at.house.holder("one", DeviceKind.GATE).id), 0
    while one.unsent < 64 * 1024:  # from there on it waits
        assert await at.honest[0].publish(said, b"x" * 2000)
        sent += 1
    return sent


async def watched(until_true: Callable[[], object], count: Callable[[], int]) -> int:
    """The most of it that there was at any turn of the loop."""
    most = 0
    async with asyncio.timeout(PATIENCE_S):
        while not until_true():
            most = max(most, count())
            await asyncio.sleep(0)
    return most


async def test_receipts_that_are_owed_cost_nothing_and_others_do(house) -> None:
    """Also those that come before all is written. With a clock that stands still no pace is ever refilled."""
    few = replace(LIMITS, packets_at_once=5000, packets_per_s=0.001)
    async with stage(house, few, clock=lambda: 0.0) as at, peer(at, "gate") as one, AsyncExitStack() as more:
        one.writer.write(subscribe(topics.claims(house.site)))
        await one.next()
        level = one.line.pace.level
        sent = await not_reading(at, one)
        one.writer.transport.resume_reading()
        for name in ("a", "b"):
            claim = topics.claim(house.site, house.holder(name, DeviceKind.GATE).id)
            _, writer = await more.enter_async_context(at.line(house.holder(name, DeviceKind.GATE).login))
            writer.write(publish(claim, b"x", qos=0) * 300)
            sent += 300
        assert {await one.taken() for _ in range(sent)} == {1}
        await until(lambda: not one.handler._puback_waiters)
        assert one.line.pace.level == level, "not one counted"
        for _ in range(5):
            one.writer.write(packet(0x40, b"\x77\x77"))
        one.writer.write(PING)
        assert (await one.next())[0] == PONG[0]
        assert one.line.pace.level == level - 5 - 1, "nobody owed those"
        await at.serves()


async def test_requests_count_by_their_filters(house) -> None:
    async with stage(house, clock=lambda: 0.0) as at, peer(at, "gate") as one:
        level = one.line.pace.level
        one.writer.write(subscribe(*[topics.claims(house.site)] * MOST_FILTERS))
        assert len((await one.next())[1]) == 2 + MOST_FILTERS
        assert one.line.pace.level == level - FILTER_COUNTS * MOST_FILTERS
        broker: Any = at.broker._broker
        held = broker._subscriptions[topics.claims(house.site)]
        assert len(held) == 2 and len(one.line.filters) == 1, "kept once for each line, however often it is asked for"


@pytest.mark.parametrize("asked", ["pings", "subscriptions", "their ends"])
async def test_what_is_asked_for_and_not_taken_is_not_kept(house, asked: str) -> None:
    many, topic = 5000, topics.state(house.site, "x")
    no_more = packet(0xA2, b"\x00\x07" + text(topic))
    sent = {"pings": PING, "subscriptions": subscribe(topic), "their ends": no_more}[asked]
    quick = replace(LIMITS, packets_at_once=1_000_000)
    async with stage(house, quick) as at, peer(at, "gate") as one:
        one.writer.write(subscribe(topics.claims(house.site), qos=0))
        await one.next()
        await not_reading(at, one)
        before, seen = len(asyncio.all_tasks()), [0]
        one.writer.write(sent * many)

        def kept() -> int:
            seen[0] += 1
            handler = one.handler
            asked = handler._pending_subscriptions.qsize() + handler._pending_unsubscriptions.qsize()
            return max(len(asyncio.all_tasks()) - before, ASKED_COUNTS * asked)

        most = await watched(lambda: seen[0] > many, kept)
        assert 0 < most <= 2 * MOST_OF_ONE
        await at.serves()


async def test_who_takes_nothing_of_what_waits_is_put_out(house) -> None:
    """However little that is."""
    before = ENDED.value(why=Away.NOT_READING)
    async with stage(house, replace(LIMITS, unread_s=0.2)) as at, peer(at, "gate") as one:
        one.writer.write(subscribe(topics.claims(house.site), qos=0))
        await one.next()
        await not_reading(at, one)
        await at.alone()
        assert ENDED.value(why=Away.NOT_READING) == before + 1
        await at.serves()


async def test_a_line_is_read_no_further_ahead_than_it_is_handed_out(house) -> None:
    many = 1500
    flooder = house.holder("flooder", DeviceKind.GATE)
    async with stage(house) as at, peer(at, "flooder") as one:
        one.writer.write(publish(topics.claim(house.site, flooder.id), b"flood", qos=0) * many)
        most = await watched(
            lambda: at.heard.count(b"flood") == many, lambda: one.handler.session.delivered_message_queue.qsize()
        )
        assert 0 < most <= MOST_OF_ONE + 1


async def test_whoever_reads_all_that_is_kept_has_room_for_it(house, monkeypatch) -> None:
    """So much at a time, and in no quality that no client of ours takes."""
    monkeypatch.setattr("shared.runtime.broker_line.MOST_WAITING_BYTES", 1_000_000)
    many, relay = 500, house.holder("relay", DeviceKind.BROKER)
    async with stage(house) as at:
        broker: Any = at.broker._broker
        async with at.line(relay.login) as (_, writer):
            for n in range(many):
                writer.write(publish(topics.state(house.site, f"x{n}"), b"1", qos=n % 2, retain=True))
            await until(lambda: len(broker.retained_messages) == many)
        async with peer(at, "gate") as one:
            one.writer.write(subscribe(topics.states(house.site), qos=2))
            await one.next()
            assert {await one.taken() for _ in range(many)} == {1}
            one.writer.write(PING)
            assert (await one.next())[0] == PONG[0]


async def test_lines_of_one_device_have_one_pace_and_no_new_one_when_it_comes_again(house) -> None:
    few = replace(LIMITS, packets_at_once=100, packets_per_s=0.001)
    async with stage(house, few, clock=lambda: 0.0) as at:
        async with peer(at, "gate") as one, peer(at, "gate") as two:
            for each in (one, two):
                each.writer.write(PING * 20)
                for _ in range(20):
                    assert (await each.next())[0] == PONG[0]
            assert two.line.pace is one.line.pace and one.line.pace.level == 100 - 40
        await at.alone()
        async with peer(at, "gate") as again:
            assert again.line.pace.level == 100 - 40
        async with peer(at, "another") as other:
            assert other.line.pace.level == 100
