"""A performance's plan as a table of columns, and how changes to it are written: places, gauges and counts together."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any

from central.catalogue.model import Performance
from central.inventory import counts
from central.inventory.initial_places import gauge_id, place_id
from central.inventory.model import TAKEN, Gauge, Place
from central.inventory.reads import taken_seats
from central.kernel.tx import Read, Tx
from central.venues.history import Changes, SeatField, apply, index_of, positions
from central.venues.plan_tables import LOGICAL_FIELDS, save_seats, table_of, zone_names
from central.venues.selection import Selection, Table, ZoneShare, narrowed
from shared.ids import Id

MOST_BUILT = 2
GONE = "gone"
"""What stands for the reason where a seat has no place in a performance."""


def performance_table(read: Read, performance: Performance, selection: Selection | None = None) -> Table:
    """A seat that has no place here is `invalid`; `taken` is the state of its live allocation."""
    ((physical_id,),) = read.run(
        "SELECT physical_configuration_id FROM logical_configuration WHERE id = :id",
        id=performance.logical_configuration_id,
    )
    narrow = narrowed(selection) if selection else None
    rows = _some_rows(read, performance.id, physical_id, *narrow) if narrow else _all_rows(
        read, performance.id, physical_id
    )  # fmt: skip
    table = table_of(rows, LOGICAL_FIELDS)
    table.broken, table.taken = [row[-2] for row in rows], [row[-1] for row in rows]
    table.names = zone_names(read, physical_id)
    for zone, contingent, category, capacity, blocked, taken in read.run(
        "SELECT zone_id, contingent_id, category_id, capacity, blocked, taken FROM gauge WHERE performance_id = :id "
        "ORDER BY zone_id, contingent_id",
        id=performance.id,
    ):
        table.shares[zone, contingent] = ZoneShare(capacity, blocked, taken)
        table.counted[zone] = category
    return table


def _some_rows(
    read: Read, performance_id: str, physical_id: str, where: str, params: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return read.run(
        "SELECT s.position, s.id, s.zone_id, s.row_name, s.number, s.x, s.y, s.quality, COALESCE(v.id, ''), "  # noqa: S608
        "v.category_id, v.contingent_id, COALESCE(v.blocked, ''), v.quality, "
        "CASE WHEN v.id IS NULL THEN 'gone' ELSE '' END, s.invalid, COALESCE(a.state, '') FROM physical_seat s "
        "LEFT JOIN place v ON v.performance_id = :performance AND v.seat_id = s.id "
        f"LEFT JOIN allocation a ON a.performance_id = :performance AND a.seat_id = s.id AND a.{TAKEN} "
        f"WHERE s.configuration_id = :configuration AND {where} ORDER BY s.position",
        performance=performance_id,
        configuration=physical_id,
        **params,
    )


_NO_PLACE = ("", None, None, "", None, GONE)


def _all_rows(read: Read, performance_id: str, physical_id: str) -> list[tuple[Any, ...]]:
    """The same for a whole hall: three plain scans put together here take half the time of the join."""
    places = {
        seat: (place, category, contingent, blocked, quality, "")
        for seat, place, category, contingent, blocked, quality in read.run(
            "SELECT seat_id, id, category_id, contingent_id, blocked, quality FROM place WHERE performance_id = :id",
            id=performance_id,
        )
    }
    taken = taken_seats(read, performance_id)
    broken: dict[str, str] = dict(
        read.run("SELECT id, invalid FROM physical_seat WHERE configuration_id = :id AND invalid <> ''", id=physical_id)
    )
    return [
        (*row, *places.get(row[1], _NO_PLACE), broken.get(row[1], ""), taken.get(row[1], ""))
        for row in _built(read, physical_id)
    ]


def _built(read: Read, physical_id: str) -> list[tuple[Any, ...]]:
    """A configuration's seats as they were built. Of a validated one that never changes: each connection remembers the
    last few, which spares a stadium's plan a quarter of a second."""
    known: OrderedDict[str, list[tuple[Any, ...]]] = read.memory.setdefault("built", OrderedDict())
    if physical_id in known:
        known.move_to_end(physical_id)
        return known[physical_id]
    rows = read.run(
        "SELECT position, id, zone_id, row_name, number, x, y, quality FROM physical_seat "
        "WHERE configuration_id = :id ORDER BY position",
        id=physical_id,
    )
    if read.run("SELECT 1 FROM physical_configuration WHERE id = :id AND state = 'validated'", id=physical_id):
        known[physical_id] = rows
        while len(known) > MOST_BUILT:
            known.popitem(last=False)
    return rows


