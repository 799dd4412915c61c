"""The administration over 100,000 rows: the server's time for a list, filtered and sorted, and for a form; what a page
weighs, and when Chromium paints it first.

The rows are points of sale of the house in tests/central/small_house.py, in an SQLite file. Times are of whole requests
against the running application, over HTTP on this machine, one after another; the floor, measured between them, is the
same server's page that says that a thing is not there: session, frame, tree and template, but no list. `cpu` is the
processor time of server and client together, which other load moves least. `--browser` adds the first paint, `--rows`
another size.
"""

import argparse
import asyncio
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, web

sys.path.insert(0, str(Path(__file__).parents[1]))
from central.app import make_app
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import ENTITIES
from central.kernel.keys import make_keys
from central.kernel.privileges import EVERYTHING
from central.kernel.schema import upgrade
from central.kernel.search_index import line
from central.selling.model import PointOfSale
from central.web.session import SESSIONS, SignedIn, csrf_of
from shared.ids import derived_id
from tests.central.small_house import NOW, Clerk, House, Watch, new_id, set_up
from tests.e2e.browsers import launched

WORDS = ("Guichet", "Borne", "Entrée", "Théâtre", "Été", "Parvis", "Rotonde", "Orangerie", "Jardin", "Quai")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    house: House
    rows: int


def fill(database: Database, house: House, count: int) -> None:
    """Points of sale, and the lines that they are found by, as the door would have left them."""
    declaration, db = ENTITIES[PointOfSale], database.connect()
    db.begin(write=True)
    for first in range(0, count, 5000):
        made = [
            PointOfSale(
                id=derived_id("bench", n),
                channel_id=house.channel,
                context_id=house.organiser,
                code=f"P{n:06}",
                names={"fr": f"{WORDS[n % 10]} {WORDS[n // 10 % 10]} {n}", "en": f"Desk {n}"},
                active=n % 3 > 0,
            )
            for n in range(first, min(first + 5000, count))
        ]
        db.write_many(declaration.insert_sql, [declaration.row(each) for each in made])
        lines = [(declaration.name, each.id, line({"code": each.code, "name": each.names["fr"]})) for each in made]
        db.write_many("INSERT INTO found (entity, entity_id, words) VALUES (?, ?, ?)", lines)
    db.commit()
    db.run("ANALYZE", {})
    db.close()


@asynccontextmanager
async def served(folder: Path, count: int) -> AsyncIterator[Served]:
    database, watch, keys = Database(f"sqlite:///{folder / 'house.db'}"), Watch(), make_keys(NOW)
    upgrade(database)
    db = database.connect()
    house = set_up(Clerk(Door(database, watch, path_of, keys), db, watch))
    db.close()
    fill(database, house, count)
    door = Door(database, watch, path_of, keys)
    door.start()
    me = SignedIn(house.operator(EVERYTHING), new_id(), "Ada", "fr", csrf_of("token"))

    async def session(_: web.Request) -> SignedIn | None:
        return me

    app = make_app(door)
    app[SESSIONS] = session
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Served(f"http://127.0.0.1:{runner.addresses[0][1]}", house, count)
    finally:
        await runner.cleanup()
        door.stop()


def pages(on: Served) -> dict[str, str]:
    some = derived_id("bench", on.rows // 2)
    listed = "/admin/e/point_of_sale"
    return {
        "floor: not there": "/admin/e/point_of_sale/" + "0" * 26,
        "list, first page": listed,
        "list of a context": f"{listed}?at={on.house.organiser}",
        "list, filtered: many": f"{listed}?q=theatre",
        "list, filtered: one": f"{listed}?q=P{on.rows // 2:06}",
        "list, filtered: none": f"{listed}?q=personne",
        "list, two words": f"{listed}?q=ete+quai",
        "list, sorted by name": f"{listed}?sort=-names",
        "list, sorted and filtered": f"{listed}?sort=-code&q=quai",
        "a thing": f"/admin/e/point_of_sale/{some}",
        "a form, new": "/admin/e/point_of_sale/new",
        "a form, change": f"/admin/e/point_of_sale/{some}/edit",
    }


async def measured(on: Served, times: int) -> None:
    took: dict[str, list[float]] = {name: [] for name in pages(on)}
    worked: dict[str, list[float]] = {name: [] for name in pages(on)}
    weights: dict[str, int] = {}
    async with ClientSession() as client:
        for turn in range(times + 3):
            for name, path in pages(on).items():
                began, work = time.perf_counter(), time.process_time()
                async with client.get(on.url + path) as answer:
                    body = await answer.read()
                if turn >= 3:
                    took[name].append((time.perf_counter() - began) * 1000)
                    worked[name].append((time.process_time() - work) * 1000)
                weights[name] = len(gzip.compress(body, 6))
    floor = statistics.median(took["floor: not there"])
    print(f"{on.rows:,} rows, {times} requests each; ms")
    print(f"  {'page':28} {'p50':>7} {'p95':>7} {'cpu p50':>8} {'cpu p95':>8} {'to floor':>9} {'KB gzip':>8}")
    for name, each in took.items():
        each.sort()
        p50, p95 = statistics.median(each), each[int(len(each) * 0.95)]
        cpu = sorted(worked[name])
        print(
            f"  {name:28} {p50:7.1f} {p95:7.1f} {statistics.median(cpu):8.1f} {cpu[int(len(cpu) * 0.95)]:8.1f} "
            f"{p50 / floor:9.1f} {weights[name] / 1000:8.1f}"
        )


async def painted(on: Served, times: int) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await launched(playwright)
        print("first contentful paint in Chromium, a new browser's cache each; ms; and all that came over the wire")
        for name, path in pages(on).items():
            paints, sizes = [], []
            for _ in range(times):
                context = await browser.new_context()
                page = await context.new_page()
                await page.goto(on.url + path)
                await page.wait_for_load_state("networkidle")
                paints.append(await page.evaluate(PAINT))
                sizes.append(await page.evaluate(
                    "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
                    ".filter((each) => !each.name.includes('woff2')).reduce((sum, each) => sum + each.transferSize, 0)"
                ))  # fmt: skip
                await context.close()
            paint, size = statistics.median(paints), max(sizes) / 1000
            print(f"  {name:28} {paint:7.0f} worst {max(paints):5.0f}   {size:6.1f} KB")
        await browser.close()


async def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=40)
    asked.add_argument("--browser", action="store_true")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with served(Path(folder), wanted.rows) as on:
            await measured(on, wanted.times)
            if wanted.browser:
                await painted(on, 3)


if __name__ == "__main__":
    asyncio.run(main())
