"""One connection to a broker that comes back by itself, tells who is there, and never throws at who uses it.

MQTT is a doorbell here, never a store: `publish` answers whether the broker took a message, and what must not be lost
is a fact in the journal. MQTT 3.1.1 semantics only, clean sessions, so that Mosquitto and the embedded broker serve
alike and nothing old runs after a reconnect.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

from aiomqtt import Client, MqttError, Topic, Will

from shared.runtime.log import logger
from shared.runtime.login import Login
from shared.runtime.tasks import Backoff, unless_cancelled
from shared.runtime.throttle import Seldom
from shared.wire.codec import dump
from shared.wire.topics import MOST_PAYLOAD, MOST_TOPIC, Presence, kind_of, presence_of

log = logger(__name__)
seldom = Seldom(log)
Handler = Callable[[str, bytes], Awaitable[None] | None]
MAX_INFLIGHT = 200  # publishes waiting for the broker at once; more than that is answered with False
MOST_OF_SITE = 2000  # devices of one site whose presence is held: a relay speaks for all of its own, and no others
MAX_QUEUE = 2000  # messages waiting for their handler; beyond it they are dropped, a poll makes up for it


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str = "127.0.0.1"
    port: int = 1883


@dataclass(frozen=True, slots=True)
class Announce:
    """Where and how a device says that it is there. `presence(online)` gives the value; it carries `session`."""

    topic: str
    session: str
    presence: Callable[[bool], Presence]


class Unbelieved(Exception):
    """Raised by a handler whose message says nothing, or nothing that this device may believe: one line of the log for
    many, and the next message is heard."""


class _Client(Client):
    def _on_disconnect(self, *said: Any, **named: Any) -> None:
        """aiomqtt asks what became of the login; of one that was given up that raises, where nobody catches it."""
        if not self._connected.cancelled():
            super()._on_disconnect(*said, **named)


class Bus:
    """Use `run()` as a task. Handlers run one after the other in the order of arrival; one that raises is logged."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        login: Login | None = None,
        announce: Announce | None = None,
        tls: ssl.SSLContext | None = None,
        keepalive_s: int = 5,
        timeout_s: float = 5.0,
        backoff: Backoff | None = None,
        name: str = "bus",
    ) -> None:
        self.on_link: list[Callable[[bool], None]] = []  # called with True and False as the connection comes and goes
        self.why = "not connected yet"  # why there is no connection, for a screen
        self._host, self._port, self._tls = host, port, tls
        self._login, self._announce = login, announce
        self._keepalive_s, self._timeout_s = keepalive_s, timeout_s
        self._backoff = backoff or Backoff(first_s=0.1, most_s=5.0, calm_s=10.0)
        self._name = name
        self._handlers: list[tuple[str, Handler]] = []
        self._client: Client | None = None
        self._inflight = 0
        self._up = asyncio.Event()
        self._late: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def wait_connected(self) -> None:
        await self._up.wait()

    def subscribe(self, topic: str, handler: Handler) -> None:
        """Hear a topic or filter, now and after each reconnect."""
        self._handlers.append((topic, handler))
        if self._client is not None:
            self._late = asyncio.create_task(self._subscribe_late(self._client, topic), name="late subscription")

    async def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> bool:
        """True when the broker has it. False when offline, overloaded or too slow: never an exception."""
        client: Client | None = self._client
        if client is None or self._inflight >= MAX_INFLIGHT or len(payload) > MOST_PAYLOAD:
            return False
        self._inflight += 1
        try:
            await client.publish(topic, payload, qos=qos, retain=retain, timeout=self._timeout_s)
            return True
        except (MqttError, ValueError) as bad:
            log.info("message not delivered", bus=self._name, topic=topic, why=str(bad))
            return False
        finally:
            self._inflight -= 1

    async def announce(self) -> bool:
        """Say again that this device is there, e.g. because its health changed."""
        if self._announce is None:
            return False
        return await self.publish(self._announce.topic, dump(self._announce.presence(True)), retain=True)

    async def run(self) -> None:
        """Connect, listen, come back; until cancelled. Leaving says goodbye, so that no will is needed."""
        loop = asyncio.get_running_loop()
        delays = self._backoff.delays()
        while True:
            started = loop.time()
            try:
                await self._session()
                why = "the broker closed the connection"
            except MqttError as bad:
                why = str(bad)
            except (OSError, ValueError) as bad:
                why = f"{type(bad).__name__}: {bad}"
            unless_cancelled()  # a line that breaks while we are told to end says that it broke
            if loop.time() - started >= self._backoff.calm_s:
                delays = self._backoff.delays()
            if why != self.why:
                log.info("no broker", bus=self._name, broker=f"{self._host}:{self._port}", why=why)
            self.why = why
            await asyncio.sleep(next(delays))

    async def _session(self) -> None:
        async with self._connection() as client:
            await self._subscribe(client)
            self._client = client
            try:
                await self.announce()
                unless_cancelled()
                self.why = ""
                log.info("broker reached", bus=self._name, broker=f"{self._host}:{self._port}")
                self._tell(True)
                async for message in client.messages:
                    if len(message.payload) <= MOST_PAYLOAD:
                        await self._dispatch(message.topic, bytes(message.payload))
                    else:
                        seldom.warn("message too big", self._name, topic=message.topic.value[:MOST_TOPIC])
                    unless_cancelled()
            except asyncio.CancelledError:
                await self._goodbye()
                raise
            finally:
                self._client = None
                self._tell(False)

    def _connection(self) -> Client:
        announce = self._announce
        will = None
        if announce is not None:
            will = Will(announce.topic, dump(announce.presence(False)), qos=1, retain=True)
        owner = self._login.username if self._login else "anonymous"
        return _Client(
            self._host,
            self._port,
            username=self._login.username if self._login else None,
            password=self._login.password if self._login else None,
            identifier=f"{owner}-{token_hex(8)}",  # nobody can guess it, so nobody can throw us out by taking it
            will=will,
            clean_session=True,
            timeout=self._timeout_s,
            keepalive=self._keepalive_s,
            max_queued_incoming_messages=MAX_QUEUE,
            tls_context=self._tls,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _subscribe(self, client: Client) -> None:
        topics = dict.fromkeys(topic for topic, _ in self._handlers)
        if self._announce is not None:
            topics[self._announce.topic] = None
        for topic in topics:
            unless_cancelled()
            await self._ask_for(client, topic)

    async def _subscribe_late(self, client: Client, topic: str) -> None:
        try:
            await self._ask_for(client, topic)
        except (MqttError, ValueError) as bad:
            log.info("subscription waits for the next connection", bus=self._name, topic=topic, why=str(bad))

    async def _ask_for(self, client: Client, topic: str) -> None:
        granted = await client.subscribe(topic, qos=1)
        if any((code if isinstance(code, int) else code.value) >= 128 for code in granted):
            log.warning("broker refuses a subscription", bus=self._name, topic=topic)

    async def _dispatch(self, topic: Topic, payload: bytes) -> None:
        if self._announce is not None and topic.value == self._announce.topic:
            await self._hear_myself(payload)
        for wanted, handler in list(self._handlers):
            if not topic.matches(wanted):
                continue
            try:
                result = handler(topic.value, payload)
                if result is not None:
                    await result
            except Unbelieved as bad:
                seldom.warn("message not believed", f"{self._name} {kind_of(topic.value)}", what=str(bad))
            except Exception:
                log.exception("handler failed", bus=self._name, topic=topic.value)

    async def _hear_myself(self, payload: bytes) -> None:
        """A will of an earlier session came after this session's birth: say again that we are here."""
        if self._announce is None:
            return
        said = presence_of(self._announce.topic, payload)
        if said is not None and not said.online and said.session != self._announce.session:
            await self.announce()

    async def _goodbye(self) -> None:
        if self._announce is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await self.publish(self._announce.topic, dump(self._announce.presence(False)), retain=True)
        except TimeoutError:
            return

    def _tell(self, up: bool) -> None:
        self._up.set() if up else self._up.clear()
        for listener in self.on_link:
            try:
                listener(up)
            except Exception:
                log.exception("link listener failed", bus=self._name)


class Roster:
    """Who of the neighbours is there, as each site tells it. A will that belongs to an earlier session than the last
    birth is not believed. What is held is counted by site: there, whoever was not heard for longest goes first.
    A device is where it was told of last. Whoever shows them is called when they change (`on_change`)."""

    def __init__(self) -> None:
        self.on_change: list[Callable[[], None]] = []
        self._of: dict[str, OrderedDict[str, Presence]] = {}
        self._sites: dict[str, OrderedDict[str, None]] = {}  # that tell of a device, the last of them last

    def knows(self, device_id: str, site_id: str = "") -> bool:
        return device_id in self._of.get(site_id, ())

    def take(self, presence: Presence, site_id: str = "") -> bool:
        """Whether this changed anything."""
        device_id = presence.device_id
        site = self._of.setdefault(site_id, OrderedDict())
        known = site.get(device_id)
        if known is not None and known.online and not presence.online and presence.session != known.session:
            return False
        if known is not None and known.session == presence.session and known.online and not presence.online:
            presence = replace(presence, at=max(known.at, presence.at))  # a will was written when its session began
        before = self._newest(device_id)
        site[device_id] = presence
        site.move_to_end(device_id)
        sites = self._sites.setdefault(device_id, OrderedDict())
        sites[site_id] = None
        sites.move_to_end(site_id)
        if len(site) > MOST_OF_SITE:
            self._drop(next(iter(site)), site_id)
        if before == presence:
            return False
        self._changed()
        return True

    def forget(self, device_id: str, site_id: str = "") -> None:
        """What this site tells of the device is not so."""
        self._drop(device_id, site_id)
        self._changed()

    def _drop(self, device_id: str, site_id: str) -> None:
        for held, key, inner in ((self._of, site_id, device_id), (self._sites, device_id, site_id)):
            if inner in held.get(key, {}):
                del held[key][inner]
                if not held[key]:
                    del held[key]

    def told(self) -> list[tuple[str, str]]:
        """Device and site of all that is held."""
        return [(device_id, site_id) for device_id, sites in self._sites.items() for site_id in sites]

    def online(self, device_id: str) -> bool:
        known = self._newest(device_id)
        return known is not None and known.online

    def all(self) -> dict[str, Presence]:
        return {device_id: self._of[next(reversed(sites))][device_id] for device_id, sites in self._sites.items()}

    def _changed(self) -> None:
        for told in self.on_change:
            told()

    def _newest(self, device_id: str) -> Presence | None:
        sites = self._sites.get(device_id)
        return self._of[next(reversed(sites))][device_id] if sites else None
