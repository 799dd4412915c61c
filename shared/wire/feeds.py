"""Feeds: rows that central gives to devices, one growing revision each; and what stands in them.

A device asks for what is newer than its revision; the broker only rings the bell. Every page is sealed by central's
STATE key. A row without body is gone. Names are `<family>/<scope id>`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from typing import Any

from shared.ids import Id

PAGE_ROWS = 2000


class Family(StrEnum):
    KEYS = auto()  # scope: institution. Certificates of central's keys and of devices, and what is revoked
    PERFORMANCES = auto()  # scope: site. What is on, when, under which control rules
    CATALOGUE = auto()  # scope: point of sale. Categories, tariffs, prices, texts
    PLANS = auto()  # scope: site. Seat plans as drawn
    HALL = auto()  # scope: site. Which seats are free, for screens (a picture, never a right)
    LEASES = auto()  # scope: device. Sealed leases and their state
    TICKETS = auto()  # scope: site. Tickets known to central: lowest valid serial, cancelled or not
    ADMISSIONS = auto()  # scope: site. Entries that central knows of


def feed_name(family: Family, scope_id: str) -> str:
    return f"{family}/{scope_id}"


@dataclass(frozen=True, slots=True)
class FeedRow:
    key: str
    revision: int
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows with `after` < revision ≤ `upto`, in revision order. `more`: ask again from `upto`. `at`: central's time."""

    feed: str
    after: int
    upto: int
    more: bool
    at: datetime
    rows: tuple[FeedRow, ...]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Key: kid. A revoked key's later signatures do not count; `good` lists ids that stay good all the same."""

    certificate: str
    revoked_at: datetime | None = None
    good: tuple[Id, ...] = ()


class OfflinePolicy(StrEnum):
    """What a gate does while it cannot hear its neighbours."""

    ADMIT_AND_FLAG = auto()
    OWNER_GATE_ONLY = auto()
    DENY = auto()


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """Key: performance id. `zones` maps control zone bit → name; times aware UTC, `timezone` is the venue's."""

    event_names: dict[str, str]
    starts: datetime
    doors: datetime
    closes: datetime
    timezone: str
    plan_id: str
    on_sale: bool
    cancelled: bool = False
    reentry_after_s: int = 0
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG
    zones: dict[str, str] = field(default_factory=dict)
    venue: str = ""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: Id
    names: dict[str, str]
    colour: str
    rank: int


@dataclass(frozen=True, slots=True)
class TariffRow:
    """`proof`: shown at the gate, somebody must see a proof. `prices`: category id → minor units, VAT included."""

    id: Id
    names: dict[str, str]
    rank: int
    proof: bool
    prices: dict[str, int]


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """Key: performance id. Everything a kiosk needs to sell it."""

    currency: str
    price_version: int
    vat_bp: int
    categories: tuple[CategoryRow, ...]
    tariffs: tuple[TariffRow, ...]
    max_places: int
    sell_until: datetime
    mentions: dict[str, str]  # what the law wants on a ticket: organiser, licence, address …
    number_prefix: str = ""


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """`x`, `y` in plan units (1 = the usual distance of two seats is about 25). `quality`: lower is better."""

    id: Id
    zone: str
    row: str
    number: str
    x: float
    y: float
    category_id: Id
    quality: int
    wheelchair: bool = False
    companion: bool = False
    aisle: bool = False
    zones: int = 1


@dataclass(frozen=True, slots=True)
class PlanShape:
    """A drawn area: `kind` is `polygon`, `circle`, `rectangle` or `text`; numbers as in the plan file. `size` and
    `turn` (degrees clockwise) are its text's."""

    kind: str
    colour: str
    points: tuple[tuple[float, float], ...] = ()
    radius: float = 0.0
    text: str = ""
    size: float = 16.0
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanRow:
    """Key: logical configuration id."""

    name: str
    width: float
    height: float
    seats: tuple[PlanSeat, ...]
    shapes: tuple[PlanShape, ...] = ()


@dataclass(frozen=True, slots=True)
class HallRow:
    """Key: performance id. `taken`: base64 of one bit per seat of the plan, in plan order, 1 = cannot be had."""

    taken: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Key: lease id. `sealed` holds the Lease; the device keeps its own slot states."""

    text: str
    kid: str
    signature: str
    state: str


@dataclass(frozen=True, slots=True)
class TicketRow:
    """Key: ticket id. `serial` is the lowest that is valid. `blocked`: the holder is not to be let in."""

    performance_id: Id
    serial: int
    cancelled: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class AdmissionRow:
    """Key: `<ticket id>/<entry>`. The earliest entry that central knows of; `scan_id` says which scan won."""

    ticket_id: Id
    entry: int
    at: datetime
    gate: str
    scan_id: Id
    inside: bool = True
