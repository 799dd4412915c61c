"""The plan in a real Chromium: selecting in every way, acting with a look before, undo, two operators on one plan, the
hall as it was, the list by keyboard alone, a hall drawn from nothing and one brought as a file."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from central.web.texts import texts
from tests.e2e.readable import OF_AXE, axe_faults, in_both_schemes
from tests.e2e.signed_in import enter, session_of
from tests.evening_house import EveningHouse, evening_house
from tests.waiting import PAGE_PATIENCE_MS

FRENCH = texts("fr")

pytestmark = pytest.mark.e2e
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path) as made:
        yield made


@pytest.fixture
def token(house: EveningHouse, tmp_path: Path) -> str:
    return session_of(tmp_path / "parterre.db", house.operator)


@asynccontextmanager
async def page_of(
    browser: Browser, house: EveningHouse, token: str, width: int = 1440, height: int = 950
) -> AsyncIterator[Page]:
    """A signed-in page; whatever its console complains about fails the test."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light",
        locale="fr-FR",
        bypass_csp=False,
    )
    await enter(context, house.central.url, token)
    page = await context.new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert [said for said in complaints if "422" not in said and OF_AXE not in said] == [], "a refused form is no fault"
    await context.close()


async def open_plan(
    page: Page, house: EveningHouse, target: str = "performance", plan: str = "", query: str = ""
) -> None:
    await page.goto(f"{house.central.url}/admin/plan/{target}/{plan or house.tonight}{query}")
    await page.locator("canvas[data-first]").wait_for()


async def chosen(page: Page) -> int:
    found: int = await page.evaluate("plan.selected.size")
    return found


async def act(page: Page, name: str, why: str = "", **fields: str) -> str:
    """Looks at the effect, then does it; what the page says after that."""
    await page.select_option("[data-act]", name)
    for field, value in fields.items():
        await page.select_option(f"[name={field}]", value)
    if why:
        await page.fill("[name=why]", why)
    await page.click("[name=dry_run]")
    would = page.locator(".plan-would")
    await expect(would).to_be_visible()
    await page.click(".plan-acts .first")
    done = page.locator(".plan-done")
    await expect(done).to_be_visible()
    return await done.inner_text()


async def state_of(page: Page, at: int) -> str:
    found: str = await page.evaluate(f"'fhlosbx'[plan.state[{at}]]")
    return found


async def test_every_way_to_select(house: EveningHouse, browser: Browser, token: str) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        box = await page.locator("canvas").bounding_box()
        assert box
        spot = await page.evaluate(
            "(() => { const at = 300; return [(plan.x[at] - plan.left) * plan.scale / plan.density,"
            " (plan.y[at] - plan.top) * plan.scale / plan.density]; })()"
        )
        where = (box["x"] + spot[0], box["y"] + spot[1])
        await page.mouse.click(*where)
        assert await page.evaluate("[...plan.selected]") == [300]
        await page.mouse.click(*where)
        assert await chosen(page) == 0, "a second touch takes it back"
        await page.click("[data-tool=rows]")
        await page.mouse.click(*where)
        row = await page.evaluate("plan.picture.rows[plan.row[300]][2]")
        assert await chosen(page) == row
        await page.click("[data-tool=zones]")
        await page.mouse.click(*where)
        zone = await page.evaluate(
            "plan.of((at) => plan.picture.rows[plan.row[at]][0] === plan.picture.rows[plan.row[300]][0]).length"
        )
        assert await chosen(page) == zone > row
        await page.click("[data-tool=lasso]")
        right, bottom = box["width"] - 12, box["height"] - 12
        await page.mouse.move(box["x"] + 12, box["y"] + 12)
        await page.mouse.down()
        for x, y in ((right, 12), (right, bottom), (12, bottom)):
            await page.mouse.move(box["x"] + x, box["y"] + y, steps=12)
        await page.mouse.up()
        assert await chosen(page) == await page.evaluate("plan.count")
        await page.click("[data-none]")
        assert await chosen(page) == 0
        await page.locator(".plan-pick").nth(1).click()
        kind = "plan.category[at] === 1 && plan.contingent[at] === -1"
        of_kind = await page.evaluate(f"plan.of((at) => {kind}).length")
        assert await chosen(page) == of_kind > 0, "all of a category and contingent"
        await page.locator(".plan-pick").first.click(modifiers=["Shift"])
        assert await chosen(page) > of_kind
        await page.click("[data-none]")
        await page.locator("canvas").focus()
        before = await page.evaluate("[plan.left, plan.scale]")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("+")
        assert await page.evaluate("[plan.left, plan.scale]") != before


