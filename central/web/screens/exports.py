"""A list as CSV or XLSX: all of it as it is filtered and sorted, and nothing in it that a spreadsheet would execute."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from aiohttp import web

from central.kernel.entity import Column, Declaration
from central.kernel.tx import Read
from central.web.frame import ListColumn
from central.web.screens.cells import Cell, exported, reader
from central.web.screens.export_lane import Turn, there_is_more
from central.web.screens.listing import ListFilter, every
from central.web.screens.notation import MARK, SheetNotation, Value
from central.web.screens.screen import Screen, more_columns

MOST = 200_000  # rows; a sheet ends at 1,048,576
MOST_CELL = 32_767  # characters, of a sheet's cell
MOST_PLACES = 4  # kinds of them behind the point: none to three
Rows = Iterable[Sequence[Value]]


def table(
    screen: Screen, read: Read, declaration: Declaration, wanted: ListFilter, columns: list[Column], turn: Turn
) -> Rows:
    """Head and rows; at most `MOST`, as long as the turn lasts. With what the list says beside the columns, at its
    place."""
    more = more_columns(screen, read, declaration)
    heads = [screen.t.field(declaration.name, column.name) for column in columns]
    heads[1:1] = [screen.t(each.text) for each in more]
    yield heads
    yield from turn.up_to(MOST, _rows(screen, read, declaration, wanted, columns, more), [there_is_more(screen.t)])


def _rows(
    screen: Screen, read: Read, declaration: Declaration, wanted: ListFilter, columns: list[Column],
    more: Sequence[ListColumn],
) -> Rows:  # fmt: skip
    for rows in every(screen.door, read, declaration, wanted, most=MOST + 1):
        of = reader(read, screen.t, declaration, rows, columns)
        beside = [each.say(read, screen.t, rows) for each in more]
        for row in rows:
            values = [exported(of, row, column) for column in columns]
            values[1:1] = [_beside(each.get(row.id)) for each in beside]
            yield values


def _beside(cell: Cell | None) -> Value:
    return "" if cell is None else cell.in_line if cell.value is None else cell.value


def as_csv(rows: Rows, notation: SheetNotation) -> bytes:
    return MARK + csv_lines(rows, notation)


def csv_lines(rows: Rows, notation: SheetNotation) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=notation.delimiter, lineterminator="\r\n").writerows(map(notation.cell, r) for r in rows)
    return out.getvalue().encode()


def as_xlsx(rows: Rows, notation: SheetNotation) -> bytes:
    with TemporaryDirectory(prefix="parterre-sheet-") as folder, workbook(Path(folder)) as (book, path):
        _write(book, rows, notation)
        book.close()
        return path.read_bytes()


@contextmanager
def workbook(folder: Path) -> Iterator[tuple[xlsxwriter.Workbook, Path]]:
    """One that is written row by row, whose texts are texts, and its file. Whoever is through closes it; of one that
    breaks off nothing is packed."""
    path = folder / "sheet.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False,
                                           "strings_to_urls": False, "strings_to_numbers": False,
                                           "tmpdir": str(folder)})  # fmt: skip
    try:
        yield book, path
    finally:
        for sheet in book.worksheets():
            sheet.row_data_fh.close()


def _write(book: xlsxwriter.Workbook, rows: Rows, notation: SheetNotation) -> None:
    sheet = book.add_worksheet()
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": f"{notation.day} hh:mm"})
    exact = [book.add_format({"num_format": f"0.{'0' * places}" if places else "0"}) for places in range(MOST_PLACES)]
    sheet.freeze_panes(1, 0)
    for n, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(n, column, value, moment)
            elif isinstance(value, Decimal):
                sheet.write_number(
                    n, column, float(value), exact[min(MOST_PLACES - 1, -int(value.as_tuple().exponent))]
                )
            elif isinstance(value, int | float):
                sheet.write_number(n, column, value)
            else:
                sheet.write_string(n, column, value[:MOST_CELL], bold if n == 0 else None)


EXPORTS: dict[str, tuple[str, Callable[[Rows, SheetNotation], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}


def answer(form: str, name: str, body: bytes) -> web.Response:
    return web.Response(body=body, headers=headers(form, name))


def headers(form: str, name: str) -> dict[str, str]:
    return {
        "Content-Type": EXPORTS[form][0],
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Cache-Control": "no-store",
    }
