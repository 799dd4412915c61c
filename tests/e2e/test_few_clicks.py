"""From the first page of the wizard to a first performance on sale in few clicks, counted in a real Chromium: what the
house can know is filled in, what comes next is a button, and who types finds the cursor where there is something to
say."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_first_run import PASSWORD, STORIES, House, Story, house, newcomer
from tests.whole import part

__all__ = ["house"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
FEW = 20
VAT = {"fr": "5,5", "en": "20"}


class Clicks:
    """What somebody clicked and what they typed; whatever is typed goes where the cursor stands."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.typed = page, 0, 0

    async def click(self, what: str) -> None:
        was = self.page.url
        await self.page.locator(what).first.click()
        self.clicks += 1
        await expect(self.page).not_to_have_url(was)
        await self.page.wait_for_load_state()

    async def type(self, *, into: str, text: str) -> None:
        await expect(self.page.locator(into)).to_be_focused()
        await self.tab(into, text)

    async def tab(self, into: str, text: str) -> None:
        """By the keyboard, from field to field."""
        await self.page.locator(into).fill(text)
        self.typed += 1


async def the_house(at: Clicks, story: Story) -> None:
    page, go = at.page, ".setup-sheet .main"
    await at.type(into="#name", text=story.house)
    await expect(page.locator("#timezone")).to_have_value(story.timezone)
    await expect(page.locator("#currency")).to_have_value(story.currency)
    await at.click(go)
    await at.type(into="#address", text=story.address)
    assert await page.locator("#siret").count() == (story.language == "fr"), "a number that only French law wants"
    if story.language == "fr":
        await at.tab("#siret", story.siret)
        await at.tab("#licence", story.licence)
    await at.click(go)
    await at.click(go)  # the season
    await at.click(go)  # the venue
    await at.type(into="#rows", text="15")
    await at.tab("#seats", "20")
    await page.locator("button.main").last.click()
    at.clicks += 1
    await expect(page.locator(".setup-count")).to_be_visible()
    await at.click(go)
    await at.type(into="#name", text=story.person)
    await at.tab("#email", "first@house.example")
    await at.tab("#password", PASSWORD)
    await at.tab("#again", PASSWORD)
    await at.click(go)


async def on_sale(at: Clicks, story: Story) -> None:
    page, ahead, save = at.page, ".done .next", "form.sheet button.main"
    await at.click(".first .at-once a")
    await at.click("main button.main")
    await at.click(".first .need .how a")  # the hall as it is sold
    await at.click("main button.main")
    await at.click(".first .need .how a")
    await expect(page.locator(f"input[name='names.{story.language}']")).not_to_have_value("")
    await at.click(save)
    prices = page.locator("table.matrix input")
    await expect(prices.first).to_be_focused()
    for n, price in enumerate(story.prices):
        await prices.nth(n).fill(price)
        at.typed += 1
    await at.click(save)
    await at.click(ahead)
    await at.type(into=f"input[name='names.{story.language}']", text=story.show)
    await expect(page.locator("input[name=vat_bp]")).to_have_value(VAT[story.language])
    await at.click(save)
    await at.click(ahead)
    evening = (datetime.now(UTC) + timedelta(days=14)).date()
    await at.type(into="input[name='schedule.starts']", text=f"{evening}T20:00")
    await at.click(save)
    await at.click(ahead)
    await at.click("main button[name=_do]")


@pytest.mark.whole
@pytest.mark.parametrize("language", part([*STORIES], 2, 1))
async def test_from_the_first_page_to_a_sale(language: str, house: House, browser: Browser) -> None:
    story = STORIES[language]
    async with newcomer(browser, story) as page:
        await page.goto(house.link)
        at = Clicks(page)
        await the_house(at, story)
        await on_sale(at, story)
        assert house.rows("SELECT state FROM performance") == [("on_sale",)]
        assert house.rows("SELECT COUNT(*) FROM channel") == [(2,)]
        assert at.clicks <= FEW, at.clicks
        assert await page.locator(".done .next").count() == 0, "there is nothing left to lead to"
        print(f"{language}: {at.clicks} clicks, {at.typed} fields")
