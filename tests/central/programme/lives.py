"""What a performance lives through, for test_life_cycles.py."""

from datetime import timedelta

from central.catalogue.model import PerformanceDo
from central.programme.performances import CreatePerformance, Schedule
from central.programme.sale_state import ChangeSale
from tests.central.small_house import STARTS, Clerk, House, new_id


def lives(clerk: Clerk, house: House) -> None:
    ways = (
        (
            PerformanceDo.OPEN,
            PerformanceDo.SUSPEND,
            PerformanceDo.OPEN,
            PerformanceDo.CLOSE,
            PerformanceDo.OPEN,
            PerformanceDo.CANCEL,
        ),
        (PerformanceDo.OPEN, PerformanceDo.SUSPEND, PerformanceDo.CLOSE, PerformanceDo.CANCEL),
        (PerformanceDo.OPEN, PerformanceDo.SUSPEND, PerformanceDo.CANCEL),
    )
    for n, way in enumerate(ways, 2):
        starts = STARTS + timedelta(days=n)
        schedule = Schedule(starts, starts - timedelta(hours=1), starts + timedelta(hours=3), starts)
        show = new_id()
        clerk.do(CreatePerformance(
            id=show, event_id=house.event, logical_configuration_id=house.logical, price_grid_id=house.grid,
            schedule=schedule,
        ))  # fmt: skip
        for do in way:
            clerk.do(ChangeSale(performance_id=show, do=do))
