"""Carrying a plan over to a season's performances: one commit for each, with sales between; where it stops, the same
press goes on; two at once stand in line."""

import asyncio
from typing import Any

import pytest

from central.inventory.plan_actions import AssignLogicalContingent
from central.kernel.door import Door
from central.kernel.heavy_lane import MOST_WEIGHT
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import handler_of
from central.kernel.trouble import NoDatabase, Unavailable
from central.programme.carryover import MOST_AT_ONCE, CarryOver
from central.programme.performances import CreatePerformance, Schedule
from central.venues.model import NoAct
from central.venues.selection import Selection
from central.web.preview_mark import SHOWN
from shared.ids import Id
from shared.outcome import Refused
from tests.central.small_house import STARTS, Clerk, House, new_id
from tests.central.web.screens.conftest import Browser, Page, browser

__all__ = ["browser"]  # a fixture
SHOWS = 7


def test_a_command_has_a_few_and_the_writer_to_itself(clerk: Clerk, house: House) -> None:
    these = tuple(new_id() for _ in range(MOST_AT_ONCE + 1))
    many = CarryOver(configuration_id=house.logical, performances=these)
    assert isinstance(clerk.no(many), Refused)
    handler = handler_of(CarryOver)
    assert handler.weighs and handler.weighs(many) == MOST_WEIGHT, "of two the second waits for its turn"
    empty = CarryOver(configuration_id=house.logical, performances=())
    assert clerk.no(empty).reason is NoAct.TOO_MANY_PERFORMANCES


async def shows(browser: Browser) -> list[Id]:
    house, actor, made = browser.house, browser.house.operator(EVERYTHING), []
    schedule = Schedule(STARTS, STARTS, STARTS.replace(hour=23), STARTS)
    for _ in range(SHOWS):
        made.append(new_id())
        want = CreatePerformance(
            id=made[-1], event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=schedule,
        )  # fmt: skip
        assert (await browser.door.execute(actor, want, new_id())).ok
    chosen = Selection(everything=True)
    assign = AssignLogicalContingent(configuration_id=house.logical, contingent_id=house.contingent, selection=chosen)
    assert (await browser.door.execute(actor, assign, new_id())).ok
    return made


def given(door: Door, monkeypatch: pytest.MonkeyPatch, stops_after: list[int]) -> list[tuple[Id, ...]]:
    """What is carried over, command by command; busy where so many were given."""
    found: list[tuple[Id, ...]] = []
    execute = door.execute

    async def seen(actor: Any, command: Any, command_id: Id, *, dry_run: bool = False) -> Any:
        if isinstance(command, CarryOver) and not dry_run:
            if stops_after and len(found) == stops_after[0]:
                stops_after.clear()
                raise Unavailable(NoDatabase.BUSY, "a test")
            found.append(command.performances)
        return await execute(actor, command, command_id, dry_run=dry_run)

    monkeypatch.setattr(Door, "execute", lambda _, *given, **more: seen(*given, **more))
    return found


def pressed(page: Page) -> list[tuple[str, str]]:
    """The button under what was shown."""
    return [("_command", page.inputs["_command"][0]), (SHOWN, page.inputs[SHOWN][0]), ("_do", "1")]


async def carried(browser: Browser) -> dict[str, int]:
    """Per performance how often it was acted on."""
    sql = "SELECT target_id, COUNT(*) FROM plan_action WHERE act = 'carry_over' GROUP BY target_id"
    me = browser.house.operator(EVERYTHING)
    found: dict[str, int] = await browser.door.read(me, lambda read: dict(read.run(sql)))
    return found


async def test_each_performance_is_its_own_and_the_same_press_goes_on(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await shows(browser)
    stops = [3]
    commands = given(browser.door, monkeypatch, stops)
    path = f"/admin/plan/logical/{browser.house.logical}/carry-over"
    chosen = [("performance", each) for each in made]
    fields = [("field", "contingent_id"), ("why", "saison")]
    page = await browser.post(path, [*chosen, *fields])
    assert page.status == 200 and 'name="_do"' in page and await carried(browser) == {}
    press = pressed(page)
    page = await browser.post(path, [*chosen, *fields, *press])
    assert page.status == 422 and "3 représentations sur 7" in page and "Continuer" in page
    assert len(await carried(browser)) == 3 and page.inputs["_command"] == [press[0][1]]
    fewer = await browser.post(path, [*chosen[1:], *fields, *pressed(page)])
    assert "Vous avez changé vos réponses" in fewer and len(await carried(browser)) == 3, "others are shown first"
    page = await browser.post(path, [*chosen, *fields, *pressed(page)])
    assert page.status == 200 and "C’est reporté" in page
    assert await carried(browser) == dict.fromkeys(made, 1), "each once, those from before too"
    assert all(len(each) == 1 for each in commands)


async def test_two_presses_at_once_do_each_of_them_once(browser: Browser) -> None:
    made = await shows(browser)
    path = f"/admin/plan/logical/{browser.house.logical}/carry-over"
    chosen = [*(("performance", each) for each in made), ("field", "contingent_id")]
    press = pressed(await browser.post(path, chosen))
    pages = await asyncio.gather(*(browser.post(path, [*chosen, *press]) for _ in range(2)))
    assert {page.status for page in pages} == {200}
    assert await carried(browser) == dict.fromkeys(made, 1)


async def test_where_one_is_refused_none_is_offered(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await shows(browser)
    execute = Door.execute

    async def refuses(door: Door, actor: Any, command: Any, command_id: Id, *, dry_run: bool = False) -> Any:
        if isinstance(command, CarryOver) and made[2] in command.performances:
            command = CarryOver(configuration_id=command.configuration_id, performances=())
        return await execute(door, actor, command, command_id, dry_run=dry_run)

    monkeypatch.setattr(Door, "execute", refuses)
    chosen = [*(("performance", each) for each in made), ("field", "contingent_id")]
    page = await browser.post(f"/admin/plan/logical/{browser.house.logical}/carry-over", chosen)
    assert page.status == 422 and SHOWN not in page.inputs and 'name="_do"' not in page
