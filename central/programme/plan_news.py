"""What changed on a plan since a screen last looked, seat by seat: the actions on the plan since a version, and who
took or gave back which places since. A screen that is too far behind draws the plan anew. Every open screen asks when
somebody acts: what is little is found at once, what takes a look at much of the hall has its turn (`read_whole`)."""

from dataclasses import dataclass

import orjson

from central.catalogue.model import Performance
from central.inventory import counts
from central.inventory.plan_reads import performance_table
from central.kernel.tx import Read
from central.programme.plan_pictures import states_of
from central.venues.history import SeatField, changes_in, positions
from central.venues.model import LogicalConfiguration, PlanTarget
from central.venues.plan_tables import logical_table, physical_table, version_of
from central.venues.reads import actions_behind, actions_since, positions_of
from central.venues.selection import Selection, Table, narrowed

MOST_ACTIONS = 50
FEW_SEATS = 2_000  # so many are little
FEW_CHANGES = 64  # transactions that took or gave back places, of at most a thousand seats each
MOST_SEATS = 20_000  # beyond that, and beyond this many stretches of them, a whole picture is cheaper
MOST_RUNS = 400

SeatNow = tuple[int, str, str, str]
"""Position, category id, contingent id (empty: none), letter of its state."""


@dataclass(frozen=True, slots=True)
class News:
    """`mark` is what a screen gives back when it asks again. `whole`: draw it anew."""

    version: int
    mark: str
    whole: bool
    seats: list[SeatNow]


def mark_of(read: Read, target: PlanTarget, target_id: str) -> str:
    """How far the places of a performance have changed: the revisions of its counts. Empty for other plans."""
    if target is not PlanTarget.PERFORMANCE:
        return ""
    return orjson.dumps([[*key, revision] for key, revision in counts.revisions(read, target_id).items()]).decode()


def little_news(read: Read, target: PlanTarget, target_id: str, version: int, mark: str) -> News | None:
    """As `plan_news`, where it is little; None: how much it is was seen without reading it."""
    behind = actions_behind(read, target_id, version, MOST_ACTIONS)
    if len(behind) == MOST_ACTIONS:
        return _anew(read, target, target_id)
    if sum(behind) > FEW_SEATS:
        return None
    known = known_of(mark)
    if target is PlanTarget.PERFORMANCE and known is not None:
        here = counts.revisions(read, target_id)
        if sum(max(0, revision - known.get(key, 0)) for key, revision in here.items()) > FEW_CHANGES:
            return None
    return _news(read, target, target_id, version, mark, FEW_SEATS)


def plan_news(read: Read, target: PlanTarget, target_id: str, version: int, mark: str) -> News:
    """`version` and `mark` as the last picture or news said them."""
    news = _news(read, target, target_id, version, mark, MOST_SEATS)
    return news or _anew(read, target, target_id)


def _anew(read: Read, target: PlanTarget, target_id: str) -> News:
    return News(version_of(read, target_id), mark_of(read, target, target_id), True, [])


def _news(read: Read, target: PlanTarget, target_id: str, version: int, mark: str, most: int) -> News | None:
    """None: more than so many seats."""
    now, mark_now = version_of(read, target_id), mark_of(read, target, target_id)
    acted_on = _acted_on(read, target_id, version)
    changed = target is PlanTarget.PERFORMANCE and mark != mark_now
    taken = _taken(read, target_id, mark) if changed and acted_on is not None else set[int]()
    if acted_on is None or taken is None:
        return News(now, mark_now, True, [])
    touched = acted_on | taken
    if len(touched) > most:
        return None
    if not touched:
        return News(now, mark_now, False, [])
    table = part_of(read, target, target_id, Selection(runs=tuple(_stretches(sorted(touched)))))
    return News(now, mark_now, table is None, _seats(table) if table else [])


def _acted_on(read: Read, target_id: str, version: int) -> set[int] | None:
    """The positions of seats that actions since then touched; None: too many, or counted places among them."""
    since = actions_since(read, target_id, version, MOST_ACTIONS)
    touched: set[int] = set()
    for action in since:
        changes = changes_in(action.changes)
        if changes.shares or changes.zones or any(change.field is SeatField.INVALID for change in changes.seats):
            return None
        for change in changes.seats:
            touched.update(positions(change.at))
        if len(touched) > MOST_SEATS:
            return None
    return None if len(since) == MOST_ACTIONS else touched


def _stretches(ascending: list[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for position in ascending:
        if found and position == found[-1][0] + found[-1][1]:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((position, 1))
    return found


def known_of(mark: str) -> dict[tuple[str, str, int], int] | None:
    """What a page says that it was told up to; None for what is no mark of ours."""
    try:
        known = {(str(a), str(b), int(c)): int(d) for a, b, c, d in orjson.loads(mark or "[]")}
        return known if all(0 <= revision < 2**63 for revision in known.values()) else None
    except (ValueError, TypeError, OverflowError):
        return None


def _taken(read: Read, performance_id: str, mark: str) -> set[int] | None:
    """The positions of seats that were taken or given back since the mark; None: draw anew."""
    known = known_of(mark)
    found = None if known is None else counts.changed_since(read, performance_id, known, MOST_SEATS)
    return None if found is None else positions_of(read, sorted(found))


def part_of(read: Read, target: PlanTarget, target_id: str, selection: Selection) -> Table | None:
    """The part of a plan that a selection means, with all its counted zones; None: too much, or no such plan."""
    if narrowed(selection, MOST_RUNS) is None:
        return None
    match target:
        case PlanTarget.PHYSICAL:
            return physical_table(read, target_id, selection)
        case PlanTarget.LOGICAL:
            logical = read.get(LogicalConfiguration, target_id)
            return logical_table(read, logical, selection) if logical else None
        case PlanTarget.PERFORMANCE:
            performance = read.get(Performance, target_id)
            return performance_table(read, performance, selection) if performance else None


def _seats(table: Table) -> list[SeatNow]:
    nothing = [None] * len(table.ids)
    columns = (table.values.get(SeatField.CATEGORY, nothing), table.values.get(SeatField.CONTINGENT, nothing))
    return [
        (position, category or "", contingent or "", state)
        for position, category, contingent, state in zip(table.positions, *columns, states_of(table), strict=True)
    ]
