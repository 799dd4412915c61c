"""What the writer's thread does with the heaviest that a command may be: counted, so that it is the same on a busy
machine. Nothing is parsed, checked, drawn or packed there; what touches every place of a hall writes a row for each,
and works out no more than the table says."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from central.devices.leases import MOST_OUT, RequestLease
from central.devices.model import DevicesPrivilege
from central.inventory.plan_actions import AssignLogicalContingent
from central.kernel.actor import Actor, ActorKind
from central.kernel.bounds import beyond
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.entity import BY_NAME
from central.kernel.facts import FACTS
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import COMMANDS, Handler
from central.organisation.webhook_events import MOST_ROWS
from central.programme.carryover import MOST_AT_ONCE, CarryOver
from central.venues.model import NoVenue
from central.venues.plan_import import ImportPlan
from central.venues.selection import Selection
from shared.ids import Id
from shared.outcome import Ok, Refused
from shared.wire.certificates import DeviceKind
from shared.wire.facts import (
    BATCH_FACTS,
    SALE_LINES,
    UPLOAD_BYTES,
    UPLOAD_LINES,
    FactKind,
    LeaseSealed,
    PassageFact,
    Sale,
    SaleLine,
    SalePayment,
    SlotsReturned,
)
from shared.wire.leases import Lease
from tests.central.devices.test_facts import Machine, enrol, scan
from tests.central.kernel.bulk import Bulk, play
from tests.central.kernel.heaviest import Maker
from tests.central.kernel.meter import Cost, MeteredDatabase
from tests.central.programme.test_carryover import another
from tests.central.sampling import Sampler
from tests.central.small_house import FULL, Clerk, House, Watch, new_id
from tests.central.venues.hostile_plans import HOSTILE

# --- each command, as heavy as its declaration lets it be ------------------------------------------------------------

ALL = sorted(COMMANDS.values(), key=lambda handler: handler.name)
USUAL = Cost(calls=13_600, statements=600, rows=20, written=300_000, read=20_000)
MORE = {
    # every one of a thousand prices, or of 1,200 categories, names two things or one, which are asked for
    "create_price_grid": Cost(calls=40_000, statements=2_100, rows=20, written=100_000, read=20_000),
    "set_prices": Cost(calls=60_000, statements=2_100, rows=20, written=100_000, read=20_000),
    "create_logical_configuration": Cost(calls=12_000, statements=1_300, rows=20, written=100_000, read=20_000),
    # fifty channels, each with fifty fields and a point of sale
    "create_channels": Cost(calls=36_000, statements=600, rows=20, written=300_000, read=20_000),
    # fifty, each with its names in every language of the house
    "create_tariffs": Cost(calls=14_000, statements=600, rows=20, written=300_000, read=20_000),
    # a row in each table that says something of one person
    "erase_operator": Cost(calls=13_500, statements=600, rows=40, written=300_000, read=20_000),
    # 20,000 tickets that stay good go to the gates, and into the log
    "revoke_device": Cost(calls=12_000, statements=600, rows=20, written=1_300_000, read=20_000),
}


@dataclass(frozen=True, slots=True)
class Scene:
    door: Door
    cost: Cost
    actor: Actor
    maker: Maker


@pytest.fixture(scope="module")
def sampled(
    sqlite_template: tuple[Path, House], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Id]]:
    """The house with a row of everything, and their ids by table."""
    path = tmp_path_factory.mktemp("sampled") / "house.db"
    shutil.copy(sqlite_template[0], path)
    db = Database(f"sqlite:///{path}").connect()
    sampler = Sampler(db, sqlite_template[1])
    ids = {table: Id(sampler.row(table)) for table in BY_NAME}
    rows = [{"id": ids["tariff"]}] * MOST_ROWS
    data = {"entity": "tariff", "action": "changed", "command": {"id": new_id()}, "rows": rows}
    db.write("UPDATE webhook_delivery SET body = ?", (orjson.dumps({"data": data}).decode(),))
    db.close()
    return path, ids


@pytest.fixture
async def scene(
    sampled: tuple[Path, dict[str, Id]], sqlite_template: tuple[Path, House], keys: Keys, watch: Watch, tmp_path: Path
) -> AsyncIterator[Scene]:
    shutil.copy(sampled[0], tmp_path / "house.db")
    metered = MeteredDatabase(f"sqlite:///{tmp_path / 'house.db'}")
    door = Door(metered, watch, path_of, keys)
    door.start()
    await door.chore(metered.profile)
    yield Scene(door, metered.cost, sqlite_template[1].operator(EVERYTHING), Maker(sampled[1]))
    await asyncio.to_thread(door.stop)


@pytest.mark.parametrize("handler", ALL, ids=lambda handler: handler.name)
async def test_the_writer_works_out_nothing_heavy(scene: Scene, handler: Handler) -> None:
    want = scene.maker.command(handler.kind)
    assert beyond(want) == []
    before = scene.cost.copy()
    await scene.door.execute(scene.actor, want, new_id())
    cost = scene.cost - before
    assert cost.within(MORE.get(handler.name, USUAL)), cost


# --- what a device may tell ------------------------------------------------------------------------------------------

PAD = {"x": "x" * 600}
KEPT = Cost(calls=17_000, statements=1_100, rows=450, written=450_000, read=30_000)
"""Two hundred of which nothing follows."""
TOLD: dict[str, tuple[DeviceKind, Cost]] = {
    # 150 sales, each of a place that nobody leased: an order, its books, a ticket, and what does not fit
    FactKind.SALE: (DeviceKind.KIOSK, Cost(calls=130_000, statements=6_400, rows=3_400, written=820_000, read=180_000)),
    FactKind.SLOTS_RETURNED: (
        DeviceKind.KIOSK,
        Cost(calls=57_000, statements=2_300, rows=540, written=400_000, read=1_800_000),
    ),
    FactKind.LEASE_SEALED: (
        DeviceKind.KIOSK,
        Cost(calls=57_000, statements=2_300, rows=540, written=400_000, read=1_800_000),
    ),
    FactKind.SCAN: (DeviceKind.GATE, Cost(calls=69_000, statements=2_900, rows=1_480, written=500_000, read=190_000)),
    FactKind.PASSAGE: (
        DeviceKind.GATE,
        Cost(calls=69_000, statements=2_900, rows=1_480, written=500_000, read=190_000),
    ),
    FactKind.PAYMENT: (DeviceKind.KIOSK, KEPT),
    FactKind.PRINT: (DeviceKind.PRINTER, KEPT),
    FactKind.INCIDENT: (DeviceKind.GATE, KEPT),
    FactKind.CLOCK: (DeviceKind.GATE, KEPT),
    "dead letters": (DeviceKind.PRINTER, Cost(calls=46_000, statements=1_350, rows=900, written=550_000, read=30_000)),
}
WARM_SHOWS, FEW_SHOWS, MANY_SHOWS = 2, 1, MOST_AT_ONCE
LEASED = Cost(calls=4_900, statements=70, rows=100, written=24_000, read=8_200)
"""Nineteen places as stock: a row for each slot, and a place that changes."""


def told(house: House, machine: Machine, lease: Lease | None, kind: str) -> list[tuple[str, Any]]:
    """The bodies of the heaviest upload of a kind that is taken: of most work in the fewest bytes."""
    ticket = new_id()
    slots = tuple(range(UPLOAD_BYTES // BATCH_FACTS // 6))
    if kind == FactKind.SALE:
        return [(kind, a_sale(house, n)) for n in range(UPLOAD_LINES // 2)]
    if kind == FactKind.SLOTS_RETURNED and lease:
        return [(kind, SlotsReturned(lease.id, slots))] * BATCH_FACTS
    if kind == FactKind.LEASE_SEALED and lease:
        return [(kind, LeaseSealed(lease.id, slots))] * BATCH_FACTS
    if kind == FactKind.SCAN:
        return [(kind, scan(ticket, house, entry=1 + n % 2)) for n in range(BATCH_FACTS)]
    if kind == FactKind.PASSAGE:
        scans = [machine.saw(FactKind.SCAN, scan(ticket, house)) for _ in range(BATCH_FACTS // 2)]
        return [(kind, PassageFact(each.id, False)) for each in scans]
    return [("nothing" if kind == "dead letters" else kind, PAD)] * BATCH_FACTS


def a_sale(house: House, n: int, lines: int = 1) -> Sale:
    """Of what nobody leased."""
    said = tuple(SaleLine(new_id(), slot, house.full, FULL - 1, 0, "", "") for slot in range(lines))
    return Sale(new_id(), n, house.performance, "EUR", said, (SalePayment(new_id(), "card", 1),))


@dataclass(frozen=True, slots=True)
class Stage:
    """A scene whose actor is a device of a kind that central trusts."""

    scene: Scene
    house: House
    machine: Machine
    lease: Lease | None


@pytest.fixture
async def stage(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, request: pytest.FixtureRequest
) -> AsyncIterator[Stage]:
    kind, house = request.param, sqlite_place[1]
    metered = MeteredDatabase(sqlite_place[0].url)
    door = Door(metered, watch, path_of, keys)
    with closing(metered.connect()) as db:
        machine = enrol(Clerk(door, db, watch), house, kind)
        lease = machine.lease(house, *house.seats) if kind is DeviceKind.KIOSK else None
    door.start()
    await door.chore(metered.profile)
    scene = Scene(door, metered.cost, machine.clerk.actor, Maker())
    yield Stage(scene, house, machine, lease)
    await asyncio.to_thread(door.stop)


@pytest.mark.parametrize(("stage", "kind"), [(device, kind) for kind, (device, _) in TOLD.items()], indirect=["stage"])
async def test_an_upload_is_no_heavy_work(stage: Stage, kind: str) -> None:
    """Signed, of a device that may tell it, and as much as one upload may hold."""
    machine, scene = stage.machine, stage.scene
    bodies = told(stage.house, machine, stage.lease, kind)
    want = machine.upload(*machine.facts, *(machine.saw(each, body) for each, body in bodies))
    assert beyond(want) == []
    before = scene.cost.copy()
    reply = await scene.door.execute(scene.actor, want, new_id())
    cost = scene.cost - before
    assert isinstance(reply.outcome, Ok), reply.outcome
    assert (len(reply.outcome.value["dead"]) > 0) is (kind == "dead letters"), reply.outcome
    assert cost.within(TOLD[kind][1]), cost


@pytest.mark.parametrize("stage", [DeviceKind.KIOSK], indirect=True)
async def test_more_than_a_device_has_to_say_is_not_looked_at(stage: Stage) -> None:
    """In lines of sales, and in bytes: refused before anything follows from it."""
    machine, scene, house = stage.machine, stage.scene, stage.house
    sales = [(FactKind.SALE, a_sale(house, n, SALE_LINES)) for n in range(3)]
    for bodies in (sales, [(FactKind.INCIDENT, {"x": "x" * 60_000})] * 3):
        machine.facts.clear()
        want = machine.upload(*(machine.saw(kind, body) for kind, body in bodies))
        before = scene.cost.copy()
        reply = await scene.door.execute(scene.actor, want, new_id())
        cost = scene.cost - before
        assert isinstance(reply.outcome, Refused) and reply.outcome.fix == "facts"
        assert cost.within(Cost(calls=1_000, statements=20, rows=2, written=2_000, read=3_000)), cost


@pytest.mark.parametrize("stage", [DeviceKind.KIOSK], indirect=True)
async def test_a_lease_is_no_heavy_work(stage: Stage) -> None:
    """As many as there are; what holds them so far is given back first."""
    machine, scene, house = stage.machine, stage.scene, stage.house
    assert stage.lease
    given_back = machine.upload(machine.saw(FactKind.LEASE_SEALED, LeaseSealed(stage.lease.id, ())))
    assert isinstance((await scene.door.execute(scene.actor, given_back, new_id())).outcome, Ok)
    want = RequestLease(lease_id=new_id(), performance_id=house.performance, quantity=MOST_OUT)
    before = scene.cost.copy()
    reply = await scene.door.execute(scene.actor, want, new_id())
    cost = scene.cost - before
    assert isinstance(reply.outcome, Ok), reply.outcome
    assert cost.within(LEASED), cost


EACH_SHOW = (1_950, 24, 29, 6_300, 6_000)
"""Carried over to it, forty places with another contingent: more of them are that many times it."""


async def test_carrying_over_costs_each_performance_the_same(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch
) -> None:
    """Of ones that are there: the heaviest command above is over at the first that is not."""
    house, metered = sqlite_place[1], MeteredDatabase(sqlite_place[0].url)
    door = Door(metered, watch, path_of, keys)
    with closing(metered.connect()) as db:
        clerk = Clerk(door, db, watch)
        shows = [another(clerk, house) for _ in range(WARM_SHOWS + FEW_SHOWS + MANY_SHOWS)]
        everything = Selection(everything=True)
        clerk.do(
            AssignLogicalContingent(
                configuration_id=house.logical, contingent_id=house.contingent, selection=everything
            )
        )
        actor = clerk.actor
    door.start()
    await door.chore(metered.profile)
    costs = []
    for count in (WARM_SHOWS, FEW_SHOWS, MANY_SHOWS):
        these, shows = tuple(shows[:count]), shows[count:]
        before = metered.cost.copy()
        reply = await door.execute(actor, CarryOver(configuration_id=house.logical, performances=these), new_id())
        assert isinstance(reply.outcome, Ok), reply.outcome
        assert [each["places"] for each in reply.outcome.value] == [40] * count
        costs.append(metered.cost - before)
    await asyncio.to_thread(door.stop)
    each = (costs[2] - costs[1]).over(MANY_SHOWS - FEW_SHOWS)
    assert all(now <= most for now, most in zip(each, EACH_SHOW, strict=True)), each


def test_each_command_of_a_device_is_walked_as_one() -> None:
    """An operator's is refused before it does anything. What a device tells an area after
    these is that area's to measure."""
    theirs = {name for name, handler in COMMANDS.items() if handler.needs == DevicesPrivilege.DEVICE_SYNC}
    assert theirs == {"upload_facts", "request_lease"}
    assert TOLD.keys() - {"dead letters"} == set(FactKind) <= set(FACTS)


