"""The API's page in a real Chromium: found by typing, read, tried with the session; no rule of the pages broken."""

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from central.web.api_page import SOME_ID
from tests.e2e.readable import axe_faults, in_both_schemes
from tests.e2e.signed_in import enter, session_of
from tests.e2e.test_live_browser import CONTRAST, page_of
from tests.evening_house import EveningHouse, evening_house

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(loop_scope="session")
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path, live_open=True) as house:
        yield house


async def signed_in(evening: EveningHouse, folder: Path, page: Page) -> None:
    token = await asyncio.to_thread(session_of, folder / "parterre.db", evening.operator)
    await enter(page.context, evening.central.url, token)


async def test_found_by_typing_and_tried_dry(evening: EveningHouse, browser: Browser, tmp_path: Path) -> None:
    """A command runs dry unless its reader says otherwise; then it is done, once, however often they press."""
    url = evening.central.url
    async with page_of(browser) as page:
        await signed_in(evening, tmp_path, page)
        await page.goto(url + "/api")
        await page.fill("#api-find", "create_contingent")
        await expect(page.locator("[data-find]:visible code")).to_have_text(["create_contingent"])
        await page.press("#api-find", "Enter")
        await page.wait_for_url("**/api/commands/create_contingent")
        body = orjson.loads(await page.input_value("#body"))
        assert body["context_id"] != SOME_ID and len(body["id"]) == 26, "ids of the reader's own house"
        body |= {"code": "ESSAI", "names": {"fr": "Essai 'd’ici'"}}
        await page.fill("#body", orjson.dumps(body).decode())
        await expect(page.locator("#dry")).to_be_checked()
        await page.click("#send")
        await expect(page.locator("#status")).to_have_text("200 OK")
        assert "ESSAI" not in [row["code"] for row in await evening.office.rows("contingent")]
        await page.uncheck("#dry")
        await page.click("#send")
        await expect(page.locator("#answer")).to_contain_text(body["id"])
        await page.click("#send")
        await expect(page.locator("#status")).to_have_text("200 OK")
        assert [row["code"] for row in await evening.office.rows("contingent")].count("ESSAI") == 1


async def test_the_line_for_the_terminal_does_the_same(evening: EveningHouse, browser: Browser) -> None:
    """Copied as it stands into a shell: whoever is nobody there is asked who they are; with a key it is answered."""
    async with page_of(browser) as page:
        await page.goto(evening.central.url + "/api/entities/performance")
        await page.fill("#p-limit", "1")
        line = await page.inner_text("#curl")
    key = {"OPERATOR": evening.operator, "KEY": evening.key, "PATH": os.environ["PATH"]}
    done = await asyncio.create_subprocess_exec("sh", "-c", line + " -s", stdout=asyncio.subprocess.PIPE, env=key)
    said = orjson.loads((await done.communicate())[0])
    assert len(said["value"]) == 1 and said["next"]


@pytest.mark.parametrize("width", [360, 1440])
async def test_it_can_be_read_by_everybody(evening: EveningHouse, browser: Browser, tmp_path: Path, width: int) -> None:
    """axe-core finds nothing, texts are readable, nothing stands out to the right, everything comes from us."""
    async with page_of(browser, width=width, height=800) as page:
        await signed_in(evening, tmp_path, page)
        for path in ("/api", "/api/commands/place_order", "/api/queries/availability", "/api/entities/performance"):
            await page.goto(evening.central.url + path)
            await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            async for scheme in in_both_schemes(page):
                assert await axe_faults(page, scheme) == [], path
                assert await page.evaluate(CONTRAST) == [], (path, scheme)
                await page.screenshot(path=tmp_path / f"api{path.replace('/', '-')}-{width}-{scheme}.png")
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path


async def test_it_is_light(evening: EveningHouse) -> None:
    """All that the page loads, compressed as a browser gets it (fonts are kept from the first page on)."""
    sizes: dict[str, int] = {}
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for path in ("/api", "/static/tokens.css", "/static/admin.css", "/static/api.css", "/static/api.js",
                     "/static/admin.js", "/static/vendor/htmx-2.0.11.min.js"):  # fmt: skip
            headers = {"Accept-Encoding": "gzip", "Authorization": ""} if path != "/api" else {}
            async with session.get(evening.central.url + path, headers=headers) as said:
                body = await said.read()
                sizes[path] = len(body if path != "/api" else gzip.compress(body))
    assert sum(sizes.values()) < 100_000, sizes
    assert sizes["/static/api.js"] + sizes["/static/api.css"] < 5_000, sizes
