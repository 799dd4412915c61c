"""What every plan file must keep, whatever its format: no seat twice, none on top of another, no number from another
world, no letter that is none. A file is a stranger: nothing in it is trusted, not its numbers, not its letters, not its
size.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum, auto
from itertools import pairwise
from math import hypot, isfinite
from statistics import median_high
from typing import Any

from central.kernel.characters import tidy, unseen
from central.venues.plan import Category, DrawnArea, Mark, Plan, Seat, Shape, Zone
from central.venues.plan_flaws import Flaw, PlanFileFault, Things
from shared.outcome import Reason, Refused

MOST_BYTES = 32 * 1024 * 1024  # 100,000 places as JSON, spaced as we write it, are 29 MB
MOST_PARTS = 2_000_000  # objects and lists of a JSON, or lines of a CSV; 100,000 places have 200,000
MOST_PLACES = 100_000
MOST_ZONES = 1_000
MOST_ROWS = 20_000
MOST_CATEGORIES = 200
MOST_TIES = 2_000  # zones times the accesses that lead to them
MOST_AREAS = 2_000
MOST_CORNERS = 30_000  # of all that is drawn beside the seats: each page with the plan carries them
MOST_CORNERS_EACH = 5_000
ELLIPSE_CORNERS = 48  # as `DrawnArea.outline` draws it
MOST_DIGITS = 40
MOST_GUID = 200
MOST_PLAN_NAME = 120
MOST_NAME = 60  # of a category, a zone, an access
MOST_ROW_NAME = 30
MOST_NUMBER = 20  # what a seat is called in its row
MOST_SAID = 200  # in an area
MOST_FAULTS = 1_000  # places that an answer lists
MOST_OF_A_KIND = 20  # of them with one cause; how many more there are is one sentence
MOST_COUNTED = 500_000  # faults after which nobody reads on
FAR = 1_000_000.0  # plan units from the origin
PART = 4 * FAR  # the same for one of the parts (zone, row, seat) that are added up
NEAR = 10.0  # seats whose centres are nearer than this, or than the smaller one's radius, lie on top of each other
SEAT_STEP = 25.0  # plan units from a seat to the next, usually
SEAT_RADIUS = 10
LEVELS = (1.5, 3.0, 6.0, NEAR)  # see `_on_top`
MOST_MARKS = 4  # code points that one kept letter may be written with
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,30}|(?:rgb|hsl)a?\([0-9., %/deg]{5,40}\)")


MARKS: dict[str, Mark] = {mark.value: mark for mark in Mark}


class Format(StrEnum):
    JSON = auto()
    SVG = auto()
    CSV = auto()


class PlanFault(Reason):
    # whose: of one command's own size
    TOO_LARGE = auto()  # in bytes, or in parts, before anything is read
    UNKNOWN_FORMAT = auto()
    NOT_JSON = auto()
    NOT_XML = auto()
    NOT_CSV = auto()
    FAULTY = auto()
    # whose: of one plan's own
    TOO_MANY_ZONES = auto()  # with seats: a ticket could not tell them apart


def refused(reason: PlanFault, faults: list[PlanFileFault], count: int) -> Refused:
    return Refused(reason, detail={"count": count, "faults": [fault.told() for fault in faults]})


class Enough(Exception):
    """So much is wrong, or there is so much of it, that reading on would tell nobody anything."""


class PlanFileChecks:
    """Gathers faults. Every method gives a usable value even for a faulty part, so that the walk goes on."""

    whole = "line 1"  # where a fault stands that is the whole plan's
    number_at = guid_at = position_at = (
        ""  # what comes after a seat's own place, in a format that has a place for these
    )

    def __init__(self) -> None:
        self.count = 0
        self._faults: list[PlanFileFault] = []
        self._kinds: Counter[Flaw] = Counter()
        self._guids: dict[str, str] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._placed: list[tuple[Seat, str]] = []
        self._areas = self._corners = self._seats_met = self._rows_met = 0

    def fault(self, at: str, what: Flaw, **said: Any) -> None:
        """`what` is the cause, `said` what it is about here. Faults with one cause are one thing to mend: the first of
        them are listed, the others counted."""
        if self.count >= MOST_COUNTED:
            raise Enough
        self.count += 1
        self._kinds[what] += 1
        if self._kinds[what] <= MOST_OF_A_KIND and len(self._faults) < MOST_FAULTS:
            self._faults.append(PlanFileFault(at, what, said))

    @property
    def faults(self) -> list[PlanFileFault]:
        """As they were found; then a sentence for each cause that more has than is listed."""
        return [*self._faults, *self._more()]

    def _more(self) -> list[PlanFileFault]:
        return [
            PlanFileFault("…", Flaw.MORE, {"n": n - MOST_OF_A_KIND, "of": what.fault})
            for what, n in self._kinds.items()
            if n > MOST_OF_A_KIND
        ]

    def too_many(self, at: str, things: Things, most: int) -> Enough:
        """To be raised: one sentence, and nothing more is read."""
        self.fault(at, Flaw.TOO_MANY, most=most, things=things.value)
        return Enough()

    def sized(self, plan: Plan) -> Plan:
        """The plan, if there is not too much of what each of its pages, feeds and devices will carry."""
        ties = sum(len(names) for names in plan.accesses.values())
        for there, most, things in (
            (len(plan.zones), MOST_ZONES, Things.ZONES),
            (len(plan.categories), MOST_CATEGORIES, Things.CATEGORIES),
            (ties, MOST_TIES, Things.ACCESSES),
        ):
            if there > most:
                self.fault(self.whole, Flaw.TOO_MANY, most=most, things=things.value)
        return plan

    def met_seat(self, at: str) -> None:
        self._seats_met += 1
        if self._seats_met > MOST_PLACES:
            raise self.too_many(at, Things.SEATS, MOST_PLACES)

    def met_row(self, at: str) -> None:
        self._rows_met += 1
        if self._rows_met > MOST_ROWS:
            raise self.too_many(at, Things.ROWS, MOST_ROWS)

    def met_area(self, area: DrawnArea, at: str) -> DrawnArea:
        corners = ELLIPSE_CORNERS if area.shape is Shape.ELLIPSE else len(area.points)
        if corners > MOST_CORNERS_EACH:
            raise self.too_many(at, Things.CORNERS_EACH, MOST_CORNERS_EACH)
        self._areas, self._corners = self._areas + 1, self._corners + corners
        if self._areas > MOST_AREAS:
            raise self.too_many(at, Things.AREAS, MOST_AREAS)
        if self._corners > MOST_CORNERS:
            raise self.too_many(at, Things.CORNERS, MOST_CORNERS)
        return area

    def text(self, value: str, at: str, most: int, empty: bool = False) -> str:
        """The text as it is kept: composed letters, no odd spaces, nothing that cannot be seen."""
        if value.isascii() and value.isprintable() and 0 < len(value) <= most and value[0] != " " != value[-1]:
            return value
        if len(value.strip()) > MOST_MARKS * most:  # composing letters and marks takes their number squared
            self.fault(at, Flaw.TOO_LONG, most=most)
            return ""
        text = tidy(value).strip(" ")
        if not text and not empty:
            self.fault(at, Flaw.EMPTY)
        elif len(text) > most:
            self.fault(at, Flaw.TOO_LONG, most=most)
        elif sign := unseen(text):
            self.fault(at, Flaw.UNSEEN, sign=sign, text=shown(text))
        else:
            return text
        return ""

    def between(self, value: float, at: str, low: float = -PART, high: float = PART) -> float:
        if isfinite(value) and low <= value <= high:
            return float(value)
        self.fault(at, Flaw.NOT_BETWEEN, low=low, high=high)
        return 0.0

    def digits(self, text: str, at: str, low: float = -PART, high: float = PART) -> float:
        """A number in a text."""
        try:
            value = float(text) if len(text) <= MOST_DIGITS and "_" not in text else None
        except ValueError:
            value = None
        if value is None:
            if text:
                self.fault(at, Flaw.NO_NUMBER, text=shown(text))
            else:
                self.fault(at, Flaw.MISSING)
            return 0.0
        return self.between(value, at, low, high)

    def place(self, x: float, y: float, at: str) -> tuple[float, float]:
        """An absolute position, out of the parts that make it."""
        if not (abs(x) <= FAR and abs(y) <= FAR):
            self.fault(at, Flaw.TOO_FAR, most=int(FAR))
            return 0.0, 0.0
        return round(x, 3) + 0.0, round(y, 3) + 0.0  # + 0.0: minus nought is nought

    def colour(self, value: str, at: str) -> str:
        if not value or COLOUR.fullmatch(value):
            return value
        self.fault(at, Flaw.NO_COLOUR)
        return ""

    def marks(self, text: str, at: str) -> frozenset[Mark]:
        if not text:
            return NO_MARKS
        words = text.split()
        for word in words:
            if word not in MARKS:
                self.fault(at, Flaw.NO_MARK, word=shown(word), marks=", ".join(Mark))
        return frozenset(MARKS[word] for word in words if word in MARKS)

    def unique(self, seat: Seat, at: str, zone: str, row: str) -> None:
        there = None
        if number := seat.number:
            there = self._names.setdefault((zone, row, number), at)
            if there is not at:
                where = at + self.number_at
                self.fault(where, Flaw.SEAT_TWICE, zone=zone, row=row, number=number, other=there)
        if seat.guid:
            other = self._guids.setdefault(seat.guid, at)
            if other is not at and other != there:  # a seat that is there twice is one fault
                self.fault(at + self.guid_at, Flaw.GUID_TAKEN, guid=seat.guid, other=other)

    def overlap(self, seat: Seat, at: str) -> None:
        """To be looked at with all others, by `settled`."""
        self._placed.append((seat, at))

    def settled(self, *, in_units: bool = False) -> float:
        """Says which seats lie on top of others, and how many times as large the plan is to be taken: more than once
        where it is drawn in feet or metres. Then the usual step is what it is elsewhere.
        `in_units`: it is in plan units for certain."""
        on_top, factor = self._on_top(1.0), 1.0
        if on_top and len(self._placed) > 2 and not in_units:
            step = self.usual_step()
            furthest = max(max(abs(seat.x), abs(seat.y)) for seat, _ in self._placed)
            if 0 < step < NEAR and furthest * SEAT_STEP / step <= FAR:
                factor = SEAT_STEP / step
                on_top = self._on_top(factor)
        for at, other in on_top:
            self.fault(at + self.position_at, Flaw.ON_TOP, other=other)
        return factor

    def usual_step(self) -> float:
        """From a seat to the next; nought where there are too few to tell."""
        steps = [hypot(a.x - b.x, a.y - b.y) for (a, _), (b, _) in pairwise(self._placed)]
        return median_high(steps) if len(steps) > 1 else 0.0

    def _on_top(self, factor: float) -> list[tuple[str, str]]:
        """Looks around each seat in a grid for each size of seats: two of them are too near at the smaller one's reach,
        so a cell is as wide as the reach of those in it. One that overlaps is not put in. So a cell never holds more
        than a few, whatever the file says."""
        grids: dict[int, dict[tuple[int, int], list[tuple[float, float, float, str]]]] = {}
        found = []
        for seat, at in self._placed:
            reach = min(NEAR, seat.radius * factor)
            spot = (seat.x * factor, seat.y * factor)
            if other := _near(grids, *spot, reach):
                found.append((at, other))
                continue
            level = next(n for n, most in enumerate(LEVELS) if reach <= most)
            cell = (int(spot[0] // LEVELS[level]), int(spot[1] // LEVELS[level]))
            grids.setdefault(level, {}).setdefault(cell, []).append((*spot, reach, at))
        return found

    def categories(self, categories: Iterable[Category], seats: Iterable[tuple[str, str]]) -> None:
        """Each (where, category) of a seat is one of these."""
        known = {category.name for category in categories}
        for at, category in seats:
            if category and category not in known:
                self.fault(at, Flaw.NO_CATEGORY, name=category)

    def by_line(self) -> list[PlanFileFault]:
        """The faults of a file that has lines, in their order; those of one line as they were found."""
        in_order = sorted(self._faults, key=lambda fault: int(fault.at.removeprefix("line ").partition(",")[0]))
        return [*in_order, *self._more()]

    @property
    def any_seat(self) -> bool:
        return bool(self._names)


def _near(
    grids: dict[int, dict[tuple[int, int], list[tuple[float, float, float, str]]]], x: float, y: float, reach: float
) -> str:
    """Where the seat stands in the file that one here would lie on; empty: on none."""
    for level, grid in grids.items():
        column, line = int(x // LEVELS[level]), int(y // LEVELS[level])
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
            for other_x, other_y, radius, other in grid.get(cell, ()):
                if (other_x - x) ** 2 + (other_y - y) ** 2 < min(reach, radius) ** 2:
                    return other
    return ""


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
