"""What is done with plans beside the writer: a file is read, checked, and every row of the hall made as the database
takes it, so that nothing is left to the writer but to write (plan_import.py); a hall is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import Any

from central.kernel.entity import ENTITIES
from central.kernel.helper_processes import Errand
from central.venues.companions import Nearest, Spot
from central.venues.drawing import drawn
from central.venues.hall_description import DrawPlan
from central.venues.model import Drawing, PhysicalSeat
from central.venues.plan import CONTROL_ZONES, ImportReport, Mark, Plan, write_plan
from central.venues.plan_flaws import Flaw, PlanFileFault
from central.venues.plan_rows import drawing_of
from central.venues.planfile import Format, read_plan, written
from central.venues.planfile_checks import PlanFault, refused
from central.venues.svg_sources import SvgMapping
from shared.ids import Id, derived_id
from shared.outcome import Refused

AT_ONCE = 500  # rows in one part

SeatRow = tuple[Any, ...]
"""A physical seat in the order of its columns."""


@dataclass(frozen=True, slots=True)
class ZoneDrawn:
    """A zone of the plan: its places, its bit in a ticket, the accesses that lead to it."""

    name: str
    capacity: int
    control: int
    accesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanRead:
    """All of a plan but its seats. `file` is the plan as it is kept for export."""

    drawing: Drawing
    zones: tuple[ZoneDrawn, ...]
    file: str
    file_sha256: str


def reading(text: str, configuration_id: Id, mapping: SvgMapping | None = None) -> Errand:
    return Errand(prepared_plan, (text, configuration_id, mapping))


def prepared_plan(
    text: str, configuration_id: Id, mapping: SvgMapping | None = None
) -> Iterator[Refused | PlanRead | list[SeatRow]]:
    """Why the file is refused; or the plan, and then its seats, some hundred rows at a time."""
    read = read_plan(text.encode(), mapping)
    if isinstance(read, Refused):
        yield read
        return
    plan = read.value
    if (there := len(plan.control_zones)) > CONTROL_ZONES:  # whoever has a ticket for one would be let into another
        fault = PlanFileFault("$", Flaw.ZONES_APART, {"zones": there, "most": CONTROL_ZONES})
        yield refused(PlanFault.TOO_MANY_ZONES, [fault], 1)
        return
    capacity: dict[str, int] = {}
    for place in plan.places:
        capacity[place.zone] = capacity.get(place.zone, 0) + 1
    zones = tuple(
        ZoneDrawn(name, capacity[name], bit, plan.accesses.get(name, ())) for name, bit in plan.control_zones.items()
    )
    file = write_plan(plan)
    yield PlanRead(replace(drawing_of(plan), mapping=mapping), zones, file.decode(), sha256(file).hexdigest())
    rows = _seats(plan, configuration_id)
    while some := list(islice(rows, AT_ONCE)):
        yield some


def report_of(text: str, mapping: SvgMapping | None = None) -> Iterator[ImportReport]:
    """For another process: what reading this file does beyond what stands in it."""
    read = read_plan(text.encode(), mapping)
    if not isinstance(read, Refused):
        yield read.value.report


def _seats(plan: Plan, configuration_id: Id) -> Iterator[SeatRow]:
    row = ENTITIES[PhysicalSeat].row
    zones = {name: zone_id(configuration_id, name) for name in plan.control_zones}
    ids = [seat_id(configuration_id, place.zone, place.row, place.seat.number) for place in plan.places]
    chairs: dict[str, list[Spot]] = {}
    for own, place in zip(ids, plan.places, strict=True):
        if place.wheelchair:
            chairs.setdefault(place.zone, []).append((place.seat.x, place.seat.y, own))
    nearest = {zone: Nearest(spots) for zone, spots in chairs.items()}
    for position, (own, place) in enumerate(zip(ids, plan.places, strict=True)):
        seat = place.seat
        mate = nearest[place.zone].of(seat.x, seat.y) if place.companion and place.zone in nearest else None
        yield row(
            PhysicalSeat(
                id=own, configuration_id=configuration_id, zone_id=zones[place.zone], position=position,
                row_name=place.row, number=seat.number, guid=seat.guid, x=seat.x, y=seat.y, quality=place.quality,
                wheelchair=place.wheelchair, companion=place.companion, aisle=place.aisle, category=seat.category,
                restricted=Mark.VIEW in seat.marks, companion_of=Id(mate) if mate else None,
            )
        )  # fmt: skip


def drawn_file(want: DrawPlan, into: Format) -> Iterator[tuple[bytes, int] | Refused]:
    """For another process: what is described as a file, and how many seats it has."""
    made = drawn(want)
    if isinstance(made, Refused):
        yield made
    else:
        yield written(made.value, into), sum(1 for _ in made.value.seats())


def zone_id(configuration_id: Id, name: str) -> Id:
    return derived_id("zone", configuration_id, name)


def seat_id(configuration_id: Id, zone: str, row: str, number: str) -> Id:
    """A seat is its zone, row and number within a configuration: a re-import over a draft keeps its id."""
    return derived_id("seat", configuration_id, zone, row, number)
