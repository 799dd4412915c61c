"""The working day of a house: what is played tonight and next, how full it is, what came in today, which devices are
there. Each figure is read where the asker may see what it is made of; how many statements that takes does not depend on
how much is played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from central.access.reads import open_anomalies
from central.devices.model import DeviceState
from central.devices.reads import DeviceSeen, devices_of, is_lapsed
from central.inventory.counts import PlaceSums, sums_of
from central.kernel.house_settings import timezone_called
from central.kernel.tx import Read
from central.orders.reads import Takings, takings_between, takings_for
from central.programme.reads import Played, played_from, still_played
from central.reports.evening import KnownDevice
from central.reports.site_map import Node, device_nodes
from central.web.screens.names import house_timezone
from shared.clock import from_ms
from shared.wire.topics import Presence

MOST_PLAYED = 40
MOST_GOING_ON = 10
NEXT_DAYS = 7  # on which something is played
MOST_DEVICES = 60
MOST_COUNTED = 100

Sight = Callable[[str, bool], tuple[str, ...] | None]
"""(entity, whether only here) → the contexts whose rows the asker may see (none: nothing); None: all of the house."""


@dataclass(frozen=True, slots=True)
class DayPerformance:
    """A performance on a day of its own place's calendar. `takings` is None for who may not see orders."""

    played: Played
    zone: ZoneInfo
    day: date
    sums: PlaceSums
    takings: tuple[Takings, ...] | None


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """`tonight` is what is played today, or still going on; `days` the next days on which anything is, each with all
    that is known of it. `takings` today, per channel; None: orders are not to be seen from here."""

    now: datetime
    today: date
    zone: ZoneInfo
    tonight: tuple[DayPerformance, ...]
    days: tuple[tuple[date, tuple[DayPerformance, ...]], ...]
    more: bool
    takings: tuple[Takings, ...] | None
    devices: tuple[Node, ...] = ()
    heard: Mapping[str, datetime] = field(default_factory=dict)
    anomalies: int = 0


def working_day(read: Read, sight: Sight, heard: Mapping[str, Presence]) -> WorkingDay:
    at_home = house_timezone(read)
    today = read.now.astimezone(at_home).date()
    start, end = bounds(today, at_home)
    found, more = performances_from(read, sight, start)
    performances = sorted(found, key=lambda each: (_when(each, today, read.now), each.played.starts))
    by_day = [
        (day, tuple(found)) for day, found in groupby(performances, key=lambda each: _when(each, today, read.now))
    ]
    tonight = next((found for day, found in by_day if day == today), ())
    orders = sight("sale_order", True)
    known = devices_of(read, sight("device", True), MOST_DEVICES)
    devices = device_nodes(
        [_known(each, read.now) for each in known],
        heard,
    )
    coming = tuple((day, found) for day, found in by_day if day > today)
    return WorkingDay(
        now=read.now,
        today=today,
        zone=at_home,
        tonight=tonight,
        days=coming[:NEXT_DAYS],
        more=more or len(coming) > NEXT_DAYS,
        takings=None if orders == () else tuple(takings_between(read, orders, start, end)),
        devices=tuple(devices),
        heard={device_id: each.at for device_id, each in heard.items()},
        anomalies=open_anomalies(read, sight("anomaly", False), MOST_COUNTED),
    )


def _known(seen: DeviceSeen, now: datetime) -> KnownDevice:
    until = None if seen.code_until is None else from_ms(seen.code_until)
    lapsed = is_lapsed(seen.state, until, now)
    return KnownDevice(seen.id, seen.kind, seen.label, DeviceState(seen.state), seen.facts, lapsed)


def _when(each: DayPerformance, today: date, now: datetime) -> date:
    """On which day's work it is: as soon as its doors are open on this one, whatever the calendar says of midnight."""
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    return today if each.played.doors <= now < each.played.closes else max(each.day, today)


def bounds(day: date, at: ZoneInfo) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(), at), datetime.combine(day + timedelta(days=1), time(), at)


def performances_from(
    read: Read, sight: Sight, start: datetime, before: datetime | None = None
) -> tuple[list[DayPerformance], bool]:
    """In the order in which they begin, and whether there are more. What began before and goes on (an exhibition, a run
    of weeks) never takes the place of what begins."""
    places = sight("performance", True)
    found = played_from(read, places, start, MOST_PLAYED + 1, before)
    going_on = still_played(read, places, start, MOST_GOING_ON + 1)
    shown = [*going_on[:MOST_GOING_ON], *found[:MOST_PLAYED]]
    more = len(found) > MOST_PLAYED or len(going_on) > MOST_GOING_ON
    ids = [each.id for each in shown]
    sums, orders = sums_of(read, ids), sight("sale_order", False)
    sold = None if orders == () else takings_for(read, orders, ids)
    performances = []
    for each in shown:
        there = timezone_called(each.timezone)
        day = each.starts.astimezone(there).date()
        takings = None if sold is None else tuple(sold.get(each.id, ()))
        performances.append(DayPerformance(each, there, day, sums.get(each.id, PlaceSums()), takings))
    return sorted(performances, key=lambda each: (each.day, each.played.starts)), more