async def test_block_a_row_look_first_then_undo(house: EveningHouse, browser: Browser, token: str) -> None:
    await house.sell(0, 1)
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        await page.evaluate("plan.pick(plan.rows.get(0), false)")
        sold = await page.evaluate("plan.rows.get(0).filter((at) => plan.state[at] === 4).length")
        row = await chosen(page)
        named = await page.evaluate("plan.said()")
        assert re.fullmatch(r".+ (\w+)-?1–\1-?\d+", named), named
        await expect(page.locator("[data-chosen]")).to_contain_text(named)
        await page.evaluate("plan.pick(plan.rows.get(0).filter((at) => plan.state[at] !== 4), false)")
        named = await page.evaluate("plan.said()")
        await page.select_option("[data-act]", "block")
        await expect(page.locator("[data-do]")).to_have_text(f"Bloquer {named}")
        said = await act(page, "block", "télévision")
        await expect(page.locator("[data-do]")).to_have_text("Bloquer les places choisies")
        assert str(row - sold) in said and (sold == 0 or str(sold) in said), said
        await page.locator("canvas[data-version='1']").wait_for()
        assert await state_of(page, row - 1) == "b"
        await expect(page.locator(".plan-story li").first).to_contain_text("télévision")
        await expect(page.locator(".plan-story li").first).to_contain_text(named)
        counted = await house.office.query("availability", performance_id=house.tonight)
        assert sum(line["blocked"] for line in counted) == row - sold
        await page.click("[data-undo]")
        await expect(page.locator(".plan-done")).to_contain_text(str(row - sold))
        await page.locator("canvas[data-version='2']").wait_for()
        assert await state_of(page, row - 1) == "f"
        counted = await house.office.query("availability", performance_id=house.tonight)
        assert sum(line["blocked"] for line in counted) == 0


async def test_without_a_reason_it_says_what_is_missing(house: EveningHouse, browser: Browser, token: str) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        await page.evaluate("plan.pick([5], false)")
        await page.select_option("[data-act]", "block")
        await page.click(".plan-acts .first")
        await expect(page.locator(".plan-refused")).to_contain_text("motif")
        assert await chosen(page) == 1, "nothing that was chosen is lost"


async def test_two_operators_see_each_other(house: EveningHouse, browser: Browser, token: str) -> None:
    press = house.office.new_id()
    await house.office.command(
        "create_contingent", id=press, context_id=house.house.institution, code="PRESSE", names={"fr": "Presse"},
        colour="#8a8594",
    )  # fmt: skip
    async with page_of(browser, house, token) as one, page_of(browser, house, token) as other:
        await open_plan(one, house)
        await open_plan(other, house)
        await one.evaluate("plan.pick(plan.rows.get(2), false)")
        await act(one, "assign", contingent_id=press)
        await other.locator("canvas[data-version='1']").wait_for()
        inside = "plan.rows.get(2).every((at) => plan.picture.contingents[plan.contingent[at]]?.code === 'PRESSE')"
        assert await other.evaluate(inside)
        await house.sell(7)  # and somebody at the desk sells meanwhile
        await expect(other.locator(".plan-counts tfoot")).to_contain_text("1")
        await other.evaluate("new Promise((done) => setTimeout(done, 1200))")
        assert await other.evaluate("plan.of((at) => plan.state[at] === 4).length") == 1


