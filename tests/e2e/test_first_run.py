"""A newcomer sets up a house in the browser, from the empty database to a first performance on sale, without reading
anything but the screens: in French and in English, with a real central and a real Chromium. Then every step stands in
the log, and one is undone.

The French story takes the pictures of the administration's main screens; `PICTURES=1` writes them into docs/pictures.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

import central.app  # noqa: F401  # declares every command
from central.catalogue.model import PerformanceDo
from central.web.texts import texts
from tests.e2e.test_live_browser import CONTRAST, at_rest
from tests.waiting import PAGE_PATIENCE_MS, until_now
from tests.whole import part

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]  # some two hundred pages of a real browser
AXE = Path(__file__).parents[1] / "vendor" / "axe-4.14.1.min.js"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PASSWORD = "onze lanternes au bord du lavoir"
STEPS = (
    "settle_institution", "settle_organiser", "settle_season", "settle_venue", "settle_hall", "accept_hall",
    "appoint_administrator", "create_seat_categories", "create_logical_configuration", "create_channels",
    "create_tariffs", "create_price_grid", "set_prices", "create_event", "create_performance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """What somebody types, and a few sentences that they must have read on the way."""

    language: str
    locale: str
    house: str
    address: str
    timezone: str
    currency: str
    siret: str
    licence: str
    person: str
    show: str
    vat: str
    prices: tuple[str, ...]
    welcome: str
    finished: str
    seats: str


STORIES = {
    "fr": Story(
        "fr", "fr-FR", "Théâtre du Lavoir", "4 rue du Lavoir\n34000 Montpellier", "Europe/Paris", "EUR",
        "901 234 567 00013", "PLATESV-R-2026-000123, PLATESV-D-2026-000124", "Inès Carpentier", "Le Malade imaginaire",
        "5,5", ("28", "19,50", "12"), "Bienvenue. Comment s’appelle votre maison ?", "Tout y est, et c’est en vente.",
        "300 places",
    ),
    "en": Story(
        "en", "en-GB", "The Wharf Theatre", "Prince Street\nBristol BS1 4QA", "Europe/London", "GBP", "", "",
        "Nora Field", "The Tempest", "20", ("32", "24.50", "15"), "Welcome. What is your house called?",
        "Everything is ready and on sale.", "300 seats",
    ),
}  # fmt: skip


class House:
    """A central process on an empty folder, and what it said on its console."""

    def __init__(self, folder: Path) -> None:
        self.data, self._out = folder / "data", folder / "console"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {
            "PATH": os.environ["PATH"], "PARTERRE_CENTRAL__DATA": str(self.data),
            "PARTERRE_CENTRAL__LISTEN__PORT": "0", "PARTERRE_CENTRAL__BROKER__PORT": "0",
        }  # fmt: skip
        with self._out.open("w") as out:
            command = [sys.executable, "-c", "from parterre.cli import main; main()", "central"]
            self._process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)

        def serves() -> bool:
            assert self._process and self._process.poll() is None, self.console
            return "central serves" in self.console and "set-up link printed" in self.console

        until_now(serves, 60)

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(20) == 0, self.console
            self._process = None

    @property
    def console(self) -> str:
        return self._out.read_text()

    @property
    def link(self) -> str:
        found = re.search(r"^\s+(http://\S+/setup\?token=\S+)$", self.console, re.MULTILINE)
        assert found, self.console
        return found[1]

    @property
    def url(self) -> str:
        return self.link.partition("/setup")[0]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.data / "parterre.db")) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.start()
    yield made
    made.stop()


@asynccontextmanager
async def newcomer(browser: Browser, story: Story) -> AsyncIterator[Page]:
    """A browser that has never been here. What its console complains about fails the test, but for what was
    refused on purpose."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale=story.locale)
    page = await context.new_page()
    page.set_default_timeout(PAGE_PATIENCE_MS)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert [each for each in complaints if not re.search(r"status of (422|403)", each)] == []
    await context.close()


async def fits(page: Page) -> None:
    """On a telephone and in the dark: nothing stands out to the right, every text can be read, axe finds nothing."""
    for width, scheme in ((360, "light"), (1280, "dark")):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        await at_rest(page)
        where = f"{page.url} {width} {scheme}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert await page.evaluate(CONTRAST) == [], where
        await page.evaluate(AXE.read_text())
        found = await page.evaluate("axe.run().then((said) => said.violations.map((v) => [v.id, v.nodes[0].html]))")
        assert found == [], where
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.emulate_media(color_scheme="light")


