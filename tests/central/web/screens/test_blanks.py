"""What may be left empty follows: codes from names, colours from those still free; a usual set is made item by item;
a price grid is a file with its prices."""

import io
import zipfile

import pytest

from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.countries import country_of
from central.organisation.contexts import CreateContext
from central.pricing.usual_tariffs import CreateTariffs, NewTariff
from central.programme.form_defaults import VAT_OF_SHOWS
from central.selling.model import ChannelKind
from central.selling.usual_channels import CreateChannels, NewChannel
from central.web.checklist_proposals import only
from central.web.screens.blanks import next_code
from shared.look import look
from tests.central.small_house import new_id
from tests.central.web.screens.conftest import Browser


async def rows(browser: Browser, sql: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = await browser.door.read(SYSTEM, lambda read: read.run(sql))
    return found


async def test_a_code_and_a_colour_follow_where_they_are_left_empty(browser: Browser) -> None:
    path = f"/admin/e/seat_category/new?at={browser.house.institution}"
    for want in ("CARRE-OR", "CARRE-OR-2"):
        form = await browser.get(path)
        made = await browser.send(path, form, names__fr="Carré d’or", rank="7", code="", colour="")
        assert "done=" in made.url, made.text
        ((colour,),) = await rows(browser, f"SELECT colour FROM seat_category WHERE code = '{want}'")
        assert colour in look().categories
    ((different,),) = await rows(browser, "SELECT COUNT(DISTINCT colour) FROM seat_category")
    assert different == 4, "each takes one that is free"
    form = await browser.get(path)
    nameless = await browser.send(path, form, names__fr="", rank="7", code="", colour="")
    assert nameless.status == 422, "of no name follows no code"
    said = await browser.send(path, await browser.get(path), names__fr="Loge", rank="8", code="L", colour="#123456")
    assert "done=" in said.url and await rows(browser, "SELECT colour FROM seat_category WHERE code = 'L'") == [
        ("#123456",)
    ]


@pytest.mark.parametrize(("code", "want"), [("A", "A-2"), ("A-2", "A-3"), ("A-B", "A-B-2"), ("A-9", "A-10")])
def test_the_next_code(code: str, want: str) -> None:
    assert next_code(code) == want


def test_of_a_usual_set_what_is_ticked_is_made() -> None:
    tariffs = CreateTariffs(
        context_id=new_id(), tariffs=tuple(NewTariff(each, {"fr": each}, n, False) for n, each in enumerate("AB"))
    )
    assert [each.code for each in only(tariffs, {"B"}).tariffs] == ["B"]
    assert only(tariffs, {"A", "B"}) == tariffs
    shop = NewChannel("WEB", {"fr": "Web"}, ChannelKind.INTERNET_PUBLIC, 10, "WEB-1", {"fr": "Boutique"})
    assert only(CreateChannels(context_id=new_id(), channels=(shop,)), {"WEB-1"}).channels == ()


async def test_a_usual_set_is_made_item_by_item(browser: Browser) -> None:
    season = new_id()
    made = CreateContext(
        id=season, context_id=browser.house.organiser, kind=ContextKind.SEASON, code="S27", names={"fr": "Saison 27"},
        settings={},
    )  # fmt: skip
    assert (await browser.door.execute(SYSTEM, made, new_id())).ok
    path = f"/admin/live/usual/tariffs?at={season}"
    page = await browser.get(path)
    assert page.inputs["take"] == ["PLEIN", "REDUIT", "ENFANT"]
    none = await browser.send(path, page, take=None)
    assert none.status == 422 and "Cochez au moins une ligne." in none
    some = await browser.send(path, page, take=["PLEIN", "ENFANT"])
    assert some.url.startswith("/admin/live")
    assert await rows(browser, f"SELECT code FROM tariff WHERE context_id = '{season}' ORDER BY rank") == [
        ("PLEIN",), ("ENFANT",),
    ]  # fmt: skip


async def test_a_form_opens_with_what_the_house_can_know(browser: Browser) -> None:
    house, season = browser.house, new_id()
    made = CreateContext(
        id=season, context_id=house.organiser, kind=ContextKind.SEASON, code="S27", names={"fr": "Saison 27"},
        settings={},
    )  # fmt: skip
    assert (await browser.door.execute(SYSTEM, made, new_id())).ok
    ((last,),) = await rows(browser, "SELECT MAX(rank) FROM seat_category")
    category = await browser.get(f"/admin/e/seat_category/new?at={house.institution}")
    assert category.inputs["rank"] == [str(int(str(last)) + 1)]
    assert (await browser.get(f"/admin/e/tariff/new?at={season}")).inputs["rank"] == ["1"], "the first of this season"
    grid = await browser.get(f"/admin/e/price_grid/new?at={season}")
    assert grid.inputs["names.fr"] == ["Prix de la saison"] and grid.inputs["names.en"] == ["Season prices"]
    second = await browser.get(f"/admin/e/price_grid/new?at={house.season}")
    assert second.inputs["names.fr"] == [""], "which the first is called"
    ((rate,),) = await rows(browser, "SELECT vat_bp FROM event")
    show = await browser.get(f"/admin/e/event/new?at={house.activity}")
    assert show.inputs["vat_bp"] == [f"{int(str(rate)) / 100:g}".replace(".", ",")], "that of the last one"
    assert (await browser.get(f"/admin/e/event/new?at={house.season}")).inputs["vat_bp"] == ["5,5"], (
        "that of the country"
    )


@pytest.mark.parametrize(
    "zone, rate",
    [
        ("Europe/Paris", 550),
        ("Europe/Vienna", 1300),
        ("Atlantic/Canary", 1000),
        ("Europe/Brussels", None),
        ("UTC", None),
    ],
)  # fmt: skip
def test_a_rate_is_proposed_where_the_country_is_all_that_has_to_be_known(zone: str, rate: int | None) -> None:
    assert VAT_OF_SHOWS.get(country_of(zone)) == rate


async def test_all_usual_sets_are_made_in_one_go(browser: Browser) -> None:
    organiser, season = new_id(), new_id()
    for id_, above, kind in (
        (organiser, browser.house.institution, ContextKind.ORGANISER), (season, organiser, ContextKind.SEASON),
    ):  # fmt: skip
        made = CreateContext(id=id_, context_id=above, kind=kind, code=kind, names={"fr": kind}, settings={})
        assert (await browser.door.execute(SYSTEM, made, new_id())).ok
    path = f"/admin/live/usual?at={season}"
    tariffs = f"SELECT code FROM tariff WHERE context_id = '{season}' ORDER BY rank"
    page = await browser.get(path)
    sets = {name.partition(".")[0] for name in page.inputs if name.endswith(".take")}
    assert sets == {"tariffs"}, "all that this house lacks; of several it is in tests/e2e/test_few_clicks.py"
    unseen = await browser.send(path, page, tariffs___shown=None)
    assert unseen.status == 422 and await rows(browser, tariffs) == []
    done = await browser.send(path, page, tariffs__take=["PLEIN"])
    assert done.url.startswith("/admin/live?") and await rows(browser, tariffs) == [("PLEIN",)]
    assert (await browser.get(path)).url.startswith("/admin/live?"), "nothing is left to propose"


async def test_a_price_grid_is_a_file_with_its_prices(browser: Browser) -> None:
    path = f"/admin/pricing/grid/{browser.house.grid}"
    page = await browser.get(path)
    assert f"{path}/export.xlsx" in page
    said = await browser.get(f"{path}/export.csv")
    lines = [line.split(";") for line in said.text.removeprefix("\ufeff").splitlines()]
    assert lines[0][1:] == ["Catégorie de places (EUR)", "Plein tarif", "Enfant"]
    assert lines[1:] == [["CAT1", "1re", "20,00", "9,00"], ["DEBOUT", "Debout", "12,00", ""]]
    async with browser.client.get(f"{path}/export.xlsx") as answer:
        book = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert "<v>20</v>" in book.read("xl/worksheets/sheet1.xml").decode(), "a number, and no text"
    assert (await browser.get(f"{path}/export.pdf")).status == 404
    browser.sign_in(browser.house.operator("catalogue"))
    assert (await browser.get(f"{path}/export.csv")).status == 404
