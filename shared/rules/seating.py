"""Best seats: which free places to propose (spec/venues.md, Best seats; domain-facts B.3). Central asks it about the
whole hall, a kiosk about the seats of its lease; the rule is the same.

What is proposed, in this order:
1. only what may be bought: the category, the contingents;
2. all next to each other in one row, nobody having to rise in between. Of the windows that are *as good* as the best
   (a total quality at most `as_good` per seat higher) one that leaves the fewest single free seats alone, then the
   lowest total, then the row with the best seat, then the lowest seat of the row. A seat is left alone if it had a free
   neighbour of its own category and contingent before and has none after;
3. else split within rows that neighbour each other: the fewest parts, then the fewest people alone, then as few rows
   behind each other as can be, close together, and good. If no three rows behind each other have room, the fewest rows
   of a zone that do; last, anywhere;
4. a group over nine is split in two, and again, before anything else: two rows of six talk to each other, a row of
   twelve does not. Its parts lie in rows that neighbour the first one's if any place in the hall allows it.

A wish for a zone is kept if the zone has room at all, for an aisle if the party can sit together at one, for a row or
the front by taking the nearest row in which it can sit together. Wheelchair places and their companions' seats are
proposed only to who asks for a wheelchair place. The answer depends on nothing but what is free and what is wanted.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from shared.rules.hall import MOST, NEIGHBOURS, Hall, SeatLike, bits, block, far, smeared
from shared.rules.rows import Point
from shared.rules.vacancy import Buys, Vacancy, View, fewest

__all__ = ["AS_GOOD", "MOST", "NEIGHBOURS", "Buys", "Hall", "SeatLike", "Vacancy", "Want", "best"]

AS_GOOD = 25  # quality is counted in plan units: one seat's width
HOODS = 3  # of those with as few parts, the ones with the best seats are looked at closely
ANCHORS = 2  # long runs around which the others are sought
TRIES = 24  # places for a group's first part

Chosen = dict[int, int]  # rank of a row → its chosen seats as bits
Part = tuple[int, int, int]  # rank, start, size


@dataclass(frozen=True, slots=True)
class Want:
    """`quantity` places in all, `wheelchairs` of them wheelchair places. Empty `category_id`: any; `contingents` as in
    `Buys`. Wishes: `zone`, `row` (of that zone, or of any), `aisle`, `front` (near this point, in plan units).
    `as_good`: how much worse per seat a choice may be that leaves fewer seats alone."""

    quantity: int
    category_id: str = ""
    zone: str = ""
    aisle: bool = False
    wheelchairs: int = 0
    contingents: frozenset[str] | None = None
    row: str = ""
    front: Point | None = None
    as_good: int = AS_GOOD


def best(vacancy: Vacancy, want: Want) -> tuple[int, ...] | None:
    """The seats to propose, row by row, or None if there are not enough. All of them are free."""
    if want.quantity < 1 or not 0 <= want.wheelchairs <= want.quantity:
        raise ValueError(f"nobody can sit like this: {want}")
    hall = vacancy.hall
    view = vacancy.view(Buys(want.category_id, want.contingents))
    view.settle()
    everywhere = hall.everywhere
    inside = sum(1 << rank for rank in hall.zones.get(want.zone, ())) if want.zone else 0
    for rows in (inside, everywhere) if inside else (everywhere,):
        if want.wheelchairs:
            chosen = _with_wheelchairs(vacancy, view, want, rows)
        elif want.quantity > MOST:
            chosen = _group(view, want, rows)
        else:
            chosen = _together(view, want, rows) or _apart(view, want.quantity, rows, want.as_good)
        if chosen:
            return hall.seats_in(chosen)
    return None


# one row


def _together(view: View, want: Want, rows: int) -> Chosen | None:
    """The best window of neighbours, beside an aisle if that is wished for and to be had."""
    search = _nearest if want.row or want.front else _cheapest
    found = (search(view, want, rows, True) if want.aisle else None) or search(view, want, rows, False)
    return _bits_of([found]) if found else None


def _cheapest(view: View, want: Want, rows: int, aisle: bool) -> Part | None:
    """Row by row, the one with the best seat first, until no other row can hold a better window."""
    size, slack, lines, masks = want.quantity, want.as_good * want.quantity, view.hall.lines, view.masks
    least: list[tuple[int, int, int] | None] = [None, None, None]  # (total, rank, start) by seats left alone
    lowest = none = 1 << 62
    clean = none  # the lowest total of those that leave nobody alone
    todo = view.rows[size] & rows
    while todo:
        low = todo & -todo
        todo ^= low
        rank = low.bit_length() - 1
        line = lines[rank]
        bound = line.floor * size
        if bound > lowest + slack or bound >= clean:
            break
        windows = line.windows(masks[rank], size)
        if not windows:
            view.correct(rank)
            continue
        if aisle and not (windows := windows & smeared(line.aisle, size)):
            continue
        start = line.cheapest(windows, size)
        total = line.worth[start + size] - line.worth[start]
        if total >= clean or total > lowest + slack:
            continue
        lowest = min(lowest, total)
        for alone, this, at in _by_alone(view, rank, size, windows, start):
            before = least[alone]
            if before is None or this < before[0]:
                least[alone] = (this, rank, at)
        clean = least[0][0] if least[0] else none
    for found in least:
        if found and found[0] <= lowest + slack:
            return found[1], found[2], size
    return None


def _nearest(view: View, want: Want, rows: int, aisle: bool) -> Part | None:
    """The best window of the first row that has one, in the order that is wished for."""
    for rank in _wished(view.hall, want):
        if (view.rows[want.quantity] & rows) >> rank & 1:
            found = _pick(_in_row(view, rank, want.quantity, aisle), want.as_good * want.quantity)
            if found is not None:
                return rank, found, want.quantity
    return None


def _wished(hall: Hall, want: Want) -> Sequence[int]:
    if want.row:
        return hall.like(want.row, want.zone)
    assert want.front, "asked for"
    return hall.near(want.front)


def _in_row(view: View, rank: int, size: int, aisle: bool = False, among: int = -1) -> Iterator[tuple[int, int, int]]:
    """(seats left alone, total quality, start) of the best window for each number of seats left alone."""
    line, mask = view.hall.lines[rank], view.masks[rank]
    windows = line.windows(mask, size)
    if not windows:
        view.correct(rank)
        return
    windows &= among
    if aisle:
        windows &= smeared(line.aisle, size)
    if windows:
        yield from _by_alone(view, rank, size, windows, line.cheapest(windows, size))


def _by_alone(view: View, rank: int, size: int, windows: int, best_start: int) -> Iterator[tuple[int, int, int]]:
    line = view.hall.lines[rank]
    worth = line.worth
    left, right = _lonely(view, rank, size)
    if not (left | right) >> best_start & 1:  # no other one is better in any way
        yield 0, worth[best_start + size] - worth[best_start], best_start
        return
    for alone, part in enumerate((windows & ~(left | right), windows & (left ^ right), windows & left & right)):
        if part:
            start = line.cheapest(part, size)
            yield alone, worth[start + size] - worth[start], start


def _lonely(view: View, rank: int, size: int) -> tuple[int, int]:
    """Bit b: a window from b on leaves its left, its right neighbour alone that was not alone before."""
    mask = view.masks[rank]
    linked = mask & (mask >> 1) & view.hall.alike[rank]  # bit b: b and b + 1 are free, neighbours, and of a kind
    return (linked << 1) & ~(linked << 2), (linked >> (size - 1)) & ~(linked >> size)


def _pick(windows: Iterable[tuple[int, int, int]], slack: int) -> int | None:
    """The start of the best of a row's windows."""
    found = list(windows)
    if not found:
        return None
    lowest = min(total for _, total, _ in found)
    return next(start for _, total, start in found if total <= lowest + slack)


