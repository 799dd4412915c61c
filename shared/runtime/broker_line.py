"""One connection of the embedded broker, as amqtt has it: what it reads, what it writes, and what it does with both.

Back-pressure on both sides: a line is read on only while little of what it asked for is unfinished, and one that takes
nothing of what waits for it is put out.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from amqtt.adapters import ReaderAdapter, StreamWriterAdapter
from amqtt.errors import AMQTTError, MQTTError, NoDataError, ProtocolHandlerError
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.publish import PublishPacket
from amqtt.session import OUTGOING, Session

from shared.runtime.doorkeeper import Away, DeviceLine, Doorkeeper
from shared.runtime.log import logger
from shared.runtime.packet_line import Ended, Packets
from shared.wire import packets
from shared.wire.packets import Wrong

log = logger(__name__)
MOST_WAITING_BYTES = 16 * 1024 * 1024  # for one client that reads or acknowledges too slowly
MESSAGE_BYTES = 4 * 1024  # what one takes beside what it says: a task
ACKNOWLEDGED_S = 5.0  # after which a message is given up
ASKED_COUNTS = 20  # of what is unfinished: a request holds many filters
FAULTS = (AMQTTError, MQTTError, NoDataError, ProtocolHandlerError, OSError, RuntimeError)


class LineHost(Protocol):
    """What a line asks of its broker."""

    door: Doorkeeper

    async def room(self, line: DeviceLine, unfinished: Callable[[], int]) -> None: ...

    def end(self, line: DeviceLine, why: Away | Wrong) -> None: ...


class LineReader(ReaderAdapter):  # type: ignore[misc]
    """What amqtt reads: packets that were judged, one after the other, at the pace that they may come. What was asked
    for by the broker, a receipt of what it sent, costs nothing of that pace."""

    def __init__(self, host: LineHost, line: DeviceLine, source: Packets, connect: bytes, idle_s: float) -> None:
        self.host, self.line = host, line
        self.unfinished: Callable[[], int] = lambda: 0  # until there is a session
        self.owed: Callable[[int], bool] = lambda _: False
        self._source, self._held, self._idle_s, self._wait_s = source, connect, idle_s, 0.0

    async def read(self, n: int = -1) -> bytes:
        if not self._held and n:
            self._held = await self._next()
        piece, self._held = self._held[:n], self._held[n:]
        if len(piece) < n:
            raise asyncio.IncompleteReadError(piece, n)
        return piece

    def feed_eof(self) -> None:
        self._held = b""

    async def _next(self) -> bytes:
        """The next packet, b"" at the end: what ends a line against its will is cut, so that its will goes out."""
        if self.line.why:
            return b""
        try:
            if self._wait_s:
                await asyncio.sleep(self._wait_s)
            await self.host.room(self.line, self.unfinished)
            first, body, raw = await self._source.next(self._idle_s)
            if wrong := packets.fault(first, body):
                raise Ended(wrong)
        except Ended as end:
            if end.why:
                self.host.end(self.line, end.why)
            return b""
        receipt = packets.acknowledged(first, body)
        free = receipt is not None and self.owed(receipt)
        self._wait_s = 0.0 if free else self.line.pace.take(self.host.door.now(), packets.counts(first, body))
        return raw


class LineWriter(StreamWriterAdapter):  # type: ignore[misc]
    """What amqtt writes. `stuck` is told of a peer that took nothing for so long."""

    def __init__(self, writer: asyncio.StreamWriter, unread_s: float, stuck: Callable[[], None]) -> None:
        super().__init__(writer)
        self._unread_s, self._stuck = unread_s, stuck

    def write(self, data: bytes) -> None:
        if not self._writer.transport.is_closing():  # asyncio has a line in the log for each
            super().write(data)

    async def drain(self) -> None:
        while not self.is_closed:
            left = self._writer.transport.get_write_buffer_size()
            try:
                async with asyncio.timeout(self._unread_s if left else None):
                    await self._writer.drain()
                return
            except TimeoutError:
                if self._writer.transport.get_write_buffer_size() >= left:
                    self._stuck()
                    return

    async def close(self) -> None:
        """Without waiting for a peer that may not read, and without a last word to one that is gone."""
        self.is_closed = True
        self._writer.close()


class LineHandler(BrokerProtocolHandler):  # type: ignore[misc]
    """amqtt's side of one connection: its faults end the connection, not in a task that nobody looks at."""

    line: DeviceLine
    waiting = 0  # bytes of messages that it has not taken, or not acknowledged
    answers = 0  # on their way to it

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._gone: asyncio.Future[Any] = self._loop.create_future()

    def serves(self, reader: LineReader, session: Session) -> None:
        self.line, self._host, self._heard = reader.line, reader.host, session.delivered_message_queue
        reader.unfinished, reader.owed = self.unfinished, self._owed

    def unfinished(self) -> int:
        """How much of what was read here is not done: messages that wait to be handed out, requests, answers."""
        asked: int = self._pending_subscriptions.qsize() + self._pending_unsubscriptions.qsize()
        heard: int = self._heard.qsize()
        return self.answers + heard + ASKED_COUNTS * asked

    def _owed(self, number: int) -> bool:
        receipt = self._puback_waiters.get(number)
        return receipt is not None and not receipt.done()

    async def gone_within(self, wait_s: float) -> bool:
        """Waits so long, or until the line is over; whether it is."""
        if wait_s:
            await asyncio.wait([self._gone], timeout=wait_s)
        return self._gone.done()

    async def wait_disconnect(self) -> Any:
        """The DISCONNECT, or None for a line that broke; amqtt forgets one that comes while it is still starting, and
        waits for ever."""
        return await self._gone

    async def handle_disconnect(self, disconnect: Any) -> None:
        if not self._gone.done():
            self._gone.set_result(disconnect)

    async def mqtt_publish(
        self, topic: str, data: bytes | bytearray, qos: int | None, retain: bool, ack_timeout: int | None = None
    ) -> None:
        size = len(data) + MESSAGE_BYTES
        if self.waiting + size > MOST_WAITING_BYTES:
            self._host.end(self.line, Away.NOT_READING)
            return
        self.waiting += size
        try:
            await super().mqtt_publish(topic, data, qos, retain, ack_timeout)
        except FAULTS as bad:
            log.debug("message not delivered", topic=topic, why=str(bad))
        finally:
            self.waiting -= size

    async def _handle_qos1_message_flow(self, app_message: Any) -> None:
        """amqtt begins to wait for a receipt when all is written, and forgets one that is quicker."""
        if app_message.direction != OUTGOING:
            await super()._handle_qos1_message_flow(app_message)
            return
        number = app_message.packet_id
        receipt = self._puback_waiters[number] = self._loop.create_future()
        self.session.inflight_out[number] = app_message
        try:
            await self._send_packet(app_message.build_publish_packet())
            async with asyncio.timeout(ACKNOWLEDGED_S):
                await receipt
        finally:
            del self._puback_waiters[number], self.session.inflight_out[number]

    async def _send_packet(self, packet: Any) -> None:
        answer = not isinstance(packet, PublishPacket)
        self.answers += answer
        try:
            with contextlib.suppress(*FAULTS):
                await super()._send_packet(packet)
        finally:
            self.answers -= answer
