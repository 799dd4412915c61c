"""The plan on screen with 80,000 places in a real Chromium (no GPU, headless): what is sent, when the hall is drawn,
how many frames a second while it is moved and zoomed, and how soon somebody else's change is seen.

The floor of the frames is the same page moving an empty plan: what the browser does by itself on this machine.
"""

import argparse
import asyncio
import math
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from playwright.async_api import Page, async_playwright

from central.app import running
from central.config import BrokerConfig, CentralConfig
from central.founding import found_house
from parterre.demo.office import Office
from shared.runtime.mqtt import Endpoint
from tests.e2e.browsers import launched
from tests.e2e.signed_in import enter, session_of

MOVES = """async ([seconds, whole]) => {
  const view = window.plan;
  view.fit();
  if (!whole) view.zoom(6);
  const gaps = [];
  const began = performance.now();
  let last = began, turn = 0;
  await new Promise((done) => {
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      turn += 1;
      if (whole) view.zoom(turn % 60 < 30 ? 1.02 : 1 / 1.02);
      else view.pan(12 * Math.sin(turn / 20), 12 * Math.cos(turn / 20));
      now - began < seconds * 1000 ? requestAnimationFrame(step) : done();
    };
    requestAnimationFrame(step);
  });
  gaps.shift();
  gaps.sort((a, b) => a - b);
  return { rate: 1000 * gaps.length / gaps.reduce((a, b) => a + b, 0), slow: gaps[Math.floor(gaps.length * 0.95)] };
}"""