def _bits_of(parts: Iterable[Part]) -> Chosen:
    chosen: Chosen = {}
    for rank, start, size in parts:
        chosen[rank] = chosen.get(rank, 0) | block(start, size)
    return chosen


# several rows


def _apart(view: View, size: int, rows: int, as_good: int) -> Chosen | None:
    """The fewest parts, then the fewest people alone; of the first few hoods that allow it, the one where they sit
    closest together and best."""
    view.correct_all()
    hall = view.hall
    least: tuple[int, int] | None = None
    fitting = 0
    inside = -1 if rows == hall.everywhere else _hoods_in(hall, rows)
    for profile, hoods in view.hoods.items():
        if hoods & inside and (key := fewest(profile, size)) is not None:
            if least is None or key < least:
                least, fitting = key, 0
            if key == least:
                fitting |= hoods & inside
    if least is not None:
        pools: list[Sequence[int]] = [hall.hoods[hood] for hood in islice(bits(fitting), HOODS)]
    else:
        pools, least = _wider(view, size, rows)
    if least is None:
        return None
    _, _, parts = min(_seated(view, ranks, size, *least, as_good) for ranks in pools)
    return _bits_of(parts)


def _hoods_in(hall: Hall, rows: int) -> int:
    """Rows are chosen by zone, so a hood's first row tells."""
    return sum(1 << hood for hood, ranks in enumerate(hall.hoods) if rows >> ranks[0] & 1)


