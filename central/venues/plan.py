"""A seat plan as values: what a plan file says once it has been found sound, with every position absolute.

`write_plan` gives the file back; an export that is imported again is the same plan (docs/spec/venues.md, Plan files).
The format allows no keys of our own, so what it cannot say about a seat (wheelchair place, companion, poor view, the
access that leads to it) rides at the end of the seat's guid: `K-12~wheelchair~access=Porte B`. SVG and CSV:
planfile.py."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import cached_property
from math import cos, hypot, radians, sin, tau
from typing import Any, Literal, get_args

import orjson

from shared.rules.rows import Point, along, runs, usual_step

CONTROL_ZONES = 16  # a ticket token has this many zone bits (shared/wire/token.py)
CONTROL_BITS = tuple(1 << at for at in range(CONTROL_ZONES))
STAGE_WORDS = (
    "scène",
    "scene",
    "stage",
    "bühne",
    "palco",
    "escenario",
    "palcoscenico",
    "orchestre",
    "terrain",
    "piste",
)

ACCESS = "access="

RowLabel = Literal["start", "end", "both"]
ROW_LABELS: tuple[RowLabel, ...] = get_args(RowLabel)


class Shape(StrEnum):
    POLYGON = auto()
    RECTANGLE = auto()
    ELLIPSE = auto()
    CIRCLE = auto()
    TEXT = auto()


class Mark(StrEnum):
    """What a guid may say about its seat, after a `~`."""

    WHEELCHAIR = auto()
    COMPANION = auto()
    VIEW = auto()  # restricted view


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """`guid` without its marks. `radius` is the drawn size in plan units. `access`: the door that leads to it."""

    number: str
    guid: str
    x: float
    y: float
    category: str
    radius: int = 10
    marks: frozenset[Mark] = frozenset()
    access: str = ""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """`number` names the row within its zone; two blocks of one row may share it."""

    number: str
    seats: tuple[Seat, ...]
    label: RowLabel | None = None


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """A drawn thing. `width` and `height` are a rectangle's sides or the radii of a circle or ellipse around `x`, `y`;
    `points` are absolute and not yet turned; `rotation` is clockwise in degrees around `x`, `y`."""

    shape: Shape
    x: float
    y: float
    colour: str = ""
    border: str = ""
    rotation: float = 0.0
    points: tuple[Point, ...] = ()
    width: float = 0.0
    height: float = 0.0
    text: str = ""
    text_x: float = 0.0
    text_y: float = 0.0
    text_colour: str = ""
    text_size: int = 16

    def outline(self) -> tuple[Point, ...]:
        """The edge of a polygon, rectangle or ellipse as drawn: absolute and turned. A circle and a text have none."""
        x, y, w, h = self.x, self.y, self.width, self.height
        match self.shape:
            case Shape.POLYGON:
                flat = self.points
            case Shape.RECTANGLE:
                flat = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
            case Shape.ELLIPSE:
                flat = tuple((x + w * cos(tau * n / 48), y + h * sin(tau * n / 48)) for n in range(48))
            case _:
                return ()
        if not self.rotation:
            return flat
        c, s = cos(radians(self.rotation)), sin(radians(self.rotation))
        return tuple((x + c * (px - x) - s * (py - y), y + s * (px - x) + c * (py - y)) for px, py in flat)

    def middle(self) -> Point:
        corners = self.outline() or ((self.x, self.y),)
        return sum(p[0] for p in corners) / len(corners), sum(p[1] for p in corners) / len(corners)


@dataclass(frozen=True, slots=True)
class Zone:
    name: str
    rows: tuple[SeatRow, ...]
    areas: tuple[DrawnArea, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """A seat with all that selling needs to know. `quality`: lower is better; `control`: its zone's bit in a ticket."""

    zone: str
    row: str
    seat: Seat
    quality: int
    aisle: bool
    control: int

    @property
    def wheelchair(self) -> bool:
        return Mark.WHEELCHAIR in self.seat.marks

    @property
    def companion(self) -> bool:
        return Mark.COMPANION in self.seat.marks


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What reading a file did beyond what stands in it: made all of it so many `times` as large, for it counted in feet
    or metres, in the `unit` that its columns name if they do; `laid_out` seats that had no position; left `unread` what
    columns of these names hold."""

    times: float = 1.0
    laid_out: bool = False
    unit: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)  # no slots: what follows from the plan is worked out once
class Plan:
    name: str
    width: int
    height: int
    categories: tuple[Category, ...]
    zones: tuple[Zone, ...]
    report: ImportReport = field(default=ImportReport(), compare=False)

    def seats(self) -> Iterator[tuple[Zone, SeatRow, Seat]]:
        """Every seat in file order: the order of all that follows (feeds, masks, drawings)."""
        return ((zone, row, seat) for zone in self.zones for row in zone.rows for seat in row.seats)

    @cached_property
    def areas(self) -> tuple[DrawnArea, ...]:
        return tuple(area for zone in self.zones for area in zone.areas)

    @cached_property
    def accesses(self) -> dict[str, tuple[str, ...]]:
        """Zone name → the accesses that lead to its seats, in file order; zones without any are left out."""
        found: dict[str, dict[str, None]] = {}
        for zone, _, seat in self.seats():
            if seat.access:
                found.setdefault(zone.name, {})[seat.access] = None
        return {zone: tuple(names) for zone, names in found.items()}

    @cached_property
    def control_zones(self) -> dict[str, int]:
        """Zone name → bit, one each: with more than a ticket has, no hall is made of the plan (plan_preparation.py)."""
        names = dict.fromkeys(zone.name for zone in self.zones if zone.rows)
        return {name: 1 << at for at, name in enumerate(names)}

    @cached_property
    def focus(self) -> Point:
        """What everybody looks at: the drawn stage, or else the middle of the plan's upper edge."""
        for area in self.areas:
            if area.text and any(word in area.text.casefold() for word in STAGE_WORDS):
                return area.middle()
        xs = [seat.x for _, _, seat in self.seats()]
        return ((min(xs) + max(xs)) / 2 if xs else self.width / 2, 0.0)

    @cached_property
    def places(self) -> tuple[PlanPlace, ...]:
        """All seats in file order, with what follows from the drawing."""
        aisles = self._aisles()
        ranks: dict[str, dict[str, int]] = {}
        found = []
        for zone, row, seat in self.seats():
            rank = ranks.setdefault(zone.name, {}).setdefault(row.number, len(ranks.get(zone.name, ())))
            found.append(
                PlanPlace(
                    zone.name,
                    row.number,
                    seat,
                    self._quality(seat, rank),
                    seat.guid in aisles,
                    self.control_zones[zone.name],
                )
            )
        return tuple(found)

    def _quality(self, seat: Seat, rank: int) -> int:
        """Distance to the stage, where a step aside costs 1.6 times a step back (it turns the view), a little for each
        row behind another (heads), and a poor view costs as much as sitting ten rows further back."""
        dx, dy = seat.x - self.focus[0], seat.y - self.focus[1]
        return round(hypot(1.6 * dx, dy) + 2 * rank + (250 if Mark.VIEW in seat.marks else 0))

    def _aisles(self) -> set[str]:
        """Guids of the seats at the end of a run: beside an aisle, a gap or the wall."""
        found: set[str] = set()
        zones: dict[str, dict[str, list[Seat]]] = {}
        for zone, row, seat in self.seats():
            zones.setdefault(zone.name, {}).setdefault(row.number, []).append(seat)
        for rows in zones.values():
            ordered = []
            for seats in rows.values():
                ordered.append([seats[i] for i in along([(seat.x, seat.y) for seat in seats])])
            usual = usual_step([[(seat.x, seat.y) for seat in seats] for seats in ordered])
            for seats in ordered:
                start = 0
                for length in runs([(seat.x, seat.y) for seat in seats], usual):
                    found |= {seats[start].guid, seats[start + length - 1].guid}
                    start += length
        return found


