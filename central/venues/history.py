"""What actions on a plan changed, as values: written down compactly, taken back, compared (docs/spec/venues.md, Actions
on a plan). A plan at an earlier moment is the plan of now with all later actions taken back, so nothing is stored
twice, and nothing needs to be replayed from the beginning.

Seats are named by their position in the plan, as stretches (first, how many): 20,000 seats in whole rows are a few
numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from central.venues.selection import Table, ZoneShare
from shared.wire.codec import build

Runs = tuple[int, ...]
"""first, how many, first, how many …"""
CHANGED_SINCE = "changed_since"
"""Why an undo leaves a seat as it is: something else was done to it."""


class SeatField(StrEnum):
    """What an action can change about a seat: columns of physical_seat, logical_seat and place."""

    CATEGORY = "category_id"
    CONTINGENT = "contingent_id"
    BLOCKED = "blocked"
    QUALITY = "quality"
    INVALID = "invalid"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class SeatChange:
    """One field of some seats. `was` and `now` hold one value for all of them, or one for each."""

    field: SeatField
    at: Runs
    was: tuple[Any, ...]
    now: tuple[Any, ...]

    def __iter__(self) -> Iterator[tuple[int, Any, Any]]:
        """(position, was, now)."""
        for n, position in enumerate(positions(self.at)):
            # clock: no moment of a clock's
            yield position, self.was[n if len(self.was) > 1 else 0], self.now[n if len(self.now) > 1 else 0]

    @property
    def count(self) -> int:
        return sum(self.at[1::2])


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A counted zone's share of a contingent: (capacity, blocked)."""

    zone_id: str
    contingent_id: str
    was: tuple[int, int]
    now: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """A counted zone's category."""

    zone_id: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    seats: tuple[SeatChange, ...] = ()
    shares: tuple[ShareChange, ...] = ()
    zones: tuple[ZoneChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.seats or self.shares or self.zones)

    @property
    def fields(self) -> frozenset[SeatField]:
        """Of seats, which were changed."""
        return frozenset(change.field for change in self.seats)

    @property
    def places(self) -> int:
        """How many places were touched."""
        seats = {position for change in self.seats for position in positions(change.at)}
        return len(seats) + sum(_moved(change) for change in self.shares)


def _moved(change: ShareChange) -> int:
    """A place that goes from one share to another is counted where it arrives."""
    grown = max(change.now[0] - change.was[0], 0)
    return grown or (abs(change.now[1] - change.was[1]) if change.now[0] == change.was[0] else 0)


def dump(changes: Changes) -> str:
    return orjson.dumps(changes).decode()


def changes_in(text: str) -> Changes:
    said = orjson.loads(text)
    return Changes(
        tuple(
            SeatChange(SeatField(c["field"]), tuple(c["at"]), tuple(c["was"]), tuple(c["now"])) for c in said["seats"]
        ),
        tuple(build(ShareChange, each) for each in said["shares"]),
        tuple(build(ZoneChange, each) for each in said["zones"]),
    )


def runs(ascending: Iterable[int]) -> Runs:
    found: list[int] = []
    for position in ascending:
        if found and position == found[-2] + found[-1]:
            found[-1] += 1
        else:
            found += [position, 1]
    return tuple(found)


def positions(stretches: Runs) -> Iterator[int]:
    for first, count in zip(stretches[::2], stretches[1::2], strict=True):
        yield from range(first, first + count)


def changed(
    table: Table, seats: Iterable[int], field: SeatField, to: Callable[[int], Any] | Any
) -> tuple[SeatChange, ...]:
    """What setting a field of these seats (indices into the table, ascending) changes; what has the value already is no
    change. `to` is the value, or a function of the index that gives it."""
    column = table.values[field]
    wanted = to if callable(to) else lambda _: to
    groups: dict[tuple[Any, Any], list[int]] = {}
    for n in seats:
        was, now = column[n], wanted(n)
        if was != now:
            groups.setdefault((was, now), []).append(table.positions[n])
    if field is not SeatField.QUALITY:
        return tuple(SeatChange(field, runs(at), (was,), (now,)) for (was, now), at in groups.items())
    each = sorted((position, was, now) for (was, now), at in groups.items() for position in at)
    if not each:
        return ()
    return (
        SeatChange(
            field, runs(p for p, _, _ in each), _short([w for _, w, _ in each]), _short([n for _, _, n in each])
        ),
    )


def _short(values: list[Any]) -> tuple[Any, ...]:
    return (values[0],) if len(set(values)) == 1 else tuple(values)


def index_of(table: Table) -> Callable[[int], int]:
    """Position → index into the table; raises KeyError for a seat that is not in it."""
    if table.positions and table.positions[0] == 0 and table.positions[-1] == len(table.positions) - 1:
        last = len(table.positions)

        def same(position: int) -> int:
            if not 0 <= position < last:
                raise KeyError(position)
            return position

        return same
    return {position: n for n, position in enumerate(table.positions)}.__getitem__


def apply(changes: Changes, table: Table) -> None:
    """Sets the table to how it is after these changes."""
    _set(changes, table, back=False)


def take_back(later: Iterable[Changes], table: Table) -> None:
    """Sets the table to how it was before these changes, newest first."""
    for changes in later:
        _set(changes, table, back=True)


