"""The live page, of the evening that the reports collect."""

from dataclasses import dataclass

from aiohttp import web

from central.access.model import AccessPrivilege
from central.reports.live import Evenings
from central.web.area import CONFIG, DOOR, ROSTER
from central.web.live import LIVE, LivePage


@dataclass(frozen=True, slots=True)
class ReportsSettings:
    """`live_open` shows the live page to everybody who reaches central; otherwise it asks for an operator's id and
    key."""

    live_open: bool = False


LIVE_OPEN: web.AppKey[bool] = web.AppKey("live_open", bool)
"""Whether everybody sees it who reaches central."""


def live_open(app: web.Application) -> None:
    app[LIVE_OPEN] = app[CONFIG].areas.of(ReportsSettings).live_open


def live_page(app: web.Application) -> None:
    needs = None if app.get(LIVE_OPEN) else AccessPrivilege.ACCESS_READ
    app[LIVE] = LivePage(app[DOOR], Evenings(), app[ROSTER], needs=needs)
    app[LIVE].routes(app)
