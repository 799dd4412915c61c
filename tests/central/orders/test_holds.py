"""Holds: places kept for a cart until an end, by name, by number or the best ones; and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.inventory.audit import InventoryAudit
from central.inventory.counts import Availability
from central.inventory.halls import make_ready
from central.inventory.hold_expiry import ExpireHolds
from central.inventory.loops import keep
from central.inventory.model import NoPlace, NoSale, ReleaseRule
from central.inventory.plan_actions import AssignContingent, BlockPlaces
from central.inventory.reads import large_halls
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.crud import command_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.job import job_of
from central.kernel.keys import Keys
from central.kernel.privileges import Action
from central.kernel.traces import Traces
from central.kernel.tx import Read
from central.orders.holds import BestWish, CountedWish, HoldOf, HoldPlaces, ReleaseHold, RenewHold
from central.orders.model import NoOrder
from central.orders.ops import WantedPlace
from central.programme.plan_actions import OrderSeats
from central.programme.sale_state import ChangeSale
from central.venues.model import SeatOrder
from central.venues.selection import Counted, RowRef, Selection
from shared.ids import Id
from tests.central.small_house import FULL, NOW, STANDING, STARTS, Clerk, House, Watch, new_id
from tests.waiting import until


def wish(house: House, *seats: Id, hold: Id | None = None, **more: Any) -> HoldPlaces:
    return HoldPlaces(
        hold_id=hold or new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=seats, **more
    )


def best(house: House, quantity: int, **more: Any) -> HoldPlaces:
    return wish(house, best=BestWish(quantity, **more))


def counted(house: House, quantity: int, **more: Any) -> HoldPlaces:
    return wish(house, counted=(CountedWish(house.gauge, quantity),), **more)


def seats_of(held: Any) -> list[str]:
    return sorted(place["seat_id"] for place in held["places"])


def counts(clerk: Clerk, house: House, category: Id | None = None) -> dict[str, int]:
    """Of the seats, without what is nought."""
    rows = clerk.ask(Availability(performance_id=house.performance)).value
    (row,) = [each for each in rows if each["category_id"] == (category or house.seated)]
    return {name: n for name, n in row.items() if isinstance(n, int) and n}


def sound(clerk: Clerk, house: House) -> None:
    assert clerk.ask(InventoryAudit(performance_id=house.performance)).value == []


def test_a_hold_keeps_its_places_until_its_end(clerk: Clerk, house: House) -> None:
    held = clerk.do(wish(house, *house.seats[:2], counted=(CountedWish(house.gauge, 3),)))
    assert len(held["places"]) == 5 and held["until"] == (NOW + timedelta(minutes=15)).isoformat()
    assert counts(clerk, house) == {"capacity": 20, "free": 18, "held": 2}
    assert counts(clerk, house, house.standing) == {"capacity": 20, "free": 17, "held": 3}
    assert clerk.no(wish(house, house.seats[1])).reason == NoPlace.TAKEN
    assert clerk.no(house.order(house.seats[0])).reason == NoPlace.TAKEN
    assert clerk.ask(HoldOf(hold_id=held["hold_id"])).value == held
    clerk.watch.at = NOW + timedelta(minutes=15)
    assert clerk.no(RenewHold(hold_id=held["hold_id"])).reason == NoSale.HOLD_OVER
    assert clerk.do(ExpireHolds(context_id=house.institution)) == 1
    assert clerk.do(ExpireHolds(context_id=house.institution)) == 0
    assert counts(clerk, house) == {"capacity": 20, "free": 20}
    assert counts(clerk, house, house.standing) == {"capacity": 20, "free": 20}
    sound(clerk, house)


def test_a_blocked_seat_comes_into_no_cart(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(seats=house.seats[:1]), why="caméra"))
    refused = clerk.no(wish(house, house.seats[1], house.seats[0]))
    assert (refused.reason, refused.fix, refused.detail) == (NoSale.BLOCKED, house.seats[0], {"why": "caméra"})
    assert counts(clerk, house) == {"capacity": 20, "free": 19, "blocked": 1}


def test_blocked_counted_places_come_into_no_cart(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    ((zone,),) = clerk.rows("SELECT zone_id FROM gauge")
    clerk.do(
        BlockPlaces(performance_id=house.performance, selection=Selection(counts=(Counted(zone, 5),)), why="gradins")
    )
    clerk.do(counted(house, 14))
    assert clerk.no(counted(house, 2)).reason == NoPlace.TAKEN
    clerk.do(counted(house, 1))
    assert counts(clerk, house, house.standing) == {"capacity": 20, "held": 15, "blocked": 5}
    sound(clerk, house)


def test_who_comes_after_the_end_need_not_wait_for_the_loop(clerk: Clerk, house: House) -> None:
    clerk.do(wish(house, *house.seats[:20], counted=(CountedWish(house.gauge, 5),)))
    clerk.do(counted(house, 15))
    assert clerk.no(best(house, 1)).reason == NoSale.NOT_ENOUGH
    clerk.watch.at = NOW + timedelta(minutes=15)
    clerk.do(house.order(house.seats[0]))
    clerk.do(counted(house, 20))
    clerk.do(best(house, 19))
    sound(clerk, house)


def test_a_hold_is_renewed_up_to_its_latest_moment(clerk: Clerk, house: House) -> None:
    held = clerk.do(wish(house, house.seats[0]))
    for minutes, then in ((10, 25), (24, 39), (38, 53), (52, 60), (59, 60)):
        clerk.watch.at = NOW + timedelta(minutes=minutes)
        assert clerk.do(RenewHold(hold_id=held["hold_id"]))["until"] == (NOW + timedelta(minutes=then)).isoformat()
    ((until,),) = clerk.rows("SELECT until FROM allocation")
    assert until == (NOW + timedelta(minutes=60)).timestamp() * 1000
    clerk.watch.at = NOW + timedelta(minutes=60)
    assert clerk.no(RenewHold(hold_id=held["hold_id"])).reason == NoSale.HOLD_OVER


def test_a_hold_grows_and_shrinks(clerk: Clerk, house: House) -> None:
    held = clerk.do(wish(house, *house.seats[:3]))
    hold = held["hold_id"]
    more = clerk.do(wish(house, house.seats[5], hold=hold))
    assert len(more["places"]) == 4 and more["until"] == held["until"], "taking more renews nothing"
    gone = held["places"][1]["allocation_id"]
    assert len(clerk.do(ReleaseHold(hold_id=hold, allocations=(gone,)))["places"]) == 3
    assert clerk.no(ReleaseHold(hold_id=hold, allocations=(gone,))).reason == NoSale.NO_SUCH_PLACE
    assert clerk.do(ReleaseHold(hold_id=hold))["places"] == []
    assert clerk.no(wish(house, house.seats[9], hold=hold)).reason == NoSale.HOLD_OVER
    assert clerk.no(ReleaseHold(hold_id=new_id())).reason == NoSale.NO_SUCH_HOLD
    assert counts(clerk, house) == {"capacity": 20, "free": 20}
    sound(clerk, house)


def test_a_hold_is_sold_through_an_order(clerk: Clerk, house: House) -> None:
    held = clerk.do(
        wish(house, *house.seats[:2], counted=(CountedWish(house.gauge, 2),), contact_id=(guest := new_id()))
    )
    hold = held["hold_id"]
    some = (WantedPlace(house.full, house.seats[0]), WantedPlace(house.full, gauge_id=house.gauge))
    free = (*some, WantedPlace(house.full, house.seats[7]))
    clerk.do(house.order(places=free, amount=2 * FULL + STANDING, hold_id=hold))
    assert counts(clerk, house) == {"capacity": 20, "free": 17, "held": 1, "sold": 2}
    assert len(clerk.ask(HoldOf(hold_id=hold)).value["places"]) == 2, "the rest stays held"
    rest = (WantedPlace(house.full, house.seats[1]), WantedPlace(house.full, gauge_id=house.gauge))
    clerk.do(house.order(places=rest, amount=FULL + STANDING, hold_id=hold))
    assert clerk.rows("SELECT state FROM hold") == [("sold",)]
    assert clerk.rows("SELECT DISTINCT contact_id FROM sale_order") == [(guest,)]
    assert clerk.rows("SELECT taken FROM gauge") == [(2,)]
    assert clerk.no(house.order(house.seats[9], hold_id=hold)).reason == NoSale.HOLD_OVER
    assert clerk.no(house.order(house.seats[9], hold_id=new_id())).reason == NoSale.NO_SUCH_HOLD
    other = clerk.do(wish(house, house.seats[9]))["hold_id"]
    elsewhere = house.order(house.seats[9], hold_id=other, point_of_sale_id=house.kiosk_point)
    assert clerk.no(elsewhere).reason == NoSale.NO_SUCH_HOLD, "of another counter"
    sound(clerk, house)


def test_a_refused_order_leaves_its_hold_alone(clerk: Clerk, house: House) -> None:
    hold = clerk.do(wish(house, *house.seats[:2]))["hold_id"]
    assert clerk.no(house.order(*house.seats[:2], hold_id=hold, amount=1)).reason == NoOrder.WRONG_AMOUNT
    assert (
        clerk.rows("SELECT state FROM hold") == [("active",)]
        and len(clerk.ask(HoldOf(hold_id=hold)).value["places"]) == 2
    )
    sound(clerk, house)


# --- best seats ------------------------------------------------------------------------------------------------------


def test_best_seats_go_one_after_the_other(clerk: Clerk, house: House) -> None:
    taken = [seats_of(clerk.do(best(house, 4))) for _ in range(5)]
    assert sorted(seat for party in taken for seat in party) == sorted(house.seats), "all twenty, and none twice"
    refused = clerk.no(best(house, 1))
    assert (refused.reason, refused.detail) == (NoSale.NOT_ENOUGH, {"wanted": 1})
    sound(clerk, house)


def test_the_same_hall_gives_the_same_seats(clerk: Clerk, house: House) -> None:
    first = clerk.do(best(house, 3))
    clerk.do(ReleaseHold(hold_id=first["hold_id"]))
    again = clerk.do(best(house, 3))
    assert seats_of(again) == seats_of(first)
    clerk.do(ReleaseHold(hold_id=again["hold_id"]))
    clerk.db.memory.clear()
    assert seats_of(clerk.do(best(house, 3))) == seats_of(first), "memory makes it faster and nothing else"


def test_memory_follows_whatever_happens_to_the_hall(clerk: Clerk, house: House) -> None:
    """Each step changes what is best; the choice is what a fresh look at the database would choose."""

    def looked() -> list[str]:
        hold = clerk.do(best(house, 2))
        clerk.do(ReleaseHold(hold_id=hold["hold_id"]))
        memory = dict(clerk.db.memory)
        clerk.db.memory.clear()
        fresh = clerk.do(best(house, 2))
        clerk.do(ReleaseHold(hold_id=fresh["hold_id"]))
        clerk.db.memory.clear()
        clerk.db.memory.update(memory)
        assert seats_of(hold) == seats_of(fresh)
        return seats_of(hold)

    seen = [looked()]
    clerk.do(BlockPlaces(performance_id=house.performance, selection=Selection(seats=(Id(seen[-1][0]),)), why="camera"))
    seen.append(looked())
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=(Id(seen[-1][0]),)),
        )
    )
    seen.append(looked())
    clerk.do(house.order(Id(seen[-1][0])))
    seen.append(looked())
    ((zone,),) = clerk.rows("SELECT id FROM physical_zone WHERE numbered = 1")
    clerk.do(
        BlockPlaces(performance_id=house.performance, selection=Selection(rows=(RowRef(zone, "A"),)), why="a whole row")
    )
    seen.append(looked())
    clerk.do(OrderSeats(performance_id=house.performance, selection=Selection(everything=True), order=SeatOrder.LISTED))
    looked()
    assert len({tuple(each) for each in seen[:4]}) == 4, "each of the first steps took the best away"
    sound(clerk, house)


def test_a_channel_gets_the_best_of_what_it_may_sell(clerk: Clerk, house: House) -> None:
    first = seats_of(clerk.do(best(house, 2)))
    others = [seat for seat in house.seats if seat not in first]
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=tuple(others[:-1])),
        )
    )
    assert seats_of(clerk.do(best(house, 1))) == [others[-1]]
    assert clerk.no(best(house, 1)).reason == NoSale.NOT_ENOUGH, "the press has the rest"


def test_a_hall_made_ready_is_taken_over_and_brought_up_to_date(clerk: Clerk, house: House) -> None:
    """Somebody buys between the look and the first choice."""
    make_ready(Read(clerk.db, SYSTEM, NOW, clerk.door.keys), house.performance)
    first = clerk.do(house.order(*house.seats[:10]))
    clerk.db.memory.clear()
    assert seats_of(clerk.do(best(house, 10))) == sorted(house.seats[10:]) and first
    assert "halls" in clerk.db.memory


def test_large_halls_are_those_that_are_sold_now(clerk: Clerk, house: House) -> None:
    def large(least: int, at: datetime = NOW) -> list[Id]:
        return large_halls(Read(clerk.db, SYSTEM, at, clerk.door.keys), least, most=5)

    assert large(40) == [house.performance] and not large(41), "twenty seats, and twenty places to stand"
    assert not large(40, STARTS + timedelta(days=1)), "over"
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    assert not large(40)


def together(clerk: Clerk, *commands: Any, fails: bool = False) -> list[Any]:
    """These commands in one transaction, as SQLite's writer runs what waits."""
    traces = Traces()
    clerk.db.begin(write=True)
    jobs = [job_of(SYSTEM, each, new_id()) for each in commands]
    outcomes = [clerk.door.judge.run(clerk.db, job, NOW, traces)[0].outcome for job in jobs]
    if fails:
        clerk.db.rollback()
    else:
        traces.write(clerk.db)
        clerk.db.commit()
    return outcomes


