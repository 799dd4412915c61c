"""Events and performances. Creating a performance copies nothing but references: its places come in inventory."""

from dataclasses import dataclass
from datetime import datetime

from central.catalogue.model import Event, NoProduct
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.model import Names, Privilege
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import OfflinePolicy

YEARS = range(1980, 2200)  # what lies outside is a slip of the keys, and no calendar's business


@dataclass(frozen=True, slots=True)
class CreateEvent:
    """`context_id` is an activity; `vat_bp` the VAT that prices include, in basis points (550 = 5.5 %)."""

    id: Id
    context_id: Id
    code: str
    names: Names
    vat_bp: int


@handles(CreateEvent, needs=Privilege.CATALOGUE_MODIFY, gives=Id)
def create_event(tx: Tx, want: CreateEvent) -> Outcome[Id]:
    event = Event(want.id, want.context_id, want.code, want.names, want.vat_bp)
    return Ok(want.id) if tx.insert_if_absent(event) else Refused(NoProduct.CODE_TAKEN, fix="code")


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


def performance_context(read: Read, performance_id: str) -> str | None:
    row = read.one("SELECT context_id FROM performance WHERE id = :id", id=performance_id)
    return str(row[0]) if row else None


def event_context(read: Read, event_id: str) -> str | None:
    row = read.one("SELECT context_id FROM event WHERE id = :id", id=event_id)
    return str(row[0]) if row else None
