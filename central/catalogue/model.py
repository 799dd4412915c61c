"""Events and performances. An event is a product of family single entry; each performance starts from a logical
configuration and then lives its own life (docs/spec/venues.md, docs/spec/organisation.md)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.crud import configured
from central.kernel.entity import Between, Link, Look, Ref, entity
from central.kernel.slots import Slot
from central.kernel.values import Code, Names
from shared.ids import Id
from shared.life import Life
from shared.outcome import Reason
from shared.wire.feeds import OfflinePolicy

GRID = Slot("the prices that a performance is sold at")


class CataloguePrivilege(StrEnum):
    CATALOGUE_READ = "catalogue.event.read"
    CATALOGUE_MODIFY = "catalogue.event.modify"


class PerformanceState(StrEnum):
    DRAFT = auto()
    ON_SALE = auto()
    SUSPENDED = auto()
    CLOSED = auto()
    CANCELLED = auto()


class PerformanceDo(StrEnum):
    OPEN = auto()
    SUSPEND = auto()
    CLOSE = auto()
    CANCEL = auto()


PERFORMANCE = Life[PerformanceState, PerformanceDo]({
    (PerformanceState.DRAFT, PerformanceDo.OPEN): PerformanceState.ON_SALE,
    (PerformanceState.ON_SALE, PerformanceDo.SUSPEND): PerformanceState.SUSPENDED,
    (PerformanceState.SUSPENDED, PerformanceDo.OPEN): PerformanceState.ON_SALE,
    (PerformanceState.ON_SALE, PerformanceDo.CLOSE): PerformanceState.CLOSED,
    (PerformanceState.SUSPENDED, PerformanceDo.CLOSE): PerformanceState.CLOSED,
    (PerformanceState.ON_SALE, PerformanceDo.CANCEL): PerformanceState.CANCELLED,
    (PerformanceState.SUSPENDED, PerformanceDo.CANCEL): PerformanceState.CANCELLED,
    (PerformanceState.CLOSED, PerformanceDo.OPEN): PerformanceState.ON_SALE,
    (PerformanceState.CLOSED, PerformanceDo.CANCEL): PerformanceState.CANCELLED,
}, begins=frozenset({PerformanceState.DRAFT}), main=frozenset({PerformanceDo.OPEN}),
   stops=frozenset({PerformanceDo.CLOSE, PerformanceDo.CANCEL}))  # fmt: skip
OVER = frozenset({PerformanceState.CLOSED, PerformanceState.CANCELLED})
"""Nothing is sold of it, and its times stay."""


@configured()
@entity("event", read=CataloguePrivilege.CATALOGUE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`context_id` is its activity; `vat_bp` the VAT in basis points that its prices include."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    vat_bp: Annotated[int, Look.PERCENT, Between(0, 3000)]


@entity(
    "performance", read=CataloguePrivilege.CATALOGUE_READ, chosen=True,
    index=(
        ("site_id", "starts"), ("starts",), ("closes",), ("event_id", "starts"), ("context_id", "starts"),
        ("logical_configuration_id",), ("price_grid_id",),
    ),
    life=("state", PERFORMANCE),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Times aware UTC. `sell_until` closes the sale, `doors` to `closes` is when gates admit. `note` is
    for who works there: on the working day and the service sheet, never for visitors."""

    id: Id
    event_id: Annotated[Id, Ref("event")]
    context_id: Annotated[Id, Ref("context")]
    site_id: Annotated[Id, Ref("site")]
    logical_configuration_id: Annotated[Id, Ref("logical_configuration")]
    price_grid_id: Annotated[Id, Link(GRID)]
    state: PerformanceState
    starts: datetime
    doors: datetime
    closes: datetime
    sell_until: datetime
    reentry_after_s: Annotated[int, Look.SECONDS]
    policy: OfflinePolicy
    note: Annotated[str, Look.LINES] = ""


class NoPerformance(Reason):
    NO_SUCH_EVENT = auto()
    NO_SUCH_PERFORMANCE = auto()
    NO_SUCH_GRID = auto()
    NOT_VALIDATED = auto()
    BAD_TIMES = auto()
    NOT_POSSIBLE_NOW = auto()
    # whose: of one hall's own plan
    PLAN_TOO_LARGE = auto()  # for devices, which take so much of an answer
