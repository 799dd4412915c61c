"""A broker in one process: for a site without Mosquitto, for the demo and for tests.

It knows who may say what from certificates alone (`login`, `topic_rights`), so it serves a site whose line is cut; who
was revoked it asks `standing`, at each login and again whenever the bell of the keys rings.

amqtt does the protocol, and sees nothing but right packets (`shared.wire.packets`) of holders who may be here: each
packet is read whole and judged first, within the bounds of `doorkeeper`. The subclass closes what amqtt leaves open:
wills and retained messages go past its topic rules, its tables may change while it walks them, a client that does not
read fills its memory, and a hang-up at the wrong moment leaves a traceback.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, ItemsView, Iterator
from typing import Any, Self

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError
from amqtt.session import Session

from shared.runtime.broker_line import FAULTS, LineHandler, LineReader, LineWriter
from shared.runtime.config import Failure
from shared.runtime.doorkeeper import Away, BrokerLimits, DeviceLine, Doorkeeper
from shared.runtime.kept_messages import Kept
from shared.runtime.log import logger
from shared.runtime.login import admitted
from shared.runtime.message_turns import MessageTurns
from shared.runtime.metrics import counter, gauge
from shared.runtime.packet_line import Ended, Packets
from shared.runtime.tasks import at_most, ended, supervise, wait_any
from shared.runtime.throttle import Seldom
from shared.wire import packets, topics
from shared.wire.certificates import Certificate
from shared.wire.feeds import FeedFamily
from shared.wire.packets import Connect, Packet, Wrong
from shared.wire.topic_rights import may_read, may_write

log = logger(__name__)
seldom = Seldom(log)
MOST_OF_ONE = 200  # of what a line asked for and is not done, and of its device's messages: with more it is not read
MOST_QUEUED = 2000  # of all: where more wait, of one an equal share of so many
UNASKED = "who may be here cannot be asked"
LOOK_EVERY_S = 30.0  # who is connected is asked about again, bell or not
STOP_S = 15.0  # for all of them to be told at the end
LINGER_S = 2.0  # for a last answer to go out
_QUEUE_LOOK_S = 0.02
_LINE, _REFUSED, _UNAVAILABLE, _PROTOCOL = "parterre.line", 5, 3, 1

Standing = Callable[[Collection[Certificate]], Awaitable[Collection[str]]]
"""The kids of those certificates whose holders may be here now."""

CONNECTIONS = gauge("parterre_broker_connections", "Connections of the embedded broker.", login=("done", "open"))
ENDED = counter(
    "parterre_broker_ended_total",
    "Connections that the embedded broker turned away or ended, by reason.",
    why=(*Away, *Wrong),
)
HEARD = counter("parterre_broker_messages_total", "Messages that the embedded broker took, by kind.", kind=topics.Kind)


class _Steady(dict):  # type: ignore[type-arg]
    """A dict that may change while somebody walks it and awaits in between."""

    def items(self) -> ItemsView[Any, Any]:  # type: ignore[override]
        return dict(super().items()).items()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().keys()))


class _Broker(Broker):  # type: ignore[misc]
    def __init__(
        self,
        config: BrokerConfig,
        door: Doorkeeper,
        root_pem: str,
        standing: Standing | None,
        ask_again: asyncio.Event,
    ) -> None:
        super().__init__(config)
        self.door, self._root_pem, self._standing, self._ask_again = door, root_pem, standing, ask_again
        self._subscriptions, self._retained_messages = _Steady(), _Steady()
        self._broadcast_queue = self._turns = MessageTurns()
        self._kept = Kept()
        self._callers: dict[asyncio.StreamWriter, asyncio.Task[Any] | None] = {}

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        peer = writer.get_extra_info("peername") or ("gone",)
        line, crowded_out, why = self.door.enter(str(peer[0]), writer.transport.abort)
        if crowded_out is not None and why:
            self.end(crowded_out, why)
        if line is None:
            count_end(why or Away.FULL, str(peer[0]))
            writer.transport.abort()
            return
        self._callers[writer] = asyncio.current_task()
        self._show()
        try:
            await self._serve(line, reader, writer, listener_name)
        except Ended as end:
            self.end(line, end.why or Away.HUNG_UP)
        except Exception as bad:
            if line.who is None and not isinstance(bad, OSError):  # amqtt has not seen it: a fault of ours
                self.door.failed(line)  # whoever can make us fall waits like whoever is not of this house
                self._fell(line, bad)
            elif isinstance(bad, FAULTS):  # amqtt's answer to a peer that is gone
                log.debug("connection ended", why=str(bad))
            else:
                self._fell(line, bad)
        finally:
            del self._callers[writer]
            self.door.leave(line)
            self._show()
            writer.close()
            self._loop.call_later(LINGER_S, writer.transport.abort)

    async def _serve(
        self, line: DeviceLine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        source = Packets(reader, self.door.limits)
        try:
            async with asyncio.timeout(self.door.limits.connect_s):
                first, body, raw = await source.next(self.door.limits.connect_s)
                said = packets.connect(body) if packets.head(first) is Packet.CONNECT else Wrong.NOT_CONNECT
                why = said if isinstance(said, Wrong) else await self._admit(line, said)
        except TimeoutError:
            raise Ended(Away.SILENT) from None
        if isinstance(said, Wrong) or why:
            if code := _answer(why):
                writer.write(bytes((0x20, 2, 0, code)))
            count_end(why or Away.FELL, line.address)
            return
        idle_s = min(said.keepalive_s * 1.5 or self.door.limits.idle_s, self.door.limits.idle_s)
        reading = LineReader(self, line, source, raw, idle_s)
        writing = LineWriter(writer, self.door.limits.unread_s, lambda: self.end(line, Away.NOT_READING))
        await self._client_connected(listener_name, reading, writing)

    async def _admit(self, line: DeviceLine, said: Connect) -> Away | None:
        """Why whoever says this does not come in."""
        if self.door.must_wait(line, said.password):
            return Away.WAIT
        who = admitted(said.username, said.password, self._root_pem)
        if who is None:
            self.door.failed(line)
            return Away.LOGIN
        if said.will is not None and not may_write(who, said.will_topic):
            self.door.failed(line)
            return Away.WILL
        for older in self.door.welcome(line, who, said.password):  # from here on a revocation finds it
            self.end(older, Away.REPLACED)
        if self._standing is None:
            return None
        try:
            stands = who.kid in await self._standing((who,))
        except Exception as bad:
            seldom.warn(UNASKED, type(bad).__name__, what=str(bad)[:200])
            return Away.UNSURE
        if not stands:
            self.door.disowned(line, said.password)
            return Away.STANDING
        return None

    async def look_again(self) -> None:
        """Ends the connections of those who may be here no more."""
        lines = [(line, line.who) for line in self.door.known if line.who is not None]
        if self._standing is None or not lines:
            return
        stand = await self._standing([who for _, who in lines])
        for line, who in lines:
            if who.kid not in stand:
                self.end(line, Away.STANDING)

    def end(self, line: DeviceLine, why: Away | Wrong) -> None:
        if not line.why:
            count_end(why, line.address)
        line.cut(why)

    def _fell(self, line: DeviceLine, bad: Exception) -> None:
        where = traceback.extract_tb(bad.__traceback__)[-1]
        seldom.warn(
            "broker fell over a connection", type(bad).__name__, what=str(bad)[:200], at=f"{where.name}:{where.lineno}"
        )
        self.end(line, Away.FELL)

    def _show(self) -> None:
        known = len(self.door.known)
        CONNECTIONS.set(known, login="done")
        CONNECTIONS.set(len(self.door.lines) - known, login="open")

    async def room(self, line: DeviceLine, unfinished: Callable[[], int]) -> None:
        """Until a client may be read again: what it has asked for and is not done is kept on its side of the line."""
        await asyncio.sleep(0)  # what was read before has begun, and whoever else is here has a turn
        whose = line.who.holder_id if line.who else ""
        # There is no event to wait for: amqtt tells nobody when it has handed a message out.
        while not line.why and (  # noqa: ASYNC110
            unfinished() > MOST_OF_ONE or self._turns.waiting(whose) > self._turns.share(MOST_OF_ONE, MOST_QUEUED)
        ):
            await asyncio.sleep(_QUEUE_LOOK_S)

    async def hang_up(self) -> None:
        """amqtt lets those be who are on their way in or out when it stops, and its door open where it did not get that
        far: lines would stay open, and new ones come."""
        for server in self._servers.values():
            server.instance.close()
        for writer in self._callers:
            writer.close()
        if waiting := {task for task in self._callers.values() if task is not None}:
            await asyncio.wait(waiting, timeout=LINGER_S)

    # --- where amqtt asks, or forgets to ----------------------------------------------------------------------------

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, *_: object
    ) -> tuple[LineHandler, Session]:
        """A session of its own for each connection: an id that a client gives says nothing, so none can be taken."""
        assert isinstance(reader, LineReader), "whoever comes here was let in"
        handler, session = await LineHandler.init_from_connect(reader, writer, self.plugins_manager)
        assert isinstance(handler, LineHandler), "it makes its own class"
        handler.serves(reader, session)
        session.client_id = f"{session.username}-{reader.line.number}"
        session.keep_alive = 0  # the reader sees to it
        session.parent = 0
        session.attributes[_LINE] = reader.line
        return handler, session

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        return _LINE in session.attributes

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        line: DeviceLine | None = session.attributes.get(_LINE)
        if line is None or line.who is None or line.why:
            return False
        return may_write(line.who, topic) if action is Action.PUBLISH else may_read(line.who, topic)

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        topic, qos = subscription
        line: DeviceLine = session.attributes[_LINE]
        if topic not in line.filters and len(line.filters) >= packets.MOST_FILTERS:
            return 0x80
        granted: int = await super().add_subscription((topic, min(qos, 1)), session)
        if granted != 0x80:
            line.filters.add(topic)
        return granted

    async def _handle_unsubscription(self, client_session: Session, handler: Any, subscribe_waiter: Any) -> None:
        await super()._handle_unsubscription(client_session, handler, subscribe_waiter)
        client_session.attributes[_LINE].filters.difference_update(subscribe_waiter.result().topics)
        for topic, held in self._subscriptions.items():
            if not held:
                del self._subscriptions[topic]

    async def _broadcast_message(self, session: Any, topic: Any, data: Any, force_qos: Any = None) -> None:
        await super()._broadcast_message(session, topic, data, force_qos)
        HEARD.add(kind=topics.kind_of(topic) or "")
        if (topics.feed_of(topic) or "").startswith(f"{FeedFamily.KEYS}/"):
            self._ask_again.set()

    async def retain_message(self, source_session: Any, topic_name: Any, data: Any, qos: int | None = None) -> None:
        line: DeviceLine | None = source_session.attributes.get(_LINE)
        if line is None or line.who is None:
            return
        await super().retain_message(source_session, topic_name, data, qos)
        if not data:
            self._kept.cleared(topic_name)
            return
        for topic in self._kept.wrote(topic_name, line.who, self.door.now()):
            seldom.warn("message not kept any more", "too many are", topic=topic)
            self._retained_messages.pop(topic, None)

    def let_go(self) -> None:
        """What is kept of those who have not been here for long."""
        here = {line.who.holder_id for line in self.door.known if line.who is not None}
        for topic in self._kept.over(here, self.door.now()):
            self._retained_messages.pop(topic, None)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Only to who holds the subscription (amqtt sends a newcomer what matches anybody's), each of them at the pace
        of a packet, and so many at a time that whoever reads them has room."""
        wanted, qos = subscription
        handler = self._get_handler(session)
        if handler is None or not any(holder is session for holder, _ in self._subscriptions.get(wanted, [])):
            return
        kept = [each for topic, each in self._retained_messages.items() if self._matches(topic, wanted)]
        for at in range(0, len(kept), MOST_OF_ONE):
            some = kept[at : at + MOST_OF_ONE]
            if await handler.gone_within(handler.line.pace.take(self.door.now(), len(some))):
                return
            sent = [handler.mqtt_publish(each.topic, each.data, min(qos, each.qos or qos, 1), True) for each in some]
            await asyncio.wait([asyncio.ensure_future(each) for each in sent])


