"""A list as CSV or XLSX: all of it as it is filtered and sorted, and nothing in it that a spreadsheet would execute."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from aiohttp import web

from central.kernel.characters import harmless
from central.kernel.entity import Column, Declaration
from central.kernel.tx import Read
from central.web.screens.desk import Desk
from central.web.screens.listing import Wanted, every
from central.web.screens.shown import exported, reader

MOST = 200_000  # rows; a sheet ends at 1,048,576
MOST_CELL = 32_767  # characters, of a sheet's cell
Value = str | int | float | datetime | None
Rows = Iterable[Sequence[Value]]


def table(at_desk: Desk, read: Read, declaration: Declaration, wanted: Wanted, columns: list[Column]) -> Rows:
    """Head and rows."""
    yield [at_desk.t.field(declaration.name, column.name) for column in columns]
    for rows in every(at_desk.door, read, declaration, wanted, most=MOST):
        of = reader(read, at_desk.t, declaration, rows, columns)
        for row in rows:
            yield [exported(of, row, column) for column in columns]


def as_csv(rows: Rows) -> bytes:
    """UTF-8 with its mark, which spreadsheets need; semicolons, as they are used where commas are decimals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_csv(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _csv(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return harmless(value) if isinstance(value, str) else str(value)


def as_xlsx(rows: Rows) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                   "strings_to_numbers": False, "in_memory": False}  # fmt: skip
        with xlsxwriter.Workbook(file.name, options) as book:
            _write(book, rows)
        return Path(file.name).read_bytes()


def _write(book: Any, rows: Rows) -> None:
    sheet = book.add_worksheet()
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 0)
    for n, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, datetime):
                sheet.write_datetime(n, column, value, moment)
            elif isinstance(value, int | float):
                sheet.write_number(n, column, value)
            else:
                sheet.write_string(n, column, value[:MOST_CELL], bold if n == 0 else None)


EXPORTS: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}


def answer(form: str, name: str, body: bytes) -> web.Response:
    headers = {
        "Content-Type": EXPORTS[form][0],
        "Content-Disposition": f'attachment; filename="{name}.{form}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, headers=headers)
