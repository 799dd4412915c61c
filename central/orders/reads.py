"""Named reads of what was sold."""

from typing import NamedTuple

from central.inventory.reads import places_sold
from central.kernel.tx import Read
from shared.ids import Id
from shared.money import Minor


class AsSold(NamedTuple):
    """An entitlement as its line and order say. `zones` in bits; `code` begins the organiser's numbers."""

    performance: Id
    zones: int
    entries: int
    site: str
    price: Minor
    seat: Id | None
    organiser: Id
    code: str
    tariff: Id


def as_sold(read: Read, entitlement_id: str) -> AsSold | None:
    """None: there is none, or it is cancelled."""
    row = read.one(
        "SELECT e.performance_id, e.zones, e.entries, p.site_id, l.price, l.seat_id, o.context_id, c.code, l.tariff_id "
        "FROM entitlement e JOIN order_line l ON l.id = e.line_id JOIN sale_order o ON o.id = l.order_id "
        "JOIN performance p ON p.id = e.performance_id JOIN context c ON c.id = o.context_id "
        "WHERE e.id = :id AND e.cancelled = 0",
        id=entitlement_id,
    )
    return AsSold(*row) if row else None


def sold_for(read: Read, performance_id: str) -> tuple[int, int]:
    """(places that are sold, orders that hold one of them)."""
    ((orders,),) = read.run(
        "SELECT COUNT(DISTINCT l.order_id) FROM order_line l JOIN allocation a ON a.id = l.allocation_id "
        "WHERE l.performance_id = :id AND a.state = 'sold'",
        id=performance_id,
    )
    return places_sold(read, performance_id), int(orders)
