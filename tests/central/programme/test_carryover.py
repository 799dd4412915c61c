"""An action on a logical configuration reaches performances only when the operator says so, who sees first what it
would change; places that are taken are left and named (docs/spec/venues.md, Life cycle 3). On both databases."""

from base64 import b64decode
from typing import Any

from central.devices.hall import seen
from central.inventory.model import NoSale
from central.inventory.plan_actions import AssignContingent, AssignLogicalContingent, BlockLogical, BlockPlaces
from central.kernel.job import job_of
from central.kernel.tx import Read
from central.kernel.work import committed
from central.programme.carryover import CarryOver, PreviewCarryOver
from central.programme.performances import CreatePerformance, Schedule
from central.programme.plan_actions import OrderSeats, UndoPlanAction
from central.programme.plan_pictures import PlanPicture
from central.venues.history import SeatField
from central.venues.model import NoAct, PlanTarget, SeatOrder, VenuesPrivilege
from central.venues.ops import (
    AssignLogicalCategory,
    CreateLogicalConfiguration,
    CreateSeatCategory,
    InvalidateSeats,
    OrderLogicalSeats,
    RevalidateSeats,
)
from central.venues.selection import Counted, Selection
from shared.ids import Id
from tests.central.inventory.test_plan_performance import counted, place_of, seats
from tests.central.small_house import STARTS, Clerk, House, new_id


def another(clerk: Clerk, house: House, logical: Id | None = None) -> Id:
    made = new_id()
    schedule = Schedule(STARTS, STARTS, STARTS.replace(hour=23), STARTS)
    clerk.do(
        CreatePerformance(
            id=made,
            event_id=house.event,
            logical_configuration_id=logical or house.logical,
            price_grid_id=house.grid,
            schedule=schedule,
        )
    )
    return made


def other_category(clerk: Clerk, house: House) -> Id:
    made = new_id()
    clerk.do(
        CreateSeatCategory(
            id=made, context_id=house.institution, code="CAT2", names={"fr": "2e"}, colour="#333333", rank=3
        )
    )
    return made


def dump(clerk: Clerk) -> list[Any]:
    return [
        clerk.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3")
        for table in ("place", "gauge", "plan_action", "place_count")
    ]


def test_an_action_on_the_configuration_reaches_no_performance_by_itself(clerk: Clerk, house: House) -> None:
    before = dump(clerk)[:2]
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical, contingent_id=house.contingent, selection=seats(house, 0, 1)
        )
    )
    clerk.do(BlockLogical(configuration_id=house.logical, selection=seats(house, 2), why="régie"))
    assert dump(clerk)[:2] == before


def test_what_it_would_change_is_what_it_changes(clerk: Clerk, house: House) -> None:
    """Preview, dry run and the act itself tell the same; preview and dry run change nothing."""
    other = other_category(clerk, house)
    clerk.do(house.order(house.seats[1]))
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical, contingent_id=house.contingent, selection=seats(house, 0, 1, 2)
        )
    )
    clerk.do(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=seats(house, 2, 3)))
    clerk.do(BlockLogical(configuration_id=house.logical, selection=seats(house, 4), why="régie"))
    before = dump(clerk)
    preview = clerk.ask(PreviewCarryOver(configuration_id=house.logical, performance_id=house.performance)).value
    act = CarryOver(configuration_id=house.logical, performances=(house.performance,), why="nouvelle saison")
    assert dump(clerk) == before
    job = job_of(clerk.actor, act, new_id(), dry_run=True)
    tried, _ = committed(clerk.db, clerk.door.judge.work(job, clerk.watch()))
    assert dump(clerk) == before
    (done,) = clerk.do(act)
    told = ("places", "changes", "shares", "unpriced", "left_out", "left")
    assert {key: preview[key] for key in told} == {key: done[key] for key in told}
    assert {key: tried.outcome.value[0][key] for key in told} == {key: done[key] for key in told}
    assert preview["action_id"] is None and done["action_id"]
    lines = {(line["field"], line["was"], line["now"]): line["places"] for line in done["changes"]}
    assert lines == {
        ("contingent_id", None, house.contingent): 2,
        ("category_id", house.seated, other): 2,
        ("blocked", "", "régie"): 1,
    }
    assert done["places"] == 4
    assert [(left["number"], left["why"]) for left in done["left"]] == [("2", "sold")]
    assert done["unpriced"] == [other], "its price grid has no price for the new category"
    assert [place_of(clerk, house, n)[:2] for n in (0, 1, 2, 4)] == [
        (house.contingent, ""), (None, ""), (house.contingent, ""), (None, "régie")
    ]  # fmt: skip
    counted(clerk, house)
    again = clerk.do(act)[0]
    assert (again["places"], again["left_out"], again["action_id"]) == (0, 1, None), "what is the same is no change"
    clerk.do(UndoPlanAction(action_id=done["action_id"]))
    assert [place_of(clerk, house, n)[:2] for n in (0, 2, 4)] == [(None, "")] * 3
    counted(clerk, house)


