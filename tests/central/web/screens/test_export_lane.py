"""However many exports are asked for, every reader stays free for the others; and none outlives who asked for it, or
its time. Counted, not timed."""

import asyncio
import csv
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import pytest
from aiohttp import ClientError

from central.kernel.actor import SYSTEM
from central.kernel.log_chain import seal_now
from central.kernel.readers import EXPORTERS, READERS
from central.kernel.tx import Read
from central.web.caller import is_gone
from central.web.history import sheets
from central.web.screens import export_lane, exports
from central.web.screens.export_lane import EXPORT_LANE, ExportLane, Turn, there_is_more
from central.web.texts import texts
from tests.central.small_house import Watch
from tests.central.web.screens.conftest import Browser
from tests.waiting import until, until_now

LISTS = ("/admin/e/tariff/export.csv", "/admin/e/tariff/export.xlsx")
LOGS = ("/admin/audit.csv", "/admin/audit.xlsx")
MORE = there_is_more(texts("fr"))


@pytest.fixture(autouse=True)
def as_in_earnest(browser: Browser) -> None:
    """The log goes on from number to number, so it has them. And no handler is cancelled because its caller hung up:
    a test's server would do that, central's does not."""
    runner = browser.client.server.runner
    assert runner and runner.server
    runner.server.handler_cancellation = False
    with closing(browser.door.database.connect()) as db:
        seal_now(db, Read(db, SYSTEM, Watch()(), browser.door.keys))


def lane_of(browser: Browser) -> ExportLane:
    lane: ExportLane = browser.client.app[EXPORT_LANE]
    return lane


async def meeting(look: Callable[..., Any], many: int) -> None:
    """Comes back once so many looks are under way at one moment: so many readers are free."""
    meet = threading.Barrier(many)
    assert sorted(await asyncio.gather(*(look(SYSTEM, lambda _: meet.wait(60)) for _ in range(many)))) == [*range(many)]


async def test_all_readers_are_free_while_exports_run(browser: Browser) -> None:
    go, door = threading.Event(), browser.door
    slow = [asyncio.ensure_future(door.read_long(SYSTEM, lambda read: go.wait(60))) for _ in range(3 * EXPORTERS)]
    await meeting(door.read, READERS)
    go.set()
    await asyncio.gather(*slow)


@pytest.mark.parametrize("path", [*LISTS, *LOGS])
async def test_who_finds_no_room_is_told_when_to_come_back(browser: Browser, path: str) -> None:
    lane = lane_of(browser)
    lane.inside |= {f"{n}" for n in range(EXPORTERS)}
    async with browser.client.get(path) as answer:
        assert answer.status == 503 and answer.headers["Retry-After"]
    lane.inside.clear()
    async with browser.client.get(path) as answer:
        assert answer.status == 200 and await answer.read()
    await until(lambda: not lane.inside)


# --- an end ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Held:
    """Stands in the way of each row that an export makes until its caller hung up. `made` are the threads of the rows
    that came that far."""

    turns: list[Turn] = field(default_factory=list)
    made: list[threading.Thread] = field(default_factory=list)

    def wait(self) -> None:
        self.made.append(threading.current_thread())
        until_now(lambda: is_gone(self.turns[-1].request))

    def values(self, act: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: (self.wait(), act(*args))[1]

    def rows(self, act: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def held(*args: Any) -> Iterator[Any]:
            for row in act(*args):
                self.wait()
                yield row

        return held


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held()

    def turn(*args: Any) -> Turn:
        found.turns.append(Turn(*args))
        return found.turns[-1]

    monkeypatch.setattr(export_lane, "Turn", turn)
    monkeypatch.setattr(export_lane, "LOOKED_EVERY", 1)
    monkeypatch.setattr(sheets, "PIECE", 1)
    monkeypatch.setattr(exports, "_rows", found.rows(exports._rows))
    monkeypatch.setattr(sheets, "values", found.values(sheets.values))
    return found


@pytest.mark.parametrize("path", [*LISTS, *LOGS])
async def test_it_ends_between_two_rows_when_its_caller_hangs_up(browser: Browser, held: Held, path: str) -> None:
    asked = asyncio.ensure_future(browser.client.get(path))
    await until(lambda: held.made)
    assert lane_of(browser).inside
    if asked.done():  # its head is here: a CSV of the log comes as it is made
        (await asked).close()
    asked.cancel()
    await until(lambda: not lane_of(browser).inside)
    await meeting(browser.door.read_long, EXPORTERS)
    assert len(held.made) == 1, "the first row was at work, and no other began"
    assert threading.main_thread() not in held.made


@pytest.mark.parametrize("path", [*LISTS, *LOGS])
async def test_it_ends_when_its_time_is_over_and_says_so(
    browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "PIECE", 1)
    lane_of(browser).longest_s = 0.0
    rows = await sheet(browser, path)
    assert rows[-1][0] == MORE and len(rows) == (3 if path in LOGS else 2), "the log was at its first piece"
    await until(lambda: not lane_of(browser).inside)


@pytest.mark.parametrize("over", ["its time", "their time"])
async def test_it_ends_where_somebody_does_not_read_it(
    browser: Browser, over: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "csv_lines", lambda *_: b"x" * 64 * 1024 * 1024)  # more than lies between the two
    if over == "its time":
        monkeypatch.setattr(sheets, "GRACE_S", 0.0)
        lane_of(browser).longest_s = 0.0
    else:
        monkeypatch.setattr(sheets, "SEND_S", 0.1)
        monkeypatch.setattr(sheets, "SLOWEST", 1e9)
    async with browser.client.get("/admin/audit.csv") as answer:
        await until(lambda: not lane_of(browser).inside)
        with pytest.raises(ClientError):
            await answer.read()


@pytest.mark.parametrize("path", [*LISTS, "/admin/audit.xlsx"])
async def test_what_is_beyond_its_rows_is_said(browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = await sheet(browser, path)
    many = len(everything) - 1
    for module in (exports, sheets):
        monkeypatch.setattr(module, "MOST", many - 1)
    cut = await sheet(browser, path)
    assert cut[:-1] == everything[:many] and cut[-1][0] == MORE
    for module in (exports, sheets):
        monkeypatch.setattr(module, "MOST", many)
    assert await sheet(browser, path) == everything, "just as many as there may be"


async def sheet(browser: Browser, path: str) -> list[list[Any]]:
    async with browser.client.get(path) as answer:
        assert answer.status == 200
        body = await answer.read()
    if path.endswith("csv"):
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows()]
