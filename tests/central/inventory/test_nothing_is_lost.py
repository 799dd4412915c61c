"""No interleaving of holds, renewals, expiry, leases, write-offs, blocks, contingents, release rules, sales and returns
oversells or loses a place, and the counts add up after every step: on SQLite and on PostgreSQL, one after the other,
and all at once through doors of two processes."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.devices.leases import DrainLease, RequestLease, WriteOffLease
from central.inventory.audit import differences
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.model import Limit, LimitPer, ReleaseRule
from central.inventory.plan_actions import AssignContingent, BlockPlaces, UnblockPlaces
from central.inventory.release_rules import FireReleaseRules
from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.kernel.trouble import NoDatabase
from central.kernel.tx import Read
from central.orders.holds import BestWish, CountedWish, HoldPlaces, ReleaseHold, RenewHold
from central.orders.ops import WantedPlace
from central.programme.plan_actions import UndoPlanAction
from central.venues.selection import Counted, Selection
from shared.ids import Id
from shared.wire.certificates import DeviceKind
from tests.central.devices.test_facts import enrol
from tests.central.small_house import FULL, NOW, STANDING, Clerk, House, Watch, new_id
from tests.conftest import postgres_database

_NUMBER = count(1)


# What somebody does, in small numbers that each deed reads in its own way.
DEEDS = ("hold", "best", "counted", "renew", "release", "later", "expire", "sell", "sell hold", "block",
         "unblock", "assign", "assign counted", "undo", "rule", "fire", "lease", "drain", "write off")  # fmt: skip
STEP = st.tuples(st.sampled_from(DEEDS), st.integers(0, 19), st.integers(1, 6))


@dataclass(slots=True)
class Story:
    """One run: makes commands out of deeds, and remembers the ids that it made up."""

    house: House
    watch: Watch
    zone: Id
    kiosk: Actor
    holds: list[Id] = field(default_factory=list)
    leases: list[Id] = field(default_factory=list)

    def command(self, read: Read, deed: str, n: int, size: int) -> tuple[Actor, Any] | None:
        house = self.house
        seats = tuple(dict.fromkeys(house.seats[(n + 7 * step) % 20] for step in range(size)))
        chosen = Selection(seats=seats)
        counted = Selection(counts=(Counted(self.zone, size, "" if n % 2 else house.contingent),))
        held = [row[0] for row in read.run("SELECT id FROM hold ORDER BY since, id")]
        match deed:
            case "hold" | "best" | "counted":
                self.holds.append(new_id())
                more = {"hold": {"seats": seats}, "best": {"best": BestWish(size)},
                        "counted": {"counted": (CountedWish(self._gauge(read, n), size),)}}[deed]  # fmt: skip
                again = held[n % len(held)] if held and n % 4 == 0 else self.holds[-1]
                command: Any = HoldPlaces(
                    hold_id=again, point_of_sale_id=house.desk, performance_id=house.performance, **more
                )  # type: ignore[arg-type]
            case "renew" | "release" | "sell hold":
                if not held:
                    return None
                hold = held[n % len(held)]
                if deed == "sell hold":
                    return SYSTEM, self._sale_of(read, hold, size)
                command = RenewHold(hold_id=hold) if deed == "renew" else ReleaseHold(hold_id=hold)
            case "later":
                self.watch.at += timedelta(minutes=size)
                return None
            case "expire":
                command = ExpireHolds(context_id=house.institution)
            case "sell":
                command = house.standing_order(size) if n % 3 == 0 else house.order(*seats)
            case "block":
                command = BlockPlaces(
                    performance_id=house.performance, selection=counted if n % 3 == 0 else chosen, why="camera"
                )
            case "unblock":
                command = UnblockPlaces(
                    performance_id=house.performance, selection=Selection(everything=True) if n % 2 else chosen
                )
            case "assign":
                command = AssignContingent(
                    performance_id=house.performance,
                    contingent_id=house.contingent if n % 2 else None,
                    selection=chosen,
                )
            case "assign counted":
                command = AssignContingent(
                    performance_id=house.performance,
                    contingent_id=house.contingent if n % 2 else None,
                    selection=counted,
                )
            case "undo":
                entries = read.run("SELECT id FROM plan_action WHERE target_id = :p ORDER BY id", p=house.performance)
                if not entries:
                    return None
                command = UndoPlanAction(action_id=entries[n % len(entries)][0])
            case "rule":
                command = command_of(Action.CREATE, ReleaseRule)(
                    id=new_id(),
                    context_id=house.institution,
                    code=f"R{new_id()[-8:]}",
                    names={"fr": "R"},
                    contingent_id=house.contingent,
                    at=self.watch.at + timedelta(minutes=n),
                )
            case "fire":
                command = FireReleaseRules(context_id=house.institution)
            case "lease":
                self.leases.append(new_id())
                wanted = {"quantity": size} if n % 2 else {"seats": seats}
                return self.kiosk, RequestLease(lease_id=self.leases[-1], performance_id=house.performance, **wanted)  # type: ignore[arg-type]
            case _:
                if not self.leases:
                    return None
                lease = self.leases[n % len(self.leases)]
                command = (
                    DrainLease(lease_id=lease) if deed == "drain" else WriteOffLease(lease_id=lease, reason="gone")
                )
        return SYSTEM, command

    def _gauge(self, read: Read, n: int) -> Id:
        gauges = read.run("SELECT id FROM gauge ORDER BY contingent_id")
        return Id(gauges[n % len(gauges)][0])

    def _sale_of(self, read: Read, hold: Id, size: int) -> Any:
        """Some of a hold's places, and one that it may not have."""
        rows = read.run(
            "SELECT seat_id, gauge_id FROM allocation WHERE holder_id = :id AND state = 'held' ORDER BY id", id=hold
        )[:size]
        places = [WantedPlace(self.house.full, seat, None if seat else gauge) for seat, gauge in rows]
        if not {self.house.seats[size]} & {place.seat_id for place in places}:
            places.append(WantedPlace(self.house.full, self.house.seats[size]))
        amount = sum(FULL if place.seat_id else STANDING for place in places)
        return self.house.order(places=tuple(places), amount=amount, hold_id=hold)


