"""The cloakroom works (test_areas.py copies it beside the area)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from central.app import open_door, running
from central.cloakroom.model import NoCoat
from central.cloakroom.ops import HOOKS, HandInCoat
from central.config import CentralConfig
from central.devices.feeds import DeviceFeeds, Feed
from central.devices.model import NoDevice
from central.kernel.contexts import path_of
from central.kernel.door import Door
from shared.runtime.mqtt import Endpoint
from shared.wire.certificates import DeviceKind
from tests.central import small_house
from tests.central.devices.test_facts import enrol
from tests.central.small_house import Clerk, House, Watch, new_id, set_up
from tests.central.web.screens.conftest import Browser, browser  # noqa: F401 - a fixture
from tests.waiting import until_so


def test_a_command_reads_another_area_and_its_rule_refuses(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    assert [clerk.do(HandInCoat(id=new_id(), performance_id=house.performance)) for _ in range(HOOKS)] == [1, 2]
    refused = clerk.no(HandInCoat(id=new_id(), performance_id=house.performance))
    assert (refused.reason, refused.fix, refused.detail) == (NoCoat.FULL, "performance_id", {"most": HOOKS})
    clerk.as_(house.operator("cloakroom.coat.read")).no(HandInCoat(id=new_id(), performance_id=house.performance))


@pytest.mark.parametrize(("kind", "reads"), [(DeviceKind.GATE, True), (DeviceKind.KIOSK, False)])
def test_a_feed_reaches_the_devices_that_may_read_it(quick: tuple[Clerk, House], kind: DeviceKind, reads: bool) -> None:
    clerk, house = quick
    machine = enrol(clerk, house, kind)
    clerk.do(HandInCoat(id=new_id(), performance_id=house.performance))
    name = f"coats/{house.site}"
    assert (name in machine.clerk.ask(DeviceFeeds()).value["feeds"]) is reads
    answer: Any = machine.clerk.ask(Feed(feed=name))
    assert ('"number":1' in answer.value["text"]) if reads else answer.reason == NoDevice.NOT_YOUR_FEED


async def test_a_page_stands_in_the_menu(browser: Browser) -> None:  # noqa: F811
    front = await browser.get("/admin")
    assert "/admin/cloakroom" in front.text
    page = await browser.get("/admin/cloakroom")
    assert page.status == 200 and "0 manteaux" in page.text


async def test_a_loop_runs_and_health_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CentralConfig(tmp_path, listen=Endpoint("127.0.0.1", 0), outbox_every_s=0.05)
    monkeypatch.setattr(small_house, "STARTS", datetime.now(UTC) - timedelta(hours=5))
    watch, db = Watch(), config.opened.connect()
    house = set_up(Clerk(Door(config.opened, watch, path_of, open_door(config).keys), db, watch))
    async with running(config) as central, aiohttp.ClientSession(central.url) as session:
        coat = new_id()
        assert (
            await central.door.execute(
                small_house.SYSTEM, HandInCoat(id=coat, performance_id=house.performance), new_id()
            )
        ).ok

        async def lost() -> bool:
            return db.run("SELECT lost FROM coat WHERE id = :id", {"id": coat}) == [(1,)]

        await until_so(lost)
        async with session.get("/readyz") as answer:
            assert (await answer.json())["checks"]["cloakroom"] == "ok"
    db.close()
