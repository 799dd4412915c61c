"""How a configuration is sold in one season: drafts, categories, counted zones, and every action on its plan, before
and after validation (docs/spec/venues.md, docs/spec/contingents.md)."""

from typing import Any

import pytest

from central.catalogue.model import NoPerformance
from central.inventory.plan_actions import AssignLogicalContingent, BlockLogical, UnblockLogical
from central.kernel.crud import NoChange
from central.programme.performances import CreatePerformance, Schedule
from central.programme.plan_actions import UndoPlanAction
from central.programme.plan_pictures import PlanCounts
from central.venues.model import NoAct, NoVenue, PlanTarget, SeatOrder
from central.venues.ops import (
    AssignLogicalCategory,
    CreateLogicalConfiguration,
    CreateSeatCategory,
    CreateShopPicture,
    DropCategory,
    InvalidateSeats,
    OrderLogicalSeats,
    PickCategory,
    RevalidateSeats,
    ValidateLogical,
)
from central.venues.selection import Counted, RowRef, Selection
from shared.ids import Id, derived_id
from tests.central.small_house import STARTS, Clerk, House, new_id

Quick = tuple[Clerk, House]
PNG = "data:image/png;base64,iVBORw0KGgo="


def draft(clerk: Clerk, house: House, **categories: Id) -> Id:
    made = new_id()
    clerk.do(
        CreateLogicalConfiguration(
            id=made,
            context_id=house.season,
            physical_configuration_id=house.physical,
            code="MATINEE",
            names={"fr": "Matinée"},
            categories=categories,
            draft=True,
        )
    )
    return made


def seated_zone(house: House) -> Id:
    return derived_id("zone", house.physical, "Parterre")


def standing_zone(clerk: Clerk) -> Id:
    return Id(clerk.rows("SELECT id FROM physical_zone WHERE numbered = 0")[0][0])


def values(clerk: Clerk, configuration: Id, column: str) -> list[Any]:
    return [row[0] for row in clerk.rows(
        f"SELECT v.{column} FROM logical_seat v JOIN physical_seat s ON s.id = v.seat_id "
        "WHERE v.configuration_id = :id ORDER BY s.position", id=configuration,
    )]  # fmt: skip


def shares(clerk: Clerk, configuration: Id) -> dict[str, tuple[int, int]]:
    return {contingent: (capacity, blocked) for contingent, capacity, blocked in clerk.rows(
        "SELECT contingent_id, capacity, blocked FROM logical_gauge WHERE configuration_id = :id", id=configuration
    )}  # fmt: skip


def test_a_draft_may_lack_categories_and_validation_names_each(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house)
    schedule = Schedule(STARTS, STARTS, STARTS.replace(hour=23), STARTS)
    early = CreatePerformance(
        id=new_id(), event_id=house.event, logical_configuration_id=made, price_grid_id=house.grid, schedule=schedule
    )
    assert clerk.no(early).reason == NoPerformance.NOT_VALIDATED
    standing, seated = standing_zone(clerk), seated_zone(house)
    assert clerk.no(ValidateLogical(configuration_id=made)).detail["missing"] == [
        {"what": "category", "zone": standing, "name": "Debout", "places": 20},
        {"what": "category", "zone": seated, "name": "Parterre", "places": 20},
    ]
    row_a = Selection(rows=(RowRef(seated, "A"),))
    assert (
        clerk.do(AssignLogicalCategory(configuration_id=made, category_id=house.seated, selection=row_a))["places"]
        == 10
    )
    clerk.do(
        AssignLogicalCategory(configuration_id=made, category_id=house.standing, selection=Selection(zones=(standing,)))
    )
    (left,) = clerk.no(ValidateLogical(configuration_id=made)).detail["missing"]
    assert (left["name"], left["places"]) == ("Parterre", 10)
    clerk.do(
        AssignLogicalCategory(configuration_id=made, category_id=house.seated, selection=Selection(zones=(seated,)))
    )
    clerk.do(ValidateLogical(configuration_id=made))
    assert clerk.no(ValidateLogical(configuration_id=made)).reason == NoVenue.NOT_DRAFT
    assert (
        clerk.do(
            CreatePerformance(
                id=new_id(),
                event_id=house.event,
                logical_configuration_id=made,
                price_grid_id=house.grid,
                schedule=schedule,
            )
        )
        == 40
    )
    unknown = {"1re": new_id()}
    want = CreateLogicalConfiguration(
        id=new_id(),
        context_id=house.season,
        physical_configuration_id=house.physical,
        code="X",
        names={"fr": "X"},
        categories=unknown,
        draft=True,
    )
    assert clerk.no(want).detail == {"missing": ["1re"]}, "a draft may lack a category, not name one that is none"


