"""A party that finds no row with room for all: into how few parts, where, and who with whom. Parts of the rule in
seating.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from shared.rules.hall import MOST, Hall, bits, block, far
from shared.rules.rows import Point
from shared.rules.seating_row import Chosen, Part, bits_of, in_row, pick
from shared.rules.vacancy import View, fewest

HOODS = 3  # of those with as few parts, the ones with the best seats are looked at closely
ANCHORS = 2  # long runs around which the others are sought


def apart(view: View, size: int, rows: int, as_good: int) -> Chosen | None:
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
    return bits_of(parts)


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
        start = pick(in_row(view, run.rank, count, among=among), as_good * count)
        assert start is not None, "a run has room for as many as it is long"
        line = view.hall.lines[run.rank]
        found.append((run.rank, start, count))
        cost += line.total(start, count) + count * far(line.middle(start, count), anchor.middle)
    ats = [view.hall.lines[rank].at for rank, _, _ in found]
    return max(ats) - min(ats), cost, tuple(found)
