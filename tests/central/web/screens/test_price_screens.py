"""What screens say of prices."""

import re
from datetime import timedelta
from html import unescape

from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind
from central.kernel.privileges import EVERYTHING
from central.organisation.ops import CreateContext
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell, SetPrices
from central.programme.performances import CreatePerformance, Schedule
from tests.central.small_house import STANDING, STARTS, new_id
from tests.central.web.screens.conftest import Browser


async def test_a_grids_history_tells_its_prices(browser: Browser) -> None:
    """Before: *Version 2 → 3*, in the column beside the prices and in the whole history."""
    house = browser.house
    cells = (PriceCell(house.seated, house.full, 2_500), PriceCell(house.standing, house.full, STANDING))
    reply = await browser.door.execute(SYSTEM, SetPrices(grid_id=house.grid, prices=cells), act := new_id())
    assert reply.ok
    for path in (f"/admin/history/price_grid/{house.grid}?panel=1", f"/admin/audit/{act}"):
        said = [" ".join(unescape(re.sub("<[^>]*>", " ", each)).split()) for each in
                re.findall(r"<dt>.*?</dd>", (await browser.get(path)).text, re.S)]  # fmt: skip
        assert "1re, Plein tarif avant 20,00 € → après 25,00 €" in said, said
        assert "1re, Enfant avant 9,00 € → après rien" in said or "1re, Enfant 9,00 €" in said, said
        assert not any("Debout" in each for each in said if "→" in each), "what stayed as it was is not told"
    first = (await browser.get(f"/admin/history/price_grid/{house.grid}")).text
    assert "20,00" in first.rpartition('class="entry-head"')[2], "those it was made with"


async def amounts(browser: Browser) -> list[int]:
    rows = await browser.door.read(
        SYSTEM, lambda read: read.run("SELECT amount FROM price WHERE grid_id = :id", id=browser.house.grid)
    )
    return sorted(row[0] for row in rows)


async def test_a_price_far_beyond_all_others_is_asked_about(browser: Browser) -> None:
    """Before: 99 999 999 999 999,00 € was saved without a word."""
    house, path = browser.house, f"/admin/pricing/grid/{browser.house.grid}"
    cell, page, stood = f"{house.seated}.{house.full}", await browser.get(path), await amounts(browser)
    for typed, told in (
        ("2500", "2\u202f500,00\xa0€"),
        ("99999999999999", "99\u202f999\u202f999\u202f999\u202f999,00\xa0€"),
    ):
        asked = await browser.send(path, page, **{cell.replace(".", "__"): typed})
        assert asked.status == 422 and f"1re, Plein tarif\u202f: {told}" in asked, "it says which, and what was read"
        assert "Enregistrer quand même" in asked and await amounts(browser) == stood, "nothing is saved"
    other = await browser.send(path, asked, **{cell.replace(".", "__"): "88888888"})
    assert other.status == 422, "what was not shown is asked about anew"
    saved = await browser.send(path, other)
    assert saved.status == 200 and "c’est fait" in saved and max(await amounts(browser)) == 8_888_888_800
    page = await browser.get(path)
    usual = await browser.send(path, page, **{cell.replace(".", "__"): "24,50"})
    assert usual.status == 200 and max(await amounts(browser)) == 2450, "what is usual is saved at once"


async def test_a_price_is_weighed_against_what_its_asker_may_see(browser: Browser) -> None:
    """Before: against all grids of the house, and a neighbour's dear boxes let a slip pass."""
    house, path = browser.house, f"/admin/pricing/grid/{browser.house.grid}"
    organiser, tariff = new_id(), new_id()
    boxes = (PriceCell(house.seated, tariff, 10_000_00),)
    for each in (
        CreateContext(
            id=organiser, context_id=house.institution, kind=ContextKind.ORGANISER, code="OPERA",
            names={"fr": "L’opéra"}, settings={"currency": "EUR", "licence": "PLATESV-R-2026-000010"},
        ),
        CreateTariff(id=tariff, context_id=organiser, code="LOGE", names={"fr": "Loge"}, rank=1, proof=False),
        CreatePriceGrid(
            id=new_id(), context_id=organiser, code="G", names={"fr": "Loges"}, currency="EUR", prices=boxes
        ),
    ):  # fmt: skip
        assert (await browser.door.execute(SYSTEM, each, new_id())).ok
    typed = {f"{house.seated}__{house.full}": "2500"}
    browser.sign_in(house.operator(EVERYTHING, at=house.organiser))
    assert (await browser.send(path, await browser.get(path), **typed)).status == 422
    browser.sign_in(house.operator(EVERYTHING))
    assert (await browser.send(path, await browser.get(path), **typed)).status == 200


