"""SVG: a drawing whose elements say which seat they are (docs/plan-files.md tells what is read and what is not).

The file is walked with expat itself, which is what defusedxml guards too: so every fault can name a line. A document
type with declarations of its own, an entity, or anything from elsewhere is refused when it is met. Nothing of the
drawing is kept but positions, sizes, names and colours; a script in it is never looked at.
"""

from collections.abc import Mapping
from xml.parsers.expat import ExpatError, ParserCreate

from central.venues.plan import ROW_LABELS, Category, DrawnArea, Plan, Seat, SeatRow, Shape, Zone
from central.venues.plan_flaws import Flaw, PlanFileFault, Things
from central.venues.planfile_checks import (
    FAR,
    MOST_GUID,
    MOST_NAME,
    MOST_NUMBER,
    MOST_PLAN_NAME,
    MOST_ROW_NAME,
    MOST_SAID,
    Enough,
    PlanFault,
    PlanFileChecks,
    joined,
    refused,
    shown,
)
from central.venues.planfile_csv import UNNAMED, usual_guid
from central.venues.planfile_scale import enlarged, fitted
from central.venues.svg_parts import (
    INNER_SVG,
    DrawnPlace,
    DrawnRow,
    DrawnZone,
    OpenPart,
    add_outline,
    followed,
    turn_of,
    turns_only,
)
from central.venues.svg_shapes import (
    SAME,
    Matrix,
    NotSvg,
    corners,
    keeps_shape,
    moves,
    numbers,
    scale,
    styled,
    times,
    turned,
)
from central.venues.svg_shapes import (
    at as mapped,
)
from shared.outcome import Ok, Outcome

DEEPEST = 100
MOST_ELEMENTS = 500_000
MOST_OF_USED = 2_000  # characters of a shape's attributes
DRAWN = {"rect", "circle", "ellipse", "line", "polygon", "polyline", "path"}


def read_svg(data: bytes) -> Outcome[Plan]:
    reader = _SvgReader()
    plan = None
    try:
        plan = reader.plan(data)
    except Enough:
        pass
    except ExpatError as bad:
        reason = PlanFault.NOT_XML
        return refused(reason, [PlanFileFault(f"line {bad.lineno}", Flaw.NOT_XML)], 1)
    except (LookupError, ValueError):
        return refused(PlanFault.NOT_XML, [PlanFileFault("line 1", Flaw.NOT_XML)], 1)
    except _Hostile as bad:
        return refused(PlanFault.NOT_XML, [bad.fault], 1)
    if plan is None or reader.count:
        return refused(PlanFault.FAULTY, reader.by_line(), reader.count)
    return Ok(plan)


class _Hostile(Exception):
    """A file that tries something: nothing more of it is read."""

    def __init__(self, at: str, what: Flaw, **said: object) -> None:
        super().__init__(at, what)
        self.fault = PlanFileFault(at, what, said)


