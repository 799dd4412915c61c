"""A mistyped date is mended, a draft that was a slip goes, and neither once it is too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central.catalogue.model import NoPerformance, PerformanceDo
from central.kernel.crud import NoChange
from central.programme.date_change import ReschedulePerformance
from central.programme.performances import CreatePerformance, DeletePerformance, Schedule
from central.programme.sale_state import ChangeSale
from tests.central.small_house import STARTS, Clerk, House, new_id

LATER = STARTS + timedelta(days=7)
SCHEDULE = Schedule(LATER, LATER - timedelta(hours=1), LATER + timedelta(hours=3), LATER)


def test_other_times_reach_the_devices_and_tell_who_holds_a_ticket(clerk: Clerk, house: House) -> None:
    clerk.do(house.order(house.seats[0], house.seats[1]))
    assert clerk.do(ReschedulePerformance(performance_id=house.performance, schedule=SCHEDULE)) == 2
    told = clerk.feed(f"performances/{house.site}")[house.performance]
    assert told["starts"] == LATER.isoformat() and told["on_sale"]
    ((change,),) = clerk.rows("SELECT change FROM audit WHERE command_id = :id", id=clerk.said[-1])
    assert '"starts"' in change


@pytest.mark.parametrize("do", [PerformanceDo.CLOSE, PerformanceDo.CANCEL])
def test_not_once_it_is_over(quick: tuple[Clerk, House], do: PerformanceDo) -> None:
    clerk, house = quick
    clerk.do(ChangeSale(performance_id=house.performance, do=do))
    assert (
        clerk.no(ReschedulePerformance(performance_id=house.performance, schedule=SCHEDULE)).reason
        == NoPerformance.NOT_POSSIBLE_NOW
    )


def test_times_that_make_no_sense(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    for wrong in (
        replace(SCHEDULE, doors=LATER + timedelta(minutes=1)),
        replace(SCHEDULE, closes=LATER),
        replace(SCHEDULE, sell_until=LATER + timedelta(hours=4)),
        replace(SCHEDULE, starts=LATER.replace(tzinfo=None)),
    ):
        assert (
            clerk.no(ReschedulePerformance(performance_id=house.performance, schedule=wrong)).reason
            == NoPerformance.BAD_TIMES
        )
    assert (
        clerk.no(ReschedulePerformance(performance_id=new_id(), schedule=SCHEDULE)).reason
        == NoPerformance.NO_SUCH_PERFORMANCE
    )


def test_a_draft_goes_with_its_places(clerk: Clerk, house: House) -> None:
    made = new_id()
    tables = ("performance", "place", "gauge", "place_count")
    before = [clerk.rows(f"SELECT COUNT(*) FROM {table}") for table in tables]
    clerk.do(
        CreatePerformance(
            id=made,
            event_id=house.event,
            logical_configuration_id=house.logical,
            price_grid_id=house.grid,
            schedule=SCHEDULE,
        )
    )
    clerk.do(DeletePerformance(performance_id=made))
    assert [clerk.rows(f"SELECT COUNT(*) FROM {table}") for table in tables] == before
    refused = clerk.no(DeletePerformance(performance_id=house.performance))
    assert refused.reason == NoPerformance.NOT_POSSIBLE_NOW and refused.reason != NoChange.IN_USE