def _wider(view: View, size: int, rows: int) -> tuple[list[Sequence[int]], tuple[int, int] | None]:
    """The fewest rows of one zone, one behind the other, that have room, with the fewest parts; else all rows."""
    hall = view.hall
    shortest = 0
    found: list[Sequence[int]] = []
    for at, in_zone in enumerate(hall.zones.values()):
        if rows >> in_zone[0] & 1 and (narrow := view.narrowest(at, size)):
            if not found or narrow[0] < shortest:
                shortest, found = narrow[0], []
            if narrow[0] == shortest:
                found += narrow[1]
    if not found:
        found = [[rank for rank in bits(view.rows[1] & rows) if view.masks[rank]]]
    keyed = [
        (key, min(ranks, default=0), ranks) for ranks in found if (key := fewest(view.profile(ranks), size)) is not None
    ]
    if not keyed:
        return [], None
    least = min(key for key, _, _ in keyed)
    return [ranks for key, _, ranks in sorted(keyed) if key == least][:HOODS], least


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    rank: int
    start: int
    length: int
    middle: Point
    mean: float


def _seated(
    view: View, ranks: Sequence[int], size: int, parts: int, alone: int, as_good: int
) -> tuple[int, float, tuple[Part, ...]]:
    """(rows from first to last, what it costs, parts): around one of the better long runs those that are near it and
    good, as many people in each as leaves nobody alone who need not be. A step apart costs as much as a step back."""
    lines = view.hall.lines
    found = [(length, rank, start) for rank in ranks for start, length in lines[rank].runs(view.masks[rank])]
    found.sort(reverse=True)
    needed = size - sum(
        length for length, _, _ in found[: parts - 1]
    )  # a shorter one is in no choice with so few parts
    runs = []
    for length, rank, start in found:
        if length >= needed:
            worth = lines[rank].worth
            runs.append(((worth[start + length] - worth[start]) / length, rank, start, length))
    runs.sort()
    lengths = [0] * (max(length for _, _, _, length in runs) + 1)
    kept = []
    for mean, rank, start, length in runs:
        if lengths[length] < MOST:  # of each length the best ones: no more than nine are ever used
            lengths[length] += 1
            kept.append(_Run(rank, start, length, lines[rank].middle(start, length), mean))
    anchors = (run for run in kept if run.length * parts >= size and _holds(lengths, [run], size, parts, alone))
    return min(_around(view, anchor, kept, lengths, size, parts, alone, as_good) for anchor in islice(anchors, ANCHORS))


def _holds(lengths: Sequence[int], chosen: Sequence[_Run], size: int, parts: int, alone: int) -> bool:
    """Whether these, with the longest of the others, hold everybody and leave no more than `alone` alone."""
    left = list(lengths)
    room = pairs = 0
    for run in chosen:
        left[run.length] -= 1
        room += run.length
        pairs += run.length > 1
    more = parts - len(chosen)
    for length in range(len(left) - 1, 0, -1):
        count = min(more, left[length])
        room += count * length
        pairs += count if length > 1 else 0
        more -= count
    return room >= size and parts - min(pairs, size - parts) <= alone


