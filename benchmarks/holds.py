"""Holds per second on one performance, 64 callers, durable, at central's own door (SQLite): named seats, best seats,
and best seats until the hall is full. Beside it the full availability of a stadium, read.

The floor, in the same run: one bare insert per call, committed in groups by a writer thread as the door does it; for
the reading, one row. "Refused in vain": best-seat holds that were refused although there were as many seats as wanted.
"""

import argparse
import asyncio
import os
import platform
import queue
import sqlite3
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import orjson

import central.areas  # noqa: F401  # declares everything
from central.catalogue.model import PerformanceDo
from central.catalogue.ops import CreateEvent
from central.inventory.counts import Availability
from central.inventory.halls import make_ready
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Database
from central.kernel.door import Door, Reply
from central.kernel.keys import make_keys
from central.kernel.schema import upgrade
from central.kernel.tx import Read
from central.orders.holds import BestWish, HoldPlaces
from central.organisation.ops import CreateContext, SetUpHouse
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from central.selling.model import ChannelKind
from central.selling.ops import CreateChannel, CreatePointOfSale
from central.venues.logical_configurations import CreateLogicalConfiguration
from central.venues.ops import CreateSeatCategory, CreateSite, CreateSpace, ValidatePhysical
from central.venues.plan_import import ImportPlan
from shared.ids import Id, derived_id
from shared.runtime.system import SystemClock, fresh_id

CALLERS = 64
_CLOCK = SystemClock()


def fresh() -> Id:
    return fresh_id(_CLOCK)


def named(*parts: str | int) -> Id:
    return derived_id("bench", *parts)


