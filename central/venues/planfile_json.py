"""Reads the open pretix seating-plan JSON (its public schema, version 0.0.1, and what later drafts added). `write_plan`
in plan.py writes it."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import orjson

from central.venues.plan import (
    ACCESS,
    ROW_LABELS,
    Category,
    DrawnArea,
    Mark,
    Plan,
    RowLabel,
    Seat,
    SeatRow,
    Shape,
    Zone,
)
from central.venues.plan_flaws import Flaw, JsonKind, PlanFileFault, Things
from central.venues.planfile_checks import (
    MARKS,
    MOST_CATEGORIES,
    MOST_CORNERS_EACH,
    MOST_GUID,
    MOST_NAME,
    MOST_NUMBER,
    MOST_PARTS,
    MOST_PLAN_NAME,
    MOST_ROW_NAME,
    MOST_SAID,
    MOST_ZONES,
    NO_MARKS,
    PART,
    Enough,
    PlanFault,
    PlanFileChecks,
    joined,
    refused,
    shown,
)
from central.venues.planfile_scale import enlarged
from shared.outcome import Ok, Outcome

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


_SIDES = {"left": "start", "right": "end"}  # as some editors write it


def read_json(data: bytes) -> Outcome[Plan]:
    if data.count(b"{") + data.count(b"[") > MOST_PARTS:  # each would be 60 bytes and more
        return refused(PlanFault.TOO_LARGE, [_TOO_MANY_PARTS], 1)
    try:
        document = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError) as fault:
        return refused(PlanFault.NOT_JSON, [_no_json(fault)], 1)
    reader = _JsonReader()
    plan = None
    with suppress(Enough):
        plan = reader.plan(document)
    if plan is None or reader.count:
        return refused(PlanFault.FAULTY, reader.faults, reader.count)
    return Ok(plan)


class _JsonReader(PlanFileChecks):
    """Walks the document once."""

    whole = "$"
    number_at, guid_at, position_at = ".seat_number", ".seat_guid", ".position"

    def __init__(self) -> None:
        super().__init__()
        self._categories: set[str] = set()
        self._met: dict[str, Category] = {}  # of a plan that declares none
        self._name = ""

    # the parts of a plan, outside in

    def plan(self, body: Any) -> Plan | None:
        if not isinstance(body, dict):
            self.fault("$", Flaw.NOT_OBJECT, kind=_kind(body))
            return None
        self._known(body, PLAN_KEYS, "$")
        name = self._name = self._text(body, "name", "$", MOST_PLAN_NAME)
        width, height = self._size(body)
        listed = self._list(body, "categories", "$", most=MOST_CATEGORIES)
        categories = tuple(self._category(part, at) for part, at in listed)
        listed = self._list(body, "zones", "$", Flaw.NO_ZONE, most=MOST_ZONES)
        zones = tuple(self._zone(part, at) for part, at in listed)
        if zones and not self.any_seat and not self.count:
            self.fault("$.zones", Flaw.NO_SEAT)
        there = joined(zone for zone in zones if zone.rows or zone.areas)
        plan = Plan(name, width, height, categories or tuple(self._met.values()), there)
        return self.sized(enlarged(plan, self.settled()))

    def _size(self, body: dict[str, Any]) -> tuple[int, int]:
        size = self._object(body, "size", "$")
        if size is None:
            return 0, 0
        self._known(size, {"width", "height"}, "$.size")
        return tuple(int(self._number(size, key, "$.size", low=1)) for key in ("width", "height"))  # type: ignore[return-value]  # two keys

    def _category(self, body: Any, at: str) -> Category:
        if not isinstance(body, dict):
            self.fault(at, Flaw.NOT_OBJECT, kind=_kind(body))
            return Category("")
        self._known(body, {"name", "color"}, at)
        name = self._text(body, "name", at, MOST_NAME)
        if name in self._categories:
            self.fault(f"{at}.name", Flaw.CATEGORY_TWICE, name=name)
        self._categories.add(name)
        return Category(name, self._colour(body, "color", at))

    def _zone(self, body: Any, at: str) -> Zone:
        if not isinstance(body, dict):
            self.fault(at, Flaw.NOT_OBJECT, kind=_kind(body))
            return Zone("", ())
        self._known(body, ZONE_KEYS, at)
        key = "zone_id" if "name" not in body and "zone_id" in body else "name"
        name = self._text(body, key, at, MOST_NAME) if key in body else self._name[:MOST_NAME]
        x, y = self._position(body, at)
        rows = tuple(self._row(part, where, name, x, y) for part, where in self._list(body, "rows", at))
        drawn = self._list(body, "areas", at, needed=False)
        areas = tuple(
            self.met_area(self._area(part, where, x, y), where)
            for part, where in drawn
            if not isinstance(part, dict) or _drawn(part)
        )
        return Zone(name, tuple(row for row in rows if row.seats), areas)

    def _row(self, body: Any, at: str, zone: str, x: float, y: float) -> SeatRow:
        self.met_row(at)
        if not isinstance(body, dict):
            self.fault(at, Flaw.NOT_OBJECT, kind=_kind(body))
            return SeatRow("", ())
        self._known(body, ROW_KEYS, at)
        number = self._text(body, "row_number", at, MOST_ROW_NAME)
        if "position" in body:
            dx, dy = self._position(body, at)
            x, y = x + dx, y + dy
        label: RowLabel | None = None
        wanted = body.get("row_number_position")
        wanted = _SIDES.get(wanted, wanted) if isinstance(wanted, str) else wanted
        if wanted in ROW_LABELS:
            label = wanted
        elif wanted is not None:
            self.fault(f"{at}.row_number_position", Flaw.ROW_LABEL)
        seats = self._list(body, "seats", at)
        return SeatRow(number, tuple(self._seat(part, where, zone, number, x, y) for part, where in seats), label)

    def _seat(self, body: Any, at: str, zone: str, row: str, x: float, y: float) -> Seat:
        self.met_seat(at)
        if not isinstance(body, dict):
            self.fault(at, Flaw.NOT_OBJECT, kind=_kind(body))
            return Seat("", "", 0.0, 0.0, "")
        self._known(body, SEAT_KEYS, at)
        guid, marks, access = unmarked(self._text(body, "seat_guid", at, 500))
        number = self._text(body, "seat_number", at, MOST_NUMBER) if body.get("seat_number") != "" else guid
        if number == guid and len(guid) > 20:
            self.fault(f"{at}.seat_number", Flaw.GUID_TOO_LONG)
        if len(guid) > MOST_GUID:
            self.fault(f"{at}.seat_guid", Flaw.TOO_LONG, most=MOST_GUID)
        if access:
            access = self.text(access, f"{at}.seat_guid", MOST_NAME)
        category = self._category_of(body, at)
        radius = 10
        if "radius" in body:
            radius = int(self._number(body, "radius", at, low=1, high=1000)) or 10
        before = self.count
        dx, dy = self._position(body, at)
        x, y = self.place(x + dx, y + dy, f"{at}.position")
        seat = Seat(number, guid, x, y, category, radius, marks, access)
        self.unique(seat, at, zone, row)
        if before == self.count:
            self.overlap(seat, at)
        return seat

    def _category_of(self, body: dict[str, Any], at: str) -> str:
        """A plan that declares no categories has those of its seats; where they have none, one for all."""
        if self._categories:
            category = self._text(body, "category", at, MOST_NAME)
            if category and category not in self._categories:
                self.fault(f"{at}.category", Flaw.NO_CATEGORY, name=category)
            return category
        category = self._text(body, "category", at, MOST_NAME) if body.get("category") else self._name[:MOST_NAME]
        self._met.setdefault(category, Category(category))
        return category

    def _area(self, body: Any, at: str, x: float, y: float) -> DrawnArea:
        empty = DrawnArea(Shape.TEXT, 0.0, 0.0)
        if not isinstance(body, dict):
            self.fault(at, Flaw.NOT_OBJECT, kind=_kind(body))
            return empty
        self._known(body, AREA_KEYS, at)
        shape = body.get("shape")
        if shape not in list(Shape):
            self.fault(f"{at}.shape", Flaw.NO_SHAPE, shapes=", ".join(Shape))
            return empty
        dx, dy = self._position(body, at)
        x, y = self.place(x + dx, y + dy, f"{at}.position")
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
            text = self._text(sub, "text", f"{at}.text", MOST_SAID, empty=shape != Shape.TEXT)
            if text:
                dx, dy = self._position(sub, f"{at}.text")
                text_x, text_y = self.place(x + dx, y + dy, f"{at}.text.position")
                text_colour = self._colour(sub, "color", f"{at}.text")
                if "size" in sub:
                    text_size = int(self._number(sub, "size", f"{at}.text", low=1, high=10_000))
        turn = self._number(body, "rotation", at) if "rotation" in body else 0.0
        colour, border = self._colour(body, "color", at), self._colour(body, "border_color", at)
        return DrawnArea(
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
        for part, where in self._list(body, "points", at, Flaw.POLYGON_EMPTY, most=MOST_CORNERS_EACH):
            if isinstance(part, dict):
                dx, dy = self._number(part, "x", where), self._number(part, "y", where)
                found.append(self.place(x + dx, y + dy, where))
            else:
                self.fault(where, Flaw.NOT_OBJECT, kind=_kind(part))
        return tuple(found)

    # the values in the parts

    def _known(self, body: dict[str, Any], keys: set[str], at: str) -> None:
        if not body.keys() <= keys:
            for key in sorted(body.keys() - keys):
                self.fault(at, Flaw.UNKNOWN_KEY, key=shown(key))

    def _text(self, body: dict[str, Any], key: str, at: str, most: int, empty: bool = False) -> str:
        value = body.get(key)
        if isinstance(value, str):
            return self.text(value, f"{at}.{key}", most, empty)
        self._wrong(body, key, at, Flaw.NOT_TEXT)
        return ""

    def _wrong(self, body: dict[str, Any], key: str, at: str, what: Flaw) -> None:
        """It is not there, or something else."""
        if key in body:
            self.fault(f"{at}.{key}", what, kind=_kind(body[key]))
        else:
            self.fault(f"{at}.{key}", Flaw.MISSING)

    def _number(self, body: dict[str, Any], key: str, at: str, low: float = -PART, high: float = PART) -> float:
        value = body.get(key)
        if type(value) is float or type(value) is int:  # a bool is no number here
            return self.between(value, f"{at}.{key}", low, high)
        self._wrong(body, key, at, Flaw.NOT_NUMBER)
        return 0.0

    def _position(self, body: dict[str, Any], at: str) -> tuple[float, float]:
        value = body.get("position")
        if not isinstance(value, dict):
            self.fault(f"{at}.position", Flaw.POSITION_MISSING)
            return 0.0, 0.0
        if len(value) > 2:
            self._known(value, {"x", "y"}, f"{at}.position")
        x, y = value.get("x"), value.get("y")
        if type(x) is float and type(y) is float and -PART <= x <= PART and -PART <= y <= PART:
            return x, y
        return self._number(value, "x", f"{at}.position"), self._number(value, "y", f"{at}.position")

    def _colour(self, body: dict[str, Any], key: str, at: str) -> str:
        value = body.get(key) or ""
        return self.colour(value if isinstance(value, str) else "?", f"{at}.{key}")

    def _object(self, body: dict[str, Any], key: str, at: str) -> dict[str, Any] | None:
        value = body.get(key)
        if isinstance(value, dict):
            return value
        self._wrong(body, key, at, Flaw.NOT_OBJECT)
        return None

    def _list(
        self,
        body: dict[str, Any],
        key: str,
        at: str,
        when_empty: Flaw | None = None,
        needed: bool = True,
        most: int = MOST_PARTS,
    ) -> Iterable[tuple[Any, str]]:
        value = body.get(key)
        if isinstance(value, list):
            if not value and when_empty is not None:
                self.fault(f"{at}.{key}", when_empty)
            if len(value) > most:
                raise self.too_many(f"{at}.{key}", _COUNTED.get(key, Things.PARTS), most)
            return ((part, f"{at}.{key}[{index}]") for index, part in enumerate(value))
        if needed or value is not None:
            self._wrong(body, key, at, Flaw.NOT_LIST)
        return []


def _drawn(area: dict[str, Any]) -> bool:
    """Editors leave areas behind in which nothing is: no shape, or a text without words."""
    if area.get("shape") in (None, "text"):
        text = area.get("text")
        return "shape" in area if not isinstance(text, dict) else text.get("text") != ""
    return True


def unmarked(guid: str) -> tuple[str, frozenset[Mark], str]:
    """`K-12~wheelchair~access=Porte B` → `K-12`, what it is marked as, the access."""
    marks: set[Mark] = set()
    access = ""
    while (cut := guid.rfind("~")) > 0:
        word = guid[cut + 1 :]
        if word in MARKS:
            marks.add(MARKS[word])
        elif word.startswith(ACCESS) and not access:
            access = word[len(ACCESS) :].replace("%7E", "~").replace("%25", "%")
        else:
            break
        guid = guid[:cut]
    return guid, frozenset(marks) if marks else NO_MARKS, access


_COUNTED = {"categories": Things.CATEGORIES, "zones": Things.ZONES, "points": Things.CORNERS_EACH}
_TOO_MANY_PARTS = PlanFileFault("$", Flaw.TOO_MANY, {"most": MOST_PARTS, "things": Things.PARTS.value})


def _no_json(bad: Exception) -> PlanFileFault:
    """Where it stops being one; of one that is too deep that is nowhere."""
    return PlanFileFault(f"line {getattr(bad, 'lineno', 1)}", Flaw.NOT_JSON, {"column": getattr(bad, "colno", 1)})


_KINDS: dict[type, JsonKind] = {
    dict: JsonKind.OBJECT,
    list: JsonKind.LIST,
    str: JsonKind.TEXT,
    bool: JsonKind.YES_NO,
    type(None): JsonKind.NULL,
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), JsonKind.NUMBER).value
