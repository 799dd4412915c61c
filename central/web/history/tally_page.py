"""What the door turned away, on a page: what leaves no row in the log and is counted (kernel/tally.py).

GET /admin/audit/turned-away
"""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from aiohttp import web

from central.kernel.door import Door, NoEntry
from central.kernel.privileges import AUDIT_READ
from central.kernel.tally import OTHERS
from central.kernel.tx import Read
from central.web.frame import Frame
from central.web.history.log import DoorTally, door_tally, kept_reason
from central.web.history.words import Who, people
from central.web.screens.refusals import words_of
from central.web.texts import Texts
from shared.outcome import Ok, Refused

UTC_DAY = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class RefusalCount:
    day: str
    who: Who
    did: str
    why: str
    times: int


class TurnedAway:
    def __init__(self, door: Door, frame: Frame) -> None:
        self._door, self._frame = door, frame

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/admin/audit/turned-away", self.page)

    async def page(self, request: web.Request) -> web.Response:
        me = await self._frame.who(request)
        t = self._frame.texts(request, me)

        def look(read: Read) -> list[RefusalCount] | str:
            if self._door.permissions.holding(read, AUDIT_READ) is not None:  # it is the whole house's
                return words_of(read, t, Refused(NoEntry.NOT_ALLOWED, fix=AUDIT_READ))
            return counted(read, t)

        found = await self._door.read(me.actor, look)
        if isinstance(found, str):
            raise web.HTTPForbidden(text=found)
        return await self._frame.page(
            request, "audit_turned_away.html", title=t("Refusé d’emblée"), here="/admin/audit", counted=found
        )


def counted(read: Read, t: Texts) -> list[RefusalCount]:
    answer = door_tally(read, DoorTally())
    assert isinstance(answer, Ok), "it refuses nobody"
    rows = answer.value
    who = people(read, t, [row.caller for row in rows])
    return [
        RefusalCount(
            t.day(datetime.combine(row.day, time(), UTC_DAY), UTC_DAY),
            Who(t("D’autres"), "") if row.caller == OTHERS else who[row.caller],
            t.do(row.command), t.reason(kept_reason(row.command, row.reason)) if row.reason else "", row.times,
        )
        for row in rows
    ]  # fmt: skip
