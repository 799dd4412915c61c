"""No page shows what programs keep: no JSON, no `null`, no digest. Every page of a thing, of its past and of an act in
the log, in a house in which everything was done that areas live through, halls were imported and prices changed."""

import asyncio
import re
from dataclasses import replace
from html import unescape

import orjson
import pytest

from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.pricing.ops import CreatePriceGrid, PriceCell, SetPrices
from central.venues.ops import AddUnnumberedZone, CreateSpace, ImportPlan, ReimportPlan
from tests.central.lives import lives
from tests.central.small_house import Clerk, House, new_id, plan
from tests.central.venues.test_mapping_story import DRAWING, MAPPING
from tests.central.web.screens.conftest import Browser

DATA = re.compile(r'\[\{|\{"|"\}|\[\[|\bnull\b|[0-9a-f]{40,}|\bNone\b|\bnan\b')
A_TABLE = 6  # rows of one, the newest and the oldest
SCREENS = re.compile(r"<script.*?</script>|<style.*?</style>", re.S)


def visible(text: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", SCREENS.sub("", text[text.index("<main") :])))


def drawn() -> str:
    """A plan with a stage, a bar and a word beside its seats."""
    read = orjson.loads(plan(2, 4))
    stage = {"shape": "polygon", "color": "#333333", "position": {"x": 0, "y": 0},
             "polygon": {"points": [{"x": 0, "y": 0}, {"x": 90, "y": 0}, {"x": 90, "y": 20}]}}  # fmt: skip
    bar = {"shape": "rectangle", "position": {"x": 200, "y": 0}, "rectangle": {"width": 30, "height": 10}}
    word = {"shape": "text", "position": {"x": 40, "y": 10}, "text": {"text": "Scène", "position": {"x": 0, "y": 0}}}
    read["zones"][0]["areas"] = [{**each, "uuid": str(n)} for n, each in enumerate((stage, bar, word))]
    return orjson.dumps(read).decode()


def lived(clerk: Clerk, house: House) -> None:
    small, other = new_id(), new_id()
    for module in lives():
        module.lives(clerk, house)
    clerk.do(CreateSpace(id=small, site_id=house.site, code="PETITE", names={"fr": "Petite salle"}))
    mapped = ImportPlan(id=new_id(), space_id=small, code="P2", names={"fr": "Plan"}, plan=DRAWING, mapping=MAPPING)
    clerk.do(mapped)
    clerk.do(ReimportPlan(configuration_id=mapped.id, plan=drawn()))
    clerk.do(replace(mapped, id=other, code="P3", plan=drawn(), mapping=None))
    clerk.do(AddUnnumberedZone(id=new_id(), configuration_id=other, name="Debout", capacity=20, control=2))
    cells = tuple(PriceCell(house.seated, tariff, 1500) for tariff in (house.full, house.child))
    grid = CreatePriceGrid(
        id=new_id(), context_id=house.season, code="G7", names={"fr": "G7"}, currency="EUR", prices=cells
    )
    clerk.do(grid)
    clerk.do(SetPrices(grid_id=grid.id, prices=(*cells[:1], PriceCell(house.standing, house.full, 900))))


async def told(browser: Browser) -> list[str]:
    """The addresses of all of it."""

    def make() -> list[str]:
        db = browser.door.database.connect()
        clerk = Clerk(Door(browser.door.database, browser.watch, path_of, browser.door.keys), db, browser.watch)
        lived(clerk, browser.house)
        found = []
        for table in BY_NAME:
            ids = [row[0] for row in clerk.rows(f"SELECT id FROM {table} ORDER BY id")]
            every = ids if table in ("physical_configuration", "price_grid", "plan_file") else []
            for row_id in dict.fromkeys((*ids[: A_TABLE // 2], *ids[-A_TABLE // 2 :], *every)):
                found += [f"/admin/e/{table}/{row_id}", f"/admin/history/{table}/{row_id}"]
            found.append(f"/admin/e/{table}?" + "&".join(f"col={each}" for each in BY_NAME[table].names))
        for (name,) in clerk.rows("SELECT DISTINCT name FROM command_log"):
            rows = clerk.rows("SELECT id FROM command_log WHERE name = :name ORDER BY turn DESC LIMIT 3", name=name)
            found += [f"/admin/audit/{row[0]}" for row in rows]
        db.close()
        return [*found, "/admin/audit"]

    return await asyncio.to_thread(make)


@pytest.mark.behind_the_door  # areas' lives bend a fact
async def test_no_page_shows_what_programs_keep(browser: Browser) -> None:
    raw = {}
    for path in await told(browser):
        page = await browser.get(path)
        assert page.status in (200, 404), (path, page.status)
        if page.status == 200 and (found := DATA.search(said := visible(page.text))):
            raw[path] = " ".join(said[max(0, found.start() - 80) : found.end() + 60].split())
    assert not raw, "\n".join(f"{path}: {text}" for path, text in raw.items())