SOUND = Cost(calls=100_000, statements=2_500, rows=8_000, written=2_000_000, read=200_000)
"""A sound one: for each of its zones and accesses, of which there may be a thousand, a row with its audit."""


async def test_the_writer_reads_no_file(scene: Scene) -> None:
    """However hostile: its thread sees what another process made of it, and of a faulty one only the faults."""
    space = scene.maker.command(COMMANDS["import_plan"].kind).space_id
    for n, (kind, make) in enumerate(HOSTILE.items()):
        before = scene.cost.copy()
        want = ImportPlan(id=new_id(), space_id=space, code=f"P{n}", names={"fr": "P"}, plan=make(20_000).decode())
        reply = await scene.door.execute(scene.actor, want, new_id())
        cost = scene.cost - before
        if isinstance(reply.outcome, Refused):
            assert reply.outcome.reason == NoVenue.PLAN_FAULTY, kind
            assert cost.within(Cost(calls=1_000, statements=20, rows=4, written=50_000, read=1_000)), (kind, cost)
        else:
            assert cost.within(SOUND), (kind, cost)


# --- what touches every place of a hall ------------------------------------------------------------------------------

WARM, FEW, MANY = 100, 300, 600
NOTHING = (0.0, 0.0, 0.0, 0, 0)
SPARE = (0.5, 0.1, 0.1, 5, 10)  # what is remembered from one command to the next differs a little
EACH: dict[str, tuple[float, float, float, int, int]] = {
    # for each seat more: calls, statements, rows, bytes written, bytes read. They are to come in pieces.
    # Some 32 calls and 95 bytes of it are the row's prints (decision 132).
    "ImportPlan": (14, 0, 1, 840, 0),
    "ReimportPlan": (24, 0, 1, 600, 170),
    "DeletePhysicalConfiguration": (16, 0, 1, 60, 425),
    "DescribeSeats": (86, 0, 2, 175, 395),
    "CreateLogicalConfiguration": (16, 0, 1, 180, 30),
    "DeleteLogicalConfiguration": (16, 0, 1, 60, 125),
    "CreatePerformance": (28, 0, 1, 185, 80),
    "DeletePerformance": (16, 0, 1, 60, 135),
    "TellPlan": (0, 0, 0, 210, 0),
    "BlockLogical": (46, 0, 1, 140, 310),
    "UnblockLogical": (46, 0, 1, 130, 330),
    "AssignLogicalCategory": (46, 0, 1, 160, 310),
    "AssignLogicalContingent": (46, 0, 1, 160, 310),
    "OrderLogicalSeats": (52, 0, 1, 145, 345),
    "CarryOver": (121, 0, 3, 280, 515),
    "InvalidateSeats": (46, 0, 1, 135, 315),
    "RevalidateSeats": (46, 0, 1, 130, 325),
    "BlockPlaces": (57, 0, 1, 170, 230),
    "UndoPlanAction": (61, 0, 1, 160, 310),
    "UnblockPlaces": (5, 0, 0, 0, 120),
    "OrderSeats": (62, 0, 1, 170, 225),
    "AssignContingent": (57, 0, 1, 185, 230),
    "FireReleaseRules": (22, 0, 1, 85, 100),
    # half of the hall in a cart, of which one holds at most 999
    "HoldPlaces": (27, 1, 1, 295, 45),
    "ReleaseHold": (53, 0.5, 1, 160, 360),
    "ExpireHolds": (45, 0.5, 1, 145, 120),
    "PlaceOrder": (82, 1.5, 3.5, 890, 47),
    "PublishHall": (0, 0, 0, 10, 0),
}


