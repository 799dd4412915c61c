"""A hall that somebody else drew, in a real Chromium: what comes of it follows the fields, and the plan comes in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.central.venues.strange_drawings import SVG
from tests.e2e.readable import axe_faults, in_both_schemes
from tests.e2e.signed_in import session_of
from tests.e2e.test_plan_browser import page_of
from tests.evening_house import EveningHouse, evening_house

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[EveningHouse]:
    async with evening_house(tmp_path) as made:
        yield made


@pytest.fixture
def token(house: EveningHouse, tmp_path: Path) -> str:
    return session_of(tmp_path / "parterre.db", house.operator)


def theatre() -> str:
    """As Inkscape saves it: two layers with rows as groups; bars, one of them far behind the last row, a cross of an
    exit, numbers as names of objects."""
    said = SVG.replace("0 0 400 300", "0 0 800 760")
    said += '<rect x="200" y="20" width="400" height="70"/><text x="400" y="60" text-anchor="middle">Scène</text>\n'
    for layer, top, rows, length in (("Orchestre", 150, "ABCDEFGH", 20), ("Balcon", 520, "ABCD", 24)):
        said += f'<g inkscape:groupmode="layer" inkscape:label="{layer}">\n'
        for n, row in enumerate(rows):
            said += f'<g id="g{top}{n}" inkscape:label="Rang {row}">\n'
            for seat in range(1, length + 1):
                x, y = 400 + (seat - length / 2 - 0.5) * 27 + (20 if seat > length / 2 else -20), top + 36 * n
                said += f'<circle id="circle{top}{n}{seat}" inkscape:label="{seat}" cx="{x}" cy="{y}" r="10"/>\n'
            said += "</g>\n"
        said += "</g>\n"
    said += '<path id="path7" d="M40 400h20v40h-20z"/><rect x="740" y="400" width="30" height="40"/>'
    return said + '<rect x="250" y="900" width="300" height="60"/></svg>'


SEEN_WHOLE = """shapes => shapes.filter(shape => {
  const own = shape.getBoundingClientRect(), all = shape.ownerSVGElement.getBoundingClientRect();
  const across = own.left >= all.left && own.right <= all.right, down = own.top >= all.top && own.bottom <= all.bottom;
  return own.width > 0 && across && down;
}).length"""


async def brought(page: Page, house: EveningHouse, tmp_path: Path, code: str) -> None:
    (space, *_) = await house.office.rows("space")
    file = tmp_path / "salle.svg"
    file.write_text(theatre())
    await page.goto(f"{house.central.url}/admin/plan/new?space={space['id']}")
    await page.fill("[name=name]", "D’Inkscape")
    await page.fill("[name=code]", code)
    await page.set_input_files("[name=file]", file)
    await page.get_by_role("button", name="Importer le fichier").click()
    await page.locator("#mapping").wait_for()


async def test_what_comes_of_a_drawing_follows_the_fields(
    house: EveningHouse, browser: Browser, token: str, tmp_path: Path
) -> None:
    async with page_of(browser, house, token) as page:
        await brought(page, house, tmp_path, "INK")
        total, act = page.locator(".map-sum strong"), page.locator("[name=import]")
        await expect(total).to_have_text("256 places")
        assert await page.locator(".map-picture circle").count() == 256
        assert await page.locator(".map-picture .map-left").evaluate_all(SEEN_WHOLE) == 3
        await expect(page.locator("#map-result")).to_contain_text("Laissées de côté en gris sur le dessin")
        assert await page.locator("[name=row-pattern]").input_value() == "Rang {row}"
        await page.fill("[name=row-pattern]", "Row {row}")
        await page.locator("[name=row-pattern]").blur()
        await expect(total).to_have_text("0 places")
        await expect(act).to_have_count(0)
        await expect(page.locator(".map-left-out")).to_contain_text("pas de rang")
        await page.select_option("[name=section-source]", label="le même pour toutes les places\u202f:")
        await page.fill("[name=section-pattern]", "Salle")
        await page.fill("[name=row-pattern]", "Rang {row}")
        await page.locator("[name=row-pattern]").blur()
        await expect(total).to_have_text("256 places")
        await expect(page.locator(".map-wrong h2")).to_contain_text("80 points")
        assert await page.locator(".map-picture .map-twice").count() == 160
        await page.select_option("[name=section-source]", "attribute|2|inkscape:label")
        await page.fill("[name=section-pattern]", "")
        await page.locator("[name=section-pattern]").blur()
        await expect(act).to_have_text("Importer 256 places")
        await act.click()
        await page.locator("canvas[data-first]").wait_for()
        assert await page.evaluate("plan.count") == 256


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_step_is_readable(
    house: EveningHouse, browser: Browser, token: str, tmp_path: Path, width: int
) -> None:
    async with page_of(browser, house, token, width) as page:
        await brought(page, house, tmp_path, "INK")
        async for scheme in in_both_schemes(page):
            assert await axe_faults(page, scheme, "wcag2a", "wcag2aa", "wcag21aa", "wcag22aa") == [], scheme
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "nothing sticks out"
