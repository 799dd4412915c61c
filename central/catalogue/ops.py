"""Events and performances. Creating a performance copies nothing but references: its places come in inventory."""

from dataclasses import dataclass
from datetime import datetime

from central.catalogue.model import Event, Performance, ProductState
from central.kernel.declared import command_of
from central.kernel.privileges import Action
from shared.rules.selling import Selling, selling
from shared.wire.feeds import OfflinePolicy

YEARS = range(1980, 2200)  # what lies outside is a slip of the keys, and no calendar's business


CreateEvent = command_of(Action.CREATE, Event)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a performance is: doors ≤ starts < closes; the sale ends at `sell_until`. Aware times."""

    starts: datetime
    doors: datetime
    closes: datetime
    sell_until: datetime
    reentry_after_s: int = 0
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG

    def sound(self) -> bool:
        times = (self.starts, self.doors, self.closes, self.sell_until)
        meant = all(at.tzinfo is not None and at.year in YEARS for at in times)
        return meant and self.doors <= self.starts < self.closes and self.sell_until <= self.closes


def on_sale(performance: Performance, now: datetime) -> bool:
    """Whether it is sold now, as far as the performance itself says."""
    put = performance.state is ProductState.ON_SALE
    return selling(put, performance.sell_until, performance.closes, now) is Selling.OPEN
