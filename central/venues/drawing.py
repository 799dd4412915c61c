"""A hall drawn from nothing: a few blocks of rows described, and the plan that follows, the same value as from a file
(planfile.py), with the same checks. An editor sends the description and gets the plan, or faults named by block.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, pi
from typing import Any

from central.venues.block_rows import alphabet, bend, offsets, rows_of
from central.venues.hall_description import (
    MARGIN,
    Aisle,
    Align,
    DrawArea,
    DrawBlock,
    DrawPlan,
    Marked,
    Numbering,
    RowNames,
    Spot,
)
from central.venues.plan import ROW_LABELS, Category, DrawnArea, Plan, SeatRow, Shape, Zone
from central.venues.plan_flaws import Flaw, Things
from central.venues.planfile_checks import (
    FAR,
    MOST_NAME,
    MOST_PLACES,
    MOST_PLAN_NAME,
    MOST_ROW_NAME,
    MOST_SAID,
    PART,
    Enough,
    PlanFault,
    PlanFileChecks,
    refused,
)
from shared.outcome import Ok, Outcome

MOST_BLOCKS = 200
MOST_ROWS = 500
MOST_SEATS = 1_000  # in a row
MOST_AISLES = 50  # in a row
MOST_CATEGORIES = 200

__all__ = ["Aisle", "Align", "DrawArea", "DrawBlock", "DrawPlan", "Marked", "Numbering", "RowNames", "Spot", "drawn"]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A row as it came out, and the block that it belongs to."""

    block: int
    zone: str
    row: SeatRow


def drawn(want: DrawPlan) -> Outcome[Plan]:
    """The plan. `Refused.detail["faults"]` as `read_plan` tells them, `at` naming the block."""
    checks = _Checks()
    try:
        made = _drawn(checks, want)
    except Enough:
        made = None
    return Ok(made) if made and not checks.count else refused(PlanFault.FAULTY, checks.faults, checks.count)


def _drawn(checks: "_Checks", want: DrawPlan) -> Plan | None:
    bounds = ((want.blocks, Things.BLOCKS, MOST_BLOCKS), (want.categories, Things.CATEGORIES, MOST_CATEGORIES))
    for there, things, most in bounds:
        if len(there) > most:
            raise checks.too_many(things.value, things, most)
    name = checks.text(want.name, "name", MOST_PLAN_NAME)
    categories = tuple(_category(checks, n, category) for n, category in enumerate(want.categories))
    if twice := [name for name, n in Counter(category.name for category in categories).items() if n > 1]:
        checks.fault("categories", Flaw.CATEGORY_TWICE, name=twice[0])
    blocks = [_block(checks, block, f"blocks[{n}]") for n, block in enumerate(want.blocks)]
    areas = [_area(checks, area, f"areas[{n}]") for n, area in enumerate(want.areas)]
    if not want.blocks:
        checks.fault("blocks", Flaw.NO_SEAT)
    elif not checks.count and sum(sum(block.lengths()) for block in want.blocks) > MOST_PLACES:
        checks.fault("blocks", Flaw.TOO_MANY, most=MOST_PLACES, things=Things.SEATS.value)
    for n, block in enumerate(blocks):
        if checks.count == 0 and block.curve:
            _bends(checks, block, f"blocks[{n}]")
    if checks.count:
        return None
    rows = [_Drawn(n, block.zone, row) for n, block in enumerate(blocks) for row in rows_of(block)]
    if want.width and want.height:
        width, height = want.width, want.height
    else:
        rows, areas, width, height = _moved(rows, areas)
    _check(checks, want, rows)
    if checks.count:
        return None
    zones: dict[str, tuple[list[SeatRow], list[DrawnArea]]] = {}
    for one in rows:
        zones.setdefault(one.zone, ([], []))[0].append(one.row)
    for drawn_area in areas:
        zones.setdefault(drawn_area.zone or blocks[0].zone, ([], []))[1].append(drawn_area.area)
    made = tuple(Zone(zone, tuple(its_rows), tuple(its_areas)) for zone, (its_rows, its_areas) in zones.items())
    return checks.sized(Plan(name, width, height, categories, made))


# checks


def _category(checks: PlanFileChecks, n: int, category: Category) -> Category:
    at = f"categories[{n}]"
    return Category(checks.text(category.name, f"{at}.name", MOST_NAME), checks.colour(category.colour, f"{at}.colour"))


