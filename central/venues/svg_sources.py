"""How a drawing that somebody else made says which seat is which: where section, row, number and category of a shape
are written, in the operator's words (docs/plan-files.md, Mapping).

A pattern says which part of what is written there counts: `{section}-{row}-{number}`. It is no regular expression: it
is matched from its end, once, so that the time it takes grows with the text and nothing else, whoever wrote it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from itertools import groupby
from typing import Annotated

from central.kernel.characters import tidy, unseen
from central.kernel.entity import Between

MOST_READ = 200  # characters of what a shape may say of itself
MOST_UP = 8
NEAREST = -1
MOST_CODE = 0x10FFFF  # of Unicode


class SeatPart(StrEnum):
    """What a seat is called by."""

    SECTION = auto()
    ROW = auto()
    NUMBER = auto()
    CATEGORY = auto()


class Where(StrEnum):
    ATTRIBUTE = auto()  # `name` says which
    TITLE = auto()  # <title>: what a browser shows beside the pointer
    DESCRIPTION = auto()  # <desc>
    WRITTEN = auto()  # a text in the shape or beside it, or alone in the group
    COLOUR = auto()  # what it is filled with
    SAME = auto()  # nowhere: `name` is that of all


@dataclass(frozen=True, slots=True)
class NameSource:
    """`up`: 0 is the shape itself, 1 the group around it, 2 the group around that; -1 whichever of them is nearest and
    fits. An empty `pattern` takes all that is written there."""

    where: Where
    name: Annotated[str, Between(most=MOST_READ)] = ""
    up: Annotated[int, Between(NEAREST, MOST_UP)] = 0
    pattern: Annotated[str, Between(most=MOST_READ)] = ""

    @property
    def place(self) -> tuple[Where, str, int]:
        return self.where, self.name, self.up


KNOWN = ("id", "class", "inkscape:label", "data-name", "aria-label", "name")
"""Attributes that people know by another name: a layer's name in Illustrator."""
NOWHERE = NameSource(Where.SAME)


@dataclass(frozen=True, slots=True)
class SvgMapping:
    """Without a category all seats are in one, which is called *Plan* unless it says how (`in_one_category`)."""

    section: NameSource
    row: NameSource
    number: NameSource
    category: NameSource = NOWHERE

    def of(self, part: SeatPart) -> NameSource:
        found: NameSource = getattr(self, part.value)
        return found

    def in_one_category(self, name: str) -> "SvgMapping":
        """The same; where no seat has a category, they are all in one of this name."""
        return replace(self, category=NameSource(Where.SAME, name)) if self.category == NOWHERE else self


# --- patterns ---------------------------------------------------------------------------------------------------------