class Album:
    """Takes the pictures: into docs/ when asked for, elsewhere to show that they can be taken. The story that takes
    none looks closely at each of our screens instead."""

    def __init__(self, folder: Path, wanted: bool) -> None:
        self.folder = PICTURES if os.environ.get("PICTURES") else folder
        self._wanted = wanted

    async def look(self, page: Page) -> None:
        if not self._wanted:
            await fits(page)

    async def take(self, page: Page, name: str) -> None:
        if not self._wanted:
            return
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280, name
        await page.screenshot(path=self.folder / f"admin-{name}.png", animations="disabled")


async def go_on(page: Page) -> None:
    """The wizard's one main button."""
    await page.locator(".setup-sheet .main").first.click()


@pytest.mark.whole
@pytest.mark.parametrize("language", part([*STORIES], 2))
async def test_from_nothing_to_a_performance_on_sale(
    language: str, house: House, browser: Browser, tmp_path: Path
) -> None:
    story, album = STORIES[language], Album(tmp_path, language == "fr")
    await set_up(house, browser, story, album)
    async with newcomer(browser, story) as page:
        await page.goto(house.link)
        await expect(page).to_have_url(re.compile("/sign-in"))  # the link is dead
        await page.fill("input[name=email]", "first@house.example")
        await page.fill("input[name=password]", PASSWORD)
        await page.locator("main button").first.click()
        await page.goto(f"{house.url}/admin/live")
        await make_ready(page, story, album)
        await expect(page.locator(".all-done")).to_contain_text(story.finished)
        assert house.rows("SELECT state FROM performance") == [("on_sale",)]
        assert house.rows("SELECT COUNT(*) FROM place") == [(300,)]
        assert house.rows("SELECT currency FROM price_grid") == [(story.currency,)]
        await look_around(page, house, story, album)
        await see_and_undo(page, house, story, album)


async def set_up(house: House, browser: Browser, story: Story, album: Album) -> None:
    async with newcomer(browser, story) as page:
        token = house.link.rpartition("=")[2]
        assert [line for line in house.console.splitlines() if line.startswith("{") and token in line] == []  # the log
        await page.goto(house.url + "/")
        await expect(page).to_have_url(re.compile("/setup$"))
        await expect(page.locator("form")).to_have_count(0)  # without the link nobody sets up anything
        await page.goto(house.link)
        await expect(page.locator("h1")).to_have_text(story.welcome)
        await album.look(page)
        await go_on(page)  # nothing typed yet
        await expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
        await page.fill("#name", story.house)
        await page.select_option("#timezone", story.timezone)
        await page.select_option("#currency", story.currency)
        await go_on(page)
        if story.siret:
            await page.fill("#siret", "12345678901234")
            await page.fill("#licence", "licence 7")
            await go_on(page)
            await expect(page.locator(".field .fault")).to_have_count(2)  # both at once, at their fields
            await page.fill("#siret", story.siret)
            await page.fill("#licence", story.licence)
        await album.look(page)
        await page.fill("#address", story.address)
        await go_on(page)
        await expect(page.locator("#begins")).to_have_value(re.compile("-09-01$"))
        await go_on(page)
        await expect(page).to_have_url(re.compile("/setup/venue"))
    async with newcomer(browser, story) as page:  # the browser was closed in between; the link leads back
        await page.goto(house.link)
        await expect(page).to_have_url(re.compile("/setup/venue"))
        await page.get_by_role("link").filter(has_text="✓").nth(1).click()  # once more to the organiser, and on
        await expect(page.locator("#address")).to_have_value(story.address)
        await go_on(page)
        await go_on(page)
        await expect(page.locator("#name")).to_have_value(story.house)
        await go_on(page)
        await page.check("input[value=blocks]")
        await page.fill("#zone_0", "Fosse")
        await page.fill("#places_0", "120")
        await page.locator("button.main").last.click()
        await expect(page.locator(".setup-count")).to_contain_text("120")
        await page.locator("summary").click()  # not that one: another hall, in its place
        await page.check("input[value=drawn]")
        await page.fill("#rows", "15")
        await page.fill("#seats", "20")
        await page.locator("button.main").last.click()
        await expect(page.locator(".setup-count")).to_contain_text(story.seats)
        await expect(page.locator(".setup-hall use[data-n]")).to_have_count(300)
        await album.take(page, "setup")
        await album.look(page)
        await go_on(page)
        await page.fill("#name", story.person)
        await page.fill("#email", "first@house.example")
        await page.fill("#password", "azertyuiop123")
        await page.fill("#again", "azertyuiop124")
        await go_on(page)
        await expect(page.locator(".field .fault")).to_have_count(2)
        await album.look(page)
        await page.fill("#password", PASSWORD)
        await page.fill("#again", PASSWORD)
        await go_on(page)
        await expect(page).to_have_url(re.compile("/admin/live"))  # signed in, with the password of a moment ago
        await expect(page.locator(".me")).to_contain_text(story.person)


