"""From a logical configuration to performances that started from it: an action on the configuration reaches them only
when the operator says so, who is shown first what it would change (docs/spec/venues.md, Life cycle).

What is carried over is how the configuration stands now: all of it, some fields of it, or only the places that one of
its actions touched. A place that is taken is left as it is, and named. A seat that is invalid loses its place, if
nobody has it; valid again, it comes back with the contingent, block and order that it had in this performance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from central.catalogue.model import Performance
from central.inventory.plan_reads import GONE, performance_table
from central.inventory.plan_tables import save_performance
from central.kernel.entity import Between, Reach, Ref
from central.kernel.heavy_lane import MOST_WEIGHT
from central.kernel.registry import answers, handles
from central.kernel.tx import Read, Tx
from central.pricing.reads import price_list
from central.venues.history import (
    Changes,
    Runs,
    SeatChange,
    SeatField,
    ZoneChange,
    changed,
    changes_in,
    positions,
    share_changes,
)
from central.venues.model import LogicalConfiguration, NoAct, PlanAct, PlanAction, PlanTarget, VenuesPrivilege
from central.venues.plan_tables import (
    LOGICAL_FIELDS,
    MOST_LEFT,
    LeftPlace,
    left_places,
    logical_table,
    record,
    version_of,
)
from central.venues.reads import actions_on
from central.venues.selection import Selection, Table, ZoneShare, resolve
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.pricing import asked_for

MOST_AT_ONCE = 5  # performances in one commit: sales wait behind it
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """So many places get another value: a category, a contingent (null: none), a block's reason (empty: none) …"""

    field: SeatField
    was: Any
    now: Any
    places: int
    at: Runs


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A counted zone's share of a contingent: capacity and blocked places before and after."""

    zone_id: str
    contingent_id: str
    was: tuple[int, int]
    now: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Carried:
    """What carrying over changes in one performance, or would. `unpriced`: categories that its price grid lacks."""

    performance_id: Id
    action_id: Id | None
    version: int
    places: int
    changes: tuple[ChangeLine, ...]
    shares: tuple[ShareLine, ...]
    unpriced: tuple[str, ...]
    left_out: int
    left: tuple[LeftPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOver:
    """Carries a logical configuration over to a few performances; who means more gives it for some after others, and
    has it to themselves before the writer as often. `fields` none: all. `action_id`: only the places that this
    action touched, and the fields that it changed. `selection`: only these places. A dry run is the preview."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]
    performances: Annotated[tuple[Annotated[Id, Ref("performance")], ...], Between(most=MOST_AT_ONCE)]
    fields: Annotated[tuple[SeatField, ...], Between(most=20)] = ()
    action_id: Annotated[Id, Ref("plan_action"), Reach.WITHIN] | None = None
    selection: Selection = field(default_factory=lambda: Selection(everything=True))
    why: str = ""


@handles(
    CarryOver,
    needs=VenuesPrivilege.PLAN_CARRY_OVER,
    refuses=(NoAct,),
    gives=list[Carried],
    weighs=lambda _: MOST_WEIGHT,
)
def carry_over(tx: Tx, want: CarryOver) -> Outcome[list[Carried]]:
    if not 1 <= len(want.performances) <= MOST_AT_ONCE:
        return Refused(NoAct.TOO_MANY_PERFORMANCES, fix="performances", detail={"most": MOST_AT_ONCE})
    done: list[Carried] = []
    wanted = _wanted(tx, want.configuration_id, want.fields, want.action_id, want.selection)
    if isinstance(wanted, Refused):
        return wanted
    for performance_id in dict.fromkeys(want.performances):
        worked = _worked_out(tx, wanted.value, performance_id)
        if isinstance(worked, Refused):
            return worked
        plan = worked.value
        entry = None
        if plan.changes:
            save_performance(tx, performance_id, plan.changes, plan.table)
            entry = record(
                tx, PlanTarget.PERFORMANCE, performance_id, PlanAct.CARRY_OVER, plan.changes, plan.table,
                why=want.why.strip(),
                what={"configuration_id": want.configuration_id}, of_id=want.action_id,
            )  # fmt: skip
        done.append(_told(tx, performance_id, plan, entry))
    return Ok(done)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewCarryOver:
    """What carrying over would change in one performance: `only` none: all; `action_id` as in `carry_over`."""

    configuration_id: Annotated[Id, Ref("logical_configuration")]
    performance_id: Annotated[Id, Ref("performance")]
    action_id: Annotated[Id, Ref("plan_action"), Reach.WITHIN] | None = None
    only: SeatField | None = None


@answers(
    PreviewCarryOver,
    needs=VenuesPrivilege.VENUE_READ,
    at="configuration_id",
    refuses=(NoAct,),
    gives=Carried,
    whole=True,
)
def preview_carry_over(read: Read, want: PreviewCarryOver) -> Outcome[Carried]:
    fields = (want.only,) if want.only else ()
    wanted = _wanted(read, want.configuration_id, fields, want.action_id, Selection(everything=True))
    if isinstance(wanted, Refused):
        return wanted
    worked = _worked_out(read, wanted.value, want.performance_id)
    if isinstance(worked, Refused):
        return worked
    return Ok(_told(read, want.performance_id, worked.value, None))


# --- working it out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be carried over: the configuration's table, its seats (indices) and the fields that count."""

    logical: LogicalConfiguration
    selection: Selection
    table: Table
    seats: Sequence[int]
    zones: frozenset[str]
    fields: frozenset[SeatField]


@dataclass(frozen=True, slots=True)
class _Worked:
    table: Table
    changes: Changes
    left: list[LeftPlace]


def _wanted(
    read: Read, configuration_id: Id, fields: Iterable[SeatField], action_id: Id | None, selection: Selection
) -> Outcome[_Wanted]:
    logical = read.get(LogicalConfiguration, configuration_id)
    if logical is None:
        return Refused(NoAct.NO_SUCH_PLAN, fix="configuration_id")
    chosen_fields = frozenset(fields) or frozenset(LOGICAL_FIELDS)
    if action_id:
        entry = read.get(PlanAction, action_id)
        if entry is None or entry.target_id not in (configuration_id, logical.physical_configuration_id):
            return Refused(NoAct.NO_SUCH_ACTION, fix="action_id")
        did = changes_in(entry.changes)
        at = sorted({position for change in did.seats for position in positions(change.at)})
        zones = frozenset([share.zone_id for share in did.shares] + [zone.zone_id for zone in did.zones])
        touched = frozenset(change.field for change in did.seats)
        if did.shares:
            touched |= {SeatField.CONTINGENT, SeatField.BLOCKED}
        if did.zones:
            touched |= {SeatField.CATEGORY}
        table = logical_table(read, logical)
        return Ok(_Wanted(logical, Selection(everything=True), table, at, zones, chosen_fields & touched))
    table = logical_table(read, logical, selection)
    found = resolve(selection, table)
    if isinstance(found, Refused):
        return found
    zones = frozenset(zone for zone, _ in found.value.shares)
    return Ok(_Wanted(logical, selection, table, found.value.seats, zones, chosen_fields))


def _worked_out(read: Read, wanted: _Wanted, performance_id: Id) -> Outcome[_Worked]:
    performance = read.get(Performance, performance_id)
    if performance is None:
        return Refused(NoAct.NO_SUCH_PERFORMANCE, fix=performance_id)
    if performance.logical_configuration_id != wanted.logical.id:
        return Refused(NoAct.OTHER_PLAN, fix=performance_id)
    # The same seats of both plans. Its own categories and contingents may differ, so they do not narrow what is read.
    narrow = wanted.selection
    whole = narrow.everything or narrow.categories or narrow.contingents
    table = performance_table(read, performance, None if whole else narrow)
    here = {position: n for n, position in enumerate(table.positions)}
    pairs = [(n, here[wanted.table.positions[n]]) for n in wanted.seats]
    changes, left = _differences(read, performance_id, wanted, table, pairs)
    return Ok(_Worked(table, changes, left))


def _differences(
    read: Read, performance_id: str, wanted: _Wanted, table: Table, pairs: list[tuple[int, int]]
) -> tuple[Changes, list[LeftPlace]]:
    source = wanted.table.values
    target = table.values
    left: dict[int, str] = {}
    goal: dict[SeatField, dict[int, Any]] = {each: {} for each in LOGICAL_FIELDS}
    returning: list[tuple[int, int]] = []
    movable = [each for each in LOGICAL_FIELDS if each in wanted.fields and each is not SeatField.INVALID]
    # Most seats of a hall are the same in both; they are passed over at the speed of a comparison.
    here, there = (list(zip(*(values[each] for each in LOGICAL_FIELDS), strict=True)) for values in (target, source))
    for theirs, own in pairs:
        if here[own] == there[theirs]:
            continue
        gone, invalid = target[SeatField.INVALID][own], source[SeatField.INVALID][theirs]
        if gone and not invalid and SeatField.INVALID in wanted.fields:
            returning.append((theirs, own))
        if gone:
            continue
        taken = table.taken[own]
        if invalid:
            if SeatField.INVALID in wanted.fields:
                if taken:
                    left[own] = taken
                else:
                    _remove(goal, own)
            continue
        for each in movable:
            value = source[each][theirs]
            if value == target[each][own] or (each is SeatField.CATEGORY and value is None):
                continue
            if taken and each is not SeatField.QUALITY:
                left[own] = taken
            else:
                goal[each][own] = value
    _restore(read, performance_id, goal, wanted.table, table, returning)
    parts: list[SeatChange] = []
    for kind, values in goal.items():
        parts += changed(table, sorted(values), kind, values.__getitem__)
    shares, zones, left_zones = _counted(wanted, table)
    named = left_places(table, sorted(left.items()))
    return Changes(tuple(parts), share_changes(table.shares, shares), zones), named + left_zones


def _remove(goal: dict[SeatField, dict[int, Any]], own: int) -> None:
    """The place goes; what it was stands in the entry, so that it can come back."""
    goal[SeatField.INVALID][own] = GONE
    goal[SeatField.BLOCKED][own] = ""
    for each in (SeatField.CATEGORY, SeatField.CONTINGENT, SeatField.QUALITY):
        goal[each][own] = None


def _restore(
    read: Read,
    performance_id: str,
    goal: dict[SeatField, dict[int, Any]],
    source: Table,
    table: Table,
    returning: list[tuple[int, int]],
) -> None:
    """Valid seats come back with what they had here when they went, or else with what the configuration says."""
    if not returning:
        return
    known = values_before(read, performance_id, {table.positions[own] for _, own in returning})
    for theirs, own in returning:
        goal[SeatField.INVALID][own] = ""
        had = known.get(table.positions[own])
        for each in (SeatField.CATEGORY, SeatField.CONTINGENT, SeatField.BLOCKED, SeatField.QUALITY):
            goal[each][own] = had[each] if had and each in had else source.values[each][theirs]


def values_before(read: Read, performance_id: str, wanted: set[int]) -> dict[int, dict[SeatField, Any]]:
    """What places had when they were last taken away, by position."""
    found: dict[int, dict[SeatField, Any]] = {}
    missing = set(wanted)
    for action in actions_on(read, performance_id, SeatField.INVALID):
        did = changes_in(action.changes)
        went = {p for change in did.seats if change.field is SeatField.INVALID for p, _, now in change if now}
        ours = went & missing
        for position in ours:
            found[position] = {SeatField.CONTINGENT: None, SeatField.BLOCKED: "", SeatField.QUALITY: None}
        for change in did.seats:
            if change.field is not SeatField.INVALID:
                for position, was, _ in change:
                    if position in ours:
                        found[position][change.field] = was
        missing -= ours
        if not missing:
            break
    return found


def _counted(
    wanted: _Wanted, table: Table
) -> tuple[dict[tuple[str, str], ZoneShare], tuple[ZoneChange, ...], list[LeftPlace]]:
    """The shares of counted zones as the configuration splits them, as far as what is taken here allows."""
    shares, zones, left = dict(table.shares), list[ZoneChange](), list[LeftPlace]()
    for zone in sorted(wanted.zones):
        theirs = {key[1]: share for key, share in wanted.table.shares.items() if key[0] == zone}
        ours = {key[1]: share for key, share in table.shares.items() if key[0] == zone}
        short = False
        if SeatField.CONTINGENT in wanted.fields:
            after, short = _fitted({c: share.capacity for c, share in theirs.items()}, ours)
            shares |= {(zone, contingent): share for contingent, share in after.items()}
        if SeatField.BLOCKED in wanted.fields:
            for key, share in list(shares.items()):
                if key[0] == zone:
                    aim = theirs[key[1]].blocked if key[1] in theirs else 0
                    blocked = min(aim, share.capacity - share.taken)
                    shares[key] = replace(share, blocked=blocked)
                    short |= blocked < aim
        category = wanted.table.counted.get(zone)
        if SeatField.CATEGORY in wanted.fields and category and category != table.counted.get(zone):
            if any(share.taken for share in ours.values()):
                short = True
            else:
                zones.append(ZoneChange(zone, table.counted.get(zone), category))
        if short:
            left.append(LeftPlace(None, table.names.get(zone, ""), "", "", "taken"))
    return shares, tuple(zones), left


def _fitted(wanted: dict[str, int], ours: dict[str, ZoneShare]) -> tuple[dict[str, ZoneShare], bool]:
    """Capacities as wanted, but never less than is taken; who must keep more takes it from those with room, hors
    contingent first. The total stays what it is here. True: not all could be as wanted."""
    total = sum(share.capacity for share in ours.values())
    after = {c: max(wanted.get(c, 0), ours[c].taken if c in ours else 0) for c in sorted({*wanted, *ours})}
    over = sum(after.values()) - total
    for contingent in after:  # the empty one, hors contingent, sorts first
        room = after[contingent] - (ours[contingent].taken if contingent in ours else 0)
        step = max(min(over, room), 0) if over > 0 else 0
        after[contingent] -= step
        over -= step
    if over < 0:
        after[""] = after.get("", 0) - over
    shares = {}
    for contingent, capacity in after.items():
        before = ours.get(contingent, ZoneShare(0))
        shares[contingent] = replace(before, capacity=capacity, blocked=min(before.blocked, capacity - before.taken))
    return shares, any(after[c] != wanted.get(c, 0) for c in after)


def _told(read: Read, performance_id: Id, plan: _Worked, entry: PlanAction | None) -> Carried:
    lines = []
    for change in plan.changes.seats:
        same = len(change.was) == len(change.now) == 1
        was, now = (change.was[0], change.now[0]) if same else (None, None)
        lines.append(ChangeLine(change.field, was, now, change.count, change.at))
    used = {now for change in plan.changes.seats if change.field is SeatField.CATEGORY for now in change.now if now}
    used |= {zone.now for zone in plan.changes.zones if zone.now}
    sold_for = price_list(read, performance_id)
    assert sold_for, "its plan was changed"
    return Carried(
        performance_id=performance_id,
        action_id=entry.id if entry else None,
        version=entry.version if entry else version_of(read, performance_id),
        places=plan.changes.places,
        changes=tuple(lines[:MOST_LINES]),
        shares=tuple(ShareLine(s.zone_id, s.contingent_id, s.was, s.now) for s in plan.changes.shares),
        unpriced=tuple(sorted(each for each in used if not asked_for(sold_for.prices, each))),
        left_out=len(plan.left),
        left=tuple(plan.left[:MOST_LEFT]),
    )
