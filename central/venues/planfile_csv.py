"""CSV: a line per seat, for who keeps a hall in a spreadsheet.

    zone,row,seat,x,y,category,access[,guid,radius,marks,label,block]

How spreadsheets save that: planfile_table.py. A list without x and y is drawn, zone below zone and row below row.
What a line per seat cannot tell (the plan's name and size, the categories' colours, what is drawn) stands in lines
after the seats whose first cell is `#plan`, `#category`, `#zone` or `#area`; a file without them is a plan all the
same. So a plan that goes through a spreadsheet comes back whole.
"""

import csv
from collections.abc import Sequence
from dataclasses import replace

from central.venues.csv_writer import bare
from central.venues.plan import (
    ROW_LABELS,
    Category,
    DrawnArea,
    ImportReport,
    Plan,
    RowLabel,
    Seat,
    SeatRow,
    Shape,
    Zone,
    usual_guid,
)
from central.venues.plan_flaws import Flaw, PlanFileFault, Things
from central.venues.planfile_axes import Unit, axis_of, unclear_axes
from central.venues.planfile_checks import (
    MOST_CORNERS_EACH,
    MOST_GUID,
    MOST_NAME,
    MOST_PLAN_NAME,
    MOST_SAID,
    SEAT_RADIUS,
    SEAT_STEP,
    Enough,
    PlanFault,
    PlanFileChecks,
    joined,
    refused,
    shown,
)
from central.venues.planfile_scale import enlarged, fitted
from central.venues.planfile_table import (
    Notation,
    SeatList,
    SeatListStart,
    columns_of,
    letters_of,
    seat_list_start,
    slips,
    unread,
)
from shared.outcome import Ok, Outcome

AREA = ("shape", "x", "y", "colour", "border", "rotation", "width", "height", "points", "text", "text_x", "text_y",
        "text_colour", "text_size")  # fmt: skip
UNNAMED = "Plan"
MOST_COLUMNS = 40
MOST_LINES = 250_000
MOST_UNREAD = 12  # columns that are named
LEAST_STEP, MOST_STEP = 4.0, 250.0  # from a seat to the next, 8 cm and 5 m: else the unit is another
LAID_OUT_FROM, ROW_STEP = 50.0, 30.0  # plan units


def read_csv(data: bytes) -> Outcome[Plan]:
    text = data.decode()
    table = SeatList(text, seat_list_start(text) or SeatListStart(0, 0, ","))
    plan = None
    try:
        reader = _CsvReader(table.notation())
        plan = reader.plan(table)
    except Enough:
        pass
    except csv.Error:
        return refused(PlanFault.NOT_CSV, [PlanFileFault(f"line {table.line}", Flaw.NOT_CSV)], 1)
    if plan is None or reader.count:
        return refused(PlanFault.FAULTY, reader.by_line(), reader.count)
    return Ok(plan)


