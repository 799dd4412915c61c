"""The live page: hall, sales, lanes, devices as pictures, kept up to date while one watches."""

from aiohttp import web

from central.kernel.door import Door
from shared.runtime.mqtt import Roster


class LivePage:
    def __init__(self, door: Door, roster: Roster | None) -> None:
        self._door, self._roster = door, roster

    def routes(self, app: web.Application) -> None:
        del app


LIVE = web.AppKey("live", LivePage)