async def played(folder: Path, template: Database, keys: Keys, house: House, seats: int) -> dict[str, Cost]:
    path = folder / f"{seats}.db"
    shutil.copy(template.path, path)
    database, watch = MeteredDatabase(f"sqlite:///{path}"), Watch()
    door = Door(database, watch, path_of, keys)
    door.start()
    await door.chore(database.profile)
    grants = frozenset({(EVERYTHING, str(house.institution))})
    bulk = Bulk(door, database.cost, house, Actor(ActorKind.OPERATOR, house.admin, "Admin", grants), seats)

    def later(by: timedelta) -> None:
        watch.at += by

    await play(bulk, later)
    await asyncio.to_thread(door.stop)
    return bulk.costs


async def test_what_touches_every_place_costs_each_what_the_table_says(
    sqlite_place: tuple[Database, House], keys: Keys, tmp_path: Path
) -> None:
    template, house = sqlite_place
    await played(tmp_path, template, keys, house, WARM)  # what a process works out but once is nobody's
    few = await played(tmp_path, template, keys, house, FEW)
    many = await played(tmp_path, template, keys, house, MANY)
    grown = {name: (cost - few[name]).over(MANY - FEW) for name, cost in many.items()}
    dearer = {
        name: each for name, each in grown.items()
        if any(one > most + spare for one, most, spare in zip(each, EACH.get(name, NOTHING), SPARE, strict=True))
    }  # fmt: skip
    assert dearer == {}, "for each seat: calls, statements, rows, bytes written, bytes read"
    assert EACH.keys() <= many.keys()
    assert {name: cost for name, cost in few.items() if cost.statements > 700} == {}
