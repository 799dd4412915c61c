"""SVG: a drawing whose elements say which seat they are (docs/plan-files.md tells what is read and what is not).

Nothing of the drawing is kept but positions, sizes, names and colours. One whose elements say it in words of their own
is read by a mapping (svg_sources.py).
"""

from collections.abc import Mapping

from central.venues.plan import ROW_LABELS, Category, DrawnArea, Plan, Seat, SeatRow, Shape, Zone, usual_guid
from central.venues.plan_flaws import Flaw
from central.venues.planfile_checks import (
    FAR,
    MOST_GUID,
    MOST_NAME,
    MOST_NUMBER,
    MOST_ROW_NAME,
    MOST_SAID,
    shown,
)
from central.venues.planfile_csv import UNNAMED
from central.venues.svg_parts import (
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
    numbers,
    scale,
    styled,
    times,
    turned,
)
from central.venues.svg_shapes import (
    at as mapped,
)
from central.venues.svg_walk import DRAWN, SvgWalk
from shared.outcome import Outcome

NEEDED = ("data-zone", "data-row")  # of each seat, on it or around it
MOST_OF_USED = 2_000  # characters of a shape's attributes


def read_svg(data: bytes) -> Outcome[Plan]:
    reader = _SvgReader()
    return reader.outcome(lambda: reader.plan(data))


class _SvgReader(SvgWalk):
    carried = SvgWalk.carried | {"data-zone", "data-row", "data-category", "data-access"}

    def __init__(self) -> None:
        super().__init__()
        self._open: OpenPart | None = None
        self._in_text = 0
        self._uses = False  # whether there is any <use>
        self._unsaid: list[str] = []  # what every seat needs and nothing here has
        self._categorised = True  # whether any element names a category: else all are in one
        self._shapes: dict[str, tuple[str, dict[str, str]]] = {}  # by id, for <use>
        self._zones: list[DrawnZone] = []
        self._loose: dict[str, int] = {}  # zone → index, of seats and areas that name their zone themselves
        self._declared: dict[str, Category] = {}
        self._colours: dict[str, str] = {}
        self._wanted: list[tuple[str, str]] = []

    def plan(self, data: bytes) -> Plan | None:
        self._uses = b"use " in data
        self._categorised = b"data-category" in data
        self._unsaid = [name for name in NEEDED if name.encode() not in data] if b"data-seat" in data else []
        self.walk(data)
        if self._unsaid:
            self.fault("line 1", Flaw.UNSAID, names=", ".join(self._unsaid))
            return None
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
        categories = self._declared or {name: Category(name, self._colours.get(name, "")) for _, name in self._wanted}
        zones = [
            Zone(
                zone.name,
                tuple(SeatRow(row.number, tuple(row.seats), row.label) for row in zone.rows),
                tuple(zone.areas),
            )
            for zone in self._zones
        ]
        return self.finished(categories.values(), zones)

    def opened(self, tag: str, said: dict[str, str], place: DrawnPlace) -> None:
        if self._unsaid:
            return
        if self._uses and tag in DRAWN and "id" in said:
            self._shapes[said["id"]] = (tag, said)
        if "data-plan-category" in said:
            self._category(said)
        elif self._open is not None:
            self._part(tag, said, place)
        elif "data-seat" in said or "data-area" in said:
            self._open = OpenPart(said, self.line(), place, len(self._places), "data-seat" in said)
            if place.hidden:
                self.fault(self.line(), Flaw.NOT_DRAWN)
            elif "data-seat" in said and "data-area" in said:
                self.fault(self.line(), Flaw.SEAT_OR_AREA)
            self._part(tag, said, place)
        elif tag == "g":
            self._group(said, place)
        if tag == "text":
            self._in_text += 1

    def closed(self, tag: str) -> None:
        if self._unsaid:
            return
        if tag == "text":
            self._in_text -= 1
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

    def characters(self, words: str) -> None:
        if self._open is not None and self._in_text:
            self._open.words.append(words)

    # what elements say

    def inside(self, said: Mapping[str, str], above: DrawnPlace) -> DrawnPlace:
        place = super().inside(said, above)
        place.zone = said.get("data-zone", above.zone)
        place.row = said.get("data-row", above.row)
        place.category = said.get("data-category", above.category)
        place.access = said.get("data-access", above.access)
        if place.zone == above.zone:
            place.zone_at = above.zone_at
            place.row_at = above.row_at if place.row == above.row else -1
        return place

    def _group(self, said: dict[str, str], place: DrawnPlace) -> None:
        """A group that names a zone or a row is that zone or row, and not another of the same name."""
        if "data-zone" in said:
            self._zones.append(DrawnZone(self._named(said["data-zone"], "data-zone", MOST_NAME), self.line()))
            place.zone_at = len(self._zones) - 1
        if "data-row" in said:
            zone = self._zone_of(place, self.line())
            label = said.get("data-row-label") or None
            if label is not None and label not in ROW_LABELS:
                self.fault(self.line(), Flaw.ROW_LABEL)
                label = None
            number = self._named(said["data-row"], "data-row", MOST_ROW_NAME)
            self.met_row(self.line())
            zone.rows.append(DrawnRow(number, self.line(), label))
            place.row_at = len(zone.rows) - 1
            place.zone_at = self._loose[zone.name] if place.zone_at < 0 else place.zone_at

    def _named(self, value: str, what: str, most: int) -> str:
        return self.text(value, f"{self.line()}, {what}", most)

    def _zone_of(self, place: DrawnPlace, at: str) -> DrawnZone:
        if place.zone_at >= 0:
            return self._zones[place.zone_at]
        name = self.text(place.zone, f"{at}, data-zone", MOST_NAME)
        if name not in self._loose:
            self._zones.append(DrawnZone(name, at))
            self._loose[name] = len(self._zones) - 1
        return self._zones[self._loose[name]]

    def _category(self, said: dict[str, str]) -> None:
        name = self.text(said["data-plan-category"], self.line(), MOST_NAME)
        if name in self._declared:
            self.fault(self.line(), Flaw.CATEGORY_TWICE, name=name)
        self._declared[name] = Category(name, self._fill(said, "fill", "data-colour", self.line()))

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
            self.fault(self.line(), Flaw.SEAT_IN_SEAT)
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
            self.misread(self.line(), bad)

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
        category = self.text(place.category, f"{at}, data-category", MOST_NAME) if self._categorised else UNNAMED
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


PAINT = (("fill", "data-colour"), ("stroke", "data-border"))
