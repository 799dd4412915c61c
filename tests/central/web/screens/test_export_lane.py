"""However many exports are asked for, every reader stays free for the others: counted, not timed."""

import asyncio
import threading

from central.kernel.readers import EXPORTERS, READERS
from central.kernel.tx import SYSTEM, Read
from central.web.screens.export_lane import EXPORT_LANE
from tests.central.web.screens.conftest import Browser


async def test_all_readers_are_free_while_exports_run(browser: Browser) -> None:
    go, door = threading.Event(), browser.door
    slow = [asyncio.ensure_future(door.read_long(SYSTEM, lambda read: go.wait(60))) for _ in range(3 * EXPORTERS)]
    meet = threading.Barrier(READERS)

    def together(read: Read) -> int:
        return meet.wait(60)

    assert sorted(await asyncio.gather(*(door.read(SYSTEM, together) for _ in range(READERS)))) == [*range(READERS)]
    go.set()
    await asyncio.gather(*slow)


async def test_who_finds_no_room_is_told_when_to_come_back(browser: Browser) -> None:
    lane = browser.client.app[EXPORT_LANE]
    lane.inside |= {f"{n}" for n in range(EXPORTERS)}
    async with browser.client.get("/admin/e/tariff/export.csv") as answer:
        assert answer.status == 503 and answer.headers["Retry-After"]
    lane.inside.clear()
    async with browser.client.get("/admin/e/tariff/export.csv") as answer:
        assert answer.status == 200
    assert not lane.inside
