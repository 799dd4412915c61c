"""CSV: a line per seat, for who keeps a hall in a spreadsheet.

    zone,row,seat,x,y,category,access[,guid,radius,marks,label,block]

How spreadsheets save that: planfile_table.py. A list without x and y is drawn, zone below zone and row below row.
What a line per seat cannot tell (the plan's name and size, the categories' colours, what is drawn) stands in lines
after the seats whose first cell is `#plan`, `#category`, `#zone` or `#area`; a file without them is a plan all the
same. So a plan that goes through a spreadsheet comes back whole.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from central.kernel.characters import begins_formula, cells_of
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
    rounded,
)
from central.venues.plan_flaws import Flaw, PlanFileFault, Things
from central.venues.planfile_checks import (
    MOST_CORNERS_EACH,
    MOST_GUID,
    MOST_NAME,
    MOST_PLAN_NAME,
    MOST_SAID,
    SEAT_STEP,
    Enough,
    PlanFault,
    PlanFileChecks,
    joined,
    refused,
    shown,
)
from central.venues.planfile_scale import enlarged, fitted
from central.venues.planfile_table import Notation, SeatList, SeatListStart, columns_of, seat_list_start, slips
from shared.outcome import Ok, Outcome

NEEDED = ("zone", "row", "seat", "x", "y")
AREA = ("shape", "x", "y", "colour", "border", "rotation", "width", "height", "points", "text", "text_x", "text_y",
        "text_colour", "text_size")  # fmt: skip
UNNAMED = "Plan"
MOST_COLUMNS = 40
MOST_LINES = 250_000
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
        self._columns: dict[str, int] = {}
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
        factor = self.settled()
        if self.count:
            return None
        if "x" not in self._columns:
            self._lay_out()
        name, width, height = self._plan or (UNNAMED, 1, 1)
        categories = self._categories or {name: Category(name) for _, name in self._wanted}
        zones = dict.fromkeys((*self._zones, *self._rows, *self._drawn))
        report = ImportReport(laid_out="x" not in self._columns)
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
        needed = NEEDED if {"x", "y"} & self._columns.keys() else [name for name in NEEDED if name not in ("x", "y")]
        for name in needed:
            if name not in self._columns:
                self.fault(at, Flaw.COLUMN_MISSING, name=name)
        return not self.count

    def _seat(self, cells: Sequence[str], at: str) -> None:
        self.met_seat(at)
        if any(cell.strip() for cell in cells[self._width :]):
            self.fault(at, Flaw.CELLS, cells=len(cells), columns=self._width)
            return

        def cell(column: str) -> str:
            index = self._columns.get(column, len(cells))
            return _bare(cells[index].strip(" ")) if index < len(cells) else ""

        def needed(column: str, most: int) -> str:
            return self.text(cell(column), f"{at}, {column}", most)

        before = self.count
        zone, row, number = needed("zone", 60), needed("row", 30), needed("seat", 20)
        category = needed("category", 60) if "category" in self._columns else UNNAMED
        x, y = (self._digits(cell(axis), f"{at}, {axis}") if axis in self._columns else 0.0 for axis in ("x", "y"))
        x, y = self.place(x, y, at)
        access = self.text(cell("access"), f"{at}, access", MOST_NAME, empty=True)
        guid = self.text(cell("guid"), f"{at}, guid", MOST_GUID, empty=True) or usual_guid(zone, row, number)
        radius = int(self._digits(cell("radius") or "10", f"{at}, radius", 1, 1000)) or 10
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

    def _digits(self, text: str, at: str, low: float | None = None, high: float | None = None) -> float:
        plain = self._notation.plain(text)
        if plain is None:
            self.fault(at, Flaw.THOUSANDS, text=shown(text))
            return 0.0
        text = plain
        return self.digits(text, at) if low is None or high is None else self.digits(text, at, low, high)

    # lines that tell more than seats

    def _extra(self, cells: Sequence[str], at: str) -> None:
        kind, *rest = [_bare(cell.strip(" ")) for cell in cells]
        rest += [""] * (len(AREA) + 1 - len(rest))
        if kind == "#plan":
            width, height = (int(self._digits(side, at, 1, 4_000_000)) for side in rest[1:3])
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

        def number(name: str, low: float | None = None, high: float | None = None) -> float:
            return round(self._digits(said[name] or "0", f"{at}, {name}", low, high), 3)

        if said["shape"] not in list(Shape):
            self.fault(at, Flaw.NO_SHAPE, shapes=", ".join(Shape))
            return DrawnArea(Shape.TEXT, 0.0, 0.0)
        shape = Shape(said["shape"])
        points = []
        if said["points"].count(";") > MOST_CORNERS_EACH:
            raise self.too_many(at, Things.CORNERS_EACH, MOST_CORNERS_EACH)
        for pair in said["points"].split(";") if said["points"] else ():
            x, _, y = pair.strip(" ").partition(" ")
            points.append(self.place(self._digits(x, f"{at}, points"), self._digits(y, f"{at}, points"), at))
        if shape is Shape.POLYGON and not points:
            self.fault(at, Flaw.POLYGON_EMPTY)
        text = self.text(said["text"], f"{at}, text", MOST_SAID, empty=shape is not Shape.TEXT)
        return DrawnArea(
            shape,
            *self.place(number("x"), number("y"), at),
            self.colour(said["colour"], f"{at}, colour"),
            self.colour(said["border"], f"{at}, border"),
            number("rotation"),
            tuple(points),
            number("width", 0, 4_000_000),
            number("height", 0, 4_000_000),
            text,
            *self.place(number("text_x"), number("text_y"), at),
            self.colour(said["text_colour"], f"{at}, text_colour"),
            int(self._digits(said["text_size"] or "16", f"{at}, text_size", 1, 10_000)),
        )


def usual_guid(zone: str, row: str, number: str) -> str:
    """What a seat is called in a file that gives it no guid."""
    return f"{zone}-{row}-{number}"


def write_csv(plan: Plan, point: str = ".") -> bytes:
    """`point` before decimals: where it is a comma, semicolons part the cells, as spreadsheets there want it."""
    places = [(zone, row, block, seat) for zone in plan.zones for row, block in _blocks(zone) for seat in row.seats]
    more = [column for column, used in _extras(places).items() if used]
    file = io.StringIO(newline="")
    out = csv.writer(file, delimiter=";" if point == "," else ",", lineterminator="\r\n")

    def number(value: float) -> str:
        return str(rounded(value)).replace(".", point)

    out.writerow([*NEEDED, "category", "access", *more])
    for zone, row, block, seat in places:
        usual = usual_guid(zone.name, row.number, seat.number)
        told = {
            "guid": "" if seat.guid == usual else _safe(seat.guid),
            "radius": seat.radius,
            "marks": " ".join(sorted(seat.marks)),
            "label": row.label or "",
            "block": block or "",
        }
        names = [_safe(text) for text in (zone.name, row.number, seat.number)]
        position = [number(seat.x), number(seat.y)]
        out.writerow([*names, *position, _safe(seat.category), _safe(seat.access), *(told[column] for column in more)])
    out.writerow(["#plan", _safe(plan.name), plan.width, plan.height])
    out.writerows(["#category", _safe(category.name), category.colour] for category in plan.categories)
    if any(not zone.rows for zone in plan.zones):
        out.writerows(["#zone", _safe(zone.name)] for zone in plan.zones)
    out.writerows(["#area", _safe(zone.name), *_area_cells(area, number)] for zone in plan.zones for area in zone.areas)
    return file.getvalue().encode()


def _blocks(zone: Zone) -> Iterator[tuple[SeatRow, int]]:
    """Rows of one name are told apart by a number, from the second one on."""
    seen: dict[str, int] = {}
    for row in zone.rows:
        seen[row.number] = seen.get(row.number, -1) + 1
        yield row, seen[row.number]


def _extras(places: Sequence[tuple[Zone, SeatRow, int, Seat]]) -> dict[str, bool]:
    """Which columns say something."""
    return {
        "guid": any(s.guid != usual_guid(zone.name, row.number, s.number) for zone, row, _, s in places),
        "radius": any(seat.radius != 10 for _, _, _, seat in places),
        "marks": any(seat.marks for _, _, _, seat in places),
        "label": any(row.label for _, row, _, _ in places),
        "block": any(block for _, _, block, _ in places),
    }


def _area_cells(area: DrawnArea, number: Callable[[float], str]) -> list[object]:
    points = ";".join(f"{number(x)} {number(y)}" for x, y in area.points)
    return [
        area.shape.value, number(area.x), number(area.y), area.colour, area.border, number(area.rotation),
        number(area.width), number(area.height), points, _safe(area.text), number(area.text_x), number(area.text_y),
        area.text_colour, area.text_size,
    ]  # fmt: skip


def _safe(text: str) -> str:
    """Behind an apostrophe, what a spreadsheet takes for a formula or this file for a line of its own."""
    first, *others = cells_of(text)
    return "".join((f"'{first}" if first[:1] == "#" else _marked(first), *map(_marked, others)))


def _marked(cell: str) -> str:
    return f"'{cell}" if cell[:1] == "'" or begins_formula(cell) else cell


def _bare(text: str) -> str:
    """What `_safe` made safe, as it was."""
    first, *others = cells_of(text)
    return "".join((first[1:] if first[:2] == "'#" else _unmarked(first), *map(_unmarked, others)))


def _unmarked(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _marked(cell[1:]) != cell[1:] else cell
