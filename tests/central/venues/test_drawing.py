"""A hall drawn from nothing: what each word of a description does, each fault by its block, and what holds for any."""

from dataclasses import replace
from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.venues.drawing import (
    Aisle,
    Align,
    DrawArea,
    DrawBlock,
    DrawPlan,
    Marked,
    Numbering,
    RowNames,
    Spot,
    drawn,
)
from central.venues.plan import Category, DrawnArea, Mark, Plan, Seat, Shape
from central.venues.planfile import Format, read_plan, written
from shared.outcome import Ok, Refused
from tests.central.venues.flaws import told

BLOCK = DrawBlock("Parterre", "1re", 500.0, 100.0, rows=2, seats=4)
PLAN = DrawPlan("Salle", (Category("1re", "#0072B2"), Category("2e")), (BLOCK,), width=1000, height=600)


def plan_of(*blocks: DrawBlock, **more: object) -> Plan:
    answer = drawn(replace(PLAN, blocks=blocks, **more))  # type: ignore[arg-type]  # fields of DrawPlan
    assert isinstance(answer, Ok), answer
    return answer.value


def rows(block: DrawBlock) -> list[tuple[str, str]]:
    """Row names with the numbers of their seats, left to right."""
    (zone,) = plan_of(block).zones
    return [(row.number, " ".join(seat.number for seat in row.seats)) for row in zone.rows]


def xs(block: DrawBlock) -> list[list[float]]:
    return [[seat.x for seat in row.seats] for row in plan_of(block).zones[0].rows]


N = Numbering


@pytest.mark.parametrize(
    "says, front, behind",
    [
        ({}, ("A", "1 2 3 4"), ("B", "1 2 3 4")),
        ({"numbering": N.RIGHT_LEFT}, ("A", "4 3 2 1"), ("B", "4 3 2 1")),
        ({"numbering": N.ODD_EVEN}, ("A", "3 1 2 4"), ("B", "3 1 2 4")),
        ({"numbering": N.EVEN_ODD}, ("A", "4 2 1 3"), ("B", "4 2 1 3")),
        ({"numbering": N.ODD_EVEN, "row_seats": (5, 3)}, ("A", "5 3 1 2 4"), ("B", "3 1 2")),
        ({"continuous": True}, ("A", "1 2 3 4"), ("B", "5 6 7 8")),
        ({"continuous": True, "numbering": N.RIGHT_LEFT}, ("A", "4 3 2 1"), ("B", "8 7 6 5")),
        ({"first_number": 2, "every": 2}, ("A", "2 4 6 8"), ("B", "2 4 6 8")),
        ({"row_naming": RowNames.NUMBERS}, ("1", "1 2 3 4"), ("2", "1 2 3 4")),
        ({"row_naming": RowNames.NUMBERS, "first_row": "10"}, ("10", "1 2 3 4"), ("11", "1 2 3 4")),
        ({"first_row": "H", "skipped": "i"}, ("H", "1 2 3 4"), ("J", "1 2 3 4")),
        ({"first_row": "Z"}, ("Z", "1 2 3 4"), ("AA", "1 2 3 4")),
        ({"first_row": "ZZ"}, ("ZZ", "1 2 3 4"), ("AAA", "1 2 3 4")),
        ({"first_row": "Y", "skipped": "Z"}, ("Y", "1 2 3 4"), ("AA", "1 2 3 4")),
        ({"rows_from_back": True}, ("B", "1 2 3 4"), ("A", "1 2 3 4")),
        ({"row_names": ("Or", "Argent")}, ("Or", "1 2 3 4"), ("Argent", "1 2 3 4")),
        ({"missing": (Spot(1, 2),)}, ("A", "1 2 3"), ("B", "1 2 3 4")),
        ({"missing": (Spot(1, 2),), "count_missing": True}, ("A", "1 3 4"), ("B", "1 2 3 4")),
        ({"missing": (Spot(1, 1), Spot(2, 4)), "continuous": True}, ("A", "1 2 3"), ("B", "4 5 6")),
        ({"missing": (Spot(1, 1),), "continuous": True, "count_missing": True}, ("A", "2 3 4"), ("B", "5 6 7 8")),
    ],
)
def test_how_rows_and_seats_are_called(says, front, behind):
    assert rows(replace(BLOCK, **says)) == [front, behind]