def prove(read: Read, house: House) -> None:
    """Nothing oversold, nothing lost, every count true."""
    assert differences(read, house.performance) == []
    ((seats,),) = read.run("SELECT COUNT(*) FROM place WHERE performance_id = :p", p=house.performance)
    ((counted,),) = read.run("SELECT SUM(capacity) FROM gauge WHERE performance_id = :p", p=house.performance)
    ((capacity,),) = read.run("SELECT SUM(capacity) FROM place_count WHERE performance_id = :p", p=house.performance)
    assert (seats, counted, capacity) == (20, 20, 40)
    ((lines, allocations),) = read.run(
        "SELECT COUNT(*), COUNT(DISTINCT l.allocation_id) FROM order_line l "
        "JOIN allocation a ON a.id = l.allocation_id WHERE a.state = 'sold'"
    )
    ((sold,),) = read.run("SELECT COALESCE(SUM(quantity), 0) FROM allocation WHERE state = 'sold'")
    assert lines == allocations == sold, "a sold place has a line, and one only"


@contextmanager
def sqlite_copy(template: tuple[Path, House], folder: Path) -> Iterator[Database]:
    path = folder / f"story{next(_NUMBER)}.db"
    shutil.copy(template[0], path)
    yield Database(f"sqlite:///{path}")
    for each in folder.glob(path.name + "*"):
        each.unlink()


@contextmanager
def postgres_copy(server_url: str) -> Iterator[Database]:
    with postgres_database(server_url, f"story_{next(_NUMBER)}", "house_template") as url:
        yield Database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """(how to get a fresh house, the house, how many stories to tell): a copy each, as hypothesis tells many."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        return lambda: sqlite_copy(template, tmp_path), template[1], 40
    _, house = request.getfixturevalue("postgres_template")
    url = request.getfixturevalue("postgres_url")
    return lambda: postgres_copy(url), house, 8


def started(database: Database, house: House, keys: Keys, watch: Watch) -> tuple[Clerk, Story]:
    clerk = Clerk(Door(database, watch, path_of, keys), database.connect(), watch)
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    ((zone,),) = clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")
    clerk.do(
        command_of(Action.CREATE, Limit)(
            id=new_id(), context_id=house.institution, code="MOST", names={"fr": "L"}, per=LimitPer.PERFORMANCE, most=33
        )
    )
    return clerk, Story(house, watch, zone, kiosk.clerk.actor)


def test_no_order_of_deeds_loses_a_place(fresh: Any, keys: Keys) -> None:
    copy, house, stories = fresh

    @settings(max_examples=stories, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEP, min_size=5, max_size=60))
    def tell(steps: list[tuple[str, int, int]]) -> None:
        with copy() as database:
            watch = Watch()
            clerk, story = started(database, house, keys, watch)
            read = Read(clerk.db, SYSTEM, NOW, keys)
            for deed, n, size in steps:
                meant = story.command(read, deed, n, size)
                if meant:
                    clerk.as_(meant[0]).say(meant[1])
                    prove(read, house)
            clerk.db.close()

    tell()


def test_no_crowd_loses_a_place(fresh: Any, keys: Keys) -> None:
    """The same deeds, many at a time, at the doors of two processes on one database."""
    copy, house, stories = fresh

    async def crowd(database: Database, seed: int) -> None:
        chance, watch = Random(seed), Watch()
        clerk, story = started(database, house, keys, watch)
        doors = [Door(database, watch, path_of, keys) for _ in range(2)]
        for door in doors:
            door.start()
        try:
            for _ in range(6):
                read = Read(clerk.db, SYSTEM, NOW, keys)
                meant = [
                    story.command(read, chance.choice(DEEDS), chance.randrange(20), chance.randint(1, 6))
                    for _ in range(12)
                ]
                replies = await asyncio.gather(
                    *(chance.choice(doors).execute(*each, new_id()) for each in meant if each), return_exceptions=True
                )
                broken = [reply for reply in replies if isinstance(reply, BaseException)]
                assert not broken, broken
                reasons = {reply.outcome.reason for reply in replies if not reply.ok}  # type: ignore[union-attr]
                assert NoDatabase.BUSY not in reasons, "nobody gives up"
                prove(Read(clerk.db, SYSTEM, NOW, keys), house)
        finally:
            for door in doors:
                door.stop()
            clerk.db.close()

    for seed in range(stories // 2):
        with copy() as database:
            asyncio.run(crowd(database, seed))
