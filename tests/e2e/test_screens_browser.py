"""The administration in a real Chromium: every screen that is read from the declarations, with hostile names in it, in
light and dark, on a desk and on a telephone: nothing runs that should not, nothing sticks out, axe-core finds nothing.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from central.app import make_app
from central.catalogue.model import Event
from central.kernel.contexts import Context, path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import make_keys
from central.kernel.privileges import EVERYTHING, Action
from central.kernel.schema import upgrade
from central.pricing.model import Tariff
from central.selling.model import Channel
from central.venues.model import SeatCategory, Site, Space
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.ids import Id
from tests.central.small_house import NOW, Clerk, House, Watch, new_id, set_up
from tests.e2e.readable import OF_AXE, axe_faults, in_both_schemes

pytestmark = pytest.mark.e2e
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
HOSTILE = (
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
    "'; DROP TABLE tariff; -- \" OR 1=1",
    '=HYPERLINK("http://127.0.0.1:9/","x")+cmd|\' /C calc\'!A0',
    "عنوان مقلوب {{ 7*7 }} ${7*7} %s {n}",
    "Wort" * 120,
)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@dataclass(slots=True)
class Running:
    url: str
    house: House
    door: Door
    language: str = "fr"


def hostile(clerk: Clerk, house: House) -> dict[str, Id]:
    """The names of what stands in the house become hostile, through the door, as an operator might."""

    def change(kind: type[Any], row_id: Id, **fields: Any) -> None:
        clerk.do(command_of(Action.MODIFY, kind)(id=row_id, set=fields))

    for kind, row_id, n in (
        (Context, house.organiser, 0), (Context, house.season, 1), (Context, house.activity, 4),
        (Event, house.event, 0), (Tariff, house.full, 2), (Tariff, house.child, 4), (Site, house.site, 3),
        (Channel, house.channel, 1), (SeatCategory, house.seated, 0),
    ):  # fmt: skip
        change(kind, row_id, names=dict.fromkeys(("fr", "en", "de", "es", "it"), HOSTILE[n]))
    change(Site, house.site, address="<b>12</b>\n=1+1\n" + "x" * 10_000)
    space = clerk.rows("SELECT id FROM space LIMIT 1")[0][0]
    change(Space, Id(space), names={"fr": HOSTILE[4]})
    return {"space": Id(space)}


@asynccontextmanager
async def served(folder: Path, *, bad: bool) -> AsyncIterator[Running]:
    """The administration of the small house, with somebody signed in; `bad`: its names are hostile."""
    database, watch, keys = Database(f"sqlite:///{folder / 'house.db'}"), Watch(), make_keys(NOW)
    upgrade(database)
    db = database.connect()
    clerk = Clerk(Door(database, watch, path_of, keys), db, watch)
    house = set_up(clerk)
    if bad:
        hostile(clerk, house)
    db.close()
    door = Door(database, watch, path_of, keys)
    door.start()
    made = Running("", house, door)
    me, name = house.operator(EVERYTHING), "Ada <Lovelace>" if bad else "Ada Lovelace"

    async def session(_: web.Request) -> SignedIn | None:
        return SignedIn(me, new_id(), name, made.language, csrf_of("token"))

    app = make_app(door)
    app[SESSIONS] = session
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()
    await asyncio.to_thread(door.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with served(tmp_path, bad=True) as made:
        yield made


@asynccontextmanager
async def page_of(browser: Browser, width: int = 1440, height: int = 900) -> AsyncIterator[Page]:
    """A page; whatever its console complains about fails the test, but for a refusal's own status."""
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: None if "127.0.0.1" in request.url else complaints.append(request.url))
    yield page
    assert [said for said in complaints if "status of 4" not in said and OF_AXE not in said] == []
    await context.close()


def screens(house: House) -> dict[str, str]:
    """Every kind of generic screen, by name."""
    return {
        "house": "/admin",
        "context": f"/admin/at/{house.organiser}",
        "list": "/admin/e/tariff",
        "list-sites": "/admin/e/site",
        "list-empty": "/admin/e/entrance",
        "list-nothing": "/admin/e/tariff?q=%3Cscript%3E",
        "list-narrowed": f"/admin/e/space?is.site_id={house.site}",
        "list-log": "/admin/e/performance",
        "thing": f"/admin/e/performance/{house.performance}",
        "thing-site": f"/admin/e/site/{house.site}",
        "thing-category": f"/admin/e/seat_category/{house.seated}",
        "new-channel": f"/admin/e/channel/new?at={house.institution}",
        "new-performance": "/admin/e/performance/new",
        "new-grid": "/admin/e/price_grid/new",
        "new-profile": f"/admin/e/operator_profile/new?at={house.institution}",
        "copy": f"/admin/e/tariff/new?from={house.full}",
        "edit-context": f"/admin/e/context/{house.organiser}/edit",
        "edit-site": f"/admin/e/site/{house.site}/edit",
        "act": f"/admin/do/change_sale?on={house.performance}&do=suspend",
        "act-refused": f"/admin/do/delete_site?on={house.site}",
        "act-form": f"/admin/do/change_sale?on={house.performance}",
        "prices": f"/admin/pricing/grid/{house.grid}",
        "lost": "/admin/e/tariff/" + "0" * 26,
    }


