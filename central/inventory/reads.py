"""Named reads of the places of a performance."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.inventory.model import TAKEN
from central.kernel.columns import columns
from central.kernel.db import in_list
from central.kernel.tx import Read
from shared.ids import Id


@dataclass(frozen=True, slots=True)
class ForSale:
    """What is said of a place, whoever has it. `contingent_id` is empty hors contingent, `blocked` where it is not;
    `zones` are those that it opens, a bit each."""

    category_id: Id
    contingent_id: str
    blocked: str
    zones: int


_SEAT = columns(
    ForSale,
    category_id="category_id",
    contingent_id="COALESCE(contingent_id, '')",
    blocked="blocked",
    zones="zones",
)
_COUNTED = columns(
    ForSale,
    category_id="category_id",
    contingent_id="contingent_id",
    blocked="''",  # blocked places of a gauge are counted: take_counted refuses
    zones="zones",
)


def taken_seats(read: Read, performance_id: str) -> dict[str, str]:
    """Seats that are not free → the state of who has them."""
    rows = read.run(
        f"SELECT seat_id, state FROM allocation WHERE performance_id = :id AND {TAKEN} AND seat_id IS NOT NULL",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
    )
    return dict(rows)


def places_sold(read: Read, performance_id: str) -> int:
    ((sold,),) = read.run(
        f"SELECT COALESCE(SUM(quantity), 0) FROM allocation WHERE performance_id = :id AND {TAKEN} AND state = 'sold'",  # noqa: S608 - names of ours, values are parameters
        id=performance_id,
    )
    return int(sold)


def seats_for_sale(read: Read, performance_id: Id, seats: Sequence[Id]) -> dict[Id, ForSale]:
    return _for_sale(read, f"SELECT seat_id, {_SEAT} FROM place", "seat_id", performance_id, seats)  # noqa: S608 - names of ours, values are parameters


def counted_for_sale(read: Read, performance_id: Id, gauges: Sequence[Id]) -> dict[Id, ForSale]:
    return _for_sale(read, f"SELECT id, {_COUNTED} FROM gauge", "id", performance_id, gauges)  # noqa: S608 - names of ours, values are parameters


def _for_sale(read: Read, select: str, key: str, performance_id: Id, ids: Sequence[Id]) -> dict[Id, ForSale]:
    if not ids:
        return {}
    among, params = in_list("p", ids)
    where = f"WHERE performance_id = :performance AND {key} IN {among}"
    return {row[0]: ForSale(*row[1:]) for row in read.run(f"{select} {where}", performance=performance_id, **params)}
