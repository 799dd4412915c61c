"""The site's broker: retained messages, wills, and every fault that MQTT's first quality of service allows: messages
twice, in another order across senders, lost with a connection; a restart; a will that comes after the rebirth."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from shared.runtime.mqtt import Announce, Unbelieved
from shared.wire.codec import dump
from tests.sim.world import Crash, World

Handler = Callable[[str, bytes], Any]


class Broker:
    def __init__(self, world: World) -> None:
        self.world = world
        self.retained: dict[str, bytes] = {}
        self._sessions: list[SimBus] = []
        self._queue: list[tuple[SimBus, str, bytes]] = []
        self.rough = 0.0
        self.up = True

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        if retain:
            self.retained[topic] = payload
        for bus in self._sessions:
            if bus.wants(topic):
                self._queue.append((bus, topic, payload))
                if self.world.chance(self.rough / 4):
                    self._queue.append((bus, topic, payload))

    def deliver(self) -> None:
        """Everything that waits; under rough conditions not in the order in which it was sent."""
        queue, self._queue = self._queue, []
        if self.world.chance(self.rough):
            self.world.dice.shuffle(queue)
        for bus, topic, payload in queue:
            if bus.connected:
                bus.deliver(topic, payload)

    def waiting(self) -> bool:
        return bool(self._queue)

    def connect(self, bus: "SimBus") -> None:
        if not self.up or bus.connected:
            return
        self._sessions.append(bus)
        stale = bus.will if self.world.chance(self.rough) else None
        bus.linked(True)
        for topic, payload in list(self.retained.items()):
            if bus.wants(topic):
                self._queue.append((bus, topic, payload))
        if stale is not None:
            self.publish(*stale, retain=True)  # of the session before: it must be ignored

    def cut(self, bus: "SimBus", will: bool = True) -> None:
        """The connection is gone, with what was on its way."""
        if bus not in self._sessions:
            return
        self._sessions.remove(bus)
        self._queue = [waiting for waiting in self._queue if waiting[0] is not bus]
        last = bus.will
        bus.linked(False)
        if will and last is not None:
            self.publish(*last, retain=True)

    def restart(self) -> None:
        """Nobody's will is sent, and nothing that was on its way arrives."""
        for bus in list(self._sessions):
            self.cut(bus, will=False)
        self._queue.clear()


class SimBus:
    """What a device knows as its bus (`shared.runtime.mqtt.Bus`)."""

    def __init__(self, broker: Broker, announce: Announce) -> None:
        self.connected = False
        self.on_link: list[Callable[[bool], None]] = []
        self.will: tuple[str, bytes] | None = None
        self._broker, self._announce = broker, announce
        self._handlers: list[tuple[str, Handler]] = []
        self._up = asyncio.Event()

    def subscribe(self, topic: str, handler: Handler) -> None:
        self._handlers.append((topic, handler))

    def wants(self, topic: str) -> bool:
        return any(_matches(wanted, topic) for wanted, _ in self._handlers)

    def deliver(self, topic: str, payload: bytes) -> None:
        """A crash in a handler ends the device; whoever delivers buries it. What a handler does not believe is left."""
        with suppress(Crash):
            for wanted, handler in self._handlers:
                if _matches(wanted, topic):
                    with suppress(Unbelieved):
                        done = handler(topic, payload)
                        assert not isawaitable(done), "a handler here answers at once"

    async def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> bool:
        if not self.connected:
            return False
        self._broker.publish(topic, payload, retain)
        return True

    async def announce(self) -> bool:
        where = self._announce
        return await self.publish(where.topic, dump(where.presence(True)), retain=True)

    async def wait_connected(self) -> None:
        await self._up.wait()

    def linked(self, up: bool) -> None:
        self.connected = up
        where = self._announce
        if up:
            self.will = (where.topic, dump(where.presence(False)))
            self._up.set()
            self._broker.publish(where.topic, dump(where.presence(True)), retain=True)
        else:
            self._up.clear()
        for listener in self.on_link:
            listener(up)


def _matches(wanted: str, topic: str) -> bool:
    want, parts = wanted.split("/"), topic.split("/")
    if want[-1] == "#":
        return parts[: len(want) - 1] == want[:-1]
    return len(want) == len(parts) and all(w in ("+", p) for w, p in zip(want, parts, strict=True))
