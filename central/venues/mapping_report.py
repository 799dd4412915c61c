"""What a mapping makes of a drawing, before anything is imported: how many seats of which names, what is left out and
why, what is wrong, and a picture. Worked out beside the writer, from the file as the page carries it: packed, so that a
step that is taken five times sends a drawing of three megabytes five times as 300 kB, and no server keeps it."""

from base64 import b64decode, b64encode
from binascii import Error
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice, pairwise
from math import hypot
from statistics import median_low
from zlib import compress, decompressobj
from zlib import error as ZlibError

from central.venues.plan import Plan
from central.venues.planfile_checks import MOST_BYTES
from central.venues.svg_proposal import Offer, Proposal, Why, proposed
from central.venues.svg_seats import DrawnStage, Left, LeftOut, NamedSeat, named, plan_of_seats, stages_of
from central.venues.svg_sources import SeatPart, SvgMapping
from central.venues.svg_survey import Box, SvgElement, SvgSurvey
from shared.look import look
from shared.outcome import Refused

MOST_EXAMPLES = 4
MOST_SHOWN = 40  # sections and categories
MOST_DRAWN = 20_000  # seats: a stadium's picture would be heavier than any page
MOST_TITLED = 4_000
MOST_LEFT_DRAWN = 2_000
MOST_ROWS_NAMED = 600
STEP = 25.0  # from a seat to the next, in the picture
FAR = 1e7
REACH = 2.0  # how far beside the seats the picture goes for what is left out, as often as the hall is long
FEW = 10  # steps: a hall is taken to be at least so long
_NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
Place = Callable[[float, float], tuple[str, str]]
"""Where a point of the drawing lies in the picture."""


@dataclass(frozen=True, slots=True)
class LookAt:
    """What is wanted: by this mapping, or else by what is proposed. `before`: how the hall's last drawing was read.
    `section`, `row`, `category`: what they are called where nothing says it."""

    section: str
    row: str
    mapping: SvgMapping | None = None
    before: SvgMapping | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class LeftCount:
    why: Left
    shapes: int
    examples: tuple[tuple[str, str], ...]  # where in the file, what is written there


@dataclass(frozen=True, slots=True)
class SectionCount:
    name: str
    rows: int
    seats: int
    colour: str
    first_row: str = ""
    last_row: str = ""


@dataclass(frozen=True, slots=True)
class PartSaid:
    """What a part is, of all seats: how many different, and the first of them."""

    count: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingLook:
    """`refused`: what is wrong, by which nothing could be imported."""

    mapping: SvgMapping
    reasons: dict[SeatPart, Why]
    offers: tuple[Offer, ...]
    seats: int
    rows: int
    sections: tuple[SectionCount, ...]
    more_sections: int
    categories: tuple[tuple[str, int], ...]
    said: dict[SeatPart, PartSaid]
    examples: tuple[tuple[str, str, str, str], ...]
    left: tuple[LeftCount, ...]
    twice: int
    stages: tuple[str, ...]
    refused: Refused | None
    picture: str
    greyed: int  # of the shapes left out, how many the picture has

    @property
    def all_left(self) -> int:
        return sum(each.shapes for each in self.left)


def packed(text: str) -> str:
    return b64encode(compress(text.encode(), 6)).decode()


def unpacked(said: str) -> str | None:
    """The file that a page carried; None: it is none, or too large."""
    opened = decompressobj()
    try:
        data = opened.decompress(b64decode(said, validate=True), MOST_BYTES + 1)
        return data.decode() if opened.eof and len(data) <= MOST_BYTES else None
    except (Error, ZlibError, UnicodeDecodeError, ValueError):
        return None


def file_of(said: str) -> Iterator[str | None]:
    """For another process."""
    yield unpacked(said)


def looked_at(text: str, is_packed: bool, want: LookAt) -> Iterator[MappingLook | Refused | str | None]:
    """For another process: the file, packed, and what comes of it; or why nobody can tell."""
    found = unpacked(text) if is_packed else text
    if found is None:
        yield None
        return
    yield text if is_packed else packed(text)
    yield look_of(found.encode(), want)


def look_of(data: bytes, want: LookAt) -> MappingLook | Refused:
    survey = SvgSurvey()
    made: list[tuple[Proposal, list[NamedSeat], list[LeftOut], list[DrawnStage]]] = []

    def plan() -> Plan | None:
        survey.look(data)
        proposal = proposed(survey, want.section, want.row, want.before, want.category)
        seats, left = named(survey, want.mapping or proposal.mapping)
        stages = stages_of(survey, seats, left)
        kept = {id(stage.under) for stage in stages}
        made.append((proposal, seats, [each for each in left if id(each.shape) not in kept], stages))
        return plan_of_seats(survey, seats, left)

    outcome = survey.outcome(plan)
    if not made:
        assert isinstance(outcome, Refused), "what was read was looked at"
        return outcome
    proposal, seats, left, stages = made[0]
    return _told(proposal, want.mapping, seats, left, stages, outcome if isinstance(outcome, Refused) else None)


