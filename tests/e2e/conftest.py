"""The browser that all tests of screens drive."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.conftest import missing
from tests.waiting import PAGE_PATIENCE_MS

expect.set_options(timeout=PAGE_PATIENCE_MS)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("Chromium", "chromium")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        made = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield made
        await made.close()
