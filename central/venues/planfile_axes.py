"""What a column of positions may be called: `x`, `Pos. X`, `X (ft)`, `x [cm]`, `Abscisse en mètres`, in any language of
the house and as programs write it; with the unit that it names. What only looks like a position is no axis: whoever
reads the list asks, and draws nothing else in its place."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

MM = 20.0  # of a plan unit: 25 of them, a seat to the next, are half a metre
MOST_CALLED = 60  # characters of a name that are looked at


class Unit(StrEnum):
    MM = auto()
    CM = auto()
    DM = auto()
    M = auto()
    INCH = auto()
    FOOT = auto()
    YARD = auto()

    @property
    def units(self) -> float:
        """Plan units in one of it."""
        return _MM[self] / MM


_MM = dict(zip(Unit, (1.0, 10.0, 100.0, 1000.0, 25.4, 304.8, 914.4), strict=True))
_METRE = "met(?:res?|ers?|ern|ros?|ri)"
_UNITS = {  # without accents; ß is ss
    Unit.MM: f"mm mill?i{_METRE}",
    Unit.CM: f"cm [cz]enti{_METRE}",
    Unit.DM: f"dm de[cz]i{_METRE}",
    Unit.M: f"m mts? mtr {_METRE}",
    Unit.INCH: "in inch(?:es)? pouces? zoll pulgadas? pollic[ei]",
    Unit.FOOT: "ft foot feet pieds? fuss pies? pied[ei]",
    Unit.YARD: "yd yards? verges? yardas? iard[ae]",
}
_AXES = {
    "x": "x cx abscisses? abszisse abscisa ascissa rechtswert easting",
    "y": "y cy ordonnees? ordinate ordenada ordinata hochwert northing",
}
_BESIDE = (
    "positions? pos posicion posizion[ei] lage coordinates? coords? koordinaten? koord coordonnees? coordenadas? "
    "coordinat[ae] ax[ie]s achse eje asse wert value valeur valor valore points? punkte? locations? standort ubicacion "
    "posto plaza seats? sieges? sitz asientos? cent(?:re|er)s? mitte px pixels? units? unites? einheit(?:en)? "
    "unidad(?:es)? unita plan en in de di du des del of der"
)


def _any(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


_NAME = re.compile(
    rf"(?:{_any(_BESIDE)}){{0,3}}?"
    rf"(?:(?P<x>{_any(_AXES['x'])})|(?P<y>{_any(_AXES['y'])}))"
    rf"(?:{_any(_BESIDE)}){{0,4}}?"
    rf"(?:{'|'.join(f'(?P<{unit}>{_any(words)})' for unit, words in _UNITS.items())})?"
    rf"(?:{_any(_BESIDE)}){{0,2}}"
)
_AXIS = {name: re.compile(_any(words)) for name, words in _AXES.items()}
_WORD = re.compile(r"[^\W\d_]+")
_OF_SOMETHING = frozenset("%‰°")  # a share of a length that nobody knows, an angle


@dataclass(frozen=True, slots=True)
class Axis:
    """`x` or `y`; `unit` None: none is named, or plan units are."""

    name: str
    unit: Unit | None = None


def axis_of(called: str) -> Axis | None:
    """The axis whose positions stand in a column of this name; None: in none, or nobody can tell."""
    if not _OF_SOMETHING.isdisjoint(called):
        return None
    found = _NAME.fullmatch(plain(called[:MOST_CALLED]))
    if found is None:
        return None
    unit = next((each for each in Unit if found[each.value] is not None), None)
    return Axis("x" if found["x"] is not None else "y", unit)


def unclear_axes(cells: Iterable[str]) -> list[str]:
    """Columns that seem to be positions and are not understood. Positions come in pairs: a `y` alone may be a yes."""
    found = {cell: {name for name, axis in _AXIS.items() if any(map(axis.fullmatch, _words(cell)))} for cell in cells}
    both = set().union(*found.values()) == _AXIS.keys()
    return [cell for cell, axes in found.items() if axes and axis_of(cell) is None] if both else []


def plain(word: str) -> str:
    """A name as it is compared: small letters and digits, without accents and spaces."""
    letters = unicodedata.normalize("NFKD", word).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _words(cell: str) -> Sequence[str]:
    """`gridX` is two words, as `grid x` is."""
    return [plain(word) for word in _WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell[:MOST_CALLED]))]
