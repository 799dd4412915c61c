"""What can be wrong with a plan, in a file or a drawing: found by its name with what it is about, and said to whoever
reads it in their language (`fault:plan.<name>` in the texts; flaw_words.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any


class Flaw(StrEnum):
    AISLE_AFTER = auto()
    AREA_SHAPES = auto()
    AREA_UNDRAWN = auto()
    BENT = auto()
    BLOCK_ROWS = auto()
    CATEGORY_TWICE = auto()
    CELLS = auto()
    CIRCLE = auto()
    COLUMN_MISSING = auto()
    COLUMN_SLIP = auto()
    COLUMN_TWICE = auto()
    COLUMN_UNCLEAR = auto()
    CONTINUOUS = auto()
    DEEP = auto()
    DOCTYPE = auto()
    DRAWING_FILE = auto()
    EMPTY = auto()
    ENTITY = auto()
    FEW_LETTERS = auto()
    FIRST_LETTERS = auto()
    FIRST_NUMBER = auto()
    FROM_OUTSIDE = auto()
    GUID_TAKEN = auto()
    GUID_TOO_LONG = auto()
    INNER_SVG = auto()
    MISSING = auto()
    MORE = auto()
    MOST_AISLES = auto()
    MOVED = auto()
    NAMES_TWICE = auto()
    NEGATIVE = auto()
    NONE_MAPPED = auto()
    NOT_BETWEEN = auto()
    NOT_CSV = auto()
    NOT_DRAWN = auto()
    NOT_JSON = auto()
    NOT_LIST = auto()
    NOT_NUMBER = auto()
    NOT_OBJECT = auto()
    NOT_SVG = auto()
    NOT_TEXT = auto()
    NOT_XML = auto()
    NO_CATEGORY = auto()
    NO_COLOUR = auto()
    NO_LINE = auto()
    NO_MARK = auto()
    NO_NUMBER = auto()
    NO_NUMBERS = auto()
    NO_PAIRS = auto()
    NO_PLACE = auto()
    NO_POSITION = auto()
    NO_SEAT = auto()
    NO_SHAPE = auto()
    NO_TRANSFORM = auto()
    NO_ZONE = auto()
    NUMBER_SIZE = auto()
    ON_TOP = auto()
    OUTSIDE = auto()
    PACKED_FILE = auto()
    PATH_EMPTY = auto()
    PATH_ENDS = auto()
    PATH_UNCLEAR = auto()
    PICTURE_FILE = auto()
    POLYGON_EMPTY = auto()
    POLYGON_SHORT = auto()
    POSITION_MISSING = auto()
    ROWS_TOLD = auto()
    ROW_EMPTY = auto()
    ROW_GONE = auto()
    ROW_LABEL = auto()
    ROW_SAYS = auto()
    ROW_SEATS = auto()
    SEAT_IN_SEAT = auto()
    SEAT_OR_AREA = auto()
    SEAT_TWICE = auto()
    SHEET_FILE = auto()
    SHEET_MOVES = auto()
    SIZE_UNCLEAR = auto()
    STYLE_MOVED = auto()
    THOUSANDS = auto()
    TOO_FAR = auto()
    TOO_LARGE = auto()
    TOO_LONG = auto()
    TOO_MANY = auto()
    TRANSFORM_UNCLEAR = auto()
    UNITS_DIFFER = auto()
    UNIT_UNLIKELY = auto()
    UNKNOWN_FORMAT = auto()
    UNKNOWN_KEY = auto()
    UNMARKED = auto()
    UNSAID = auto()
    UNSEEN = auto()
    USE_TOO_LONG = auto()
    USE_UNCLEAR = auto()
    USE_UNKNOWN = auto()
    ZONES_APART = auto()
    ZONE_EMPTY = auto()
    ZONE_SPELT = auto()

    @property
    def fault(self) -> str:
        """As it is called among all faults there are."""
        return f"plan.{self.value}"


class Things(StrEnum):
    """What there may be too many of."""

    ACCESSES = auto()
    AREAS = auto()
    BLOCKS = auto()
    CATEGORIES = auto()
    COLUMNS = auto()
    CORNERS = auto()
    CORNERS_EACH = auto()
    ELEMENTS = auto()
    LINES = auto()
    NUMBERS = auto()
    PARTS = auto()
    PATH_POINTS = auto()
    ROWS = auto()
    SEATS = auto()
    SEAT_POINTS = auto()
    ZONES = auto()


class JsonKind(StrEnum):
    """What stands in a JSON where something else is wanted."""

    LIST = auto()
    NULL = auto()
    NUMBER = auto()
    OBJECT = auto()
    TEXT = auto()
    YES_NO = auto()


@dataclass(frozen=True, slots=True)
class PlanFileFault:
    """`at` is a JSON path, a line or a block; `said`: what the sentence of `what` has places for."""

    at: str
    what: Flaw
    said: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As a refusal lists it, JSON-ready."""
        return {"at": self.at, "what": self.what.fault, **self.said}
