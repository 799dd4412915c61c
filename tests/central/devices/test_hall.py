"""Pictures of halls: brought up to date with what changed, they are what a look at every seat says."""

import random
from dataclasses import replace

import pytest

from central.catalogue.model import PerformanceDo
from central.devices.hall import SeenHall, pictures, seen
from central.inventory.plan_actions import BlockPlaces, UnblockPlaces
from central.kernel.actor import SYSTEM
from central.kernel.db import SqliteConnection
from central.kernel.tx import Read
from central.orders.holds import HoldPlaces, ReleaseHold
from central.programme.sale_state import ChangeSale
from central.venues.selection import Selection
from shared.ids import Id
from tests.central.small_house import Clerk, House, new_id


def read_of(clerk: Clerk) -> Read:
    return Read(clerk.db, SYSTEM, clerk.watch(), clerk.door.keys)


def something(clerk: Clerk, house: House, chance: random.Random, held: list[Id]) -> None:
    """A sale, a hold, one given back, places blocked or let go: whatever is possible of it."""
    seats = tuple(chance.sample(house.seats, k=chance.randint(1, 3)))
    at = {"point_of_sale_id": house.desk, "performance_id": house.performance}
    match chance.randrange(4):
        case 0:
            clerk.say(house.order(*seats))
        case 1:
            held.append(new_id())
            clerk.say(HoldPlaces(hold_id=held[-1], seats=seats, **at))
        case 2 if held:
            clerk.say(ReleaseHold(hold_id=held.pop()))
        case _:
            how, chosen = chance.choice((BlockPlaces, UnblockPlaces)), Selection(seats=seats)
            clerk.say(how(performance_id=house.performance, selection=chosen, why="a beam"))


@pytest.mark.parametrize("seed", range(5))
def test_a_picture_is_brought_up_to_date(seed: int, quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    chance, held = random.Random(seed), list[Id]()
    picture: SeenHall | None = None
    drawn = set()
    for _ in range(25):
        for _ in range(chance.randint(0, 3)):
            something(clerk, house, chance, held)
        picture = seen(read_of(clerk), house.performance, picture)
        assert picture.taken == seen(read_of(clerk), house.performance).taken
        drawn.add(picture.taken)
    assert len(drawn) > 5


def test_what_changed_is_all_that_is_looked_at(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    picture = seen(read_of(clerk), house.performance)
    clerk.do(house.order(house.seats[3], house.seats[7]))
    assert isinstance(clerk.db, SqliteConnection)
    said: list[str] = []
    clerk.db._db.set_trace_callback(said.append)
    now = seen(read_of(clerk), house.performance, picture)
    clerk.db._db.set_trace_callback(None)
    assert now is picture and not any("physical_seat s" in each for each in said), said


def test_what_cannot_be_told_is_looked_at_whole(quick: tuple[Clerk, House]) -> None:
    """Changes that are forgotten by now, and another plan."""
    clerk, house = quick
    picture = seen(read_of(clerk), house.performance)
    clerk.do(house.order(house.seats[3]))
    old = replace(picture, known={key: revision - 1000 for key, revision in picture.known.items()} or {("", "", 0): -5})
    anew = seen(read_of(clerk), house.performance)
    assert seen(read_of(clerk), house.performance, old).taken == anew.taken
    other = replace(picture, plan=replace(picture.plan))
    assert seen(read_of(clerk), house.performance, other).taken == anew.taken


def test_only_what_is_sold_is_drawn(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    assert set(pictures(read_of(clerk), {house.performance: None, new_id(): None})) == {house.performance}
    clerk.do(ChangeSale(performance_id=house.performance, do=PerformanceDo.SUSPEND))
    assert pictures(read_of(clerk), {house.performance: None}) == {}
