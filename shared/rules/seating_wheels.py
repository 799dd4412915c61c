"""Wheelchair places and who comes along. Parts of the rule in seating.py."""

from shared.rules.hall import NEIGHBOURS, bits, block, far, smeared
from shared.rules.rows import Point
from shared.rules.seating_row import Chosen, Part, bits_of, cost_of, least_of, lonely
from shared.rules.vacancy import Vacancy, View


def with_wheelchairs(vacancy: Vacancy, view: View, rows: int, size: int, chairs: int, as_good: int) -> Chosen | None:
    """One window with as many wheelchair places as wanted; else a window for each wheelchair and its share of the
    company, near each other; else a place each, and who comes along as near as can be."""
    window = _chair_window(vacancy, view, rows, size, chairs, as_good, {}, None)
    if window is not None:
        return bits_of([window])
    found = _chair_by_chair(vacancy, view, rows, size, chairs, as_good) if chairs > 1 else None
    return found or _scattered(vacancy, view, rows, size, chairs)


def _chair_window(
    vacancy: Vacancy,
    view: View,
    rows: int,
    size: int,
    chairs: int,
    as_good: int,
    taken: Chosen,
    near: Point | None,
) -> Part | None:
    """Row by row, the one with the best seat first, until no other row can hold one as good."""
    hall = vacancy.hall
    slack, lowest = as_good * size, float("inf")
    found = []
    for rank in hall.chair_rows:
        line = hall.lines[rank]
        if line.floor * size > lowest + slack:
            break
        if not rows >> rank & 1:
            continue
        mask = vacancy.all_kinds(view, rank) & ~taken.get(rank, 0)
        windows = line.windows(mask, size) & smeared(line.wheelchair, size)
        left, right = lonely(view, rank, size) if windows else (0, 0)
        for start in bits(windows):
            if (line.wheelchair & block(start, size)).bit_count() == chairs:
                cost = cost_of(hall, (rank, start, size), near)
                lowest = min(lowest, cost)
                found.append(((left >> start & 1) + (right >> start & 1), cost, rank, start))
    if not found:
        return None
    _, _, rank, start = least_of(found, slack)
    return rank, start, size


def _chair_by_chair(vacancy: Vacancy, view: View, rows: int, size: int, chairs: int, as_good: int) -> Chosen | None:
    """The first wheelchair with its company where it is best, the others near it: in its zone if there is room."""
    hall = vacancy.hall
    chosen: Chosen = {}
    centre: Point | None = None
    in_zone = rows
    for at in range(chairs):
        share = size // chairs + (at < size % chairs)
        found = None
        for where in (in_zone, rows) if in_zone != rows else (rows,):
            found = found or _chair_window(vacancy, view, where, share, 1, as_good, chosen, centre)
        if found is None:
            return None
        rank, start, _ = found
        chosen[rank] = chosen.get(rank, 0) | block(start, share)
        if centre is None:
            centre = hall.lines[rank].middle(start, share)
            in_zone = rows & sum(1 << one for one in hall.zones[hall.lines[rank].zone])
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
    return bits_of((rank, at, 1) for rank, at in chosen + sorted(others, key=near)[: size - chairs])
