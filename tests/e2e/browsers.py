"""The browser that screens are looked at in."""

import shutil

from playwright.async_api import Browser, Playwright

from tests.conftest import missing

CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


async def launched(playwright: Playwright) -> Browser:
    """Where there is one, the Chromium that has no window of its own: it draws the same in less processor time, once it
    is told not to fit letters to pixels (a page of 360 was one wider so)."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing("Chromium", CHROMIUMS[0])
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"]
    return await playwright.chromium.launch(executable_path=found, args=arguments)
