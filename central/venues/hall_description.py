"""A description of a hall, small enough for an editor to send: blocks of rows, and what is drawn around them.
`drawing.drawn` makes a plan of it.

Directions are those of the drawing with the stage on top: rows count from the stage backwards, places from the left.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from central.venues.plan import Category, DrawnArea, Mark, RowLabel

MARGIN = 50


class Numbering(StrEnum):
    """Of the seats of a row, as they lie on the drawing."""

    LEFT_RIGHT = auto()  # 1 2 3 4 5 6
    RIGHT_LEFT = auto()  # 6 5 4 3 2 1
    ODD_EVEN = auto()  # 5 3 1 2 4 6: odd to the left of the middle, as in French theatres
    EVEN_ODD = auto()  # 6 4 2 1 3 5


class RowNames(StrEnum):
    LETTERS = auto()  # A … Z AA AB …
    NUMBERS = auto()


class Align(StrEnum):
    """Where rows of different lengths stand under each other."""

    LEFT = auto()
    MIDDLE = auto()
    RIGHT = auto()


@dataclass(frozen=True, slots=True)
class Aisle:
    """A gap of `width` plan units after the `after`-th place from the left, in every row that is so long."""

    after: int
    width: float = 50.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a block by its row and its place in it, both counted from 1."""

    row: int
    place: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A place that is marked: a wheelchair place, a companion's seat, a restricted view."""

    row: int
    place: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class DrawBlock:
    """`x`, `y` is where the middle of the front row lies. `seats`: in each row, or `row_seats` row by row.

    `curve` is the radius of the front row's arc, 0 for straight rows: above 0 the rows bend around a point in front of
    them, below 0 around one behind. `rotation` turns the block around `x`, `y`, clockwise in degrees. `stagger` shifts
    each second row by so much to the right. `missing` places are left out (a pillar); with `count_missing` their
    numbers are left out too. With `continuous` the numbers go on from row to row. A house that numbers one side evenly
    says `first_number` 2, `every` 2.
    """

    zone: str
    category: str
    x: float
    y: float
    rows: int
    seats: int = 0
    row_seats: tuple[int, ...] = ()
    seat_step: float = 25.0
    row_step: float = 30.0
    radius: int = 10
    curve: float = 0.0
    rotation: float = 0.0
    align: Align = Align.MIDDLE
    stagger: float = 0.0
    aisles: tuple[Aisle, ...] = ()
    missing: tuple[Spot, ...] = ()
    count_missing: bool = False
    numbering: Numbering = Numbering.LEFT_RIGHT
    first_number: int = 1
    every: int = 1
    continuous: bool = False
    row_naming: RowNames = RowNames.LETTERS
    first_row: str = ""  # A or 1 if not said
    skipped: str = ""  # letters that no row has: "IO"
    rows_from_back: bool = False
    row_names: tuple[str, ...] = ()  # front to back, instead of all that
    row_categories: tuple[str, ...] = ()  # front to back, where they differ from `category`
    row_label: RowLabel | None = None
    marked: tuple[Marked, ...] = ()
    access: str = ""

    def lengths(self) -> tuple[int, ...]:
        """Places of each row, those that are left out included."""
        return self.row_seats or (self.seats,) * self.rows


@dataclass(frozen=True, slots=True)
class DrawArea:
    """Something drawn that is no seat: the stage, a bar, a wall, a word. `zone` "": that of the first block."""

    area: DrawnArea
    zone: str = ""


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """`width` and `height` 0: as large as it takes, everything moved so that it starts `MARGIN` from the corner."""

    name: str
    categories: tuple[Category, ...]
    blocks: tuple[DrawBlock, ...]
    areas: tuple[DrawArea, ...] = ()
    width: int = 0
    height: int = 0