def usual_guid(zone: str, row: str, number: str) -> str:
    """What a seat is called in a file that gives it no guid."""
    return f"{zone}-{row}-{number}"


def write_plan(plan: Plan) -> bytes:
    """The plan as a file; `read_plan` of it gives the same plan."""
    return orjson.dumps(
        {
            "name": plan.name,
            "categories": [{"name": c.name} | ({"color": c.colour} if c.colour else {}) for c in plan.categories],
            "zones": [
                {
                    "name": zone.name,
                    "position": _at(0.0, 0.0),
                    "rows": [_row(row) for row in zone.rows],
                    "areas": [_area(area) for area in zone.areas],
                }
                for zone in plan.zones
            ],
            "size": {"width": plan.width, "height": plan.height},
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _at(x: float, y: float) -> dict[str, float]:
    return {"x": rounded(x), "y": rounded(y)}


def rounded(number: float) -> float:
    rounded = round(number, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def _row(row: SeatRow) -> dict[str, Any]:
    return {
        "row_number": row.number,
        "row_number_position": row.label,
        "position": _at(0.0, 0.0),
        "seats": [
            {
                "seat_number": seat.number,
                "seat_guid": marked(seat),
                "position": _at(seat.x, seat.y),
                "category": seat.category,
                "radius": seat.radius,
            }
            for seat in row.seats
        ],
    }


def marked(seat: Seat) -> str:
    """The guid with what the format has no key for; `planfile_json.unmarked` takes it apart."""
    if not seat.marks and not seat.access:
        return seat.guid
    access = [ACCESS + seat.access.replace("%", "%25").replace("~", "%7E")] if seat.access else []
    return "~".join([seat.guid, *sorted(seat.marks), *access])


def _area(area: DrawnArea) -> dict[str, Any]:
    body: dict[str, Any] = {
        "shape": area.shape.value,
        "color": area.colour,
        "border_color": area.border,
        "rotation": rounded(area.rotation),
        "position": _at(area.x, area.y),
    }
    match area.shape:
        case Shape.POLYGON:
            body["polygon"] = {"points": [_at(x - area.x, y - area.y) for x, y in area.points]}
        case Shape.RECTANGLE:
            body["rectangle"] = {"width": rounded(area.width), "height": rounded(area.height)}
        case Shape.ELLIPSE:
            body["ellipse"] = {"radius": _at(area.width, area.height)}
        case Shape.CIRCLE:
            body["circle"] = {"radius": rounded(area.width)}
        case Shape.TEXT:
            pass
    if area.text:
        body["text"] = {
            "text": area.text,
            "color": area.text_colour,
            "size": area.text_size,
            "position": _at(area.text_x - area.x, area.text_y - area.y),
        }
    return body