async def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open."""
    wrong = []
    async for scheme in in_both_schemes(page):
        wrong += [f"{name} {scheme}: {each}" for each in await axe_faults(page, scheme, *WCAG)]
    if await page.evaluate("window.broken"):
        wrong.append(f"{name}: something ran")
    if (wide := await page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
        wrong.append(f"{name}: {wide} px too wide")
    return wrong


@pytest.mark.parametrize("width, height", [(1440, 900), (360, 780)])
async def test_every_screen_bears_hostile_names(running: Running, browser: Browser, width: int, height: int) -> None:
    wrong: list[str] = []
    async with page_of(browser, width, height) as page:
        for name, path in screens(running.house).items():
            await page.goto(running.url + path)
            await page.wait_for_load_state("networkidle")
            wrong += await looked_at(page, f"{name} {width}")
        await page.goto(running.url + "/admin/e/tariff/new")
        await page.fill("#f-names-fr", "")
        await page.click("[data-key=save]")
        wrong += await looked_at(page, f"faults {width}")
        assert await page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert wrong == [], "\n".join(wrong)


async def test_each_price_is_named_where_there_is_no_head_for_it(running: Running, browser: Browser) -> None:
    """On a telephone a grid stands below itself, without the line that names its tariffs."""
    async with page_of(browser, 390, 844) as page:
        await page.goto(f"{running.url}/admin/pricing/grid/{running.house.grid}")
        heads = await page.locator(".matrix thead th bdi").all_inner_texts()
        assert heads and not await page.locator(".matrix thead").is_visible()
        said = "(each) => getComputedStyle(each, '::before').content !== 'none' && each.dataset.label"
        cells = page.locator(".matrix tbody tr:first-child td")
        assert [await cells.nth(n).evaluate(said) for n in range(await cells.count())] == heads
        widths = [await cells.nth(n).bounding_box() for n in range(await cells.count())]
        assert all(box and box["width"] > 250 for box in widths), "each on a line of its own"


async def test_a_form_opens_at_its_first_empty_field_and_an_empty_colour_is_not_black(
    running: Running, browser: Browser
) -> None:
    async with page_of(browser) as page:
        await page.goto(running.url + "/admin/e/seat_category")
        await page.keyboard.press("n")
        await page.wait_for_url("**/new*")
        assert await page.evaluate("document.activeElement.id") == "f-names-fr"
        swatch = page.locator("[data-colour-of]")
        await expect(swatch).to_have_class("unset")
        await page.fill("#f-colour", "#AA3377")
        await expect(swatch).to_have_value("#aa3377")
        await expect(swatch).to_have_class("")


async def test_a_list_filters_as_one_types_and_obeys_the_keyboard(running: Running, browser: Browser) -> None:
    async with page_of(browser) as page:
        await page.goto(running.url + "/admin/e/tariff")
        await expect(page.locator("tbody tr")).to_have_count(2)
        await page.keyboard.press("/")
        await page.keyboard.type("CHILD")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert "q=CHILD" in page.url
        assert "q=CHILD" in str(await page.locator("[data-export=csv]").get_attribute("href"))
        await page.locator("#filter").blur()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Space")
        await expect(page.locator("tbody .pick input")).to_be_checked()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/admin/e/tariff/{running.house.child}")
        await page.keyboard.press("e")
        await page.wait_for_url("**/edit")
        await page.fill("#f-rank", "7")
        await page.keyboard.press("Control+s")
        await expect(page.locator(".done")).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        assert await page.evaluate("document.activeElement.id") == "find"


async def test_rows_of_a_form_come_and_go(running: Running, browser: Browser) -> None:
    async with page_of(browser) as page:
        form = f"{running.url}/admin/e/context/{running.house.organiser}/edit"
        await page.goto(form)
        await page.click("[data-rows] summary")
        for word, text in (("porte", "rouge"), ("imprimante", "à gauche")):
            await page.click("[data-add=row]")
            await page.keyboard.type(word)
            await page.locator(".rowlist .row:last-child [name$='.value']").fill(text)
        await page.click("[data-key=save]")
        await expect(page.locator(".done")).to_be_visible()
        await expect(page.locator(".values")).to_contain_text(re.compile(r"imprimante\s:\sà gauche"))
        await page.goto(form)
        await expect(page.locator(".rowlist .row")).to_have_count(2)
        await page.locator(".rowlist .row:has([value='porte']) [data-drop=row]").click()
        await page.click("[data-key=save]")
        await expect(page.locator(".done")).to_be_visible()
        await expect(page.locator(".values")).to_contain_text(re.compile(r"imprimante\s:\sà gauche"))
        await expect(page.locator(".values")).not_to_contain_text("porte")


async def test_a_telephone_has_four_rooms_at_the_thumb_and_all_near(running: Running, browser: Browser) -> None:
    async with page_of(browser, 360, 780) as page:
        await page.goto(running.url + "/admin")
        prices = page.locator("#rooms a", has_text="Prix")
        await expect(page.locator("#rooms li:visible")).to_have_count(5)
        await expect(prices).to_be_hidden()
        await page.click(".open-rooms")
        await expect(prices).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(prices).to_be_hidden()
        await page.click(".switch summary")
        await page.click(f"#tree a[href='/admin/at/{running.house.season}']")
        await page.wait_for_url(f"**/admin/at/{running.house.season}")


async def test_what_is_unfolded_closes_by_a_press_elsewhere(running: Running, browser: Browser) -> None:
    async with page_of(browser, 1280, 800) as page:
        await page.goto(running.url + "/admin/e/tariff")
        await page.click(".me summary")
        await expect(page.locator(".me .panel")).to_be_visible()
        await page.click("h1")
        await expect(page.locator(".me .panel")).to_be_hidden()
        await page.click(".switch summary")
        await page.click(f"#tree a[href='/admin/e/tariff?at={running.house.season}']")
        await page.wait_for_url(f"**/admin/e/tariff?at={running.house.season}")


async def test_pictures_of_the_screens(tmp_path: Path, browser: Browser) -> None:
    """Into the test's own folder; with PICTURES set, into docs/pictures, which README and docs show."""
    folder = PICTURES if os.environ.get("PICTURES") else tmp_path
    async with served(tmp_path, bad=False) as calm:
        house = calm.house
        shown = {
            "house": "/admin", "list": "/admin/e/tariff", "thing": f"/admin/e/performance/{house.performance}",
            "form": f"/admin/e/channel/new?at={house.institution}", "prices": f"/admin/pricing/grid/{house.grid}",
            "preview": f"/admin/do/change_sale?on={house.performance}&do=suspend",
        }  # fmt: skip
        async with page_of(browser, 1280, 800) as page:
            for name, path in shown.items():
                await page.goto(calm.url + path)
                await page.wait_for_load_state("networkidle")
                await page.screenshot(path=folder / f"admin-{name}.png")
                assert (folder / f"admin-{name}.png").stat().st_size > 10_000