def test_seats_of_a_refused_hold_are_there_for_the_next_in_line(clerk: Clerk, house: House) -> None:
    """Its best seats were chosen beside seats that it had taken by name; all of it is undone."""
    greedy = wish(house, *house.seats[:2], best=BestWish(19))
    first, second, third = together(clerk, best(house, 2), greedy, best(house, 18))
    assert (second.reason, len(seats_of(first.value)), len(seats_of(third.value))) == (NoSale.NOT_ENOUGH, 2, 18)
    sound(clerk, house)


def test_what_a_failed_transaction_took_is_free_again(clerk: Clerk, house: House) -> None:
    """The commit fails: nobody was answered, and memory has seen seats taken that are not."""
    clerk.do(ReleaseHold(hold_id=clerk.do(best(house, 2))["hold_id"]))
    lost = together(clerk, best(house, 4), best(house, 4), best(house, 4), fails=True)
    found = together(clerk, best(house, 4), best(house, 16))
    assert seats_of(found[0].value) == seats_of(lost[0].value) and len(seats_of(found[1].value)) == 16
    sound(clerk, house)


@pytest.fixture
async def door(place: tuple[Database, House], keys: Keys, watch: Watch) -> AsyncIterator[Door]:
    made = Door(place[0], watch, path_of, keys)
    made.start()
    yield made
    made.stop()


