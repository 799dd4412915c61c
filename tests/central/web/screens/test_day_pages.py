"""The page of the house is its working day, and a performance's page has its figures: for who may see them."""

import pytest

from central.catalogue.model import CataloguePrivilege, PerformanceDo
from central.inventory.plan_actions import BlockPlaces
from central.kernel.actor import SYSTEM
from central.orders.model import OrdersPrivilege
from central.organisation.model import OrganisationPrivilege
from central.programme.sale_state import ChangeSale
from central.selling.model import SellingPrivilege
from central.venues.selection import Selection
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser


async def test_the_page_of_the_house_is_its_working_day(browser: Browser) -> None:
    page = await browser.get("/admin")
    assert page.status == 200
    for said in ("samedi 21 novembre", "Cyrano", "vendues sur 40", "Recette", "À faire", "Restent à vendre"):
        assert said in page, said
    browser.sign_in(browser.house.operator(SellingPrivilege.CHANNEL_READ))
    assert "À faire" not in await browser.get("/admin"), "who may see no performance has no such day"
    browser.sign_in(browser.house.operator(CataloguePrivilege.CATALOGUE_READ), "de")
    reader = await browser.get("/admin")
    assert "von 40 verkauft" in reader and "Einnahmen" not in reader


async def test_a_performances_page_has_its_figures_and_its_hall(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing = f"/admin/e/performance/{browser.house.performance}"
    hall = f"/admin/performance/{browser.house.performance}/hall.svg"
    page = await browser.get(thing)
    assert "Places par catégorie et contingent" in page and "Recette" in page and hall in page
    picture = await browser.get(hall)
    assert picture.status == 200 and picture.text.count("data-n=") == 20
    for most, status in ((40, 200), (39, 404)):
        monkeypatch.setattr("central.reports.pages.MOST_DRAWN", most)
        assert (await browser.get(hall)).status == status, "a stadium's is not drawn"
    browser.sign_in(browser.house.operator(CataloguePrivilege.CATALOGUE_READ))
    page = await browser.get(thing)
    assert "Places par catégorie" in page and "Recette" not in page and "contingent" not in page.text.lower()
    browser.sign_in(browser.house.operator(OrdersPrivilege.ORDER_READ))
    assert (await browser.get(hall)).status == 404
    assert (await browser.get("/admin/performance/01ARZ3NDEKTSV4RRFFQ69G5FAV/hall.svg")).status == 404


async def test_todays_sheet_has_an_address_of_its_own(browser: Browser) -> None:
    page = await browser.get("/admin/service")
    assert page.status == 200 and page.url.endswith("/admin/service/2026-11-21") and "Cyrano" in page
    assert 'href="/admin/service?at=' in (await browser.get("/admin")), (
        "in the room of the day, and so in find anything"
    )
    for wrong in ("2026-13-01", "2026-02-30", "0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"):
        assert (await browser.get(f"/admin/service/{wrong}")).status == 404, wrong


async def test_the_log_says_on_what_a_plan_was_worked(browser: Browser) -> None:
    """Before: what changed was "nothing", though twenty seats had."""
    house, command_id = browser.house, new_id()
    block = BlockPlaces(performance_id=house.performance, selection=Selection(seats=house.seats[:3]), why="régie")
    assert (await browser.door.execute(SYSTEM, block, command_id)).ok
    page = await browser.get(f"/admin/audit/{command_id}")
    assert "Aucune fiche" in page and f'href="/admin/e/performance/{house.performance}"' in page
    browser.sign_in(browser.house.operator(OrganisationPrivilege.AUDIT_READ))
    page = await browser.get(f"/admin/audit/{command_id}")
    assert page.status == 200 and house.performance not in page.text, "named only to who may see it"


@pytest.mark.parametrize("do", [PerformanceDo.CLOSE, PerformanceDo.CANCEL])
async def test_of_what_is_over_nothing_is_left_to_sell(browser: Browser, do: PerformanceDo) -> None:
    """On the working day, its service sheet and the plan, as on its own page. Before: they went on offering places."""
    house = browser.house
    sheet, plan = "/admin/service/2026-11-21", f"/admin/plan/performance/{house.performance}"
    assert "Restent à vendre" in await browser.get("/admin") and "<b></b>" not in await browser.get(sheet)
    assert (await browser.door.execute(SYSTEM, ChangeSale(performance_id=house.performance, do=do), new_id())).ok
    day, page = await browser.get("/admin"), await browser.get(sheet)
    assert "Cyrano" in day and "Restent à vendre" not in day
    assert ("<b></b>" in page) is (do is PerformanceDo.CANCEL), "what is closed has free places, what is cancelled none"
    said = {PerformanceDo.CLOSE: "vente close", PerformanceDo.CANCEL: "annulée"}[do]
    assert f" · {said}</p>" in (await browser.get(plan)).text
