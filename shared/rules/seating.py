"""Best seats: which free places to propose (docs/spec/venues.md, Best seats). Central asks it about the
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

from shared.rules.hall import MOST, NEIGHBOURS, Hall, SeatLike, bits, block, smeared
from shared.rules.rows import Point
from shared.rules.seating_parties import apart
from shared.rules.seating_row import Chosen, Part, bits_of, by_alone, cost_of, in_row, least_of, pick
from shared.rules.seating_wheels import with_wheelchairs
from shared.rules.vacancy import Buys, Vacancy, View

__all__ = ["AS_GOOD", "MOST", "NEIGHBOURS", "Buys", "Hall", "SeatLike", "Vacancy", "Want", "best"]

AS_GOOD = 25  # quality is counted in plan units: one seat's width
TRIES = 24  # places for a group's first part


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
            chosen = with_wheelchairs(vacancy, view, rows, want.quantity, want.wheelchairs, want.as_good)
        elif want.quantity > MOST:
            chosen = _group(view, want, rows)
        else:
            chosen = _together(view, want, rows) or apart(view, want.quantity, rows, want.as_good)
        if chosen:
            return hall.seats_in(chosen)
    return None


# one row


def _together(view: View, want: Want, rows: int) -> Chosen | None:
    """The best window of neighbours, beside an aisle if that is wished for and to be had."""
    search = _nearest if want.row or want.front else _cheapest
    found = (search(view, want, rows, True) if want.aisle else None) or search(view, want, rows, False)
    return bits_of([found]) if found else None


def _cheapest(view: View, want: Want, rows: int, aisle: bool) -> Part | None:
    """Row by row, the one with the best seat first, until no other row can hold a better window."""
    size, slack, lines, masks = want.quantity, want.as_good * want.quantity, view.hall.lines, view.masks
    floors = view.floors
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
        bound = floors[rank] * size  # closer, but not in order
        if bound > lowest + slack or bound >= clean:
            continue
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
        for alone, this, at in by_alone(view, rank, size, windows, start):
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
    roomy = view.rows[want.quantity] & rows
    if not roomy:
        return None
    for rank in _wished(view.hall, want):
        if roomy >> rank & 1:
            found = pick(in_row(view, rank, want.quantity, aisle), want.as_good * want.quantity)
            if found is not None:
                return rank, found, want.quantity
    return None


def _wished(hall: Hall, want: Want) -> Sequence[int]:
    if want.row:
        return hall.like(want.row, want.zone)
    assert want.front, "asked for"
    return hall.near(want.front)


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
        start = pick(in_row(view, rank, first), want.as_good * first)
        if start is not None and (found := _beside(view, (rank, start, first), others, rows, want.as_good)) is not None:
            return bits_of(found)
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
                (alone, cost_of(hall, (rank, start, size), centre), rank, start)
                for rank in near
                for alone, _, start in _near_windows(view, rank, size, centre)
            ]
        if not found:
            return None
        _, _, rank, start = least_of(found, as_good * size)
        parts.append((rank, start, size))
    return parts


def _near_windows(view: View, rank: int, size: int, centre: Point) -> Iterator[tuple[int, int, int]]:
    """The best windows of a row, and those of the best within a few seats of the middle of the rest of the group."""
    if not view.rows[size] >> rank & 1:
        return
    yield from in_row(view, rank, size)
    closest = view.hall.lines[rank].closest(centre)
    yield from in_row(view, rank, size, among=block(max(0, closest - 2 * size), 3 * size + 1))


def _anyhow(view: View, sizes: Sequence[int], rows: int, as_good: int) -> Chosen:
    """Part after part where it is best, each split further if it must be. There are enough seats."""
    chosen: Chosen = {}
    for size in sizes:
        with _without(view, _parts_of(chosen)):
            part = _together(view, Want(size, as_good=as_good), rows) or apart(view, size, rows, as_good)
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