async def test_times_move_with_the_first_of_them(running: Running, browser: Browser) -> None:
    """Doors stay 90 minutes before and the end of the sale half an hour after, to whichever evening it goes."""
    names = ("starts", "doors", "closes", "sell_until")
    async with page_of(browser) as page:
        await page.goto(f"{running.url}/admin/do/reschedule_performance?on={running.house.performance}")
        fields = [page.locator(f"[name='schedule.{name}']") for name in names]
        for day in ("2027-03-01", "2027-03-28"):  # the second has an hour less
            await fields[0].fill(f"{day}T19:30")
            await fields[0].blur()
            for field, at in zip(fields[1:], ("18:00", "22:30", "20:00"), strict=True):
                await expect(field).to_have_value(f"{day}T{at}")


async def test_what_is_chosen_shows_where_the_machine_forces_its_colours(running: Running, browser: Browser) -> None:
    """Grounds are taken away there: what only they tell has to be told by an edge."""
    async with page_of(browser) as page:
        await page.emulate_media(forced_colors="active")
        await page.goto(running.url + "/admin/e/performance")
        edges = "each => [each.hasAttribute('aria-current'), getComputedStyle(each).borderTopWidth]"
        found = await page.locator(".states .chip").evaluate_all(f"all => all.map({edges})")
        chosen = {edge for current, edge in found if current}
        assert chosen and not chosen & {edge for current, edge in found if not current}