async def test_rows_are_lettered_at_both_ends(house: EveningHouse, browser: Browser, token: str) -> None:
    """At rest where they fit, and always when one looks closely: of a row that goes on outside at the edge."""
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        drawn = """(names) => { const fill = plan.context.fillText.bind(plan.context);
          plan.context.fillText = (text, x, y) => { names.push([text, x, y]); fill(text, x, y); };
          plan.paint(); plan.context.fillText = fill; return names; }"""
        await page.evaluate("plan.fit(); plan.zoom(20 / (plan.radius * plan.scale))")
        await page.evaluate("plan.left = plan.x[3]; plan.top = plan.y[3] - 40; plan.draw()")
        first = await page.evaluate("plan.picture.rows[0][1]")
        texts = await page.evaluate(drawn, [])
        ends = [x for text, x, _ in texts if text == first]
        assert len(ends) == 2, texts
        width = await page.evaluate("plan.canvas.width")
        assert min(ends) < width / 2 < max(ends)
        await page.evaluate("plan.fit(); plan.zoom(0.6)")
        assert first not in [text for text, _, _ in await page.evaluate(drawn, [])], "too small to be read"


ALL_COUNTS = """(words) => {
    const head = document.querySelector(".plan-counts thead tr:last-child");
    for (const each of words) {
        const cell = head.lastElementChild.cloneNode();
        cell.textContent = each;
        head.append(cell);
        for (const number of document.querySelectorAll(".plan-counts td.number:last-child")) {
            number.after(number.cloneNode(true));
        }
    }
}"""
"""As on a busy evening: more columns than this one has."""


async def test_all_counts_are_seen_beside_the_plan_and_a_no_goes_with_the_next_choice(
    house: EveningHouse, browser: Browser, token: str
) -> None:
    """A column of the counts that is cut off is mostly the last: what is sold. Names are as long as they come."""
    async with page_of(browser, house, token, 1280, 900) as page:
        await open_plan(page, house)
        await page.click("[name=dry_run]")
        await expect(page.locator("[data-said]")).to_have_class("plan-refused")
        await page.evaluate("plan.pick(plan.rows.get(0), false)")
        await expect(page.locator("[data-said]")).to_be_empty()
        await act(page, "block", "travaux")
        await expect(page.locator(".plan-counts thead")).to_contain_text(FRENCH("value:count.blocked"))
        await open_plan(page, house, query="?lang=de")
        await page.evaluate(ALL_COUNTS, [texts("de").value("count", each) for each in ("leased", "optioned", "sold")])
        cut = "(each) => each.scrollWidth - each.clientWidth"
        assert await page.locator(".plan-scroll").evaluate(cut) <= 0


async def test_the_hall_as_it_was(house: EveningHouse, browser: Browser, token: str) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        await page.evaluate("plan.pick(plan.rows.get(0), false)")
        await act(page, "block", "travaux")
        await open_plan(page, house, query="?at=2020-03-03T10:00")
        await expect(page.locator("[data-past]")).to_contain_text("2020")
        await expect(page.locator("details.plan-past")).to_contain_text("travaux")
        assert await page.evaluate("plan.of((at) => plan.state[at] === 5).length") == 0
        assert await page.locator("[data-act] option").count() == 0, "the past is not changed"


async def test_a_broken_chair_is_invalidated_and_remembered(house: EveningHouse, browser: Browser, token: str) -> None:
    (logical,) = await house.office.rows("logical_configuration", id=house.house.logical)
    physical = logical["physical_configuration_id"]
    async with page_of(browser, house, token) as page:
        await open_plan(page, house, "physical", physical)
        await page.evaluate("plan.pick([10], false)")
        await act(page, "invalidate", "siège cassé")
        await page.locator("canvas[data-version='1']").wait_for()
        assert await state_of(page, 10) == "x"
        await page.evaluate("plan.pick([10], false)")
        await act(page, "revalidate")
        await page.locator("canvas[data-version='2']").wait_for()
        assert await state_of(page, 10) == "f"


async def test_the_list_does_it_without_a_mouse_or_a_script(house: EveningHouse, browser: Browser, token: str) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="fr-FR")
    await enter(context, house.central.url, token)
    page = await context.new_page()
    await page.goto(f"{house.central.url}/admin/plan/performance/{house.tonight}?view=list")
    await page.locator("details details summary").first.click()  # in the only zone of this page, which is open
    await page.locator("input[name=row]").first.check()
    await page.select_option("[data-act]", "block")
    await page.fill("[name=why]", "équipe technique")
    await page.click(".plan-acts .first")
    await expect(page.locator(".plan-done")).to_be_visible()
    counted = await house.office.query("availability", performance_id=house.tonight)
    assert sum(line["blocked"] for line in counted) > 0
    await context.close()


