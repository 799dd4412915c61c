"""A broker in one process: for a site without Mosquitto, for the demo and for tests. And the bridge to central's.

It knows who may say what from certificates alone (`login`, `may_write`, `may_read`), so it serves a site whose line is
cut. amqtt does the protocol; the subclass closes what its authors left open: wills and retained messages go past its
topic rules, and its tables may change while it walks them.
"""

import asyncio
import logging
from collections.abc import ItemsView, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.login import admitted, read_login
from shared.runtime.mqtt import Announce, Bus, Endpoint
from shared.runtime.notify import Notifier, stay
from shared.runtime.tasks import start
from shared.wire import topics
from shared.wire.certificates import Certificate, DeviceKind, Right

__all__ = ["Bridge", "EmbeddedBroker", "Endpoint", "Guard", "SiteBrokerConfig", "may_read", "may_write", "run_broker"]

log = logger(__name__)
_GUARD = f"{__name__}.Guard"
_KNOWN = 4096  # logins remembered, so that a message costs no signature check
MAX_CACHED = 2000  # last retained messages a bridge holds for a side that is away


@dataclass(frozen=True, slots=True)
class SiteBrokerConfig:
    """`root` is the root certificate's file; `identity` the directory of this broker's own key and certificate, needed
    to bridge to central's broker at `upstream`."""

    root: Path
    listen: Endpoint = field(default_factory=lambda: Endpoint("0.0.0.0"))  # noqa: S104  # devices are elsewhere
    identity: Path | None = None
    upstream: Endpoint | None = None


def may_write(who: Certificate, topic: str) -> bool:
    """Central writes everything; a relay its own site; a device below its own id only, claims only if it controls."""
    if who.kind is DeviceKind.CENTRAL:
        return topic.startswith(f"{topics.ROOT}/")
    if not topic.startswith(f"{topics.ROOT}/{who.site_id}/") or not who.site_id:
        return False
    if Right.RELAY in who.rights:
        return True
    return topic == topics.state(who.site_id, who.holder_id) or (
        topic == topics.claim(who.site_id, who.holder_id) and Right.CONTROL in who.rights
    )


def may_read(who: Certificate, wanted: str) -> bool:
    """Whether a topic filter asks for nothing but what is meant for this holder."""
    if who.kind is DeviceKind.CENTRAL:
        return wanted == "#" or wanted.startswith(f"{topics.ROOT}/")
    site = who.site_id
    if not site or not wanted.startswith(f"{topics.ROOT}/{site}/"):
        return False
    if Right.RELAY in who.rights:
        return True
    allowed = [topics.bells(site), topics.command(site, who.holder_id), topics.states(site)]
    if Right.CONTROL in who.rights:
        allowed.append(topics.claims(site))
    return any(_within(wanted, pattern) for pattern in allowed)


def _within(wanted: str, pattern: str) -> bool:
    """Whether every topic that `wanted` matches is matched by `pattern`."""
    asked, given = wanted.split("/"), pattern.split("/")
    for index, level in enumerate(given):
        if level == "#":
            return len(asked) > index
        if index >= len(asked) or asked[index] == "#" or (level != "+" and asked[index] != level):
            return False
    return len(asked) == len(given)


class Guard(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]
    """amqtt's plug for both questions. What counts is the login that a session holds now, checked by signature: amqtt
    writes a newcomer's name into an old session before it asks whether he may come in."""

    @dataclass
    class Config:
        root_pem: str

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._known: dict[tuple[str, str], Certificate] = {}

    async def authenticate(self, *, session: Session) -> bool:
        name, password = session.username or "", session.password or ""
        who = admitted(name, password, self.config.root_pem)
        if who is None:
            log.warning("login refused", username=name[:64], address=session.remote_address)
            return False
        if session.will_flag and not may_write(who, session.will_topic or ""):
            log.warning("will on a foreign topic", username=name, topic=session.will_topic)
            return False
        while len(self._known) >= _KNOWN:
            self._known.pop(next(iter(self._known)))
        self._known[name, password] = who
        return True

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or topic is None:
            return False
        name, password = session.username or "", session.password or ""
        who = self._known.get((name, password)) or admitted(name, password, self.config.root_pem)
        if who is None:
            return False
        return may_write(who, topic) if action is Action.PUBLISH else may_read(who, topic)


class _Steady(dict):  # type: ignore[type-arg]
    """A dict that may change while somebody walks it and awaits in between."""

    def items(self) -> ItemsView[Any, Any]:  # type: ignore[override]
        return dict(super().items()).items()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().keys()))