def save_performance(tx: Tx, performance_id: Id, changes: Changes, table: Table) -> None:
    """Writes changes into the places, gauges and counts of a performance, and into the table. What is taken must not be
    among them, but for its order."""
    at = index_of(table)
    touched = sorted({at(position) for change in changes.seats for position in positions(change.at)})
    before = _counted_as(table, touched)
    shares, categories = dict(table.shares), dict(table.counted)
    flipped = {p for change in changes.seats if change.field is SeatField.INVALID for p in positions(change.at)}
    apply(changes, table)
    _remove_and_restore(tx, performance_id, [at(position) for position in sorted(flipped)], table)
    save_seats(tx, Place, changes, table, skip=frozenset(flipped))
    moves: Counter[tuple[str, str, str, str]] = Counter()
    for (was, now), n in Counter(zip(before, _counted_as(table, touched), strict=True)).items():
        if was == now:
            continue
        if was and now and was[:2] == now[:2]:
            moves[was[0], was[1], was[2], now[2]] += n
            continue
        if was:
            moves[was[0], was[1], was[2], ""] += n
        if now:
            moves[now[0], now[1], "", now[2]] += n
    _save_gauges(tx, performance_id, changes, table)
    for zone, contingent in table.shares:
        was_share = shares.get((zone, contingent), ZoneShare(0))
        _moves_of_share(moves, categories.get(zone), contingent, was_share, -1)
        _moves_of_share(moves, table.counted[zone], contingent, table.shares[zone, contingent], 1)
    told = [(*key, n) for key, n in moves.items() if n]
    if told or touched:
        counts.moved(tx, performance_id, told, [table.ids[n] for n in touched])
    tx.touched.add(counts.hall_mark(performance_id))


def _counted_as(table: Table, seats: Iterable[int]) -> list[tuple[str, str, str] | None]:
    """(category, contingent, bucket) of each seat; None: it has no place."""
    invalid, blocked, taken = table.values[SeatField.INVALID], table.values[SeatField.BLOCKED], table.taken
    category, contingent = table.values[SeatField.CATEGORY], table.values[SeatField.CONTINGENT]
    return [
        None
        if invalid[n]
        else (category[n], contingent[n] or "", taken[n] or (counts.BLOCKED if blocked[n] else counts.FREE))
        for n in seats
    ]


def _moves_of_share(
    moves: Counter[tuple[str, str, str, str]], category: str | None, contingent: str, share: ZoneShare, sign: int
) -> None:
    for bucket, n in ((counts.FREE, share.free), (counts.BLOCKED, share.blocked)):
        if n and category:
            moves[(category, contingent, bucket, "") if sign < 0 else (category, contingent, "", bucket)] += n


def _remove_and_restore(tx: Tx, performance_id: Id, flipped: Iterable[int], table: Table) -> None:
    gone: list[int] = []
    back: list[int] = []
    for n in flipped:
        (gone if table.values[SeatField.INVALID][n] else back).append(n)
    tx.gone(Place, tx.rows_of(Place, [table.keys[n] for n in gone]).values())
    tx.write_many("DELETE FROM place WHERE id = :id", [{"id": table.keys[n]} for n in gone])
    if not back:
        return
    control = {zone: tx.run("SELECT control FROM physical_zone WHERE id = :id", id=zone)[0][0] for zone in
               {table.zones[n] for n in back}}  # fmt: skip
    of = table.values
    tx.append([
        Place(
            id=place_id(performance_id, table.ids[n]), performance_id=Id(performance_id), seat_id=Id(table.ids[n]),
            category_id=of[SeatField.CATEGORY][n], contingent_id=of[SeatField.CONTINGENT][n],
            blocked=of[SeatField.BLOCKED][n], zones=control[table.zones[n]], quality=of[SeatField.QUALITY][n],
        )
        for n in back
    ])  # fmt: skip


def _save_gauges(tx: Tx, performance_id: Id, changes: Changes, table: Table) -> None:
    for zone in changes.zones:
        where = "WHERE performance_id = :id AND zone_id = :zone"
        tx.rewrite(Gauge, {"category_id": zone.now}, where, id=performance_id, zone=zone.zone_id)
    for share in changes.shares:
        ((control,),) = tx.run("SELECT control FROM physical_zone WHERE id = :id", id=share.zone_id)
        made = Gauge(
            id=gauge_id(performance_id, share.zone_id, share.contingent_id),
            performance_id=performance_id,
            zone_id=Id(share.zone_id),
            category_id=Id(table.counted[share.zone_id] or ""),
            contingent_id=share.contingent_id,
            capacity=share.now[0],
            taken=0,
            blocked=share.now[1],
            zones=control,
        )
        where = "WHERE performance_id = :performance AND zone_id = :zone AND contingent_id = :contingent"
        there = {"performance": performance_id, "zone": share.zone_id, "contingent": share.contingent_id}
        if not tx.find(Gauge, where, **there):
            tx.append([made])
            continue
        sets = {"capacity": made.capacity, "blocked": made.blocked}
        done = tx.rewrite(Gauge, sets, f"{where} AND taken + :most <= :capacity", **there, most=made.blocked,
                          capacity=made.capacity)  # fmt: skip
        assert done, "decided from the same transaction's own look"
