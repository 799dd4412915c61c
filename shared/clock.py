"""Time as a value: what a device read, and how far it may be trusted (docs/spec/edge.md, Clock).

`trusted` (a signed server answer or NTP within 24 h, same boot) → `holdover` (monotonic since then, drift-bounded) →
`untrusted` (power lost, no battery clock). A time is never below the floor: build, snapshot, last journal entry.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto

TRUST_FOR = timedelta(hours=24)
DRIFT_PPM = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class ClockState(StrEnum):
    TRUSTED = auto()
    HOLDOVER = auto()
    UNTRUSTED = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at both clocks. `boot_id` changes at every start; `mono_ms` counts within it."""

    wall: datetime
    mono_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last moment at which the true time was known: `true` at `mono_ms` of `boot_id`."""

    true: datetime
    mono_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Now:
    """`at` is the best estimate (aware, UTC), never below the floor; `bound` how far it may be off."""

    at: datetime
    state: ClockState
    bound: timedelta


def judge(reading: Reading, anchor: Anchor | None, floor: datetime) -> Now:
    """The time to decide with. Without an anchor of this boot the wall clock is all there is, and is not trusted."""
    if anchor is None or anchor.boot_id != reading.boot_id:
        return Now(max(reading.wall, floor), ClockState.UNTRUSTED, timedelta.max)
    age = timedelta(milliseconds=reading.mono_ms - anchor.mono_ms)
    state = ClockState.TRUSTED if age <= TRUST_FOR else ClockState.HOLDOVER
    return Now(max(anchor.true + age, floor), state, age * DRIFT_PPM / 1_000_000)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC: how times are stored and sent."""
    return round((at - EPOCH) / _MS)


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
