"""Times in an order that cannot be are said at the one that is wrong; a date outside its season is taken, and said."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.kernel.contexts import Context
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from central.programme.performances import Schedule
from central.programme.season_days import outside
from tests.central.small_house import STARTS, new_id
from tests.central.web.screens.conftest import Browser, browser
from tests.central.web.screens.test_flows import done

__all__ = ["browser"]  # a fixture
H = timedelta(hours=1)
NEW = "/admin/e/performance/new"


@pytest.mark.parametrize(
    "starts, doors, closes, sell_until, faults",
    [
        (0, -1, 3, 0, {}),
        (0, 0, 1, 1, {}),
        (0, 1, 3, 0, {"doors": "doors_after_start"}),
        (0, -1, 0, 0, {"closes": "closes_before_start"}),
        (0, -1, -2, 3, {"closes": "closes_before_start"}),  # the sale follows the close, which is wrong itself
        (0, -1, 3, 4, {"sell_until": "sale_ends_after_close"}),
        (0, 2, 3, 4, {"doors": "doors_after_start", "sell_until": "sale_ends_after_close"}),
    ],
)
def test_what_is_wrong_with_times(
    starts: int, doors: int, closes: int, sell_until: int, faults: dict[str, str]
) -> None:
    schedule = Schedule(*(STARTS + n * H for n in (starts, doors, closes, sell_until)))
    assert {fault["at"]: fault["what"] for fault in schedule.faults()} == {
        f"schedule.{name}": what for name, what in faults.items()
    }


def test_a_time_of_no_zone_or_century_is_said_at_each() -> None:
    naive = STARTS.replace(tzinfo=None)
    faults = Schedule(naive, STARTS.replace(year=1), STARTS + H, STARTS).faults()
    assert [fault["at"] for fault in faults] == ["schedule.starts", "schedule.doors"]


async def test_an_order_that_cannot_be_is_said_once_at_the_wrong_field(browser: Browser) -> None:
    house = browser.house
    form = await browser.get(f"{NEW}?event_id={house.event}&at={house.activity}")
    answers = {
        "logical_configuration_id": house.logical, "price_grid_id": house.grid,
        "schedule__starts": "2026-12-12T20:00", "schedule__doors": "2026-12-12T20:30",
        "schedule__closes": "2026-12-12T23:00", "schedule__sell_until": "2026-12-12T20:00",
    }  # fmt: skip
    page = await browser.send(NEW, form, **answers)
    assert page.status == 422
    assert page.text.count("Les portes ouvrent après le début.") == 1
    assert 'id="f-schedule-doors-fault1"' in page
    assert '<a href="#f-schedule-doors">Ouverture des portes</a>' in page
    assert "Ce n’est pas possible pour l’instant" not in page
    assert done(await browser.send(NEW, page, schedule__doors="2026-12-12T19:15"))


ZONE = ZoneInfo("Pacific/Auckland")
DAYS = (date(2026, 9, 1), date(2027, 6, 30))


@pytest.mark.parametrize(
    "starts, settings, days",
    [
        (datetime(2026, 12, 12, 19, tzinfo=UTC), {"begins": "2026-09-01", "ends": "2027-06-30"}, None),
        (datetime(2025, 1, 12, 19, tzinfo=UTC), {"begins": "2026-09-01", "ends": "2027-06-30"}, DAYS),
        (
            datetime(2026, 8, 31, 19, tzinfo=UTC),
            {"begins": "2026-09-01", "ends": "2027-06-30"},
            None,
        ),  # the 1st, there
        (
            datetime(2027, 6, 30, 19, tzinfo=UTC),
            {"begins": "2026-09-01", "ends": "2027-06-30"},
            DAYS,
        ),  # 1st of July
        (datetime(2027, 6, 30, 10, tzinfo=UTC), {"begins": "2026-09-01", "ends": "2027-06-30"}, None),  # the last day
        (
            datetime(2026, 8, 31, 10, tzinfo=UTC),
            {"begins": "2026-09-01", "ends": "2027-06-30"},
            DAYS,
        ),  # the day before
        (datetime(2025, 1, 12, 19, tzinfo=UTC), {}, None),
        (datetime(2025, 1, 12, 19, tzinfo=UTC), {"begins": "automne", "ends": "2027-06-30"}, None),
    ],
)
def test_outside_of_a_season(starts: datetime, settings: dict[str, str], days: tuple[date, date] | None) -> None:
    assert outside(starts, ZONE, settings) == days


async def test_a_date_outside_its_season_is_taken_and_said(browser: Browser) -> None:
    house = browser.house
    days = {"begins": "2030-09-01", "ends": "2031-06-30"}
    said = "hors de la saison Saison 26, du 1er sept. 2030 au 30 juin 2031."
    assert said not in await browser.get(f"/admin/e/performance/{house.performance}")
    reply = await browser.door.execute(
        browser.me["now"].actor, command_of(Action.MODIFY, Context)(id=house.season, set={"settings": days}), new_id()
    )
    assert reply.ok, reply.outcome
    page = await browser.get(f"/admin/e/performance/{house.performance}")
    assert said in page
