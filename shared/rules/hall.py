"""A hall as best seats see it: rows of neighbours, each one integer with a bit per seat, kept best first.

What never changes while places are sold is worked out here once per plan: who is whose neighbour, what each seat is
worth, which rows lie one behind the other. `Vacancy` (vacancy.py) says what is free. Seats are named by their index in
the plan's order everywhere outside; the bits are nobody else's business.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import hypot
from operator import itemgetter
from typing import Protocol

from shared.rules.rows import Point, along, runs, usual_step

MOST = 9  # people that are kept in one piece; a larger group is split in two (docs/spec/venues.md, Best seats)
NEIGHBOURS = 3  # rows that count as neighbouring each other
FEW = 12  # windows in a row that are looked at one by one rather than through its table
TIER = 16
MOST_ORDERS = 256

Kind = tuple[str, str]  # category, contingent; "" is outside any contingent


class SeatLike(Protocol):
    """What the rule reads of a seat; `wire.feeds.PlanSeat` is one."""

    @property
    def zone(self) -> str: ...
    @property
    def row(self) -> str: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def category_id(self) -> str: ...
    @property
    def quality(self) -> int: ...
    @property
    def wheelchair(self) -> bool: ...
    @property
    def companion(self) -> bool: ...
    @property
    def aisle(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Table:
    """The windows of one size in a row, cheapest first; `tiers[i]` are the first `TIER * (i + 1)` of them as bits."""

    order: tuple[int, ...]
    tiers: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SeatLine:
    """One row. `at`: how many rows of its zone are filed before it. `floor`: its best quality. `worth`: sums of quality
    up to a bit. `spans`: (first seat, how many, first bit) of the seats that follow each other in the plan too."""

    zone: str
    name: str
    at: int
    seats: tuple[int, ...]
    joined: int  # bit b: b and b + 1 are neighbours
    ordinary: int  # neither wheelchair place nor companion's seat
    wheelchair: int
    aisle: int
    worth: tuple[int, ...]
    floor: int
    points: tuple[Point, ...]
    spans: tuple[tuple[int, int, int], ...]
    tables: dict[int, _Table] = field(default_factory=dict, repr=False)

    def total(self, start: int, size: int) -> int:
        return self.worth[start + size] - self.worth[start]

    def middle(self, start: int, size: int) -> Point:
        (ax, ay), (bx, by) = self.points[start], self.points[start + size - 1]
        return (ax + bx) / 2, (ay + by) / 2

    def closest(self, point: Point) -> int:
        """About which seat is nearest to a point: as if the row were straight and its seats evenly spread."""
        (ax, ay), (bx, by) = self.points[0], self.points[-1]
        along = (bx - ax) ** 2 + (by - ay) ** 2
        share = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / along if along else 0.0
        return round(min(1.0, max(0.0, share)) * (len(self.points) - 1))

    def windows(self, mask: int, size: int) -> int:
        """Bit b: `size` neighbours from b on are all in the mask."""
        if size == 1:
            return mask
        found, have = mask & (mask >> 1) & self.joined, 1
        while have < size - 1 and found:
            more = min(have, size - 1 - have)
            found &= found >> more
            have += more
        return found

    def cheapest(self, windows: int, size: int) -> int:
        """Where the best of these windows (at least one) starts; of two as good ones, the first."""
        if windows.bit_count() <= FEW:
            worth, least, found = self.worth, 1 << 62, -1
            while windows:
                low = windows & -windows
                windows ^= low
                start = low.bit_length() - 1
                total = worth[start + size] - worth[start]
                if total < least:
                    least, found = total, start
            return found
        table = self.tables.get(size) or self._table(size)
        for at, tier in enumerate(table.tiers):
            if windows & tier:
                return next(start for start in table.order[at * TIER : (at + 1) * TIER] if windows >> start & 1)
        raise ValueError("a window that this row does not have")

    def _table(self, size: int) -> _Table:
        """Made when first asked for: most rows are never looked at so closely."""
        worth = self.worth
        order = sorted(range(len(self.seats) - size + 1), key=lambda start: (worth[start + size] - worth[start], start))
        tiers, mask = [], 0
        for at in range(0, len(order), TIER):
            mask |= mask_of(order[at : at + TIER])
            tiers.append(mask)
        made = self.tables[size] = _Table(tuple(order), tuple(tiers))
        return made

    def runs(self, mask: int) -> Iterator[tuple[int, int]]:
        """(start, length) of the unbroken runs."""
        ends = mask & ~((mask >> 1) & self.joined)  # the last seat of each
        before = 0
        while ends:
            low = ends & -ends
            ends ^= low
            end = low.bit_length()
            run = mask & (low | low - 1) & ~before
            start = (run & -run).bit_length() - 1
            yield start, end - start
            before = low | low - 1


@dataclass(frozen=True, eq=False)  # no slots: what follows is worked out when first needed
class Hall:
    """`lines` are all rows, the one with the best seat first; a row's index there is its rank."""

    places: int
    lines: tuple[SeatLine, ...]
    where: tuple[tuple[int, int], ...]  # seat → rank of its row, bit
    kinds: tuple[dict[Kind, int], ...]  # by rank: the row's seats of each category and contingent
    alike: tuple[int, ...]  # by rank; bit b: b and b + 1 are neighbours of one kind

    @classmethod
    def of(cls, seats: Sequence[SeatLike], contingents: Sequence[str] = ()) -> "Hall":
        """`contingents`: of each seat, "" for outside any; nothing at all: no seat is in one."""
        return _build(seats, contingents)

    def sold_as(self, categories: Sequence[str], contingents: Sequence[str] = ()) -> "Hall":
        """The same hall with each seat in another category and contingent; much cheaper than building it anew."""
        kinds = tuple(_kinds(line.seats, categories, contingents) for line in self.lines)
        found = Hall(self.places, self.lines, self.where, kinds, _alike(self.lines, kinds))
        found.__dict__.update({name: getattr(self, name) for name in DRAWN})
        return found

    def next_to_each_other(self, seats: Iterable[int]) -> bool:
        """Nobody has to stand up in between."""
        found = sorted(self.where[seat] for seat in seats)
        return all(
            a[0] == b[0] and b[1] == a[1] + 1 and bool(self.lines[a[0]].joined >> a[1] & 1) for a, b in pairwise(found)
        )

    def seats_in(self, chosen: dict[int, int]) -> tuple[int, ...]:
        """The seats of bits by rank: row by row as the plan has them."""
        ranks = sorted(chosen, key=lambda rank: self.lines[rank].seats[0])
        return tuple(self.lines[rank].seats[bit] for rank in ranks for bit in bits(chosen[rank]))

    @cached_property
    def everywhere(self) -> int:
        return (1 << len(self.lines)) - 1

    @cached_property
    def zones(self) -> dict[str, tuple[int, ...]]:
        """Zone → its rows' ranks, one behind the other."""
        found: dict[str, list[int]] = {}
        for rank, line in enumerate(self.lines):
            found.setdefault(line.zone, []).append(rank)
        return {zone: tuple(sorted(ranks, key=lambda rank: self.lines[rank].at)) for zone, ranks in found.items()}

    @cached_property
    def zone_masks(self) -> tuple[tuple[tuple[int, ...], Callable[[Sequence[int]], tuple[int, ...]]], ...]:
        """Of each zone its ranks, and what picks those out of a list by rank (and the first once more at the end: of
        one item `itemgetter` makes no tuple)."""
        return tuple((ranks, itemgetter(*ranks, ranks[0])) for ranks in self.zones.values())

    @cached_property
    def zone_of(self) -> tuple[int, ...]:
        """By rank: the index of the row's zone in `zones`."""
        at = {zone: index for index, zone in enumerate(self.zones)}
        return tuple(at[line.zone] for line in self.lines)

    @cached_property
    def hoods(self) -> tuple[tuple[int, ...], ...]:
        """Rows that neighbour each other, the hood with the best seat first."""
        found = [
            ranks[first : first + NEIGHBOURS]
            for ranks in self.zones.values()
            for first in range(max(1, len(ranks) - NEIGHBOURS + 1))
        ]
        return tuple(sorted(found, key=lambda ranks: (min(ranks), ranks)))

    @cached_property
    def hoods_of(self) -> tuple[tuple[int, ...], ...]:
        """By rank: the hoods that the row is in."""
        found: list[list[int]] = [[] for _ in self.lines]
        for hood, ranks in enumerate(self.hoods):
            for rank in ranks:
                found[rank].append(hood)
        return tuple(map(tuple, found))

    @cached_property
    def chair_rows(self) -> tuple[int, ...]:
        return tuple(rank for rank, line in enumerate(self.lines) if line.wheelchair)

    def like(self, row: str, zone: str) -> tuple[int, ...]:
        """Ranks, the rows nearest to those of a name first; `zone` "": in any."""

        def away(line: SeatLine) -> float:
            return abs(line.at - at[line.zone]) if line.zone in at else float("inf")

        at = {line.zone: line.at for line in self.lines if line.name == row and zone in ("", line.zone)}
        return self._ordered(("like", row, zone), away)

    def near(self, point: Point) -> tuple[int, ...]:
        """Ranks, the row whose middle is nearest to a point first: near enough, and it does not favour long rows."""
        return self._ordered(("near", point), lambda line: far(point, line.middle(0, len(line.seats))))

    def around(self, rank: int) -> tuple[int, ...]:
        """Ranks, a row and its neighbours in its zone first."""
        zone, at = self.lines[rank].zone, self.lines[rank].at
        return self._ordered(("around", rank), lambda line: abs(line.at - at) if line.zone == zone else float("inf"))

    def _ordered(self, name: Hashable, wish: Callable[[SeatLine], float]) -> tuple[int, ...]:
        """An order of all rows takes milliseconds in a stadium, and the same ones are asked for again and again."""
        found = self._orders.get(name)
        if found is None:
            if len(self._orders) >= MOST_ORDERS:
                self._orders.clear()
            ranks = range(len(self.lines))
            found = self._orders[name] = tuple(sorted(ranks, key=lambda rank: (wish(self.lines[rank]), rank)))
        return found

    @cached_property
    def _orders(self) -> dict[Hashable, tuple[int, ...]]:
        return {}

    @cached_property
    def allowed(self) -> dict[Hashable, list[int]]:
        """By what somebody may buy: the seats of each row. `vacancy` fills it."""
        return {}