async def test_a_herd_of_buyers_gets_every_seat_and_nobody_is_refused_in_vain(
    door: Door, clerk: Clerk, house: House
) -> None:
    """Sixty-four ask at once for the best seats: as many get theirs as there are seats, and none twice."""
    wishes = [best(house, 1 + n % 2) for n in range(64)]
    replies = await asyncio.gather(*(door.execute(SYSTEM, each, new_id()) for each in wishes))
    seats = [place["seat_id"] for reply in replies if reply.ok for place in reply.outcome.value["places"]]
    assert len(seats) == len(set(seats)) == 20
    assert {reply.outcome.reason for reply in replies if not reply.ok} == {NoSale.NOT_ENOUGH}
    sound(clerk, house)


async def test_two_processes_on_one_database(
    door: Door, place: tuple[Database, House], keys: Keys, watch: Watch, clerk: Clerk, house: House
) -> None:
    """Another process takes places behind the back of what this one remembers, and gives some back."""
    other = Door(place[0], watch, path_of, keys)
    other.start()
    try:
        doors = (door, other)
        wishes = [best(house, 2) for _ in range(8)]
        held = await asyncio.gather(*(doors[n % 2].execute(SYSTEM, each, new_id()) for n, each in enumerate(wishes)))
        assert all(reply.ok for reply in held)
        for n in (0, 3, 5):
            assert (await doors[n % 2].execute(SYSTEM, ReleaseHold(hold_id=wishes[n].hold_id), new_id())).ok
        rest = await asyncio.gather(*(doors[n % 2].execute(SYSTEM, best(house, 2), new_id()) for n in range(5)))
        assert all(reply.ok for reply in rest), "ten seats are free again or still"
    finally:
        other.stop()
    live = clerk.rows("SELECT COUNT(*), COUNT(DISTINCT seat_id) FROM allocation WHERE state = 'held'")
    assert live == [(20, 20)]
    sound(clerk, house)


