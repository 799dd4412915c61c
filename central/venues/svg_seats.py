"""What comes of a drawing by a mapping: which shapes are which seats, what is left out and why, and the plan of it."""

from dataclasses import dataclass, field
from enum import StrEnum, auto

from central.venues.plan import Category, DrawnArea, Plan, Seat, SeatRow, Shape, Zone, usual_guid
from central.venues.plan_flaws import Flaw
from central.venues.planfile_checks import FAR, MOST_NAME, MOST_NUMBER, MOST_ROW_NAME, MOST_SAID
from central.venues.planfile_csv import UNNAMED
from central.venues.svg_shapes import NotSvg, scale
from central.venues.svg_sources import NEAREST, NameSource, SeatPart, SvgMapping, Where, read
from central.venues.svg_survey import Box, SvgElement, SvgSurvey, SvgText
from shared.outcome import Outcome
from shared.rules.rows import along

MOST_SHAPES = 12  # of one seat
MOST_STAGES = 4


class Left(StrEnum):
    """Why a shape became no seat."""

    HIDDEN = auto()
    UNNUMBERED = auto()  # nothing is written where the number is looked for
    UNFIT = auto()  # something is, and the pattern does not fit it
    ROWLESS = auto()
    SECTIONLESS = auto()
    CROWDED = auto()  # what carries the number holds more than one seat


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`text`: what is written where something was looked for."""

    why: Left
    shape: SvgElement
    text: str = ""


@dataclass(slots=True)
class NamedSeat:
    section: str
    row: str
    number: str
    category: str
    shapes: list[SvgElement]

    @property
    def at(self) -> str:
        return self.shapes[0].at

    @property
    def box(self) -> Box:
        boxes = [shape.box for shape in self.shapes if shape.box]
        return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))

    @property
    def name(self) -> tuple[str, str, str]:
        return self.section, self.row, self.number


@dataclass(slots=True)
class PartReader:
    """One part of what seats are called by, of each shape. What a group says is read once."""

    survey: SvgSurvey
    source: NameSource
    part: SeatPart
    _known: dict[int, str] = field(default_factory=dict)

    def of(self, shape: SvgElement) -> tuple[str, SvgElement]:
        """What it is, and the element that says so."""
        if self.source.where is Where.SAME:
            return self.source.name.strip(), shape
        around = shape.around()
        for up, element in enumerate(around):
            if up != self.source.up and self.source.up != NEAREST:
                continue
            if said := self._read(element):
                return said, element
            if self.source.up != NEAREST:
                break
        return "", shape

    def _read(self, element: SvgElement) -> str:
        if id(element) not in self._known:
            told = (read(self.source.pattern, self.part, each) for each in self.survey.told(element, self.source))
            self._known[id(element)] = next((each for each in told if each), "")
        return self._known[id(element)]

    def written(self, shape: SvgElement) -> str:
        """What stands where it is looked for, whether it fits or not."""
        for up, element in enumerate(shape.around()):
            if self.source.up in (up, NEAREST) and (said := " ".join(self.survey.told(element, self.source)).strip()):
                return said
        return ""


def named(survey: SvgSurvey, mapping: SvgMapping) -> tuple[list[NamedSeat], list[LeftOut]]:
    """Every shape of the drawing is in one of the two."""
    readers = {part: PartReader(survey, mapping.of(part), part) for part in SeatPart}
    seats: dict[int, NamedSeat] = {}
    left: list[LeftOut] = []
    for shape in survey.shapes:
        if shape.hidden:
            left.append(LeftOut(Left.HIDDEN, shape))
            continue
        number, carrier = readers[SeatPart.NUMBER].of(shape)
        if number and id(carrier) in seats:
            seats[id(carrier)].shapes.append(shape)
            continue
        why = Left.UNNUMBERED
        part = SeatPart.NUMBER
        if number:
            row, section = (readers[part].of(shape)[0] for part in (SeatPart.ROW, SeatPart.SECTION))
            if row and section:
                category = readers[SeatPart.CATEGORY].of(shape)[0]
                seats[id(carrier)] = NamedSeat(section, row, number, category, [shape])
                continue
            why, part = (Left.SECTIONLESS, SeatPart.SECTION) if row else (Left.ROWLESS, SeatPart.ROW)
        text = readers[part].written(shape)
        left.append(LeftOut(Left.UNFIT if text and not number else why, shape, text))
    found = []
    for seat in seats.values():
        if len(seat.shapes) > MOST_SHAPES:
            left += [LeftOut(Left.CROWDED, shape, seat.number) for shape in seat.shapes]
        else:
            found.append(seat)
    return found, left


def read_mapped(data: bytes, mapping: SvgMapping) -> Outcome[Plan]:
    """The plan in a drawing, by a mapping; or all that is wrong with it."""
    survey = SvgSurvey()

    def plan() -> Plan | None:
        survey.look(data)
        return plan_of_seats(survey, *named(survey, mapping))

    return survey.outcome(plan)


def plan_of_seats(survey: SvgSurvey, seats: list[NamedSeat], left: list[LeftOut]) -> Plan | None:
    """None: something is wrong, and stands among the survey's faults."""
    zones: dict[str, dict[str, list[Seat]]] = {}
    categories: dict[str, Category] = {}
    if not seats:
        survey.fault("line 1", Flaw.NONE_MAPPED)
    for named_seat in seats:
        seat = _seat(survey, named_seat)
        if seat is None:
            continue
        zone, row = named_seat.section, named_seat.row
        rows = zones.setdefault(zone, {})
        if row not in rows:
            survey.met_row(named_seat.at)
        rows.setdefault(row, []).append(seat)
        if seat.category not in categories:
            colour = survey.filled(named_seat.shapes[0])
            categories[seat.category] = Category(seat.category, colour)
    stages = tuple(survey.met_area(_area(survey, each), "line 1") for each in stages_of(survey, seats, left))
    return survey.finished(
        categories.values(),
        [
            Zone(zone, tuple(SeatRow(row, _in_order(found)) for row, found in rows.items()), stages if not n else ())
            for n, (zone, rows) in enumerate(zones.items())
        ],
    )


