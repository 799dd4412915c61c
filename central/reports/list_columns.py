"""What lists of other areas say beside their own columns: how full a performance is, what an order is for, when a
device was heard last. Each is asked once for a page, however many rows stand on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from central.catalogue.model import CataloguePrivilege
from central.devices.model import DevicesPrivilege, DeviceState
from central.inventory.counts import sums_of
from central.kernel.checklist import t
from central.kernel.tx import Read
from central.orders.model import OrdersPrivilege
from central.orders.reads import sold_in
from central.reports.day_view import share_text
from central.web.area import ROSTER
from central.web.frame import FRAME, ListColumn
from central.web.screens.cells import Cell, address
from central.web.screens.names import house_timezone, labels
from central.web.texts import Texts
from shared.runtime.mqtt import Roster


def list_columns(app: web.Application) -> None:
    frame = app[FRAME]
    frame.list_column(
        "performance", ListColumn("sold", t("Vendues"), CataloguePrivilege.CATALOGUE_READ, _sold, number=True)
    )
    frame.list_column("sale_order", ListColumn("numbers", t("Billets"), OrdersPrivilege.ORDER_READ, _numbers))
    frame.list_column("sale_order", ListColumn("for", t("Représentation"), OrdersPrivilege.ORDER_READ, _for_what))
    frame.list_column("device", ListColumn("heard", t("Vu"), DevicesPrivilege.DEVICE_READ, _heard(app[ROSTER])))


def _sold(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    found = {}
    for row_id, each in sums_of(read, [row.id for row in rows]).items():
        share = share_text(t, each.sold, each.capacity)
        found[row_id] = Cell(f"{t.number(each.sold)} / {t.number(each.capacity)} · {share}", number=True)
    return found


def _numbers(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    """The numbers on its tickets: by these people know an order."""
    found = {}
    for order_id, each in sold_in(read, [row.id for row in rows]).items():
        rest = t.n("et {n} autre", "et {n} autres", each.tickets - 1) if each.tickets > 1 else ""
        found[order_id] = Cell(f"{each.first} {rest}".strip() if each.first else "")
    return found


def _for_what(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    sold = sold_in(read, [row.id for row in rows])
    named = labels(read, t, [("performance", each) for one in sold.values() for each in one.performances])
    return {
        order_id: Cell(
            "", links=tuple((named("performance", each), address("performance", each)) for each in one.performances)
        )
        for order_id, one in sold.items()
    }


def _heard(roster: Roster) -> Callable[[Read, Texts, Sequence[Any]], Mapping[str, Cell]]:
    """By the broker, as long as central has been listening. When it spoke last is all that is known: not since when."""

    def say(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
        heard, zone = roster.all(), house_timezone(read)
        found = {}
        for row in rows:
            if each := heard.get(row.id):
                when = t.moment(each.at, zone, "short")
                there, away = t("en ligne · vu le {when}", when=when), t("hors ligne · vu le {when}", when=when)
                found[row.id] = Cell(there if each.online else away)
            elif row.state == DeviceState.ACTIVE:
                found[row.id] = Cell(t("pas encore vu"))
        return found

    return say
