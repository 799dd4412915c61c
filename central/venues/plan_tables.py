"""Plans as tables of columns, read from and written to the database, and the one way in which an action on a plan is
recorded. Which seats are read follows from the selection: four seats of a stadium are four rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from central.kernel.columns import apart, columns
from central.kernel.entity import ENTITIES
from central.kernel.scope import is_there
from central.kernel.tx import Read, Tx
from central.venues.history import Changes, SeatField, changes_in, dump, index_of, positions
from central.venues.model import (
    LogicalConfiguration,
    LogicalGauge,
    LogicalSeat,
    LogicalZone,
    NoAct,
    PhysicalSeat,
    PlanAct,
    PlanAction,
    PlanTarget,
)
from central.venues.seat_names import MOST_NAMED, seat_names
from central.venues.selection import Selection, Table, ZoneShare, narrowed
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

MOST_LEFT = 200  # places that an answer names; it counts them all
PLAN = "plan/"


def plan_mark(target_id: str) -> str:
    """What a commit is marked with when this plan may have changed: other screens ask for the changes then."""
    return PLAN + target_id


@dataclass(frozen=True, slots=True)
class LeftPlace:
    """A place that an action did not touch, and why: who has it (`sold` …), or what stands against it. No seat: counted
    places of a zone."""

    seat_id: Id | None
    zone: str
    row: str
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Acted:
    """What an action did. No action id: there was nothing to change. `left_out` counts what was left, `left` names the
    first of it."""

    action_id: Id | None
    version: int
    places: int
    left_out: int
    left: tuple[LeftPlace, ...]


@dataclass(frozen=True, slots=True)
class SeatColumns:
    """A plan's seats as they were built, a column each, in plan order: no row of a stadium is made a thing of."""

    positions: Sequence[int]
    ids: Sequence[str]
    zones: Sequence[str]
    row_names: Sequence[str]
    numbers: Sequence[str]
    xs: Sequence[float]
    ys: Sequence[float]
    drawn: Sequence[int]


SEAT = columns(
    SeatColumns, positions="s.position", ids="s.id", zones="s.zone_id", row_names="s.row_name", numbers="s.number",
    xs="s.x", ys="s.y", drawn="s.quality",
)  # fmt: skip
"""Of a physical seat `s`."""
KEYS, BROKEN, TAKEN = "keys", "broken", "taken"
"""Of the rows that hold the values the ids; of a performance's places also why the seat is physically invalid, and the
state of who has it."""


def table_of(rows: Sequence[tuple[Any, ...]], own: Sequence[str], flags: Sequence[SeatField] = ()) -> Table:
    """Rows of `SEAT`, then of these: KEYS, fields that actions change (`flags`: as yes and no), BROKEN, TAKEN."""
    fields = [each for each in own if each not in (KEYS, BROKEN, TAKEN)]
    if not rows:
        return Table(values={field: [] for field in fields})
    ((of_seat, more),) = apart(SeatColumns, [tuple(zip(*rows, strict=True))])
    seat, said = SeatColumns(*of_seat), dict(zip(own, more, strict=True))
    return Table(
        seat.positions, seat.ids, said[KEYS], seat.zones, seat.row_names, seat.numbers, seat.xs, seat.ys, seat.drawn,
        {field: list(map(bool, said[field]) if field in flags else said[field]) for field in fields},
        said.get(TAKEN, [""] * len(rows)), said.get(BROKEN, ()),
    )  # fmt: skip


def zone_names(read: Read, physical_id: str) -> dict[str, str]:
    return dict(
        read.run("SELECT id, name FROM physical_zone WHERE configuration_id = :id ORDER BY name", id=physical_id)
    )


PHYSICAL_FLAGS = (SeatField.WHEELCHAIR, SeatField.COMPANION, SeatField.RESTRICTED)
PHYSICAL = (KEYS, SeatField.INVALID, *PHYSICAL_FLAGS)


def physical_table(read: Read, configuration_id: str, selection: Selection | None = None) -> Table:
    """Categories and contingents are not physical: a selection by them finds nothing here."""
    built = selection and replace(selection, categories=(), contingents=())
    where, params = (built and narrowed(built)) or ("1 = 1", {})
    sql = (
        f"SELECT {SEAT}, s.id, s.invalid, s.wheelchair, s.companion, s.restricted FROM physical_seat s "  # noqa: S608 - names of ours, values are parameters
        f"WHERE s.configuration_id = :configuration AND {where} ORDER BY s.position"
    )
    table = table_of(read.run(sql, configuration=configuration_id, **params), PHYSICAL, PHYSICAL_FLAGS)
    table.names = zone_names(read, configuration_id)
    return table


