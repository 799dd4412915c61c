"""How numbers and times are written in exports: as whoever asks for them reads them in this house, so that a file opens
right in their own spreadsheet. A CSV says nothing of it, so all of it goes together: where commas are decimals,
semicolons part the cells."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel import Locale

from central.kernel.characters import begins_formula, cells_of
from central.web.texts import Texts

Value = str | int | float | Decimal | datetime | None

MARK = b"\xef\xbb\xbf"
"""Before UTF-8, for spreadsheets: without it they read accents in letters of their own."""


@dataclass(frozen=True, slots=True)
class SheetNotation:
    """`day` is a pattern as Excel has it (dd/mm/yyyy)."""

    point: str
    day: str

    @property
    def delimiter(self) -> str:
        return ";" if self.point == "," else ","

    def cell(self, value: Value) -> str:
        """In a CSV: numbers without thousands, and nothing that a spreadsheet would execute."""
        match value:
            case None:
                return ""
            case datetime():
                time = f"{value:%H:%M}" + (f":{value:%S}" if value.second else "")
                return f"{self._day(value)} {time}"
            case str():
                return "".join(f"'{each}" if begins_formula(each) else each for each in cells_of(value))
            case Decimal():
                return f"{value:f}".replace(".", self.point)
            case _:
                return str(value).replace(".", self.point)

    def _day(self, at: datetime) -> str:
        day = self.day.replace("dd", f"{at.day:02}").replace("mm", f"{at.month:02}")
        return day.replace("yyyy", f"{at.year:04}")


def notation_of(t: Texts) -> SheetNotation:
    pattern = Locale.parse(t.locale).date_formats["short"].pattern
    sign = next(each for each in pattern if not each.isalpha())
    long = {"d": "dd", "M": "mm", "y": "yyyy"}
    return SheetNotation(t.point, sign.join(long[part[:1]] for part in pattern.split(sign) if part))
