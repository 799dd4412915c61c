"""A hall drawn from two numbers, and from how many rows each price zone has: rows of seats before a stage, as a plan
file that the house may export and mend."""

from collections.abc import Callable, Sequence

from central.venues.drawing import Aisle, DrawArea, DrawBlock, DrawPlan, drawn
from central.venues.plan import Category, DrawnArea, Shape, write_plan
from shared.look import look
from shared.outcome import Refused

MOST_ROWS, MOST_SEATS = 60, 80
SEAT, ROW, STAGE = 25.0, 30.0, 50.0  # plan units
_AISLE_FROM = 16  # seats in a row from which there is an aisle in the middle
_BENT_FROM = 12  # and from which the rows bend around the stage


COLOURS = look().categories
"""Of categories, the best first: as many price zones as a hall drawn here may have."""


def small_hall(
    rows: int,
    seats: int,
    *,
    name: str,
    zone: str,
    category: Callable[[int], str],
    stage: str,
    bands: Sequence[int] = (),
) -> str:
    """Text of a plan file: rows A, B … from the stage, seats 1, 2 … from the left. `category` names each, from 1 on;
    `bands` say how many rows each has, from the stage on (empty: one has all)."""
    of_rows = tuple(category(n) for n, band in enumerate(bands or (rows,), 1) for _ in range(band))
    named = tuple(dict.fromkeys(of_rows))
    width = max(seats * SEAT, 200.0)
    block = DrawBlock(
        zone, named[0], 0.0, 0.0, rows, seats,
        seat_step=SEAT, row_step=ROW, row_label="both",
        curve=width * 1.5 if seats >= _BENT_FROM else 0.0,
        aisles=(Aisle(seats // 2),) if seats >= _AISLE_FROM else (),
        row_categories=of_rows if len(named) > 1 else (),
    )  # fmt: skip
    before = DrawnArea(
        Shape.RECTANGLE, -width / 3, -3 * STAGE, colour="#3b2a4f", border="#3b2a4f", width=width / 1.5, height=STAGE,
        text=stage, text_x=0.0, text_y=-2.5 * STAGE, text_colour="#ffffff", text_size=20,
    )  # fmt: skip
    made = drawn(DrawPlan(name, tuple(map(Category, named, COLOURS)), (block,), (DrawArea(before),)))
    if isinstance(made, Refused):
        raise ValueError(f"{rows} rows of {seats}: {made.detail}")
    return write_plan(made.value).decode()
