"""What a drawing's own words make likely: a first mapping, with the reason for each part of it, and the places where
something is written at all, for whoever chooses another.

Proposed is what names the most shapes, each once: likely readings are tried on the first shapes of the most frequent
kind. How an id is put together is told from many of them: `P-A-12` beside `P-B-3` is `{section}-{row}-{number}`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from central.venues.planfile_table import meant
from central.venues.svg_seats import PartReader
from central.venues.svg_sources import (
    MOST_READ,
    MOST_UP,
    NEAREST,
    NOWHERE,
    NameSource,
    SeatPart,
    SvgMapping,
    Where,
    by_itself,
    parts_of,
)
from central.venues.svg_survey import SvgElement, SvgSurvey

MOST_TRIED = 1_500  # shapes
MOST_NUMBERS = 8  # ways to number them that are tried
MOST_AROUND = 8  # and to name rows or sections
MOST_OFFERED = 40
ENOUGH = 0.5  # of the shapes say something there
MOST_SECTIONS = 40
COLUMN_OF = {"zone": SeatPart.SECTION, "row": SeatPart.ROW, "seat": SeatPart.NUMBER, "category": SeatPart.CATEGORY}
NO_NAMES = re.compile(
    r"(?:xmlns|xml:|xlink:|sodipodi:|inkscape:(?!label)|fill|stroke|font|marker|clip|mask|on[a-z])|"
    r"(?:d|x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|width|height|points|transform|style|opacity|display|visibility|filter|"
    r"transform-origin|enable-background|overflow|pathLength|viewBox|version|role|tabindex|href|color|preserveAspectRatio)$"
)
FIRST = ("inkscape:label", "data-name", "aria-label", "id", "name")
"""Attributes in which names usually are, the surest first."""


_ALSO = {  # beside what columns are called
    "row": "r rownumber rowname rowlabel rownr",
    "seat": "s n nr number num seatno seatnr seatname seatlabel seatnum numero nummer",
    "zone": "z sec block bloc blk sectionname zonename level balcony tribune",
    "category": "cat tier priceclass pricing",
}
_ALSO_MEANT = {word: column for column, words in _ALSO.items() for word in words.split()}


class Why(StrEnum):
    """Why this is proposed for a part."""

    CALLED = auto()  # the attribute is called so
    BUILT = auto()  # what is written there is put together like this
    COUNTED = auto()  # it tells the most seats apart
    NOWHERE = auto()  # nothing in the file seems to say it
    BEFORE = auto()  # the hall's last import was read so


@dataclass(frozen=True, slots=True)
class Offer:
    """A place where shapes say something: how many do, and the first words there."""

    source: NameSource
    shapes: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    mapping: SvgMapping
    reasons: dict[SeatPart, Why]
    offers: tuple[Offer, ...]


def proposed(
    survey: SvgSurvey, section: str, row: str, before: SvgMapping | None = None, category: str = ""
) -> Proposal:
    """`section`, `row`, `category`: what they are called where nothing says it. `before`: how the hall's last drawing
    was read, which is proposed again where it reads at least half of this one."""
    shapes = usual_shapes(survey)
    offers = offered(survey, shapes)
    found = _Trial(survey, shapes, offers)
    mapping, reasons = found.best(section, row)
    if before is not None and found.unique(before) * 2 >= max(1, found.unique(mapping)):
        mapping, reasons = before, dict.fromkeys(SeatPart, Why.BEFORE)
    return Proposal(mapping.in_one_category(category), reasons, offers)


def usual_shapes(survey: SvgSurvey) -> list[SvgElement]:
    """The first shapes of the kinds that there are most of: seats, most likely."""
    there = [shape for shape in survey.shapes if not shape.hidden]
    kinds = Counter(map(_kind, there))
    most = max(kinds.values(), default=0)
    return [shape for shape in there if kinds[_kind(shape)] * 10 >= most][:MOST_TRIED]


def _kind(shape: SvgElement) -> tuple[str, float]:
    return shape.tag, float(f"{shape.radius:.1g}") if abs(shape.radius) < 1e9 else 0.0


def offered(survey: SvgSurvey, shapes: Sequence[SvgElement]) -> tuple[Offer, ...]:
    """The places where something is written, as they are tried: surest first."""
    told: dict[NameSource, Counter[str]] = {}
    for shape in shapes:
        for up, element in enumerate(shape.around()):
            if up > MOST_UP:
                break
            for source in _places(element, up):
                words = [word for word in survey.told(element, source) if 0 < len(word.strip()) <= MOST_READ]
                if words and (source in told or len(told) < 4 * MOST_OFFERED):
                    told.setdefault(source, Counter())[" ".join(words)] += 1
        if colour := survey.filled(shape):
            told.setdefault(NameSource(Where.COLOUR), Counter())[colour] += 1
    found = [Offer(source, sum(said.values()), tuple(said)[:3]) for source, said in told.items()]
    found.sort(key=lambda offer: (-(offer.shapes * 2 >= len(shapes)), _rank(offer.source), offer.source.up))
    return tuple(found[:MOST_OFFERED])


def _places(element: SvgElement, up: int) -> Iterator[NameSource]:
    for name in element.said:
        if not NO_NAMES.match(name) and len(name) <= MOST_READ:
            yield NameSource(Where.ATTRIBUTE, name, NEAREST if column_of(name) else up)
    for where, said in (
        (Where.TITLE, element.title), (Where.DESCRIPTION, element.description), (Where.WRITTEN, element.written),
    ):  # fmt: skip
        if said:
            yield NameSource(where, up=up)


def column_of(name: str) -> SeatPart | None:
    """What an attribute that is called like this means by itself."""
    return _hint(name.removeprefix("data-").rpartition(":")[2]) if len(name) > 1 else None


def _called(source: NameSource) -> SeatPart | None:
    return column_of(source.name) if source.where is Where.ATTRIBUTE else None


def _rank(source: NameSource) -> int:
    if source.where is Where.ATTRIBUTE:
        if column_of(source.name):
            return -1
        return FIRST.index(source.name) if source.name in FIRST else len(FIRST)
    return len(FIRST) + list(Where).index(source.where)


# --- how names are put together ---------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\d++|[^\W\d_]++|[\W_]++")


def patterns(
    texts: Iterable[str], parts: Sequence[SeatPart] = (SeatPart.NUMBER, SeatPart.ROW, SeatPart.SECTION)
) -> list[str]:
    """How most of these are put together, likeliest first; an empty one: each is one word. `parts`: what they may tell,
    in the order from their end."""
    split = [tuple(_TOKEN.findall(text.strip())) for text in texts if text.strip() and not by_itself(text.strip())]
    kinds = Counter(tuple(_sort(token) for token in tokens) for tokens in split if 0 < len(tokens) <= 15)
    if not kinds:
        return []
    usual, many = kinds.most_common(1)[0]
    if many * 2 < len(split):
        return []
    alike = [tokens for tokens in split if tuple(_sort(token) for token in tokens) == usual]
    columns = [{tokens[n] for tokens in alike} for n in range(len(usual))]
    found = []
    for shortest in (1, 4):  # a letter that is always the same may be the row; a word is none
        fixed = [
            kind not in "9a" or (len(alike) > 1 and len(said) == 1 and kind == "a" and _stays(min(said), shortest))
            for kind, said in zip(usual, columns, strict=True)
        ]
        if (pattern := _pattern(alike[0], fixed, parts)) is not None and pattern not in found:
            found.append(pattern)
    return found[::-1]


def _sort(token: str) -> str:
    return "9" if token.isdigit() else "a" if token[0].isalpha() else token


def _stays(word: str, shortest: int) -> bool:
    return len(word) >= shortest or _hint(word) is not None


def _hint(word: str) -> SeatPart | None:
    plain = word.casefold().replace("-", "").replace("_", "")
    return COLUMN_OF.get(meant(word) or _ALSO_MEANT.get(plain, ""))


def _pattern(tokens: Sequence[str], fixed: Sequence[bool], parts: Sequence[SeatPart]) -> str | None:
    """Names go to what changes: by the word before it, else in their order from the end."""
    free = [n for n, stays in enumerate(fixed) if not stays]
    if not free:
        return None
    names: dict[int, SeatPart | None] = {}
    for n in free:
        since = max((m for m in free if m < n), default=-1)
        before = [tokens[m] for m in range(since + 1, n) if tokens[m][0].isalnum()]
        if before and (hint := _hint(before[-1])) and hint not in names.values():
            names[n] = hint if hint in parts else None  # it says that it is something else
    rest = [part for part in parts if part not in names.values()]
    for n, part in zip([n for n in reversed(free) if n not in names], rest, strict=False):
        names[n] = part
    if any("{" in token or "*" in token for token in tokens):
        return None
    said = ""
    for n, token in enumerate(tokens):
        said += token if fixed[n] else f"{{{names[n]}}}" if names.get(n) else "*"
    whole = re.fullmatch(r"\{(\w+)\}", said)
    return "" if whole else said


# --- what is tried ----------------------------------------------------------------------------------------------------


class _Trial:
    def __init__(self, survey: SvgSurvey, shapes: Sequence[SvgElement], offers: Sequence[Offer]) -> None:
        self._survey, self._shapes, self._offers = survey, shapes, offers
        self._read: dict[tuple[NameSource, SeatPart], list[str]] = {}

    def of(self, source: NameSource, part: SeatPart) -> list[str]:
        key = (source, part)
        if key not in self._read:
            reader = PartReader(self._survey, source, part)
            self._read[key] = [reader.of(shape)[0] for shape in self._shapes]
        return self._read[key]

    def unique(self, mapping: SvgMapping) -> int:
        """How many names it tells apart."""
        return len(self._names(mapping.section, mapping.row, mapping.number))

    def _names(self, section: NameSource, row: NameSource, number: NameSource) -> set[tuple[str, str, str]]:
        parts = (self.of(section, SeatPart.SECTION), self.of(row, SeatPart.ROW), self.of(number, SeatPart.NUMBER))
        return {name for name in zip(*parts, strict=True) if all(name)}

    def best(self, section: str, row: str) -> tuple[SvgMapping, dict[SeatPart, Why]]:
        nowhere = {SeatPart.SECTION: NameSource(Where.SAME, section), SeatPart.ROW: NameSource(Where.SAME, row)}
        found, worth = SvgMapping(nowhere[SeatPart.SECTION], nowhere[SeatPart.ROW], _FIRST_GUESS), 0.0
        for number in self._numbers():
            for row_source in self._around(number, SeatPart.ROW, nowhere):
                for section_source in self._around(number, SeatPart.SECTION, nowhere, row_source):
                    there = self._worth(section_source, row_source, number)
                    if there > worth:
                        found, worth = SvgMapping(section_source, row_source, number), there
        found = replace(found, category=self._category())
        return found, {part: self._why(found.of(part), part) for part in SeatPart}

    def _worth(self, section: NameSource, row: NameSource, number: NameSource) -> float:
        """Seats told apart, less those that are not, each one thing more to mend; what the drawing says before what is
        the same for all, and few sections before many."""
        parts = (self.of(section, SeatPart.SECTION), self.of(row, SeatPart.ROW), self.of(number, SeatPart.NUMBER))
        names = [name for name in zip(*parts, strict=True) if all(name)]
        unsaid = sum(source.where is Where.SAME for source in (section, row))
        said = [*zip(*names, strict=True)]
        unsaid += 2 * (len(set(said)) < len(said))  # what is called like its row or its seats, of all of them, is none
        return len(set(names)) - 0.25 * (len(names) - len(set(names))) - 0.1 * unsaid - 0.01 * len(set(parts[0]))

    def _numbers(self) -> list[NameSource]:
        found = []
        for offer in self._likely():
            if offer.source.up not in (0, 1, NEAREST) or offer.source.where is Where.COLOUR:
                continue
            if _called(offer.source) not in (None, SeatPart.NUMBER):
                continue
            found += [
                replace(offer.source, pattern=pattern) for pattern in self._patterns(offer.source, SeatPart.NUMBER)
            ]
        return found[:MOST_NUMBERS]

    def _around(
        self, number: NameSource, part: SeatPart, nowhere: dict[SeatPart, NameSource], below: NameSource | None = None
    ) -> list[NameSource]:
        """Where the row or the section may be written, beside this number and below this row."""
        if part in parts_of(number.pattern):
            return [number]
        if below is not None and part in parts_of(below.pattern):
            return [below]
        called = [offer.source for offer in self._likely() if _called(offer.source) is part]
        if part is SeatPart.ROW and called:  # an attribute of that name says it, and nothing else does
            return called
        over = below if below is not None and below.where is not Where.SAME else number
        found = []
        for offer in self._likely():
            source = offer.source
            if source.where is Where.COLOUR or _called(source) not in (None, part):
                continue
            again = source.place == over.place and not _of_class(source)
            if _called(source) is None and (again or source.up < max(over.up, 0)):
                continue
            found += [replace(source, pattern=pattern) for pattern in self._patterns(source, part)]
        return [*found[:MOST_AROUND], nowhere[part]]

    def _likely(self) -> list[Offer]:
        return [offer for offer in self._offers if offer.shapes >= ENOUGH * len(self._shapes)]

    def _patterns(self, source: NameSource, part: SeatPart) -> list[str]:
        """Patterns of what is written there that name this part."""
        if _called(source) is part:
            words = self.of(source, part)
            return [""] if sum(map(bool, words)) >= ENOUGH * len(words) else []
        if _of_class(source):
            return self._in_classes(source, part)
        said = self.of(source, part)
        texts = said if part is SeatPart.NUMBER else list(dict.fromkeys(filter(None, said)))
        if part is not SeatPart.NUMBER and len(texts) == 1:
            return [""] if not by_itself(texts[0]) else []
        order = {SeatPart.ROW: (SeatPart.ROW, SeatPart.SECTION), SeatPart.SECTION: (SeatPart.SECTION,)}
        found = [
            pattern
            for pattern in patterns(texts, order.get(part, (SeatPart.NUMBER, SeatPart.ROW, SeatPart.SECTION)))
            if not pattern or part in parts_of(pattern)
        ]
        if (
            part is SeatPart.SECTION
            and len(texts) <= MOST_SECTIONS
            and "" not in found
            and all(map(_may_be_section, texts))
        ):
            found.append("")
        return found

    def _in_classes(self, source: NameSource, part: SeatPart) -> list[str]:
        """One class of several says it: row-A."""
        told = (word for shape in self._shapes[:50] for word in self._survey.told(shape, source))
        starts = (_CLASS_START.match(word) for word in told)
        found = dict.fromkeys(start[0] for start in starts if start and _hint(start[1]) is part)
        return [start + "{" + part + "}" for start in found][:2] if source.up == 0 else []

    def _category(self) -> NameSource:
        for offer in self._likely():
            if _called(offer.source) is SeatPart.CATEGORY:
                return offer.source
        return NOWHERE

    def _why(self, source: NameSource, part: SeatPart) -> Why:
        if source.where is Where.SAME:
            return Why.NOWHERE
        if _called(source) is part:
            return Why.CALLED
        return Why.BUILT if source.pattern else Why.COUNTED


def _may_be_section(text: str) -> bool:
    """Not a name that a program gave, nor that of a row."""
    words = (_hint(token) for token in _TOKEN.findall(text))
    return not by_itself(text) and next((word for word in words if word), SeatPart.SECTION) is SeatPart.SECTION


def _of_class(source: NameSource) -> bool:
    return source.where is Where.ATTRIBUTE and source.name == "class"


_CLASS_START = re.compile(r"([A-Za-z]+)[-_]+")
_FIRST_GUESS = NameSource(Where.ATTRIBUTE, "id")
