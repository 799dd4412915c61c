"""Proves what is counted against the rows it is counted from, performance by performance: counts, gauges, places,
holds, limits. What differs is named; that nothing does is what every property test ends with, what must hold of the
books (checks.py), and what a person can ask for at any time (`parterre audit inventory`, or the screen by the
query)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from central.catalogue.model import Performance
from central.catalogue.reads import all_performances
from central.inventory.counts import counts_of
from central.inventory.limits import real_sum, scope
from central.inventory.model import (
    TAKEN,
    TAKEN_BY,
    AllocationState,
    Gauge,
    HoldState,
    InventoryPrivilege,
    Limit,
    LimitPer,
)
from central.kernel.actor import SYSTEM
from central.kernel.db import BROKEN, Database
from central.kernel.entity import Ref
from central.kernel.excuses import unproved
from central.kernel.keys import make_keys
from central.kernel.registry import answers
from central.kernel.tx import Read
from shared.ids import Id
from shared.outcome import Ok, Outcome
from shared.rules.place_state import BUCKETS, bucket_of
from shared.runtime.config import Failure

NAMED = 20  # seats or ids that one difference lists


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` in words; `at`: what it is about (a category and contingent, a gauge, seats, a hold, a limit)."""

    performance_id: Id
    at: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryAudit:
    """What is wrong with one performance's inventory. An empty list proves that nothing is."""

    performance_id: Annotated[Id, Ref("performance")]


@answers(
    InventoryAudit,
    needs=InventoryPrivilege.CONTINGENT_READ,
    gives=list[Difference],
    whole=True,
)
def inventory_audit(read: Read, want: InventoryAudit) -> Outcome[list[Difference]]:
    return Ok(differences(read, want.performance_id))


def differences(read: Read, performance_id: str) -> list[Difference]:
    checks = (_counts, _gauges, _seats, _holds, _limits)
    return [Difference(Id(performance_id), at, what) for check in checks for at, what in check(read, performance_id)]


def house_differences(read: Read) -> Iterator[tuple[Id, list[Difference]]]:
    """Of each performance, in the order of their start."""
    for performance in all_performances(read):
        yield performance.id, differences(read, performance.id)


Found = Iterator[tuple[str, str]]


def _counts(read: Read, performance_id: str) -> Found:
    kept = {(str(each.category_id), each.contingent_id): each for each in counts_of(read, performance_id)}
    real = recounted(read, performance_id)
    for key in sorted({*kept, *real}):
        row = kept.get(key)
        said = [getattr(row, name) if row else 0 for name in BUCKETS]
        there = [real.get(key, {}).get(name, 0) for name in BUCKETS]
        if said != there:
            wrong = [
                f"{name} {s}, in truth {t}" for name, s, t in zip(BUCKETS, said, there, strict=True) if s != t
            ]  # fmt: skip
            yield f"category {key[0]} contingent {key[1] or 'none'}", "counted: " + "; ".join(wrong)
        if row and row.capacity != sum(said):
            yield f"category {key[0]} contingent {key[1] or 'none'}", f"capacity {row.capacity} is no sum of {said}"


def recounted(read: Read, performance_id: str) -> dict[tuple[str, str], dict[str, int]]:
    """What the counts should be, from places, gauges and allocations."""
    found: dict[tuple[str, str], dict[str, int]] = {}

    def add(category: str, contingent: str, bucket: str, n: int) -> None:
        row = found.setdefault((category, contingent), dict.fromkeys(BUCKETS, 0))
        row[bucket] += n

    for n, category, contingent, *stands in read.run(
        "SELECT COUNT(*), p.category_id, COALESCE(p.contingent_id, ''), a.state, p.blocked "  # noqa: S608 - names of ours, values are parameters
        f"FROM place p {TAKEN_BY} WHERE p.performance_id = :id GROUP BY 2, 3, 4, 5",
        id=performance_id,
    ):
        add(category, contingent, bucket_of(*stands), n)
    for gauge in read.find(Gauge, "WHERE performance_id = :id", id=performance_id):
        add(gauge.category_id, gauge.contingent_id, "free", gauge.capacity - gauge.blocked - gauge.taken)
        add(gauge.category_id, gauge.contingent_id, "blocked", gauge.blocked)
    for category, contingent, state, n in read.run(
        "SELECT g.category_id, g.contingent_id, a.state, SUM(a.quantity) FROM allocation a "  # noqa: S608 - names of ours, values are parameters
        f"JOIN gauge g ON g.id = a.gauge_id WHERE a.performance_id = :id AND a.{TAKEN} GROUP BY 1, 2, 3",
        id=performance_id,
    ):
        add(category, contingent, state, int(n))
    return {key: row for key, row in found.items() if any(row.values())}


def _gauges(read: Read, performance_id: str) -> Found:
    given: dict[str, int] = dict(
        read.run(
            f"SELECT gauge_id, SUM(quantity) FROM allocation WHERE performance_id = :id AND {TAKEN} GROUP BY gauge_id",  # noqa: S608 - names of ours, values are parameters
            id=performance_id,
        )
    )
    for each in read.find(Gauge, "WHERE performance_id = :id ORDER BY id", id=performance_id):
        if each.taken != given.get(each.id, 0):
            yield f"gauge {each.id}", f"{each.taken} taken, {given.get(each.id, 0)} given out"
        if min(each.capacity, each.blocked, each.taken) < 0 or each.taken + each.blocked > each.capacity:
            yield f"gauge {each.id}", f"{each.taken} taken and {each.blocked} blocked of {each.capacity}"


