"""Two who change the same at the same time: each field says what it was, what the other one saved, who and when; what
was typed stays in the box, and nobody's is lost unseen."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

from central.kernel.actor import SYSTEM, Actor
from central.kernel.entity import BY_NAME
from central.kernel.privileges import EVERYTHING
from central.organisation.operators import InviteOperator
from central.pricing.ops import PriceCell, SetPrice
from tests.central.small_house import new_id
from tests.central.walked import walked
from tests.central.web.screens.conftest import Browser, Page

THEIRS = re.compile(r'<p class="theirs"[^>]*>(.*?)</p>', re.S)


async def colleague(browser: Browser) -> Actor:
    """Somebody with a name, who may do all."""
    who = new_id()
    command = InviteOperator(
        id=who, context_id=browser.house.institution, name="Bob Durand", email="bob@tilleuls.example", language="fr"
    )
    assert (await browser.door.execute(SYSTEM, command, new_id())).ok
    return replace(browser.house.operator(EVERYTHING), id=who, name="Bob Durand")


def theirs(page: Page) -> list[str]:
    """What the page says beside its fields."""
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", each)).split()) for each in THEIRS.findall(page.text)]


async def test_a_name_that_both_changed_is_there_twice_in_every_form(browser: Browser) -> None:
    ada, bob = browser.me["now"].actor, await colleague(browser)
    looked_at = 0
    for entity in walked(BY_NAME):
        rows = await browser.door.read(SYSTEM, lambda read, entity=entity: read.run(f"SELECT id FROM {entity} LIMIT 1"))
        for (row_id,) in rows:
            path = f"/admin/e/{entity}/{row_id}/edit"
            opened = await browser.get(path)
            if opened.status != 200 or not (before := opened.inputs.get("names.fr", [""])[0]):
                continue
            browser.sign_in(bob)
            assert (await browser.send(path, await browser.get(path), names__fr="Celui de Bob")).url != path, entity
            browser.sign_in(ada)
            page = await browser.send(path, opened, names__fr="Celle d’Ada")
            assert page.status == 409 and page.inputs["names.fr"] == ["Celle d’Ada"], entity
            (said,) = theirs(page)
            assert said.startswith(f"Avant : {before}") and "Bob Durand a enregistré" in said, entity
            assert "Celui de Bob" in said and said.endswith("dans la case : votre réponse"), entity
            again = await browser.send(path, page)
            assert again.status == 200 and again.url != path, "sent once more it holds"
            looked_at += 1
    assert looked_at > 5


async def test_what_only_the_other_one_changed_stands_in_its_box_and_says_so(browser: Browser) -> None:
    """A new name in another language, and one in a field that was left alone."""
    ada, bob = browser.me["now"].actor, await colleague(browser)
    path = f"/admin/e/event/{browser.house.event}/edit"
    opened = await browser.get(path)
    browser.sign_in(bob)
    await browser.send(path, await browser.get(path), names__en="Bob’s evening", code="BOB")
    browser.sign_in(ada)
    page = await browser.send(path, opened, names__fr="La soirée d’Ada")
    assert page.status == 409
    code, name = sorted(theirs(page), key=lambda each: "evening" in each)
    assert code == f"Avant : {opened.inputs['code'][0]} · {code.partition(' · ')[2]}" and "BOB" in code
    assert "Bob Durand" in code and code.endswith("repris ici, où vous n’aviez rien changé")
    assert page.inputs["code"] == ["BOB"] and page.inputs["names.fr"] == ["La soirée d’Ada"]
    assert "Bob’s evening (en)" in name and opened.inputs["names.fr"][0] in name


async def test_the_grid_says_of_each_price_what_it_was_and_who_changed_it(browser: Browser) -> None:
    house = browser.house
    path = f"/admin/pricing/grid/{house.grid}"
    ada, bob = browser.me["now"].actor, await colleague(browser)
    seated, standing, child = (
        f"{house.seated}.{house.full}", f"{house.standing}.{house.full}", f"{house.seated}.{house.child}"
    )  # fmt: skip
    opened = await browser.get(path)
    browser.sign_in(bob)
    browser.watch.at += timedelta(minutes=5)
    empty = f"{house.standing}.{house.child}"
    theirs_now = {seated: "21,00", standing: "", empty: "5,00"}
    assert (await browser.send(path, await browser.get(path), **theirs_now)).status == 200
    browser.sign_in(ada)
    page = await browser.send(path, opened, **{seated: "22,00", child: "8,00"})
    assert page.status == 409
    assert page.inputs[seated] == ["22,00"] and page.inputs[child] == ["8,00"], "what was typed stays"
    assert page.inputs[standing] == [""] and page.inputs[empty] == ["5,00"], "where nothing was, the other one's"
    both, gone, new = theirs(page)
    assert re.fullmatch(
        r"Avant : 20,00 · Bob Durand a enregistré \(.+\) : 21,00 · dans la case : votre réponse", both
    ), both
    assert re.fullmatch(r"Avant : 12,00 · Bob Durand .+ : vide · repris ici, où vous n’aviez rien changé", gone), gone
    assert re.fullmatch(r"Avant : vide · Bob Durand .+ : 5,00 · repris ici, où vous n’aviez rien changé", new), new
    saved = await browser.send(path, page)
    assert saved.status == 200
    now = await browser.get(path)
    assert (now.inputs[seated], now.inputs[child], now.inputs[standing], now.inputs[empty]) == (
        ["22,00"], ["8,00"], [""], ["5,00"]
    )  # fmt: skip


async def test_who_changed_a_price_is_known_however_often_another_changed_since(browser: Browser) -> None:
    house = browser.house
    path = f"/admin/pricing/grid/{house.grid}"
    ada, bob = browser.me["now"].actor, await colleague(browser)
    opened = await browser.get(path)
    changes = [PriceCell(house.seated, house.full, 2100)]
    changes += [PriceCell(house.standing, house.full, 900 + n) for n in range(201)]
    for cell in changes:
        assert (await browser.door.execute(bob, SetPrice(grid_id=house.grid, cell=cell), new_id())).ok
    browser.sign_in(ada)
    page = await browser.send(path, opened, **{f"{house.seated}.{house.full}": "22,00"})
    assert page.status == 409
    assert ["Bob Durand" in each for each in theirs(page)] == [True, True], theirs(page)


async def test_what_changed_is_all_of_it(browser: Browser) -> None:
    """The link after an act leads to every price that it changed, also for who may not read the whole log."""
    house = browser.house
    browser.sign_in(house.operator("pricing"))
    path = f"/admin/pricing/grid/{house.grid}"
    cells = (f"{house.seated}.{house.full}", f"{house.standing}.{house.full}", f"{house.seated}.{house.child}")
    saved = await browser.send(path, await browser.get(path), **{each: f"{n},50" for n, each in enumerate(cells, 31)})
    link = re.findall(r'<a href="([^"]+)">Voir ce qui a changé</a>', saved.text)[0]
    page = await browser.get(link)
    assert page.status == 200
    assert all(f"{n},50" in page for n in (31, 32, 33)), page.text
    browser.sign_in(house.operator("pricing"))
    assert (await browser.get(link)).status == 403, "what others did stays in the log"
