"""Named reads of performances: how one's plan stands to what it was made from, and which are played from now on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from central.catalogue.model import Performance, PerformanceState
from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.entity import BY_NAME
from central.kernel.scope import narrowing
from central.kernel.tx import Read
from shared.clock import from_ms, to_ms
from shared.ids import Id


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


def category_ranks(read: Read) -> tuple[tuple[Id, int], ...]:
    """Of all seat categories of the house."""
    return tuple((Id(row[0]), int(row[1])) for row in read.run("SELECT id, rank FROM seat_category ORDER BY id"))


@dataclass(frozen=True, slots=True)
class PointTold:
    """All that is asked of a point of sale and its channel before its devices are told what they sell: where two are
    equal, they are told the same."""

    id: Id
    context_id: Id
    code: str
    active: bool
    channel_active: bool
    max_places: int


_POINT = columns(
    PointTold,
    id="s.id",
    context_id="s.context_id",
    code="s.code",
    active="s.active",
    channel_active="c.active",
    max_places="c.max_places",
)


def points_told(read: Read, among: Collection[Id] | None = None) -> dict[Id, PointTold]:
    """Of the whole house, or those of these that are there; the oldest first."""
    inside, params = in_list("point", among or [""])
    where = "" if among is None else f"WHERE s.id IN {inside} "
    rows = read.run(
        f"SELECT {_POINT} FROM point_of_sale s JOIN channel c ON c.id = s.channel_id {where}ORDER BY s.id",  # noqa: S608 - names of ours, values are parameters
        **({} if among is None else params),
    )
    found = (PointTold(*row) for row in rows)
    return {each.id: each for each in found}


@dataclass(frozen=True, slots=True)
class Played:
    """A performance with what it is called by. Times are aware UTC; `timezone` and `hall` are those of where it is."""

    id: Id
    names: Mapping[str, str]
    hall: Mapping[str, str]
    timezone: str
    state: PerformanceState
    starts: datetime
    doors: datetime
    closes: datetime
    sell_until: datetime
    note: str


def in_one_hall(read: Read, performance: Performance, most: int) -> list[Performance]:
    """Other performances that go on while this one does, in the same space however it is set up. No cancelled ones."""
    if performance.state is PerformanceState.CANCELLED:
        return []
    space = (
        "(SELECT c.space_id FROM logical_configuration l JOIN physical_configuration c "
        "ON c.id = l.physical_configuration_id WHERE l.id = {}) "
    )
    return list(
        read.find(
            Performance,
            "WHERE site_id = :site AND starts < :closes AND closes > :starts AND id <> :id AND state <> :gone AND "
            f"{space.format('performance.logical_configuration_id')} = {space.format(':logical')} "
            "ORDER BY starts, id LIMIT :most",
            site=performance.site_id, closes=to_ms(performance.closes), starts=to_ms(performance.starts),
            id=performance.id, gone=PerformanceState.CANCELLED, logical=performance.logical_configuration_id, most=most,
        )
    )  # fmt: skip


NEVER_MS = 2**62
_PLAYED = columns(
    Played,
    id="t.id",
    names="e.names",
    hall="a.names",
    timezone="s.timezone",
    state="t.state",
    starts="t.starts",
    doors="t.doors",
    closes="t.closes",
    sell_until="t.sell_until",
    note="t.note",
)


def played_from(
    read: Read, places: tuple[str, ...] | None, since: datetime, most: int, before: datetime | None = None
) -> list[Played]:
    """Those that begin from a moment on (and before another), the first first; of these contexts (None: all) and the
    asker's perimeter. One statement, however many there are."""
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    return _some(
        read, places, "t.starts >= :since AND t.starts < :before ORDER BY t.starts, t.id", most,
        since=to_ms(since), before=to_ms(before) if before else NEVER_MS,
    )  # fmt: skip


def still_played(read: Read, places: tuple[str, ...] | None, since: datetime, most: int) -> list[Played]:
    """As `played_from`, of those that began before a moment and go on now, the last first."""
    # clock: a day that people or the law set; what is final of it waits for a steady clock
    return _some(
        read, places, "t.closes > :now AND t.starts < :since ORDER BY t.starts DESC, t.id", most,
        since=to_ms(since), now=to_ms(read.now),
    )  # fmt: skip


def _some(read: Read, places: tuple[str, ...] | None, which: str, most: int, **moments: int) -> list[Played]:
    joins, where, params = narrowing(read, BY_NAME["performance"], places)
    rows = read.run(
        f"SELECT {_PLAYED} FROM performance t{joins} JOIN event e ON e.id = t.event_id "  # noqa: S608 - names of ours, values are parameters
        "JOIN site s ON s.id = t.site_id JOIN logical_configuration l ON l.id = t.logical_configuration_id "
        "JOIN physical_configuration c ON c.id = l.physical_configuration_id JOIN space a ON a.id = c.space_id "
        f"WHERE {where} AND {which} LIMIT :most",
        most=most, **moments, **params,
    )  # fmt: skip
    return [_played(row) for row in rows]


def _played(row: Sequence[Any]) -> Played:
    raw = Played(*row)
    return Played(
        id=raw.id, names=_names(raw.names), hall=_names(raw.hall), timezone=raw.timezone,
        state=PerformanceState(raw.state), starts=_moment(raw.starts), doors=_moment(raw.doors),
        closes=_moment(raw.closes), sell_until=_moment(raw.sell_until), note=raw.note,
    )  # fmt: skip


def _names(told: Any) -> dict[str, str]:
    names: dict[str, str] = orjson.loads(told)
    return names


def _moment(told: Any) -> datetime:
    return from_ms(told)
