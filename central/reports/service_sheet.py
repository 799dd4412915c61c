"""The service sheet of a day: what is played, when doors open and sales end, how full each part of the hall is, what
has to be known, which devices are there. For the wall behind the box office: made to be printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from central.catalogue.model import PerformanceState
from central.devices.reads import devices_of
from central.inventory.counts import counts_of_each
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.tx import Read
from central.reports.day import MOST_DEVICES, DayPerformance, bounds, performances_from
from central.reports.day_view import DayLine, day_line, sight
from central.reports.performance_view import PlaceLine, kinds_of, place_line, place_lines
from central.web.branches import Branch, seen_branch
from central.web.frame import FRAME
from central.web.screens.listing import may_see
from central.web.screens.names import house_timezone
from central.web.texts import Texts

HREF = "/admin/service"
FIRST, LAST = date(1900, 1, 1), date(9000, 1, 1)  # days around which there are others, in every zone


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A performance on the sheet. `ends`: when nothing is sold any more; `closes`: when gates stop to admit."""

    day: DayLine
    doors: str
    ends: str
    closes: str
    places: tuple[PlaceLine, ...]


def service_pages(app: web.Application) -> None:
    app.router.add_get(HREF, _today)
    app.router.add_get(HREF + r"/{day:\d{4}-\d\d-\d\d}", _sheet)


async def _today(request: web.Request) -> web.Response:
    frame = request.app[FRAME]
    me = await frame.who(request)
    day = await frame.door.read(me.actor, lambda read: read.now.astimezone(house_timezone(read)).date())
    raise web.HTTPFound(str(request.rel_url.with_path(f"{HREF}/{day}", keep_query=True)))


async def _sheet(request: web.Request) -> web.Response:
    frame = request.app[FRAME]
    me = await frame.who(request)
    t = frame.texts(request, me)
    try:
        day = date.fromisoformat(request.match_info["day"])
    except ValueError:
        raise web.HTTPNotFound from None
    if not FIRST <= day < LAST:
        raise web.HTTPNotFound
    earlier, later = day - timedelta(days=1), day + timedelta(days=1)
    wanted = request.query.get("at", "")

    def look(read: Read) -> Mapping[str, Any] | None:
        branch = seen_branch(read, wanted)
        if branch is None or not may_see(frame.door, read, BY_NAME["performance"]):
            return None
        return sheet_of(frame.door, read, t, branch, day)

    shown = await frame.door.read(me.actor, look)
    if shown is None:
        raise web.HTTPNotFound
    about = f"?at={shown['branch'].id}"
    return await frame.page(
        request, "service_sheet.html", title=t("Feuille de service"), at=shown["branch"].id, here=HREF, sheet=shown,
        earlier=f"{HREF}/{earlier}{about}", later=f"{HREF}/{later}{about}",
    )  # fmt: skip


def sheet_of(door: Door, read: Read, t: Texts, branch: Branch, day: date) -> Mapping[str, Any]:
    looks, at_home = sight(door, read, branch), house_timezone(read)
    start, end = (each + timedelta(days=days) for each, days in zip(bounds(day, at_home), (-1, 1), strict=True))
    found, more = performances_from(read, looks, start, end)  # a place's own calendar may be a day ahead or behind
    played = [each for each in found if each.day == day]
    devices = devices_of(read, looks("device", True), MOST_DEVICES)
    return {
        "branch": branch,
        "day": t.weekday(day),
        "made": t.moment(read.now, at_home),
        "lines": list(_lines(door, read, t, played)),
        "more": more,
        "devices": [
            (t.value("device_kind", each.kind), each.label or t.value("device_kind", each.kind)) for each in devices
        ],
    }


def _lines(door: Door, read: Read, t: Texts, played: list[DayPerformance]) -> Iterable[SheetLine]:
    contingents = may_see(door, read, BY_NAME["contingent"])
    counts = counts_of_each(read, [each.played.id for each in played])
    names = kinds_of(read, (one for found in counts.values() for one in found), contingents=contingents)
    for each in played:
        mine = counts.get(each.played.id, [])
        there = each.played.state is not PerformanceState.CANCELLED
        hall = place_line(t, t("Salle"), "", mine, open_to_sell=there)
        lines = (*place_lines(t, mine, *names, open_to_sell=there), hall)
        yield SheetLine(
            day=day_line(t, each, each.day, read.now), places=lines,
            doors=t.time(each.played.doors, each.zone), ends=t.time(each.played.sell_until, each.zone),
            closes=t.time(each.played.closes, each.zone),
        )  # fmt: skip
