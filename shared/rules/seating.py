"""Best seats: which free places to propose (spec/venues.md, Best seats). Central asks it about the whole hall, a kiosk
about the seats of its lease; the rule is the same.

A hall is one long integer with a bit per place, row behind row; between rows lies a bit that is never free. "k free
neighbours" is then a handful of shifts over the whole hall, 80,000 places or 80. `Hall.of` is built once per plan;
what is free is an integer that the caller keeps (`hall.mask`, `hall.free_but`).

What is proposed, in this order:
1. all next to each other in one row, nobody having to rise in between; the lowest total quality wins, but a choice that
   leaves a single free seat alone gives way to one that leaves none and is *as good*: on average no more than one
   seat's width (`AS_GOOD`) worse;
2. else the fewest parts, in the same or neighbouring rows, nobody alone if it can be helped;
3. a wish for a zone or an aisle is kept if it can be, a category always.
Wheelchair places and their companions' seats are proposed only to who asks for a wheelchair place. The answer depends
on nothing but what is free and what is wanted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Protocol

from shared.rules.rows import along, runs, usual_step

AS_GOOD = 25  # quality is counted in plan units: one seat's width
NEIGHBOURS = 3  # rows that count as neighbouring each other
FEW = 256  # windows that are looked at one by one rather than row by row


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
class Want:
    """`quantity` places in all, `wheelchairs` of them wheelchair places. Empty `category_id` or `zone`: any."""

    quantity: int
    category_id: str = ""
    zone: str = ""
    aisle: bool = False
    wheelchairs: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """One row: its bits start at `start` (a multiple of eight) and are `length` many; `floor` is its best quality."""

    zone: str
    start: int
    length: int
    floor: int


@dataclass(frozen=True, slots=True)
class Hall:
    """The places of a plan by row. Seats are named by their index in the plan's order."""

    places: int
    lines: tuple[_Line, ...]
    bit: tuple[int, ...]  # seat → bit
    seat: tuple[int, ...]  # bit → seat, -1 between rows
    joined: int  # bit b: b and b + 1 are neighbours
    ordinary: int  # neither wheelchair place nor companion's seat
    wheelchair: int
    companion: int
    aisle: int
    categories: dict[str, int]
    zones: dict[str, int]
    worth: tuple[int, ...]  # sums of quality up to a bit
    chairs: tuple[int, ...]  # wheelchair places up to a bit
    points: tuple[tuple[float, float], ...]  # by seat

    @classmethod
    def of(cls, seats: Sequence[SeatLike]) -> "Hall":
        return _build(seats)

    def mask(self, seats: Iterable[int]) -> int:
        """These seats' bits."""
        octets = bytearray(len(self.seat) // 8)
        for seat in seats:
            bit = self.bit[seat]
            octets[bit >> 3] |= 1 << (bit & 7)
        return int.from_bytes(octets, "little")

    def free_but(self, taken: bytes) -> int:
        """All but those set in `taken`: one bit per seat in plan order, seat 0 the lowest bit of the first byte."""
        size = len(taken) * 8
        return self.mask(s for s in range(self.places) if s >= size or not taken[s >> 3] >> (s & 7) & 1)

    def seats_in(self, mask: int) -> tuple[int, ...]:
        """The seats of a mask, row by row."""
        return tuple(self.seat[bit] for bit in _bits(mask.to_bytes(len(self.seat) // 8, "little")))


def best(hall: Hall, free: int, want: Want) -> tuple[int, ...] | None:
    """The seats to propose, row by row, or None if there are not enough. All of them are in `free`."""
    if want.quantity < 1 or not 0 <= want.wheelchairs <= want.quantity:
        raise ValueError(f"nobody can sit like this: {want}")
    allowed = free & hall.categories.get(want.category_id, 0) if want.category_id else free
    if not want.wheelchairs:
        allowed &= hall.ordinary
    inside = allowed & hall.zones.get(want.zone, 0)
    for part in (inside, allowed) if want.zone else (allowed,):
        if part.bit_count() < want.quantity:
            continue
        found = _with_wheelchairs(hall, free, part, want) if want.wheelchairs else _together(hall, free, part, want)
        if found is None and not want.wheelchairs:
            found = _apart(hall, free, part, want.quantity)
        if found is not None:
            return hall.seats_in(found)
    return None


# one row


def _together(hall: Hall, free: int, allowed: int, want: Want) -> int | None:
    """The best window of neighbours, beside an aisle if that is wished for and to be had."""
    windows = _windows(hall, allowed, want.quantity)
    beside = windows & _smeared(hall.aisle, want.quantity) if want.aisle else 0
    start = _best_window(hall, free, beside or windows, want.quantity)
    return None if start is None else _block(start, want.quantity)


def _windows(hall: Hall, allowed: int, size: int) -> int:
    """Bit b: `size` neighbours from b on are all allowed."""
    if size == 1:
        return allowed
    pairs, have = allowed & (allowed >> 1) & hall.joined, 1
    while have < size - 1 and pairs:
        more = min(have, size - 1 - have)
        pairs &= pairs >> more
        have += more
    return pairs


def _smeared(mask: int, size: int) -> int:
    """Bit b: one of the `size` bits from b on is in the mask."""
    have = 1
    while have < size:
        more = min(have, size - have)
        mask |= mask >> more
        have += more
    return mask


def _best_window(
    hall: Hall, free: int, windows: int, size: int, fits: Callable[[int], bool] = lambda _: True
) -> int | None:
    """Where the best of the windows starts."""
    if not windows:
        return None
    octets = windows.to_bytes(len(hall.seat) // 8, "little")
    return _pick(hall, _Lonely(hall, free), _in_order(hall, octets, windows.bit_count()), size, fits)


def _pick(
    hall: Hall, lonely: "_Lonely", lots: Iterable[tuple[int, Iterable[int]]], size: int, fits: Callable[[int], bool]
) -> int | None:
    """The best start. `lots` come with a bound below their qualities; none is opened that cannot hold a better one."""
    worth, slack = hall.worth, AS_GOOD * size
    any_start = clean_start = -1
    any_total = clean_total = 1 << 62
    for floor, starts in lots:
        if floor * size >= (clean_total if clean_start >= 0 else any_total + slack):
            break
        for start in starts:
            total = worth[start + size] - worth[start]
            if total < clean_total and total <= any_total + slack and fits(start):
                if total < any_total:
                    any_start, any_total = start, total
                if not lonely.left_by(start, size):
                    clean_start, clean_total = start, total
    if any_start < 0:
        return None
    return clean_start if clean_start >= 0 and clean_total <= any_total + slack else any_start


def _in_order(hall: Hall, octets: bytes, count: int) -> Iterator[tuple[int, Iterable[int]]]:
    """Windows row by row, the rows with the best seat first, each with that quality; few windows as one lot."""
    if count <= FEW:
        yield -(1 << 40), _bits(octets)
        return
    for line in hall.lines:
        first = line.start >> 3
        part = octets[first : first + (line.length + 7 >> 3)]
        if any(part):
            yield line.floor, (line.start + bit for bit in _bits(part))


class _Lonely:
    """Says whether a choice would leave a single free seat alone, that had a free neighbour before."""

    def __init__(self, hall: Hall, free: int) -> None:
        size = len(hall.seat) // 8
        sellable = free & hall.ordinary
        linked = sellable & (sellable >> 1) & hall.joined  # bit b: b and b + 1 are free neighbours
        self._linked = linked.to_bytes(size, "little")

    def _link(self, bit: int) -> bool:
        return bit >= 0 and bool(self._linked[bit >> 3] >> (bit & 7) & 1)

    def left_by(self, start: int, size: int) -> bool:
        end = start + size
        left = self._link(start - 1) and not self._link(start - 2)
        return left or (self._link(end - 1) and not self._link(end))


# several rows


def _apart(hall: Hall, free: int, allowed: int, quantity: int) -> int | None:
    """The fewest parts: among rows that neighbour each other, else over ever more rows of a zone, last anywhere."""
    octets = allowed.to_bytes(len(hall.seat) // 8, "little")
    zones: dict[str, list[list[tuple[int, int]]]] = {}
    for line in sorted(hall.lines, key=lambda line: line.start):
        zones.setdefault(line.zone, []).append(_runs(hall, octets, line))
    reach = max(len(rows) for rows in zones.values())
    spans = list(range(1, NEIGHBOURS + 1))
    lonely = _Lonely(hall, free)
    found = _fewest(hall, lonely, zones, spans, quantity)
    span = NEIGHBOURS
    while found is None and span < reach:
        span = min(span * 2, reach)
        found = _fewest(hall, lonely, zones, [span], quantity)
    return found if found is not None else _fewest(hall, lonely, {"": [_flat(zones)]}, [1], quantity)


def _flat(zones: dict[str, list[list[tuple[int, int]]]]) -> list[tuple[int, int]]:
    return [run for rows in zones.values() for row in rows for run in row]


def _runs(hall: Hall, octets: bytes, line: _Line) -> list[tuple[int, int]]:
    """(length, start) of each unbroken run of allowed seats in a row."""
    first = line.start >> 3
    row = int.from_bytes(octets[first : first + (line.length + 7 >> 3)], "little")
    if not row:
        return []
    joined = hall.joined >> line.start & (1 << line.length) - 1
    found = []
    while row:
        start = (row & -row).bit_length() - 1
        length = 1
        while row >> (start + length) & 1 and joined >> (start + length - 1) & 1:
            length += 1
        row &= -1 << (start + length)
        found.append((length, line.start + start))
    return found


def _fewest(
    hall: Hall, lonely: _Lonely, zones: dict[str, list[list[tuple[int, int]]]], spans: list[int], quantity: int
) -> int | None:
    """The best choice with the fewest parts out of `span` rows one behind the other; of two such the one in fewer rows,
    then the one with fewer people alone, then the better seats."""
    fewest: tuple[int, int] | None = None
    options: list[list[tuple[int, int]]] = []
    for span in spans:
        for rows in zones.values():
            for first in range(max(1, len(rows) - span + 1)):
                pool = [run for row in rows[first : first + span] for run in row]
                if sum(length for length, _ in pool) < quantity:
                    continue
                key = (_parts(pool, quantity), span)
                if fewest is None or key < fewest:
                    fewest, options = key, []
                if key == fewest:
                    options.append(pool)
    chosen = [_seated(hall, lonely, pool, quantity) for pool in options]
    return min(chosen)[-1] if chosen else None


def _parts(pool: list[tuple[int, int]], quantity: int) -> int:
    """How many of the longest runs it takes."""
    for count, length in enumerate(sorted((length for length, _ in pool), reverse=True), 1):
        quantity -= length
        if quantity <= 0:
            return count
    return len(pool) + 1


def _seated(hall: Hall, lonely: _Lonely, pool: list[tuple[int, int]], quantity: int) -> tuple[int, int, int]:
    """(people alone, total quality, seats): the longest runs filled, the last one as far as needed, one moved over so
    that nobody sits alone where a part has one to spare."""
    worth = hall.worth

    def mean(run: tuple[int, int]) -> float:
        return (worth[run[1] + run[0]] - worth[run[1]]) / run[0]

    count = _parts(pool, quantity)
    used = sorted(pool, key=lambda run: (-run[0], mean(run), run[1]))[:count]
    rest = quantity - sum(length for length, _ in used[:-1])
    # the last part may be any run that is long enough: the best seats among those
    last = min((run for run in pool if run not in used[:-1] and run[0] >= rest), key=lambda run: (mean(run), run[1]))
    sizes = [length for length, _ in used[:-1]] + [rest]
    runs_used = [*used[:-1], last]
    if rest == 1 and last[0] > 1 and sizes[0] > 2:
        sizes[0], sizes[-1] = sizes[0] - 1, 2
    total = chosen = 0
    for size, (length, start) in zip(sizes, runs_used, strict=True):
        picked = _pick(hall, lonely, [(0, range(start, start + length - size + 1))], size, lambda _: True)
        at = start if picked is None else picked
        total += worth[at + size] - worth[at]
        chosen |= _block(at, size)
    return sizes.count(1), total, chosen


# wheelchair places


def _with_wheelchairs(hall: Hall, free: int, allowed: int, want: Want) -> int | None:
    """One window with as many wheelchair places as wanted; else a place each, and who comes along as near as can be."""
    size, chairs = want.quantity, hall.chairs
    windows = _windows(hall, allowed, size) & _smeared(hall.wheelchair, size)
    start = _best_window(hall, free, windows, size, lambda at: chairs[at + size] - chairs[at] == want.wheelchairs)
    if start is not None:
        return _block(start, size)
    places = hall.seats_in(allowed & hall.wheelchair)
    others = hall.seats_in(allowed & ~hall.wheelchair)
    if len(places) < want.wheelchairs or len(others) < size - want.wheelchairs:
        return None
    first = min(places, key=lambda seat: (_quality(hall, seat), seat))
    x, y = hall.points[first]

    def near(seat: int) -> tuple[float, int]:
        return round(hypot(hall.points[seat][0] - x, hall.points[seat][1] - y), 3), seat

    chosen = sorted(places, key=near)[: want.wheelchairs] + sorted(others, key=near)[: size - want.wheelchairs]
    return hall.mask(chosen)


def _quality(hall: Hall, seat: int) -> int:
    bit = hall.bit[seat]
    return hall.worth[bit + 1] - hall.worth[bit]


# bits


def _block(start: int, size: int) -> int:
    return ((1 << size) - 1) << start


_NOT_EMPTY = re.compile(rb"[^\0]")
_IN_OCTET = tuple(tuple(bit for bit in range(8) if octet >> bit & 1) for octet in range(256))


def _bits(octets: bytes) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    for hit in _NOT_EMPTY.finditer(octets):
        at = hit.start()
        for bit in _IN_OCTET[octets[at]]:
            yield at * 8 + bit


def _build(seats: Sequence[SeatLike]) -> Hall:
    zones: dict[str, dict[str, list[int]]] = {}
    for index, seat in enumerate(seats):
        zones.setdefault(seat.zone, {}).setdefault(seat.row, []).append(index)
    points = tuple((seat.x, seat.y) for seat in seats)
    lines: list[_Line] = []
    order: list[int] = []  # bit → seat
    joints: list[int] = []
    for zone, rows in zones.items():
        ordered = [[row[i] for i in along([points[s] for s in row])] for row in rows.values()]
        usual = usual_step([[points[s] for s in row] for row in ordered])
        for row in ordered:
            start = len(order)
            lines.append(_Line(zone, start, len(row), min(seats[s].quality for s in row)))
            at = start
            for length in runs([points[s] for s in row], usual):
                joints.extend(range(at, at + length - 1))
                at += length
            order.extend(row)
            order.extend(
                [-1] * (8 - len(row) % 8)
            )  # at least one bit that is never free, and the next row starts a byte
    bit = [0] * len(seats)
    worth, chairs = [0], [0]
    for at, index in enumerate(order):
        if index >= 0:
            bit[index] = at
        worth.append(worth[-1] + (seats[index].quality if index >= 0 else 0))
        chairs.append(chairs[-1] + (index >= 0 and seats[index].wheelchair))

    def where(test: Callable[[SeatLike], bool]) -> int:
        return _of_bits((at for at, index in enumerate(order) if index >= 0 and test(seats[index])), len(order))

    by_category: dict[str, list[int]] = {}
    by_zone: dict[str, list[int]] = {}
    for at, index in enumerate(order):
        if index >= 0:
            by_category.setdefault(seats[index].category_id, []).append(at)
            by_zone.setdefault(seats[index].zone, []).append(at)
    return Hall(
        places=len(seats),
        lines=tuple(sorted(lines, key=lambda line: (line.floor, line.start))),
        bit=tuple(bit),
        seat=tuple(order),
        joined=_of_bits(joints, len(order)),
        ordinary=where(lambda seat: not seat.wheelchair and not seat.companion),
        wheelchair=where(lambda seat: seat.wheelchair),
        companion=where(lambda seat: seat.companion),
        aisle=where(lambda seat: seat.aisle),
        categories={name: _of_bits(bits, len(order)) for name, bits in by_category.items()},
        zones={name: _of_bits(bits, len(order)) for name, bits in by_zone.items()},
        worth=tuple(worth),
        chairs=tuple(chairs),
        points=points,
    )


def _of_bits(bits: Iterable[int], size: int) -> int:
    octets = bytearray(size // 8)
    for bit in bits:
        octets[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(octets, "little")