def count_end(why: Away | Wrong, address: str) -> None:
    ENDED.add(why=why)
    seldom.warn("connection ended", why, address=address)


def _answer(why: Away | Wrong | None) -> int:
    """What a CONNECT that fails is told; 0 for nothing."""
    if isinstance(why, Wrong):
        return _PROTOCOL if why is Wrong.PROTOCOL else 0
    return _UNAVAILABLE if why in (Away.WAIT, Away.UNSURE) else _REFUSED


class EmbeddedBroker:
    """`async with EmbeddedBroker("127.0.0.1", 0, root_pem) as broker: broker.port`. Failure if the port is taken.
    Without `standing` every certificate of the root may come in, for ever. `ask_again`: set it when `standing` knows
    more; the bell of the keys sets it too."""

    def __init__(
        self,
        host: str,
        port: int,
        root_pem: str,
        *,
        limits: BrokerLimits | None = None,
        standing: Standing | None = None,
        ask_again: asyncio.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host, self.port = host, port
        self._root_pem, self._standing = root_pem, standing
        self._ask_again = ask_again or asyncio.Event()
        self.door = Doorkeeper(limits or BrokerLimits(), clock)
        self._broker: _Broker | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        bind = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        config = BrokerConfig(listeners={"default": ListenerConfig(bind=bind)}, plugins={})
        broker = _Broker(config, self.door, self._root_pem, self._standing, self._ask_again)
        logging.disable(logging.CRITICAL)  # amqtt logs a traceback of what we say in a sentence
        try:
            await broker.start()
        except BrokerError as bad:
            cause = bad.__cause__
            why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause or bad)
            raise Failure(
                f"The broker cannot listen on {self.host}:{self.port} ({why}).",
                "Stop what uses this port, or set another one.",
            ) from bad
        finally:
            logging.disable(logging.NOTSET)
        self._broker = broker
        self.port = broker._servers["default"].instance.sockets[0].getsockname()[1]
        self._watch = asyncio.create_task(supervise("broker's watch", self._keep_watch), name="broker's watch")

    async def look_again(self) -> None:
        """Whoever was revoked since they came is put out now."""
        if self._broker is not None:
            await self._broker.look_again()

    async def _keep_watch(self) -> None:
        while True:
            await wait_any(self._ask_again, LOOK_EVERY_S)
            seldom.flush()
            if self._broker is not None:
                self._broker.let_go()
            try:
                await self.look_again()
            except Exception as bad:
                seldom.warn(UNASKED, type(bad).__name__, what=str(bad)[:200])

    async def stop(self) -> None:
        if self._watch is not None:
            await ended([self._watch])
        if self._broker is not None:
            broker, self._broker = self._broker, None
            try:
                await at_most(STOP_S, broker.shutdown())
            except TimeoutError:  # it waits for its readers without bound, also for one that never began
                log.warning("the broker does not end in order: its lines are cut", after_s=STOP_S)
            await broker.hang_up()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