def _block(checks: PlanFileChecks, block: DrawBlock, at: str) -> DrawBlock:
    """The block as it is kept; what makes no sense in it is a fault, before anything is drawn."""

    def wrong(field: str, what: Flaw, **said: Any) -> None:
        checks.fault(f"{at}.{field}", what, **said)

    if not 1 <= block.rows <= MOST_ROWS:
        wrong("rows", Flaw.BLOCK_ROWS, most=MOST_ROWS)
        return block
    if block.row_seats and len(block.row_seats) != block.rows:
        wrong("row_seats", Flaw.ROWS_TOLD, told=len(block.row_seats), rows=block.rows)
        return block
    lengths = block.lengths()
    if not all(1 <= length <= MOST_SEATS for length in lengths):
        wrong("row_seats" if block.row_seats else "seats", Flaw.ROW_SEATS, most=MOST_SEATS)
        return block
    for field, value, low, high in (
        ("x", block.x, -FAR, FAR),
        ("y", block.y, -FAR, FAR),
        ("seat_step", block.seat_step, 1, 10_000),
        ("row_step", block.row_step, 1, 10_000),
        ("radius", block.radius, 1, 1000),
        ("curve", block.curve, -PART, PART),
        ("rotation", block.rotation, -360, 360),
        ("stagger", block.stagger, -10_000, 10_000),
        ("first_number", block.first_number, 0, 1_000_000),
        ("every", block.every, 1, 100),
    ):
        checks.between(value, f"{at}.{field}", low, high)
    if len(block.aisles) > MOST_AISLES:
        wrong("aisles", Flaw.MOST_AISLES, most=MOST_AISLES)
        return block
    for n, aisle in enumerate(block.aisles):
        if not 1 <= aisle.after < max(lengths):
            wrong(f"aisles[{n}]", Flaw.AISLE_AFTER, most=max(lengths) - 1)
        checks.between(aisle.width, f"{at}.aisles[{n}].width", 0, 10_000)
    named: tuple[tuple[str, Sequence[Spot | Marked]], ...] = (("missing", block.missing), ("marked", block.marked))
    for field, spots in named:
        for n, spot in enumerate(spots):
            if not (1 <= spot.row <= block.rows and 1 <= spot.place <= lengths[spot.row - 1]):
                wrong(f"{field}[{n}]", Flaw.NO_PLACE, place=spot.place, row=spot.row)
    gone = {(spot.row, spot.place) for spot in block.missing}
    for row, length in enumerate(lengths, 1):
        if all((row, place) in gone for place in range(1, length + 1)):
            wrong("missing", Flaw.ROW_GONE, row=row)
    if block.continuous and block.numbering in (Numbering.ODD_EVEN, Numbering.EVEN_ODD):
        wrong("continuous", Flaw.CONTINUOUS)
    if block.row_label is not None and block.row_label not in ROW_LABELS:
        wrong("row_label", Flaw.ROW_LABEL)
    if block.row_categories and len(block.row_categories) != block.rows:
        wrong("row_categories", Flaw.ROWS_TOLD, told=len(block.row_categories), rows=block.rows)
    _names_make_sense(checks, block, at)
    return replace(
        block,
        zone=checks.text(block.zone, f"{at}.zone", MOST_NAME),
        access=checks.text(block.access, f"{at}.access", MOST_NAME, empty=True),
    )


def _names_make_sense(checks: PlanFileChecks, block: DrawBlock, at: str) -> None:
    if block.row_names:
        if len(block.row_names) != block.rows:
            checks.fault(f"{at}.row_names", Flaw.ROWS_TOLD, told=len(block.row_names), rows=block.rows)
        if len(set(block.row_names)) < len(block.row_names):
            checks.fault(f"{at}.row_names", Flaw.NAMES_TWICE)
        for name in block.row_names:
            checks.text(name, f"{at}.row_names", MOST_ROW_NAME)
    elif block.row_naming is RowNames.NUMBERS:
        first = block.first_row or "1"
        if not (first.isascii() and first.isdigit() and len(first) < 7):
            checks.fault(f"{at}.first_row", Flaw.FIRST_NUMBER)
    else:
        letters = alphabet(block)
        first = block.first_row or letters[:1]
        if len(letters) < 2:
            checks.fault(f"{at}.skipped", Flaw.FEW_LETTERS)
        elif not first or len(first) > 2 or any(letter not in letters for letter in first):
            checks.fault(f"{at}.first_row", Flaw.FIRST_LETTERS, letters=letters)


def _bends(checks: PlanFileChecks, block: DrawBlock, at: str) -> None:
    """Every row fits around its circle."""
    for row, length in enumerate(block.lengths(), 1):
        radius = bend(block, row - 1)
        along = offsets(block, row - 1, length)
        if radius < block.seat_step:
            checks.fault(f"{at}.curve", Flaw.BENT, row=row)
            return
        if along[-1] - along[0] + block.seat_step > 2 * pi * radius:
            checks.fault(f"{at}.curve", Flaw.CIRCLE, row=row)
            return


