"""Performances that may be slips: two at one time in one hall, one whose sale is over, and
doors that are days away from the start are taken and said."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from central.catalogue.model import OVER, Performance
from central.catalogue.ops import sale_over
from central.kernel.entity import ENTITIES
from central.kernel.tx import Read
from central.pricing.slips import of_performance
from central.programme.reads import in_one_hall
from central.web.frame import FRAME
from central.web.screens.listing import one
from central.web.screens.names import house_timezone, label, timezones_of
from central.web.texts import Texts

MOST_SAID = 3


def slip_pages(app: web.Application) -> None:
    frame = app[FRAME]

    def other_there(read: Read, t: Texts, performance: Performance) -> list[str]:
        """The other by its name, for who may see it; another organiser's only by its time."""
        of, zone, said = ENTITIES[Performance], _zone(read, performance), list[str]()
        for other in in_one_hall(read, performance, MOST_SAID):
            seen = one(frame.door, read, of, other.id) is not None
            name = label(read, t, of.name, other.id) if seen else f"{t.entity(of.name)}, {t.moment(other.starts, zone)}"
            said.append(t("La même salle est prise au même moment : {name}.", name=name))
        return said

    frame.remark_on("performance", other_there)
    frame.remark_on("performance", _sale_over)
    frame.remark_on("performance", _days_of_doors)
    frame.remark_on("performance", of_performance)


A_NIGHT = timedelta(hours=12)


def _sale_over(read: Read, t: Texts, performance: Performance) -> list[str]:
    """Whoever sees it on sale would wonder why nothing sells."""
    if performance.state in OVER or not sale_over(performance, read.now):
        return []
    when = t.moment(performance.sell_until, _zone(read, performance))
    return [t("La vente de cette représentation est terminée ({when}) : rien ne s’y vend.", when=when)]


def _days_of_doors(read: Read, t: Texts, performance: Performance) -> list[str]:
    before, after = performance.starts - performance.doors, performance.closes - performance.starts
    if before <= A_NIGHT and after <= A_NIGHT:
        return []
    zone = _zone(read, performance)
    doors, closes = t.moment(performance.doors, zone), t.moment(performance.closes, zone)
    return [
        t("L’entrée va de {doors} à {closes} : plus d’une nuit avant ou après le début.", doors=doors, closes=closes)
    ]


def _zone(read: Read, performance: Performance) -> ZoneInfo:
    found = timezones_of(read, ENTITIES[Performance], [performance.id]).get(performance.id)
    return found or house_timezone(read)
