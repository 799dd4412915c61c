"""A stadium of 80,000 places through the door: importing its plan, a logical configuration, a performance; actions on
20,000 seats; the plan as columns; what carrying over would change. On SQLite, each a durable commit.

The floor of an action is the statement that no action can do without: 20,000 rows of that table updated in one durable
transaction of the same database, and nothing else. The floor of the import is its 80,000 rows inserted the same way.
"""

import argparse
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson

import central.areas  # noqa: F401  # declares everything
from central.catalogue.ops import CreateEvent
from central.inventory.contingents import CreateContingent
from central.inventory.plan_actions import (
    AssignContingent,
    AssignLogicalContingent,
    BlockLogical,
    BlockPlaces,
    UnblockPlaces,
)
from central.kernel.actor import SYSTEM
from central.kernel.contexts import ContextKind, path_of
from central.kernel.db import Connection, Database
from central.kernel.door import Door
from central.kernel.keys import make_keys
from central.kernel.schema import upgrade
from central.organisation.ops import CreateContext, SetUpHouse
from central.pricing.ops import CreatePriceGrid, CreateTariff, PriceCell
from central.programme.carryover import CarryOver, PreviewCarryOver
from central.programme.performances import CreatePerformance, Schedule
from central.programme.plan_actions import UndoPlanAction
from central.programme.plan_history import ComparePlan
from central.programme.plan_pictures import PlanPicture, PlanStates
from central.venues.model import PlanTarget, SeatOrder
from central.venues.ops import (
    CreateLogicalConfiguration,
    CreateSeatCategory,
    CreateSite,
    CreateSpace,
    ImportPlan,
    InvalidateSeats,
    OrderLogicalSeats,
    ReimportPlan,
    RevalidateSeats,
    ValidatePhysical,
)
from central.venues.selection import Selection
from shared.ids import Id, derived_id
from shared.outcome import Ok

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
STARTS = NOW + timedelta(hours=2)
BULK = 20_000
_FRESH = count(1)


def new_id() -> Id:
    return derived_id("benchmark", next(_FRESH))


@dataclass
class Clerk:
    """Somebody at the door, one command at a time, each committed before it is answered."""

    door: Door
    db: Connection

    def do(self, command: Any) -> Any:
        outcome = self.door.execute_now(self.db, SYSTEM, command, new_id()).outcome
        assert isinstance(outcome, Ok), outcome
        return outcome.value

    def ask(self, query: Any) -> Any:
        outcome = self.door.ask_now(self.db, SYSTEM, query)
        assert isinstance(outcome, Ok), outcome
        return outcome.value


@dataclass
class House:
    site: Id
    season: Id
    category: Id
    contingent: Id
    grid: Id
    event: Id


def set_up(clerk: Clerk) -> House:
    institution, organiser, season, activity, site, category, contingent, grid, event, tariff = (
        new_id() for _ in range(10)
    )
    names = {"fr": "Stade"}
    do = clerk.do
    do(
        SetUpHouse(
            institution_id=institution,
            code="MAISON",
            names=names,
            operator_id=new_id(),
            operator_name="Admin",
            key_digest="no digest",
        )
    )
    do(
        CreateContext(
            id=organiser,
            context_id=institution,
            kind=ContextKind.ORGANISER,
            code="O",
            names=names,
            settings={"currency": "EUR"},
        )
    )
    do(CreateContext(id=season, context_id=organiser, kind=ContextKind.SEASON, code="S", names=names, settings={}))
    do(CreateContext(id=activity, context_id=season, kind=ContextKind.ACTIVITY, code="A", names=names, settings={}))
    do(CreateSite(id=site, context_id=institution, code="STADE", names=names, address="", timezone="Europe/Paris"))
    do(CreateSeatCategory(id=category, context_id=institution, code="A", names=names, colour="#0072B2", rank=1))
    do(CreateContingent(id=contingent, context_id=institution, code="PRESSE", names=names, colour="#999999"))
    do(CreateTariff(id=tariff, context_id=season, code="PLEIN", names=names, rank=1, proof=False))
    do(
        CreatePriceGrid(
            id=grid,
            context_id=season,
            code="G",
            names=names,
            currency="EUR",
            prices=(PriceCell(category, tariff, 2000),),
        )
    )
    do(CreateEvent(id=event, context_id=activity, code="FINALE", names=names, vat_bp=550))
    return House(site, season, category, contingent, grid, event)


