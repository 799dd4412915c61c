"""What a plan screen reads: the whole plan as columns, as it is or was at a moment, and counts (docs/spec/venues.md).

A stadium of 80,000 places has to fit into 1.5 MB compressed, so nothing in a picture is said seat by seat that can be
said once: a seat is its place in the columns, and selections name it so (`Selection.runs`); coordinates are differences
in tenths of a plan unit; categories, contingents and reasons are numbers into lists.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

import orjson

from central.catalogue.model import Performance
from central.catalogue.reads import hall_of
from central.inventory.reads import contingents, places_counted, places_of, taken_at, taken_seats
from central.kernel.entity import Reach, Ref
from central.kernel.registry import answers
from central.kernel.tx import Read
from central.programme.plans import plan_table, target_context
from central.venues.history import SeatField, take_back
from central.venues.model import (
    Drawing,
    LogicalConfiguration,
    NoAct,
    PhysicalConfiguration,
    PlanTarget,
    VenuesPrivilege,
)
from central.venues.plan_tables import later_changes, version_at, version_of
from central.venues.reads import (
    categories_shown,
    entrances_of,
    logical_seats_counted,
    marks_of,
    seats_counted,
    seats_in_order,
    zones_built,
)
from central.venues.selection import Selection, Table
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.place_state import HAD, PlaceState, bucket_of
from shared.wire.feeds import PlanShape

TENTHS = 10

LETTERS: Mapping[str, str] = {each: each.letter for each in PlaceState if each.letter}
"""A seat's state in a picture. Screens are told which letter is which (plan_texts.py)."""
FREE, BLOCKED, GONE = (LETTERS[each] for each in (PlaceState.FREE, PlaceState.BLOCKED, PlaceState.INVALID))
STATES = {letter: state for state, letter in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Legend:
    """A category or contingent as this plan shows it."""

    id: str
    code: str
    names: dict[str, str]
    colour: str
    options: bool = True


@dataclass(frozen=True, slots=True)
class PictureZone:
    id: str
    name: str
    numbered: bool
    capacity: int
    entrances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PictureShare:
    """Counted places of a zone (index) in a contingent (index, -1: hors contingent) and category (index, -1: none)."""

    zone: int
    contingent: int
    category: int
    capacity: int
    blocked: int
    taken: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A plan as columns, one entry per seat in plan order. `rows`: (zone index, name, number of seats) in that order.
    `steps_x`, `steps_y`: from one seat to the next in tenths of a plan unit, the first from 0. `category`,
    `contingent`, `reason`: index into the lists, -1 none. `states`: f free, b blocked, h held, l leased, o optioned,
    s sold, x not there (invalid). `marks`: 1 wheelchair, 2 companion, 4 aisle, 8 restricted view. `quality`:
    lower is proposed first; empty unless asked for."""

    target: PlanTarget
    target_id: Id
    version: int
    at: datetime
    width: int
    height: int
    shapes: tuple[PlanShape, ...]
    zones: list[PictureZone]
    categories: list[Legend]
    contingents: list[Legend]
    reasons: list[str]
    rows: list[tuple[int, str, int]]
    numbers: list[str]
    steps_x: list[int]
    steps_y: list[int]
    category: list[int]
    contingent: list[int]
    reason: list[int]
    states: str
    marks: list[int]
    quality: list[int]
    shares: list[PictureShare]


def target_of(read: Read, want: Any) -> str | None:
    return target_context(read, want.target, want.target_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPicture:
    """A plan to draw: as it is, or as it was at a moment. `order`: with the order of seats for best seats."""

    target: PlanTarget
    target_id: Annotated[Id, Reach.PLACE]
    at: datetime | None = None
    order: bool = False


@answers(PlanPicture, needs=VenuesPrivilege.VENUE_READ, refuses=(NoAct,), at=target_of, gives=Picture, whole=True)
def plan_picture(read: Read, want: PlanPicture) -> Outcome[Picture]:
    table = table_at(read, want.target, want.target_id, want.at)
    if isinstance(table, Refused):
        return table
    version = version_at(read, want.target_id, want.at) if want.at else version_of(read, want.target_id)
    return Ok(_picture(read, want, table.value, version))


def table_at(read: Read, target: PlanTarget, target_id: Id, at: datetime | None) -> Outcome[Table]:
    """The plan as it is, or as it was at a moment: with all later actions, and all later sales, taken back."""
    table = plan_table(read, target, target_id)
    if table is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="target_id")
    if at is not None:
        if at.tzinfo is None:
            return Refused(NoAct.NO_SUCH_MOMENT, fix="at", detail={"why": "a moment needs its offset from UTC"})
        take_back(later_changes(read, target_id, after=version_at(read, target_id, at)), table)
        if target is PlanTarget.PERFORMANCE:
            taken = taken_at(read, target_id, at)
            table.taken = [taken.get(seat, "") for seat in table.ids]
    return Ok(table)


def _picture(read: Read, want: PlanPicture, table: Table, version: int) -> Picture:
    physical_id, logical_id = built_from(read, want.target, want.target_id)
    zones = _zones(read, physical_id)
    zone_index = {zone.id: n for n, zone in enumerate(zones)}
    categories = _categories(read, logical_id, table)
    contingents = _contingents(read, table)
    category_index = {each.id: n for n, each in enumerate(categories)}
    contingent_index = {each.id: n for n, each in enumerate(contingents)}
    blocked = table.values.get(SeatField.BLOCKED, [""] * len(table.ids))
    reasons = sorted({reason for reason in blocked if reason})
    reason_index = {reason: n for n, reason in enumerate(reasons)}
    drawing = _drawing(read, physical_id)
    return Picture(
        target=want.target,
        target_id=want.target_id,
        version=version,
        at=want.at or read.now,
        width=drawing.width,
        height=drawing.height,
        shapes=drawing.shapes,
        zones=zones,
        categories=categories,
        contingents=contingents,
        reasons=reasons,
        rows=[
            (zone_index[zone], row, len(list(seats)))
            for (zone, row), seats in groupby(zip(table.zones, table.rows, strict=True))
        ],
        numbers=list(table.numbers),
        steps_x=_steps(table.xs),
        steps_y=_steps(table.ys),
        category=[category_index.get(each or "", -1) for each in table.values.get(SeatField.CATEGORY, ())],
        contingent=[contingent_index.get(each or "", -1) for each in table.values.get(SeatField.CONTINGENT, ())],
        reason=[reason_index.get(each, -1) for each in blocked] if reasons else [],
        states=states_of(table),
        marks=_marks(read, physical_id, table),
        quality=_qualities(table) if want.order else [],
        shares=[
            PictureShare(
                zone_index[zone], contingent_index.get(contingent, -1),
                category_index.get(table.counted[zone] or "", -1), share.capacity, share.blocked, share.taken,
            )
            for (zone, contingent), share in table.shares.items()
            if share.capacity
        ],
    )  # fmt: skip


def states_of(table: Table) -> str:
    """One letter per seat."""
    blocked = table.values.get(SeatField.BLOCKED) or [""] * len(table.ids)
    return "".join(
        GONE if invalid else LETTERS[bucket_of(taken, block)]
        for invalid, taken, block in zip(table.values[SeatField.INVALID], table.taken, blocked, strict=True)
    )


def _steps(values: Sequence[float]) -> list[int]:
    tenths = [round(value * TENTHS) for value in values]
    return [now - before for before, now in zip([0, *tenths], tenths, strict=False)]


def _qualities(table: Table) -> list[int]:
    own = table.values.get(SeatField.QUALITY) or [None] * len(table.ids)
    return [drawn if said is None else said for said, drawn in zip(own, table.drawn, strict=True)]


def _marks(read: Read, physical_id: str, table: Table) -> list[int]:
    found = marks_of(read, physical_id)
    now = [found.get(position, 0) for position in table.positions]
    if SeatField.WHEELCHAIR not in table.values:
        return now
    bits = ((SeatField.WHEELCHAIR, 1), (SeatField.COMPANION, 2), (SeatField.RESTRICTED, 8))
    return [now[n] & 4 | sum(bit for field, bit in bits if table.values[field][n]) for n in range(len(table.ids))]


def built_from(read: Read, target: PlanTarget, target_id: str) -> tuple[Id, Id | None]:
    """The physical and, if there is one, the logical configuration of a plan."""
    if target is PlanTarget.PHYSICAL:
        return Id(target_id), None
    logical_id = Id(target_id)
    if target is PlanTarget.PERFORMANCE:
        performance = read.get(Performance, target_id)
        assert performance, "its table was read"
        logical_id = performance.logical_configuration_id
    logical = read.get(LogicalConfiguration, logical_id)
    assert logical, "a foreign key says so"
    return logical.physical_configuration_id, logical_id


def _drawing(read: Read, physical_id: str) -> Drawing:
    physical = read.get(PhysicalConfiguration, physical_id)
    return physical.drawing if physical and physical.drawing else Drawing(1, 1)


def _zones(read: Read, physical_id: str) -> list[PictureZone]:
    served = entrances_of(read, physical_id)
    return [
        PictureZone(zone.id, zone.name, zone.numbered, zone.capacity, tuple(served.get(zone.id, ())))
        for zone in zones_built(read, physical_id)
    ]


def _categories(read: Read, logical_id: str | None, table: Table) -> list[Legend]:
    """Those that the configuration picks, and those that are in use, dearest first."""
    if logical_id is None:
        return []
    used = sorted({each for each in (*table.values[SeatField.CATEGORY], *table.counted.values()) if each})
    return [
        Legend(each.id, each.code, orjson.loads(each.names), each.colour, bool(each.options))
        for each in categories_shown(read, logical_id, used)
    ]


def _contingents(read: Read, table: Table) -> list[Legend]:
    used = {each for each in table.values.get(SeatField.CONTINGENT, ()) if each}
    used |= {contingent for (_, contingent), share in table.shares.items() if contingent and share.capacity}
    found = contingents(read, used=used) if used else []
    return [Legend(each.id, each.code, each.names, each.colour) for each in found]


# --- seats and counts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStates:
    """The states of a performance's seats alone, one letter per seat: what a screen asks when the hall's bell rings."""

    performance_id: Annotated[Id, Ref("performance")]


@answers(
    PlanStates,
    needs=VenuesPrivilege.VENUE_READ,
    refuses=(NoAct,),
    at=lambda read, want: target_context(read, PlanTarget.PERFORMANCE, want.performance_id),
    gives=str,
    whole=True,
)
def plan_states(read: Read, want: PlanStates) -> Outcome[str]:
    hall = hall_of(read, want.performance_id)
    if hall is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="performance_id")
    taken = taken_seats(read, want.performance_id)
    letters = {
        place.seat_id: LETTERS[bucket_of(taken.get(place.seat_id), place.blocked)]
        for place in places_of(read, want.performance_id)
    }
    return Ok("".join(letters.get(seat, GONE) for seat in seats_in_order(read, hall)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCounts:
    """How many places there are per category and contingent, on any plan."""

    target: PlanTarget
    target_id: Annotated[Id, Reach.PLACE]


@dataclass(frozen=True, slots=True)
class CountLine:
    """Places of a category (null: none yet) in a contingent (empty: hors contingent). `invalid` ones are not in the
    capacity; the capacity is free, blocked and taken ones together."""

    category_id: str | None
    contingent_id: str
    capacity: int
    free: int
    blocked: int
    taken: int
    invalid: int


@answers(PlanCounts, needs=VenuesPrivilege.VENUE_READ, refuses=(NoAct,), at=target_of, gives=list[CountLine])
def plan_counts(read: Read, want: PlanCounts) -> Outcome[list[CountLine]]:
    """Seats are counted where they lie: a stadium's are never read for it."""
    table = plan_table(read, want.target, want.target_id, Selection())
    if table is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="target_id")
    counts: dict[tuple[str | None, str], Counter[str]] = {}
    for category, contingent, letter, count in _seats_counted(read, want.target, want.target_id):
        counts.setdefault((category, contingent), Counter())[letter] += count
    for (zone, contingent), share in table.shares.items():
        line = counts.setdefault((table.counted[zone], contingent), Counter())
        line[FREE] += share.free
        line[BLOCKED] += share.blocked
        line[LETTERS[PlaceState.SOLD]] += share.taken
    lines = []
    for (category, contingent), line in sorted(counts.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        taken = sum(line[letter] for letter in HAD)
        whole = line[FREE] + line[BLOCKED] + taken
        lines.append(CountLine(category, contingent, whole, line[FREE], line[BLOCKED], taken, line[GONE]))
    return Ok(lines)


def _seats_counted(read: Read, target: PlanTarget, target_id: Id) -> Iterator[tuple[str | None, str, str, int]]:
    """(category, contingent, letter, how many) of a plan's seats. One that has no place in a performance is gone."""
    if target is PlanTarget.PHYSICAL:
        yield from ((None, "", GONE if invalid else FREE, count) for invalid, count in seats_counted(read, target_id))
    elif target is PlanTarget.LOGICAL:
        logical = read.get(LogicalConfiguration, target_id)
        for each in logical_seats_counted(read, logical) if logical else ():
            letter = GONE if each.invalid else LETTERS[bucket_of(None, each.blocked)]
            yield each.category_id, each.contingent_id, letter, each.count
    else:
        here = places_counted(read, target_id)
        for places in here:
            letter = LETTERS[bucket_of(places.state, places.blocked)]
            yield places.category_id, places.contingent_id, letter, places.count
        hall = hall_of(read, target_id)
        built = sum(count for _, count in seats_counted(read, hall)) if hall else 0
        if gone := built - sum(each.count for each in here):
            yield None, "", GONE, gone
