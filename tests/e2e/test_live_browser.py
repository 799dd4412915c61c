"""The live page in a real Chromium: it opens, draws the hall, and follows the evening without a reload.

The last test takes the README's picture (docs/pictures/live.png); elsewhere pictures go to the test's own folder.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.wire.certificates import DeviceKind
from tests.e2e.readable import OF_AXE, in_both_schemes
from tests.evening_house import EveningHouse, evening_house, play_evening

pytestmark = pytest.mark.e2e
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "live.png"
SIZES = ((1440, 1000), (800, 1280), (360, 800))

# For every text on the page: its contrast to the first opaque colour behind it, as WCAG 2.2 counts it.
CONTRAST = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg, .unseen, .skip, noscript") || !element.checkVisibility()) continue;
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own) continue;
    let behind = element, ground = [];
    while (behind && !(ground.length === 3 || ground[3] > 0)) {
      ground = rgb(getComputedStyle(behind).backgroundColor);
      behind = behind.parentElement;
    }
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path, live_open=True) as house:
        yield house


ABORTED = "net::ERR_ABORTED"


@asynccontextmanager
async def page_of(
    browser: Browser,
    width: int = 1440,
    height: int = 1000,
    scheme: str = "light",
    locale: str = "fr-FR",
    bears: tuple[str, ...] = (),
) -> AsyncIterator[Page]:
    """A page of a browser of its own; whatever its console complains about fails the test, but what `bears` is in."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} {said.location.get('url', '')}")
        if said.type in ("error", "warning") else None,
    )  # fmt: skip
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # What the page was still fetching when it was left or loaded anew is given up, and no fault of anybody's.
    page.on(
        "requestfailed",
        lambda request: None if request.failure == ABORTED else complaints.append(f"{request.url}: {request.failure}"),
    )
    page.on("request", lambda request: None if "127.0.0.1" in request.url else complaints.append(request.url))
    yield page
    borne = ("/live/news", OF_AXE, *bears)
    assert [said for said in complaints if not any(part in said for part in borne)] == []
    await context.close()


async def at_rest(page: Page) -> None:
    """Until nothing on the page moves; what goes on for ever is not waited for."""
    await page.evaluate(
        "Promise.all(document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity)"
        ".map((each) => each.finished.catch(() => null))).then(() => null)"
    )


async def test_a_sale_appears_without_a_reload(evening: EveningHouse, browser: Browser) -> None:
    async with page_of(browser) as page:
        await page.goto(evening.central.url + "/live")
        await expect(page.locator("h1")).to_have_text("Cyrano de Bergerac")
        await expect(page.locator("#hall use[data-n]")).to_have_count(981)
        await expect(page.locator('#hall use[href="#seat-free"]')).to_have_count(981)
        await page.evaluate("window.stayed = true")
        await evening.sell(0, 1)
        await expect(page.locator('#hall use[href="#seat-sold"]')).to_have_count(2)
        await expect(page.locator("#last")).to_contain_text("92,00")
        await expect(page.locator('#hall use[href="#seat-sold"] title').first).to_contain_text("vendue")
        assert await page.evaluate("window.stayed")


async def test_it_follows_lanes_and_devices(evening: EveningHouse, browser: Browser) -> None:
    async with page_of(browser, locale="en-GB") as page:
        await page.goto(evening.central.url + "/live")
        await expect(page.locator("#lanes")).to_contain_text("No gate is enrolled.")
        lane = await evening.device(DeviceKind.GATE, "G1", "Door A")
        await expect(page.locator(".lane h3")).to_have_text("Door A")
        ticket = (await evening.sell(0))["tickets"][0]["ticket_id"]
        lane.scan(ticket, evening.tonight)
        await lane.upload()
        await expect(page.locator(".lane.ok strong")).to_have_text("Admitted")
        await expect(page.locator('#hall use[href="#seat-admitted"]')).to_have_count(1)
        lane.scan(ticket, evening.tonight, admitted=False, reason="used")
        await lane.upload()
        await expect(page.locator(".lane.stop .why")).to_contain_text("already in at")
        await lane.appear()
        await expect(page.locator(".site.wide")).to_contain_text("online")
        await lane.vanish()
        await expect(page.locator(".site.wide")).to_contain_text("offline")


async def test_a_restarted_central_is_found_again(tmp_path: Path, browser: Browser, free_port: int) -> None:
    # While the house is away, whatever the browser asks it for is refused: news, and an icon that it had put off.
    async with page_of(browser, locale="en-GB", bears=("ERR_CONNECTION_REFUSED",)) as page:
        async with evening_house(tmp_path, port=free_port, live_open=True) as house:
            await page.goto(house.central.url + "/live")
            await expect(page.locator(".link .now")).to_be_visible()
        await expect(page.locator(".link .gone")).to_be_visible()
        async with evening_house(tmp_path, port=free_port, live_open=True) as house:
            await expect(page.locator(".link .now")).to_be_visible()
            await house.sell(5)
            await expect(page.locator('#hall use[href="#seat-sold"]')).to_have_count(1)


async def test_it_fits_every_screen_and_is_legible(evening: EveningHouse, browser: Browser, tmp_path: Path) -> None:
    """No sideways scrolling, every text at 4.5:1 or better, light and dark, in the language with the longest words."""
    await play_evening(evening)
    for width, height in SIZES:
        async with page_of(browser, width, height, locale="de-DE") as page:
            await page.goto(evening.central.url + "/live")
            await expect(page.locator(".lane.stop strong")).to_be_visible()
            async for scheme in in_both_schemes(page):
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await page.evaluate(CONTRAST) == [], scheme
                shot = await page.screenshot(path=tmp_path / f"{width}-{scheme}.png")
                assert len(shot) > 20_000


async def test_it_can_be_read_aloud_and_by_keyboard(evening: EveningHouse, browser: Browser) -> None:
    await play_evening(evening)
    async with page_of(browser) as page:
        await page.goto(evening.central.url + "/live")
        assert await page.locator("h1").count() == 1
        for picture in await page.locator('svg:not([aria-hidden="true"])').all():
            assert await picture.get_attribute("role") == "img"
            assert await picture.get_attribute("aria-label")
        assert await page.locator("#lanes").get_attribute("aria-live") == "polite"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.hreflang") == "fr"


async def test_the_picture(evening: EveningHouse, browser: Browser, tmp_path: Path) -> None:
    """What the README shows is what the page looks like. `PICTURES=1` writes it anew."""
    await play_evening(evening)
    async with page_of(browser, 1440, 1000, locale="en-GB") as page:
        await page.goto(evening.central.url + "/live")
        await expect(page.locator("#checks .ok").first).to_be_visible()
        await expect(page.locator("#checks .stop")).to_have_count(0)
        await at_rest(page)  # what has just landed has landed
        to = PICTURE if os.environ.get("PICTURES") else tmp_path / "live.png"
        await page.screenshot(path=to, animations="disabled")
        assert to.stat().st_size > 50_000