def _in_order(seats: list[Seat]) -> tuple[Seat, ...]:
    """From one end to the other: a drawing program files them as they were drawn."""
    return tuple(seats[n] for n in along([(seat.x, seat.y) for seat in seats]))


def _seat(survey: SvgSurvey, found: NamedSeat) -> Seat | None:
    survey.met_seat(found.at)
    at, before = found.at, survey.count
    found.number = survey.text(found.number, at, MOST_NUMBER)
    found.section = survey.text(found.section, at, MOST_NAME)
    found.row = survey.text(found.row, at, MOST_ROW_NAME)
    category = survey.text(found.category, at, MOST_NAME, empty=True) or UNNAMED
    for shape in found.shapes:
        if shape.flaw is not None:
            survey.misread(shape.at, shape.flaw)
        elif shape.box is None:
            survey.fault(shape.at, Flaw.NO_POSITION)
    if before != survey.count:
        return None
    x0, y0, x1, y1 = found.box
    x, y = survey.place((x0 + x1) / 2, (y0 + y1) / 2, at)
    radius = max(1, round(survey.between(min(x1 - x0, y1 - y0) / 2, f"{at}, size", 0, 1000)))
    seat = Seat(found.number, usual_guid(*found.name), x, y, category, radius)
    if before == survey.count:
        survey.unique(seat, at, found.section, found.row)
    if before != survey.count:
        return None
    survey.overlap(seat, at)
    return seat


# --- the stage --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrawnStage:
    """What calls itself a stage, and the smallest shape around the words that has no seat on it."""

    text: SvgText
    x: float
    y: float
    under: SvgElement | None


def stages_of(survey: SvgSurvey, seats: list[NamedSeat], left: list[LeftOut]) -> list[DrawnStage]:
    """They stay in the plan: which seats are the best is told by them."""
    found = []
    for text in survey.stages[:MOST_STAGES]:
        try:
            x, y = text.middle()
        except (NotSvg, ArithmeticError, ValueError):
            continue
        if text.place.moved or not (abs(x) <= FAR and abs(y) <= FAR):
            continue
        drawn = (each.shape for each in left if each.why is not Left.HIDDEN)
        around = [shape for shape in drawn if shape.box and _in(shape.box, x, y) and max(map(abs, shape.box)) <= FAR]
        spots = [seat.shapes[0].middle for seat in seats]
        smallest = sorted(around, key=lambda shape: shape.radius)[:MOST_STAGES]
        free = (shape for shape in smallest if shape.box and not any(_in(shape.box, *spot) for spot in spots))
        found.append(DrawnStage(text, round(x, 3), round(y, 3), next(free, None)))
    return found


def _area(survey: SvgSurvey, stage: DrawnStage) -> DrawnArea:
    x, y, said = stage.x, stage.y, survey.text(stage.text.text, "line 1", MOST_SAID)
    size = int(min(200.0, max(8.0, stage.text.size * scale(stage.text.place.matrix))))
    if stage.under is None or stage.under.box is None:
        return DrawnArea(Shape.TEXT, x, y, text=said, text_x=x, text_y=y, text_size=size)
    box = stage.under.box
    x0, y0, wide, high = (round(side, 3) for side in (box[0], box[1], box[2] - box[0], box[3] - box[1]))
    return DrawnArea(
        Shape.RECTANGLE, x0, y0, survey.filled(stage.under), width=wide, height=high,
        text=said, text_x=x, text_y=y, text_size=size,
    )  # fmt: skip


def _in(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