def test_a_category_serves_counted_zones_or_seats_never_both(quick: Quick) -> None:
    clerk, house = quick
    both = {"1re": house.seated, "Debout": house.seated}
    want = CreateLogicalConfiguration(
        id=new_id(),
        context_id=house.season,
        physical_configuration_id=house.physical,
        code="X",
        names={"fr": "X"},
        categories=both,
    )
    refused = clerk.no(want)
    assert (refused.reason, refused.detail["zones"]) == (NoAct.CATEGORY_TWICE, ["Debout"])
    zone = standing_zone(clerk)
    assert (
        clerk.no(
            AssignLogicalCategory(
                configuration_id=house.logical, category_id=house.seated, selection=Selection(zones=(zone,))
            )
        ).reason
        == NoAct.CATEGORY_TWICE
    )
    seats = Selection(seats=house.seats[:1])
    assert (
        clerk.no(
            AssignLogicalCategory(configuration_id=house.logical, category_id=house.standing, selection=seats)
        ).reason
        == NoAct.CATEGORY_TWICE
    )
    assert values(clerk, house.logical, "category_id") == [house.seated] * 20, "a refusal leaves no trace"


def test_a_counted_zone_has_exactly_one_category(quick: Quick) -> None:
    clerk, house = quick
    zone, other = standing_zone(clerk), new_id()
    clerk.do(
        CreateSeatCategory(
            id=other, context_id=house.institution, code="FOSSE", names={"fr": "Fosse"}, colour="#111111", rank=3
        )
    )
    some = Selection(counts=(Counted(zone, 5),))
    assert (
        clerk.no(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=some)).reason
        == NoAct.WHOLE_ZONE
    )
    clerk.do(AssignLogicalContingent(configuration_id=house.logical, contingent_id=house.contingent, selection=some))
    part = Selection(contingents=(house.contingent,))
    assert (
        clerk.no(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=part)).reason
        == NoAct.WHOLE_ZONE
    )
    clerk.do(
        AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=Selection(zones=(zone,)))
    )
    assert clerk.rows("SELECT category_id FROM logical_zone WHERE configuration_id = :id", id=house.logical) == [
        (other,)
    ]
    assert (
        clerk.no(AssignLogicalCategory(configuration_id=house.logical, category_id=new_id(), selection=some)).reason
        == NoAct.NO_SUCH_CATEGORY
    )


def test_categories_are_picked_recoloured_and_dropped_per_configuration(quick: Quick) -> None:
    clerk, house = quick
    made = draft(clerk, house, **{"1re": house.seated, "Debout": house.standing})
    clerk.do(PickCategory(configuration_id=made, category_id=house.seated, colour="#ff0000", options=False))
    rows = clerk.rows("SELECT configuration_id, colour, options FROM logical_category WHERE category_id = :id "
                      "ORDER BY colour", id=house.seated)  # fmt: skip
    assert rows == [(house.logical, "", 1), (made, "#ff0000", 0)], "another configuration keeps the category's colour"
    assert (
        clerk.no(PickCategory(configuration_id=made, category_id=house.seated, colour="red")).reason
        == NoVenue.NO_COLOUR
    )
    assert clerk.no(DropCategory(configuration_id=made, category_id=house.seated)).detail == {"seats": 20, "zones": 0}
    third = new_id()
    clerk.do(
        CreateSeatCategory(
            id=third, context_id=house.institution, code="PMR", names={"fr": "PMR"}, colour="#222222", rank=3
        )
    )
    assert clerk.no(DropCategory(configuration_id=made, category_id=third)).reason == NoVenue.CATEGORY_MISSING
    clerk.do(PickCategory(configuration_id=made, category_id=third))
    clerk.do(DropCategory(configuration_id=made, category_id=third))
    clerk.do(
        AssignLogicalCategory(configuration_id=made, category_id=third, selection=Selection(seats=house.seats[:2]))
    )
    assert clerk.no(DropCategory(configuration_id=made, category_id=third)).detail == {"seats": 2, "zones": 0}, (
        "what is assigned is picked"
    )


def test_a_picture_for_the_shop(quick: Quick) -> None:
    clerk, house = quick
    clerk.do(CreateShopPicture(id=new_id(), configuration_id=house.logical, picture=PNG))
    assert (
        clerk.no(CreateShopPicture(id=new_id(), configuration_id=house.logical, picture=PNG)).reason
        == NoChange.CODE_TAKEN
    ), "one per configuration"
    other = draft(clerk, house)
    assert (
        clerk.no(CreateShopPicture(id=new_id(), configuration_id=other, picture="data:text/html;base64,AAAA")).reason
        == NoChange.FAULTY
    )