def stadium(rows: int, seats: int) -> bytes:
    """A plan file with `rows` rows of `seats` places in blocks of 40 rows, in 16 zones at most, each
    with an aisle in the middle."""
    zones = [
        {
            "name": f"Z{zone % 16}", "position": {"x": 0, "y": zone * 1100}, "areas": [],
            "rows": [
                {
                    "row_number": f"{zone // 16}.{row + 1}", "row_number_position": "start",
                    "position": {"x": 0, "y": row * 26},
                    "seats": [
                        {
                            "seat_number": str(n + 1), "seat_guid": f"Z{zone}-{row}-{n}", "category": "A",
                            "position": {"x": n * 25 + (60 if n >= seats // 2 else 0), "y": 0}, "radius": 10,
                        }
                        for n in range(seats)
                    ],
                }
                for row in range(40)
            ],
        }
        for zone in range(rows // 40)
    ]  # fmt: skip
    size = {"width": seats * 25 + 100, "height": rows * 28}
    return orjson.dumps(
        {"name": "Stadium", "categories": [{"name": "A", "color": "#0072B2"}], "zones": zones, "size": size}
    )


def took(clerk: Clerk, act: Callable[..., Any], *said: Any) -> tuple[float, Any]:
    """Seconds and value. In a running central a thread of its own copies the log into the database; here it is done
    before the clock starts."""
    clerk.db.run("PRAGMA wal_checkpoint(PASSIVE)", {})
    began = time.perf_counter()
    value = act(*said)
    return time.perf_counter() - began, value


def floor_of(db: Connection, table: str, column: str, ids: list[str]) -> float:
    """20,000 updates by id in one durable transaction: there and back, the mean of both."""
    times = []
    for value in ("a floor", ""):
        began = time.perf_counter()
        db.begin(write=True)
        db.write_many(f"UPDATE {table} SET {column} = ? WHERE id = ?", [(value, each) for each in ids])
        db.commit()
        times.append(time.perf_counter() - began)
    return statistics.fmean(times)


def insert_floor(db: Connection, table: str, configuration: Id) -> float:
    """The same rows once more, into a table of the same shape without their neighbours: in one durable transaction."""
    rows = db.run(f"SELECT * FROM {table} WHERE configuration_id = :id", {"id": configuration})
    names = [row[1] for row in db.run(f"PRAGMA table_info({table})", {})]
    db.run(f"CREATE TABLE floor ({', '.join(names)}, PRIMARY KEY (id)) WITHOUT ROWID", {})
    began = time.perf_counter()
    db.begin(write=True)
    db.write_many(f"INSERT INTO floor VALUES ({', '.join('?' * len(names))})", rows)
    db.commit()
    spent = time.perf_counter() - began
    db.run("DROP TABLE floor", {})
    return spent


def say(name: str, seconds: float, floor_s: float | None = None, **more: Any) -> None:
    ratio = f"{seconds / floor_s:6.1f} × the floor of {floor_s * 1000:.0f} ms" if floor_s else ""
    extra = "  ".join(f"{key} {value}" for key, value in more.items())
    print(f"{name:34} {seconds * 1000:9.0f} ms  {ratio} {extra}")
    row = {"bench": "plan_actions", "what": name, "s": round(seconds, 4), **more}
    print(orjson.dumps(row | ({"floor_s": round(floor_s, 4)} if floor_s else {})).decode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seats", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'house.db'}")
        upgrade(database)
        db = database.connect()
        clerk = Clerk(Door(database, lambda: NOW, path_of, make_keys(NOW)), db)
        run(clerk, options.rows, options.seats, options.repeats)
        db.close()


def run(clerk: Clerk, rows: int, seats: int, repeats: int) -> None:
    house, db = set_up(clerk), clerk.db
    space, physical, logical, performance = (new_id() for _ in range(4))
    clerk.do(CreateSpace(id=space, site_id=house.site, code="STADE", names={"fr": "Stade"}))
    plan = stadium(rows, seats).decode()
    spent, places = took(
        clerk, lambda: clerk.do(ImportPlan(id=physical, space_id=space, code="STADE", names={"fr": "Stade"}, plan=plan))
    )
    say("import", spent, insert_floor(db, "physical_seat", physical), places=places, file_mb=round(len(plan) / 1e6, 1))
    spent, _ = took(clerk, lambda: clerk.do(ReimportPlan(configuration_id=physical, plan=plan)))
    say("re-import of the same file", spent)
    clerk.do(ValidatePhysical(configuration_id=physical))
    want = CreateLogicalConfiguration(
        id=logical,
        context_id=house.season,
        physical_configuration_id=physical,
        code="STADE",
        names={"fr": "Stade"},
        categories={"A": house.category},
    )
    spent, _ = took(clerk, lambda: clerk.do(want))
    say("logical configuration", spent, insert_floor(db, "logical_seat", logical))
    schedule = Schedule(STARTS, STARTS, STARTS.replace(hour=23), STARTS)
    spent, _ = took(
        clerk,
        lambda: clerk.do(
            CreatePerformance(
                id=performance,
                event_id=house.event,
                logical_configuration_id=logical,
                price_grid_id=house.grid,
                schedule=schedule,
            )
        ),
    )
    say("performance", spent)
    actions(clerk, house.contingent, physical, logical, performance, min(BULK, places // 4), repeats)
    pictures(clerk, house.contingent, physical, logical, performance)


def actions(clerk: Clerk, contingent: Id, physical: Id, logical: Id, performance: Id, bulk: int, repeats: int) -> None:
    db = clerk.db
    stretch = Selection(runs=((bulk, bulk),))
    lasso = Selection(lasso=((-10, -10), (6000, -10), (6000, 2710), (-10, 2710)))
    every_other = Selection(runs=tuple((position, 1) for position in range(0, 2 * bulk, 2)))
    few = Selection(runs=((5, 4),))
    some = {
        "logical_seat": [row[0] for row in db.run(
            "SELECT v.id FROM logical_seat v JOIN physical_seat s ON s.id = v.seat_id WHERE v.configuration_id = :id "
            "AND s.position >= :n AND s.position < 2 * :n", {"id": logical, "n": bulk})],
        "place": [row[0] for row in db.run(
            "SELECT p.id FROM place p JOIN physical_seat s ON s.id = p.seat_id WHERE p.performance_id = :id "
            "AND s.position >= :n AND s.position < 2 * :n", {"id": performance, "n": bulk})],
    }  # fmt: skip
    floors = {table: floor_of(db, table, "blocked", ids) for table, ids in some.items()}
    acts: list[tuple[str, str, Callable[[], Any]]] = [
        (
            "logical: block, 1 stretch",
            "logical_seat",
            lambda: BlockLogical(configuration_id=logical, selection=stretch, why="x"),
        ),
        (
            "logical: contingent",
            "logical_seat",
            lambda: AssignLogicalContingent(configuration_id=logical, contingent_id=contingent, selection=stretch),
        ),
        (
            "logical: order, snake",
            "logical_seat",
            lambda: OrderLogicalSeats(configuration_id=logical, selection=stretch, order=SeatOrder.SNAKE),
        ),
        (
            "performance: block, 1 stretch",
            "place",
            lambda: BlockPlaces(performance_id=performance, selection=stretch, why="x"),
        ),
        (
            "performance: contingent",
            "place",
            lambda: AssignContingent(performance_id=performance, contingent_id=contingent, selection=stretch),
        ),
        (
            "performance: block, every other",
            "place",
            lambda: BlockPlaces(performance_id=performance, selection=every_other, why="x"),
        ),
        (
            "performance: block, lasso",
            "place",
            lambda: BlockPlaces(performance_id=performance, selection=lasso, why="x"),
        ),
    ]
    for name, table, act in acts:
        times, undos = [], []
        entry: dict[str, Any] = {}
        for _ in range(repeats):
            spent, entry = took(clerk, clerk.do, act())
            times.append(spent)
            spent, _ = took(clerk, clerk.do, UndoPlanAction(action_id=entry["action_id"]))
            undos.append(spent)
        say(name, statistics.median(times), floors[table], places=entry["places"],
            worst_s=round(max(times), 3), undo_s=round(statistics.median(undos), 3))  # fmt: skip
    spent, _ = took(clerk, lambda: clerk.do(InvalidateSeats(configuration_id=physical, selection=stretch, why="x")))
    say("physical: invalidate", spent)
    clerk.do(RevalidateSeats(configuration_id=physical, selection=stretch))
    times = [
        took(clerk, lambda: clerk.do(BlockPlaces(performance_id=performance, selection=few, why="x")))[0]
        for _ in range(1)
    ]
    times += [
        took(clerk, lambda: clerk.do(UnblockPlaces(performance_id=performance, selection=few)))[0] for _ in range(1)
    ]
    say("performance: four seats", max(times))


def pictures(clerk: Clerk, contingent: Id, physical: Id, logical: Id, performance: Id) -> None:
    ((places,),) = clerk.db.run("SELECT COUNT(*) FROM place", {})
    half = Selection(runs=((0, places // 2),))
    clerk.do(AssignLogicalContingent(configuration_id=logical, contingent_id=contingent, selection=half))
    spent, told = took(clerk, lambda: clerk.ask(PreviewCarryOver(configuration_id=logical, performance_id=performance)))
    say("preview of carrying over", spent, places=told.places)
    spent, _ = took(clerk, lambda: clerk.do(CarryOver(configuration_id=logical, performances=(performance,))))
    say("carrying over", spent)
    here = PlanTarget.PERFORMANCE
    spent, picture = took(clerk, lambda: clerk.ask(PlanPicture(target=here, target_id=performance)))
    raw = orjson.dumps(picture)
    packed = zlib.compress(raw, 6)
    say("picture of the performance", spent, raw_mb=round(len(raw) / 1e6, 2), gzip_mb=round(len(packed) / 1e6, 3))
    spent, picture = took(clerk, lambda: clerk.ask(PlanPicture(target=here, target_id=performance, order=True)))
    packed = zlib.compress(orjson.dumps(picture), 6)
    say("picture with the order of seats", spent, gzip_mb=round(len(packed) / 1e6, 3))
    spent, _ = took(clerk, lambda: clerk.ask(PlanPicture(target=PlanTarget.PHYSICAL, target_id=physical)))
    say("picture of the physical plan", spent)
    spent, _ = took(clerk, lambda: clerk.ask(PlanPicture(target=here, target_id=performance, at=NOW)))
    say("the hall as it was", spent)
    spent, _ = took(clerk, lambda: clerk.ask(ComparePlan(target=here, target_id=performance, since=NOW)))
    say("two moments compared", spent)
    spent, states = took(clerk, lambda: clerk.ask(PlanStates(performance_id=performance)))
    say("states alone", spent, gzip_kb=round(len(zlib.compress(states.encode(), 6)) / 1000, 1))


if __name__ == "__main__":
    main()
