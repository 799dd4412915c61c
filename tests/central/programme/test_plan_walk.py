"""Whatever is done to a plan, in whatever order: counts are what is there, nothing taken is moved, and each moment can
be seen again as it was. Random walks, each from its own seed; a failure names it."""

import random
from datetime import timedelta
from typing import Any

import pytest

from central.inventory.plan_actions import (
    AssignContingent,
    AssignLogicalContingent,
    BlockLogical,
    BlockPlaces,
    UnblockLogical,
    UnblockPlaces,
)
from central.orders.ops import PlaceOrder
from central.programme.carryover import CarryOver
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.programme.plan_pictures import PlanPicture
from central.selling.ops import ChangeChannel
from central.venues.model import PlanTarget, SeatOrder
from central.venues.ops import InvalidateSeats, OrderLogicalSeats, RevalidateSeats
from central.venues.selection import Counted, RowRef, Selection
from shared.ids import Id, derived_id
from shared.outcome import Ok
from tests.central.inventory.test_plan_performance import counted
from tests.central.small_house import Clerk, House

STEPS = 25
SEEN = ("states", "contingent", "contingents", "reason", "reasons", "category", "quality", "shares")


class Walk:
    def __init__(self, clerk: Clerk, house: House, seed: int) -> None:
        self.clerk, self.house, self.dice = clerk, house, random.Random(seed)
        self.zone = derived_id("zone", house.physical, "Parterre")
        self.counted_zone = Id(clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")[0][0])

    def selection(self) -> Selection:
        pick = self.dice.randrange(7)
        contingent = self.dice.choice(["", str(self.house.contingent)])
        if pick == 0:
            return Selection(rows=(RowRef(self.zone, self.dice.choice("AB")),))
        if pick == 1:
            return Selection(counts=(Counted(self.counted_zone, self.dice.randint(1, 6), contingent),))
        if pick == 2:
            return Selection(contingents=(contingent,))
        if pick == 3:
            x, y = self.dice.randint(0, 200), self.dice.choice([-10, 10])
            return Selection(lasso=((x, y), (x + 90, y), (x + 90, y + 30), (x, y + 30)))
        if pick == 4:
            return Selection(everything=True)
        return Selection(seats=tuple(self.dice.sample(self.house.seats, self.dice.randint(1, 8))))

    def command(self) -> Any:
        house, dice = self.house, self.dice
        here, logical, some = house.performance, house.logical, self.selection()
        contingent = dice.choice([None, house.contingent])
        actions = [row[0] for row in self.clerk.rows("SELECT id FROM plan_action ORDER BY at, id")]
        free = [n for n, letter in enumerate(self.picture()["states"]) if letter == "f"]
        made: list[Any] = [
            BlockPlaces(performance_id=here, selection=some, why=dice.choice(["caméra", "régie"])),
            UnblockPlaces(performance_id=here, selection=some),
            AssignContingent(performance_id=here, contingent_id=contingent, selection=some),
            OrderSeats(performance_id=here, selection=some, order=dice.choice(list(SeatOrder))),
            BlockLogical(configuration_id=logical, selection=some, why="technique"),
            UnblockLogical(configuration_id=logical, selection=some),
            AssignLogicalContingent(configuration_id=logical, contingent_id=contingent, selection=some),
            OrderLogicalSeats(configuration_id=logical, selection=some, order=dice.choice(list(SeatOrder))),
            InvalidateSeats(configuration_id=house.physical, selection=some, why="cassé", remember=True),
            RevalidateSeats(configuration_id=house.physical, selection=some),
            CarryOver(configuration_id=logical, performances=(here,)),
            CarryOver(configuration_id=logical, performances=(here,)),
            house.standing_order(dice.randint(1, 3)),
        ]
        made += [UndoPlanAction(action_id=dice.choice(actions)) for _ in range(3) if actions]
        made += [house.order(house.seats[dice.choice(free)]) for _ in range(3) if free]
        return dice.choice(made)

    def picture(self, at: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = self.clerk.ask(
            PlanPicture(target=PlanTarget.PERFORMANCE, target_id=self.house.performance, at=at, order=True)
        ).value
        return found

    def taken(self) -> dict[Any, Any]:
        return {row[0]: row[1:] for row in self.clerk.rows(
            "SELECT a.id, a.state, p.contingent_id, p.category_id, p.blocked FROM allocation a "
            "LEFT JOIN place p ON p.performance_id = a.performance_id AND p.seat_id = a.seat_id "
            "WHERE a.state <> 'released' AND a.seat_id IS NOT NULL"
        )}  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_walk(clerk: Clerk, house: House, seed: int) -> None:
    # The desk may sell from the contingent too, so that sales lie inside and outside of it.
    clerk.do(ChangeChannel(id=house.channel, set={"contingents": (house.contingent,)}))
    walk = Walk(clerk, house, seed)
    moments: list[tuple[Any, dict[str, Any]]] = []
    done: set[str] = set()
    for step in range(STEPS):
        clerk.watch.at += timedelta(minutes=1)
        command, before = walk.command(), walk.taken()
        outcome = clerk.say(command)
        if isinstance(outcome, Ok):
            done.add(type(command).__name__)
        after = walk.taken()
        assert {key: after[key] for key in before} == before, (seed, step, command)
        if not isinstance(command, PlaceOrder):
            assert after == before, (seed, step, command)
        counted(clerk, house)
        picture = walk.picture()
        moments.append((clerk.watch.at + timedelta(seconds=30), {key: picture[key] for key in SEEN}))
        assert sum(share["capacity"] for share in picture["shares"]) == 20
    for at, then in moments:
        was = walk.picture(at)
        assert {key: was[key] for key in SEEN if key != "shares"} == {k: then[k] for k in SEEN if k != "shares"}, (
            seed,
            at,
        )
        assert _plan_of_shares(was) == _plan_of_shares(then), (seed, at)
    assert len(done) > 5, "a walk that is always refused proves nothing"


def _plan_of_shares(picture: dict[str, Any]) -> list[Any]:
    """Capacity and blocked places: how many were taken then is not asked of the past."""
    names = [each["id"] for each in picture["contingents"]] + [""]
    return sorted(
        (names[share["contingent"]], share["capacity"], share["blocked"])
        for share in picture["shares"]
        if share["capacity"]
    )
