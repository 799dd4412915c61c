"""Named reads of what was sold."""

from central.inventory.reads import places_sold
from central.kernel.tx import Read


def sold_for(read: Read, performance_id: str) -> tuple[int, int]:
    """(places that are sold, orders that hold one of them)."""
    ((orders,),) = read.run(
        "SELECT COUNT(DISTINCT l.order_id) FROM order_line l JOIN allocation a ON a.id = l.allocation_id "
        "WHERE l.performance_id = :id AND a.state = 'sold'",
        id=performance_id,
    )
    return places_sold(read, performance_id), int(orders)