async def test_the_loop_gives_back_and_fires_what_is_due(door: Door, clerk: Clerk, house: House, watch: Watch) -> None:
    clerk.do(wish(house, *house.seats[:3]))
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[10:14]),
        )
    )
    rule = command_of(Action.CREATE, ReleaseRule)
    clerk.do(
        rule(
            id=new_id(),
            context_id=house.institution,
            code="R",
            names={"fr": "R"},
            contingent_id=house.contingent,
            at=NOW + timedelta(minutes=15),
        )
    )
    watch.at = NOW + timedelta(minutes=15)
    loop = asyncio.create_task(keep(door, 0.01))
    try:
        await until(lambda: clerk.rows("SELECT 1 FROM release_firing"))  # the loop looks at holds first
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert counts(clerk, house) == {"capacity": 20, "free": 20}
    assert clerk.rows("SELECT state FROM hold") == [("expired",)]
    assert clerk.rows("SELECT places FROM release_firing") == [(4,)]
    sound(clerk, house)


def test_a_hold_that_is_anothers_or_over_is_said_before_the_shops_reasons(clerk: Clerk, house: House) -> None:
    held = clerk.do(wish(house, *house.seats[:2]))
    elsewhere = HoldPlaces(
        hold_id=held["hold_id"],
        point_of_sale_id=house.kiosk_point,
        performance_id=house.performance,
        seats=house.seats[2:3],
    )
    assert clerk.no(elsewhere).reason == NoSale.NO_SUCH_HOLD
    assert clerk.no(wish(house, hold=held["hold_id"])).reason == NoSale.EMPTY
    clerk.watch.at = NOW + timedelta(minutes=15)
    assert clerk.no(wish(house, hold=held["hold_id"])).reason == NoSale.HOLD_OVER, "and not that nothing is wanted"
    assert clerk.no(wish(house, house.seats[3], hold=held["hold_id"])).reason == NoSale.HOLD_OVER
