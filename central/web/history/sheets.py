"""The log as a sheet, CSV or Excel: written while it is read, so that its length costs time and no memory."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import xlsxwriter
from aiohttp import web

from central.kernel.characters import harmless
from central.web.screens.shown import Cell
from central.web.texts import Texts

if TYPE_CHECKING:
    from central.web.history.audit import Entry

EXCEL_MOST = 1_048_576  # rows that a sheet holds, its head with them
EXCEL_CELL = 32_767
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 65_536

Chunk = Callable[[int], Awaitable[tuple[list["Entry"], int, ZoneInfo]]]
"""The entries before a number, the number to go on with (0: that was all), the zone of the times."""
Values = list[str | int | datetime | None]


def head(t: Texts) -> list[str]:
    return [
        t("Numéro"), t("Quand"), t("Qui"), t("Quel genre"), t("D’où"), t("Action"), t("Commande"), t("Contexte"),
        t("Résultat"), t("Raison"), t("Ce qui a changé"), t("Sceau"), t("Identifiant"),
    ]  # fmt: skip


def values(t: Texts, entry: "Entry", zone: ZoneInfo) -> Values:
    row = entry.row
    at = row.at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    result = t("accepté") if row.ok else t("refusé")
    return [
        row.seq, at, entry.who.name, entry.who.kind, row.origin, entry.did, row.command, entry.place, result,
        entry.reason, "\n".join(_changes(t, entry)), row.hash, row.id,
    ]  # fmt: skip


def _changes(t: Texts, entry: "Entry") -> Iterator[str]:
    for thing in entry.things:
        said = f"{thing.act} : {thing.entity} {thing.name if thing.seen else '•••'}"
        lines = "; ".join(f"{line.field} {_text(line.before)} → {_text(line.after)}" for line in thing.lines)
        yield f"{said} ({lines})" if lines else said
    if entry.more:
        yield t("et {n} autres", n=entry.more)


def _text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return "; ".join(cell.lines or [text for text, _ in cell.links]) or cell.text


async def csv_sheet(request: web.Request, t: Texts, chunk: Chunk) -> web.StreamResponse:
    answer = web.StreamResponse(headers=_headers("text/csv; charset=utf-8", "csv"))
    await answer.prepare(request)
    await answer.write(b"\xef\xbb\xbf" + _csv([head(t)]))  # the mark lets Excel read the accents
    before = 0
    while True:
        entries, before, zone = await chunk(before)
        if entries:
            await answer.write(_csv([_plain(values(t, each, zone)) for each in entries]))
        if not before:
            break
    await answer.write_eof()
    return answer


def _plain(row: Values) -> list[str]:
    return [harmless(each) if isinstance(each, str) else "" if each is None else str(each) for each in row]


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


async def excel_sheet(request: web.Request, t: Texts, chunk: Chunk) -> web.StreamResponse:
    """Into a file first: a workbook is a zip whose beginning is known only at its end."""
    with TemporaryDirectory(prefix="parterre-sheet-") as folder:
        path = Path(folder) / "sheet.xlsx"
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False,
                                               "strings_to_urls": False, "strings_to_numbers": False})  # fmt: skip
        sheet = book.add_worksheet()
        moment, bold = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format({"bold": True})
        sheet.write_row(0, 0, head(t), bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 1, 20)
        sheet.set_column(10, 10, 60)
        before, line = 0, 1
        while line < EXCEL_MOST - 1:
            entries, before, zone = await chunk(before)
            for each in entries[: EXCEL_MOST - 1 - line]:
                _write(sheet, line, values(t, each, zone), moment)
                line += 1
            if not before:
                break
        if before:
            sheet.write_string(line, 0, t("La feuille est pleine : il y en a d’autres."))
        await asyncio.to_thread(book.close)
        answer = web.StreamResponse(headers=_headers(EXCEL, "xlsx"))
        answer.content_length = (await asyncio.to_thread(path.stat)).st_size
        await answer.prepare(request)
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, _CHUNK):
                await answer.write(part)
        await answer.write_eof()
        return answer


def _write(sheet: xlsxwriter.worksheet.Worksheet, line: int, row: Values, moment: xlsxwriter.format.Format) -> None:
    for column, value in enumerate(row):
        if isinstance(value, datetime):
            sheet.write_datetime(line, column, value, moment)
        elif isinstance(value, int):
            sheet.write_number(line, column, value)
        elif value:
            sheet.write_string(line, column, harmless(value)[:EXCEL_CELL])


def _headers(kind: str, suffix: str) -> dict[str, str]:
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="journal.{suffix}"',
        "Cache-Control": "no-store",
    }