class _Broker(Broker):  # type: ignore[misc]
    def __init__(self, config: BrokerConfig) -> None:
        super().__init__(config)
        self._subscriptions = _Steady()
        self._callers: dict[asyncio.StreamWriter, asyncio.Task[Any] | None] = {}

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        self._callers[writer] = asyncio.current_task()
        try:
            await super().stream_connected(reader, writer, listener_name)
        finally:
            del self._callers[writer]
            writer.close()

    async def hang_up(self) -> None:
        """amqtt lets those be who are on their way in or out when it stops: their lines would stay open."""
        for writer in self._callers:
            writer.close()
        if waiting := {task for task in self._callers.values() if task is not None}:
            await asyncio.wait(waiting, timeout=2)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Only to who holds the subscription: amqtt sends a newcomer what matches anybody's."""
        if any(holder is session for holder, _ in self._subscriptions.get(subscription[0], [])):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """`async with EmbeddedBroker("127.0.0.1", 0, root_pem) as broker: broker.port`. Failure if the port is taken."""

    def __init__(self, host: str, port: int, root_pem: str) -> None:
        self.host, self.port = host, port
        self._root_pem = root_pem
        self._broker: _Broker | None = None

    async def start(self) -> None:
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        bind = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        config = BrokerConfig(
            listeners={"default": ListenerConfig(bind=bind)}, plugins={_GUARD: {"root_pem": self._root_pem}}
        )
        broker = _Broker(config)
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

    async def stop(self) -> None:
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await broker.shutdown()
            await broker.hang_up()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class Bridge:
    """Between a site's broker and central's: bells and commands go down, what devices say goes up.

    Bells and presence are retained, so the last of each is held here for a side that was away; commands and claims are
    of the moment and are never held."""

    def __init__(self, site: Bus, central: Bus, site_id: str) -> None:
        self.site, self.central = site, central
        self._bells: dict[str, bytes] = {}
        self._states: dict[str, bytes] = {}
        self._wake_site, self._wake_central = asyncio.Event(), asyncio.Event()
        central.subscribe(topics.bells(site_id), self._down)
        central.subscribe(topics.command(site_id, "+"), self._down)
        site.subscribe(topics.states(site_id), self._up)
        site.subscribe(topics.claims(site_id), self._up)
        site.on_link.append(lambda up: self._wake_site.set() if up else None)
        central.on_link.append(lambda up: self._wake_central.set() if up else None)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.site.run(), name="site bus")
            group.create_task(self.central.run(), name="central bus")
            group.create_task(self._tell_again(self._wake_site, self.site, self._bells), name="bells again")
            group.create_task(self._tell_again(self._wake_central, self.central, self._states), name="states again")

    async def _down(self, topic: str, payload: bytes) -> None:
        retain = topics.feed_of(topic) is not None
        if retain:
            _hold(self._bells, topic, payload)
        await self.site.publish(topic, payload, retain=retain)

    async def _up(self, topic: str, payload: bytes) -> None:
        retain = topic.endswith("/state")
        if retain:
            _hold(self._states, topic, payload)
        await self.central.publish(topic, payload, retain=retain)

    async def _tell_again(self, wake: asyncio.Event, side: Bus, held: dict[str, bytes]) -> None:
        while True:
            await wake.wait()
            wake.clear()
            for topic, payload in list(held.items()):
                await side.publish(topic, held.get(topic, payload), retain=True)


def _hold(held: dict[str, bytes], topic: str, payload: bytes) -> None:
    held.pop(topic, None)
    while len(held) >= MAX_CACHED:
        held.pop(next(iter(held)))
    held[topic] = payload


def _here(who: Certificate) -> Announce:
    """The relay's own presence at central: its will there tells that the site's line is cut."""
    session = token_hex(8)

    def presence(online: bool) -> topics.Presence:
        return topics.Presence(who.holder_id, session, online, datetime.now(UTC), detail={"kind": who.kind})

    return Announce(topics.state(who.site_id, who.holder_id), session, presence)


async def run_broker(config: SiteBrokerConfig, ready: asyncio.Future[int] | None = None) -> None:
    """A site's broker until cancelled; with `upstream`, bridged to central's. `ready` is told the port."""
    try:
        root_pem = config.root.read_text()
    except OSError as bad:
        raise Failure(
            f"The root certificate {config.root} cannot be read ({bad.strerror}).", "Enrol this broker first."
        ) from bad
    if config.upstream is not None and config.identity is None:
        raise Failure("A broker that bridges to central needs an identity.", "Set `identity` to its directory.")
    async with EmbeddedBroker(config.listen.host, config.listen.port, root_pem) as broker:
        log.info("broker listens", address=f"{broker.host}:{broker.port}")
        async with asyncio.TaskGroup() as group:
            if config.upstream is not None and config.identity is not None:
                login, who = read_login(config.identity)
                near = "127.0.0.1" if broker.host in ("0.0.0.0", "") else broker.host  # noqa: S104
                bridge = Bridge(
                    Bus(near, broker.port, login=login, name="site"),
                    Bus(config.upstream.host, config.upstream.port, login=login, announce=_here(who), name="upstream"),
                    who.site_id,
                )
                start(group, "bridge", bridge.run)
            if ready is not None:
                ready.set_result(broker.port)
            group.create_task(stay(Notifier()), name="until stopped")