LOGICAL_FIELDS = (SeatField.CATEGORY, SeatField.CONTINGENT, SeatField.BLOCKED, SeatField.QUALITY, SeatField.INVALID)
LOGICAL = (KEYS, *LOGICAL_FIELDS)


def logical_table(read: Read, logical: LogicalConfiguration, selection: Selection | None = None) -> Table:
    narrow = narrowed(selection) if selection else None
    if narrow:
        rows = read.run(
            f"SELECT {SEAT}, v.id, v.category_id, v.contingent_id, v.blocked, v.quality, s.invalid "  # noqa: S608 - names of ours, values are parameters
            "FROM physical_seat s JOIN logical_seat v ON v.configuration_id = :logical AND v.seat_id = s.id "
            f"WHERE s.configuration_id = :configuration AND {narrow[0]} ORDER BY s.position",
            logical=logical.id,
            configuration=logical.physical_configuration_id,
            **narrow[1],
        )
    else:  # two plain scans, put together here, take half the time of the join
        own = {
            seat: more
            for seat, *more in read.run(
                "SELECT seat_id, id, category_id, contingent_id, blocked, quality FROM logical_seat "
                "WHERE configuration_id = :id",
                id=logical.id,
            )
        }
        rows = [
            (position, seat, *of_seat, *own[seat], invalid)
            for invalid, position, seat, *of_seat in read.run(
                f"SELECT s.invalid, {SEAT} FROM physical_seat s WHERE s.configuration_id = :id "  # noqa: S608 - names of ours, values are parameters
                "ORDER BY s.position",
                id=logical.physical_configuration_id,
            )
        ]
    table = table_of(rows, LOGICAL)
    table.names = zone_names(read, logical.physical_configuration_id)
    table.counted = dict(read.run(
        "SELECT zone_id, category_id FROM logical_zone WHERE configuration_id = :id ORDER BY zone_id", id=logical.id
    ))  # fmt: skip
    table.shares = {
        (zone, contingent): ZoneShare(capacity, blocked)
        for zone, contingent, capacity, blocked in read.run(
            "SELECT zone_id, contingent_id, capacity, blocked FROM logical_gauge WHERE configuration_id = :id "
            "ORDER BY zone_id, contingent_id",
            id=logical.id,
        )
    }
    return table


def save_physical(tx: Tx, changes: Changes, table: Table) -> None:
    save_seats(tx, PhysicalSeat, changes, table)


def save_logical(tx: Tx, logical_id: str, changes: Changes, table: Table) -> None:
    save_seats(tx, LogicalSeat, changes, table)
    for zone in changes.zones:
        where = "WHERE configuration_id = :id AND zone_id = :zone"
        tx.rewrite(LogicalZone, {"category_id": zone.now}, where, id=logical_id, zone=zone.zone_id)
    for share in changes.shares:
        capacity, blocked = share.now
        where = "WHERE configuration_id = :id AND zone_id = :zone AND contingent_id = :contingent"
        there = {"id": logical_id, "zone": share.zone_id, "contingent": share.contingent_id}
        if not tx.rewrite(LogicalGauge, {"capacity": capacity, "blocked": blocked}, where, **there):
            made = tx.new_id("share", share.zone_id, share.contingent_id)
            tx.append(
                [
                    LogicalGauge(
                        id=made,
                        configuration_id=Id(logical_id),
                        zone_id=Id(share.zone_id),
                        contingent_id=share.contingent_id,
                        capacity=capacity,
                        blocked=blocked,
                    )
                ]
            )
    if changes.shares:
        where = "WHERE configuration_id = :logical AND capacity = 0 AND contingent_id <> ''"
        tx.remove(LogicalGauge, where, logical=logical_id)


