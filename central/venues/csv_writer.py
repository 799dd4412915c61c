"""CSV of a plan, as planfile_csv.py reads it; and what keeps a spreadsheet from taking a text for a formula."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from central.kernel.characters import begins_formula, cells_of
from central.venues.plan import DrawnArea, Plan, Seat, SeatRow, Zone, rounded, usual_guid
from central.venues.planfile_table import COLUMNS


def write_csv(plan: Plan, point: str = ".") -> bytes:
    """`point` before decimals: where it is a comma, semicolons part the cells, as spreadsheets there want it."""
    places = [(zone, row, block, seat) for zone in plan.zones for row, block in _blocks(zone) for seat in row.seats]
    more = [column for column, used in _extras(places).items() if used]
    file = io.StringIO(newline="")
    out = csv.writer(file, delimiter=";" if point == "," else ",", lineterminator="\r\n")

    def number(value: float) -> str:
        return str(rounded(value)).replace(".", point)

    out.writerow([*COLUMNS[:7], *more])
    for zone, row, block, seat in places:
        usual = usual_guid(zone.name, row.number, seat.number)
        told = {
            "guid": "" if seat.guid == usual else safe(seat.guid),
            "radius": seat.radius,
            "marks": " ".join(sorted(seat.marks)),
            "label": row.label or "",
            "block": block or "",
        }
        names = [safe(text) for text in (zone.name, row.number, seat.number)]
        position = [number(seat.x), number(seat.y)]
        out.writerow([*names, *position, safe(seat.category), safe(seat.access), *(told[column] for column in more)])
    out.writerow(["#plan", safe(plan.name), plan.width, plan.height])
    out.writerows(["#category", safe(category.name), category.colour] for category in plan.categories)
    if any(not zone.rows for zone in plan.zones):
        out.writerows(["#zone", safe(zone.name)] for zone in plan.zones)
    out.writerows(["#area", safe(zone.name), *_area_cells(area, number)] for zone in plan.zones for area in zone.areas)
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
        number(area.width), number(area.height), points, safe(area.text), number(area.text_x), number(area.text_y),
        area.text_colour, area.text_size,
    ]  # fmt: skip


def safe(text: str) -> str:
    """Behind an apostrophe, what a spreadsheet takes for a formula or this file for a line of its own."""
    first, *others = cells_of(text)
    return "".join((f"'{first}" if first[:1] == "#" else _marked(first), *map(_marked, others)))


def _marked(cell: str) -> str:
    return f"'{cell}" if cell[:1] == "'" or begins_formula(cell) else cell


def bare(text: str) -> str:
    """What `safe` made safe, as it was."""
    first, *others = cells_of(text)
    return "".join((first[1:] if first[:2] == "'#" else _unmarked(first), *map(_unmarked, others)))


def _unmarked(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _marked(cell[1:]) != cell[1:] else cell