@pytest.mark.parametrize(
    "says, front, behind",
    [
        ({}, [462.5, 487.5, 512.5, 537.5], [462.5, 487.5, 512.5, 537.5]),
        ({"row_seats": (4, 2)}, [462.5, 487.5, 512.5, 537.5], [487.5, 512.5]),
        ({"row_seats": (4, 2), "align": Align.LEFT}, [462.5, 487.5, 512.5, 537.5], [462.5, 487.5]),
        ({"row_seats": (4, 2), "align": Align.RIGHT}, [462.5, 487.5, 512.5, 537.5], [512.5, 537.5]),
        ({"stagger": 12.5}, [462.5, 487.5, 512.5, 537.5], [475, 500, 525, 550]),
        ({"aisles": (Aisle(2, 50.0),)}, [437.5, 462.5, 537.5, 562.5], [437.5, 462.5, 537.5, 562.5]),
        ({"aisles": (Aisle(1, 10.0), Aisle(2, 50.0))}, [432.5, 467.5, 542.5, 567.5], [432.5, 467.5, 542.5, 567.5]),
        ({"missing": (Spot(1, 2),)}, [462.5, 512.5, 537.5], [462.5, 487.5, 512.5, 537.5]),
        ({"rotation": 180.0}, [537.5, 512.5, 487.5, 462.5], [537.5, 512.5, 487.5, 462.5]),
    ],
)
def test_where_straight_rows_lie(says, front, behind):
    assert xs(replace(BLOCK, **says)) == [front, behind]


def test_rows_lie_behind_each_other_and_turn_with_the_block():
    assert [seat.y for _, _, seat in plan_of(BLOCK).seats()] == [100] * 4 + [130] * 4
    sideways = plan_of(replace(BLOCK, rotation=90.0))
    assert [(seat.x, seat.y) for _, _, seat in sideways.seats()][:2] == [(500, 62.5), (500, 87.5)]
    assert [seat.x for _, _, seat in sideways.seats()][4:] == [470] * 4, "behind is to the left now"


@pytest.mark.parametrize("curve, deeper", [(300.0, -1), (-300.0, 1)])
def test_a_curved_row_is_an_arc(curve, deeper):
    """Around a point in front the ends of a row come forward; around one behind they fall back."""
    block = replace(BLOCK, rows=3, seats=9, curve=curve, y=350.0)
    for row, radius in zip(
        plan_of(block).zones[0].rows, (300, 330, 360) if curve > 0 else (300, 270, 240), strict=True
    ):
        assert all(abs(hypot(seat.x - 500, seat.y - 350 + curve) - radius) < 0.01 for seat in row.seats)
        assert (row.seats[0].y - row.seats[4].y) * deeper > 10
        assert row.seats[0].y == row.seats[8].y
        steps = [hypot(b.x - a.x, b.y - a.y) for a, b in zip(row.seats, row.seats[1:], strict=False)]
        assert 24.9 < min(steps) <= max(steps) <= 25


def test_what_is_said_of_seats():
    block = replace(BLOCK, access="Porte B", radius=8, row_label="both", row_categories=("1re", "2e"),
                    marked=(Marked(1, 1, (Mark.WHEELCHAIR,)), Marked(2, 4, (Mark.VIEW, Mark.COMPANION))))  # fmt: skip
    plan = plan_of(block)
    seats = [seat for _, _, seat in plan.seats()]
    assert seats[0] == Seat("1", "Parterre-A-1", 462.5, 100.0, "1re", 8, frozenset([Mark.WHEELCHAIR]), "Porte B")
    assert seats[7].marks == {Mark.VIEW, Mark.COMPANION}
    assert [seat.category for seat in seats] == ["1re"] * 4 + ["2e"] * 4
    assert [row.label for row in plan.zones[0].rows] == ["both", "both"]
    assert plan.accesses == {"Parterre": ("Porte B",)}


def test_blocks_of_a_zone_and_what_is_drawn():
    stage = DrawnArea(
        Shape.RECTANGLE, 400.0, 20.0, "#333333", width=200.0, height=40.0, text="Scène", text_x=500.0, text_y=40.0
    )
    bar = DrawnArea(Shape.CIRCLE, 900.0, 500.0, width=30.0)
    pair = replace(BLOCK, x=300.0, first_number=2, every=2)
    impair = replace(BLOCK, x=700.0, first_number=1, every=2)
    balcony = replace(BLOCK, zone="Balcon", y=400.0)
    plan = plan_of(pair, balcony, impair, areas=(DrawArea(stage), DrawArea(bar, "Foyer")))
    assert [zone.name for zone in plan.zones] == ["Parterre", "Balcon", "Foyer"]
    assert [row.number for row in plan.zones[0].rows] == ["A", "B", "A", "B"], "two blocks of one row"
    assert plan.zones[0].areas == (stage,)
    assert plan.zones[2].areas == (replace(bar, height=30.0),)
    assert plan.focus == (500, 40)


