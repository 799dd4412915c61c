"""Limits: at most so many places per performance, event, order or contact, of those that a limit names (channel,
tariff, category, contingent). They hold for whatever takes places: holds, leases, options, sales.

What counts together for long (a performance, an event) is a number in `limit_count`, changed by one guarded statement,
so that the last place under a limit goes to one buyer only. It is worked out when it is first needed, from the places
themselves; a limit whose scope is changed starts a new number. Orders and contacts are small: they are added up each
time. What a device sold out of its lease has happened: it counts, and is not refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from central.catalogue.model import Performance
from central.catalogue.reads import of_event
from central.inventory.model import TAKEN, AllocationState, Limit, LimitPer, NoPlace
from central.kernel.contexts import path_of
from central.kernel.db import in_list
from central.kernel.entity import METADATA
from central.kernel.memory import remembered
from central.kernel.tx import Read, Tx
from central.kernel.versions import SELLING_TERMS
from shared.ids import LENGTH
from shared.outcome import Refused

LIMIT_COUNT = sa.Table(
    "limit_count",
    METADATA,
    sa.Column("limit_id", sa.String(LENGTH), primary_key=True),
    sa.Column("of_id", sa.String(LENGTH), primary_key=True),  # a performance or an event
    sa.Column("scope", sa.String(16), primary_key=True),  # what the limit counted when this began
    sa.Column("n", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


class Count(NamedTuple):
    """`n` places as limits see them."""

    performance_id: str
    category_id: str
    contingent_id: str
    channel_id: str | None
    contact_id: str | None
    tariff_id: str | None
    holder_id: str
    state: AllocationState
    n: int


class CountStep(NamedTuple):
    """From one count to another: None before it was taken, None after it was given back."""

    before: Count | None
    after: Count | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a performance stands."""

    event_id: str
    path: tuple[str, ...]


def counted(limit: Limit, scene: Scene, count: Count | None) -> str | None:
    """Under which number the places count: of a performance, an event, an order, a contact; None: not at all. A lease
    is no order and nobody's."""
    if count is None or limit.context_id not in scene.path:
        return None
    named = (
        (limit.event_id, scene.event_id), (limit.performance_id, count.performance_id),
        (limit.channel_id, count.channel_id), (limit.tariff_id, count.tariff_id),
        (limit.category_id, count.category_id), (limit.contingent_id, count.contingent_id),
    )  # fmt: skip
    if any(wanted is not None and wanted != found for wanted, found in named):
        return None
    match limit.per:
        case LimitPer.PERFORMANCE:
            return count.performance_id
        case LimitPer.EVENT:
            return scene.event_id
        case LimitPer.ORDER:
            return None if count.state is AllocationState.LEASED else count.holder_id
    return None if count.state is AllocationState.LEASED else count.contact_id or count.holder_id


def apply(tx: Tx, steps: Sequence[CountStep], *, enforce: bool = True) -> Refused | None:
    """Counts steps that this transaction has just written; refused with the first limit that they break."""
    if not steps:
        return None
    limits, scenes = _reaching(tx, {count.performance_id for step in steps for count in step if count})
    for limit in limits:
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for step in steps:
            for count, sign in ((step.before, -1), (step.after, 1)):
                if count and (key := counted(limit, scenes[count.performance_id], count)):
                    sums[key, count.performance_id] += sign * count.n
        for (key, performance_id), n in sums.items():
            held = n > 0 and enforce
            if limit.per in (LimitPer.PERFORMANCE, LimitPer.EVENT):
                now = _move(tx, limit, key, n, held) if n else 0
            else:
                now = _sum(tx, limit, key, performance_id, scenes[performance_id].event_id) if held else 0
            # clock: no moment of a clock's
            if now is None or (held and now > limit.most):
                return _refused(tx, limit, key, n, now)
    return None


def reached_by(read: Read, performance_id: str) -> bool:
    """Whether any limit may count places of this performance: of nearly none, so nothing is made ready for it."""
    return bool(_of(read, performance_id)[0])


def _reaching(read: Read, performances: Iterable[str]) -> tuple[list[Limit], dict[str, Scene]]:
    """The limits that may count places of these performances, by their codes, and where these stand. A house may have
    one for each of its events: only these few are looked through."""
    found, scenes = dict[str, Limit](), dict[str, Scene]()
    for each in performances:
        limits, scenes[each] = _of(read, each)
        found |= {limit.id: limit for limit in limits}
    return sorted(found.values(), key=lambda limit: (limit.code, limit.id)), scenes


def _of(read: Read, performance_id: str) -> tuple[list[Limit], Scene]:
    return remembered(read, SELLING_TERMS, ("limits", performance_id), partial(_limits_of, read, performance_id))


def _limits_of(read: Read, performance_id: str) -> tuple[list[Limit], Scene]:
    performance = read.get(Performance, performance_id)
    assert performance, "places of it are taken"
    scene = Scene(performance.event_id, path_of(read, performance.context_id))
    within, contexts = in_list("at", scene.path)
    limits = read.find(
        Limit,
        f"WHERE active = 1 AND context_id IN {within} AND COALESCE(performance_id, :performance) = :performance "
        "AND COALESCE(event_id, :event) = :event ORDER BY id",
        performance=performance_id, event=scene.event_id, **contexts,
    )  # fmt: skip
    return limits, scene