async def test_a_reason_is_asked_for_where_an_act_needs_one(house: EveningHouse, browser: Browser, token: str) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        mark = page.locator("[data-needed=why] .needed")
        for name, needed in (("unblock", False), ("block", True), ("assign", False)):
            await page.select_option("[data-act]", name)
            await expect(mark).to_be_visible(visible=needed)
            await expect(page.locator("[name=why]")).to_have_attribute("aria-required", str(needed).lower())


async def test_a_hall_is_drawn_from_nothing(house: EveningHouse, browser: Browser, token: str) -> None:
    (space, *_) = await house.office.rows("space")
    async with page_of(browser, house, token) as page:
        await page.goto(f"{house.central.url}/admin/plan/new?space={space['id']}")
        await expect(page.locator(".workshop-preview strong")).to_have_text("200 places")
        await page.click("[name=add]")
        await expect(page.locator(".workshop-preview strong")).to_have_text("400 places")
        await page.fill("[name=name]", "Petite salle")
        await page.fill("[name=code]", "PETITE")
        await page.fill("[name=block-1-rows]", "4")
        await page.locator("[name=block-1-rows]").blur()
        await expect(page.locator(".workshop-preview strong")).to_have_text("280 places")
        await page.get_by_role("button", name="Enregistrer ce dessin").click()
        await page.locator("canvas[data-first]").wait_for()
        assert await page.evaluate("plan.count") == 280


async def test_a_faulty_file_is_refused_whole_and_a_good_one_comes_back(
    house: EveningHouse, browser: Browser, token: str, tmp_path: Path
) -> None:
    (space, *_) = await house.office.rows("space")
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    lines = ["zone,row,seat,x,y,category,access", *(f"Parterre,A,{n},{n * 25},0,1re," for n in range(1, 6))]
    good.write_text("\n".join(lines))
    bad.write_text("\n".join([*lines, "Parterre,A,5,400,0,1re,", "Parterre,A,9,here,0,1re,"]))
    async with page_of(browser, house, token) as page:
        await page.goto(f"{house.central.url}/admin/plan/new?space={space['id']}")
        await page.fill("[name=name]", "Du fichier")
        await page.fill("[name=code]", "FICHIER")
        await page.set_input_files("[name=file]", bad)
        async with page.expect_response(lambda answer: answer.status == 422):
            await page.get_by_role("button", name="Importer le fichier").click()
        faults = page.locator(".workshop-faults li")
        assert await faults.count() == 2
        await expect(page.locator("[name=code]")).to_have_value("FICHIER")
        await page.set_input_files("[name=file]", good)
        await page.get_by_role("button", name="Importer le fichier").click()
        await page.locator("canvas[data-first]").wait_for()
        assert await page.evaluate("plan.count") == 5
        async with page.expect_download() as taken:
            await page.click("text=CSV")
        exported = (await (await taken.value).path()).read_text()
        assert exported.count("\n") >= 6 and "Parterre" in exported


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("view", ["", "?view=list", "new"])
async def test_nobody_is_shut_out(house: EveningHouse, browser: Browser, token: str, width: int, view: str) -> None:
    async with page_of(browser, house, token, width, 800) as page:
        if view == "new":
            await page.goto(f"{house.central.url}/admin/plan/new")
        else:
            await page.goto(f"{house.central.url}/admin/plan/performance/{house.tonight}{view}")
        if not view:
            await page.locator("canvas[data-first]").wait_for()
        async for scheme in in_both_schemes(page):
            assert await axe_faults(page, scheme, "wcag2a", "wcag2aa", "wcag21aa", "wcag22aa") == [], scheme
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "nothing sticks out"