@pytest.mark.parametrize("validated", [False, True])
def test_every_action_is_possible_before_and_after_validation(quick: Quick, validated: bool) -> None:
    clerk, house = quick
    made = draft(clerk, house, **{"1re": house.seated, "Debout": house.standing})
    if validated:
        clerk.do(ValidateLogical(configuration_id=made))
    two, three = Selection(seats=house.seats[:2]), Selection(seats=house.seats[:3])
    other = new_id()
    clerk.do(
        CreateSeatCategory(
            id=other, context_id=house.institution, code="CAT2", names={"fr": "2e"}, colour="#333333", rank=3
        )
    )
    clerk.do(
        AssignLogicalContingent(configuration_id=made, contingent_id=house.contingent, selection=three, why="presse")
    )
    clerk.do(BlockLogical(configuration_id=made, selection=two, why="télévision"))
    clerk.do(AssignLogicalCategory(configuration_id=made, category_id=other, selection=two))
    clerk.do(OrderLogicalSeats(configuration_id=made, selection=two, order=SeatOrder.LISTED))
    assert values(clerk, made, "contingent_id")[:4] == [house.contingent] * 3 + [None]
    assert values(clerk, made, "blocked")[:3] == ["télévision", "télévision", ""]
    assert values(clerk, made, "category_id")[:3] == [other, other, house.seated]
    assert values(clerk, made, "quality")[:3] == [0, 25, None]
    clerk.do(UnblockLogical(configuration_id=made, selection=three))
    assert values(clerk, made, "blocked") == [""] * 20
    assert values(clerk, made, "contingent_id")[:3] == [house.contingent] * 3, "blocking keeps the contingent"
    clerk.do(AssignLogicalContingent(configuration_id=made, contingent_id=None, selection=three))
    assert values(clerk, made, "contingent_id") == [None] * 20, "hors contingent is no contingent"
    told = clerk.rows(
        "SELECT version, act, why, places FROM plan_action WHERE target_id = :id ORDER BY version", id=made
    )
    assert [row[:2] for row in told] == [
        (1, "assign"), (2, "block"), (3, "categorise"), (4, "order"), (5, "unblock"), (6, "assign")
    ]  # fmt: skip
    assert [row[2:] for row in told[:2]] == [("presse", 3), ("télévision", 2)]
    assert clerk.no(BlockLogical(configuration_id=made, selection=two, why=" ")).reason == NoAct.NO_REASON
    assert (
        clerk.no(AssignLogicalContingent(configuration_id=made, contingent_id=new_id(), selection=two)).reason
        == NoAct.NO_SUCH_CONTINGENT
    )


def test_what_changes_nothing_leaves_no_entry(quick: Quick) -> None:
    clerk, house = quick
    done = clerk.do(UnblockLogical(configuration_id=house.logical, selection=Selection(everything=True)))
    assert done == {"action_id": None, "version": 0, "places": 0, "left_out": 0, "left": []}


def test_counted_places_are_split_into_exclusive_shares(quick: Quick) -> None:
    clerk, house = quick
    zone, logical = standing_zone(clerk), house.logical
    assert shares(clerk, logical) == {"": (20, 0)}, "by default every place is hors contingent"
    clerk.do(
        AssignLogicalContingent(
            configuration_id=logical, contingent_id=house.contingent, selection=Selection(counts=(Counted(zone, 8),))
        )
    )
    clerk.do(
        BlockLogical(
            configuration_id=logical,
            selection=Selection(counts=(Counted(zone, 5), Counted(zone, 3, house.contingent))),
            why="bancs",
        )
    )
    assert shares(clerk, logical) == {"": (12, 5), house.contingent: (8, 3)}
    more = clerk.no(
        AssignLogicalContingent(
            configuration_id=logical, contingent_id=house.contingent, selection=Selection(counts=(Counted(zone, 8),))
        )
    )
    assert (more.reason, more.detail["free"]) == (NoAct.TOO_MANY, 7), "blocked places are not moved by a number"
    clerk.do(AssignLogicalContingent(configuration_id=logical, contingent_id=None, selection=Selection(zones=(zone,))))
    assert shares(clerk, logical) == {"": (20, 8)}, "all of them: the blocked ones stay blocked"
    clerk.do(UnblockLogical(configuration_id=logical, selection=Selection(everything=True)))
    assert shares(clerk, logical) == {"": (20, 0)}
    too_many = clerk.no(UnblockLogical(configuration_id=logical, selection=Selection(counts=(Counted(zone, 1),))))
    assert too_many.reason == NoAct.TOO_MANY


