"""The log as a sheet, CSV or Excel: made while it is read, beside the loop and in the lane of exports, so that its
length costs time and no memory. A CSV is as long as its time allows, a sheet of Excel has at most `MOST` rows; where
there are more, the last row says so.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import xlsxwriter
from aiohttp import web

from central.kernel.characters import harmless
from central.kernel.helper_processes import HungUp
from central.web.history.entries import LogEntry
from central.web.screens.cells import Cell
from central.web.screens.export_lane import Turn, there_is_more
from central.web.screens.exports import MOST, MOST_CELL, csv_lines, headers, workbook
from central.web.screens.notation import MARK, Value, notation_of
from central.web.texts import Texts

PIECE = 500  # entries read and written in one go
GRACE_S = 60.0  # beyond a sheet's time, to send what is made of it
SEND_S = 20.0  # for somebody to read it, and …
SLOWEST = 32 * 1024  # … its bytes at so many a second on top
_CHUNK = 65_536

Write = Callable[[list[LogEntry], ZoneInfo], bytes]
"""Writes entries, in the thread that read them; the zone of their times. Gives what is to be sent at once."""
Chunk = Callable[[int, int, Write], Awaitable[tuple[bytes, int]]]
"""Reads entries before a number, at most so many, and has them written. Gives what that gave, and the number to go on
with (0: that was all)."""
Values = list[Value]


def head(t: Texts) -> list[str]:
    return [
        t("Numéro"), t("Quand"), t("Qui"), t("Quel type"), t("D’où"), t("Action"), t("Commande de l’API"),
        t("Contexte"), t("Résultat"), t("Raison"), t("Ce qui a changé"), t("Sceau"), t("Identifiant"),
    ]  # fmt: skip


def values(t: Texts, entry: LogEntry, zone: ZoneInfo) -> Values:
    row = entry.row
    at = row.at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    result = t("accepté") if row.ok else t("refusé")
    return [
        row.seq, at, entry.who.name, entry.who.kind, row.origin, entry.did, row.command, entry.place, result,
        entry.reason, "\n".join(_changes(t, entry)), row.hash, row.id,
    ]  # fmt: skip


def _changes(t: Texts, entry: LogEntry) -> Iterator[str]:
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


async def csv_sheet(request: web.Request, t: Texts, turn: Turn, chunk: Chunk) -> web.StreamResponse:
    answer = web.StreamResponse(headers=headers("csv", "journal"))
    await answer.prepare(request)
    sending, notation = _Sending(answer, turn), notation_of(t)

    def written(entries: list[LogEntry], zone: ZoneInfo) -> bytes:
        return csv_lines([values(t, each, zone) for each in entries], notation)

    await sending.send(MARK + csv_lines([head(t)], notation))
    before = 0
    while True:
        turn.wanted()
        piece, before = await chunk(before, PIECE, written)
        await sending.send(piece)
        if not before:
            break
        if not turn.left_s:
            await sending.send(csv_lines([[there_is_more(t)]], notation))
            break
    await answer.write_eof()
    return answer


@dataclass(slots=True)
class _Sending:
    """A sheet on its way. Who reads it more slowly than a body may come is not waited for: they keep a lane from
    somebody else."""

    answer: web.StreamResponse
    turn: Turn
    sent: int = 0  # bytes
    waited_s: float = 0.0

    async def send(self, piece: bytes) -> None:
        """Raises HungUp, having hung up itself, where their time is over."""
        self.sent += len(piece)
        began = time.monotonic()
        patience_s = SEND_S + self.sent / SLOWEST - self.waited_s
        try:
            async with asyncio.timeout(min(self.turn.ends + GRACE_S - began, patience_s)):
                await self.answer.write(piece)
        except TimeoutError:
            if self.turn.request.transport:
                self.turn.request.transport.abort()
            raise HungUp from None
        self.waited_s += time.monotonic() - began


async def excel_sheet(request: web.Request, t: Texts, turn: Turn, chunk: Chunk) -> web.StreamResponse:
    """Into a file first: a workbook is a zip whose beginning is known only at its end."""
    with TemporaryDirectory(prefix="parterre-sheet-") as folder:
        with workbook(Path(folder)) as (book, path):
            await _fill(book, t, turn, chunk)
            await asyncio.to_thread(book.close)
        answer = web.StreamResponse(headers=headers("xlsx", "journal"))
        answer.content_length = (await asyncio.to_thread(path.stat)).st_size
        await answer.prepare(request)
        sending = _Sending(answer, turn)
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, _CHUNK):
                await sending.send(part)
        await answer.write_eof()
        return answer


async def _fill(book: xlsxwriter.Workbook, t: Texts, turn: Turn, chunk: Chunk) -> None:
    sheet = book.add_worksheet()
    moment, bold = book.add_format({"num_format": f"{notation_of(t).day} hh:mm:ss"}), book.add_format({"bold": True})
    sheet.write_row(0, 0, head(t), bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 1, 20)
    sheet.set_column(10, 10, 60)
    rows = 0

    def written(entries: list[LogEntry], zone: ZoneInfo) -> bytes:
        nonlocal rows
        for each in entries:
            rows += 1
            _write(sheet, rows, values(t, each, zone), moment)
        return b""

    before = 0
    while True:
        turn.wanted()
        _, before = await chunk(before, min(PIECE, MOST - rows), written)
        if not before:
            return
        if rows >= MOST or not turn.left_s:
            sheet.write_string(rows + 1, 0, there_is_more(t))
            return


def _write(sheet: xlsxwriter.worksheet.Worksheet, line: int, row: Values, moment: xlsxwriter.format.Format) -> None:
    for column, value in enumerate(row):
        if isinstance(value, datetime):
            sheet.write_datetime(line, column, value, moment)
        elif isinstance(value, int):
            sheet.write_number(line, column, value)
        elif isinstance(value, str) and value:
            sheet.write_string(line, column, harmless(value)[:MOST_CELL])
