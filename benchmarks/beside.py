"""How long a sale waits while something heavy comes in: a desk sells one seat after another over HTTP, a little pause
between two, and beside it another program sends the same heavy thing again and again.

Each sale is durable before its answer. The floor is the desk alone, in the same run.
"""

import argparse
import asyncio
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from orders import central, prepare

from parterre.demo.house import PRICES
from parterre.demo.office import Declined, Office
from shared.ids import Id

PAUSE_S = 0.02
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Desk:
    """What it sells: seats that nobody else wants."""

    places: list[dict[str, Any]]
    tariff: Id
    point: Id
    prices: dict[str, int]


def bowl(places: int, category: str = "1re") -> str:
    """A plan file: blocks of forty rows of fifty seats, side by side."""
    zones = [
        {
            "name": f"Bloc {block % 16 + 1}", "position": {"x": 1500 * block, "y": 0}, "areas": [],
            "rows": [
                {
                    "row_number": f"{block // 16}.{row + 1}", "position": {"x": 0, "y": 40 * row},
                    "seats": [
                        {"seat_number": str(n + 1), "seat_guid": f"{block}-{row}-{n}", "category": category,
                         "position": {"x": 25 * n, "y": 0}}
                        for n in range(50)
                    ],
                }
                for row in range(40)
            ],
        }
        for block in range(places // 2000)
    ]  # fmt: skip
    size = {"width": 1500 * len(zones), "height": 1700}
    return orjson.dumps({"name": "Stade", "categories": [{"name": category}], "zones": zones, "size": size}).decode()


def faulty(seats: int) -> str:
    """A plan whose seats are none."""
    rows = [{"row_number": "A", "position": {"x": 0, "y": 0}, "seats": [0] * seats}]
    zone = {"name": "Z", "position": {"x": 0, "y": 0}, "rows": rows}
    size = {"width": 9, "height": 9}
    return orjson.dumps({"name": "F", "categories": [{"name": "1"}], "zones": [zone], "size": size}).decode()


class Heavy:
    """The heavy things, each as one call; a refusal is an answer too."""

    def __init__(self, office: Office, space: str, large: int, carried: int) -> None:
        self._office, self._space, self._n = office, space, 0
        self._columns = "zone,row,seat,x,y,category," + ",".join(f"c{n}" for n in range(40_000))
        self._faulty, self._bowl, self._carried = faulty(300_000), bowl(large), carried
        self._logical, self._performance = "", ""

    async def get_ready(self, season: Id, event: str, grid: Id, category: Id, schedule: dict[str, Any]) -> None:
        """A hall of so many seats with a performance, and one thing to carry over to it: all of it is blocked."""
        office, physical = self._office, self._office.new_id()
        self._logical, self._performance = office.new_id(), office.new_id()
        await self.take(bowl(self._carried), physical)
        await office.command("validate_physical", configuration_id=physical)
        await office.command(
            "create_logical_configuration", id=self._logical, context_id=season, physical_configuration_id=physical,
            code="BOWL", names={"fr": "Stade"}, categories={"1re": category},
        )  # fmt: skip
        await office.command(
            "create_performance", id=self._performance, event_id=event, schedule=schedule,
            logical_configuration_id=self._logical, price_grid_id=grid,
        )  # fmt: skip
        await office.command(
            "block_logical", configuration_id=self._logical, selection={"everything": True}, why="télévision"
        )

    async def take(self, plan: str, made: Id | None = None) -> None:
        self._n += 1
        await self._office.command(
            "import_plan", id=made or self._office.new_id(), space_id=self._space, code=f"P{self._n}",
            names={"fr": "Plan"}, plan=plan,
        )  # fmt: skip

    async def columns(self) -> None:
        await self.take(self._columns)

    async def faults(self) -> None:
        await self.take(self._faulty)

    async def stadium(self) -> None:
        await self.take(self._bowl)

    async def carry_over(self) -> None:
        """There, and back."""
        performances = [self._performance]
        await self._office.command("carry_over", configuration_id=self._logical, performances=performances)
        await self._office.command("unblock_places", performance_id=self._performance, selection={"everything": True})


async def again_and_again(act: Callable[[], Awaitable[None]], enough: asyncio.Event) -> int:
    done = 0
    while not enough.is_set():
        try:
            await act()
        except Declined as no:
            if no.problem["reason"] != "no_venue.plan_faulty":
                raise
        done += 1
    return done


async def sold(office: Office, desk: Desk, seconds: float, more: Callable[[], bool]) -> list[float]:
    """Milliseconds that each sale took."""
    took, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until or more():
        place = desk.places.pop()
        wanted = [{"tariff_id": desk.tariff, "seat_id": place["seat_id"]}]
        began = time.perf_counter()
        await office.command(
            "place_order", order_id=office.new_id(), point_of_sale_id=desk.point,
            performance_id=place["performance_id"], places=wanted, method="cash",
            amount=desk.prices[place["category_id"]],
        )  # fmt: skip
        took.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(PAUSE_S)
    return sorted(took)


async def beside(
    office: Office, desk: Desk, seconds: float, act: Callable[[], Awaitable[None]] | None
) -> tuple[list[float], int]:
    """Sales for so long, or until the heavy thing was done at least twice."""
    if act is None:
        return await sold(office, desk, seconds, lambda: False), 0
    enough = asyncio.Event()
    heavy = asyncio.create_task(again_and_again(act, enough))
    took = await sold(office, desk, seconds, lambda: False)
    enough.set()
    late = asyncio.create_task(sold(office, desk, 0.0, lambda: not heavy.done()))
    done = await heavy
    return sorted([*took, *await late]), done


async def run(url: str, institution: str, operator: str, key: str, options: argparse.Namespace) -> None:
    places, house = await prepare(url, institution, operator, key, options.performances)
    prices = {str(house.categories[name]): amount for name, amount in PRICES.items()}
    desk = Desk(places, house.tariffs["FULL"], house.desk_point, prices)
    async with Office(url, operator, key) as office, Office(url, operator, key) as other:
        (space,) = {row["id"] for row in await office.rows("space")}
        heavy = Heavy(other, space, options.large, options.carried)
        (show,) = await office.rows("performance", id=house.performances[0])
        (logical,) = await office.rows("logical_configuration", id=house.logical)
        schedule = {name: show[name] for name in ("starts", "doors", "closes", "sell_until")}
        category = next(iter(house.categories.values()))
        await heavy.get_ready(logical["context_id"], show["event_id"], house.grid, category, schedule)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, "
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        )
        print("beside                               sales   p50 ms   p99 ms   max ms   done   each s")
        for name, act in (
            (NOTHING, None),
            ("a CSV of 40,000 columns", heavy.columns),
            ("a JSON of 300,000 faults", heavy.faults),
            (f"a plan of {options.large:,} places", heavy.stadium),
            (f"carrying over {options.carried:,} seats", heavy.carry_over),
        ):
            if options.only not in name:
                continue
            began = time.perf_counter()
            took, done = await beside(office, desk, options.seconds, act)
            row = {
                "bench": "beside", "beside": name, "sales": len(took), "p50_ms": median(took),
                "p99_ms": took[len(took) * 99 // 100], "max_ms": took[-1], "done": done,
                "each_s": (time.perf_counter() - began) / done if done else 0.0, "load": os.getloadavg()[0],
            }  # fmt: skip
            print(
                f"{name:35} {len(took):6} {row['p50_ms']:8.1f} {row['p99_ms']:8.1f} {row['max_ms']:8.1f} {done:6} "
                f"{row['each_s']:8.2f}"
            )
            print(orjson.dumps(row).decode(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--performances", type=int, default=6)
    parser.add_argument("--large", type=int, default=80_000)
    parser.add_argument("--carried", type=int, default=20_000)
    parser.add_argument("--only", default="", help="only what has this in its name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parterre-bench-") as name, central(Path(name)) as (_, *who):
        asyncio.run(run(*who, options))


if __name__ == "__main__":
    main()