class _SvgReader(PlanFileChecks):
    def __init__(self) -> None:
        super().__init__()
        self._parser = ParserCreate("utf-8")  # what it says of itself was minded when its letters were read
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.ExternalEntityRefHandler = self._external
        self._places = [DrawnPlace()]
        self._elements = 0
        self._open: OpenPart | None = None
        self._in_text = 0
        self._sheet: list[str] | None = None  # of <style>
        self._uses = False  # whether there is any <use>
        self._shapes: dict[str, tuple[str, dict[str, str]]] = {}  # by id, for <use>
        self._zones: list[DrawnZone] = []
        self._loose: dict[str, int] = {}  # zone → index, of seats and areas that name their zone themselves
        self._declared: dict[str, Category] = {}
        self._colours: dict[str, str] = {}
        self._wanted: list[tuple[str, str]] = []
        self._name = UNNAMED
        self._size: tuple[int, int] | None = None

    # the walk

    def _line(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def _doctype(self, _name: str, _system: str | None, _public: str | None, internal: bool) -> None:
        if internal:
            raise _Hostile(self._line(), Flaw.DOCTYPE)

    def _entity(self, *_: object) -> None:
        raise _Hostile(self._line(), Flaw.ENTITY)

    def _external(self, *_: object) -> int:
        raise _Hostile(self._line(), Flaw.FROM_OUTSIDE)

    def plan(self, data: bytes) -> Plan | None:
        self._uses = b"use " in data
        self._parser.Parse(data, True)
        seats = [seat for zone in self._zones for row in zone.rows for seat in row.seats]
        if not seats and not self.count:
            self.fault("line 1", Flaw.UNMARKED)
        for zone in self._zones:
            if not zone.rows and not zone.areas:
                self.fault(zone.at, Flaw.ZONE_EMPTY, zone=zone.name)
            for row in zone.rows:
                if not row.seats:
                    self.fault(row.at, Flaw.ROW_EMPTY, row=row.number)
        if self._declared:
            self.categories(self._declared.values(), self._wanted)
        factor = self.settled()
        if self.count:
            return None
        width, height = self._size or (1, 1)
        categories = self._declared or {name: Category(name, self._colours.get(name, "")) for _, name in self._wanted}
        zones = joined(
            Zone(
                zone.name,
                tuple(SeatRow(row.number, tuple(row.seats), row.label) for row in zone.rows),
                tuple(zone.areas),
            )
            for zone in self._zones
        )
        plan = enlarged(Plan(self._name, width, height, tuple(categories.values()), zones), factor)
        return self.sized(plan if self._size else fitted(plan))

    def _start(self, tag: str, said: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self.too_many(self._line(), Things.ELEMENTS, MOST_ELEMENTS)
        above = self._places[-1]
        if len(self._places) == 1:
            self._root(tag, said)
        if len(self._places) > DEEPEST:
            raise _Hostile(self._line(), Flaw.DEEP, most=DEEPEST)
        place = above
        if said.keys() & OWN or tag in HIDDEN or tag == "svg":
            place = self._place(tag, said, above)
        self._places.append(place)
        if self._uses and tag in DRAWN and "id" in said:
            self._shapes[said["id"]] = (tag, said)
        if "data-plan-category" in said:
            self._category(said)
        elif self._open is not None:
            self._part(tag, said, place)
        elif "data-seat" in said or "data-area" in said:
            self._open = OpenPart(said, self._line(), place, len(self._places), "data-seat" in said)
            if place.hidden:
                self.fault(self._line(), Flaw.NOT_DRAWN)
            elif "data-seat" in said and "data-area" in said:
                self.fault(self._line(), Flaw.SEAT_OR_AREA)
            self._part(tag, said, place)
        elif tag == "g":
            self._group(said, place)
        if tag == "text":
            self._in_text += 1
        elif tag == "style":
            self._sheet = []

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "text":
            self._in_text -= 1
        elif tag == "style" and self._sheet is not None:
            if names := moves("".join(self._sheet)):
                self.fault(self._line(), Flaw.SHEET_MOVES, names=", ".join(sorted(names)))
            self._sheet = None
        if self._open is not None and len(self._places) == self._open.depth:
            found, self._open = self._open, None
            try:
                if found.is_seat:
                    self._seat(found)
                else:
                    area = self.met_area(self._area(found), found.at)
                    self._zone_of(found.place, found.at).areas.append(area)
            except (NotSvg, ArithmeticError, ValueError) as bad:
                self.misread(found.at, bad)
        self._places.pop()

    def _characters(self, words: str) -> None:
        if self._sheet is not None:
            self._sheet.append(words)
        elif self._open is not None and self._in_text:
            self._open.words.append(words)

    def misread(self, at: str, bad: Exception) -> None:
        if isinstance(bad, NotSvg):
            self.fault(at, bad.what, **bad.said)
        else:
            self.fault(at, Flaw.NUMBER_SIZE)

    # what elements say

    def _root(self, tag: str, said: dict[str, str]) -> None:
        if tag != "svg":
            self.fault(self._line(), Flaw.NOT_SVG, tag=shown(tag))
        if "data-plan" in said:
            self._name = self.text(said["data-plan"], self._line(), MOST_PLAN_NAME)
        try:
            box = numbers(said.get("viewBox", ""))
            if "data-size" in said:  # as we write it: the picture is larger than the plan
                sides = numbers(said["data-size"])
            elif len(box) == 4:
                self._places[0].matrix = SAME if not box[0] and not box[1] else (1, 0, 0, 1, -box[0], -box[1])
                sides = box[2:]
            else:
                sides = numbers(said.get("width", "")) + numbers(said.get("height", ""))
            if len(sides) == 2:
                width, height = (int(self.between(side, self._line(), 1, 4 * FAR)) for side in sides)
                self._size = (width, height)
        except NotSvg as bad:
            self.fault(self._line(), Flaw.SIZE_UNCLEAR)
            self.misread(self._line(), bad)

    def _place(self, tag: str, said: dict[str, str], above: DrawnPlace) -> DrawnPlace:
        same_zone = said.get("data-zone", above.zone) == above.zone
        place = DrawnPlace(
            above.matrix,
            said.get("data-zone", above.zone),
            said.get("data-row", above.row),
            said.get("data-category", above.category),
            said.get("data-access", above.access),
            above.zone_at if same_zone else -1,
            above.row_at if same_zone and said.get("data-row", above.row) == above.row else -1,
            above.hidden or tag in HIDDEN,
            above.moved,
        )
        if tag == "svg" and len(self._places) > 1 and said.keys() & {"x", "y", "viewBox"}:
            place.moved = INNER_SVG
        try:
            place.turn(said)
        except (NotSvg, ArithmeticError) as bad:
            self.misread(self._line(), bad)
        return place

    def _group(self, said: dict[str, str], place: DrawnPlace) -> None:
        """A group that names a zone or a row is that zone or row, and not another of the same name."""
        if "data-zone" in said:
            self._zones.append(DrawnZone(self._named(said["data-zone"], "data-zone", MOST_NAME), self._line()))
            place.zone_at = len(self._zones) - 1
        if "data-row" in said:
            zone = self._zone_of(place, self._line())
            label = said.get("data-row-label") or None
            if label is not None and label not in ROW_LABELS:
                self.fault(self._line(), Flaw.ROW_LABEL)
                label = None
            number = self._named(said["data-row"], "data-row", MOST_ROW_NAME)
            self.met_row(self._line())
            zone.rows.append(DrawnRow(number, self._line(), label))
            place.row_at = len(zone.rows) - 1
            place.zone_at = self._loose[zone.name] if place.zone_at < 0 else place.zone_at

    def _named(self, value: str, what: str, most: int) -> str:
        return self.text(value, f"{self._line()}, {what}", most)

    def _zone_of(self, place: DrawnPlace, at: str) -> DrawnZone:
        if place.zone_at >= 0:
            return self._zones[place.zone_at]
        name = self.text(place.zone, f"{at}, data-zone", MOST_NAME)
        if name not in self._loose:
            self._zones.append(DrawnZone(name, at))
            self._loose[name] = len(self._zones) - 1
        return self._zones[self._loose[name]]

    def _category(self, said: dict[str, str]) -> None:
        name = self.text(said["data-plan-category"], self._line(), MOST_NAME)
        if name in self._declared:
            self.fault(self._line(), Flaw.CATEGORY_TWICE, name=name)
        self._declared[name] = Category(name, self._fill(said, "fill", "data-colour", self._line()))

    def _fill(self, said: Mapping[str, str], name: str, own: str, at: str) -> str:
        """A colour; `none` and gradients are no colour of ours."""
        if own in said:
            return self.colour(said[own], at)
        value = styled(said.get("style", ""), name) or said.get(name, "")
        return (
            "" if value in ("none", "inherit", "currentColor") or value.startswith("url(") else self.colour(value, at)
        )

    # seats and areas

    def _part(self, tag: str, said: dict[str, str], place: DrawnPlace) -> None:
        """One element of an open seat or area."""
        found = self._open
        assert found is not None, "asked for"
        if found.is_seat and len(self._places) > found.depth and ("data-seat" in said or "data-area" in said):
            self.fault(self._line(), Flaw.SEAT_IN_SEAT)
        try:
            if tag in ("text", "tspan"):
                if not found.is_seat and found.text is None:
                    followed(said, place)
                    found.text, found.text_matrix = said, place.matrix
            elif tag in DRAWN or (tag == "use" and found.is_seat):
                followed(said, place)
                shape = self._used(said, place.matrix) if tag == "use" else (tag, said, place.matrix)
                if found.is_seat:
                    add_outline(found, *shape)
                else:
                    found.shapes.append(shape)
        except (NotSvg, ArithmeticError, ValueError) as bad:
            found.broken = True
            self.misread(self._line(), bad)

    def _used(self, said: Mapping[str, str], m: Matrix) -> tuple[str, dict[str, str], Matrix]:
        """The shape that a <use> puts here."""
        name = next((value for key, value in said.items() if key.rpartition(":")[2] == "href"), "")
        shape = self._shapes.get(name.removeprefix("#"))
        if shape is None:
            raise NotSvg(Flaw.USE_UNKNOWN, name=shown(name))
        tag, drawn = shape
        if sum(map(len, drawn.values())) > MOST_OF_USED:  # it is gone through for each seat
            raise NotSvg(Flaw.USE_TOO_LONG, most=MOST_OF_USED)
        own = DrawnPlace()
        own.turn(drawn)
        followed(drawn, own)
        x, y = ((numbers(said.get(axis) or "0") or [0.0])[0] for axis in ("x", "y"))
        return tag, drawn, times(times(m, (1.0, 0.0, 0.0, 1.0, x, y)), own.matrix)

    def _seat(self, found: OpenPart) -> None:
        at, place, said = found.at, found.place, found.said
        self.met_seat(at)
        before = self.count
        number = self.text(said["data-seat"], f"{at}, data-seat", MOST_NUMBER)
        zone_name = self.text(place.zone, f"{at}, data-zone", MOST_NAME)
        row_name = self.text(place.row, f"{at}, data-row", MOST_ROW_NAME)
        category = self.text(place.category, f"{at}, data-category", MOST_NAME)
        access = self.text(place.access, f"{at}, data-access", MOST_NAME, empty=True)
        guid = self.text(said.get("data-guid", ""), f"{at}, data-guid", MOST_GUID, empty=True)
        marks = self.marks(said.get("data-marks", ""), f"{at}, data-marks")
        if not found.points:
            if before == self.count and not found.broken:
                self.fault(at, Flaw.NO_POSITION)
            return
        xs, ys = [x for x, _ in found.points], [y for _, y in found.points]
        x, y = self.place((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, at)
        radius = found.radius or min(max(xs) - min(xs), max(ys) - min(ys)) / 2
        radius = max(1, round(self.between(radius, f"{at}, size", 0, 1000)))
        if before != self.count:
            return
        seat = Seat(number, guid or usual_guid(zone_name, row_name, number), x, y, category, radius, marks, access)
        self._wanted.append((f"{at}, data-category", category))
        if category not in self._colours:
            self._colours[category] = self._fill(said, "fill", "data-colour", at)
        self.unique(seat, at, zone_name, row_name)
        if before == self.count:
            self.overlap(seat, at)
        zone = self._zone_of(place, at)
        index = place.row_at
        if index < 0:
            index = zone.loose.setdefault(row_name, len(zone.rows))
            if index == len(zone.rows):
                self.met_row(at)
                zone.rows.append(DrawnRow(row_name, at, None))
        zone.rows[index].seats.append(seat)

    def _area(self, found: OpenPart) -> DrawnArea:
        said, at = found.said, found.at
        colour, border = (self._fill(said, name, own, at) for name, own in PAINT)
        words = "".join(found.words)
        text = self.text(" ".join(words.split()) if set(words) & set("\n\t\r") else words, at, MOST_SAID, empty=True)
        if not found.shapes:
            if not text:
                raise NotSvg(Flaw.AREA_UNDRAWN)
            area = DrawnArea(Shape.TEXT, 0.0, 0.0, colour, border)
        elif len(found.shapes) > 1:
            raise NotSvg(Flaw.AREA_SHAPES)
        else:
            area = self._shape(found, colour, border)
        x, y, rotation = area.x, area.y, area.rotation
        centre = turn_of(said.get("transform", ""))
        text_x = text_y = 0.0
        text_colour, text_size = "", 16
        own = centre is not None and turns_only(found, centre)
        if own and centre is not None:  # written by us, or as we would: it turns around its own x, y
            rotation, x, y = round(centre[0], 3), *self.place(centre[1], centre[2], at)
        if text and found.text is not None:
            m = SAME if own else found.text_matrix
            tx, ty = ((numbers(found.text.get(name) or "0") or [0.0])[0] for name in ("x", "y"))
            text_x, text_y = self.place(*mapped(m, tx, ty), at)
            text_colour = self._fill(found.text, "fill", "data-colour", at)
            size = (numbers(found.text.get("font-size") or "16") or [16.0])[0] * scale(m)
            text_size = int(self.between(round(size), f"{at}, font-size", 1, 10_000)) or 16
            if area.shape is Shape.TEXT and not own:
                x, y, rotation = text_x, text_y, round(turned(m), 3)
        return DrawnArea(area.shape, x, y, colour, border, rotation, area.points, area.width, area.height,
                    text, text_x, text_y, text_colour, text_size)  # fmt: skip

    def _shape(self, found: OpenPart, colour: str, border: str) -> DrawnArea:
        """The shape as a plan has it. What is squeezed or mirrored becomes a polygon."""
        tag, said, m = found.shapes[0]
        centre = turn_of(found.said.get("transform", ""))
        rotation = 0.0
        if centre is not None and turns_only(found, centre):
            m = SAME
        elif keeps_shape(m):
            rotation = round(turned(m), 3)

        def number(name: str) -> float:
            return (numbers(said.get(name) or "0") or [0.0])[0]

        def size(name: str) -> float:
            return round(self.between(number(name) * scale(m), f"{found.at}, {name}", 0, 4 * FAR), 3)

        if keeps_shape(m) and tag in ("rect", "circle", "ellipse"):
            names = ("x", "y") if tag == "rect" else ("cx", "cy")
            x, y = self.place(*mapped(m, number(names[0]), number(names[1])), found.at)
            if tag == "rect":
                return DrawnArea(Shape.RECTANGLE, x, y, colour, border, rotation, (), size("width"), size("height"))
            if tag == "circle":
                return DrawnArea(Shape.CIRCLE, x, y, colour, border, rotation, (), size("r"), size("r"))
            return DrawnArea(Shape.ELLIPSE, x, y, colour, border, rotation, (), size("rx"), size("ry"))
        points = tuple(self.place(*mapped(m, x, y), found.at) for x, y in corners(tag, said) or [])
        return DrawnArea(Shape.POLYGON, *points[0], colour, border, 0.0, points)


OWN = {
    "transform",
    "transform-origin",
    "transform-box",
    "style",
    "data-zone",
    "data-row",
    "data-category",
    "data-access",
}
HIDDEN = {"defs", "symbol", "clipPath", "mask", "pattern", "marker"}
PAINT = (("fill", "data-colour"), ("stroke", "data-border"))