def test_only_the_chosen_performances_fields_and_places(clerk: Clerk, house: House) -> None:
    second = another(clerk, house)
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical, contingent_id=house.contingent, selection=seats(house, 0, 1)
        )
    )
    clerk.do(BlockLogical(configuration_id=house.logical, selection=seats(house, 0), why="régie"))
    clerk.do(
        CarryOver(
            configuration_id=house.logical,
            performances=(second,),
            fields=(SeatField.CONTINGENT,),
            selection=seats(house, 0),
        )
    )
    rows = clerk.rows("SELECT performance_id, seat_id, blocked FROM place WHERE contingent_id IS NOT NULL")
    assert rows == [(second, house.seats[0], "")]
    both = clerk.do(CarryOver(configuration_id=house.logical, performances=(second, house.performance, second)))
    assert [each["performance_id"] for each in both] == [second, house.performance]
    assert [each["places"] for each in both] == [2, 2]


def test_one_action_is_carried_over_and_nothing_else(clerk: Clerk, house: House) -> None:
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical, contingent_id=house.contingent, selection=seats(house, 0, 1)
        )
    )
    block = clerk.do(BlockLogical(configuration_id=house.logical, selection=seats(house, 5), why="régie"))
    clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 9), why="son"))
    preview = clerk.ask(
        PreviewCarryOver(configuration_id=house.logical, performance_id=house.performance, action_id=block["action_id"])
    ).value
    assert (preview["places"], preview["changes"][0]["at"]) == (1, [5, 1])
    clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,), action_id=block["action_id"]))
    assert [place_of(clerk, house, n)[:2] for n in (0, 5, 9)] == [(None, ""), (None, "régie"), (None, "son")]
    assert (
        clerk.no(
            CarryOver(configuration_id=house.logical, performances=(house.performance,), action_id=new_id())
        ).reason
        == NoAct.NO_SUCH_ACTION
    )


def test_the_order_of_seats_is_carried_over_for_sold_seats_too(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0]))
    clerk.do(OrderLogicalSeats(configuration_id=house.logical, selection=seats(house, 1, 0), order=SeatOrder.LISTED))
    (done,) = clerk.do(
        CarryOver(configuration_id=house.logical, performances=(house.performance,), fields=(SeatField.QUALITY,))
    )
    assert (done["places"], done["left_out"]) == (2, 0)
    assert [place_of(clerk, house, n)[2] for n in (0, 1, 2)] == [25, 0, None]


def test_shares_of_counted_zones_as_far_as_what_is_taken_allows(clerk: Clerk, house: House) -> None:
    zone = Id(clerk.rows("SELECT zone_id FROM gauge")[0][0])
    clerk.do(house.standing_order(6))
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical,
            contingent_id=house.contingent,
            selection=Selection(counts=(Counted(zone, 12),)),
        )
    )
    clerk.do(BlockLogical(configuration_id=house.logical, selection=Selection(counts=(Counted(zone, 2),)), why="bancs"))
    (done,) = clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))
    assert done["left_out"] == 0
    now = counted(clerk, house)
    assert now[house.standing, house.contingent]["free"] == 12
    assert [now[house.standing, ""][bucket] for bucket in ("sold", "blocked", "free")] == [6, 2, 0]
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical, contingent_id=house.contingent, selection=Selection(zones=(zone,))
        )
    )
    (less,) = clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))
    assert [(left["zone"], left["why"], left["seat_id"]) for left in less["left"]] == [("Debout", "taken", None)]
    now = counted(clerk, house)
    assert now[house.standing, ""]["capacity"] == 6, "what is sold stays where it was sold"
    assert now[house.standing, house.contingent]["capacity"] == 14
    other = other_category(clerk, house)
    clerk.do(
        AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=Selection(zones=(zone,)))
    )
    (held,) = clerk.do(
        CarryOver(configuration_id=house.logical, performances=(house.performance,), fields=(SeatField.CATEGORY,))
    )
    assert (held["places"], held["left_out"]) == (0, 1)