def _around(
    view: View,
    anchor: _Run,
    runs: Sequence[_Run],
    lengths: Sequence[int],
    size: int,
    parts: int,
    alone: int,
    as_good: int,
) -> tuple[int, float, tuple[Part, ...]]:
    chosen = [anchor]
    nearest = sorted(
        (run for run in runs if run is not anchor),
        key=lambda run: (run.mean + far(run.middle, anchor.middle), run.rank, run.start),
    )
    any_will_do = parts == size  # everybody alone
    for run in nearest:
        if len(chosen) == parts:
            break
        if any_will_do or _holds(lengths, [*chosen, run], size, parts, alone):
            chosen.append(run)
    people = [1] * len(chosen)
    spare = size - len(chosen)
    for most in (2, size):  # a second person for each first, then fill up
        for at, run in enumerate(chosen):
            more = min(spare, min(most, run.length) - people[at])
            people[at] += more
            spare -= more
    found = []
    cost = 0.0
    for run, count in zip(chosen, people, strict=True):
        among = block(run.start, run.length - count + 1)
        start = _pick(_in_row(view, run.rank, count, among=among), as_good * count)
        assert start is not None, "a run has room for as many as it is long"
        line = view.hall.lines[run.rank]
        found.append((run.rank, start, count))
        cost += line.total(start, count) + count * far(line.middle(start, count), anchor.middle)
    ats = [view.hall.lines[rank].at for rank, _, _ in found]
    return max(ats) - min(ats), cost, tuple(found)


# groups


