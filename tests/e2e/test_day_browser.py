"""The working day in a real Chromium, of an evening that is going on: what is said is what was sold, on a desk and on a
telephone, in light and dark. `PICTURES=1` writes both pages into docs/pictures."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.signed_in import enter, session_of
from tests.e2e.test_live_browser import CONTRAST, page_of
from tests.evening_house import evening_house, play_evening
from tests.waiting import until_so

pytestmark = pytest.mark.e2e
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


async def test_the_house_opens_on_its_evening(browser: Browser, tmp_path: Path) -> None:
    async with evening_house(tmp_path) as evening:
        await play_evening(evening)
        token = session_of(tmp_path / "parterre.db", evening.operator)
        for width, scheme in ((1440, "light"), (1440, "dark"), (360, "light")):
            async with page_of(browser, width, 900, scheme) as page:
                await enter(page.context, evening.central.url, token)
                await page.goto(evening.central.url + "/admin")
                await expect(page.locator(".play h3")).to_have_text("Cyrano de Bergerac")
                await expect(page.locator(".play .big")).to_contain_text("43 vendues sur 981")
                await expect(page.locator(".play dl")).to_contain_text("2 362,00 €".replace(" ", "\u202f", 1))
                await expect(page.locator(".devices li.ok")).to_have_count(5)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await page.evaluate(CONTRAST) == []
                if kept := os.environ.get("PICTURES") and (width, scheme) == (1440, "light"):
                    await page.screenshot(path=PICTURES / "admin-day.png")
                await page.locator(".play h3 a").click()
                await expect(page.locator(".sums")).to_contain_text("43")
                await expect(page.locator(".figures tr.whole")).to_contain_text("921")
                await page.locator(".hall").scroll_into_view_if_needed()
                drawn = "document.querySelector('.hall img').naturalWidth > 0"
                await until_so(lambda page=page, drawn=drawn: page.evaluate(drawn))
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await page.evaluate(CONTRAST) == []
                if kept:
                    await page.evaluate("window.scrollTo(0, 0)")
                    await page.screenshot(path=PICTURES / "admin-performance.png")
