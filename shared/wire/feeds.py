"""Feeds: rows that central gives to devices, one growing revision each; and what stands in them.

A device asks for what is newer than its revision; the broker only rings the bell. Every page is sealed by central's
STATE key. A row without body is gone. Names are `<family>/<scope id>`.
"""

from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Annotated, Any

from pydantic import Field

from shared.wire.bounds import (
    Count,
    IdOrNone,
    IdText,
    Json,
    Line,
    Moment,
    Money,
    Names,
    NamesTold,
    Pem,
    Rank,
    Real,
    Short,
    Signature,
    Text,
    Word,
)
from shared.wire.seal import MOST_TEXT

PAGE_ROWS = 2000
PAGE_TEXT = 1024 * 1024  # characters of a page's rows, as they are kept; a row that has more goes alone
MOST_ROW = MOST_TEXT - 4096  # of a row as it goes, in quotes: a page of it and what is around it is a message still
MOST_LEASE = 16 * 1024 * 1024  # the text of a lease of 65,536 places


class FeedFamily(StrEnum):
    KEYS = auto()  # scope: institution. Certificates of central's keys and of devices, and what is revoked
    PERFORMANCES = auto()  # scope: site. What is on, when, under which control rules
    CATALOGUE = auto()  # scope: point of sale. Categories, tariffs, prices, texts
    PLANS = auto()  # scope: site. Seat plans as drawn
    HALL = auto()  # scope: site. Which seats are free, for screens (a picture, never a right)
    LEASES = auto()  # scope: device. Sealed leases and their state
    TICKETS = auto()  # scope: site. Tickets known to central: lowest valid serial, cancelled or not
    ADMISSIONS = auto()  # scope: site. Entries that central knows of


@dataclass(frozen=True, slots=True)
class FeedList:
    """Which feeds a device reads, and what it must know of its house."""

    feeds: Annotated[tuple[Line, ...], Field(max_length=1000)]
    settings: Annotated[dict[Word, Any], Json(64 * 1024)] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revoked:
    """An X.509 revocation list (PEM, signed by the root), for programs that know no feeds: a Mosquitto, say."""

    pem: Annotated[str, Field(max_length=8 * 1024 * 1024)]


def feed_name(family: str, scope_id: str) -> str:
    return f"{family}/{scope_id}"


@dataclass(frozen=True, slots=True)
class FeedRow:
    key: Word
    revision: Count
    body: Annotated[dict[Word, Any], Field(max_length=100)] | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows with `after` < revision ≤ `upto`, in revision order. `more`: ask again from `upto`. `at`: central's time.
    `asked`: where the device asked from a revision that was never told, that revision. The rows are then from the
    beginning, and the device goes back to `upto`; what it knows it keeps, and what is barred stays barred."""

    feed: Line
    after: Count
    upto: Count
    more: bool
    at: Moment
    rows: Annotated[tuple[FeedRow, ...], Field(max_length=PAGE_ROWS)]
    asked: Count = 0


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Key: kid. A revoked key's later signatures do not count; `good` lists ids that stay good all the same."""

    certificate: Pem
    revoked_at: Moment | None = None
    good: Annotated[tuple[IdText, ...], Field(max_length=100_000)] = ()


def kept_anew(feed: str, had: dict[str, Any] | None, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a device keeps of a row while it reads a feed anew: central's word, which may be older than what the device
    heard of a life that central lost. So a key that is revoked stays so."""
    if not feed.startswith(f"{FeedFamily.KEYS}/") or had is None or had.get("revoked_at") is None:
        return told
    return told if told is not None and told.get("revoked_at") is not None else had


class OfflinePolicy(StrEnum):
    """What a gate does while it cannot hear its neighbours."""

    ADMIT_AND_FLAG = auto()
    OWNER_GATE_ONLY = auto()
    DENY = auto()


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """Key: performance id. `zones` maps control zone bit → name; times aware UTC, `timezone` is the venue's."""

    event_names: Names
    starts: Moment
    doors: Moment
    closes: Moment
    timezone: Word
    plan_id: IdOrNone
    on_sale: bool
    cancelled: bool = False
    reentry_after_s: Rank = 0
    policy: OfflinePolicy = OfflinePolicy.ADMIT_AND_FLAG
    zones: Annotated[dict[Word, Line], Field(max_length=64)] = field(default_factory=dict)
    venue: NamesTold = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: IdText
    names: Names
    colour: Word
    rank: Rank


@dataclass(frozen=True, slots=True)
class TariffRow:
    """`proof`: shown at the gate, somebody must see a proof. `prices`: category id → minor units, VAT included."""

    id: IdText
    names: Names
    rank: Rank
    proof: bool
    prices: Annotated[dict[Word, Money], Field(max_length=1000)]


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """Key: performance id. Everything a kiosk needs to sell it. `price_version` is the price grid's revision, which no
    sale says yet."""

    currency: Word
    price_version: Count
    vat_bp: Short
    categories: Annotated[tuple[CategoryRow, ...], Field(max_length=1000)]
    tariffs: Annotated[tuple[TariffRow, ...], Field(max_length=1000)]
    max_places: Short
    sell_until: Moment
    mentions: Annotated[dict[Word, Text], Field(max_length=100)]  # on a ticket: licence, address …
    number_prefix: Word = ""
    organiser: Names = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanSeat:
    """`x`, `y` in plan units (1 = the usual distance of two seats is about 25). `quality`: lower is better."""

    id: IdText
    zone: Line
    row: Line
    number: Line
    x: Real
    y: Real
    category_id: IdText
    quality: Rank
    wheelchair: bool = False
    companion: bool = False
    aisle: bool = False
    zones: Short = 1


@dataclass(frozen=True, slots=True)
class PlanShape:
    """A drawn area: `kind` is `polygon`, `circle`, `rectangle` or `text`; numbers as in the plan file. `size` and
    `turn` (degrees clockwise) are its text's."""

    kind: Word
    colour: Word
    points: Annotated[tuple[tuple[Real, Real], ...], Field(max_length=250_000)] = ()
    radius: Real = 0.0
    text: Text = ""
    size: Real = 16.0
    turn: Real = 0.0


@dataclass(frozen=True, slots=True)
class PlanRow:
    """Key: logical configuration id."""

    name: Line
    width: Real
    height: Real
    seats: Annotated[tuple[PlanSeat, ...], Field(max_length=250_000)]
    shapes: Annotated[tuple[PlanShape, ...], Field(max_length=50_000)] = ()


@dataclass(frozen=True, slots=True)
class HallRow:
    """Key: performance id. `taken`: base64 of one bit per seat of the plan, in plan order, 1 = cannot be had."""

    taken: Annotated[str, Field(max_length=65_536)]


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Key: lease id. `sealed` holds the Lease; the device keeps its own slot states."""

    text: Annotated[str, Field(max_length=MOST_LEASE)]
    kid: Word
    signature: Signature
    state: Word


@dataclass(frozen=True, slots=True)
class TicketRow:
    """Key: ticket id. `serial` is the lowest that is valid. `blocked`: the holder is not to be let in.
    Gates keep to both; central says neither before returns and lists of holders come."""

    performance_id: IdText
    serial: Short
    cancelled: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class AdmissionRow:
    """Key: `<ticket id>/<entry>`. The earliest entry that central knows of; `scan_id` says which scan won."""

    ticket_id: IdText
    entry: Short
    at: Moment
    gate: Word
    scan_id: IdText
    inside: bool = True