_PIECE = re.compile(r"\{(" + "|".join(SeatPart) + r")\}|(\*)|([^{*]++|\{)")
_RUN = re.compile(r"\d++|\D++")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Neighbouring parts of a pattern, between two pieces of text that stand there as they are."""

    names: tuple[str, ...]  # of SeatPart; "": it is left out, and may be empty

    def split(self, text: str) -> Mapping[str, str] | None:
        """One part is all of it. Two that touch are told apart where letters turn to digits, or digits to letters."""
        named = [name for name in self.names if name]
        if not named:
            return {}
        if len(self.names) == 1:
            return {named[0]: text} if text else None
        runs = _RUN.findall(text)
        if len(named) < len(self.names):  # beside what is left out: the run at its own end
            if len(named) > 1 or not runs:
                return None
            return {named[0]: runs[0 if self.names[0] else -1]}
        return dict(zip(named, runs, strict=True)) if len(runs) == len(named) else None

    @property
    def least(self) -> int:
        return sum(1 for name in self.names if name)


def pieces(pattern: str) -> Iterator[str | Wanted]:
    """Text as it stands, and what is wanted between."""
    found = [(each[1] or "", each[3] or "") for each in _PIECE.finditer(pattern)]
    for wanted, group in groupby(found, key=lambda each: not each[1]):
        if wanted:
            yield Wanted(tuple(name for name, _ in group))
        else:
            yield "".join(text for _, text in group)


def parts_of(pattern: str) -> set[str]:
    return {name for piece in pieces(pattern) if isinstance(piece, Wanted) for name in piece.names if name}


def matched(pattern: str, text: str) -> Mapping[str, str] | None:
    """What stands in `text` at each part of the pattern; None: it does not fit. Each text of the pattern is looked for
    from the right: what is left for the parts before it is then as much as it can be, so that no second try could fit
    where the first did not. Capitals are the same as small letters."""
    found: dict[str, str] = {}
    wanted: Wanted | None = None
    rest, low = text, _low(text)
    for n, piece in reversed([*enumerate(pieces(pattern))]):
        if isinstance(piece, Wanted):
            wanted = piece
            continue
        if wanted is None:
            at = len(rest) - len(piece)
            if at < 0 or not low.endswith(_low(piece)):
                return None
        else:
            look, end = (low.rfind, len(low)) if n else (low.find, len(piece))  # the first stands where it begins
            at = look(_low(piece), 0, max(0, min(end, len(low) - wanted.least)))
            if at < 0:
                return None
            split = wanted.split(rest[at + len(piece) :])
            if split is None:
                return None
            found.update(split)
        rest, low, wanted = rest[:at], low[:at], None
    if wanted is None:
        return None if rest else found
    split = wanted.split(rest)
    return None if split is None else {**found, **split}


def _low(text: str) -> str:
    """In small letters, each where it was: a few letters become two."""
    return text if text.islower() or len(text) != len(text.lower()) else text.lower()


def read(pattern: str, part: SeatPart, text: str) -> str:
    """What `text` says of this part; empty: nothing."""
    text = text.strip()
    if not text or len(text) > MOST_READ:
        return ""
    if not pattern.strip():
        return text
    return ((matched(pattern.strip(), text) or {}).get(part.value) or "").strip()


# --- what programs write ----------------------------------------------------------------------------------------------

_ESCAPED = re.compile(r"(?:_x[0-9A-Fa-f]{2,6}_)+")
_CODE = re.compile(r"_x([0-9A-Fa-f]+)_")
_BY_ITSELF = re.compile(
    r"(?:(?:circle|ellipse|rect|path|line|poly(?:gon|line)|use|g|svg|text|tspan|image|layer|groupe?|gruppe|gruppo|grupo|"
    r"calque|ebene|capa|livello|obje[ck]t|form|figure|svgid|xmlid)[ _-]?\d[-\d_]*|_x?\d+_|svg)",
    re.I,
)


def unescaped(text: str) -> str:
    """An id as it was typed: Illustrator writes `_x31_2` for 12 and `A_x2D_1` for A-1. What is no sign that is seen
    (half of a pair, a control or direction sign, none at all) nobody typed: it stays as it is written."""
    return _ESCAPED.sub(lambda run: "".join(_signs(run[0])), text) if "_x" in text else text


def _signs(run: str) -> Iterator[str]:
    written = _CODE.findall(run)
    codes = [int(each, 16) for each in written]
    n = 0
    while n < len(codes):
        pair = codes[n : n + 2]
        paired = len(pair) == 2 and 0xD800 <= pair[0] < 0xDC00 <= pair[1] < 0xE000
        code = 0x10000 + ((pair[0] - 0xD800) << 10) + pair[1] - 0xDC00 if paired else codes[n]
        sign = tidy(chr(code)) if code <= MOST_CODE and not 0xD800 <= code < 0xE000 else ""
        yield sign if sign and not unseen(sign) else "".join(f"_x{each}_" for each in written[n : n + 1 + paired])
        n += 1 + paired


def by_itself(text: str) -> bool:
    """Whether a program gave this name, and nobody meant anything by it: circle1234, Layer 1, XMLID_12_."""
    return bool(_BY_ITSELF.fullmatch(text))