def test_without_a_size_the_plan_is_as_large_as_it_takes():
    stage = DrawnArea(Shape.TEXT, -300.0, -80.0, text="Scène", text_x=-300.0, text_y=-80.0)
    plan = plan_of(replace(BLOCK, x=0.0, y=0.0), width=0, height=0, areas=(DrawArea(stage),))
    assert (plan.width, plan.height) == (50 + 300 + 48 + 50, 50 + 80 + 40 + 50)
    assert (plan.areas[0].text_x, plan.areas[0].y) == (50, 50)
    assert next((seat.x, seat.y) for _, _, seat in plan.seats()) == (312.5, 130)


def faults(want: DrawPlan) -> list[tuple[str, str]]:
    answer = drawn(want)
    assert isinstance(answer, Refused)
    assert answer.detail["count"] == len(answer.detail["faults"])
    return told(answer)


@pytest.mark.parametrize(
    "says, at, what",
    [
        ({"rows": 0}, ".rows", "1 to 500"),
        ({"rows": 10**12}, ".rows", "1 to 500"),
        ({"seats": 0}, ".seats", "1 to 1,000"),
        ({"seats": 10**12}, ".seats", "1 to 1,000"),
        ({"row_seats": (3, -1)}, ".row_seats", "1 to 1,000"),
        ({"row_seats": (3,)}, ".row_seats", "1 rows, and there are 2"),
        ({"x": float("nan")}, ".x", "between"),
        ({"seat_step": 0.0}, ".seat_step", "between"),
        ({"seat_step": 5.0}, ", row A, seat 2", "on top of another one, at Block 1, row A, seat 1"),
        ({"row_step": 3.0}, ", row B, seat 1", "on top of another one, at Block 1, row A, seat 1"),
        ({"radius": 0}, ".radius", "between"),
        ({"curve": 20.0}, ".curve", "less than a seat"),
        ({"curve": -50.0}, ".curve", "less than a seat"),
        ({"curve": 40.0, "seats": 12}, ".curve", "longer than its circle"),
        ({"aisles": (Aisle(4),)}, ".aisles[0]", "1 to 3"),
        ({"aisles": (Aisle(1), Aisle(2, -9.0))}, ".aisles[1].width", "between"),
        ({"missing": (Spot(3, 1),)}, ".missing[0]", "no seat 1 in row 3"),
        ({"missing": tuple(Spot(1, n) for n in range(1, 5))}, ".missing", "Nothing is left of row 1"),
        ({"marked": (Marked(1, 5, (Mark.VIEW,)),)}, ".marked[0]", "no seat 5 in row 1"),
        ({"continuous": True, "numbering": N.ODD_EVEN}, ".continuous", "go out from the middle"),
        ({"row_names": ("A",)}, ".row_names", "1 rows, and there are 2"),
        ({"row_names": ("A", "A")}, ".row_names", "same name"),
        ({"row_names": ("A", "")}, ".row_names", "empty"),
        ({"row_naming": RowNames.NUMBERS, "first_row": "A"}, ".first_row", "whole number"),
        ({"first_row": "I", "skipped": "IO"}, ".first_row", "ABCDEFGHJK"),
        ({"first_row": "a"}, ".first_row", "letters"),
        ({"skipped": "ABCDEFGHIJKLMNOPQRSTUVWXY"}, ".skipped", "Hardly a letter"),
        ({"row_categories": ("1re",)}, ".row_categories", "1 rows"),
        ({"category": "9e"}, ", row A, seat 1", "no category named “9e”"),
        ({"row_label": "middle"}, ".row_label", "start"),
        ({"zone": ""}, ".zone", "empty"),
        ({"access": "a\x07"}, ".access", "control"),
        ({"y": 580.0}, ", row B, seat 1", "outside the plan"),
    ],
)
def test_a_fault_is_named_by_its_block(says, at, what):
    good = replace(BLOCK, zone="Balcon", y=300.0)
    found = faults(replace(PLAN, blocks=(replace(BLOCK, **says), good)))
    assert [where for where, _ in found] == [f"blocks[0]{at}"]
    assert what in found[0][1]


def test_blocks_on_top_of_each_other_are_one_fault_each():
    twice = replace(BLOCK, zone="Balcon")
    found = faults(replace(PLAN, blocks=(BLOCK, twice, replace(twice, zone="Loges"))))
    assert [at for at, _ in found] == ["blocks[1], row A, seat 1", "blocks[2], row A, seat 1"]
    assert all("at Block 1, row A, seat 1" in what for _, what in found)
    same = faults(replace(PLAN, blocks=(BLOCK, replace(BLOCK, y=300.0))))
    assert [(at, "there already" in what) for at, what in same] == [("blocks[1], row A, seat 1", True)]


