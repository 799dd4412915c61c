"""The bells: each site hears the newest revision of its feeds. One lost is made up for by the devices' own polling."""

import asyncio

from aiohttp import web

from central.devices.feeds import heads, sites_of_feed
from central.devices.settings import DevicesSettings
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.tx import Read
from central.web.area import BUS, CONFIG, DOOR, Work
from shared.ids import Id
from shared.runtime.mqtt import Bus
from shared.runtime.tasks import wait_any, well
from shared.wire import topics

GAP_S = 0.1  # the first bell rings at once, the next after this: many commits, one bell


class Bells:
    def __init__(self, door: Door, bus: Bus, poll_s: float) -> None:
        self._door, self._bus, self._poll_s = door, bus, poll_s
        self._news = asyncio.Event()
        self._rung: dict[str, int] = {}
        door.on_commit(lambda feeds, _: self._news.set() if feeds else None)
        bus.on_link.append(lambda up: self._again() if up else None)

    def _again(self) -> None:
        self._rung.clear()
        self._news.set()

    async def ring(self) -> None:
        while True:
            await wait_any(self._news, self._poll_s)
            due: list[tuple[str, int, list[Id]]] = await self._door.read(SYSTEM, self._due)
            for feed, revision, sites in due:
                said = [
                    await self._bus.publish(topics.bell(site, feed), str(revision).encode(), retain=True)
                    for site in sites
                ]
                if all(said):
                    self._rung[feed] = revision
            well()
            await asyncio.sleep(GAP_S)

    def _due(self, read: Read) -> list[tuple[str, int, list[Id]]]:
        news = {feed: revision for feed, revision in heads(read).items() if self._rung.get(feed) != revision}
        return [(feed, revision, sites_of_feed(read, feed)) for feed, revision in news.items()]


def ringing(app: web.Application) -> Work:
    return Bells(app[DOOR], app[BUS], app[CONFIG].areas.of(DevicesSettings).bell_poll_s).ring
