"""What every plan file must keep, whatever its format: no seat twice, none on top of another, no number from another
world, no letter that is none. A file is a stranger: nothing in it is trusted, not its numbers, not its letters, not its
size.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum, auto
from math import isfinite

from central.kernel.characters import tidy, unseen
from central.venues.plan import Category, Mark, Seat, Zone
from shared.outcome import Refused

MOST_BYTES = 64 * 1024 * 1024
MOST_DIGITS = 40
MOST_GUID = 200
MOST_FAULTS = 10_000  # a list longer than this helps nobody; what is left off is counted
FAR = 1_000_000.0  # plan units from the origin
PART = 4 * FAR  # the same for one of the parts (zone, row, seat) that are added up
NEAR = 10.0  # seats whose centres are nearer than this, or than the smaller one's radius, lie on top of each other
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,30}|rgba?\([0-9., %]{5,40}\)")


MARKS: dict[str, Mark] = {mark.value: mark for mark in Mark}


class Format(StrEnum):
    JSON = auto()
    SVG = auto()
    CSV = auto()


class PlanFault(StrEnum):
    TOO_LARGE = auto()
    UNKNOWN_FORMAT = auto()
    NOT_JSON = auto()
    NOT_XML = auto()
    NOT_CSV = auto()
    FAULTY = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` is a JSON path or a line; `what` a sentence for the person who mends the file."""

    at: str
    what: str


def refused(reason: PlanFault, faults: list[Fault], count: int) -> Refused:
    return Refused(reason, detail={"count": count, "faults": [asdict(fault) for fault in faults]})


class Checks:
    """Gathers faults. Every method gives a usable value even for a faulty part, so that the walk goes on."""

    number_at = guid_at = position_at = (
        ""  # what comes after a seat's own place, in a format that has a place for these
    )

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.count = 0
        self._guids: dict[str, str] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._grid: dict[tuple[int, int], list[tuple[float, float, float, str]]] = {}

    def fault(self, at: str, what: str) -> None:
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(at, what))

    def text(self, value: str, at: str, most: int, empty: bool = False) -> str:
        """The text as it is kept: composed letters, no odd spaces, nothing that cannot be seen."""
        if value.isascii() and value.isprintable() and 0 < len(value) <= most and value[0] != " " != value[-1]:
            return value
        text = tidy(value).strip(" ")
        if not text and not empty:
            self.fault(at, "This is empty.")
        elif len(text) > most:
            self.fault(at, f"This is longer than {most} characters.")
        elif sign := unseen(text):
            self.fault(at, f"This has a control character or another unseen sign in it, {sign}: {shown(text)}.")
        else:
            return text
        return ""

    def between(self, value: float, at: str, low: float = -PART, high: float = PART) -> float:
        if isfinite(value) and low <= value <= high:
            return float(value)
        self.fault(at, f"This number is not between {low:g} and {high:g}.")
        return 0.0

    def digits(self, text: str, at: str, low: float = -PART, high: float = PART) -> float:
        """A number in a text."""
        try:
            value = float(text) if len(text) <= MOST_DIGITS and "_" not in text else None
        except ValueError:
            value = None
        if value is None:
            self.fault(at, f"This is no number: {shown(text)}." if text else "This is missing.")
            return 0.0
        return self.between(value, at, low, high)

    def place(self, x: float, y: float, at: str) -> tuple[float, float]:
        """An absolute position, out of the parts that make it."""
        if not (abs(x) <= FAR and abs(y) <= FAR):
            self.fault(at, f"This lies further than {FAR:g} from the origin.")
            return 0.0, 0.0
        return round(x, 3) + 0.0, round(y, 3) + 0.0  # + 0.0: minus nought is nought

    def colour(self, value: str, at: str) -> str:
        if not value or COLOUR.fullmatch(value):
            return value
        self.fault(at, "This is no colour such as #d9482b.")
        return ""

    def marks(self, text: str, at: str) -> frozenset[Mark]:
        if not text:
            return NO_MARKS
        words = text.split()
        for word in words:
            if word not in MARKS:
                self.fault(at, f"There is no mark “{shown(word)}”; there are {', '.join(Mark)}.")
        return frozenset(MARKS[word] for word in words if word in MARKS)

    def unique(self, seat: Seat, at: str, zone: str, row: str) -> None:
        there = None
        if number := seat.number:
            there = self._names.setdefault((zone, row, number), at)
            if there is not at:
                what = f"Zone “{zone}”, row “{row}”, seat “{number}” is there already, at {there}."
                self.fault(at + self.number_at, what)
        if seat.guid:
            other = self._guids.setdefault(seat.guid, at)
            if other is not at and other != there:  # a seat that is there twice is one fault
                self.fault(at + self.guid_at, f"The guid “{seat.guid}” is taken already, at {other}.")

    def overlap(self, seat: Seat, at: str) -> None:
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
                    self.fault(at + self.position_at, f"The seat lies on top of another one, at {other}.")
                    return
        self._grid.setdefault((column, line), []).append((seat.x, seat.y, reach, at))

    def categories(self, categories: Iterable[Category], seats: Iterable[tuple[str, str]]) -> None:
        """Each (where, category) of a seat is one of these."""
        known = {category.name for category in categories}
        for at, category in seats:
            if category and category not in known:
                self.fault(at, f"There is no category named “{category}”.")

    def by_line(self) -> list[Fault]:
        """The faults of a file that has lines, in their order; those of one line as they were found."""
        return sorted(self.faults, key=lambda fault: int(fault.at.removeprefix("line ").partition(",")[0]))

    @property
    def any_seat(self) -> bool:
        return bool(self._names)


def joined(zones: Iterable[Zone]) -> tuple[Zone, ...]:
    """Zones of one name are one zone: that is how tickets, prices and lists will know them."""
    found: dict[str, Zone] = {}
    for zone in zones:
        there = found.get(zone.name)
        found[zone.name] = (
            replace(there, rows=there.rows + zone.rows, areas=there.areas + zone.areas) if there else zone
        )
    return tuple(found.values())


def extent(seats: Sequence[Seat]) -> tuple[int, int]:
    """A size that all seats fit into, for a file that does not tell one."""
    return (
        max(1, *(int(seat.x) + 2 * seat.radius for seat in seats)),
        max(1, *(int(seat.y) + 2 * seat.radius for seat in seats)),
    )


NO_MARKS: frozenset[Mark] = frozenset()


def shown(text: str) -> str:
    """A stranger's text, safe and short enough to stand in a sentence."""
    return ascii(text[:40])[1:-1]
