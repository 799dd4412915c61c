"""What the live page shows, as values: the area `reports` reads them, the page draws them (web knows no area).

Texts that belong to the house come per language; times are aware UTC, amounts minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

from central.catalogue.model import PerformanceState
from central.devices.model import DeviceState
from shared.rules.place_state import PlaceState
from shared.wire.feeds import CategoryRow, PlanRow

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Show:
    """A performance that is on, or will be."""

    id: str
    names: Names
    site_names: Names
    starts: datetime
    doors: datetime
    timezone: str
    currency: str
    state: PerformanceState


@dataclass(frozen=True, slots=True)
class EveningHall:
    """A plan without the evening's changes. `key` is another for another drawing."""

    key: str
    plan: PlanRow
    categories: tuple[CategoryRow, ...]


@dataclass(frozen=True, slots=True)
class EveningSale:
    """`late`: a device sold it while its line was cut, and told us afterwards."""

    id: str
    at: datetime
    where: Names
    seats: tuple[str, ...]
    amount: int
    device: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Series:
    """What happened per step of a `Window`; `before` is what had happened before it."""

    name: str
    before: int
    steps: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.before + sum(self.steps)


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a curve shows."""

    start: datetime
    step: timedelta
    count: int

    @property
    def end(self) -> datetime:
        return self.start + self.step * self.count


class Verdict(StrEnum):
    ADMITTED = auto()
    LOOK = auto()  # admitted, and somebody should look: an open anomaly is about it
    REFUSED = auto()
    LEFT = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """The last word of a lane. `used_at` and `used_gate`: where the ticket had come in before."""

    at: datetime
    verdict: Verdict
    reason: str
    seat: str
    used_at: datetime | None
    used_gate: str


@dataclass(frozen=True, slots=True)
class Lane:
    id: str
    label: str
    last: Decision | None
    admitted: int
    refused: int


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device as the books have it; whether it is there, the page knows from presence. `lapsed`: nobody has enrolled
    it, and the time of its code is over."""

    id: str
    kind: str
    label: str
    state: DeviceState
    facts: int
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One invariant with its figures, ready for a table; those of `money` are amounts."""

    name: str
    ok: bool
    sentence: str
    figures: Mapping[str, int]
    wrong: tuple[str, ...]
    money: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evening:
    """Everything at one moment. `seats` has one state per seat of the plan, in its order."""

    now: datetime
    house: Names
    shows: tuple[Show, ...]
    show: Show
    hall: EveningHall
    seats: tuple[PlaceState, ...]
    counts: Mapping[PlaceState, int]  # seats and counted places; SOLD without those ADMITTED
    window: Window
    places: Series
    takings: Series
    sales: tuple[EveningSale, ...]
    entry_window: Window
    entries: tuple[Series, ...]
    lanes: tuple[Lane, ...]
    devices: tuple[KnownDevice, ...]
    checks: tuple[CheckLine, ...]
    anomalies: Mapping[str, int]

    @property
    def capacity(self) -> int:
        return sum(self.counts.values())

    @property
    def sold(self) -> int:
        return self.counts[PlaceState.SOLD] + self.counts[PlaceState.ADMITTED]