async def test_another_currency_than_the_houses_is_said_before_anything_is_saved(browser: Browser) -> None:
    house = browser.house
    path = f"/admin/e/price_grid/new?at={house.season}"
    page = await browser.get(path)
    offered = page.text.partition('name="currency"')[2].partition("</select>")[0]
    ours, _, others = offered.partition("<optgroup")
    assert 'value="EUR"' in ours and 'value="BHD"' not in ours and 'value="BHD"' in others
    asked = await browser.send(path, page, names__fr="Dinars", code="BHD", currency="BHD")
    assert asked.status == 422 and "en BHD" in asked and "Enregistrer quand même" in asked
    made = await browser.send(path, asked)
    assert made.status == 200 and "c’est fait" in made
    grid = made.url.rpartition("/")[2].partition("?")[0]
    form = await browser.get(f"/admin/e/performance/new?at={house.activity}")
    assert re.search(rf'value="{grid}"[^>]*>Dinars \(BHD\) · BHD', form.text), "where it is chosen"
    schedule = Schedule(STARTS, STARTS, STARTS + timedelta(hours=3), STARTS)
    night = CreatePerformance(
        id=new_id(), event_id=house.event, logical_configuration_id=house.logical, price_grid_id=grid, schedule=schedule
    )
    assert (await browser.door.execute(SYSTEM, night, new_id())).ok
    for told in (f"/admin/do/change_sale?on={night.id}&do=open", f"/admin/e/performance/{night.id}"):
        assert "la maison compte en EUR" in await browser.get(told), told
    own = await browser.get(f"/admin/e/performance/{house.performance}")
    assert "la maison compte" not in own


async def test_a_new_row_opens_where_its_like_are_meant_to_stand(browser: Browser) -> None:
    """Before: an event made at the house opened at the institution, and was taken there."""
    house = browser.house
    page = await browser.get(f"/admin/e/event/new?at={house.institution}")
    assert page.inputs["context_id"] == [house.activity], "the only one that fits"
    asked = await browser.send(page.url, page, names__fr="Autre", context_id=house.season)
    assert asked.status == 422 and "Ici on attend" in asked and "activité" in asked
    kept = await browser.send(page.url, asked)
    assert kept.status == 200 and "c’est fait" in kept, "who says so once more has it"
    second = await browser.get(f"/admin/e/context/new?at={house.season}&kind=activity")
    assert (
        await browser.send(second.url, second, names__fr="Deux", kind="activity", parent_id=house.season)
    ).status == 200
    page = await browser.get(f"/admin/e/event/new?at={house.institution}")
    assert page.inputs.get("context_id", [""]) == [""], "of two none is chosen for anybody"
    there = await browser.get(f"/admin/e/event/new?at={house.activity}")
    assert there.inputs["context_id"] == [house.activity]


async def test_what_has_one_possible_answer_is_filled_in(browser: Browser) -> None:
    house = browser.house
    page = await browser.get(f"/admin/e/performance/new?at={house.activity}")
    for field, only in (
        ("event_id", house.event), ("logical_configuration_id", house.logical), ("price_grid_id", house.grid),
    ):  # fmt: skip
        assert page.inputs[field] == [only], field
    made = await browser.door.execute(
        SYSTEM,
        CreatePriceGrid(
            id=new_id(), context_id=house.season, code="G2", names={"fr": "Deux"}, currency="EUR", prices=()
        ),
        new_id(),
    )
    assert made.ok
    page = await browser.get(f"/admin/e/performance/new?at={house.activity}")
    assert page.inputs.get("price_grid_id", [""]) == [""], "of two none"
    assert (await browser.get("/admin/e/space/new")).inputs["site_id"] == [house.site]


async def test_what_is_wrong_in_a_row_says_which_row_it_is(browser: Browser) -> None:
    """Before: *Prix : Il manque une réponse.* three times, each alike."""
    house, path = browser.house, f"/admin/e/price_grid/new?at={browser.house.season}"
    page = await browser.get(path)
    rows = [("prices.#", "4"), ("prices.4.category_id", house.seated), ("prices.4.tariff_id", house.full),
            ("prices.4.amount", "12,00"), ("prices.#", "7"), ("prices.7.category_id", house.standing),
            ("prices.7.tariff_id", ""), ("prices.7.amount", "")]  # fmt: skip
    typed = {name: value for name, (value, *_) in page.inputs.items() if not name.startswith("prices.")}
    typed |= {"code": "G9", "names.fr": "Neuf", "currency": "EUR"}
    asked = await browser.post(path, [*typed.items(), *rows])
    assert asked.status == 422
    told = re.findall(r'<li><a href="#f-prices[^"]*">(.*?)</a>', asked.text)
    assert told == ["Prix, ligne 2 · Tarif", "Prix, ligne 2 · Montant"], told
