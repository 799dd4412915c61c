"""How many places of a performance are free, blocked, held, leased, optioned, sold: kept with every change, per
category and contingent, so that nobody counts 80,000 rows to say what is left.

Every change of a place's state, contingent or category comes through `moved`, in the same transaction; the database
itself refuses a row that does not add up. Counts are read by screens and never asked before a place is taken: the
unique index and the gauge's guard decide that.

A sold-out evening is one row that every buyer changes. SQLite has one writer, who writes it once per commit for all
the commands in it; PostgreSQL would let one buyer through at a time, so each connection counts in a row of its own
(`shard`), and reading adds the rows up. One shard alone may say less than nothing: another one sold what it took back.

The same row tells that a hall in memory is stale: `revision` grows with each transaction that changes numbered
places, and `place_change` says which seats those are (halls.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import orjson
import sqlalchemy as sa

from central.catalogue.model import CataloguePrivilege
from central.kernel.batch import Gathered
from central.kernel.db import Connection, in_list
from central.kernel.entity import METADATA, Ref
from central.kernel.registry import answers
from central.kernel.tx import Read, Tx
from shared.ids import LENGTH, Id
from shared.outcome import Ok, Outcome
from shared.rules.place_state import BUCKETS

HALL = "hall/"
FREE, BLOCKED, HELD, LEASED, OPTIONED, SOLD = BUCKETS
KEPT_CHANGES = 512  # a hall that is further behind than this is read anew
MOST_SEATS = 1000  # a change of more seats than this says "all of them"

_KEY = ("performance_id", "category_id", "contingent_id", "shard")
_SUMS = ("capacity", *BUCKETS)

PLACE_COUNT = sa.Table(
    "place_count",
    METADATA,
    sa.Column("performance_id", sa.String(LENGTH), sa.ForeignKey("performance.id"), primary_key=True),
    sa.Column("category_id", sa.String(LENGTH), primary_key=True),
    sa.Column("contingent_id", sa.String(LENGTH), primary_key=True),  # empty: hors contingent
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    *[sa.Column(name, sa.BigInteger, nullable=False) for name in _SUMS],
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.CheckConstraint(f"capacity = {' + '.join(BUCKETS)}", name="adds_up"),
    sqlite_with_rowid=False,
)

PLACE_CHANGE = sa.Table(
    "place_change",
    METADATA,
    *[sa.Column(name, sa.String(LENGTH), primary_key=True) for name in _KEY[:3]],
    sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seats", sa.Text, nullable=False),  # JSON list of seat ids; null in it: read the hall anew
    sqlite_with_rowid=False,
)


def hall_mark(performance_id: str) -> str:
    """What a commit is marked with when the picture of this performance's hall may have changed."""
    return HALL + performance_id


class CountMove(NamedTuple):
    """`n` places of a category and contingent (empty: hors contingent) go from one bucket to another; an empty bucket
    is outside: from there capacity grows, thither it shrinks."""

    category_id: str
    contingent_id: str
    source: str
    target: str
    n: int


class Moved(NamedTuple):
    """What one command did. `seats`: those among the places; None: it cannot be said, read the hall anew."""

    performance_id: str
    shard: int
    moves: tuple[CountMove, ...]
    seats: tuple[str, ...] | None


def moved(
    tx: Tx, performance_id: str, moves: Iterable[tuple[str, str, str, str, int]], seats: Sequence[str] | None = None
) -> None:
    """Counts what this transaction does to places: `CountMove`s, or plain tuples of the same five. `seats` are those
    among them (none: counted places only); left out, cached halls of the performance are read anew. Without moves it
    says just that: these seats, or the whole hall, are not what they were (their order for best seats, say)."""
    told = None if seats is None or len(seats) > MOST_SEATS else tuple(seats)
    tx.touched.add(hall_mark(performance_id))
    tx.gather(_write, Moved(performance_id, tx.shard, tuple(map(CountMove._make, moves)), told))


_UPSERT = (
    f"INSERT INTO place_count ({', '.join((*_KEY, *_SUMS))}, revision) VALUES "  # noqa: S608 - names of ours
    f"({', '.join('?' * (len(_KEY) + len(_SUMS) + 1))}) ON CONFLICT ({', '.join(_KEY)}) DO UPDATE "
    f"SET {', '.join(f'{name} = place_count.{name} + excluded.{name}' for name in _SUMS)}, "
    "revision = place_count.revision + excluded.revision RETURNING revision"
)
_CHANGE = (
    "INSERT INTO place_change (performance_id, category_id, contingent_id, shard, revision, seats) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_FORGET = (
    "DELETE FROM place_change WHERE performance_id = ? AND category_id = ? AND contingent_id = ? AND shard = ? "
    "AND revision < ?"
)
_AT = {name: n for n, name in enumerate(_SUMS)}


def _write(db: Connection, items: list[Moved]) -> None:
    """Once per transaction: a row per performance, category and contingent, however many commands there were."""
    sums: dict[tuple[str, str, str, int], list[int]] = {}
    seats: dict[tuple[str, str, str, int], dict[str | None, None]] = {}
    for item in items:
        keys = [(item.performance_id, move.category_id, move.contingent_id, item.shard) for move in item.moves]
        for key, (_, _, source, target, n) in zip(keys, item.moves, strict=True):
            row = sums.get(key) or sums.setdefault(key, [0] * len(_SUMS))
            for bucket, signed in ((source, -n), (target, n)):
                if bucket:
                    row[_AT[bucket]] += signed
                    row[0] += signed
        first = keys[0] if keys else (item.performance_id, "", "", item.shard)
        if item.seats is None or item.seats:
            sums.setdefault(first, [0] * len(_SUMS))
            seats.setdefault(first, {}).update(dict.fromkeys(item.seats or [None]))
    lines: list[tuple[Any, ...]] = []
    for key in sorted(sums):
        changed = seats.get(key)
        ((revision,),) = db.run(_UPSERT, (*key, *sums[key], 1 if changed else 0))
        if changed:
            told = [None] if None in changed or len(changed) > MOST_SEATS else list(changed)
            lines.append((*key, revision, orjson.dumps(told).decode()))
            if revision % KEPT_CHANGES == 0:
                db.write(_FORGET, (*key, revision - KEPT_CHANGES))
    if lines:
        db.write_many(_CHANGE, lines)