def bowl(places: int) -> str:
    """A plan file: blocks of forty rows of fifty seats, side by side, in 16 zones at most."""
    zones = [
        {
            "name": f"Bloc {block % 16 + 1}", "position": {"x": 1500 * block, "y": 0}, "areas": [],
            "rows": [
                {
                    "row_number": f"{block // 16}.{row + 1}", "position": {"x": 0, "y": 40 * row},
                    "seats": [
                        {"seat_number": str(n + 1), "seat_guid": f"{block}-{row}-{n}", "category": "1re",
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
    categories = [{"name": "1re", "color": "#0072B2"}]
    return orjson.dumps({"name": "Stade", "categories": categories, "zones": zones, "size": size}).decode()


POINT = named("point of sale")


async def house(door: Door, halls: Sequence[int]) -> list[Id]:
    """One performance per hall of so many places, all on sale at one counter."""
    clock = datetime.now(UTC)

    async def do(command: Any) -> None:
        reply = await door.execute(SYSTEM, command, fresh())
        assert reply.ok, (type(command).__name__, reply.body)

    institution, organiser, season, activity = (named("context", n) for n in range(4))
    await do(
        SetUpHouse(
            institution_id=institution,
            code="BENCH",
            names={"fr": "Banc"},
            operator_id=named("admin"),
            operator_name="Admin",
            key_digest="x" * 64,
        )
    )
    await do(
        CreateContext(
            id=organiser,
            context_id=institution,
            kind=ContextKind.ORGANISER,
            code="ORG",
            names={"fr": "O"},
            settings={"currency": "EUR"},
        )
    )
    await do(
        CreateContext(
            id=season, context_id=organiser, kind=ContextKind.SEASON, code="S", names={"fr": "S"}, settings={}
        )
    )
    await do(
        CreateContext(
            id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="A", names={"fr": "A"}, settings={}
        )
    )
    site, category, tariff, grid, channel, event = map(
        named, ("site", "category", "tariff", "grid", "channel", "event")
    )
    await do(
        CreateSite(
            id=site, context_id=institution, code="SITE", names={"fr": "Site"}, address="1 rue", timezone="Europe/Paris"
        )
    )
    await do(
        CreateSeatCategory(
            id=category, context_id=institution, code="CAT1", names={"fr": "1re"}, colour="#0072B2", rank=1
        )
    )
    await do(CreateTariff(id=tariff, context_id=season, code="FULL", names={"fr": "Plein"}, rank=1, proof=False))
    await do(
        CreatePriceGrid(
            id=grid,
            context_id=season,
            code="G",
            names={"fr": "Grille"},
            currency="EUR",
            prices=(PriceCell(category, tariff, 2000),),
        )
    )
    await do(
        CreateChannel(
            id=channel,
            context_id=institution,
            code="C",
            names={"fr": "C"},
            kind=ChannelKind.INTERNET_PUBLIC,
            contingents=(),
            uncontingented=True,
            max_places=10,
            active=True,
        )
    )
    await do(
        CreatePointOfSale(id=POINT, channel_id=channel, context_id=organiser, code="P", names={"fr": "P"}, active=True)
    )
    await do(CreateEvent(id=event, context_id=activity, code="E", names={"fr": "E"}, vat_bp=550))
    found = []
    starts = clock + timedelta(days=30)
    for n, places in enumerate(halls):
        space, physical, logical, performance = (named(kind, n) for kind in ("space", "physical", "logical", "show"))
        await do(CreateSpace(id=space, site_id=site, code=f"H{n}", names={"fr": "Salle"}))
        await do(ImportPlan(id=physical, space_id=space, code="P", names={"fr": "Plan"}, plan=bowl(places)))
        await do(ValidatePhysical(configuration_id=physical))
        await do(
            CreateLogicalConfiguration(
                id=logical,
                context_id=season,
                physical_configuration_id=physical,
                code=f"L{n}",
                names={"fr": "L"},
                categories={"1re": category},
            )
        )
        schedule = Schedule(starts, starts - timedelta(hours=1), starts + timedelta(hours=3), starts)
        await do(
            CreatePerformance(
                id=performance, event_id=event, logical_configuration_id=logical, price_grid_id=grid, schedule=schedule
            )
        )
        await do(ChangeSale(performance_id=performance, do=PerformanceDo.OPEN))
        found.append(performance)
    return found


async def crowd(commands: Sequence[Any], ask: Callable[[Any], Awaitable[Any]]) -> tuple[float, list[float], list[Any]]:
    """Per second, each one's milliseconds, what was answered: 64 callers, each asking again as soon as it has an
    answer."""
    waiting, answers, took = iter(commands), list[Any](), list[float]()

    async def caller() -> None:
        for command in waiting:
            began = time.perf_counter()
            answers.append(await ask(command))
            took.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return len(commands) / (time.perf_counter() - began), took, answers


def _answer(waiting: Sequence[asyncio.Future[None]]) -> None:
    for each in waiting:
        each.set_result(None)


class Floor:
    """The least that a durable answer costs here: one insert each, committed in groups by one writer thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        db = sqlite3.connect(self._path, isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
        while first := self._jobs.get():
            batch = [first]
            while len(batch) < CALLERS and not self._jobs.empty() and (more := self._jobs.get()):
                batch.append(more)
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO t VALUES (?, ?)", [(fresh(), body) for body, _ in batch])
            db.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, future in batch])
        db.close()

    async def ask(self, command: Any) -> None:
        future = self._loop.create_future()
        self._jobs.put((orjson.dumps(command), future))
        await future

    def stop(self) -> None:
        self._jobs.put(None)
        self._thread.join()


def in_vain(commands: Sequence[HoldPlaces], answers: Sequence[Reply], places: int) -> int:
    """Refused best-seat holds that at the end would still find as many seats as they wanted."""
    taken = sum(len(orjson.loads(reply.body)["places"]) for reply in answers if reply.ok)
    wanted = [int(orjson.loads(reply.body)["detail"]["wanted"]) for reply in answers if not reply.ok]
    assert len(answers) == len(commands)
    return sum(want <= places - taken for want in wanted)


async def run(folder: Path, small: int, large: int, calls: int) -> None:
    keys = make_keys(datetime.now(UTC))
    database = Database(f"sqlite:///{folder / 'central.db'}")
    upgrade(database)
    door = Door(database, lambda: datetime.now(UTC), path_of, keys)
    door.start()
    floor = Floor(folder / "floor.db")
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    try:
        named_in, best_in, full, stadium = await house(door, (large, large, small, large))
        sql = "SELECT seat_id FROM place WHERE performance_id = :p"
        rows: list[Any] = await door.read(SYSTEM, partial(_rows, sql=sql, performance_id=named_in))
        seats = [row[0] for row in rows]
        calls = min(calls, len(seats) // 2)
        pairs = [tuple(seats[2 * n : 2 * n + 2]) for n in range(calls)]
        two = BestWish(2)
        works = [
            (
                "named, 2 seats",
                [
                    HoldPlaces(hold_id=fresh(), point_of_sale_id=POINT, performance_id=named_in, seats=pair)
                    for pair in pairs
                ],
                named_in,
                large,
            ),
            (
                "best, 2 seats",
                [HoldPlaces(hold_id=fresh(), point_of_sale_id=POINT, performance_id=best_in, best=two) for _ in pairs],
                best_in,
                large,
            ),
            (
                "best, 1-4, till full",
                [
                    HoldPlaces(hold_id=fresh(), point_of_sale_id=POINT, performance_id=full, best=BestWish(1 + n % 4))
                    for n in range(small * 6 // 10)
                ],
                full,
                small,
            ),
        ]
        print("holds                  places   holds/s   p50 ms   p99 ms   refused   in vain   floor/s   floor÷holds")
        for name, commands, performance, places in works:
            await door.read(SYSTEM, partial(make_ready, performance_id=performance))  # as central's loop does
            warm = HoldPlaces(hold_id=fresh(), point_of_sale_id=POINT, performance_id=performance, best=BestWish(1))
            began = time.perf_counter()
            assert (await door.execute(SYSTEM, warm, fresh(), dry_run=True)).ok
            first_ms = 1000 * (time.perf_counter() - began)
            bare, _, _ = await crowd(commands, floor.ask)
            per_s, took, answers = await crowd(commands, lambda each: door.execute(SYSTEM, each, fresh()))
            took.sort()
            row = {
                "bench": "holds", "kind": name, "places": places, "per_s": per_s, "p50_ms": median(took),
                "p99_ms": took[len(took) * 99 // 100], "refused": sum(not reply.ok for reply in answers),
                "in_vain": in_vain(commands, answers, places), "floor_per_s": bare, "first_ms": first_ms,
            }  # fmt: skip
            print(
                f"{name:22} {places:6} {per_s:9.0f} {row['p50_ms']:8.1f} {row['p99_ms']:8.1f} {row['refused']:9} "
                f"{row['in_vain']:9} {bare:9.0f} {bare / per_s:13.1f}   first choice {first_ms:.0f} ms"
            )
            print(orjson.dumps(row).decode())
        await reading(door, stadium, large)
    finally:
        floor.stop()
        door.stop()


def _rows(read: Read, sql: str, performance_id: Id) -> Any:
    return read.run(sql, p=performance_id)


async def reading(door: Door, performance: Id, places: int) -> None:
    """Availability out of the kept counts, against one row, and against counting the places."""

    async def timed(look: Callable[[], Awaitable[Any]], times: int) -> float:
        took = []
        for _ in range(times):
            began = time.perf_counter()
            await look()
            took.append(1e6 * (time.perf_counter() - began))
        return median(took)

    kept = await timed(lambda: door.ask(SYSTEM, Availability(performance_id=performance)), 300)
    row = await timed(lambda: door.read(SYSTEM, lambda read: read.run("SELECT 1")), 300)
    by_hand = (
        "SELECT p.category_id, p.contingent_id, p.blocked, a.state, COUNT(*) FROM place p LEFT JOIN allocation a "
        "ON a.performance_id = p.performance_id AND a.seat_id = p.seat_id AND a.state <> 'released' "
        "WHERE p.performance_id = :p GROUP BY 1, 2, 3, 4"
    )
    rows = await timed(lambda: door.read(SYSTEM, lambda read: read.run(by_hand, p=performance)), 5)
    print(f"availability of {places} places: {kept:.0f} us, one row {row:.0f} us, counted from the rows {rows:.0f} us")
    told = {"bench": "availability", "places": places, "kept_us": kept, "floor_us": row, "counted_us": rows}
    print(orjson.dumps(told).decode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=4000, help="places of the hall that is filled")
    parser.add_argument("--large", type=int, default=80_000)
    parser.add_argument("--calls", type=int, default=6000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parterre-bench-") as name:
        asyncio.run(run(Path(name), options.small, options.large, options.calls))


if __name__ == "__main__":
    main()
