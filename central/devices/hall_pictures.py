"""Redraws the halls whose places changed, for screens far away (hall.py)."""

import asyncio
import time
from functools import partial

from aiohttp import web

from central.catalogue.reads import on_sale_now
from central.devices.hall import PublishHall, SeenHall, pictures
from central.devices.settings import DevicesSettings
from central.inventory.counts import HALL
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.own_commands import OwnCommands
from central.web.area import CONFIG, DOOR, Work
from shared.ids import Id

AT_ONCE = 20  # halls drawn in one look
SHARE = 0.1  # of the time goes into pictures at most: an on-sale changes every hall at once, and sales come first


class HallPictures:
    def __init__(self, door: Door, every_s: float) -> None:
        self._door, self._every_s = door, every_s
        self._news = asyncio.Event()
        self._halls: set[Id] = set()
        self._seen: dict[Id, SeenHall] = {}
        self._told: dict[Id, str] = {}
        self._own = OwnCommands(door)
        door.on_commit(self._committed)

    def _committed(self, _: frozenset[str], marks: frozenset[str]) -> None:
        halls = {Id(mark.removeprefix(HALL)) for mark in marks if mark.startswith(HALL)}
        if halls:
            self._halls |= halls
            self._news.set()

    async def draw(self) -> None:
        """Draws what changed, at most once every so often, and more rarely where drawing takes long."""
        self._halls |= {each.id for each in await self._door.read(SYSTEM, on_sale_now)}
        while True:
            if not self._halls:
                self._news.clear()
                await self._news.wait()
            now = set(list(self._halls)[:AT_ONCE])
            self._halls -= now
            began = time.perf_counter()
            before = {each: self._seen.pop(each, None) for each in now}  # whoever fails in between sees it anew
            drawn: dict[Id, SeenHall] = await self._door.read(SYSTEM, partial(pictures, halls=before))
            self._seen |= drawn
            for performance_id in now - drawn.keys():
                self._told.pop(performance_id, None)  # not sold any more
                self._own.forget(performance_id)
            new = {each: taken for each, picture in drawn.items() if self._told.get(each) != (taken := picture.taken)}
            await asyncio.gather(*[self._publish(each, taken) for each, taken in new.items()])  # in one commit
            spent = time.perf_counter() - began
            self._own.say()
            await asyncio.sleep(max(self._every_s, spent / SHARE - spent))

    async def _publish(self, performance_id: Id, taken: str) -> None:
        command = PublishHall(performance_id=performance_id, taken=taken)
        if await self._own.do(command, performance_id, taken) is not None:
            self._told[performance_id] = taken
        else:
            self._halls.add(performance_id)


def drawing(app: web.Application) -> Work:
    return HallPictures(app[DOOR], app[CONFIG].areas.of(DevicesSettings).hall_every_s).draw
