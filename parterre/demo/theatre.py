"""Draws the demo's theatre: an Italian house of about 1,000 seats, in the plan format that any house can bring.

Run as a module it writes `theatre.json` beside itself; a test asserts that the file is what this draws. Rows are arcs
around a point behind the stage, seats sit at even steps along the arc, two radial aisles cut stalls and balcony in
three. Categories have the colour-blind-safe colours of Okabe and Ito; all colours can be seen on a dark ground, where
we draw halls, and on a white one.
"""

from collections.abc import Callable, Iterator
from math import cos, degrees, pi, sin
from pathlib import Path

from central.venues.plan import Category, DrawnArea, Mark, Plan, Seat, SeatRow, Shape, Zone, write_plan

FILE = Path(__file__).with_name("theatre.json")

GOLD, FIRST, SECOND, THIRD, PMR = "Carré or", "1re", "2e", "3e", "PMR"
CATEGORIES = (
    Category(GOLD, "#E69F00"),
    Category(FIRST, "#0072B2"),
    Category(SECOND, "#009E73"),
    Category(THIRD, "#CC79A7"),
    Category(PMR, "#56B4E9"),
)

WIDTH, HEIGHT = 1200, 1240
CENTRE, EYE = 600.0, -190.0  # all arcs bend around this point, behind the stage
STEP, RISE = 24.0, 30.0  # between seats, between rows
AISLE = 46.0  # from seat to seat across an aisle
STAGE, WORD, PAPER, BOX, CURTAIN = "#4b3a63", "#8f82a8", "#faf7f2", "#332a45", "#d9482b"

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and no O: they read like figures


def theatre() -> Plan:
    stalls, balcony = tuple(_stalls()), tuple(_balcony())
    return Plan(
        "Théâtre des Tilleuls",
        WIDTH,
        HEIGHT,
        CATEGORIES,
        (
            Zone("Parterre", stalls, (*_stage(), _word("PARTERRE", CENTRE, 196))),
            Zone("Loges jardin", tuple(_boxes(-1, "J")), _gallery(-1, "LOGES JARDIN")),
            Zone("Loges cour", tuple(_boxes(1, "C")), _gallery(1, "LOGES COUR")),
            Zone("Balcon", balcony, (_front(), _word("BALCON", CENTRE, 838))),
        ),
    )


def _arc(radius: float, counts: tuple[int, int, int]) -> Iterator[tuple[float, float]]:
    """Points of one row, left to right: three blocks with an aisle between, symmetrical about the middle."""
    gaps = [STEP] * (sum(counts) - 1)
    at = 0
    for count in counts[:-1]:
        at += count
        gaps[at - 1] = AISLE
    along = -sum(gaps) / 2
    for gap in [*gaps, 0.0]:
        yield CENTRE + radius * sin(along / radius), EYE + radius * cos(along / radius)
        along += gap


def _row(
    prefix: str,
    letter: str,
    radius: float,
    counts: tuple[int, int, int],
    category: Callable[[int], str],
    marks: Callable[[int], frozenset[Mark]] = lambda _: frozenset(),
) -> SeatRow:
    points = list(_arc(radius, counts))
    return SeatRow(
        letter,
        tuple(
            Seat(str(at), f"{prefix}-{letter}-{at}", round(x, 1), round(y, 1), category(at), marks=marks(at))
            for at, (x, y) in enumerate(points, 1)
        ),
        "both",
    )


