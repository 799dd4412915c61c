"""Local times, as people write them, and moments: what the clock change swallows or doubles is said, never guessed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from zoneinfo import ZoneInfo

# So far from the calendar's ends that every zone has the moment, and some slack around it.
EARLIEST, LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


class ClockChange(StrEnum):
    PLAIN = auto()
    SKIPPED = auto()  # the clock jumps over this time
    TWICE = auto()  # the clock is put back: this time comes twice


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is aware UTC. For a skipped time it is the moment that the clock would have shown it, had it not jumped."""

    at: datetime
    clock: ClockChange


def said_time(text: str) -> datetime | None:
    """A time as a browser or a link says it: aware UTC where it names its zone, otherwise naive; None: it is none."""
    try:
        said = datetime.fromisoformat(text)
        at = said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    if not EARLIEST < at < LATEST:
        return None
    return at if said.tzinfo else said


def said_moment(text: str, zone: ZoneInfo, *, second: bool = False) -> datetime | None:
    """The same, local times taken in `zone`; of one that comes twice the first, or the second."""
    said = said_time(text)
    return said if said is None or said.tzinfo else moment(said, zone, second=second).at


def moment(local: datetime, zone: ZoneInfo, *, second: bool = False) -> Moment:
    """The moment of a naive local time; of a time that comes twice the first, or the second."""
    first, later = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == later:
        return Moment(first, ClockChange.PLAIN)
    if first.astimezone(zone).replace(tzinfo=None) != local:
        return Moment(first, ClockChange.SKIPPED)
    return Moment(later if second else first, ClockChange.TWICE)


def local(at: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """(naive local time, whether it is the second of two)."""
    here = at.astimezone(zone)
    return here.replace(tzinfo=None, fold=0), bool(here.fold)


def offset_text(at: datetime, zone: ZoneInfo) -> str:
    """`UTC+2`, for telling apart the two times of the night on which clocks go back."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    hours, minutes = divmod(int(abs(offset).total_seconds()) // 60, 60)
    return f"UTC{'−' if offset < timedelta() else '+'}{hours}{f':{minutes:02}' if minutes else ''}"
