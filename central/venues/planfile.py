"""Reads a plan file: the open pretix seating-plan JSON (its public schema, version 0.0.1).

A file with any fault is refused whole with every fault listed by path (spec/venues.md, Plan files): who drew the plan
mends it in one go, and a hall is never half imported. A file is a stranger: nothing in it is trusted, not its numbers,
not its letters, not its size.
"""

import re
import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum, auto
from math import isfinite
from typing import Any

import orjson

from central.venues.plan import ROW_LABELS, Area, Category, Mark, Plan, Row, RowLabel, Seat, Shape, Zone, write_plan
from shared.outcome import Ok, Outcome, Refused

__all__ = ["Fault", "PlanFault", "read_plan", "write_plan"]

MOST_BYTES = 64 * 1024 * 1024
MOST_FAULTS = 10_000  # a list longer than this helps nobody; what is left off is counted
FAR = 1_000_000.0  # plan units from the origin
PART = 4 * FAR  # the same for one of the parts (zone, row, seat) that are added up
NEAR = 10.0  # seats whose centres are nearer than this, or than the smaller one's radius, lie on top of each other
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})  # French typography
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,30}|rgba?\([0-9., %]{5,40}\)")

# Keys of the schema and of its earlier drafts, which real files still carry; those of a wanted value come with it.
PLAN_KEYS = {"name", "zones", "categories", "size"}
ZONE_KEYS = {"name", "zone_id", "uuid", "position", "rows", "areas", "displayed"}
ROW_KEYS = {"row_number", "row_label", "seat_label", "uuid", "seats", "row_number_position", "position"} | {
    "number_of_seats",
    "seats_spacing",
}
SEAT_KEYS = {"seat_guid", "seat_number", "uuid", "start_direction", "radius", "position", "category"}
AREA_KEYS = {"color", "border_color", "rotation", "position", "uuid", "shape", "polygon", "rectangle", "ellipse"} | {
    "circle",
    "text",
}