def _told(
    proposal: Proposal, mapping: SvgMapping | None, seats: Sequence[NamedSeat], left: Sequence[LeftOut],
    stages: Sequence[DrawnStage], refused: Refused | None,
) -> MappingLook:  # fmt: skip
    rows: dict[str, dict[str, int]] = {}
    for seat in seats:
        there = rows.setdefault(seat.section, {})
        there[seat.row] = there.get(seat.row, 0) + 1
    palette = look().categories
    colours = {section: palette[n % len(palette)] for n, section in enumerate(rows)}
    sections = [
        SectionCount(name, len(there), sum(there.values()), colours[name], next(iter(there)), [*there][-1])
        for name, there in rows.items()
    ]
    names = Counter(seat.name for seat in seats)
    spread = [seats[n * len(seats) // MOST_EXAMPLES] for n in range(min(MOST_EXAMPLES, len(seats)))]
    said = {
        part: list(dict.fromkeys(word for seat in seats if (word := str(getattr(seat, part.value)))))
        for part in SeatPart
    }
    grey = _greyed(seats, left)
    return MappingLook(
        mapping=mapping or proposal.mapping,
        reasons=proposal.reasons if mapping in (None, proposal.mapping) else {},
        offers=proposal.offers,
        seats=len(seats),
        rows=sum(map(len, rows.values())),
        sections=tuple(sections[:MOST_SHOWN]),
        more_sections=max(0, len(sections) - MOST_SHOWN),
        categories=tuple(Counter(seat.category for seat in seats if seat.category).most_common(MOST_SHOWN)),
        said={part: PartSaid(len(words), tuple(words[:5])) for part, words in said.items()},
        examples=tuple((*seat.name, seat.at) for seat in spread),
        left=_left(left),
        twice=sum(many for many in names.values() if many > 1),
        refused=refused,
        stages=tuple(stage.text.text[:60] for stage in stages),
        picture=picture(seats, grey, stages, colours, {name for name, many in names.items() if many > 1}),
        greyed=len(grey),
    )


def _left(left: Sequence[LeftOut]) -> tuple[LeftCount, ...]:
    by_why: dict[Left, list[LeftOut]] = {}
    for each in left:
        by_why.setdefault(each.why, []).append(each)
    return tuple(
        LeftCount(why, len(found), tuple((each.shape.at, each.text[:40]) for each in found[:MOST_EXAMPLES]))
        for why in Left
        if (found := by_why.get(why))
    )


# --- the picture ------------------------------------------------------------------------------------------------------


def picture(
    seats: Sequence[NamedSeat], grey: Sequence[SvgElement], stages: Sequence[DrawnStage], colours: dict[str, str],
    twice: set[tuple[str, str, str]],
) -> str:  # fmt: skip
    """Seats in their section's colour with the names of rows and sections, and in `grey` what is left out. Empty: there
    is nothing to draw, or too much of it."""
    placed = _placed(seats)
    if not (placed or grey) or len(placed) > MOST_DRAWN:
        return ""
    spots = [((x0 + x1) / 2, (y0 + y1) / 2) for _, (x0, y0, x1, y1) in placed]
    k = STEP / (_step(placed) or STEP)
    boxes = [box for _, box in placed] + _boxes(grey)
    reach = _reach(placed, grey)
    boxes += [box for stage in stages for box in _boxes([stage.under] if stage.under else []) if _inside(box, reach)]
    left0, top, right, bottom = _frame(boxes)

    def at(x: float, y: float) -> tuple[str, str]:
        return _n((x - left0) * k), _n((y - top) * k)

    parts = [_shape(stage.under, at, k, "map-stage") for stage in stages if stage.under]
    parts += [_shape(shape, at, k) for shape in grey]
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    colour = ""
    for (seat, box), (x, y) in zip(placed, spots, strict=True):
        rows.setdefault((seat.section, seat.row), []).append((x, y))
        if colours[seat.section] != colour:
            parts.append(f'{"</g>" if colour else ""}<g fill="{colours[seat.section]}">')
            colour = colours[seat.section]
        cx, cy = at(x, y)
        r = _n(max(3.0, min(11.0, (box[2] - box[0]) / 2 * k, (box[3] - box[1]) / 2 * k)))
        title = f"<title>{_t(' · '.join(seat.name))}</title>" if len(placed) <= MOST_TITLED else ""
        ring = ' class="map-twice"' if seat.name in twice else ""
        parts.append(f'<circle cx="{cx}" cy="{cy}" r="{r}"{ring}>{title}</circle>')
    parts.append("</g>" if colour else "")
    parts += _words(rows, at)
    for stage in stages:
        tx, ty = at(stage.x, stage.y)
        parts.append(f'<text class="map-section" x="{tx}" y="{ty}">{_t(stage.text.text)}</text>')
    wide, high = (right - left0) * k, (bottom - top) * k
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="map-picture" aria-hidden="true" '
        f'viewBox="0 0 {_n(wide)} {_n(high)}">'
        f'<rect class="map-ground" width="{_n(wide)}" height="{_n(high)}" rx="12"/>{"".join(parts)}</svg>'
    )


def _greyed(seats: Sequence[NamedSeat], left: Sequence[LeftOut]) -> list[SvgElement]:
    """What of that which is left out the picture has: not what is hidden, lies nowhere, or so far from the seats that
    the hall beside it would be a dot."""
    there = [each.shape for each in left if each.why is not Left.HIDDEN and _boxes([each.shape])]
    placed = _placed(seats)
    reach = _reach(placed, there)
    found = (shape for shape in there if _inside(shape.box or _NOWHERE, reach))
    return [] if len(placed) > MOST_DRAWN else list(islice(found, MOST_LEFT_DRAWN))


def _reach(placed: Sequence[tuple[NamedSeat, Box]], left: Sequence[SvgElement]) -> Box:
    """What may be in the picture: around the seats, or where there are none, around the middle half of the rest."""
    x0, y0, x1, y1 = _around([box for _, box in placed]) if placed else _middle_half(_boxes(left))
    room = REACH * max(x1 - x0, y1 - y0, FEW * _step(placed))
    return x0 - room, y0 - room, x1 + room, y1 + room


def _placed(seats: Sequence[NamedSeat]) -> list[tuple[NamedSeat, Box]]:
    return [(seat, box) for seat in seats if all(s.box for s in seat.shapes) and _sane(box := seat.box)]


def _step(placed: Sequence[tuple[NamedSeat, Box]]) -> float:
    """From a seat to the next; of one, its side."""
    spots = [((x0 + x1) / 2, (y0 + y1) / 2) for _, (x0, y0, x1, y1) in placed]
    steps = [step for a, b in pairwise(spots) if (step := hypot(b[0] - a[0], b[1] - a[1])) > 0]
    return median_low(steps) if steps else max((x1 - x0 for _, (x0, _, x1, _) in placed[:1]), default=0.0)


def _boxes(shapes: Sequence[SvgElement]) -> list[Box]:
    return [shape.box for shape in shapes if shape.box and _sane(shape.box)]


def _middle_half(boxes: Sequence[Box]) -> Box:
    if not boxes:
        return _NOWHERE
    n = len(boxes) // 4
    x0s, y0s, x1s, y1s = map(sorted, zip(*boxes, strict=True))
    return x0s[n], y0s[n], x1s[-1 - n], y1s[-1 - n]


def _words(rows: dict[tuple[str, str], list[tuple[float, float]]], place: Place) -> Iterator[str]:
    sections: dict[str, list[tuple[float, float]]] = {}
    for (section, row), spots in rows.items():
        sections.setdefault(section, []).extend(spots)
        if len(rows) <= MOST_ROWS_NAMED:
            x, y = place(*min(spots))
            yield f'<text class="map-row" x="{float(x) - 16:.1f}" y="{y}">{_t(row)}</text>'
    for section, spots in list(sections.items())[:MOST_SHOWN]:
        xs, ys = zip(*spots, strict=True)
        x, y = place((min(xs) + max(xs)) / 2, min(ys))
        yield f'<text class="map-section" x="{x}" y="{float(y) - 22:.1f}">{_t(section)}</text>'


def _shape(shape: SvgElement, place: Place, k: float, kind: str = "map-left") -> str:
    x0, y0, x1, y1 = shape.box or (0.0, 0.0, 0.0, 0.0)
    x, y = place(x0, y0)
    round_one = f' rx="{_n((x1 - x0) / 2 * k)}"' if shape.tag in ("circle", "ellipse") else ""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{_n((x1 - x0) * k)}" height="{_n((y1 - y0) * k)}"{round_one}/>'


def _around(boxes: Sequence[Box]) -> Box:
    x0, y0 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return x0, y0, max(box[2] for box in boxes), max(box[3] for box in boxes)


def _inside(box: Box, whole: Box) -> bool:
    return box[0] >= whole[0] and box[1] >= whole[1] and box[2] <= whole[2] and box[3] <= whole[3]


def _frame(boxes: Sequence[Box]) -> Box:
    """Around these, with room for names."""
    x0, y0, x1, y1 = _around(boxes)
    room = max((x1 - x0) * 0.12, (y1 - y0) * 0.12, 1.0)
    return x0 - room, y0 - 2 * room, x1 + room, y1 + room


def _sane(box: Box) -> bool:
    return all(abs(side) <= FAR for side in box)


def _t(text: str) -> str:
    return escape("".join(char for char in text[:60] if char.isprintable()))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