def _stalls() -> Iterator[SeatRow]:
    """Eighteen rows that widen towards the back; the golden square is the middle block of rows D to K."""
    for rank in range(18):
        side, middle = min(5 + rank // 2, 10), 12 + rank // 4
        letter, radius = LETTERS[rank], 440 + rank * RISE

        def category(at: int, rank: int = rank, side: int = side, middle: int = middle) -> str:
            centre = side < at <= side + middle
            if 3 <= rank <= 9 and centre:
                return GOLD
            return FIRST if rank < 12 or centre else SECOND

        if rank < 17:
            yield _row("P", letter, radius, (side, middle, side), category)
        else:
            yield _wheelchairs(letter, radius)


def _wheelchairs(letter: str, radius: float) -> SeatRow:
    """The last row of the stalls is level with the doors: wheelchair places in pairs with a companion's seat, in the
    middle and beside the aisles."""
    points = list(_arc(radius, (8, 12, 8)))
    chairs = {2, 4, 6, 8, 10, 12, 17, 19, 21, 23, 25, 27}
    companions = {at - 1 if at <= 14 else at + 1 for at in chairs}
    seats = []
    for at, (x, y) in enumerate(points, 1):
        mark = Mark.WHEELCHAIR if at in chairs else Mark.COMPANION if at in companions else None
        seats.append(
            Seat(
                str(at),
                f"P-{letter}-{at}",
                round(x, 1),
                round(y, 1),
                PMR if mark else SECOND,
                marks=frozenset({mark} if mark else ()),
            )
        )
    return SeatRow(letter, tuple(seats), "both")


def _balcony() -> Iterator[SeatRow]:
    """Nine rows: the first ones see best; behind the pillars of the last two the view is restricted."""
    for rank in range(9):
        side, middle = 11 + rank // 3, 16 + rank // 3
        letter = LETTERS[rank]

        def category(at: int, rank: int = rank, side: int = side, middle: int = middle) -> str:
            if rank < 2 and side < at <= side + middle:
                return FIRST
            return SECOND if rank < 5 else THIRD

        def marks(at: int, rank: int = rank, side: int = side, middle: int = middle) -> frozenset[Mark]:
            pillars = {side, side + 1, side + middle, side + middle + 1}
            return frozenset({Mark.VIEW} if rank >= 7 and at in pillars else ())

        yield _row("B", letter, 1100 + rank * RISE, (side, middle, side), category, marks)


def _box(hand: int, box: int) -> Callable[[float, float], tuple[float, float]]:
    """The place of one box: `across` runs along the parapet away from the stage, `out` towards the wall."""
    lean = 0.35  # the side of the hall opens towards the back as the rows do
    along = 30 + box * 60
    x0, y0 = 352 + along * sin(lean), 150 + along * cos(lean)

    def at(across: float, out: float) -> tuple[float, float]:
        x = x0 + across * sin(lean) + out * cos(lean)
        return round(CENTRE + hand * x, 1), round(y0 + across * cos(lean) - out * sin(lean), 1)

    return at


def _boxes(hand: int, prefix: str) -> Iterator[SeatRow]:
    """Nine boxes of four chairs up one side of the hall: two at the parapet, two behind. Those nearest to the stage see
    it from the side."""
    for box in range(9):
        at = _box(hand, box)
        chairs = [(-STEP / 2, 0.0), (STEP / 2, 0.0), (-STEP / 2, STEP), (STEP / 2, STEP)]
        yield SeatRow(
            str(box + 1),
            tuple(
                Seat(
                    str(number),
                    f"{prefix}-{box + 1}-{number}",
                    *at(across, out),
                    THIRD if box < 2 else SECOND if box < 4 or number > 2 else FIRST,
                    marks=frozenset({Mark.VIEW} if box == 0 and number > 2 else ()),
                )
                for number, (across, out) in enumerate(chairs, 1)
            ),
        )


def _stage() -> tuple[DrawnArea, ...]:
    """Stage with a curved apron, and the curtain line behind it."""
    apron = [(CENTRE + 330 * sin(a), 40 + 62 * cos(a)) for a in (pi / 2 - pi * step / 24 for step in range(25))]
    outline = [(CENTRE - 330, 16.0), (CENTRE + 330, 16.0), *apron]
    return (
        DrawnArea(
            Shape.POLYGON,
            CENTRE,
            40.0,
            STAGE,
            STAGE,
            points=tuple((round(x, 1), round(y, 1)) for x, y in outline),
            text="SCÈNE",
            text_x=CENTRE,
            text_y=62.0,
            text_colour=PAPER,
            text_size=26,
        ),
        DrawnArea(Shape.RECTANGLE, CENTRE - 330, 10.0, CURTAIN, CURTAIN, width=660.0, height=6.0),
    )


def _gallery(hand: int, word: str) -> tuple[DrawnArea, ...]:
    """The walls of each box, and the gallery's name along them."""
    walls = []
    for box in range(9):
        at = _box(hand, box)
        corners = tuple(at(across, out) for across, out in ((-26, -14), (26, -14), (26, 38), (-26, 38)))
        walls.append(DrawnArea(Shape.POLYGON, *at(0, 0), BOX, BOX, points=corners))
    x, y = _box(hand, 4)(0, 62)
    turn = round(hand * (90 - degrees(0.35)), 1)
    label = DrawnArea(Shape.TEXT, x, y, rotation=turn, text=word, text_x=x, text_y=y, text_colour=WORD, text_size=18)
    return (*walls, label)


def _front() -> DrawnArea:
    """The balcony's parapet: a thin band between stalls and balcony."""
    inner, outer = 1066.0, 1072.0
    angles = [-0.47 + 0.94 * step / 32 for step in range(33)]
    band = [(CENTRE + inner * sin(a), EYE + inner * cos(a)) for a in angles]
    band += [(CENTRE + outer * sin(a), EYE + outer * cos(a)) for a in reversed(angles)]
    return DrawnArea(
        Shape.POLYGON, CENTRE, EYE + inner, STAGE, STAGE, points=tuple((round(x, 1), round(y, 1)) for x, y in band)
    )


def _word(text: str, x: float, y: float) -> DrawnArea:
    return DrawnArea(Shape.TEXT, x, y, text=text, text_x=x, text_y=y, text_colour=WORD, text_size=20)


if __name__ == "__main__":
    FILE.write_bytes(write_plan(theatre()))
