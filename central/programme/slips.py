"""Performances that may be slips: a draft goes from its page, and two at one time in one hall are taken and said."""

from typing import Any

from aiohttp import web

from central.catalogue.model import Performance, PerformanceState
from central.kernel.entity import ENTITIES
from central.kernel.tx import Read
from central.programme.reads import in_one_hall
from central.web.frame import FRAME
from central.web.screens.listing import one
from central.web.screens.names import house_zone, label, zones_of
from central.web.texts import Texts

MOST_SAID = 3


def slip_pages(app: web.Application) -> None:
    frame = app[FRAME]
    frame.only_where("delete_performance", _draft)

    def other_there(read: Read, t: Texts, performance: Performance) -> list[str]:
        """The other by its name, for who may see it; another organiser's only by its time."""
        of = ENTITIES[Performance]
        zone = zones_of(read, of, [performance.id]).get(performance.id) or house_zone(read)
        said = []
        for other in in_one_hall(read, performance, MOST_SAID):
            seen = one(frame.door, read, of, other.id) is not None
            name = label(read, t, of.name, other.id) if seen else t.entity(of.name)
            when = t.moment(other.starts, zone)
            said.append(t("La même salle est prise au même moment : {name}, {when}.", name=name, when=when))
        return said

    frame.remark_on("performance", other_there)


def _draft(performance: Any) -> bool:
    """What was on sale once is cancelled or closed."""
    return bool(performance.state is PerformanceState.DRAFT)
