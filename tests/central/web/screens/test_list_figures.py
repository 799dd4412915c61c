"""A list has the column that one needs: how full an evening is and its weekday, what an order is for, when a device was
heard (what they cost: test_budgets.py)."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

from central.catalogue.model import CataloguePrivilege
from central.devices.enrolment import InviteDevice
from central.devices.model import DevicesPrivilege
from central.kernel.actor import SYSTEM
from central.ledger.model import AccountKind
from central.ledger.ops import account_id
from central.web.area import ROSTER
from shared.wire.certificates import DeviceKind
from shared.wire.topics import Presence
from tests.central.small_house import NOW, new_id
from tests.central.web.screens.conftest import Browser, Page


def rows(page: Page) -> list[list[str]]:
    """The cells of each line, its head first."""
    table = page.text.partition("<table")[2].partition("</table>")[0]
    return [
        [
            " ".join(unescape(re.sub("<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", line, re.S)
        ]
        for line in re.findall(r"<tr>.*?</tr>", table, re.S)
    ]


async def ordered(browser: Browser, seats: int) -> None:
    house = browser.house
    assert (await browser.door.execute(SYSTEM, house.order(*house.seats[:seats]), new_id())).ok


async def test_a_performance_says_its_weekday_and_how_full_it_is(browser: Browser) -> None:
    await ordered(browser, 3)
    head, line = rows(await browser.get("/admin/e/performance"))
    assert head[0] == "Début" and head[1] == "Vendues"
    assert re.fullmatch(r"sam\. 21/11/2026 21:00", line[0]) and re.fullmatch(r"3 / \d+ · \d+ %", line[1]), line
    browser.sign_in(browser.house.operator(CataloguePrivilege.CATALOGUE_READ), "en")
    _, line = rows(await browser.get("/admin/e/performance"))
    assert line[0].startswith("Sat ") and line[1].startswith("3 / ")


async def test_an_order_says_what_it_is_for(browser: Browser) -> None:
    await ordered(browser, 3)
    head, line = rows(await browser.get("/admin/e/sale_order"))
    assert head[:3] == ["Passée le", "Billets", "Représentation"] and "Canal de vente" in head
    assert line[1] == "TDT-0000001 et 2 autres" and line[2] == "Cyrano, 21/11/2026 21:00", line


async def test_a_device_says_when_it_was_heard(browser: Browser) -> None:
    house, devices = browser.house, [new_id(), new_id()]
    for n, device in enumerate(devices):
        invited = InviteDevice(
            id=device,
            context_id=house.organiser,
            site_id=house.site,
            kind=DeviceKind.GATE,
            code=f"G{n}",
            label=f"Porte {n}",
        )
        assert (await browser.door.execute(SYSTEM, invited, new_id())).ok
    roster = browser.client.app[ROSTER]
    roster.take(Presence(devices[0], "s", True, NOW - timedelta(minutes=7)), house.site)
    head, *lines = rows(await browser.get("/admin/e/device"))
    at = head.index("Vu")
    assert {line[0]: line[at] for line in lines} == {"Porte 0": "en ligne · vu le 21/11/2026 18:53", "Porte 1": ""}
    roster.take(Presence(devices[0], "s", False, NOW), house.site)
    _, *lines = rows(await browser.get("/admin/e/device"))
    assert {line[0]: line[at] for line in lines}["Porte 0"] == "hors ligne · vu le 21/11/2026 19:00"


async def test_an_export_holds_every_column_that_the_list_shows(browser: Browser) -> None:
    """Before: a performance's without how full it is, an order's without its tickets and what they are for."""
    await ordered(browser, 3)
    for table in ("performance", "sale_order"):
        head, *_ = rows(await browser.get(f"/admin/e/{table}"))
        async with browser.client.get(f"/admin/e/{table}/export.csv") as answer:
            told = list(csv.reader((await answer.text()).lstrip("\ufeff").splitlines(), delimiter=";"))
        assert [each for each in head if each] == told[0], table
        if table == "performance":
            assert told[1][told[0].index("Vendues")].startswith("3 / ")
        if table == "sale_order":
            assert "TDT-0000001 et 2 autres" in told[1] and "Cyrano, 21/11/2026 21:00" in told[1]
    browser.sign_in(browser.house.operator(DevicesPrivilege.DEVICE_READ))
    async with browser.client.get("/admin/e/device/export.csv") as answer:
        assert "Vu" in await answer.text()


async def test_what_is_blocked_and_free_stands_where_a_telephone_shows_it(browser: Browser) -> None:
    """Before: behind what is in baskets and leased, out of sight at 390 px."""
    page = await browser.get(f"/admin/e/performance/{browser.house.performance}")
    assert page.text.count("<dt>Vendues</dt>") == 1, "among its figures, and not once more below"
    table = page.text.partition('aria-labelledby="h-places"')[2].partition("</table>")[0]
    assert re.findall(r'class="number">([A-Z][^<]*)</th>', table) == [
        "Jauge", "Vendues", "Bloquées", "Libres", "En panier", "Confiées aux bornes",
    ]  # fmt: skip
    hall = table.rpartition('class="whole"')[2]
    assert [each.strip() for each in re.findall(r'class="number">(?:<b>)?([^<]*)', hall)][2:4][1] == "40", (
        "figures follow"
    )


async def test_an_account_says_what_it_stands_at(browser: Browser) -> None:
    """In the list, on its page and in a sheet, where a credit is less than nothing. Before: nowhere."""
    await ordered(browser, 3)
    head, *lines = rows(await browser.get("/admin/e/account"))
    at = head.index("Solde")
    stands = {line[0]: line[at] for line in lines}
    assert stands["espèces"] == "60,00 € au débit" and stands["recettes"] == "60,00 € au crédit"
    assert stands["cartes"] == stands["clients"] == "0,00 €"
    cash = account_id(browser.house.organiser, AccountKind.CASH, "EUR")
    page = await browser.get(f"/admin/e/account/{cash}")
    assert re.search(r"<dt>Solde</dt><dd><bdi class=\"lines\">60,00\s€ au débit</bdi>", page.text)
    async with browser.client.get("/admin/e/account/export.csv") as answer:
        told = list(csv.reader((await answer.text()).lstrip("\ufeff").splitlines(), delimiter=";"))
    sums = {line[0]: line[told[0].index("Solde")] for line in told[1:]}
    assert (sums["espèces"], sums["recettes"], sums["cartes"]) == ("60,00", "-60,00", "0,00")


async def test_an_orders_page_says_of_each_line_its_ticket_its_seat_its_tariff_and_its_price(browser: Browser) -> None:
    """Before: the performance, the performance once more as *Allocation*, seat and category."""
    await ordered(browser, 7)
    orders = await browser.get("/admin/e/sale_order")
    page = await browser.get(re.findall(r'class="open" href="(/admin/e/sale_order/\w+)"', orders.text)[0])
    assert re.search(r"<dt>Billets</dt><dd><bdi class=\"lines\">TDT-0000001 et 6 autres</bdi>", page.text)
    table = page.text.partition("<summary>Lignes de commande")[2].partition("</details>")[0]
    head, *lines = rows(replace(page, text=table))
    assert table.count('<th scope="col" class="number">Prix</th>') == 1, "above its figures"
    assert head == ["Représentation", "Billet", "Siège", "Catégorie de places", "Tarif", "Prix"], head
    for _, number, seat, *rest in lines:
        assert seat == f"Parterre, A, {number.removeprefix('TDT-000000')}" and rest == ["1re", "Plein tarif", "20,00 €"]
    assert len(lines) == 5 and "Tout voir" in table, "the first few"
    line = re.findall(r'href="(/admin/e/order_line/\w+)"', table)[0]
    assert re.search(r"Parterre, A, \d</bdi></a></dd>", (await browser.get(line)).text), (
        "its allocation is called by its seat"
    )
    listed = rows(await browser.get("/admin/e/order_line"))
    assert "Attribution" not in listed[0] and {"Billet", "Tarif", "Prix"} <= {*listed[0]}, listed[0]
    async with browser.client.get("/admin/e/order_line/export.csv") as answer:
        told = list(csv.reader((await answer.text()).lstrip("\ufeff").splitlines(), delimiter=";"))
    assert told[1][told[0].index("Billet")].startswith("TDT-000000") and "Tarif" in told[0]
