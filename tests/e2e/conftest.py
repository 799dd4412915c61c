"""The browser that all tests of screens drive: begun once per worker, with the program that leads it, and so in a loop
that all of them share. Each test's windows are its own (contexts), and closed after it."""

from collections.abc import AsyncIterator
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.e2e.browsers import launched
from tests.waiting import PAGE_PATIENCE_MS

expect.set_options(timeout=PAGE_PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and iscoroutinefunction(getattr(item, "function", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await launched(playwright)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(shared_browser: Browser) -> AsyncIterator[Browser]:
    yield shared_browser
    for context in shared_browser.contexts:  # those of a test that failed in the middle
        await context.close()