# What follows from the drawing alone, and is the same however the hall is sold.
DRAWN = ("everywhere", "zones", "zone_masks", "zone_of", "hoods", "hoods_of", "chair_rows", "_orders")


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def mask_of(positions: Iterable[int]) -> int:
    mask = 0
    for at in positions:
        mask |= 1 << at
    return mask


def block(start: int, size: int) -> int:
    return ((1 << size) - 1) << start


def smeared(mask: int, size: int) -> int:
    """Bit b: one of the `size` bits from b on is in the mask."""
    have = 1
    while have < size:
        more = min(have, size - have)
        mask |= mask >> more
        have += more
    return mask


def far(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _build(seats: Sequence[SeatLike], contingents: Sequence[str]) -> Hall:
    zones: dict[str, dict[str, list[int]]] = {}
    for index, seat in enumerate(seats):
        zones.setdefault(seat.zone, {}).setdefault(seat.row, []).append(index)
    points = tuple((seat.x, seat.y) for seat in seats)
    lines: list[SeatLine] = []
    for zone, rows in zones.items():
        ordered = [(name, [row[i] for i in along([points[s] for s in row])]) for name, row in rows.items()]
        usual = usual_step([[points[s] for s in row] for _, row in ordered])
        lines += [_line(seats, points, usual, zone, name, at, row) for at, (name, row) in enumerate(ordered)]
    lines.sort(key=lambda line: (line.floor, min(line.seats)))
    where = [(0, 0)] * len(seats)
    for rank, line in enumerate(lines):
        for bit, index in enumerate(line.seats):
            where[index] = (rank, bit)
    categories = [seat.category_id for seat in seats]
    kinds = tuple(_kinds(line.seats, categories, contingents) for line in lines)
    return Hall(len(seats), tuple(lines), tuple(where), kinds, _alike(lines, kinds))


def _line(
    seats: Sequence[SeatLike], points: Sequence[Point], usual: float, zone: str, name: str, at: int, row: list[int]
) -> SeatLine:
    joined = start = 0
    for length in runs([points[s] for s in row], usual):
        joined |= block(start, length - 1)
        start += length
    worth = [0]
    for index in row:
        worth.append(worth[-1] + seats[index].quality)
    special = [seats[index].wheelchair or seats[index].companion for index in row]
    return SeatLine(
        zone=zone,
        name=name,
        at=at,
        seats=tuple(row),
        joined=joined,
        ordinary=mask_of(bit for bit, so in enumerate(special) if not so),
        wheelchair=mask_of(bit for bit, index in enumerate(row) if seats[index].wheelchair),
        aisle=mask_of(bit for bit, index in enumerate(row) if seats[index].aisle),
        worth=tuple(worth),
        floor=min(seats[index].quality for index in row),
        points=tuple(points[index] for index in row),
        spans=tuple(_spans(row)),
    )


def _spans(row: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    start = 0
    for bit in range(1, len(row) + 1):
        if bit == len(row) or row[bit] != row[bit - 1] + 1:
            yield row[start], bit - start, start
            start = bit


def _kinds(row: Sequence[int], categories: Sequence[str], contingents: Sequence[str]) -> dict[Kind, int]:
    found: dict[Kind, int] = {}
    for bit, index in enumerate(row):
        kind = (categories[index], contingents[index] if contingents else "")
        found[kind] = found.get(kind, 0) | 1 << bit
    return found


def _alike(lines: Sequence[SeatLine], kinds: Sequence[dict[Kind, int]]) -> tuple[int, ...]:
    found = []
    for line, by_kind in zip(lines, kinds, strict=True):
        pairs = 0
        for mask in by_kind.values():
            pairs |= mask & mask >> 1
        found.append(line.joined & pairs)
    return tuple(found)
