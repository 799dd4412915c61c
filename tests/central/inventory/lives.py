"""What places and holds live through, for test_life_cycles.py."""

from central.inventory.hold_expiry import ExpireHolds
from central.orders.holds import HoldPlaces, ReleaseHold
from shared.clock import from_ms
from tests.central.small_house import Clerk, House, new_id

WORKED_OUT = {
    "place_count": "UPDATE place_count SET free = free + 1, capacity = capacity + 1",
    "limit_count": "INSERT INTO limit_count (limit_id, of_id, scope, n) VALUES ('none', 'none', 'x', 3)",
}
"""Makes rows wrong that the area checks itself, for test_row_proof.py."""


def lives(clerk: Clerk, house: House) -> None:
    """Held and sold, held and given back, held until it was over."""
    sold, left, late = (
        clerk.do(HoldPlaces(
            hold_id=new_id(), point_of_sale_id=house.desk, performance_id=house.performance, seats=(house.seats[n],),
        ))["hold_id"] for n in (0, 1, 2)
    )  # fmt: skip
    clerk.do(house.order(house.seats[0], hold_id=sold))
    clerk.do(ReleaseHold(hold_id=left))
    (((until,),)) = clerk.rows("SELECT until FROM hold WHERE id = :id", id=late)
    now, clerk.watch.at = clerk.watch.at, from_ms(until)
    assert clerk.do(ExpireHolds(context_id=house.institution)) == 1
    clerk.watch.at = now