def _set(changes: Changes, table: Table, *, back: bool) -> None:
    at = index_of(table)
    for change in changes.seats:
        column = table.values.get(change.field)
        if column is not None:
            for position, was, now in change:
                column[at(position)] = was if back else now
    for share in changes.shares:
        key = (share.zone_id, share.contingent_id)
        capacity, blocked = share.was if back else share.now
        table.shares[key] = replace(table.shares.get(key, ZoneShare(0)), capacity=capacity, blocked=blocked)
    for zone in changes.zones:
        table.counted[zone.zone_id] = zone.was if back else zone.now


def inverse(changes: Changes, table: Table, fixed: Callable[[int], str]) -> tuple[Changes, dict[int, str]]:
    """What has to change so that the plan is as before these changes, and the seats that are left as they are, by
    position, with why: something else was done to them since, or `fixed` (of the index) names what holds them."""
    at = index_of(table)
    left: dict[int, str] = {}
    seats: list[SeatChange] = []
    for change in changes.seats:
        back: dict[tuple[Any, Any], list[int]] = {}
        column = table.values[change.field]
        for position, was, now in change:
            n = at(position)
            if column[n] != now:
                left[position] = CHANGED_SINCE
            elif change.field is not SeatField.QUALITY and (why := fixed(n)):
                left[position] = why
            elif column[n] != was:
                back.setdefault((column[n], was), []).append(position)
        for (now, was), some in back.items():
            seats.append(SeatChange(change.field, runs(some), (now,), (was,)))
    seats = [each for change in seats for each in _without(change, left)]
    return Changes(tuple(seats), *_shares_back(changes, table)), left


def _without(change: SeatChange, left: dict[int, str]) -> Iterator[SeatChange]:
    """A seat comes back whole or not at all."""
    if not any(position in left for position in positions(change.at)):
        yield change
    elif some := [position for position in positions(change.at) if position not in left]:
        yield replace(change, at=runs(some))


def _shares_back(changes: Changes, table: Table) -> tuple[tuple[ShareChange, ...], tuple[ZoneChange, ...]]:
    """Shares are counts: an inverse takes off what was put on, as far as what is free now allows; all or nothing."""
    back: list[ShareChange] = []
    for share in changes.shares:
        now = table.shares.get((share.zone_id, share.contingent_id), ZoneShare(0))
        capacity = now.capacity - (share.now[0] - share.was[0])
        blocked = now.blocked - (share.now[1] - share.was[1])
        # clock: no moment of a clock's
        if blocked < 0 or capacity < blocked + now.taken:
            return (), ()
        back.append(ShareChange(share.zone_id, share.contingent_id, (now.capacity, now.blocked), (capacity, blocked)))
    zones = [
        ZoneChange(zone.zone_id, zone.now, zone.was)
        for zone in changes.zones
        if table.counted.get(zone.zone_id) == zone.now
    ]
    return tuple(back), tuple(zones)


def compared(before: Table, after: Table) -> Changes:
    """What differs between two moments of one plan."""
    seats: list[SeatChange] = []
    for name, column in after.values.items():
        older = before.values[name]
        seats += changed(before, range(len(older)), SeatField(name), column.__getitem__)
    shares = []
    for key in sorted({*before.shares, *after.shares}):
        was, now = before.shares.get(key, ZoneShare(0)), after.shares.get(key, ZoneShare(0))
        if (was.capacity, was.blocked) != (now.capacity, now.blocked):
            shares.append(ShareChange(*key, (was.capacity, was.blocked), (now.capacity, now.blocked)))
    zones = [
        ZoneChange(zone, before.counted.get(zone), category)
        for zone, category in after.counted.items()
        if before.counted.get(zone) != category
    ]
    return Changes(tuple(seats), tuple(shares), tuple(zones))


def split(
    shares: dict[tuple[str, str], ZoneShare], wanted: Sequence[tuple[tuple[str, str], int | None]], to: str
) -> tuple[dict[tuple[str, str], ZoneShare], tuple[str, str, int] | None]:
    """Moves counted places into the share of the contingent `to`: all that are not taken (None; the blocked ones stay
    blocked there), or that many free ones. Says which zone and contingent has too few, and how many it has free."""
    after = dict(shares)
    for (zone, source), quantity in wanted:
        if source == to:
            continue
        have, into = after.get((zone, source), ZoneShare(0)), after.get((zone, to), ZoneShare(0))
        blocked = have.blocked if quantity is None else 0
        n = have.free + blocked if quantity is None else quantity
        if n > have.free + blocked:
            return shares, (zone, source, have.free)
        after[zone, source] = replace(have, capacity=have.capacity - n, blocked=have.blocked - blocked)
        after[zone, to] = replace(into, capacity=into.capacity + n, blocked=into.blocked + blocked)
    return after, None


def held_back(
    shares: dict[tuple[str, str], ZoneShare], wanted: Sequence[tuple[tuple[str, str], int | None]], *, block: bool
) -> tuple[dict[tuple[str, str], ZoneShare], tuple[str, str, int] | None]:
    """Blocks free counted places or frees blocked ones: all of a share (None) or that many; else as `split`."""
    after = dict(shares)
    for key, quantity in wanted:
        have = after.get(key, ZoneShare(0))
        most = have.free if block else have.blocked
        n = most if quantity is None else quantity
        if n > most:
            return shares, (*key, most)
        after[key] = replace(have, blocked=have.blocked + (n if block else -n))
    return after, None


def share_changes(
    before: dict[tuple[str, str], ZoneShare], after: dict[tuple[str, str], ZoneShare]
) -> tuple[ShareChange, ...]:
    return compared(Table(shares=before), Table(shares=after)).shares