def _halves(size: int) -> list[int]:
    return [size] if size <= MOST else _halves(size - size // 2) + _halves(size // 2)


def _group(view: View, want: Want, rows: int) -> Chosen | None:
    """The parts of a large group: the first one where it is best, of those around which the others find room."""
    if not view.holds(want.quantity, rows):
        return None
    first, *others = _halves(want.quantity)
    roomy = view.rows[first] & rows
    order = (rank for rank in _wished(view.hall, want) if roomy >> rank & 1) if want.row or want.front else bits(roomy)
    for rank in islice(order, TRIES):
        start = _pick(_in_row(view, rank, first), want.as_good * first)
        if start is not None and (found := _beside(view, (rank, start, first), others, rows, want.as_good)) is not None:
            return _bits_of(found)
    return _anyhow(view, [first, *others], rows, want.as_good)


def _beside(view: View, first: Part, others: Sequence[int], rows: int, as_good: int) -> list[Part] | None:
    """Each other part together, in a row that neighbours the first one's; None if there is no room."""
    hall, parts = view.hall, [first]
    line = hall.lines[first[0]]
    centre = line.middle(first[1], first[2])
    near = [
        rank
        for rank in hall.zones[line.zone][max(0, line.at - NEIGHBOURS + 1) : line.at + NEIGHBOURS]
        if rows >> rank & 1
    ]
    for size in others:
        with _without(view, parts):
            found = [
                (alone, _cost(hall, (rank, start, size), centre), rank, start)
                for rank in near
                for alone, _, start in _near_windows(view, rank, size, centre)
            ]
        if not found:
            return None
        _, _, rank, start = _least(found, as_good * size)
        parts.append((rank, start, size))
    return parts


def _least(found: Sequence[tuple[int, float, int, int]], slack: float) -> tuple[int, float, int, int]:
    """Of (seats left alone, cost, rank, start) those that are as good as the cheapest, then by all four."""
    lowest = min(cost for _, cost, _, _ in found)
    return min(one for one in found if one[1] <= lowest + slack)


def _near_windows(view: View, rank: int, size: int, centre: Point) -> Iterator[tuple[int, int, int]]:
    """The best windows of a row, and those of the best within a few seats of the middle of the rest of the group."""
    if not view.rows[size] >> rank & 1:
        return
    yield from _in_row(view, rank, size)
    closest = view.hall.lines[rank].closest(centre)
    yield from _in_row(view, rank, size, among=block(max(0, closest - 2 * size), 3 * size + 1))


def _cost(hall: Hall, part: Part, centre: Point | None) -> float:
    """Its total quality and, if it belongs to others, each person's way to them."""
    line = hall.lines[part[0]]
    away = far(line.middle(part[1], part[2]), centre) if centre else 0.0
    return line.total(part[1], part[2]) + part[2] * away


def _anyhow(view: View, sizes: Sequence[int], rows: int, as_good: int) -> Chosen:
    """Part after part where it is best, each split further if it must be. There are enough seats."""
    chosen: Chosen = {}
    for size in sizes:
        with _without(view, _parts_of(chosen)):
            part = _together(view, Want(size, as_good=as_good), rows) or _apart(view, size, rows, as_good)
        assert part is not None, "counted before"
        for rank, mask in part.items():
            chosen[rank] = chosen.get(rank, 0) | mask
    return chosen


def _parts_of(chosen: Chosen) -> list[Part]:
    return [(rank, bit, 1) for rank, mask in chosen.items() for bit in bits(mask)]


@contextmanager
def _without(view: View, parts: Iterable[Part]) -> Iterator[None]:
    """The view as if these were taken."""
    before = {rank: view.masks[rank] for rank, _, _ in parts}
    try:
        for rank, start, size in parts:
            view.set(rank, view.masks[rank] & ~block(start, size))
        yield
    finally:
        for rank, mask in before.items():
            view.set(rank, mask)


# wheelchair places


def _with_wheelchairs(vacancy: Vacancy, view: View, want: Want, rows: int) -> Chosen | None:
    """One window with as many wheelchair places as wanted; else a window for each wheelchair and its share of the
    company, near each other; else a place each, and who comes along as near as can be."""
    size, chairs = want.quantity, want.wheelchairs
    window = _chair_window(vacancy, view, want, rows, size, chairs, {}, None)
    if window is not None:
        return _bits_of([window])
    found = _chair_by_chair(vacancy, view, want, rows) if chairs > 1 else None
    return found or _scattered(vacancy, view, rows, size, chairs)


def _chair_window(
    vacancy: Vacancy, view: View, want: Want, rows: int, size: int, chairs: int, taken: Chosen, near: Point | None
) -> Part | None:
    hall = vacancy.hall
    found = []
    for rank in hall.chair_rows:
        if not rows >> rank & 1:
            continue
        line = hall.lines[rank]
        mask = vacancy.all_kinds(view, rank) & ~taken.get(rank, 0)
        windows = line.windows(mask, size) & smeared(line.wheelchair, size)
        left, right = _lonely(view, rank, size) if windows else (0, 0)
        for start in bits(windows):
            if (line.wheelchair & block(start, size)).bit_count() == chairs:
                alone = (left >> start & 1) + (right >> start & 1)
                found.append((alone, _cost(hall, (rank, start, size), near), rank, start))
    if not found:
        return None
    _, _, rank, start = _least(found, want.as_good * size)
    return rank, start, size


def _chair_by_chair(vacancy: Vacancy, view: View, want: Want, rows: int) -> Chosen | None:
    chosen: Chosen = {}
    centre: Point | None = None
    for at in range(want.wheelchairs):
        share = want.quantity // want.wheelchairs + (at < want.quantity % want.wheelchairs)
        found = _chair_window(vacancy, view, want, rows, share, 1, chosen, centre)
        if found is None:
            return None
        rank, start, _ = found
        chosen[rank] = chosen.get(rank, 0) | block(start, share)
        centre = centre or vacancy.hall.lines[rank].middle(start, share)
    return chosen


def _scattered(vacancy: Vacancy, view: View, rows: int, size: int, chairs: int) -> Chosen | None:
    """The best wheelchair place, those nearest to it, and the other seats nearest to it."""
    hall = vacancy.hall
    places = [
        (line.total(bit, 1), rank, bit)
        for rank in hall.chair_rows
        if rows >> rank & 1
        for line in (hall.lines[rank],)
        for bit in bits(vacancy.all_kinds(view, rank) & line.wheelchair)
    ]
    if len(places) < chairs:
        return None
    _, first, bit = min(places)
    centre = hall.lines[first].points[bit]

    def near(seat: tuple[int, int]) -> tuple[float, int, int]:
        return round(far(hall.lines[seat[0]].points[seat[1]], centre), 3), *seat

    chosen = sorted(((rank, at) for _, rank, at in places), key=near)[:chairs]
    others: list[tuple[int, int]] = []
    zone, at = hall.lines[first].zone, hall.lines[first].at
    for rank in hall.around(first):
        line = hall.lines[rank]
        beside = line.zone == zone and abs(line.at - at) < NEIGHBOURS
        if len(others) >= size - chairs and not beside:
            break
        if rows >> rank & 1:
            others += [(rank, bit) for bit in bits(vacancy.all_kinds(view, rank) & ~line.wheelchair)]
    if len(others) < size - chairs:
        return None
    return _bits_of((rank, at, 1) for rank, at in chosen + sorted(others, key=near)[: size - chairs])