async def test_pictures(
    house: EveningHouse, browser: Browser, token: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The plan for the documents, with contingents, blocks and sales."""
    import os

    folder = PICTURES if os.environ.get("PICTURES") else tmp_path
    for code, name, colour in (("PRESSE", "Presse", "#d55e00"), ("CE", "Comités d’entreprise", "#f0e442")):
        await house.office.command(
            "create_contingent", id=house.office.new_id(), context_id=house.house.institution, code=code,
            names={"fr": name}, colour=colour,
        )  # fmt: skip
    await house.sell(0, 1, 2, 3, 30, 31)
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        options = await page.locator("[name=contingent_id] option").all_inner_texts()
        for row, name in ((4, "Presse"), (5, "Presse"), (12, "Comités d’entreprise"), (13, "Comités d’entreprise")):
            await page.evaluate(f"plan.pick(plan.rows.get({row}), false)")
            await page.select_option("[data-act]", "assign")
            await page.select_option("[name=contingent_id]", index=options.index(name))
            await page.click(".plan-acts .first")
            await page.locator(f"canvas[data-version='{(4, 5, 12, 13).index(row) + 1}']").wait_for()
        await page.evaluate("plan.pick(plan.rows.get(20), false)")
        await act(page, "block", "télévision")
        await page.click("[data-by=contingent]")
        dots = "(dots) => dots.map((dot) => [dot.style.getPropertyValue('--dot'), dot.dataset.contingentColour])"
        told = await page.eval_on_selector_all(".plan-dot", dots)
        assert all(shown == (colour or "transparent") for shown, colour in told), "the legend is drawn as the plan is"
        assert any(colour for _, colour in told)
        await page.screenshot(path=folder / "admin-plan.png")
        assert (folder / "admin-plan.png").stat().st_size > 20_000


async def test_a_seat_is_found_by_its_name_and_the_hall_is_printed_whole(
    house: EveningHouse, browser: Browser, token: str
) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        name = "((at) => plan.picture.rows[plan.row[at]][1] + plan.picture.numbers[at])"
        wanted = await page.evaluate(f"{name}(7)")
        field = page.locator("[data-search] input")
        for asked in (wanted, f" {wanted.lower()} ", f"{wanted[0]} {wanted[1:]}"):
            await page.evaluate("plan.pick([], false)")
            await field.fill(asked)
            await field.press("Enter")
            assert await page.evaluate("[...plan.selected]") == await page.evaluate(
                f"plan.of((at) => {name}(at) === '{wanted}')"
            ), asked
        assert await chosen(page) >= 1
        px, py = await page.evaluate("[(plan.x[7] - plan.left) * plan.scale, (plan.y[7] - plan.top) * plan.scale]")
        width, height = await page.evaluate("[plan.canvas.width, plan.canvas.height]")
        assert 0 < px < width and 0 < py < height
        whole = await page.evaluate("plan.picture.zones[plan.picture.rows[0][0]].name + ' ' + plan.picture.rows[0][1]")
        await field.fill(whole)
        await field.press("Enter")
        assert await page.evaluate("[...plan.selected]") == await page.evaluate("plan.rows.get(0)")
        await field.fill("QQ99")
        await field.press("Enter")
        assert await chosen(page) == 0
        await expect(page.locator("[data-chosen]")).to_contain_text("QQ99")
        before = await page.evaluate("[plan.left, plan.top, plan.scale, plan.ground]")
        await page.emulate_media(media="print")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        corner = "[...plan.context.getImageData(2, 2, 1, 1).data]"
        assert await page.evaluate(corner) == [255, 255, 255, 255], "no ink for the ground"
        across = "(plan.x[at] - plan.left) * plan.scale"
        assert await page.evaluate(f"plan.of((at) => {across} < 0 || {across} > plan.canvas.width)") == []
        await expect(page.locator(".plan-tools")).to_be_hidden()
        await expect(page.locator(".plan-counts")).to_be_visible()
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert await page.evaluate("[plan.left, plan.top, plan.scale, plan.ground]") == before


SAME_NAME = [
    ("a12", "A12", True), ("A-12", "A12", True), ("É 4", "E4", True), ("3 12", "3-12", True), ("312", "3-12", False),
    ("Bloc 12 3-4", "Bloc 12 3-4", True), ("parterre a–12", "Parterre A12", True), ("A1", "A12", False),
]  # fmt: skip
"""(as it is asked for, as it is called, whether it is that one)"""


async def test_names_are_compared_as_people_write_them(house: EveningHouse, browser: Browser, token: str) -> None:
    async with page_of(browser, house, token) as page:
        await open_plan(page, house)
        for asked, stored, same in SAME_NAME:
            found = await page.evaluate("([one, other]) => plainly(one) === plainly(other)", [asked, stored])
            assert found is same, (asked, stored)