@pytest.mark.parametrize(
    "says, at",
    [
        ({"blocks": ()}, "blocks"),
        ({"blocks": tuple(replace(BLOCK, zone=str(n), rows=500, seats=1000) for n in range(2))}, "blocks"),
        ({"name": ""}, "name"),
        ({"categories": (Category("1re"), Category("1re"))}, "categories"),
        ({"categories": (Category("1re", "url(x)"),)}, "categories[0].colour"),
        ({"areas": (DrawArea(DrawnArea(Shape.CIRCLE, 1e9, 0.0)),)}, "areas[0]"),
        ({"areas": (DrawArea(DrawnArea(Shape.CIRCLE, 1.0, 0.0, width=-1.0)),)}, "areas[0]"),
        ({"areas": (DrawArea(DrawnArea(Shape.POLYGON, 1.0, 0.0)),)}, "areas[0].points"),
        ({"areas": (DrawArea(DrawnArea(Shape.TEXT, 1.0, 0.0)),)}, "areas[0].text"),
        ({"areas": (DrawArea(DrawnArea(Shape.CIRCLE, 1.0, 0.0, colour="javascript:1")),)}, "areas[0]"),
    ],
)
def test_a_fault_of_the_plan(says, at):
    assert [where for where, _ in faults(replace(PLAN, **says))] == [at]


@st.composite
def blocks(draw) -> DrawBlock:
    count = draw(st.integers(1, 6))
    numbering = draw(st.sampled_from(Numbering))
    lengths = tuple(draw(st.lists(st.integers(1, 15), min_size=count, max_size=count)))
    longest = max(lengths)
    return DrawBlock(
        "Parterre", "1re", draw(st.floats(-900, 900)), draw(st.floats(-900, 900)), count,
        row_seats=lengths,
        seat_step=draw(st.sampled_from([20.0, 25.0, 33.3])), row_step=draw(st.sampled_from([26.0, 40.0])),
        curve=draw(st.sampled_from([0.0, 0.0, 400.0, 900.0, -900.0])), rotation=draw(st.floats(-180, 180)),
        align=draw(st.sampled_from(Align)), stagger=draw(st.sampled_from([0.0, 10.0])),
        aisles=tuple(Aisle(after) for after in draw(st.sets(st.integers(1, 14), max_size=2)) if after < longest),
        missing=tuple(Spot(row + 1, draw(st.integers(1, length)))
                      for row, length in enumerate(lengths) if length > 1 and draw(st.booleans())),
        count_missing=draw(st.booleans()), numbering=numbering, first_number=draw(st.integers(0, 9)),
        every=draw(st.sampled_from([1, 2])),
        continuous=numbering in (N.LEFT_RIGHT, N.RIGHT_LEFT) and draw(st.booleans()),
        row_naming=draw(st.sampled_from(RowNames)), skipped=draw(st.sampled_from(["", "IO"])),
        rows_from_back=draw(st.booleans()), access=draw(st.sampled_from(["", "Porte B"])),
    )  # fmt: skip


@settings(max_examples=150)
@given(blocks())
def test_any_block(block: DrawBlock):
    """The count adds up, no seat lies on another, every name is there once, the file that follows is sound."""
    plan = plan_of(block, width=0, height=0)
    seats = [seat for _, _, seat in plan.seats()]
    assert len(seats) == sum(block.row_seats) - len(block.missing)
    assert all(hypot(a.x - b.x, a.y - b.y) >= 10 for n, a in enumerate(seats) for b in seats[:n])
    assert all(0 <= seat.x <= plan.width and 0 <= seat.y <= plan.height for seat in seats)
    assert len({(row.number, seat.number) for _, row, seat in plan.seats()}) == len(seats)
    for row in plan.zones[0].rows:
        numbers = [int(seat.number) for seat in row.seats]
        if block.numbering is N.LEFT_RIGHT:
            assert numbers == sorted(numbers)
        elif block.numbering is N.RIGHT_LEFT:
            assert numbers == sorted(numbers, reverse=True)
        else:
            low = numbers.index(min(numbers))
            assert numbers[: low + 1] == sorted(numbers[: low + 1], reverse=True)
            assert numbers[low:] == sorted(numbers[low:])
        if not block.missing and not block.continuous:
            assert sorted(numbers) == [block.first_number + n * block.every for n in range(len(numbers))]
    for into in Format:
        assert read_plan(written(plan, into)) == Ok(plan)


@settings(max_examples=60)
@given(blocks(), st.floats(-400, 400), st.floats(-400, 400))
def test_a_block_that_is_moved_is_the_same_block(block: DrawBlock, dx: float, dy: float):
    here = plan_of(block, width=0, height=0)
    there = plan_of(replace(block, x=block.x + dx, y=block.y + dy), width=0, height=0)
    for (_, _, a), (_, _, b) in zip(here.seats(), there.seats(), strict=True):
        assert (a.number, a.guid) == (b.number, b.guid)
        assert hypot(a.x - b.x, a.y - b.y) < 2, "moved to the same corner, but for a rounded unit"