async def make_ready(page: Page, story: Story, album: Album) -> None:
    """As the list leads, one step after the other, until it says that all is there."""
    first = page.locator(".first .need")
    for step in range(20):
        if not await first.count():
            return
        if step == 1:
            await album.take(page, "going-live")
            await album.look(page)
            await see_home(page, album)
        await first.locator(".how a").first.click()
        await page.wait_for_load_state()
        await take_step(page, story, album)
        await page.goto(page.url.partition("/admin")[0] + "/admin/live")
    pytest.fail("the list does not come to its end")


async def see_home(page: Page, album: Album) -> None:
    """The house's own page shows the next step too."""
    await page.goto(page.url.replace("/admin/live", "/admin"))
    await expect(page.locator(".going-live.card .button")).to_be_visible()
    await album.take(page, "home")
    await page.go_back()


async def take_step(page: Page, story: Story, album: Album) -> None:
    """Fills in what the form asks for and cannot know; takes what it proposes."""
    path = page.url.partition("/admin/")[2]
    if path.startswith(("live/usual", "sell-hall")):
        await album.look(page)
        await page.locator("main button.main").last.click()
    elif path.startswith("e/price_grid/new"):
        await page.fill(f"input[name='names.{story.language}']", "Prix de la saison")
        await save(page)
    elif path.startswith("pricing/grid"):
        for n, price in enumerate(story.prices):
            await page.locator("table.matrix input").nth(n).fill(price)
        await album.take(page, "prices")
        await save(page)
    elif path.startswith("e/event/new"):
        await page.fill("input[name=code]", "SPECTACLE-1")
        await page.fill(f"input[name='names.{story.language}']", story.show)
        await page.fill("input[name=vat_bp]", story.vat)
        await save(page)
    elif path.startswith("e/performance/new"):
        evening = (datetime.now(UTC) + timedelta(days=14)).date()
        for field, hour in (("starts", "20:00"), ("doors", "19:15"), ("closes", "23:00"), ("sell_until", "20:30")):
            await page.fill(f"input[name='schedule.{field}']", f"{evening}T{hour}")
        await album.take(page, "form")
        await save(page)
    elif path.startswith("do/change_sale"):
        await page.click("main button[name=_do]")
    else:
        pytest.fail(f"nobody knows what to do at {path}")
    await page.wait_for_load_state()


async def save(page: Page) -> None:
    was = page.url
    await page.click("form.sheet button.main")
    await expect(page).not_to_have_url(was)


async def look_around(page: Page, house: House, story: Story, album: Album) -> None:
    await page.goto(f"{house.url}/admin/e/channel")
    await expect(page.locator("main tbody tr")).to_have_count(2)
    await album.take(page, "list")
    word = story.show.split()[-1][:5].upper()
    await page.keyboard.press("Control+k")
    await page.keyboard.type(word)
    hits = page.locator("#found [role=option]").filter(has_text=story.show)
    await expect(hits).to_have_count(2)  # its performance, and the show
    hit = page.locator('#found [role=option][href*="/admin/e/performance/"]')
    await expect(hit).to_be_visible()
    await album.take(page, "find")
    await album.look(page)
    await choose(page, hit)
    await expect(page).to_have_url(re.compile(r"/admin/e/performance/\w{26}$"))
    await expect(page.locator("h1")).to_contain_text(story.show)
    await expect(page.locator("aside section.history")).to_contain_text(story.person)
    await album.take(page, "thing")


async def choose(page: Page, hit: Locator) -> None:
    """With the keyboard alone."""
    for _ in range(20):
        if await hit.get_attribute("aria-selected") == "true":
            return await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowDown")
    pytest.fail("the arrows do not reach it")


async def see_and_undo(page: Page, house: House, story: Story, album: Album) -> None:
    """Every step stands in the log; one of the usual set's points of sale is taken back where its history stands."""
    t = texts(story.language)
    await page.goto(f"{house.url}/admin/audit")
    log = await page.locator("main table").inner_text()
    opened = t.value("performance_do", PerformanceDo.OPEN)  # the step of `change_sale` that was taken
    assert [said for said in (*map(t.do, STEPS), opened) if said not in log] == []
    await album.take(page, "log")
    ((shop,),) = house.rows(
        "SELECT p.id FROM point_of_sale p JOIN channel c ON c.id = p.channel_id WHERE c.kind = 'kiosk'"
    )
    await page.goto(f"{house.url}/admin/history/point_of_sale/{shop}")
    await album.take(page, "history")
    await page.locator("a[href*='/undo/']").first.click()
    await page.locator("main form button").first.click()
    await expect(page.locator(".gone")).to_be_visible()
    assert house.rows("SELECT COUNT(*) FROM point_of_sale") == [(1,)]
    assert house.rows("SELECT COUNT(*) FROM audit WHERE action = 'deleted' AND entity = 'point_of_sale'") == [(1,)]