def save_seats(tx: Tx, kind: type[Any], changes: Changes, table: Table, skip: frozenset[int] = frozenset()) -> None:
    """Writes seat changes into the rows that hold the values; `skip`: positions that somebody else writes."""
    at, declaration = index_of(table), ENTITIES[kind]
    written = {
        table.keys[at(position)] for change in changes.seats for position, _, _ in change if position not in skip
    }
    before = tx.rows_of(kind, sorted(written))
    after = {key: list(row) for key, row in before.items()}
    for change in changes.seats:
        for position, _, now in change:
            if (
                row := None if position in skip else after.get(table.keys[at(position)])
            ):  # a seat may have no place here
                row[declaration.names.index(change.field)] = int(now) if isinstance(now, bool) else now
        tx.write_many(
            f"UPDATE {declaration.name} SET {change.field} = :now WHERE id = :id",  # noqa: S608 - names of ours
            [
                {"now": int(now) if isinstance(now, bool) else now, "id": table.keys[at(position)]}
                for position, _, now in change
                if position not in skip
            ],
        )
    tx.rewritten(kind, [(row, tuple(after[key])) for key, row in before.items()])


def version_of(read: Read, target_id: str) -> int:
    """How many actions a plan has seen."""
    return int(read.run("SELECT COALESCE(MAX(version), 0) FROM plan_action WHERE target_id = :id", id=target_id)[0][0])


def record(
    tx: Tx,
    target: PlanTarget,
    target_id: Id,
    act: PlanAct,
    changes: Changes,
    table: Table,
    *,
    why: str,
    what: dict[str, str] | None = None,
    of_id: Id | None = None,
) -> PlanAction:
    """The action's entry in the plan's history. Of two at once on PostgreSQL, the second cannot be ordered after what
    it read, and is repeated whole. `what` says the first seats by name, for people."""
    seats = _seats_named(changes, table)
    named = {"seats": seats} if seats else {}
    version = version_of(tx, target_id) + 1
    entry = PlanAction(
        id=tx.new_id("plan action", target_id, version), target=target, target_id=target_id, version=version,
        at=tx.now, who=tx.actor.label, act=act, what={**(what or {}), **named}, why=why,
        places=changes.places, of_id=of_id, changes=dump(changes),
    )  # fmt: skip
    tx.append([entry])
    tx.touched.add(plan_mark(target_id))
    return entry


def _seats_named(changes: Changes, table: Table) -> str:
    first = {at for change in changes.seats for at in islice(positions(change.at), MOST_NAMED + 1)}
    listed, at = sorted(first), index_of(table)
    named = []
    for position in listed[:MOST_NAMED]:
        n = at(position)
        named.append((position, table.names.get(table.zones[n], ""), table.rows[n], table.numbers[n]))
    return seat_names(named) + (" …" if len(listed) > MOST_NAMED else "")


def acted(read: Read, entry: PlanAction | None, target_id: str, left: Sequence[LeftPlace]) -> Acted:
    if entry is None:
        return Acted(None, version_of(read, target_id), 0, len(left), tuple(left[:MOST_LEFT]))
    return Acted(entry.id, entry.version, entry.places, len(left), tuple(left[:MOST_LEFT]))


def left_places(table: Table, whys: Iterable[tuple[int, str]]) -> list[LeftPlace]:
    """(index, why) as places that a person can find."""
    return [
        LeftPlace(Id(table.ids[n]), table.names.get(table.zones[n], ""), table.rows[n], table.numbers[n], why)
        for n, why in whys
    ]


def later_changes(read: Read, target_id: str, *, after: int) -> list[Changes]:
    """What actions with a higher version changed, newest first."""
    rows = read.run(
        "SELECT changes FROM plan_action WHERE target_id = :id AND version > :after ORDER BY version DESC",
        id=target_id,
        after=after,
    )
    return [changes_in(row[0]) for row in rows]


def version_at(read: Read, target_id: str, at: Any) -> int:
    """The version that a plan had at a moment: an action of that very moment counts."""
    # clock: it shows or measures, and decides about nothing that waits
    rows = read.run(
        "SELECT COALESCE(MAX(version), 0) FROM plan_action WHERE target_id = :id AND at <= :at",
        id=target_id,
        at=to_ms(at),
    )
    return int(rows[0][0])


def too_many(short: tuple[str, str, int]) -> Refused:
    zone, contingent, free = short
    return Refused(NoAct.TOO_MANY, fix=zone, detail={"zone": zone, "contingent": contingent, "free": free})


def known(read: Read, table: str, row_id: str | None, reason: NoAct) -> Outcome[None]:
    """Whether a row of this table is there; `None` asks for nothing."""
    if row_id is None or is_there(read, table, row_id):
        return Ok()
    return Refused(reason, fix=f"{table}_id", detail={"id": row_id})
