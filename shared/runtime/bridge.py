"""A site's broker and its line to central's: bells and commands go down, what devices say goes up."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from shared.runtime.broker import EmbeddedBroker, Standing
from shared.runtime.config import Failure
from shared.runtime.doorkeeper import BrokerLimits
from shared.runtime.log import logger
from shared.runtime.login import read_login
from shared.runtime.mqtt import Announce, Bus, Endpoint, Handler
from shared.runtime.systemd import Notifier, stay
from shared.runtime.tasks import start
from shared.wire import topics
from shared.wire.certificates import Certificate

log = logger(__name__)
MAX_CACHED = 2000  # last retained messages a bridge holds for a side that is away


@dataclass(frozen=True, slots=True)
class SiteBrokerConfig:
    """`root` is the root certificate's file; `identity` the directory of this broker's own key and certificate, needed
    to bridge to central's broker at `upstream`."""

    root: Path
    listen: Endpoint = field(default_factory=lambda: Endpoint("0.0.0.0"))  # noqa: S104  # devices are elsewhere
    identity: Path | None = None
    upstream: Endpoint | None = None
    limits: BrokerLimits = field(default_factory=BrokerLimits)


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


async def run_broker(
    config: SiteBrokerConfig,
    ready: asyncio.Future[int] | None = None,
    *,
    standing: Standing | None = None,
    ask_again: asyncio.Event | None = None,
    on_bell: Handler | None = None,
) -> None:
    """A site's broker until cancelled; with `upstream`, bridged to central's. `ready` is told the port. `standing`
    knows who may be here, `ask_again` says that it knows more now, `on_bell` hears central's bells."""
    try:
        root_pem = config.root.read_text()
    except OSError as bad:
        raise Failure(
            f"The root certificate {config.root} cannot be read ({bad.strerror}).", "Enrol this broker first."
        ) from bad
    if config.upstream is not None and config.identity is None:
        raise Failure("A broker that bridges to central needs an identity.", "Set `identity` to its directory.")
    async with EmbeddedBroker(
        config.listen.host, config.listen.port, root_pem,
        limits=config.limits, standing=standing, ask_again=ask_again,
    ) as broker:  # fmt: skip
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
                if on_bell is not None:
                    bridge.central.subscribe(topics.bells(who.site_id), on_bell)
                start(group, "bridge", bridge.run)
            if ready is not None:
                ready.set_result(broker.port)
            group.create_task(stay(Notifier()), name="until stopped")
