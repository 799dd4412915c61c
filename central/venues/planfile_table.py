"""A seat list as a spreadsheet saves it: titles above the columns, their names in a language of the house, columns that
are nobody's or empty, thousands, a comma or a point for the decimals."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from central.kernel.characters import tidy
from central.venues.planfile_axes import axis_of, plain

COLUMNS = (
    "zone", "row", "seat", "x", "y", "category", "access", "guid", "radius", "marks", "label", "block",
)  # fmt: skip
_OTHER_WORDS: Mapping[str, str] = {  # fr, de, es, it, and other ticketing's English; without accents and spaces
    "zone": "section sector secteur bereich sektor zona seccion settore",
    "row": "rang rangee reihe fila",
    "seat": "place siege fauteuil platz sitz sitzplatz asiento butaca plaza posto poltrona seatnumber",
    "category": "categorie kategorie preiskategorie categoria pricecategory pricelevel",
    "access": "acces porte zugang eingang tur acceso puerta accesso ingresso porta entrance",
    "radius": "rayon radio raggio",
    "marks": "marques merkmale marcas segni",
}
_MEANT = {column: column for column in COLUMNS if column not in ("x", "y")} | {
    word: column for column, words in _OTHER_WORDS.items() for word in words.split()
}
_DELIMITERS = ",;\t"
_LINE_END = re.compile("\r\n|\r|\n")
MOST_TITLES = 10
MOST_LOOKED_AT = 4096  # characters of a line that may name the columns
LIKE = 0.85  # from this on (difflib) a name is taken for a slip


@dataclass(frozen=True, slots=True)
class SeatListStart:
    """Where the line with the columns begins, how many lines stand above it, and what parts its cells."""

    at: int
    above: int
    delimiter: str


def seat_list_start(text: str) -> SeatListStart | None:
    """The first line that names columns of a seat list, below `sep=;` and titles; None: it is no seat list."""
    at = 0
    for above in range(MOST_TITLES):
        end = _LINE_END.search(text, at)
        line = text[at : min(end.start() if end else len(text), at + MOST_LOOKED_AT)]
        delimiter = max(_DELIMITERS, key=line.count)
        named = {_MEANT.get(plain(cell)) for cell in next(csv.reader([line], delimiter=delimiter), [])}
        if "seat" in named and named & {"zone", "row"}:
            return SeatListStart(at, above, delimiter)
        if end is None:
            return None
        at = end.end()
    return None


class SeatList:
    """The lines from the columns on, to be gone through more than once."""

    def __init__(self, text: str, start: SeatListStart) -> None:
        self._text, self._start = text[start.at :], start
        self._lines = self._opened()

    def _opened(self) -> Any:  # csv's reader has no name of its own
        return csv.reader(io.StringIO(self._text, newline=""), delimiter=self._start.delimiter, strict=True)

    def __iter__(self) -> Iterator[list[str]]:
        self._lines = self._opened()
        yield from self._lines

    @property
    def line(self) -> int:
        """Of the file, as an editor counts."""
        return self._start.above + int(self._lines.line_num)

    def notation(self) -> "Notation":
        """How it writes its positions."""
        lines = iter(self)
        where = [n for column, at in columns_of(next(lines, [])).items() if column in ("x", "y") for n in at]
        seats = (cells for cells in lines if cells and not cells[0].startswith("#"))
        return notation_of((cells[n] for cells in seats for n in where if n < len(cells)), self._start.delimiter)


def meant(word: str) -> str | None:
    """The column that is called so, in any of the languages."""
    return _MEANT.get(plain(word))


def columns_of(cells: Sequence[str]) -> dict[str, list[int]]:
    """Column → where it stands. Under its own name it goes before what else may mean it."""
    words = [plain(cell) for cell in cells]
    columns = [_column(cell) for cell in cells]
    found = {}
    for column in COLUMNS:
        meant = [n for n, each in enumerate(columns) if each == column]
        if where := [n for n in meant if words[n] == column] or meant:
            found[column] = where
    return found


def _column(cell: str) -> str | None:
    axis = axis_of(cell)
    return axis.name if axis else meant(cell)


def slips(cells: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Columns that are none of ours but all but named like one: left out, what stands in them would be lost."""
    for cell in cells:
        word = plain(cell)
        if _column(cell) is None and (near := get_close_matches(word[:40], _MEANT, 1, LIKE)):
            yield cell, near[0]


def unread(cells: Sequence[str], used: Collection[int]) -> tuple[list[str], set[int]]:
    """Columns that are nobody's: their names, and where those without one stand, of which only seats tell whether
    anything is lost with them."""
    names = {n: tidy(cell).strip() for n, cell in enumerate(cells) if n not in used}
    return [name for name in names.values() if name], {n for n, name in names.items() if not name}


def letters_of(n: int) -> str:
    """What a spreadsheet calls a column: A, B … Z, AA."""
    return letters_of(n // 26 - 1) + letters_of(n % 26) if n >= 26 else chr(ord("A") + n)


# numbers

_ROOM = re.compile(r"(?<=\d)['’\s](?=\d{3}(?!\d))")  # 1 200,5 and 1'200.5
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")  # a thousand and more, or a thousandth


@dataclass(frozen=True, slots=True)
class Notation:
    """Which sign parts off the decimals in a file, and whether its numbers show that by themselves."""

    decimal: str
    shown: bool
    mixed: bool = False

    def plain(self, text: str) -> str | None:
        """The number with a point and nothing else; None: it may be two numbers. What is no number stays none."""
        text = _ROOM.sub("", text)
        other = "." if self.decimal == "," else ","
        if _EITHER.fullmatch(text):
            if self.mixed or (other in text and not self.shown):
                return None
            return text.replace(other, "").replace(self.decimal, ".")
        signs = [sign for sign in text if sign in ".,"]
        last = signs[-1] if signs else ""
        if len(set(signs)) == 2 or len(signs) > 1:
            thousands = ("." if last == "," else ",") if signs.count(last) == 1 else last
            grouped = re.fullmatch(rf"[-+]?\d{{1,3}}(?:\{thousands}\d{{3}})+(?:[.,]\d*)?", text)
            text = text.replace(thousands, "") if grouped else text
        return text.replace(",", ".")


def notation_of(numbers: Iterable[str], delimiter: str) -> Notation:
    """By the numbers that can be read in one way only; else as it usual is beside this delimiter."""
    shown = set()
    for number in numbers:
        signs = [sign for sign in number if sign in ".,"]
        if signs and signs.count(signs[-1]) == 1 and not _EITHER.fullmatch(_ROOM.sub("", number)):
            shown.add(signs[-1])
    usual = "," if delimiter == ";" else "."
    return Notation(shown.pop(), shown=True) if len(shown) == 1 else Notation(usual, shown=False, mixed=len(shown) > 1)
