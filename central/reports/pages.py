"""The live page, of the evening that the reports collect; and what they put on the pages of the house and of a
performance."""

from dataclasses import dataclass

from aiohttp import web

from central.access.model import AccessPrivilege
from central.inventory.counts import counts_of
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.reports.day_view import home_part
from central.reports.live_evening import Evenings, hall_now
from central.reports.live_page import LIVE, LivePage
from central.reports.performance_view import MOST_DRAWN, figures_part
from central.web.area import CONFIG, DOOR, ROSTER
from central.web.frame import FRAME, HOME, ON_SALE
from central.web.screens.listing import one


@dataclass(frozen=True, slots=True)
class ReportsSettings:
    """`live_open` shows the live page to everybody who reaches central; otherwise it asks for an operator's id and
    key."""

    live_open: bool = False


STYLE = "day.css"
LIVE_OPEN: web.AppKey[bool] = web.AppKey("live_open", bool)
"""Whether everybody sees it who reaches central."""


def live_open(app: web.Application) -> None:
    app[LIVE_OPEN] = app[CONFIG].areas.of(ReportsSettings).live_open


def day_pages(app: web.Application) -> None:
    frame = app[FRAME]
    frame.templates("central.reports")
    frame.part_of(HOME, "day_home.html", home_part(app[DOOR], app[ROSTER], app[LIVE].open_to), STYLE)
    frame.part_of("performance", "performance_figures.html", figures_part(app[DOOR]), STYLE)
    frame.part_of(ON_SALE, "live_link.html", lambda read, *_: {} if app[LIVE].open_to(read) else None)
    app.router.add_get(r"/admin/performance/{id:[0-9A-Z]{26}}/hall.svg", _hall)


async def _hall(request: web.Request) -> web.Response:
    """The hall of a performance as it stands, for who may see the performance; none of a stadium (`MOST_DRAWN`)."""
    frame = request.app[FRAME]
    me = await frame.who(request)
    language, wanted = frame.language(request, me), request.match_info["id"]

    def look(read: Read) -> str | None:
        performance = one(frame.door, read, BY_NAME["performance"], wanted)
        drawn = performance and sum(each.capacity for each in counts_of(read, wanted)) <= MOST_DRAWN
        return hall_now(read, performance, language) if performance and drawn else None

    drawn = await frame.door.read_whole(me.actor, look)
    if drawn is None:
        raise web.HTTPNotFound
    answer = web.Response(text=drawn, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})
    answer.enable_compression()
    return answer


def live_page(app: web.Application) -> None:
    needs = None if app.get(LIVE_OPEN) else AccessPrivilege.ACCESS_READ
    app[LIVE] = LivePage(app[DOOR], Evenings(), app[ROSTER], needs=needs)
    app[LIVE].routes(app)
