"""What a plan may cost: every hostile file is answered within the limits of who reads it, and whatever there is too
much of has its sentence."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.kernel.helper_processes import Beside, BesideConfig
from central.venues import drawing
from central.venues.companions import Nearest
from central.venues.hall_description import Aisle, DrawArea, DrawBlock, DrawPlan
from central.venues.plan import CONTROL_BITS, Category, DrawnArea, Plan, Seat, SeatRow, Shape, Zone, write_plan
from central.venues.plan_preparation import PlanRead, prepared_plan, reading
from central.venues.planfile import Format, read_plan, written
from central.venues.planfile_checks import (
    MOST_AREAS,
    MOST_BYTES,
    MOST_CATEGORIES,
    MOST_CORNERS,
    MOST_CORNERS_EACH,
    MOST_PLACES,
    MOST_ROWS,
    MOST_TIES,
    MOST_ZONES,
    PlanFault,
)
from central.venues.planfile_csv import MOST_COLUMNS, MOST_LINES
from central.venues.svg_walk import MOST_ELEMENTS
from shared.ids import derived_id
from shared.outcome import Ok, Refused
from tests.central.venues import flaws
from tests.central.venues.hostile_plans import HEADER, HOSTILE, drawn, times, zones_of

SIZE = 400_000  # bytes: what takes its size squared takes minutes, and what takes more takes for ever
CPU_S = 20.0  # a reader that goes straight through needs less than one


@pytest.fixture(scope="module")
def beside() -> Iterator[Beside]:
    made = Beside(BesideConfig(cpu_s=CPU_S, time_s=600.0))
    yield made
    made.stop()


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_file_takes_longer_than_its_length(beside: Beside, kind: str) -> None:
    """In the process that would read it for central, which a system ends that has used its time up: TooHeavy then."""
    data = HOSTILE[kind](SIZE).decode()
    first, *seats = asyncio.run(beside.parts(reading(data, derived_id("hall"))))
    if isinstance(first, Refused):
        assert first.detail["faults"] and first.detail["count"] and first.detail["faults"][0]["what"]
        assert len(orjson.dumps(first.detail)) < 500_000
    else:
        assert isinstance(first, PlanRead) and sum(map(len, seats)) == sum(zone.capacity for zone in first.zones)


def told(data: bytes) -> list[str]:
    return [what for _, what in flaws.told(read_plan(data))]


def test_a_first_line_of_forty_thousand_columns_is_one_sentence() -> None:
    header = b"zone,row,seat,x,y,category," + b",".join(b"c%d" % n for n in range(40_000))
    assert told(header) == [f"There are more than {MOST_COLUMNS} columns."]


@pytest.mark.parametrize(
    "data, says",
    [
        (b"{" + times(b" ", MOST_BYTES), "The file is larger than 32 MB."),
        (HEADER + times(b"\n", MOST_LINES + 1), f"There are more than {MOST_LINES:,} lines."),
        (HEADER + times(b"#zone,Z\n", 8 * (MOST_LINES + 1)), f"There are more than {MOST_LINES:,} lines."),
        (drawn(times(b"<g/>", 4 * (MOST_ELEMENTS + 1))), f"There are more than {MOST_ELEMENTS:,} elements."),
        (b"[" + times(b"[],", 6_000_000) + b"0]", "There are more than 2,000,000 objects and lists in this JSON."),
    ],
    ids=["bytes", "empty lines", "lines", "elements", "parts"],
)
def test_a_file_that_is_too_long(data: bytes, says: str) -> None:
    assert told(data) == [says]


def hall(
    zones: int = 1,
    rows: int = 1,
    seats: int = 1,
    categories: int = 1,
    doors: int = 0,
    areas: tuple[DrawnArea, ...] = (),
) -> Plan:
    """Seats 20 apart, rows 20 apart, zones side by side. `doors`: each seat of a row has another access."""
    return Plan(
        "Salle", 9000, 9000, tuple(Category(str(n)) for n in range(categories)),
        tuple(
            Zone(f"Z{z}", tuple(
                SeatRow(str(r), tuple(
                    Seat(str(n), f"{z}-{r}-{n}", 20.0 * (z * seats + n), 20.0 * r, "0", access=f"P{n}" * (n < doors))
                    for n in range(seats)))
                for r in range(rows)), areas if z == 0 else ())
            for z in range(zones)
        ),
    )  # fmt: skip


DOT = DrawnArea(Shape.CIRCLE, 0.0, 0.0, width=1.0, height=1.0)
OVAL = DrawnArea(Shape.ELLIPSE, 0.0, 0.0, width=1.0, height=1.0)


def polygon(corners: int) -> DrawnArea:
    return DrawnArea(Shape.POLYGON, 0.0, 0.0, points=tuple((float(n), 0.0) for n in range(corners)))


@pytest.mark.parametrize(
    "one_more, says",
    [
        (lambda n: hall(zones=MOST_ZONES + n), "zones"),
        (lambda n: hall(rows=MOST_ROWS + n), "rows"),
        (lambda n: hall(rows=400 + n, seats=250), "seats"),
        (lambda n: hall(categories=MOST_CATEGORIES + n), "categories"),
        (lambda n: hall(zones=2 + n, seats=1000, doors=1000), "accesses"),
        (lambda n: hall(areas=(DOT,) * (MOST_AREAS + n)), "things drawn"),
        (lambda n: hall(areas=(OVAL,) * (625 + n)), "corners in all"),
        (lambda n: hall(areas=(polygon(MOST_CORNERS_EACH + n),)), "5,000"),
    ],
    ids=["zones", "rows", "seats", "categories", "accesses", "areas", "corners of all", "corners of one"],
)
def test_as_much_as_may_be_and_one_more(one_more: Callable[[int], Plan], says: str) -> None:
    fits, too_much = one_more(0), one_more(1)
    assert MOST_TIES == 2000 and MOST_PLACES == 100_000 and MOST_CORNERS == 30_000
    for into in (Format.CSV,) if says in ("rows", "seats") else Format:
        assert isinstance(read_plan(written(fits, into)), Ok)
        assert all(says in what and "more than" in what for what in told(written(too_much, into)))


def test_a_hall_has_no_more_zones_with_seats_than_a_ticket_tells_apart() -> None:
    """Before: the last bit was all the others' as well, and who had a ticket for one of them was let into each."""
    bits = [zone.control for zone in prepared(hall(zones=16))]
    assert bits == [1 << at for at in range(16)] == list(CONTROL_BITS)
    refused = prepared(hall(zones=17))
    assert isinstance(refused, Refused) and refused.reason is PlanFault.TOO_MANY_ZONES
    assert "17 zones with seats" in flaws.told(refused)[0][1]
    drawn = Zone("Nothing but drawn", (), (DOT,))
    assert len(prepared(replace(hall(zones=16), zones=(*hall(zones=16).zones, drawn)))) == 16


