"""Named reads of performances: where one is, and what serves it."""

from typing import NamedTuple

from central.kernel.contexts import path_of
from central.kernel.tx import Read

MOST_REMEMBERED = 5_000
_MEMORY = "where performances are"


class Whereabouts(NamedTuple):
    """Neither ever changes. `path`: its context and those above it, nearest first. Empty: no such performance."""

    site_id: str
    path: tuple[str, ...]


def whereabouts(read: Read, performance_id: str) -> Whereabouts:
    known: dict[str, Whereabouts] = read.memory.setdefault(_MEMORY, {})
    if (found := known.get(performance_id)) is not None:
        return found
    row = read.one("SELECT site_id, context_id FROM performance WHERE id = :id", id=performance_id)
    if row is None:
        return Whereabouts("", ())
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[performance_id] = Whereabouts(str(row[0]), path_of(read, row[1]))
    return known[performance_id]


def serves(read: Read, context_id: str, performance_id: str) -> bool:
    """Whether what stands in a context (a tariff, a point of sale) is for this performance: it stands where the
    performance does, or above it."""
    return context_id in whereabouts(read, performance_id).path


def drawn_otherwise(read: Read, performance_id: str, logical_id: str) -> bool:
    """Whether categories or order of a performance's seats are other ones than its logical configuration's."""
    found = read.one(
        "SELECT 1 FROM place p JOIN logical_seat v ON v.configuration_id = :logical AND v.seat_id = p.seat_id "
        "WHERE p.performance_id = :id AND (p.category_id <> v.category_id "
        "OR COALESCE(p.quality, -1) <> COALESCE(v.quality, -1)) LIMIT 1",
        logical=logical_id,
        id=performance_id,
    )
    return found is not None
