"""A page as everybody has to be able to read it: loaded once, looked at in light and in dark."""

from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[1] / "vendor" / "axe-4.14.1.min.js"
RUN = """async (only) => {
  const found = await axe.run(document, only);
  const where = (each) => each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ");
  return found.violations.map((each) => each.id + ": " + where(each));
}"""
OF_AXE = "willReadFrequently"
"""What Chromium says of the canvas in which axe draws letters, when it does so for the second time: no page's fault."""
OF_COLOURS = ("color-contrast", "link-in-text-block")
"""Axe's rules that judge what a scheme changes; all others find in the dark what they found in the light."""


async def in_both_schemes(page: Page) -> AsyncIterator[str]:
    """`light`, then `dark`, and light in the end: the page is the same one, drawn anew. No colour of ours glides."""
    await page.emulate_media(color_scheme="light")
    yield "light"
    await page.emulate_media(color_scheme="dark")
    yield "dark"
    await page.emulate_media(color_scheme="light")


async def axe_faults(page: Page, scheme: str, *tags: str) -> list[str]:
    """What axe-core finds, as `rule: where`; `tags`: by these of its rules, instead of all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    only: dict[str, object] = {"runOnly": {"type": "tag", "values": list(tags)}} if tags else {}
    if scheme == "dark":
        only = {"runOnly": {"type": "rule", "values": list(OF_COLOURS)}}
    found: list[str] = await page.evaluate(RUN, only)
    return found