def counted(gathered: Gathered) -> list[Moved]:
    """What is counted in this transaction and not written yet."""
    return gathered.get(_write, [])


# --- what changed -----------------------------------------------------------------------------------------------------

Key = tuple[str, str, int]
"""category, contingent (empty: hors contingent), shard"""


def revisions(read: Read, performance_id: str) -> dict[Key, int]:
    """How often numbered places changed, in the order of the keys; of those that never did, nothing."""
    rows = read.run(
        "SELECT category_id, contingent_id, shard, revision FROM place_count "
        "WHERE performance_id = :id AND revision > 0 ORDER BY 1, 2, 3",
        id=performance_id,
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def changed_since(read: Read, performance_id: str, known: dict[Key, int], most: int) -> set[str] | None:
    """Seats that changed since these revisions, which are brought up to now; None: it cannot be said which any more,
    or they are more than `most`."""
    seats: set[str] = set()
    for key, revision in revisions(read, performance_id).items():
        before = known.get(key, 0)
        if revision == before:
            continue
        category, contingent, shard = key
        # clock: no moment of a clock's
        rows = read.run(
            "SELECT seats FROM place_change WHERE performance_id = :performance AND category_id = :category "
            "AND contingent_id = :contingent AND shard = :shard AND revision > :before AND revision <= :revision",
            performance=performance_id, category=category, contingent=contingent, shard=shard, before=before,
            revision=revision,
        )  # fmt: skip
        if len(rows) != revision - before:
            return None  # forgotten meanwhile
        for (said,) in rows:
            told = orjson.loads(said)
            if None in told:
                return None
            seats.update(told)
            if len(seats) > most:
                return None
        known[key] = revision
    return seats


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """capacity = free + blocked + held + leased + optioned + sold, always (docs/spec/contingents.md)."""

    performance_id: Id
    category_id: Id
    contingent_id: str
    capacity: int
    free: int
    blocked: int
    held: int
    leased: int
    optioned: int
    sold: int


def counts_of(read: Read, performance_id: str) -> list[PlaceCounts]:
    """Per category and contingent, numbered and counted places together."""
    return counts_of_each(read, [performance_id]).get(performance_id, [])


def counts_of_each(read: Read, performances: Sequence[str]) -> dict[str, list[PlaceCounts]]:
    """As `counts_of`, by performance: one statement, however many they are."""
    if not performances:
        return {}
    sums = ", ".join(f"SUM({name})" for name in _SUMS)
    among, params = in_list("p", performances)
    rows = read.run(
        f"SELECT performance_id, category_id, contingent_id, {sums} FROM place_count "  # noqa: S608 - names of ours, values are parameters
        f"WHERE performance_id IN {among} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        **params,
    )
    found: dict[str, list[PlaceCounts]] = {}
    for performance_id, category_id, contingent_id, *numbers in rows:
        if any(numbers):
            made = PlaceCounts(Id(performance_id), Id(category_id), contingent_id, *map(int, numbers))
            found.setdefault(performance_id, []).append(made)
    return found


@dataclass(frozen=True, slots=True)
class PlaceSums:
    """All places of a performance, or some of them. `kept`: those of the free ones that a contingent keeps."""

    capacity: int = 0
    free: int = 0
    blocked: int = 0
    held: int = 0
    leased: int = 0
    optioned: int = 0
    sold: int = 0
    kept: int = 0

    @property
    def going(self) -> int:
        """What somebody is about to have: in a basket, under an option."""
        return self.held + self.optioned

    @property
    def left(self) -> int:
        """What may still be sold: by whoever asks, or by the device that it is lent to."""
        return self.free + self.leased


def sums_in(counts: Iterable[PlaceCounts]) -> PlaceSums:
    """All of these together."""
    found = list(counts)
    kept = sum(each.free for each in found if each.contingent_id)
    return PlaceSums(**{name: sum(getattr(each, name) for each in found) for name in _SUMS}, kept=kept)


def sums_of(read: Read, performances: Sequence[str]) -> dict[str, PlaceSums]:
    """Each performance's places, numbered and counted together: one statement, however many performances."""
    if not performances:
        return {}
    sums = ", ".join(f"SUM({name})" for name in _SUMS)
    among, params = in_list("p", performances)
    rows = read.run(
        f"SELECT performance_id, {sums}, SUM(CASE WHEN contingent_id = '' THEN 0 ELSE free END) FROM place_count "  # noqa: S608 - names of ours, values are parameters
        f"WHERE performance_id IN {among} GROUP BY performance_id",
        **params,
    )
    return {row[0]: PlaceSums(*map(int, row[1:])) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How many places a performance has per category and contingent, and what has become of them."""

    performance_id: Annotated[Id, Ref("performance")]


@answers(
    Availability,
    needs=CataloguePrivilege.CATALOGUE_READ,
    gives=list[PlaceCounts],
)
def availability(read: Read, want: Availability) -> Outcome[list[PlaceCounts]]:
    """Places per category and contingent. A place that was sold or leased before it was blocked counts as that."""
    return Ok(counts_of(read, want.performance_id))