def _area(checks: PlanFileChecks, want: DrawArea, at: str) -> DrawArea:
    area = checks.met_area(want.area, at)
    numbers = (area.x, area.y, area.rotation, area.width, area.height, area.text_x, area.text_y, area.text_size)
    for number in (*numbers, *(axis for point in area.points for axis in point)):
        if not (isfinite(number) and abs(number) <= FAR):
            checks.fault(at, Flaw.NOT_BETWEEN, low=-FAR, high=FAR)
            return want
    if area.width < 0 or area.height < 0 or area.text_size < 1:
        checks.fault(at, Flaw.NEGATIVE)
    if area.shape is Shape.POLYGON and len(area.points) < 2:
        checks.fault(f"{at}.points", Flaw.POLYGON_SHORT)
    for colour in (area.colour, area.border, area.text_colour):
        checks.colour(colour, at)
    text = checks.text(area.text, f"{at}.text", MOST_SAID, empty=area.shape is not Shape.TEXT)
    tidy = replace(
        area,
        x=round(area.x, 3),
        y=round(area.y, 3),
        rotation=round(area.rotation, 3),
        points=tuple((round(x, 3), round(y, 3)) for x, y in area.points) if area.shape is Shape.POLYGON else (),
        width=round(area.width, 3) if area.shape in SIZED else 0.0,
        height=round(area.width if area.shape is Shape.CIRCLE else area.height, 3) if area.shape in SIZED else 0.0,
        text=text,
    )
    if not text:  # a text that is none has no place either
        tidy = replace(tidy, text_x=0.0, text_y=0.0, text_colour="", text_size=16)
    else:
        tidy = replace(tidy, text_x=round(area.text_x, 3), text_y=round(area.text_y, 3))
    return DrawArea(tidy, checks.text(want.zone, f"{at}.zone", MOST_NAME, empty=True))


SIZED = (Shape.RECTANGLE, Shape.ELLIPSE, Shape.CIRCLE)


class _Checks(PlanFileChecks):
    """Of each way in which a block can be wrong the first seat is told: a thousand overlaps have one cause."""

    whole = "blocks"
    number_at, guid_at, position_at = "\0number", "\0guid", "\0position"

    def __init__(self) -> None:
        super().__init__()
        self._said: set[tuple[str, str]] = set()

    def fault(self, at: str, what: Flaw, **said: Any) -> None:
        where, _, kind = at.partition("\0")
        key = (where.partition(",")[0], kind)
        if not kind or key not in self._said:
            self._said.add(key)
            super().fault(where, what, **said)


def _check(checks: PlanFileChecks, want: DrawPlan, rows: Sequence[_Drawn]) -> None:
    """What only shows once it is drawn: no two seats of one name or one place, categories that there are, and all of it
    on the plan."""
    known = {category.name for category in want.categories}
    sized = bool(want.width and want.height)
    for one in rows:
        for seat in one.row.seats:
            at = f"blocks[{one.block}], row {one.row.number}, seat {seat.number}"
            if seat.category not in known:
                checks.fault(f"{at}\0category", Flaw.NO_CATEGORY, name=seat.category)
            inside = 0 <= seat.x <= want.width and 0 <= seat.y <= want.height if sized else max(seat.x, seat.y) <= FAR
            if not inside:
                checks.fault(f"{at}\0outside", Flaw.OUTSIDE)
            checks.unique(seat, at, one.zone, one.row.number)
            checks.overlap(seat, at)
    checks.settled(in_units=True)


def _moved(rows: list[_Drawn], areas: list[DrawArea]) -> tuple[list[_Drawn], list[DrawArea], int, int]:
    """Everything into a plan that is just large enough."""
    xs, ys = [], []
    for one in rows:
        for seat in one.row.seats:
            xs += [seat.x - seat.radius, seat.x + seat.radius]
            ys += [seat.y - seat.radius, seat.y + seat.radius]
    for drawn_area in areas:
        area = drawn_area.area
        reach = area.width if area.shape is Shape.CIRCLE else 0.0
        for x, y in area.outline() or ((area.x - reach, area.y - reach), (area.x + reach, area.y + reach)):
            xs.append(x)
            ys.append(y)
    dx, dy = (float(MARGIN - round(min(side))) for side in (xs, ys))
    return (
        [replace(one, row=_shifted(one.row, dx, dy)) for one in rows],
        [replace(one, area=_area_shifted(one.area, dx, dy)) for one in areas],
        round(max(xs) + dx) + MARGIN,
        round(max(ys) + dy) + MARGIN,
    )


def _shifted(row: SeatRow, dx: float, dy: float) -> SeatRow:
    return replace(row, seats=tuple(replace(s, x=round(s.x + dx, 3), y=round(s.y + dy, 3)) for s in row.seats))


def _area_shifted(area: DrawnArea, dx: float, dy: float) -> DrawnArea:
    return replace(
        area,
        x=round(area.x + dx, 3),
        y=round(area.y + dy, 3),
        points=tuple((round(x + dx, 3), round(y + dy, 3)) for x, y in area.points),
        text_x=round(area.text_x + dx, 3) if area.text else 0.0,
        text_y=round(area.text_y + dy, 3) if area.text else 0.0,
    )