class _CsvReader(PlanFileChecks):
    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._notation = notation
        self._width = 0  # cells of the line with the columns
        self._columns_at = "line 1"
        self._columns: dict[str, int] = {}
        self._unread: list[str] = []  # columns that are nobody's
        self._nameless: set[int] = set()  # and those without a name, which may hold nothing
        self._unit: Unit | None = None  # in which its positions count, if they say so
        self._scale = 1.0  # plan units in one of what they count in
        self._rows: dict[str, dict[tuple[str, str], tuple[RowLabel | None, list[Seat]]]] = {}
        self._wanted: list[tuple[str, str]] = []  # where, category
        self._seats: list[Seat] = []
        self._plan: tuple[str, int, int] | None = None
        self._categories: dict[str, Category] = {}
        self._zones: dict[str, str] = {}  # named by a line of their own → where
        self._drawn: dict[str, list[DrawnArea]] = {}
        self._spelt: dict[str, str] = {}  # a zone's name in small letters → as it came first

    def plan(self, table: SeatList) -> Plan | None:
        for n, cells in enumerate(table):
            at = f"line {table.line}"
            if n >= MOST_LINES:
                raise self.too_many(at, Things.LINES, MOST_LINES)
            if not any(cell.strip() for cell in cells):
                continue
            if not self._columns:
                if not self._header(cells, at):
                    return None
            elif cells[0].startswith("#"):
                self._extra(cells, at)
            else:
                self._seat(cells, at)
        if not self._seats and not self.count:
            self.fault("line 1", Flaw.NO_SEAT)
        if self._categories:
            self.categories(self._categories.values(), self._wanted)
        for zone, at in self._zones.items():
            if zone not in self._rows and zone not in self._drawn:
                self.fault(at, Flaw.ZONE_EMPTY, zone=zone)
        factor = 1.0 if self._far_apart() else self.settled(in_units=self._unit is not None)
        if self.count:
            return None
        if "x" not in self._columns:
            self._lay_out()
        name, width, height = self._plan or (UNNAMED, 1, 1)
        categories = self._categories or {name: Category(name) for _, name in self._wanted}
        zones = dict.fromkeys((*self._zones, *self._rows, *self._drawn))
        unit = self._unit.value if self._unit else ""
        report = ImportReport(laid_out="x" not in self._columns, unit=unit, unread=tuple(self._unread[:MOST_UNREAD]))
        plan = Plan(name, width, height, tuple(categories.values()), joined(map(self._zone, zones)), report)
        plan = enlarged(plan, factor)
        return self.sized(plan if self._plan else fitted(plan))

    def _lay_out(self) -> None:
        """Zone below zone, row below row, a row's seats from the left as they are listed."""
        y = LAID_OUT_FROM
        for rows in self._rows.values():
            for _, seats in rows.values():
                seats[:] = [replace(each, x=LAID_OUT_FROM + n * SEAT_STEP, y=y) for n, each in enumerate(seats)]
                y += ROW_STEP
            y += ROW_STEP

    def _zone(self, name: str) -> Zone:
        rows = self._rows.get(name, {})
        return Zone(
            name,
            tuple(SeatRow(row, tuple(seats), label) for (row, _), (label, seats) in rows.items()),
            tuple(self._drawn.get(name, ())),
        )

    def _header(self, cells: Sequence[str], at: str) -> bool:
        self._columns_at = at
        self._width = max(n for n, cell in enumerate(cells, 1) if cell.strip())
        if self._width > MOST_COLUMNS:
            raise self.too_many(at, Things.COLUMNS, MOST_COLUMNS)
        cells = cells[: self._width]
        for column, where in columns_of(cells).items():
            if len(where) > 1:
                self.fault(at, Flaw.COLUMN_TWICE, name=column)
            self._columns[column] = where[0]
        for slip, near in slips(cells):
            self.fault(at, Flaw.COLUMN_SLIP, name=shown(slip), near=near)
        self._unread, self._nameless = unread(cells, self._columns.values())
        self._axes(cells, at)
        for name in ("zone", "row", "seat"):
            if name not in self._columns:
                self.fault(at, Flaw.COLUMN_MISSING, name=name)
        return not self.count

    def _axes(self, cells: Sequence[str], at: str) -> None:
        """Positions are read from both columns or from none, and what may be one is never passed over."""
        there = {name: cells[self._columns[name]] for name in ("x", "y") if name in self._columns}
        unclear = unclear_axes(cells) if len(there) < 2 else []
        for cell in unclear:
            self.fault(at, Flaw.COLUMN_UNCLEAR, name=shown(cell))
        if len(there) == 1 and not unclear:
            self.fault(at, Flaw.COLUMN_MISSING, name="y" if "x" in there else "x")
        units = {axis.unit for cell in there.values() if (axis := axis_of(cell))}
        if len(units) > 1:
            self.fault(at, Flaw.UNITS_DIFFER, x=shown(there["x"]), y=shown(there["y"]))
        self._unit = units.pop() if units else None
        self._scale = self._unit.units if self._unit else 1.0

    def _far_apart(self) -> bool:
        """Whether what the columns say they count in cannot be, by the usual step from a seat to the next."""
        step = self.usual_step()
        if self._unit is None or not step or LEAST_STEP <= step <= MOST_STEP:
            return False
        metres = max(0.001, step / Unit.M.units)
        self.fault(self._columns_at, Flaw.UNIT_UNLIKELY, unit=self._unit.value, metres=float(f"{metres:.2g}"))
        return True

    def _seat(self, cells: Sequence[str], at: str) -> None:
        self.met_seat(at)
        if any(cell.strip() for cell in cells[self._width :]):
            self.fault(at, Flaw.CELLS, cells=len(cells), columns=self._width)
            return
        for n in [n for n in self._nameless if n < len(cells) and cells[n].strip()]:
            self._nameless.remove(n)
            self._unread.append(letters_of(n))

        def cell(column: str) -> str:
            index = self._columns.get(column, len(cells))
            return bare(cells[index].strip(" ")) if index < len(cells) else ""

        def needed(column: str, most: int) -> str:
            return self.text(cell(column), f"{at}, {column}", most)

        before = self.count
        zone, row, number = needed("zone", 60), needed("row", 30), needed("seat", 20)
        category = needed("category", 60) if "category" in self._columns else UNNAMED
        x, y = (self._length(cell(axis), f"{at}, {axis}") if axis in self._columns else 0.0 for axis in ("x", "y"))
        x, y = self.place(x, y, at)
        access = self.text(cell("access"), f"{at}, access", MOST_NAME, empty=True)
        guid = self.text(cell("guid"), f"{at}, guid", MOST_GUID, empty=True) or usual_guid(zone, row, number)
        radius = self._radius(cell("radius"), f"{at}, radius")
        marks = self.marks(cell("marks"), f"{at}, marks")
        label: RowLabel | None = None
        if wanted := cell("label"):
            label = next((one for one in ROW_LABELS if one == wanted), None)
            if label is None:
                self.fault(f"{at}, label", Flaw.ROW_LABEL)
        seat = Seat(number, guid, x, y, category, radius, marks, access)
        self._wanted.append((f"{at}, category", category))
        if before != self.count:
            return
        self.unique(seat, at, zone, row)
        first = self._spelt.setdefault(zone.casefold(), zone)
        if first != zone:
            self.fault(f"{at}, zone", Flaw.ZONE_SPELT, zone=zone, first=first)
        if before == self.count and "x" in self._columns:
            self.overlap(seat, at)
        rows = self._rows.setdefault(zone, {})
        block = (row, cell("block"))
        if block not in rows:
            self.met_row(at)
        said, seats = rows.setdefault(block, (label, []))
        if said != label:
            self.fault(f"{at}, label", Flaw.ROW_SAYS, row=row, label=said or "")
        seats.append(seat)
        self._seats.append(seat)

    def _length(self, text: str, at: str, low: float | None = None, high: float | None = None) -> float:
        """In plan units."""
        return self._digits(text, at, low, high) * self._scale

    def _radius(self, text: str, at: str) -> int:
        """Of a seat; where lengths are measured, at most as large as one usually is drawn."""
        if not text:
            return SEAT_RADIUS
        if self._unit is None:
            return int(self._digits(text, at, 1, 1000)) or SEAT_RADIUS
        return max(1, min(SEAT_RADIUS, round(self._length(text, at, 0, 1000))))

    def _digits(self, text: str, at: str, low: float | None = None, high: float | None = None) -> float:
        plain = self._notation.plain(text)
        if plain is None:
            self.fault(at, Flaw.THOUSANDS, text=shown(text))
            return 0.0
        text = plain
        return self.digits(text, at) if low is None or high is None else self.digits(text, at, low, high)

    # lines that tell more than seats

    def _extra(self, cells: Sequence[str], at: str) -> None:
        kind, *rest = [bare(cell.strip(" ")) for cell in cells]
        rest += [""] * (len(AREA) + 1 - len(rest))
        if kind == "#plan":
            width, height = (max(1, int(self._length(side, at, 1, 4_000_000))) for side in rest[1:3])
            self._plan = (self.text(rest[0], at, MOST_PLAN_NAME), width, height)
        elif kind == "#category":
            name = self.text(rest[0], at, MOST_NAME)
            if name in self._categories:
                self.fault(at, Flaw.CATEGORY_TWICE, name=name)
            self._categories[name] = Category(name, self.colour(rest[1], at))
        elif kind == "#zone":
            self._zones.setdefault(self.text(rest[0], at, MOST_NAME), at)
        elif kind == "#area":
            self._drawn.setdefault(self.text(rest[0], at, MOST_NAME), []).append(
                self.met_area(self._area(rest[1:], at), at)
            )
        else:
            self.fault(at, Flaw.NO_LINE, word=shown(kind))

    def _area(self, cells: Sequence[str], at: str) -> DrawnArea:
        said = dict(zip(AREA, cells, strict=False))

        def length(name: str, low: float | None = None, high: float | None = None) -> float:
            return round(self._length(said[name] or "0", f"{at}, {name}", low, high), 3)

        if said["shape"] not in list(Shape):
            self.fault(at, Flaw.NO_SHAPE, shapes=", ".join(Shape))
            return DrawnArea(Shape.TEXT, 0.0, 0.0)
        shape = Shape(said["shape"])
        points = []
        if said["points"].count(";") > MOST_CORNERS_EACH:
            raise self.too_many(at, Things.CORNERS_EACH, MOST_CORNERS_EACH)
        for pair in said["points"].split(";") if said["points"] else ():
            x, _, y = pair.strip(" ").partition(" ")
            points.append(self.place(self._length(x, f"{at}, points"), self._length(y, f"{at}, points"), at))
        if shape is Shape.POLYGON and not points:
            self.fault(at, Flaw.POLYGON_EMPTY)
        text = self.text(said["text"], f"{at}, text", MOST_SAID, empty=shape is not Shape.TEXT)
        return DrawnArea(
            shape,
            *self.place(length("x"), length("y"), at),
            self.colour(said["colour"], f"{at}, colour"),
            self.colour(said["border"], f"{at}, border"),
            round(self._digits(said["rotation"] or "0", f"{at}, rotation"), 3),
            tuple(points),
            length("width", 0, 4_000_000),
            length("height", 0, 4_000_000),
            text,
            *self.place(length("text_x"), length("text_y"), at),
            self.colour(said["text_colour"], f"{at}, text_colour"),
            int(self._digits(said["text_size"] or "16", f"{at}, text_size", 1, 10_000)),
        )
