"""What the administration's screens say about sales that no declaration can: whom it touches when a performance is
moved, closed or cancelled."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.catalogue.model import PerformanceDo
from central.kernel.tx import Read
from central.orders.reads import sold_for
from central.web.frame import FRAME
from central.web.texts import Texts


def order_pages(app: web.Application) -> None:
    for command in ("change_sale", "reschedule_performance"):
        app[FRAME].answer_of(command, _touched)


def _touched(read: Read, t: Texts, given: Mapping[str, Any], _: Any) -> list[tuple[str, str]]:
    if given.get("do") in (PerformanceDo.OPEN, PerformanceDo.SUSPEND):
        return []
    places, orders = sold_for(read, given["performance_id"])
    return [(t("Places vendues"), t.number(places)), (t("Commandes de visiteurs"), t.number(orders))]