def bowl(places: int) -> bytes:
    """A stadium as rings of blocks around a pitch, `places` seats in blocks of 1,000; a hall has 16 zones."""
    zones = []
    per_ring = 20
    for zone in range(places // 1000):
        ring, at = divmod(zone, per_ring)
        turn = 2 * math.pi * at / per_ring
        rows = []
        for row in range(25):
            radius = 2400 + ring * 1100 + row * 40
            arc = 2 * math.pi / per_ring * 0.9
            seats = [
                {
                    "seat_number": str(n + 1), "seat_guid": f"{zone}-{row}-{n}", "category": "ABCD"[ring % 4],
                    "radius": 10,
                    "position": {
                        "x": round(8000 + 1.3 * radius * math.cos(turn + arc * n / 40), 1),
                        "y": round(7000 + radius * math.sin(turn + arc * n / 40), 1),
                    },
                }
                for n in range(40)
            ]  # fmt: skip
            rows.append({"row_number": f"{zone // 16}.{row + 1}", "row_number_position": "start",
                         "position": {"x": 0, "y": 0}, "seats": seats})  # fmt: skip
        zones.append({"name": f"Z{zone % 16 + 1}", "position": {"x": 0, "y": 0}, "areas": [], "rows": rows})
    colours = ("#E69F00", "#0072B2", "#009E73", "#CC79A7")
    return orjson.dumps({
        "name": "Stade", "categories": [{"name": n, "color": c} for n, c in zip("ABCD", colours, strict=True)],
        "zones": zones, "size": {"width": 16000, "height": 14000},
    })  # fmt: skip


async def set_up(office: Office, institution: str, places: int) -> str:
    """A performance in the stadium; its id."""
    ids = {name: office.new_id() for name in ("o", "s", "a", "site", "space", "plan", "hall", "grid", "event", "show")}
    for made, at, kind in (("o", institution, "organiser"), ("s", ids["o"], "season"), ("a", ids["s"], "activity")):
        await office.command(
            "create_context", id=ids[made], context_id=at, kind=kind, code=made.upper(), names={"fr": kind},
            settings={"currency": "EUR"} if made == "o" else {},
        )  # fmt: skip
    await office.command(
        "create_site", id=ids["site"], context_id=institution, code="STADE", names={"fr": "Stade"}, address="",
        timezone="Europe/Paris",
    )  # fmt: skip
    await office.command("create_space", id=ids["space"], site_id=ids["site"], code="T", names={"fr": "Tribunes"})
    began = time.perf_counter()
    await office.command(
        "import_plan", id=ids["plan"], space_id=ids["space"], code="P", names={"fr": "Foot"}, plan=bowl(places).decode()
    )
    print(f"import of {places:,} places over HTTP: {time.perf_counter() - began:.1f} s")
    await office.command("validate_physical", configuration_id=ids["plan"])
    categories = {}
    for rank, name in enumerate("ABCD", start=1):
        categories[name] = office.new_id()
        colour = ("#E69F00", "#0072B2", "#009E73", "#CC79A7")[rank - 1]
        await office.command(
            "create_seat_category", id=categories[name], context_id=institution, code=name, names={"fr": name},
            colour=colour, rank=rank,
        )  # fmt: skip
    await office.command(
        "create_logical_configuration", id=ids["hall"], context_id=ids["s"], physical_configuration_id=ids["plan"],
        code="L", names={"fr": "Foot"}, categories=categories,
    )  # fmt: skip
    await office.command(
        "create_price_grid", id=ids["grid"], context_id=ids["s"], code="G", names={"fr": "G"}, currency="EUR", prices=[]
    )
    await office.command(
        "create_event", id=ids["event"], context_id=ids["a"], code="F", names={"fr": "Finale"}, vat_bp=550
    )
    starts = datetime.now(UTC) + timedelta(days=1)
    schedule = {
        "starts": starts, "doors": starts - timedelta(hours=2), "closes": starts + timedelta(hours=3),
        "sell_until": starts,
    }  # fmt: skip
    await office.command(
        "create_performance", id=ids["show"], event_id=ids["event"], logical_configuration_id=ids["hall"],
        price_grid_id=ids["grid"], schedule=schedule,
    )  # fmt: skip
    return ids["show"]


async def frames(page: Page, seconds: float) -> dict[str, dict[str, float]]:
    return {name: await page.evaluate(MOVES, [seconds, name == "zoom"]) for name in ("zoom", "pan")}


async def measure(folder: Path, places: int, seconds: float, picture: Path | None) -> None:
    config = CentralConfig(folder, listen=Endpoint("127.0.0.1", 0), broker=BrokerConfig(True, "127.0.0.1", 0))
    institution, operator, key = await found_house(config, "H", "Maison", "Admin")
    async with running(config) as central, Office(central.url, operator, key) as office:
        show = await set_up(office, institution, places)
        token = session_of(folder / "parterre.db", operator)
        address = f"{central.url}/admin/plan/performance/{show}"
        async with async_playwright() as playwright:
            browser = await launched(playwright)
            context = await browser.new_context(viewport={"width": 1440, "height": 950}, locale="fr-FR")
            await enter(context, central.url, token)
            page = await context.new_page()
            sent: dict[str, Any] = {}

            async def noted(answer: Any) -> None:
                if answer.url.endswith("/picture"):
                    sizes = await answer.request.sizes()
                    sent["picture"], sent["wait"] = sizes["responseBodySize"], answer.request.timing["responseEnd"]

            page.on("response", noted)
            first: list[float] = []
            for _ in range(3):
                began = time.perf_counter()
                await page.goto(address)
                await page.locator("canvas[data-first]").wait_for()
                whole = time.perf_counter() - began
                drawn = float(await page.evaluate("document.querySelector('canvas').dataset.first"))
                first.append(drawn / 1000)
                print(f"  opened in {whole:.2f} s; from the page's start of asking to the first drawing {drawn:.0f} ms")
            print(f"payload: {sent['picture'] / 1e6:.2f} MB compressed, arrived after {sent['wait']:.0f} ms")
            print(f"first drawing (fetch and draw): median {statistics.median(first):.2f} s")
            if picture:
                await page.screenshot(path=picture)
            full = await frames(page, seconds)
            painted = sorted(await page.evaluate("window.plan.frames.splice(0)"))
            await page.evaluate(
                "Object.assign(plan.picture, {states: '', rows: [], shapes: []}); plan.take(plan.picture)"
            )
            empty = await frames(page, seconds)
            for name in full:
                a, b = full[name], empty[name]
                print(
                    f"{name}: {a['rate']:.0f} frames/s (95 % of frames within {a['slow']:.0f} ms); empty plan "
                    f"{b['rate']:.0f}: ratio {a['rate'] / b['rate']:.2f}"
                )
            middle, slow = painted[len(painted) // 2], painted[int(len(painted) * 0.95)]
            print(f"painting one frame: median {middle:.1f} ms, p95 {slow:.1f} ms")
            await page.goto(address)
            await page.locator("canvas[data-first]").wait_for()
            began = time.perf_counter()
            await office.command("block_places", performance_id=show, why="télévision", selection={"runs": [[0, 1000]]})
            acted = time.perf_counter() - began
            await page.locator("canvas[data-version='1']").wait_for()
            print(
                f"another operator blocks 1,000 places: done in {acted:.2f} s, seen on this screen "
                f"{time.perf_counter() - began:.2f} s after it was asked"
            )
            await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=80_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), arguments.places, arguments.seconds, arguments.picture))


if __name__ == "__main__":
    main()