def prepared(plan: Plan) -> Any:
    """The zones that a hall gets of it, or why it gets none."""
    first = next(prepared_plan(write_plan(plan).decode(), derived_id("a hall")))
    return first.zones if isinstance(first, PlanRead) else first


def test_a_drawing_has_the_same_bounds() -> None:
    block = DrawBlock("Z", "1", 0.0, 0.0, 400, 250)
    fits = DrawPlan("Salle", (Category("1"),), (block,))
    assert isinstance(drawing.drawn(fits), Ok)
    for want, says in (
        (DrawPlan("S", (Category("1"),), (block, DrawBlock("Y", "1", 9e4, 0.0, 1, 1))), "100,000 seats"),
        (DrawPlan("S", (Category("1"),), (DrawBlock("Z", "1", 0.0, 0.0, 1, 1),) * 201), "200"),
        (DrawPlan("S", tuple(Category(str(n)) for n in range(201)), (block,)), "200"),
        (DrawPlan("S", (Category("1"),), (DrawBlock("Z", "1", 0, 0, 1, 9, aisles=(Aisle(1),) * 51),)), "50 aisles"),
        (DrawPlan("S", (Category("1"),), (block,), (DrawArea(polygon(5001)),)), "5,000 corners"),
    ):
        answer = drawing.drawn(want)
        assert isinstance(answer, Refused)
        assert says in flaws.told(answer)[0][1]


def test_an_outline_as_large_as_may_be_fits_into_a_cell() -> None:
    """With the longest numbers that a plan has."""
    far = tuple((round(-999_999.123 + n / 1e3, 3), -999_999.123) for n in range(MOST_CORNERS_EACH))
    plan = hall(areas=(DrawnArea(Shape.POLYGON, 0.0, 0.0, points=far),))
    data = written(plan, Format.CSV)
    assert max(len(cell) for line in csv.reader(io.StringIO(data.decode())) for cell in line) < csv.field_size_limit()
    assert read_plan(data) == Ok(plan)


def test_seats_of_all_sizes_lie_on_top_of_each_other_or_not() -> None:
    """The nearest that two may be is the smaller one's radius, ten at most: in whatever order they come."""
    for a, b in ((1, 1), (1, 10), (10, 1), (3, 10), (10, 500), (6, 2), (500, 500)):
        nearest = min(a, b, 10)
        for apart, fits in ((nearest - 0.01, False), (float(nearest), True)):
            seats = b",".join(
                b'{"seat_number":"%d","seat_guid":"%d","radius":%d,"category":"1","position":{"x":%g,"y":-3}}' % each
                for each in ((1, 1, a, 99.5), (2, 2, b, 99.5 + apart))
            )
            answer = read_plan(zones_of(b'{"row_number":"A","seats":[' + seats + b"]}"))
            assert isinstance(answer, Ok) is fits, (a, b, apart)


spots = st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=1, max_size=60)


@given(spots, st.integers(-40, 40), st.integers(-40, 40))
def test_the_nearest_wheelchair_place_is_the_nearest(places: list[tuple[int, int]], x: int, y: int) -> None:
    named = [(float(px), float(py), f"{n:03}") for n, (px, py) in enumerate(places)]
    slow = min(named, key=lambda spot: ((spot[0] - x) ** 2 + (spot[1] - y) ** 2, spot[2]))[2]
    assert Nearest(named).of(x, y) == slow
    assert Nearest([]).of(x, y) is None


wild = st.lists(
    st.sampled_from([*(make(60) for make in HOSTILE.values()), b'"', b"<g>", b"</g>", b"]", b"}", b"\n", b",", b"0"])
    | st.binary(max_size=6),
    min_size=1, max_size=8,
).map(b"".join)  # fmt: skip


@settings(max_examples=300)
@given(wild)
def test_pieces_of_hostile_files_in_any_order_are_answered(data: bytes) -> None:
    answer = read_plan(data)
    assert isinstance(answer, Ok) or (answer.detail["count"] >= 1 and answer.detail["faults"])
