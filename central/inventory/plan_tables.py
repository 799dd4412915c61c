"""How changes to a performance's plan are written: places, gauges and counts together."""

from collections import Counter
from collections.abc import Iterable

from central.inventory import counts
from central.inventory.initial_places import gauge_id, place_id
from central.inventory.model import Gauge, Place
from central.kernel.tx import Tx
from central.venues.history import Changes, SeatField, apply, index_of, positions
from central.venues.model import PhysicalZone
from central.venues.plan_tables import save_seats
from central.venues.selection import Table, ZoneShare
from shared.ids import Id
from shared.rules.place_state import bucket_of


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
    return [None if invalid[n] else (category[n], contingent[n] or "", bucket_of(taken[n], blocked[n])) for n in seats]


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
    # log: it hears of it by `Tx.gone`
    tx.write_many("DELETE FROM place WHERE id = :id", [{"id": table.keys[n]} for n in gone])
    if not back:
        return
    control = {zone: _opens(tx, zone) for zone in {table.zones[n] for n in back}}
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
        made = Gauge(
            id=gauge_id(performance_id, share.zone_id, share.contingent_id), performance_id=performance_id,
            zone_id=Id(share.zone_id), category_id=Id(table.counted[share.zone_id] or ""),
            contingent_id=share.contingent_id, capacity=share.now[0], taken=0, blocked=share.now[1],
            zones=_opens(tx, share.zone_id),
        )  # fmt: skip
        where = "WHERE performance_id = :performance AND zone_id = :zone AND contingent_id = :contingent"
        there = {"performance": performance_id, "zone": share.zone_id, "contingent": share.contingent_id}
        if not tx.find(Gauge, where, **there):
            tx.append([made])
            continue
        sets = {"capacity": made.capacity, "blocked": made.blocked}
        done = tx.rewrite(Gauge, sets, f"{where} AND taken + :most <= :capacity", **there, most=made.blocked,
                          capacity=made.capacity)  # fmt: skip
        assert done, "decided from the same transaction's own look"


def _opens(tx: Tx, zone_id: str) -> int:
    """The zone's bit among those that a ticket opens."""
    zone = tx.get(PhysicalZone, zone_id)
    assert zone, "it is in the plan"
    return zone.control