def _move(tx: Tx, limit: Limit, key: str, n: int, held: bool) -> int | None:
    """The number afterwards; None: it would be too high."""
    named = {"limit": limit.id, "of": key, "scope": scope(limit)}
    where = "WHERE limit_id = :limit AND of_id = :of AND scope = :scope"
    guard = "AND n + :n <= :most" if held else ""
    params = {**named, "n": n, **({"most": limit.most} if held else {})}
    step = f"UPDATE limit_count SET n = n + :n {where} {guard} RETURNING n"  # noqa: S608 - ours
    if moved := tx.run(step, **params):
        return int(moved[0][0])
    look = f"SELECT 1 FROM limit_count {where}"  # noqa: S608 - names of ours, values are parameters
    if not tx.one(look, **named):  # somebody else may be about to make it, whose places we do not see before they have
        tx.wait_for(_word(limit, key))
    if tx.one(look, **named):  # too high, or made between our looks: from now on it is there
        moved = tx.run(step, **params)
        return int(moved[0][0]) if moved else None
    now = real_sum(tx, limit, key)
    tx.write(
        "INSERT INTO limit_count (limit_id, of_id, scope, n) VALUES (:limit, :of, :scope, :n) ON CONFLICT DO NOTHING",
        **named,
        n=now,
    )
    return now


def _word(limit: Limit, key: str) -> str:
    return f"limit/{limit.id}/{key}"


def scope(limit: Limit) -> str:
    """A mark of what a limit counts: another scope is another number."""
    said = (
        limit.per, limit.context_id, limit.event_id, limit.performance_id, limit.channel_id, limit.tariff_id,
        limit.category_id, limit.contingent_id,
    )  # fmt: skip
    return sha256("\x1f".join(map(str, said)).encode()).hexdigest()[:16]


def real_sum(read: Read, limit: Limit, key: str) -> int:
    """The places of a performance or an event that count towards a limit, from the rows."""
    by_event = limit.per is LimitPer.EVENT
    within = of_event("key") if by_event else "(:key)"
    return _added(read, limit, f"a.performance_id IN {within}", {"key": key})


def _sum(tx: Tx, limit: Limit, key: str, performance_id: str, event_id: str) -> int:
    """The places of an order, a hold or a contact: those too that others take just now."""
    tx.wait_for(_word(limit, key))
    if limit.per is LimitPer.ORDER:
        return _added(tx, limit, f"a.holder_id = :key AND a.state <> '{AllocationState.LEASED}'", {"key": key})
    within = "a.performance_id = :performance"
    params = {"key": key, "performance": performance_id}
    if limit.per is LimitPer.CONTACT_AND_EVENT:
        within = f"a.performance_id IN {of_event('event')}"
        params = {"key": key, "event": event_id}
    theirs = f"a.contact_id = :key AND a.state <> '{AllocationState.LEASED}' AND {within}"
    own = f"a.holder_id = :key AND a.contact_id IS NULL AND a.state <> '{AllocationState.LEASED}' AND {within}"
    return _added(tx, limit, theirs, params) + _added(tx, limit, own, params)


def _added(read: Read, limit: Limit, where: str, params: dict[str, Any]) -> int:
    conditions, joins = [where, f"a.{TAKEN}"], ""
    for column, value in (("a.channel_id", limit.channel_id), ("a.tariff_id", limit.tariff_id),
                          ("a.performance_id", limit.performance_id)):  # fmt: skip
        if value is not None:
            name = "l_" + column[2:]
            conditions.append(f"{column} = :{name}")
            params = {**params, name: value}
    if limit.category_id or limit.contingent_id:
        joins = (
            "LEFT JOIN place p ON p.performance_id = a.performance_id AND p.seat_id = a.seat_id "
            "LEFT JOIN gauge g ON g.id = a.gauge_id"
        )
        for name, value in (("category_id", limit.category_id), ("contingent_id", limit.contingent_id)):
            if value is not None:
                conditions.append(f"COALESCE(p.{name}, g.{name}) = :l_{name}")
                params = {**params, "l_" + name: value}
    where = " AND ".join(conditions)
    return int(read.run(f"SELECT COALESCE(SUM(a.quantity), 0) FROM allocation a {joins} WHERE {where}", **params)[0][0])  # noqa: S608 - names of ours, values are parameters


def _refused(read: Read, limit: Limit, key: str, wanted: int, now: int | None) -> Refused:
    """Names the limit, and how many places it would still have let through. `now` counts the wanted ones already."""
    if now is None:
        (before,) = read.run(
            "SELECT n FROM limit_count WHERE limit_id = :limit AND of_id = :of AND scope = :scope",
            limit=limit.id, of=key, scope=scope(limit),
        )[0]  # fmt: skip
    else:
        before = now - wanted
    detail: dict[str, Any] = {
        "limit": limit.code, "names": limit.names, "per": limit.per, "most": limit.most, "wanted": wanted,
        "left": max(0, limit.most - before),
    }  # fmt: skip
    return Refused(NoPlace.LIMIT, fix=limit.id, detail=detail)
