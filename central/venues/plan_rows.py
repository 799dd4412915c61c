"""A configuration's plan as the file that it came from, and as drawn. How devices get it: programme.plan_reads.py."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from central.kernel.tx import Read
from central.venues.csv_writer import write_csv
from central.venues.model import Drawing, DrawnCategory
from central.venues.plan import DrawnArea, Mark, Plan, SeatRow, Shape
from central.venues.planfile import Format, read_plan, written
from central.venues.planfile_checks import NO_MARKS
from shared.outcome import Refused
from shared.wire.feeds import PlanShape


def drawing_of(plan: Plan) -> Drawing:
    return Drawing(
        plan.width,
        plan.height,
        tuple(DrawnCategory(each.name, each.colour) for each in plan.categories),
        tuple(_shape(area) for area in plan.areas),
    )


def _shape(area: DrawnArea) -> PlanShape:
    size, turn = float(area.text_size), area.rotation
    if outline := area.outline():
        return PlanShape("polygon", area.colour, outline, 0.0, area.text, size, turn)
    if area.shape is Shape.TEXT:
        colour = area.text_colour or area.colour
        return PlanShape("text", colour, ((area.text_x, area.text_y),), 0.0, area.text, size, turn)
    return PlanShape("circle", area.colour, ((area.x, area.y),), area.width, area.text, size, turn)


Marked = list[tuple[Any, ...]]
"""guid, wheelchair, companion, restricted view."""


def kept_plan(read: Read, configuration_id: str) -> tuple[str, Marked] | None:
    """The file that a plan came from, and the seats that are marked now. None: it has no plan."""
    found = read.one("SELECT text FROM plan_file WHERE configuration_id = :id", id=configuration_id)
    if found is None:
        return None
    return str(found[0]), read.run(
        "SELECT guid, wheelchair, companion, restricted FROM physical_seat WHERE configuration_id = :id "
        "AND (wheelchair = 1 OR companion = 1 OR restricted = 1)",
        id=configuration_id,
    )


def plan_now(file: str, marked_now: Marked) -> Plan:
    """The plan as it is now: the file that it came from, with what was said about its seats since."""
    plan = read_plan(file.encode())
    if isinstance(plan, Refused):  # what we wrote ourselves is sound
        raise ValueError(f"a stored plan cannot be read: {plan.detail}")
    marks = (Mark.WHEELCHAIR, Mark.COMPANION, Mark.VIEW)
    said = {
        guid: frozenset(mark for mark, said_so in zip(marks, flags, strict=True) if said_so)
        for guid, *flags in marked_now
    }

    def marked(row: SeatRow) -> SeatRow:
        if all(said.get(seat.guid, NO_MARKS) == seat.marks for seat in row.seats):
            return row
        return replace(row, seats=tuple(replace(s, marks=said.get(s.guid, NO_MARKS)) for s in row.seats))

    zones = tuple(replace(zone, rows=tuple(marked(row) for row in zone.rows)) for zone in plan.value.zones)
    return replace(plan.value, zones=zones)


def exported(file: str, marked_now: Marked, into: Format, point: str) -> Iterator[bytes]:
    """For another process: the plan as a file of this format; a CSV with `point` before decimals, for spreadsheets."""
    plan = plan_now(file, marked_now)
    yield write_csv(plan, point) if into is Format.CSV else written(plan, into)


def plan_of(read: Read, configuration_id: str) -> Plan | None:
    found = kept_plan(read, configuration_id)
    return plan_now(*found) if found else None
