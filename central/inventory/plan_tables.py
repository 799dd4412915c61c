"""A performance's plan as a table of columns, and how changes to it are written: places, gauges and counts together."""

from collections import Counter
from collections.abc import Iterable

from central.catalogue.model import Performance
from central.inventory import counts
from central.inventory.model import Place
from central.inventory.ops import gauge_id, place_id
from central.kernel.tx import Read, Tx
from central.venues.history import Changes, Field, apply, index_of, positions
from central.venues.plan_tables import LOGICAL_FIELDS, save_seats, table_of, zone_names
from central.venues.selection import Selection, Share, Table, narrowed
from shared.ids import Id

GONE = "gone"
"""What stands for the reason where a seat has no place in a performance."""


def performance_table(read: Read, performance: Performance, selection: Selection | None = None) -> Table:
    """A seat that has no place here is `invalid`; `taken` is the state of its live allocation."""
    ((physical_id,),) = read.run(
        "SELECT physical_configuration_id FROM logical_configuration WHERE id = :id",
        id=performance.logical_configuration_id,
    )
    where, params = (selection and narrowed(selection)) or ("1 = 1", {})
    rows = read.run(
        "SELECT s.position, s.id, s.zone_id, s.row_name, s.number, s.x, s.y, s.quality, COALESCE(v.id, ''), "  # noqa: S608
        "v.category_id, v.contingent_id, COALESCE(v.blocked, ''), v.quality, "
        "CASE WHEN v.id IS NULL THEN 'gone' ELSE '' END, s.invalid, COALESCE(a.state, '') FROM physical_seat s "
        "LEFT JOIN place v ON v.performance_id = :performance AND v.seat_id = s.id "
        "LEFT JOIN allocation a ON a.performance_id = :performance AND a.seat_id = s.id AND a.state <> 'released' "
        f"WHERE s.configuration_id = :configuration AND {where} ORDER BY s.position",
        performance=performance.id,
        configuration=physical_id,
        **params,
    )
    table = table_of(rows, LOGICAL_FIELDS)
    table.broken, table.taken = [row[-2] for row in rows], [row[-1] for row in rows]
    table.names = zone_names(read, physical_id)
    for zone, contingent, category, capacity, blocked, taken in read.run(
        "SELECT zone_id, contingent_id, category_id, capacity, blocked, taken FROM gauge WHERE performance_id = :id "
        "ORDER BY zone_id, contingent_id",
        id=performance.id,
    ):
        table.shares[zone, contingent] = Share(capacity, blocked, taken)
        table.counted[zone] = category
    return table


def save_performance(tx: Tx, performance_id: Id, changes: Changes, table: Table) -> None:
    """Writes changes into the places, gauges and counts of a performance, and into the table. What is taken must not be
    among them, but for its order."""
    at = index_of(table)
    touched = sorted({at(position) for change in changes.seats for position in positions(change.at)})
    before = {n: _counted_as(table, n) for n in touched}
    shares, categories = dict(table.shares), dict(table.counted)
    flipped = {p for change in changes.seats if change.field is Field.INVALID for p in positions(change.at)}
    apply(changes, table)
    _remove_and_restore(tx, performance_id, [at(position) for position in sorted(flipped)], table)
    save_seats(tx, "place", changes, table, skip=frozenset(flipped))
    moves: Counter[tuple[str, str, str, str]] = Counter()
    for n in touched:
        was, now = before[n], _counted_as(table, n)
        if was == now:
            continue
        if was and now and was[:2] == now[:2]:
            moves[was[0], was[1], was[2], now[2]] += 1
            continue
        if was:
            moves[was[0], was[1], was[2], ""] += 1
        if now:
            moves[now[0], now[1], "", now[2]] += 1
    _save_gauges(tx, performance_id, changes, table)
    for zone, contingent in table.shares:
        was_share = shares.get((zone, contingent), Share(0))
        _moves_of_share(moves, categories.get(zone), contingent, was_share, -1)
        _moves_of_share(moves, table.counted[zone], contingent, table.shares[zone, contingent], 1)
    told = [(*key, n) for key, n in moves.items() if n]
    if told or touched:
        counts.moved(tx, performance_id, told, [table.ids[n] for n in touched])
    tx.touched.add(counts.hall_mark(performance_id))


def _counted_as(table: Table, n: int) -> tuple[str, str, str] | None:
    """(category, contingent, bucket) of a seat; None: it has no place."""
    if table.values[Field.INVALID][n]:
        return None
    bucket = table.taken[n] or (counts.BLOCKED if table.values[Field.BLOCKED][n] else counts.FREE)
    return table.values[Field.CATEGORY][n], table.values[Field.CONTINGENT][n] or "", bucket


def _moves_of_share(
    moves: Counter[tuple[str, str, str, str]], category: str | None, contingent: str, share: Share, sign: int
) -> None:
    for bucket, n in ((counts.FREE, share.free), (counts.BLOCKED, share.blocked)):
        if n and category:
            moves[(category, contingent, bucket, "") if sign < 0 else (category, contingent, "", bucket)] += n


def _remove_and_restore(tx: Tx, performance_id: Id, flipped: Iterable[int], table: Table) -> None:
    gone: list[int] = []
    back: list[int] = []
    for n in flipped:
        (gone if table.values[Field.INVALID][n] else back).append(n)
    tx.write_many("DELETE FROM place WHERE id = :id", [{"id": table.keys[n]} for n in gone])
    if not back:
        return
    control = {zone: tx.run("SELECT control FROM physical_zone WHERE id = :id", id=zone)[0][0] for zone in
               {table.zones[n] for n in back}}  # fmt: skip
    of = table.values
    tx.append([
        Place(
            id=place_id(performance_id, table.ids[n]), performance_id=Id(performance_id), seat_id=Id(table.ids[n]),
            category_id=of[Field.CATEGORY][n], contingent_id=of[Field.CONTINGENT][n], blocked=of[Field.BLOCKED][n],
            zones=control[table.zones[n]], quality=of[Field.QUALITY][n],
        )
        for n in back
    ])  # fmt: skip


def _save_gauges(tx: Tx, performance_id: Id, changes: Changes, table: Table) -> None:
    for zone in changes.zones:
        tx.write(
            "UPDATE gauge SET category_id = :category WHERE performance_id = :id AND zone_id = :zone",
            category=zone.now, id=performance_id, zone=zone.zone_id,
        )  # fmt: skip
    for share in changes.shares:
        ((control,),) = tx.run("SELECT control FROM physical_zone WHERE id = :id", id=share.zone_id)
        done = tx.run(
            "INSERT INTO gauge (id, performance_id, zone_id, category_id, contingent_id, capacity, taken, blocked, "
            "zones) VALUES (:id, :performance, :zone, :category, :contingent, :capacity, 0, :blocked, :control) "
            "ON CONFLICT (performance_id, zone_id, contingent_id) "
            "DO UPDATE SET capacity = excluded.capacity, blocked = excluded.blocked "
            "WHERE gauge.taken + excluded.blocked <= excluded.capacity RETURNING id",
            id=gauge_id(performance_id, share.zone_id, share.contingent_id), performance=performance_id,
            zone=share.zone_id, category=table.counted[share.zone_id], contingent=share.contingent_id,
            capacity=share.now[0], blocked=share.now[1], control=control,
        )  # fmt: skip
        assert done, "decided from the same transaction's own look"
