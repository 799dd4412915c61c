"""The places of a performance, from the moment there is one: a place for each seat and a gauge for each counted zone of
its logical configuration. From here on they live their own life."""

from collections import Counter

from central.inventory import counts
from central.inventory.model import Gauge, Place
from central.kernel.tx import Tx
from central.venues.model import LogicalConfiguration
from shared.ids import Id, derived_id

PARTS = (Place, Gauge)
"""What a performance is made with, and goes with it."""


def make_places(tx: Tx, performance_id: Id, logical: LogicalConfiguration) -> int:
    """How many were made. Seats that are invalid are not there. The copies' history begins with the performance's own
    entry."""
    seats = tx.run(
        "SELECT l.seat_id, l.category_id, l.contingent_id, l.blocked, z.control, l.quality FROM logical_seat l "
        "JOIN physical_seat p ON p.id = l.seat_id JOIN physical_zone z ON z.id = p.zone_id "
        "WHERE l.configuration_id = :id AND p.invalid = '' ORDER BY p.position",
        id=logical.id,
    )
    tx.append(
        [
            Place(
                id=place_id(performance_id, seat), performance_id=performance_id, seat_id=Id(seat),
                category_id=Id(category), contingent_id=contingent, blocked=blocked, zones=zones, quality=quality,
            )
            for seat, category, contingent, blocked, zones, quality in seats
        ]
    )  # fmt: skip
    shares = tx.run(
        "SELECT g.zone_id, z.category_id, g.contingent_id, g.capacity, g.blocked, p.control FROM logical_gauge g "
        "JOIN logical_zone z ON z.configuration_id = g.configuration_id AND z.zone_id = g.zone_id "
        "JOIN physical_zone p ON p.id = g.zone_id WHERE g.configuration_id = :id ORDER BY g.zone_id, g.contingent_id",
        id=logical.id,
    )
    for zone, category, contingent, capacity, blocked, control in shares:
        made = gauge_id(performance_id, zone, contingent)
        tx.insert(
            Gauge(
                id=made,
                performance_id=performance_id,
                zone_id=zone,
                category_id=category,
                contingent_id=contingent,
                capacity=capacity,
                taken=0,
                blocked=blocked,
                zones=control,
            )
        )
    seen = Counter((category, contingent or "", bool(blocked)) for _, category, contingent, blocked, *_ in seats)
    moves = [(*share, "", counts.BLOCKED if blocked else counts.FREE, n) for (*share, blocked), n in seen.items()]
    for _, category, contingent, capacity, blocked, _ in shares:
        moves += [(category, contingent, "", counts.FREE, capacity - blocked)]
        moves += [(category, contingent, "", counts.BLOCKED, blocked)]
    counts.moved(tx, performance_id, moves)
    return len(seats) + sum(int(share[3]) for share in shares)


def gauge_id(performance_id: str, zone_id: str, contingent_id: str) -> Id:
    return derived_id("gauge", performance_id, zone_id, contingent_id)


def place_id(performance_id: str, seat_id: str) -> Id:
    return derived_id("place", performance_id, seat_id)


def drop_places(tx: Tx, performance_id: Id) -> None:
    """Of a performance that was never on sale."""
    for table in ("place_change", "place_count"):
        tx.write(f"DELETE FROM {table} WHERE performance_id = :id", id=performance_id)  # noqa: S608 - names of ours
    for kind in PARTS:
        tx.remove(kind, "WHERE performance_id = :id", id=performance_id)
    tx.touched.add(counts.hall_mark(performance_id))