class PlanFault(StrEnum):
    TOO_LARGE = auto()
    NOT_JSON = auto()
    FAULTY = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` is a JSON path; `what` a sentence for the person who mends the file."""

    at: str
    what: str


def read_plan(data: bytes) -> Outcome[Plan]:
    """The plan in a file. `Refused.detail["faults"]` lists each fault as `{"at", "what"}`; `detail["count"]` counts
    them all, also those beyond the first 10,000."""
    if len(data) > MOST_BYTES:
        return _refused(PlanFault.TOO_LARGE, [Fault("$", f"The file is larger than {MOST_BYTES >> 20} MB.")], 1)
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (orjson.JSONDecodeError, RecursionError) as fault:
        return _refused(PlanFault.NOT_JSON, [Fault("$", f"The file is not JSON: {fault}.")], 1)
    reader = _Reader()
    plan = reader.plan(document)
    if plan is None or reader.count:
        return _refused(PlanFault.FAULTY, reader.faults, reader.count)
    return Ok(plan)


def _refused(reason: PlanFault, faults: list[Fault], count: int) -> Refused:
    return Refused(reason, detail={"count": count, "faults": [asdict(fault) for fault in faults]})


class _Reader:
    """Walks the document once. Every method gives a usable value even for a faulty part, so that the walk goes on."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.count = 0
        self._categories: set[str] = set()
        self._guids: dict[str, str] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._grid: dict[tuple[int, int], list[tuple[float, float, float, str]]] = {}

    def fault(self, at: str, what: str) -> None:
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(at, what))

    # the parts of a plan, outside in

    def plan(self, body: Any) -> Plan | None:
        if not isinstance(body, dict):
            self.fault("$", f"A plan is an object, not {_kind(body)}.")
            return None
        self._known(body, PLAN_KEYS, "$")
        name = self._text(body, "name", "$", 120)
        width, height = self._size(body)
        categories = tuple(
            self._category(part, at) for part, at in self._list(body, "categories", "$", "The plan has no category.")
        )
        zones = tuple(self._zone(part, at) for part, at in self._list(body, "zones", "$", "The plan has no zone."))
        if zones and not self._names and not self.count:
            self.fault("$.zones", "The plan has no seat.")
        return Plan(name, width, height, categories, zones)

    def _size(self, body: dict[str, Any]) -> tuple[int, int]:
        size = self._object(body, "size", "$")
        if size is None:
            return 0, 0
        self._known(size, {"width", "height"}, "$.size")
        return tuple(int(self._number(size, key, "$.size", low=1)) for key in ("width", "height"))  # type: ignore[return-value]  # two keys

    def _category(self, body: Any, at: str) -> Category:
        if not isinstance(body, dict):
            self.fault(at, f"A category is an object, not {_kind(body)}.")
            return Category("")
        self._known(body, {"name", "color"}, at)
        name = self._text(body, "name", at, 60)
        if name in self._categories:
            self.fault(f"{at}.name", f"There are two categories named “{name}”.")
        self._categories.add(name)
        return Category(name, self._colour(body, "color", at))

    def _zone(self, body: Any, at: str) -> Zone:
        if not isinstance(body, dict):
            self.fault(at, f"A zone is an object, not {_kind(body)}.")
            return Zone("", ())
        self._known(body, ZONE_KEYS, at)
        key = "zone_id" if "name" not in body and "zone_id" in body else "name"
        name = self._text(body, key, at, 60)
        x, y = self._position(body, at, "The zone")
        rows = tuple(self._row(part, where, name, x, y) for part, where in self._list(body, "rows", at))
        areas = tuple(self._area(part, where, x, y) for part, where in self._list(body, "areas", at, needed=False))
        if body.get("rows") == [] and not areas:
            self.fault(at, "The zone is empty: it has neither a row nor anything drawn.")
        return Zone(name, rows, areas)

    def _row(self, body: Any, at: str, zone: str, x: float, y: float) -> Row:
        if not isinstance(body, dict):
            self.fault(at, f"A row is an object, not {_kind(body)}.")
            return Row("", ())
        self._known(body, ROW_KEYS, at)
        number = self._text(body, "row_number", at, 30)
        if "position" in body:
            dx, dy = self._position(body, at, "The row")
            x, y = x + dx, y + dy
        label: RowLabel | None = None
        wanted = body.get("row_number_position")
        if wanted in ROW_LABELS:
            label = wanted
        elif wanted is not None:
            self.fault(f"{at}.row_number_position", "This is one of start, end, both or null.")
        seats = self._list(body, "seats", at, "The row is empty: it has no seat.")
        return Row(number, tuple(self._seat(part, where, zone, number, x, y) for part, where in seats), label)

    def _seat(self, body: Any, at: str, zone: str, row: str, x: float, y: float) -> Seat:
        if not isinstance(body, dict):
            self.fault(at, f"A seat is an object, not {_kind(body)}.")
            return Seat("", "", 0.0, 0.0, "")
        self._known(body, SEAT_KEYS, at)
        number = self._text(body, "seat_number", at, 20)
        guid, marks = _unmarked(self._text(body, "seat_guid", at, 200))
        category = self._text(body, "category", at, 60)
        if category and self._categories and category not in self._categories:
            self.fault(f"{at}.category", f"There is no category named “{category}”.")
        radius = 10
        if "radius" in body:
            radius = int(self._number(body, "radius", at, low=1, high=1000)) or 10
        before = self.count
        dx, dy = self._position(body, at, "The seat")
        x, y = self._sum(x + dx, y + dy, f"{at}.position")
        seat = Seat(number, guid, x, y, category, radius, marks)
        self._unique(seat, at, zone, row)
        if before == self.count:
            self._overlap(seat, at)
        return seat

    def _unique(self, seat: Seat, at: str, zone: str, row: str) -> None:
        if number := seat.number:
            other = self._names.setdefault((zone, row, number), at)
            if other is not at:
                self.fault(
                    f"{at}.seat_number", f"Zone “{zone}”, row “{row}”, seat “{number}” is there already, at {other}."
                )
        if seat.guid:
            other = self._guids.setdefault(seat.guid, at)
            if other is not at:
                self.fault(f"{at}.seat_guid", f"The guid “{seat.guid}” is taken already, at {other}.")

    def _overlap(self, seat: Seat, at: str) -> None:
        """Looks among the nine cells around the seat. A seat that overlaps is not put into the grid, so that a cell
        never holds more than fit without overlapping, whatever the file says."""
        column, line = int(seat.x // NEAR), int(seat.y // NEAR)
        reach = min(NEAR, float(seat.radius))
        for cell in (
            (column, line),
            (column - 1, line),
            (column + 1, line),
            (column, line - 1),
            (column, line + 1),
            (column - 1, line - 1),
            (column + 1, line - 1),
            (column - 1, line + 1),
            (column + 1, line + 1),
        ):
            for x, y, radius, other in self._grid.get(cell, ()):
                if (x - seat.x) ** 2 + (y - seat.y) ** 2 < min(reach, radius) ** 2:
                    self.fault(f"{at}.position", f"The seat lies on top of another one, at {other}.")
                    return
        self._grid.setdefault((column, line), []).append((seat.x, seat.y, reach, at))

    def _area(self, body: Any, at: str, x: float, y: float) -> Area:
        empty = Area(Shape.TEXT, 0.0, 0.0)
        if not isinstance(body, dict):
            self.fault(at, f"An area is an object, not {_kind(body)}.")
            return empty
        self._known(body, AREA_KEYS, at)
        shape = body.get("shape")
        if shape not in list(Shape):
            self.fault(f"{at}.shape", f"The shape is one of {', '.join(Shape)}.")
            return empty
        dx, dy = self._position(body, at, "The area")
        x, y = self._sum(x + dx, y + dy, f"{at}.position")
        points: tuple[tuple[float, float], ...] = ()
        width = height = 0.0
        match shape:
            case Shape.POLYGON if (sub := self._object(body, "polygon", at)) is not None:
                points = self._points(sub, f"{at}.polygon", x, y)
            case Shape.RECTANGLE if (sub := self._object(body, "rectangle", at)) is not None:
                width, height = (self._number(sub, side, f"{at}.rectangle", low=0) for side in ("width", "height"))
            case Shape.ELLIPSE if (sub := self._object(body, "ellipse", at)) is not None:
                if (radius := self._object(sub, "radius", f"{at}.ellipse")) is not None:
                    width, height = (self._number(radius, axis, f"{at}.ellipse.radius", low=0) for axis in ("x", "y"))
            case Shape.CIRCLE if (sub := self._object(body, "circle", at)) is not None:
                width = height = self._number(sub, "radius", f"{at}.circle", low=0)
            case _:
                pass
        text, text_x, text_y, text_colour, text_size = "", 0.0, 0.0, "", 16
        if (shape == Shape.TEXT or body.get("text") is not None) and (
            sub := self._object(body, "text", at)
        ) is not None:
            text = self._text(sub, "text", f"{at}.text", 200, empty=shape != Shape.TEXT)
            if text:
                dx, dy = self._position(sub, f"{at}.text", "The text")
                text_x, text_y = self._sum(x + dx, y + dy, f"{at}.text.position")
                text_colour = self._colour(sub, "color", f"{at}.text")
                if "size" in sub:
                    text_size = int(self._number(sub, "size", f"{at}.text", low=1, high=10_000))
        turn = self._number(body, "rotation", at) if "rotation" in body else 0.0
        colour, border = self._colour(body, "color", at), self._colour(body, "border_color", at)
        return Area(
            Shape(shape),
            x,
            y,
            colour,
            border,
            round(turn, 3),
            points,
            round(width, 3),
            round(height, 3),
            text,
            text_x,
            text_y,
            text_colour,
            text_size,
        )

    def _points(self, body: dict[str, Any], at: str, x: float, y: float) -> tuple[tuple[float, float], ...]:
        found = []
        for part, where in self._list(body, "points", at, "The polygon has no point."):
            if isinstance(part, dict):
                dx, dy = self._number(part, "x", where), self._number(part, "y", where)
                found.append(self._sum(x + dx, y + dy, where))
            else:
                self.fault(where, f"A point is an object with x and y, not {_kind(part)}.")
        return tuple(found)

    # the values in the parts

    def _known(self, body: dict[str, Any], keys: set[str], at: str) -> None:
        if not body.keys() <= keys:
            for key in sorted(body.keys() - keys):
                self.fault(at, f"The format has no “{_shown(key)}” here.")

    def _text(self, body: dict[str, Any], key: str, at: str, most: int, empty: bool = False) -> str:
        value = body.get(key)
        if not isinstance(value, str):
            self.fault(f"{at}.{key}", "This is missing." if key not in body else f"This is a text, not {_kind(value)}.")
            return ""
        if value.isascii() and value.isprintable() and 0 < len(value) <= most and value[0] != " " != value[-1]:
            return value
        text = unicodedata.normalize("NFC", value.translate(SPACES)).strip(" ")
        if not text and not empty:
            self.fault(f"{at}.{key}", "This is empty.")
        elif len(text) > most:
            self.fault(f"{at}.{key}", f"This is longer than {most} characters.")
        elif not text.isprintable():
            self.fault(f"{at}.{key}", f"This has a control character in it: {_shown(text)}.")
        else:
            return text
        return ""

    def _number(self, body: dict[str, Any], key: str, at: str, low: float = -PART, high: float = PART) -> float:
        value = body.get(key)
        if type(value) is not float and type(value) is not int:  # a bool is no number here
            self.fault(
                f"{at}.{key}", "This is missing." if key not in body else f"This is a number, not {_kind(value)}."
            )
        elif not isfinite(value) or not low <= value <= high:
            self.fault(f"{at}.{key}", f"This number is not between {low:g} and {high:g}.")
        else:
            return float(value)
        return 0.0

    def _position(self, body: dict[str, Any], at: str, of: str) -> tuple[float, float]:
        value = body.get("position")
        if not isinstance(value, dict):
            self.fault(f"{at}.position", f"{of} has no position (an object with x and y).")
            return 0.0, 0.0
        if len(value) > 2:
            self._known(value, {"x", "y"}, f"{at}.position")
        x, y = value.get("x"), value.get("y")
        if type(x) is float and type(y) is float and -PART <= x <= PART and -PART <= y <= PART:
            return x, y
        return self._number(value, "x", f"{at}.position"), self._number(value, "y", f"{at}.position")

    def _sum(self, x: float, y: float, at: str) -> tuple[float, float]:
        """An absolute position, out of the parts that make it."""
        if abs(x) > FAR or abs(y) > FAR:
            self.fault(at, f"This lies further than {FAR:g} from the origin.")
            return 0.0, 0.0
        return round(x, 3), round(y, 3)

    def _colour(self, body: dict[str, Any], key: str, at: str) -> str:
        value = body.get(key) or ""
        if isinstance(value, str) and (not value or COLOUR.fullmatch(value)):
            return value
        self.fault(f"{at}.{key}", "This is no colour such as #d9482b.")
        return ""

    def _object(self, body: dict[str, Any], key: str, at: str) -> dict[str, Any] | None:
        value = body.get(key)
        if isinstance(value, dict):
            return value
        self.fault(f"{at}.{key}", "This is missing." if key not in body else f"This is an object, not {_kind(value)}.")
        return None

    def _list(
        self, body: dict[str, Any], key: str, at: str, when_empty: str = "", needed: bool = True
    ) -> list[tuple[Any, str]]:
        value = body.get(key)
        if isinstance(value, list):
            if not value and when_empty:
                self.fault(f"{at}.{key}", when_empty)
            return [(part, f"{at}.{key}[{index}]") for index, part in enumerate(value)]
        if needed or value is not None:
            self.fault(f"{at}.{key}", "This is missing." if key not in body else f"This is a list, not {_kind(value)}.")
        return []


_MARKS: dict[str, Mark] = {mark.value: mark for mark in Mark}


def _unmarked(guid: str) -> tuple[str, frozenset[Mark]]:
    """`K-12~wheelchair` → `K-12` and what it is marked as."""
    marks = set()
    while (cut := guid.rfind("~")) > 0 and (mark := _MARKS.get(guid[cut + 1 :])):
        marks.add(mark)
        guid = guid[:cut]
    return guid, frozenset(marks) if marks else _NONE


_NONE: frozenset[Mark] = frozenset()
_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number")


def _shown(text: str) -> str:
    """A stranger's text, safe and short enough to stand in a sentence."""
    return ascii(text[:40])[1:-1]
