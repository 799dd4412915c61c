"""Histories and the log in a real Chromium, against a whole central: the panel, the way back, the sealed rows; and no
rule of the pages broken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.readable import axe_faults, in_both_schemes
from tests.e2e.signed_in import enter, session_of
from tests.e2e.test_live_browser import CONTRAST, page_of
from tests.evening_house import EveningHouse, evening_house
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(loop_scope="session")
async def evening(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path, live_open=True) as house:
        yield house


async def signed_in(evening: EveningHouse, folder: Path, page: Page) -> None:
    token = await asyncio.to_thread(session_of, folder / "parterre.db", evening.operator)
    await enter(page.context, evening.central.url, token)


async def recoloured(evening: EveningHouse) -> str:
    """A category that was changed twice; its id."""
    row = (await evening.office.rows("seat_category"))[0]
    for change in ({"colour": "#D55E00"}, {"rank": 7, "names": {"fr": "Autre", "en": "Other"}}):
        await evening.office.command("change_seat_category", id=row["id"], set=change)
    return str(row["id"])


async def test_a_change_is_seen_undone_and_sealed(evening: EveningHouse, browser: Browser, tmp_path: Path) -> None:
    url, row = evening.central.url, await recoloured(evening)
    async with page_of(browser) as page:
        await signed_in(evening, tmp_path, page)
        await page.goto(f"{url}/admin/history/seat_category/{row}")
        first = page.locator(".entry.changed").nth(1)
        await expect(first).to_contain_text("#D55E00")
        await expect(first).to_contain_text("127.0.0.1")
        await first.get_by_text("Annuler ce changement").click()
        await expect(page.locator(".changes .was")).to_contain_text("#D55E00")
        await page.locator("button.main").click()
        await page.wait_for_url("**/admin/history/**done=*")
        now = (await evening.office.rows("seat_category", id=row))[0]
        assert now["colour"] != "#D55E00" and now["rank"] == 7, "what came after stays"
        await expect(page.locator(".entry")).to_have_count(4)
        async with asyncio.timeout(PATIENCE_S):  # the seal comes a fifth of a second after the commit
            while "№" not in await page.locator(".entry").first.locator(".sealed").inner_text():
                await asyncio.sleep(0.1)
                await page.reload()
        await expect(page.locator(".entry").first.locator(".sealed")).to_contain_text("№")
        await page.goto(f"{url}/admin/audit")
        await expect(page.locator("tr.accepted").first).to_be_visible()
        await page.select_option("[name=entity]", "seat_category")
        await page.locator(".history-filters button").click()
        await expect(page.locator("#audit-rows")).to_contain_text("Autre")


@pytest.mark.parametrize("width", [360, 1440])
async def test_it_can_be_read_by_everybody(evening: EveningHouse, browser: Browser, tmp_path: Path, width: int) -> None:
    """axe-core finds nothing, texts are readable, nothing stands out to the right, everything comes from us."""
    row = await recoloured(evening)
    async with page_of(browser, width=width, height=800) as page:
        await signed_in(evening, tmp_path, page)
        base = f"/admin/history/seat_category/{row}"
        await page.goto(evening.central.url + base)
        undo = await page.get_by_text("Annuler ce changement").nth(1).get_attribute("href")
        state = await page.get_by_text("Voir l’état d’alors").nth(1).get_attribute("href")
        await page.goto(evening.central.url + "/admin/audit")
        one = await page.locator("#audit-rows a").first.get_attribute("href")
        for n, path in enumerate((base, state, undo, "/admin/audit", "/admin/audit?ok=0", one)):
            await page.goto(f"{evening.central.url}{path}")
            async for scheme in in_both_schemes(page):
                assert await axe_faults(page, scheme) == [], path
                assert await page.evaluate(CONTRAST) == [], (path, scheme)
                await page.screenshot(path=tmp_path / f"history-{n}-{width}-{scheme}.png")
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path