def test_an_invalid_seat_loses_its_place_and_gets_it_back_as_it_was(clerk: Clerk, house: House) -> None:
    clerk.do(
        AssignContingent(performance_id=house.performance, contingent_id=house.contingent, selection=seats(house, 0))
    )
    clerk.do(BlockPlaces(performance_id=house.performance, selection=seats(house, 0), why="caméra"))
    clerk.do(house.order(house.seats[1]))
    broken = clerk.do(
        InvalidateSeats(configuration_id=house.physical, selection=seats(house, 0, 1, 2), why="dégât des eaux")
    )
    assert bits(clerk, house)[:4] == "1100", "until it is carried over, the performance lives its own life"
    (done,) = clerk.do(
        CarryOver(
            configuration_id=house.logical,
            performances=(house.performance,),
            fields=(SeatField.INVALID,),
            action_id=broken["action_id"],
        )
    )
    assert (done["places"], [left["why"] for left in done["left"]]) == (2, ["sold"])
    assert clerk.rows("SELECT COUNT(*) FROM place WHERE performance_id = :id", id=house.performance) == [(18,)]
    now = counted(clerk, house)
    assert sum(line["capacity"] for (category, _), line in now.items() if category == house.seated) == 18
    assert bits(clerk, house)[:4] == "1110", "a seat that has no place cannot be had"
    assert (
        clerk.ask(PlanPicture(target=PlanTarget.PERFORMANCE, target_id=house.performance)).value["states"][:4] == "xsxf"
    )
    gone = clerk.no(house_order(house))
    assert gone.reason in (NoSale.NO_SUCH_PLACE, NoAct.NO_SUCH_SEAT), gone
    refused = clerk.no(UndoPlanAction(action_id=done["action_id"]))
    assert refused.reason == NoAct.NOTHING_TO_UNDO
    assert {left["why"] for left in refused.detail["left"]} == {"invalid"}, "the chair is still broken"
    clerk.do(RevalidateSeats(configuration_id=house.physical, selection=seats(house, 0, 1, 2)))
    (back,) = clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))
    assert back["places"] == 2
    assert place_of(clerk, house, 0)[:2] == (house.contingent, "caméra"), "contingent and block come back"
    counted(clerk, house)


def house_order(house: House) -> Any:
    return house.order(house.seats[2])


def bits(clerk: Clerk, house: House) -> str:
    raw = b64decode(seen(Read(clerk.db, clerk.actor, clerk.watch(), clerk.door.keys), house.performance).taken)
    return "".join(f"{byte:08b}" for byte in raw)


def test_what_cannot_be_carried_over(clerk: Clerk, house: House) -> None:
    logical = new_id()
    categories = {"1re": house.seated, "Debout": house.standing}
    clerk.do(
        CreateLogicalConfiguration(
            id=logical,
            context_id=house.season,
            physical_configuration_id=house.physical,
            code="L2",
            names={"fr": "L2"},
            categories=categories,
        )
    )
    stranger = another(clerk, house, logical)
    for performances, reason in (
        ((), NoAct.TOO_MANY_PERFORMANCES),
        ((new_id(),), NoAct.NO_SUCH_PERFORMANCE),
        ((stranger,), NoAct.OTHER_PLAN),
    ):
        assert clerk.no(CarryOver(configuration_id=house.logical, performances=performances)).reason == reason
    assert (
        clerk.no(CarryOver(configuration_id=new_id(), performances=(house.performance,))).reason == NoAct.NO_SUCH_PLAN
    )
    act = CarryOver(configuration_id=house.logical, performances=(house.performance,))
    assert clerk.as_(house.operator(VenuesPrivilege.VENUE_MODIFY)).no(act).fix == VenuesPrivilege.PLAN_CARRY_OVER
    clerk.as_(house.operator(VenuesPrivilege.PLAN_CARRY_OVER)).do(act)


def test_devices_are_told_when_the_plan_of_a_performance_changes(clerk: Clerk, house: House) -> None:
    """A kiosk sells by the plan that it has: categories and order of this performance, not of the configuration."""
    other = other_category(clerk, house)

    def plan_of_devices() -> tuple[str, dict[str, Any]]:
        clerk.tell()
        plan_id = clerk.feed(f"performances/{house.site}")[house.performance]["plan_id"]
        plan = clerk.feed(f"plans/{house.site}")[plan_id]
        return plan_id, {seat["id"]: seat["category_id"] for seat in plan["seats"]}

    first, _ = plan_of_devices()
    clerk.do(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=seats(house, 0, 1)))
    assert plan_of_devices()[0] == first, "the configuration went another way, the performance did not"
    clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))
    carried, categories = plan_of_devices()
    assert carried != first and categories[house.seats[0]] == other
    assert clerk.feed(f"plans/{house.site}")[first] is None, "nobody is drawn so any more"
    back = clerk.do(
        AssignLogicalCategory(configuration_id=house.logical, category_id=house.seated, selection=seats(house, 0, 1))
    )
    assert back["places"] == 2
    done = clerk.do(OrderSeats(performance_id=house.performance, selection=seats(house, 3, 2), order=SeatOrder.LISTED))
    plan_id, categories = plan_of_devices()
    assert categories[house.seats[0]] == other
    qualities = {seat["id"]: seat["quality"] for seat in clerk.feed(f"plans/{house.site}")[plan_id]["seats"]}
    assert (qualities[house.seats[3]], qualities[house.seats[2]]) == (0, 25)
    clerk.do(UndoPlanAction(action_id=done["action_id"]))
    clerk.do(CarryOver(configuration_id=house.logical, performances=(house.performance,)))
    again, categories = plan_of_devices()
    assert (again, categories[house.seats[0]]) == (first, house.seated), "drawn as at first, it is that plan again"
    assert [key for key, body in clerk.feed(f"plans/{house.site}").items() if body] == [first]
