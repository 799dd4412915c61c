"""However many devices upload at once: a sale waits behind a bounded number of facts and lines, and none of the facts
is lost or told out of its order."""

import asyncio
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from central.devices.facts import UploadFacts, work_of
from central.devices.leases import FEW, MOST_OUT, RequestLease, weight_of
from central.inventory.plan_actions import BlockPlaces
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.heavy_lane import MOST_WEIGHT, TRIED, HeavyLane
from central.kernel.job import Job
from central.kernel.judge import Judge
from central.kernel.keys import Keys
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import COMMANDS
from central.orders.ops import PlaceOrder
from central.venues.selection import Selection
from shared.ids import derived_id
from shared.outcome import Ok
from shared.wire.certificates import DeviceKind
from shared.wire.facts import BATCH_FACTS, UPLOAD_LINES, FactKind, Incident
from tests.central.devices.test_facts import Machine, enrol
from tests.central.kernel.test_heaviest import a_sale
from tests.central.small_house import Clerk, House, Watch, new_id
from tests.waiting import until

DEVICES = 12


def test_the_heaviest_upload_fits_and_weighs_all_that_takes_time(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    sales = [kiosk.saw(FactKind.SALE, a_sale(house, n, 2)) for n in range(UPLOAD_LINES // 3)]
    more = [kiosk.saw(FactKind.INCIDENT, Incident("E", "", "")) for _ in range(BATCH_FACTS - len(sales))]
    assert work_of(kiosk.upload(*sales, *more)) == BATCH_FACTS + UPLOAD_LINES == MOST_WEIGHT
    assert {name for name, each in COMMANDS.items() if each.weighs} == {"upload_facts", "request_lease", "carry_over"}


def test_a_lease_weighs_its_places_unless_a_visitor_waits_for_it(quick: tuple[Clerk, House]) -> None:
    _, house = quick

    def weight(quantity: int = 0, seats: int = 0) -> int:
        named = tuple(derived_id("leased", n) for n in range(seats))
        return weight_of(
            RequestLease(lease_id=new_id(), performance_id=house.performance, quantity=quantity, seats=named)
        )

    assert [weight(seats=n) for n in (0, 2, FEW, FEW + 1, MOST_OUT)] == [0, 0, 0, FEW + 1, MOST_OUT]
    assert [weight(n) for n in (-1, FEW, MOST_OUT, MOST_OUT + 1)] == [0, 0, MOST_OUT, 0], "more is refused at once"


async def test_a_sale_waits_behind_a_bounded_number_of_facts(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer is held until all have come; then what it takes before the sale is counted."""
    database, house = sqlite_place
    taken: list[Any] = []
    real = Judge.work

    def work(judge: Judge, asked: Any, at: Any) -> Any:
        taken.append(asked.command if isinstance(asked, Job) else None)
        return real(judge, asked, at)

    monkeypatch.setattr(Judge, "work", work)
    door = Door(database, watch, path_of, keys)
    with closing(database.connect()) as db:
        clerk = Clerk(door, db, watch)
        machines = [enrol(clerk, house, DeviceKind.GATE) for _ in range(DEVICES)]
    uploads = [_heavy(machine) for machine in machines]
    door.start()
    free = Event()
    held = asyncio.create_task(door.chore(lambda _: free.wait()))
    await until(lambda: None in taken)
    telling = [asyncio.create_task(door.execute(each.clerk.actor, want, new_id()))
               for each, want in zip(machines, uploads, strict=True)]  # fmt: skip
    await until(lambda: door.waiting[0] == 1 + DEVICES)
    taken.clear()
    selling = asyncio.create_task(door.execute(house.operator(EVERYTHING), house.order(house.seats[0]), new_id()))
    await until(lambda: door.waiting[0] == 2 + DEVICES)
    free.set()
    assert isinstance((await selling).outcome, Ok)
    before = taken[: next(n for n, each in enumerate(taken) if isinstance(each, PlaceOrder))]
    assert sum(work_of(each) for each in before) <= MOST_WEIGHT
    receipts = [(await each).outcome.value for each in telling]
    assert [each["contiguous"] for each in receipts] == [BATCH_FACTS] * DEVICES
    order = [each.facts[0].device_id for each in taken if isinstance(each, UploadFacts)]
    assert order == [each.id for each in machines], "in the order in which they came"
    await held
    await asyncio.to_thread(door.stop)


async def test_what_is_only_tried_takes_turns_too(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page shows what a press would do, whatever that is: however many open it, a few are with the writer."""
    database, house = sqlite_place
    taken: list[Any] = []
    real = Judge.work

    def work(judge: Judge, asked: Any, at: Any) -> Any:
        taken.append(asked.command if isinstance(asked, Job) else None)
        return real(judge, asked, at)

    monkeypatch.setattr(Judge, "work", work)
    door = Door(database, watch, path_of, keys)
    door.start()
    free = Event()
    held = asyncio.create_task(door.chore(lambda _: free.wait()))
    await until(lambda: None in taken)
    people = [replace(house.operator(EVERYTHING), id=new_id()) for _ in range(DEVICES)]
    want = BlockPlaces(performance_id=house.performance, selection=Selection(everything=True), why="télévision")
    trying = [asyncio.create_task(door.execute(each, want, new_id(), dry_run=True)) for each in people]
    await until(lambda: door.waiting[0] == 1 + DEVICES)
    selling = asyncio.create_task(door.execute(house.operator(EVERYTHING), house.order(house.seats[0]), new_id()))
    await until(lambda: door.waiting[0] == 2 + DEVICES)
    taken.clear()
    free.set()
    assert isinstance((await selling).outcome, Ok)
    before = taken[: next(n for n, each in enumerate(taken) if isinstance(each, PlaceOrder))]
    assert len(before) <= MOST_WEIGHT // TRIED < DEVICES
    assert all([(await each).ok for each in trying])
    await held
    await asyncio.to_thread(door.stop)


def _heavy(machine: Machine) -> UploadFacts:
    return machine.upload(*(machine.saw(FactKind.INCIDENT, Incident(f"E{n}", "", "")) for n in range(BATCH_FACTS)))


async def test_what_is_tried_weighs_something_at_least_and_each_waits_alone(
    sqlite_place: tuple[Database, House], keys: Keys, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A try of something light is a try all the same; two of one name have turns of their own."""
    database, house = sqlite_place
    weighed: list[tuple[int, str]] = []
    real = HeavyLane.entered

    def entered(lane: HeavyLane, weight: int, who: str) -> Any:
        weighed.append((weight, who))
        return real(lane, weight, who)

    monkeypatch.setattr(HeavyLane, "entered", entered)
    door = Door(database, watch, path_of, keys)
    door.start()
    one = house.operator(EVERYTHING)
    other = replace(one, id=new_id())
    for actor, quantity, tried in ((one, FEW + 1, True), (other, FEW + 1, False), (other, MOST_OUT, True)):
        want = RequestLease(lease_id=new_id(), performance_id=house.performance, quantity=quantity)
        await door.execute(actor, want, new_id(), dry_run=tried)
    assert FEW + 1 < MOST_OUT < TRIED
    assert weighed == [(TRIED, one.label), (FEW + 1, other.label), (TRIED, other.label)] and one.label != other.label
    await asyncio.to_thread(door.stop)
