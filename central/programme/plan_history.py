"""What was done to a plan, what changed since, and what differs between two moments (docs/spec/venues.md, Actions on a
plan)."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from central.kernel.actor import ActorKind
from central.kernel.entity import Reach
from central.kernel.registry import answers
from central.kernel.tx import Read
from central.organisation.model import Operator
from central.programme.plan_pictures import states_of, table_at, target_of
from central.venues.history import Changes, changes_in, compared
from central.venues.model import (
    NoAct,
    PlanAct,
    PlanAction,
    PlanTarget,
    VenuesPrivilege,
)
from central.venues.reads import actions_before, actions_since
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One action: who, when, what, why. `changes` only where they were asked for."""

    id: Id
    version: int
    at: datetime
    who: str
    name: str
    act: PlanAct
    what: dict[str, str]
    why: str
    places: int
    of_id: Id | None
    changes: Changes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHistory:
    """What was done to a plan, newest first, before a version (0: from the newest)."""

    target: PlanTarget
    target_id: Annotated[Id, Reach.PLACE]
    before: int = 0
    limit: int = 50


@answers(PlanHistory, needs=VenuesPrivilege.VENUE_READ, at=target_of, gives=list[PlanEntry])
def plan_history(read: Read, want: PlanHistory) -> Outcome[list[PlanEntry]]:
    done = actions_before(read, want.target_id, want.before, max(1, min(want.limit, MOST_ENTRIES)))
    return Ok(plan_entries(read, done))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanges:
    """What was done to a plan since a version, oldest first, with everything that changed: how a screen keeps up."""

    target: PlanTarget
    target_id: Annotated[Id, Reach.PLACE]
    since: int


@answers(PlanChanges, needs=VenuesPrivilege.VENUE_READ, at=target_of, gives=list[PlanEntry], whole=True)
def plan_changes(read: Read, want: PlanChanges) -> Outcome[list[PlanEntry]]:
    done = actions_since(read, want.target_id, want.since, MOST_ENTRIES)
    return Ok(plan_entries(read, done, with_changes=True))


def plan_entries(read: Read, done: Sequence[PlanAction], *, with_changes: bool = False) -> list[PlanEntry]:
    return [
        PlanEntry(
            id=each.id, version=each.version, at=each.at, who=each.who, name=_name(read, each.who), act=each.act,
            what=each.what, why=each.why, places=each.places, of_id=each.of_id,
            changes=changes_in(each.changes) if with_changes else None,
        )
        for each in done
    ]  # fmt: skip


def may_be_undone(entry: PlanEntry | PlanAction, undone: Collection[Id | None]) -> bool:
    """Whether it is ever offered: not of what was undone (`undone`: what acts of its plan take back), nor of an undo.
    Whether there is anything left to take back: `no_way_back`."""
    return entry.id not in undone and entry.act is not PlanAct.UNDO


def _name(read: Read, who: str) -> str:
    """Of an operator; what central or a device did has none."""
    kind, _, row_id = who.partition(":")
    operator = read.get(Operator, row_id) if kind == ActorKind.OPERATOR else None
    return operator.name if operator else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePlan:
    """What differs between two moments; `until` none: now."""

    target: PlanTarget
    target_id: Annotated[Id, Reach.PLACE]
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """`changes` lead from the earlier moment to the later one; `states` count the seats that went from one state to
    another (letters as in a picture), places that were sold among them."""

    since: datetime
    until: datetime
    changes: Changes
    states: dict[str, int]


@answers(ComparePlan, needs=VenuesPrivilege.VENUE_READ, refuses=(NoAct,), at=target_of, gives=Compared, whole=True)
def compare_plan(read: Read, want: ComparePlan) -> Outcome[Compared]:
    before = table_at(read, want.target, want.target_id, want.since)
    after = table_at(read, want.target, want.target_id, want.until)
    for found in (before, after):
        if isinstance(found, Refused):
            return found
    assert isinstance(before, Ok) and isinstance(after, Ok)
    moved = Counter(
        was + now for was, now in zip(states_of(before.value), states_of(after.value), strict=True) if was != now
    )
    changes = compared(before.value, after.value)
    return Ok(Compared(want.since, want.until or read.now, changes, dict(sorted(moved.items()))))
