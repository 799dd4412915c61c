"""Actions on a performance's plan: what is taken stays, counts add up, everything can be taken back, and the hall as it
was at any moment (docs/spec/venues.md, docs/spec/contingents.md). On both databases."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from central.inventory.counts import Availability
from central.inventory.model import InventoryPrivilege
from central.inventory.plan_actions import AssignContingent, BlockPlaces, UnblockPlaces
from central.kernel.actor import SYSTEM
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.replies import NoEntry
from central.programme.carryover import CarryOver
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.programme.plan_history import ComparePlan, PlanChanges, PlanHistory
from central.programme.plan_pictures import PlanCounts, PlanPicture, PlanStates
from central.selling.ops import ChangeChannel
from central.venues.history import SeatField
from central.venues.model import NoAct, PlanTarget, SeatOrder, VenuesPrivilege
from central.venues.ops import InvalidateSeats
from central.venues.selection import Counted, Selection
from shared.ids import Id, derived_id
from tests.central.small_house import NOW, Clerk, House, Watch, new_id

HERE = PlanTarget.PERFORMANCE


def counted(clerk: Clerk, house: House) -> dict[tuple[str, str], dict[str, int]]:
    """The maintained counts, after making sure that they are what is there."""
    lines = clerk.ask(Availability(performance_id=house.performance)).value
    now = {}
    for line in lines:
        buckets = ("free", "blocked", "held", "leased", "optioned", "sold")
        assert line["capacity"] == sum(line[bucket] for bucket in buckets), line
        now[line["category_id"], line["contingent_id"]] = line
    fresh = clerk.ask(PlanCounts(target=HERE, target_id=house.performance)).value
    for line in fresh:
        kept = now.get((line["category_id"], line["contingent_id"]), {})
        taken = sum(kept.get(bucket, 0) for bucket in ("held", "leased", "optioned", "sold"))
        assert (line["capacity"], line["free"], line["blocked"], line["taken"]) == (
            kept.get("capacity", 0), kept.get("free", 0), kept.get("blocked", 0), taken,
        ), line  # fmt: skip
    return now


def seats(house: House, *which: int) -> Selection:
    return Selection(seats=tuple(house.seats[n] for n in which))


def place_of(clerk: Clerk, house: House, n: int) -> tuple[Any, ...]:
    return clerk.rows(
        "SELECT contingent_id, blocked, quality FROM place WHERE performance_id = :p AND seat_id = :s",
        p=house.performance, s=house.seats[n],
    )[0]  # fmt: skip


def test_what_is_sold_is_left_and_named(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[1]))
    done = clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=seats(house, 0, 1, 2),
            why="presse",
        )
    )
    assert (done["places"], done["left_out"]) == (2, 1)
    assert done["left"] == [{"seat_id": house.seats[1], "zone": "Parterre", "row": "A", "number": "2", "why": "sold"}]
    blocked = clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0, 1), why="caméra"))
    assert (blocked["places"], blocked["left_out"]) == (1, 1)
    assert [place_of(clerk, house, n) for n in range(3)] == [
        (house.contingent, "caméra", None), (None, "", None), (house.contingent, "", None)
    ]  # fmt: skip
    now = counted(clerk, house)
    assert now[house.seated, house.contingent] | {"free": 1, "blocked": 1} == now[house.seated, house.contingent]
    clerk.do(UnblockPlaces(performance_id=house.performance, selection=seats(house, 0, 1)))
    assert counted(clerk, house)[house.seated, house.contingent]["free"] == 2
    assert (
        clerk.no(BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="")).reason
        == NoAct.NO_REASON
    )
    assert (
        clerk.no(BlockPlaces(performance_id=new_id(), selection=seats(house, 0), why="x")).reason == NoAct.NO_SUCH_PLAN
    )
    assert (
        clerk.no(
            AssignContingent(performance_id=house.performance, contingent_id=new_id(), selection=seats(house, 0))
        ).reason
        == NoAct.NO_SUCH_CONTINGENT
    )


def test_a_gauge_is_split_and_taken_places_stay_in_their_share(clerk: Clerk, house: House) -> None:
    zone = Id(clerk.rows("SELECT zone_id FROM gauge")[0][0])
    clerk.do(house.standing_order(6))
    clerk.do(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(counts=(Counted(zone, 10),)),
        )
    )
    clerk.do(
        BlockPlaces(
            performance_id=house.performance,
            selection=Selection(counts=(Counted(zone, 3, house.contingent),)),
            why="bancs",
        )
    )
    now = counted(clerk, house)
    assert (now[house.standing, ""]["free"], now[house.standing, ""]["sold"]) == (4, 6)
    assert (now[house.standing, house.contingent]["free"], now[house.standing, house.contingent]["blocked"]) == (7, 3)
    short = clerk.no(
        AssignContingent(
            performance_id=house.performance,
            contingent_id=house.contingent,
            selection=Selection(counts=(Counted(zone, 5),)),
        )
    )
    assert (short.reason, short.detail["free"]) == (NoAct.TOO_MANY, 4)
    clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=house.contingent, selection=Selection(zones=(zone,))
        )
    )
    now = counted(clerk, house)
    assert (now[house.standing, ""]["capacity"], now[house.standing, ""]["sold"]) == (6, 6)
    clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=None, selection=Selection(contingents=(house.contingent,))
        )
    )
    assert counted(clerk, house)[house.standing, ""]["capacity"] == 20


def test_undo_takes_back_skips_what_changed_and_can_be_undone(clerk: Clerk, house: House) -> None:
    first = clerk.do(
        AssignContingent(
            performance_id=house.performance, contingent_id=house.contingent, selection=seats(house, 0, 1, 2, 3)
        )
    )
    clerk.do(AssignContingent(performance_id=house.performance, contingent_id=None, selection=seats(house, 0)))
    clerk.do(house.order(house.seats[8]))
    clerk.do(
        BlockPlaces(performance_id=house.performance, selection=seats(house, 1), why="x")
    )  # another field: no hindrance
    hold = clerk.do(
        AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=seats(house, 9))
    )
    undone = clerk.do(UndoPlanAction(action_id=first["action_id"], why="erreur"))
    assert (undone["places"], undone["left_out"], undone["left"][0]["why"]) == (3, 1, "changed_since")
    assert [place_of(clerk, house, n)[0] for n in (0, 1, 2, 3, 9)] == [None] * 4 + [house.contingent]
    again = clerk.no(UndoPlanAction(action_id=first["action_id"]))
    assert (again.reason, again.detail["left_out"]) == (NoAct.NOTHING_TO_UNDO, 4)
    assert clerk.do(UndoPlanAction(action_id=undone["action_id"]))["places"] == 3, "an undo can be undone"
    assert [place_of(clerk, house, n)[0] for n in (0, 1, 2, 3)] == [None] + [house.contingent] * 3
    counted(clerk, house)
    assert clerk.no(UndoPlanAction(action_id=new_id())).reason in (NoAct.NO_SUCH_ACTION, NoEntry.NOT_ALLOWED)
    assert hold["version"] == 4


def test_undo_leaves_what_was_sold_since(clerk: Clerk, house: House) -> None:
    blocked = clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0, 1), why="x"))
    clerk.do(UndoPlanAction(action_id=blocked["action_id"]))
    moved = clerk.do(
        AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=seats(house, 4, 5))
    )
    clerk.do(ChangeChannel(id=house.channel, set={"contingents": (house.contingent,)}))
    clerk.do(house.order(house.seats[4]))
    undone = clerk.do(UndoPlanAction(action_id=moved["action_id"]))
    assert (undone["places"], [left["why"] for left in undone["left"]]) == (1, ["sold"])
    assert place_of(clerk, house, 4)[0] == house.contingent, "places sold out of a contingent are not moved"
    counted(clerk, house)


def test_the_hall_as_it_was_and_what_differs_between_two_moments(clerk: Clerk, house: House) -> None:
    """At 18:10 a block, at 18:20 a sale and a contingent, at 18:30 the block is lifted."""
    moments = [NOW + timedelta(minutes=10 * n) for n in range(5)]
    clerk.watch.at = moments[1]
    clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0, 1), why="caméra"))
    clerk.watch.at = moments[2]
    clerk.do(house.order(house.seats[5]))
    clerk.do(
        AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=seats(house, 1, 2))
    )
    clerk.watch.at = moments[3]
    clerk.do(UnblockPlaces(performance_id=house.performance, selection=seats(house, 0, 1)))

    def picture(at: Any) -> dict[str, Any]:
        found: dict[str, Any] = clerk.ask(PlanPicture(target=HERE, target_id=house.performance, at=at)).value
        return found

    half = timedelta(minutes=5)
    states = [picture(at + half)["states"] for at in moments[:4]] + [picture(None)["states"]]
    assert [each[:7] for each in states] == ["fffffff", "bbfffff", "bbfffsf", "fffffsf", "fffffsf"]
    assert [picture(at + half)["version"] for at in moments[:4]] == [0, 1, 2, 3]
    then = picture(moments[2] + half)
    assert (then["reasons"], then["reason"][:3], then["contingent"][:4]) == (["caméra"], [0, 0, -1], [-1, 0, 0, -1])
    assert picture(moments[0])["contingents"] == []
    found = clerk.ask(
        ComparePlan(target=HERE, target_id=house.performance, since=moments[1] + half, until=moments[3] + half)
    ).value
    assert found["states"] == {"bf": 2, "fs": 1}
    assert [(c["field"], c["at"], c["was"], c["now"]) for c in found["changes"]["seats"]] == [
        ("contingent_id", [1, 2], [None], [house.contingent]), ("blocked", [0, 2], ["caméra"], [""])
    ]  # fmt: skip
    nothing = clerk.ask(ComparePlan(target=HERE, target_id=house.performance, since=moments[3] + half)).value
    assert (nothing["states"], nothing["changes"]) == ({}, {"seats": [], "shares": [], "zones": []})


def test_who_did_what_when_and_why(clerk: Clerk, house: House) -> None:
    anna = house.operator(InventoryPrivilege.PLACE_BLOCK)
    clerk.as_(anna).do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="télévision"))
    clerk.do(UnblockPlaces(performance_id=house.performance, selection=seats(house, 0)))
    newest, first = clerk.ask(PlanHistory(target=HERE, target_id=house.performance)).value
    assert (first["who"], first["act"], first["why"], first["places"]) == (anna.label, "block", "télévision", 1)
    assert (newest["version"], newest["act"], newest["changes"]) == (2, "unblock", None)
    assert [
        each["version"] for each in clerk.ask(PlanHistory(target=HERE, target_id=house.performance, before=2)).value
    ] == [1]
    (since,) = clerk.ask(PlanChanges(target=HERE, target_id=house.performance, since=1)).value
    assert since["changes"]["seats"] == [{"field": "blocked", "at": [0, 1], "was": ["télévision"], "now": [""]}], (
        "a screen that shows version 1 needs nothing more"
    )
    assert clerk.rows("SELECT COUNT(*) FROM audit WHERE entity = 'place'") == [(0,)], "no row per seat"


def test_the_order_of_a_performance_is_its_own_and_sold_seats_have_one_too(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    zone = derived_id("zone", house.physical, "Parterre")
    assert (
        clerk.do(
            OrderSeats(performance_id=house.performance, selection=Selection(zones=(zone,)), order=SeatOrder.SNAKE)
        )["left_out"]
        == 0
    )
    assert [place_of(clerk, house, n)[2] for n in (0, 9, 10, 19)] == [0, 225, 475, 250]
    ((logical,),) = clerk.rows("SELECT COUNT(quality) FROM logical_seat WHERE configuration_id = :id", id=house.logical)
    assert logical == 0
    picture = clerk.ask(PlanPicture(target=HERE, target_id=house.performance, order=True)).value
    assert picture["quality"][:2] == [0, 25]
    counted(clerk, house)


@pytest.mark.parametrize(
    "command, privilege",
    [
        (
            lambda house: BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="x"),
            InventoryPrivilege.PLACE_BLOCK,
        ),
        (
            lambda house: UnblockPlaces(performance_id=house.performance, selection=seats(house, 0)),
            InventoryPrivilege.PLACE_BLOCK,
        ),
        (
            lambda house: AssignContingent(
                performance_id=house.performance, contingent_id=None, selection=seats(house, 0)
            ),
            InventoryPrivilege.CONTINGENT_MODIFY,
        ),
    ],
)
def test_an_operator_needs_the_right(quick: tuple[Clerk, House], command: Any, privilege: str) -> None:
    clerk, house = quick
    assert clerk.as_(house.operator(VenuesPrivilege.VENUE_READ)).no(command(house)).fix == privilege
    clerk.as_(house.operator(privilege)).do(command(house))


def test_undo_has_a_right_of_its_own(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    done = clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="x"))
    undo = UndoPlanAction(action_id=done["action_id"])
    assert clerk.as_(house.operator(InventoryPrivilege.PLACE_BLOCK)).no(undo).fix == VenuesPrivilege.PLAN_UNDO
    clerk.as_(house.operator(VenuesPrivilege.PLAN_UNDO)).do(undo)


def test_the_states_alone(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    clerk.do(house.order(house.seats[3]))
    clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="x"))
    states = clerk.ask(PlanStates(performance_id=house.performance)).value
    assert (
        states == "bffs" + "f" * 16 == clerk.ask(PlanPicture(target=HERE, target_id=house.performance)).value["states"]
    )
    clerk.do(InvalidateSeats(configuration_id=house.physical, selection=seats(house, 1), why="cassé"))
    clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,), fields=(SeatField.INVALID,)))
    assert clerk.ask(PlanStates(performance_id=house.performance)).value[:4] == "bxfs"
    assert clerk.ask(PlanStates(performance_id=new_id())).reason == NoAct.NO_SUCH_PLAN


async def test_operators_who_act_on_one_plan_at_once(place: tuple[Database, House], keys: Keys, watch: Watch) -> None:
    """Each action is one version, and none is refused because another came at the same time."""
    database, house = place
    door = Door(database, watch, path_of, keys)
    door.start()
    try:
        acts = [BlockPlaces(performance_id=house.performance, selection=seats(house, n), why=f"x{n}") for n in range(8)]
        replies = await asyncio.gather(*(door.execute(SYSTEM, act, new_id()) for act in acts))
        assert [reply.ok for reply in replies] == [True] * 8, [reply.body for reply in replies if not reply.ok]
        assert sorted(reply.outcome.value["version"] for reply in replies if reply.ok) == list(range(1, 9))
    finally:
        door.stop()