def test_invalidating_a_seat_that_has_a_contingent_is_refused_unless_it_is_remembered(quick: Quick) -> None:
    clerk, house = quick
    seats = Selection(seats=house.seats[:3])
    clerk.do(
        AssignLogicalContingent(
            configuration_id=house.logical,
            contingent_id=house.contingent,
            selection=Selection(seats=house.seats[1:2]),
            why="presse",
        )
    )
    clerk.do(BlockLogical(configuration_id=house.logical, selection=Selection(seats=house.seats[1:2]), why="caméra"))
    refused = clerk.no(InvalidateSeats(configuration_id=house.physical, selection=seats, why="cassé"))
    assert (refused.reason, refused.fix) == (NoAct.HAS_CONTINGENT, "remember")
    assert refused.detail["seats"] == [house.seats[1]]
    assert refused.detail["places"] == ["Parterre A 2"]
    before = clerk.rows("SELECT * FROM logical_seat ORDER BY id")
    clerk.do(InvalidateSeats(configuration_id=house.physical, selection=seats, why="cassé", remember=True))
    counted = {(line["contingent_id"]): line for line in counts(clerk, house) if line["category_id"] == house.seated}
    assert (counted[""]["capacity"], counted[""]["invalid"]) == (17, 2), "an invalid seat is in no gauge"
    assert (counted[house.contingent]["capacity"], counted[house.contingent]["invalid"]) == (0, 1)
    left = clerk.do(AssignLogicalContingent(configuration_id=house.logical, contingent_id=None, selection=seats))
    assert (left["places"], left["left_out"], left["left"][0]["why"]) == (0, 3, "invalid")
    clerk.do(RevalidateSeats(configuration_id=house.physical, selection=seats))
    assert clerk.rows("SELECT * FROM logical_seat ORDER BY id") == before, "contingent and block are back"
    history = clerk.rows("SELECT act, why FROM plan_action WHERE target_id = :id ORDER BY version", id=house.logical)
    assert history == [("assign", "presse"), ("block", "caméra")], "and so is the history"


def counts(clerk: Clerk, house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clerk.ask(PlanCounts(target=PlanTarget.LOGICAL, target_id=house.logical)).value
    return found


def test_a_seat_that_is_invalid_is_not_in_a_new_performance(quick: Quick) -> None:
    clerk, house = quick
    clerk.do(InvalidateSeats(configuration_id=house.physical, selection=Selection(seats=house.seats[:3]), why="cassé"))
    schedule = Schedule(STARTS, STARTS, STARTS.replace(hour=23), STARTS)
    assert (
        clerk.do(
            CreatePerformance(
                id=new_id(),
                event_id=house.event,
                logical_configuration_id=house.logical,
                price_grid_id=house.grid,
                schedule=schedule,
            )
        )
        == 37
    )


def test_the_order_of_seats(quick: Quick) -> None:
    """Snake: row by row, there and back; rows: from the middle outwards; drawn: nothing of its own."""
    clerk, house = quick
    everything = Selection(zones=(seated_zone(house),))

    def ordered(order: SeatOrder) -> list[Any]:
        clerk.do(OrderLogicalSeats(configuration_id=house.logical, selection=everything, order=order))
        return values(clerk, house.logical, "quality")

    snake = ordered(SeatOrder.SNAKE)
    assert [rank // 25 for rank in snake] == [*range(10), *range(19, 9, -1)]
    rows = ordered(SeatOrder.ROWS)
    assert [rank // 25 for rank in rows[:10]] == [8, 6, 4, 2, 0, 1, 3, 5, 7, 9]
    assert min(rows[10:]) > max(rows[:10])
    assert ordered(SeatOrder.DRAWN) == [None] * 20
    refused = clerk.no(
        OrderLogicalSeats(
            configuration_id=house.logical, selection=everything, order=SeatOrder.SNAKE, first_zones=(new_id(),)
        )
    )
    assert refused.reason == NoAct.NO_SUCH_ZONE
    clerk.do(
        OrderLogicalSeats(
            configuration_id=house.logical,
            selection=everything,
            order=SeatOrder.DRAWN,
            first_zones=(seated_zone(house),),
        )
    )
    drawn = [row[0] for row in clerk.rows("SELECT quality FROM physical_seat ORDER BY position")]
    assert values(clerk, house.logical, "quality") == drawn, "zones first, and within them as drawn"


def test_undo_of_a_category_that_would_serve_both_is_refused(quick: Quick) -> None:
    clerk, house = quick
    other = new_id()
    clerk.do(
        CreateSeatCategory(
            id=other, context_id=house.institution, code="B", names={"fr": "B"}, colour="#111111", rank=3
        )
    )
    everything = Selection(zones=(seated_zone(house),))
    moved = clerk.do(AssignLogicalCategory(configuration_id=house.logical, category_id=other, selection=everything))
    clerk.do(
        AssignLogicalCategory(
            configuration_id=house.logical, category_id=house.seated, selection=Selection(zones=(standing_zone(clerk),))
        )
    )
    assert clerk.no(UndoPlanAction(action_id=moved["action_id"])).reason == NoAct.CATEGORY_TWICE
