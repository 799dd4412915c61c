"""One notation in all that is exported: its reader's own spreadsheet finds numbers and days in it."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.kernel.characters import is_formula
from central.web.screens.exports import EXPORTS
from central.web.screens.notation import notation_of
from central.web.texts import texts

AT = datetime(2026, 12, 29, 20, 30, tzinfo=UTC).replace(tzinfo=None)  # a sheet knows no zone
ROWS = [["Tarif", "TVA", "Début"], ["=1+1", Decimal("5.5"), AT], [-3, Decimal("32.50"), None]]


@pytest.mark.parametrize(
    "language, delimiter, cells",
    [
        ("fr", ";", ["5,5", "29/12/2026 20:30", "32,50"]),
        ("en", ",", ["5.5", "29/12/2026 20:30", "32.50"]),
        ("de", ";", ["5,5", "29.12.2026 20:30", "32,50"]),
        ("es", ";", ["5,5", "29/12/2026 20:30", "32,50"]),
        ("it", ";", ["5,5", "29/12/2026 20:30", "32,50"]),
    ],
)
def test_a_csv_is_written_as_its_reader_writes(language: str, delimiter: str, cells: list[str]) -> None:
    data = EXPORTS["csv"][1](ROWS, notation_of(texts(language)))
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))
    assert data.startswith(b"\xef\xbb\xbf")
    assert read == [["Tarif", "TVA", "Début"], ["'=1+1", *cells[:2]], ["-3", cells[2], ""]]


SIGNS = st.text(st.sampled_from("=+-@a 1;,\t\r\n\"'\u200b＝"), max_size=8)


@given(st.lists(st.lists(SIGNS, min_size=1, max_size=3), min_size=1, max_size=3), st.sampled_from(["fr", "en"]))
@example([["Gala,=1+1", "G"]], "fr")
@example([["G", "Gala;=1+1"]], "en")
@example([["G", 'Gala\n"=1+1']], "fr")
def test_in_whichever_notation_it_is_read_no_cell_is_a_formula(rows: list[list[str]], language: str) -> None:
    """A file that one colleague writes another opens, whose spreadsheet parts cells by another sign."""
    text = EXPORTS["csv"][1](rows, notation_of(texts(language))).decode("utf-8-sig")
    for delimiter in ";,\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not [cell for cell in row if is_formula(cell.lstrip('"\t\r\n'))], (text, delimiter)


@pytest.mark.parametrize("language, day", [("fr", "dd/mm/yyyy hh:mm"), ("de", "dd.mm.yyyy hh:mm")])
def test_a_sheet_has_numbers_and_days_and_says_how_they_are_shown(language: str, day: str) -> None:
    data = EXPORTS["xlsx"][1](ROWS, notation_of(texts(language)))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert [(cell.value, cell.number_format) for cell in sheet[2]][1:] == [
        (5.5, "0.0"), (AT, day)
    ]  # fmt: skip
    assert (sheet["B3"].value, sheet["B3"].number_format) == (32.5, "0.00")
