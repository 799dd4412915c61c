"""The places of a performance, from the moment there is one: a place for each seat and a gauge for each counted zone of
its logical configuration. From here on they live their own life."""

from collections import Counter

from central.inventory import counts
from central.inventory.model import Gauge, Place
from central.kernel.tx import Tx
from central.venues.model import LogicalConfiguration
from central.venues.reads import seats_sold_as, shares_sold_as
from shared.ids import Id, derived_id
from shared.rules.place_state import bucket_of

PARTS = (Place, Gauge)
"""What a performance is made with, and goes with it."""


def make_places(tx: Tx, performance_id: Id, logical: LogicalConfiguration) -> int:
    """How many were made. Seats that are invalid are not there. The copies' history begins with the performance's own
    entry."""
    seats, shares = seats_sold_as(tx, logical.id), shares_sold_as(tx, logical.id)
    tx.append(
        [
            Place(
                id=place_id(performance_id, seat.seat_id), performance_id=performance_id, seat_id=seat.seat_id,
                category_id=seat.category_id, contingent_id=seat.contingent_id, blocked=seat.blocked, zones=seat.zones,
                quality=seat.quality,
            )
            for seat in seats
        ]
    )  # fmt: skip
    for share in shares:
        made = gauge_id(performance_id, share.zone_id, share.contingent_id)
        tx.insert(
            Gauge(
                id=made, performance_id=performance_id, zone_id=share.zone_id, category_id=share.category_id,
                contingent_id=share.contingent_id, capacity=share.capacity, taken=0, blocked=share.blocked,
                zones=share.zones,
            )
        )  # fmt: skip
    alike = Counter((seat.category_id, seat.contingent_id or "", bool(seat.blocked)) for seat in seats)
    moves = [
        counts.CountMove(category, contingent, "", bucket_of(None, blocked), n)
        for (category, contingent, blocked), n in alike.items()
    ]
    for share in shares:
        free, of = share.capacity - share.blocked, (share.category_id, share.contingent_id, "")
        moves += [counts.CountMove(*of, counts.FREE, free), counts.CountMove(*of, counts.BLOCKED, share.blocked)]
    counts.moved(tx, performance_id, moves)
    return len(seats) + sum(share.capacity for share in shares)


def gauge_id(performance_id: str, zone_id: str, contingent_id: str) -> Id:
    return derived_id("gauge", performance_id, zone_id, contingent_id)


def place_id(performance_id: str, seat_id: str) -> Id:
    return derived_id("place", performance_id, seat_id)


def drop_places(tx: Tx, performance_id: Id) -> None:
    """Of a performance that was never on sale."""
    tx.write("DELETE FROM place_change WHERE performance_id = :id", id=performance_id)
    tx.write("DELETE FROM place_count WHERE performance_id = :id", id=performance_id)
    for kind in PARTS:
        tx.remove(kind, "WHERE performance_id = :id", id=performance_id)
    tx.touched.add(counts.hall_mark(performance_id))
