"""What the catalogue itself does; the life of a performance is the programme's."""

from datetime import datetime
from typing import Protocol

from central.catalogue.model import OVER, Event, Performance, PerformanceState
from central.kernel.crud import command_of
from central.kernel.privileges import Action
from shared.rules.selling import Selling, selling


class SaleTimes(Protocol):
    """What a sale's end is told by, of whatever says it of a performance."""

    @property
    def state(self) -> PerformanceState: ...
    @property
    def sell_until(self) -> datetime: ...
    @property
    def closes(self) -> datetime: ...


CreateEvent = command_of(Action.CREATE, Event)


def sale_of(performance: Performance, now: datetime) -> Selling:
    """Whether it is sold now, as far as the performance itself says."""
    put = performance.state is PerformanceState.ON_SALE
    return selling(put, performance.sell_until, performance.closes, now)


def on_sale(performance: Performance, now: datetime) -> bool:
    return sale_of(performance, now) is Selling.OPEN


def sale_over(performance: SaleTimes, now: datetime) -> bool:
    """Whether its sale has come to its end, by the clock or by somebody's word."""
    if performance.state in OVER:
        return True
    return selling(True, performance.sell_until, performance.closes, now) is Selling.OVER
