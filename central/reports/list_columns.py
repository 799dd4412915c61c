"""What lists of other areas, and the pages of their rows, say beside their own columns: how full a performance is, what
an order is for, which ticket a line became, when a device was heard last, what an account stands at. Each is asked once
for a page, however many rows stand on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from central.catalogue.model import CataloguePrivilege
from central.devices.model import DevicesPrivilege, DeviceState
from central.inventory.counts import sums_of
from central.kernel.checklist import t
from central.kernel.tx import Read
from central.ledger.balances import balances_of
from central.ledger.model import LedgerPrivilege
from central.orders.model import OrdersPrivilege
from central.orders.reads import numbers_on, sold_in
from central.reports.day_view import share_text
from central.web.area import ROSTER
from central.web.frame import FRAME, ListColumn
from central.web.screens.cells import Cell, address
from central.web.screens.names import house_timezone, labels
from central.web.texts import Texts
from shared.money import Minor, to_decimal
from shared.runtime.mqtt import Roster


def list_columns(app: web.Application) -> None:
    frame = app[FRAME]
    frame.list_column(
        "performance", ListColumn("sold", t("Vendues"), CataloguePrivilege.CATALOGUE_READ, _sold, number=True)
    )
    frame.list_column("sale_order", ListColumn("numbers", t("Billets"), OrdersPrivilege.ORDER_READ, _numbers))
    frame.list_column("sale_order", ListColumn("for", t("Représentation"), OrdersPrivilege.ORDER_READ, _for_what))
    frame.list_column("order_line", ListColumn("number", t("Billet"), OrdersPrivilege.ORDER_READ, _number))
    frame.list_column("account", ListColumn("balance", t("Solde"), LedgerPrivilege.LEDGER_READ, _balance, number=True))
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


def _number(read: Read, _: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    """Of a line: its ticket's."""
    return {line: Cell(number) for line, number in numbers_on(read, [row.id for row in rows]).items()}


def _for_what(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    sold = sold_in(read, [row.id for row in rows])
    named = labels(read, t, [("performance", each) for one in sold.values() for each in one.performances])
    return {
        order_id: Cell(
            "", links=tuple((named("performance", each), address("performance", each)) for each in one.performances)
        )
        for order_id, one in sold.items()
    }


def _balance(read: Read, t: Texts, rows: Sequence[Any]) -> Mapping[str, Cell]:
    """On which side it stands is said: in a sheet a debit is more than nothing, a credit less."""
    balances, found = balances_of(read, [row.id for row in rows]), {}
    for row in rows:
        balance = balances[row.id]
        amount = t.money(abs(balance), row.currency)
        debit, credit = t("{amount} au débit", amount=amount), t("{amount} au crédit", amount=amount)
        text = debit if balance > 0 else credit if balance else amount
        found[row.id] = Cell(text, number=True, value=to_decimal(Minor(balance), row.currency))
    return found


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
