"""In which order seats are proposed when that is not left to the drawing (sélection optimale): ranks in the unit of
quality, so that the rule of best seats reads one number, whoever set it (shared/rules/seating.py)."""

from collections.abc import Sequence
from statistics import fmean

from central.venues.model import SeatOrder
from central.venues.selection import Chosen, Table

STEP = 25  # one seat's width in plan units: what the rule of best seats calls "as good"
ZONE_STEP = 1_000_000  # more than any seat within a zone can be worse than another


def ordered(table: Table, chosen: Chosen, order: SeatOrder, first_zones: Sequence[str]) -> dict[int, int | None]:
    """Index → rank, lower is better. None: as drawn."""
    zone_rank = {zone: n for n, zone in enumerate(first_zones)}
    if order is SeatOrder.DRAWN:
        if not first_zones:
            return dict.fromkeys(chosen.seats)
        last = len(first_zones)
        return {n: table.drawn[n] + ZONE_STEP * zone_rank.get(table.zones[n], last) for n in chosen.seats}
    if order is SeatOrder.LISTED:
        line = sorted(chosen.listed, key=lambda n: zone_rank.get(table.zones[n], len(first_zones)))
        return {n: STEP * at for at, n in enumerate(line)}
    rows: dict[tuple[str, str], list[int]] = {}
    for n in chosen.seats:
        rows.setdefault((table.zones[n], table.rows[n]), []).append(n)
    nearness = {key: fmean(table.drawn[n] for n in seats) for key, seats in rows.items()}
    zones: dict[str, float] = {}
    for (zone, _), near in nearness.items():
        zones[zone] = min(near, zones.get(zone, near))
    front_first = sorted(
        rows, key=lambda key: (zone_rank.get(key[0], len(first_zones)), zones[key[0]], key[0], nearness[key], key[1])
    )
    line = []
    for at, key in enumerate(front_first):
        seats = rows[key]
        if order is SeatOrder.SNAKE:
            line += seats if at % 2 == 0 else seats[::-1]
        else:
            middle = (len(seats) - 1) / 2
            line += [seats[n] for n in sorted(range(len(seats)), key=lambda n: (abs(n - middle), n))]
    return {n: STEP * at for at, n in enumerate(line)}