def _seats(read: Read, performance_id: str) -> Found:
    twice = read.run(
        f"SELECT seat_id FROM allocation WHERE performance_id = :id AND {TAKEN} AND seat_id IS NOT NULL "  # noqa: S608 - names of ours, values are parameters
        "GROUP BY seat_id HAVING COUNT(*) > 1 ORDER BY seat_id",
        id=performance_id,
    )
    if twice:
        yield _named(twice), "taken more than once"
    lost = read.run(
        f"SELECT a.seat_id FROM allocation a WHERE a.performance_id = :id AND a.{TAKEN} "  # noqa: S608 - names of ours, values are parameters
        "AND a.seat_id IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM place p WHERE p.performance_id = a.performance_id AND p.seat_id = a.seat_id) ORDER BY 1",
        id=performance_id,
    )
    if lost:
        yield _named(lost), "taken, but no place of this performance"


def _named(rows: Sequence[tuple[Any, ...]]) -> str:
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return "seats " + ", ".join(row[0] for row in rows[:NAMED]) + more


def _holds(read: Read, performance_id: str) -> Found:
    for (hold,) in read.run(
        "SELECT DISTINCT a.holder_id FROM allocation a LEFT JOIN hold h ON h.id = a.holder_id "  # noqa: S608 - words of ours
        f"WHERE a.performance_id = :id AND a.state = '{AllocationState.HELD}' "
        f"AND COALESCE(h.state, '') <> '{HoldState.ACTIVE}' ORDER BY 1",
        id=performance_id,
    ):
        yield f"hold {hold}", "is over, and keeps places"
    for (hold,) in read.run(
        f"SELECT h.id FROM hold h WHERE h.performance_id = :id AND h.state = '{HoldState.ACTIVE}' AND NOT EXISTS "  # noqa: S608 - words of ours
        f"(SELECT 1 FROM allocation a WHERE a.holder_id = h.id AND a.state = '{AllocationState.HELD}') ORDER BY 1",
        id=performance_id,
    ):
        yield f"hold {hold}", "is active, and keeps nothing"


def _limits(read: Read, performance_id: str) -> Found:
    performance = read.get(Performance, performance_id)
    assert performance, "its places are looked at"
    for limit in read.find(Limit, "WHERE active = 1 ORDER BY code, id"):
        key = performance.event_id if limit.per is LimitPer.EVENT else performance_id
        row = read.one(
            "SELECT n FROM limit_count WHERE limit_id = :limit AND of_id = :of AND scope = :scope",
            limit=limit.id, of=key, scope=scope(limit),
        )  # fmt: skip
        if row and row[0] != (real := real_sum(read, limit, key)):
            yield f"limit {limit.code}", f"{row[0]} counted, in truth {real}"


# --- what stands for the proof of the log (kernel/row_proof.py) ------------------------------------------------------


def _wrong_sums(read: Read) -> Found:
    for performance, found in house_differences(read):
        for each in found:
            yield f"performance {performance}", f"{each.at}: {each.what}"


def _wrong_limits(read: Read) -> Found:
    for limit_id, of_id, counted, n in read.run("SELECT limit_id, of_id, scope, n FROM limit_count ORDER BY 1, 2, 3"):
        limit = read.get(Limit, limit_id)
        if limit is None:
            yield f"{limit_id} {of_id}", "counts for a limit that is not there"
        elif limit.active and counted == scope(limit) and n != (real := real_sum(read, limit, of_id)):
            yield f"{limit_id} {of_id}", f"{n} counted, in truth {real}"


unproved("place_count", "the sums of a hall's places, which are proved one by one", _wrong_sums)
unproved("place_change", "which seats open plans draw anew next; they ask for the whole hall when it is gone")
unproved("limit_count", "the sums of what counts for a limit, which is proved one by one", _wrong_limits)

# --- the whole house, from the command line --------------------------------------------------------------------------


def audit_house(database: Database) -> Iterator[tuple[str, list[Difference]]]:
    """Each performance in the order of its start, with what is wrong with it, all as at one moment. Reads only."""
    if database.is_sqlite and not database.path.exists():
        raise Failure(f"There is no database at {database.path}.", "Give central's configuration: --config.")
    now = datetime.now(UTC)
    try:
        db = database.connect(read_only=True)
        try:
            db.begin(write=False)
            read = Read(db, SYSTEM, now, make_keys(now))  # a look wants keys; nothing here is signed
            yield from house_differences(read)
        finally:
            db.rollback()
            db.close()
    except BROKEN as fault:
        raise Failure(
            f"The inventory cannot be read: {fault}.", "Is this central's database, of this version?"
        ) from fault


def report(found: Iterable[tuple[str, list[Difference]]]) -> Iterator[tuple[bool, str]]:
    """(sound?, line) as the audit goes on: one line per performance, one below it for each difference."""
    seen = wrong = 0
    for performance_id, faults in found:
        seen += 1
        wrong += len(faults)
        yield (
            not faults,
            f"performance {performance_id}: " + ("adds up" if not faults else f"{len(faults)} differences"),
        )
        for fault in faults:
            yield False, f"  {fault.at}: {fault.what}"
    yield not wrong, f"{seen} performances, {wrong} differences"
