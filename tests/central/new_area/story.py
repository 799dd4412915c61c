"""The cloakroom works (test_new_area.py copies it to the tests of areas)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from central.access.ops import Anomalies
from central.app import open_door, running
from central.cloakroom.model import CoatAnomaly, NoCoat, NotFetched
from central.cloakroom.ops import HandInCoat, LoseCoats
from central.cloakroom.settings import CloakroomSettings
from central.config_file import read_config
from central.devices.facts import DeadLetters
from central.devices.feeds import DeviceFeeds, Feed
from central.devices.model import NoDevice
from central.first_run import profiles
from central.kernel.contexts import path_of
from central.kernel.door import Door
from central.kernel.facts import NoEffect
from central.kernel.keys import Keys
from central.reports.checks import Checks
from shared.clock import from_ms
from shared.outcome import Refused
from shared.wire.certificates import DeviceKind
from shared.wire.coats import COAT_FETCHED, CoatFetched
from shared.wire.codec import dump
from tests.central import small_house
from tests.central.devices.test_facts import enrol
from tests.central.devices.test_hostile_devices import writable
from tests.central.small_house import Clerk, House, Watch, new_id, set_up
from tests.central.web.screens.conftest import Browser, browser  # noqa: F401 - a fixture
from tests.central.web.test_no_page_grows import asked_of_both, grown_of
from tests.hostile import bent
from tests.waiting import until_so

HOOKS = CloakroomSettings().cloakroom_hooks


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


def test_a_gate_tells_what_was_fetched(quick: tuple[Clerk, House]) -> None:
    """Twice is as once; what is not its own, or is no such message, is a letter with its reason and next step."""
    clerk, house = quick
    gate, kiosk, coat = enrol(clerk, house, DeviceKind.GATE), enrol(clerk, house, DeviceKind.KIOSK), new_id()
    clerk.do(HandInCoat(id=coat, performance_id=house.performance))
    told = [gate.saw(COAT_FETCHED, CoatFetched(coat)) for _ in range(2)]
    assert gate.send(*told)["dead"] == {} and gate.send(*told)["dead"] == {}
    assert clerk.rows("SELECT state FROM coat") == [("fetched",)] and clerk.feed(f"coats/{house.site}") == {coat: None}
    dead = gate.send(gate.saw(COAT_FETCHED, CoatFetched(nowhere := new_id())))["dead"]
    assert dead == {"3": f"{NotFetched.NO_SUCH_COAT.key}: {nowhere}"}
    kiosk.send(kiosk.saw(COAT_FETCHED, CoatFetched(coat)))
    letters = {each["reason"] for each in clerk.ask(DeadLetters(context_id=house.institution)).value}
    assert letters == {NotFetched.NO_SUCH_COAT.key, NoEffect.NOT_ITS_TO_TELL.key}
    for wrong in filter(writable, bent(CoatFetched, json.loads(dump(CoatFetched(coat))))):
        fact = gate.saw(COAT_FETCHED, wrong)
        assert gate.send(fact)["contiguous"] == fact.seq, wrong


def test_gate_staff_may_and_who_only_looks_may_not() -> None:
    usual = {profile: each.privileges for profile, each in profiles.usual("fr").items()}
    assert "cloakroom" in usual["GATE"] and "cloakroom.coat.read" in usual["READER"]
    assert not any(right.startswith("cloakroom") for right in usual["BOX-OFFICE"])


def test_what_does_not_fit_and_what_must_hold(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    gate, coat = enrol(clerk, house, DeviceKind.GATE), new_id()
    clerk.do(HandInCoat(id=coat, performance_id=house.performance))
    (((closes,),)) = clerk.rows("SELECT closes FROM performance WHERE id = :id", id=house.performance)
    now, clerk.watch.at = clerk.watch.at, from_ms(closes) + timedelta(hours=1)
    assert clerk.do(LoseCoats()) == 1
    clerk.watch.at = now
    gate.send(gate.saw(COAT_FETCHED, CoatFetched(coat)))
    (shown,) = clerk.ask(Anomalies(context_id=house.institution)).value
    assert (shown["kind"], shown["subject"]) == (CoatAnomaly.FETCHED_LATE, coat)
    checks = {each["name"]: each for each in clerk.ask(Checks(context_id=house.institution)).value}
    assert checks["cloakroom"]["ok"] and checks["cloakroom"]["figures"] == {"coats": 1}


async def test_a_page_stands_in_the_menu(browser: Browser) -> None:  # noqa: F811
    room = await browser.get("/admin/e/event")  # the programme's, which the area says is its own
    assert "/admin/cloakroom" in room.text
    page = await browser.get("/admin/cloakroom")
    assert page.status == 200 and "0 manteaux" in page.text and "/static/cloakroom.css?v=" in page.text


@pytest.mark.behind_the_door
async def test_its_pages_do_not_grow(
    sqlite_template: tuple[Path, House], tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = await asked_of_both(sqlite_template, tmp_path, keys, monkeypatch, "coat", "cloakroom")
    assert {"/admin/cloakroom", "/admin/e/coat", "/admin/pick/coat", "/admin/do/hand_in_coat"} <= many.keys()
    assert max(each.status for each in many.values()) < 500
    assert grown_of(few, many) == []


async def test_a_loop_runs_and_health_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"data": tmp_path, "listen.port": 0, "broker.port": 0, "outbox_every_s": 0.05, "cloakroom_hooks": 1}
    config = read_config(None, {}, said)
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

        full = await central.door.execute(
            small_house.SYSTEM, HandInCoat(id=new_id(), performance_id=house.performance), new_id()
        )
        assert isinstance(full.outcome, Refused) and full.outcome.detail == {"most": 1}, "as the house has set it"

        async def lost() -> bool:
            return db.run("SELECT state FROM coat WHERE id = :id", {"id": coat}) == [("lost",)]

        await until_so(lost)
        async with session.get("/readyz") as answer:
            assert (await answer.json())["checks"]["cloakroom"] == "ok"
    db.close()
