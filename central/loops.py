"""What central does unasked: ring the bells, draw the hall for far screens, empty the outbox, hear who is there."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from central.devices.feeds import heads, sites_of_feed
from central.devices.hall import PublishHall, on_sale, pictures
from central.devices.orders_to_devices import OUTBOX_KIND
from central.inventory.counts import HALL
from central.kernel.door import Door
from central.kernel.outbox import Act, drain
from central.kernel.tx import SYSTEM, Read
from central.organisation.sessions import TidySessions
from shared.ids import Id
from shared.runtime.mqtt import Bus, Roster, Unbelieved
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import wait_any, well
from shared.wire import topics
from shared.wire.codec import dump

AT_ONCE = 20  # halls drawn in one look
BELL_GAP_S = 0.1  # the first bell rings at once, the next after this: many commits, one bell
HALL_SHARE = 0.2  # of the time goes into pictures at most: an on-sale changes every hall at once, and sales come first


class Loops:
    def __init__(
        self, door: Door, bus: Bus, *, bell_poll_s: float, hall_every_s: float, outbox_every_s: float,
        tidy_every_s: float = 3600.0, tally_every_s: float = 30.0,
    ) -> None:  # fmt: skip
        self.roster = Roster()
        self.on_presence: list[Callable[[], None]] = []  # called when a device's presence changed
        self.far: dict[str, Act] = {}  # what talks to far servers, each kind in a loop of its own
        self.elsewhere: set[str] = set()  # kinds that somebody else does altogether
        self._door, self._bus = door, bus
        self._tidy_every_s, self._tally_every_s = tidy_every_s, tally_every_s
        self._bell_poll_s, self._hall_every_s, self._outbox_every_s = bell_poll_s, hall_every_s, outbox_every_s
        self._bells, self._redraw = asyncio.Event(), asyncio.Event()
        self._halls: set[Id] = set()
        self._rung: dict[str, int] = {}
        self._drawn: dict[Id, str] = {}
        self._clock = SystemClock()
        door.on_commit(self._committed)
        bus.subscribe(f"{topics.ROOT}/+/device/+/state", self._presence)
        bus.on_link.append(lambda up: self._ring_all() if up else None)

    def _committed(self, feeds: frozenset[str], marks: frozenset[str]) -> None:
        if feeds:
            self._bells.set()
        halls = {Id(mark.removeprefix(HALL)) for mark in marks if mark.startswith(HALL)}
        if halls:
            self._halls |= halls
            self._redraw.set()

    def _ring_all(self) -> None:
        self._rung.clear()
        self._bells.set()

    async def _presence(self, topic: str, payload: bytes) -> None:
        presence = topics.presence_of(topic, payload)
        if presence is None:
            raise Unbelieved("no presence, or another's")
        changed = self.roster.take(presence)
        for listener in self.on_presence if changed else ():
            listener()

    async def bells(self) -> None:
        """Tells each site the newest revision of its feeds; a bell lost is made up for by the devices' own polling."""
        while True:
            await wait_any(self._bells, self._bell_poll_s)
            rung: list[tuple[str, int, list[Id]]] = await self._door.read(SYSTEM, self._to_ring)
            for feed, revision, sites in rung:
                said = [
                    await self._bus.publish(topics.bell(site, feed), str(revision).encode(), retain=True)
                    for site in sites
                ]
                if all(said):
                    self._rung[feed] = revision
            well()
            await asyncio.sleep(BELL_GAP_S)

    def _to_ring(self, read: Read) -> list[tuple[str, int, list[Id]]]:
        news = {feed: revision for feed, revision in heads(read).items() if self._rung.get(feed) != revision}
        return [(feed, revision, sites_of_feed(read, feed)) for feed, revision in news.items()]

    async def halls(self) -> None:
        """Redraws what changed, at most once every `hall_every_s`, and more rarely where drawing takes long."""
        self._halls |= set(await self._door.read(SYSTEM, on_sale))
        while True:
            if not self._halls:
                self._redraw.clear()
                await self._redraw.wait()
            now = set(list(self._halls)[:AT_ONCE])
            self._halls -= now
            began = time.perf_counter()
            drawn: dict[Id, str] = await self._door.read(SYSTEM, partial(pictures, performance_ids=now))
            for performance_id, taken in drawn.items():
                if self._drawn.get(performance_id) != taken:
                    await self._door.execute(SYSTEM, PublishHall(performance_id, taken), fresh_id(self._clock))
                    self._drawn[performance_id] = taken
            well()
            spent = time.perf_counter() - began
            await asyncio.sleep(max(self._hall_every_s, spent / HALL_SHARE - spent))

    async def outbox(self) -> None:
        while True:
            await drain(self._door, {OUTBOX_KIND: self._command_device}, but=(*self.far, *self.elsewhere))
            well()
            await asyncio.sleep(self._outbox_every_s)

    async def outbox_of(self, kind: str) -> None:
        """The rows of one of the `far` kinds."""
        while True:
            await drain(self._door, {kind: self.far[kind]}, only=True)
            well()
            await asyncio.sleep(self._outbox_every_s)

    async def tidy(self) -> None:
        """Sessions that are over, and failures at the door that nobody counts any more."""
        while True:
            await self._door.execute(SYSTEM, TidySessions(), fresh_id(self._clock))
            well()
            await asyncio.sleep(self._tidy_every_s)

    async def tally(self) -> None:
        """What the door counted of those whom it turned away."""
        while True:
            await asyncio.sleep(self._tally_every_s)
            await self._door.write_tally()
            well()

    async def _command_device(self, _: Id, said: dict[str, Any]) -> bool:
        topic = topics.command(said["site"], said["device"])
        return await self._bus.publish(topic, dump(said["sealed"]))
