"""The times of a new performance follow from its start; a performance is duplicated."""

import re

import pytest

from central.kernel.actor import SYSTEM
from central.programme.times import USUAL, following
from tests.central.web.screens.conftest import Browser, browser  # noqa: F401  # a fixture of the screens

Browsing = Browser
STARTS = "schedule.starts"


@pytest.mark.parametrize(
    ("typed", "want"),
    [
        (
            {STARTS: ["2026-12-12T20:00"]},
            {"doors": "2026-12-12T19:15", "closes": "2026-12-12T23:00", "sell_until": "2026-12-12T20:00"},
        ),
        ({STARTS: ["2026-12-12T22:30"], "schedule.doors": [" "]},
         {"doors": "2026-12-12T21:45", "closes": "2026-12-13T01:30", "sell_until": "2026-12-12T22:30"}),
        ({STARTS: ["2026-12-12T20:00"], "schedule.doors": ["2026-12-12T19:00"], "schedule.closes": ["x"]},
         {"sell_until": "2026-12-12T20:00"}),
        ({STARTS: [""]}, {}),
        ({STARTS: ["demain"]}, {}),
        ({}, {}),
        ({STARTS: ["9999-12-31T23:30"]}, {}),
    ],
)  # fmt: skip
def test_what_is_left_empty_follows(typed: dict[str, list[str]], want: dict[str, str]) -> None:
    assert following(typed, USUAL) == {f"schedule.{name}": [said] for name, said in want.items()}


async def _times(browser: Browsing) -> list[tuple[int, ...]]:  # noqa: F811
    """How far the others are from each start, in minutes, the latest start first."""
    sql = (
        "SELECT (doors - starts) / 60000, (closes - starts) / 60000, (sell_until - starts) / 60000 FROM performance "
        "ORDER BY starts DESC"
    )
    found: list[tuple[int, ...]] = await browser.door.read(SYSTEM, lambda read: read.run(sql))
    return found


async def test_the_start_is_enough(browser: Browsing) -> None:  # noqa: F811
    """As far away as at the event's last performance: doors 90 minutes before, sale until half an hour after."""
    house = browser.house
    path = "/admin/e/performance/new"
    form = await browser.get(path)
    assert "45 minutes avant" in form
    needed = re.findall(r'<label for="[^"]*?([a-z_]+)">[^<]*<span class="needed"', form.text)
    assert "starts" in needed and not {"doors", "closes", "sell_until"} & {*needed}, needed
    given = {"event_id": house.event, "logical_configuration_id": house.logical, "price_grid_id": house.grid}
    made = await browser.send(path, form, **given, schedule__starts="2026-12-12T20:00")
    assert "done=" in made.url, made.text
    assert (await _times(browser))[0] == (-90, 180, 30)
    nothing = await browser.send(path, await browser.get(path), **given, schedule__starts="")
    assert nothing.status == 422


async def test_a_performance_is_duplicated(browser: Browsing) -> None:  # noqa: F811
    house = browser.house
    page = await browser.get(f"/admin/e/performance/{house.performance}")
    path = f"/admin/e/performance/new?from={house.performance}"
    assert path in page.text.replace("&amp;", "&")
    form = await browser.get(path)
    assert form.inputs["event_id"] == [house.event] and form.inputs[STARTS] == ["2026-11-22T21:00"]
    other = {name: value for name, value in form.inputs.items() if name.startswith("schedule.")}
    assert all(value[0] for name, value in other.items() if not name.endswith((".second", "reentry_after_s")))
    again = {
        "schedule.starts": "2026-11-22T21:00",
        "schedule.doors": "",
        "schedule.closes": "",
        "schedule.sell_until": "",
    }
    made = await browser.send(path, form, **again)
    assert "done=" in made.url, made.text
    assert (await _times(browser))[0] == (-90, 180, 30)
