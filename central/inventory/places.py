"""Taking places and giving them back. The unique index on live (performance, seat) decides who gets a seat; a counted
place is decided by one guarded statement. Nothing is asked first and trusted later; the counts go along (counts.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from central.inventory import counts
from central.inventory.model import PLACE, Allocation, NoPlace, PlaceDo, PlaceState
from central.kernel.db import in_list
from central.kernel.entity import ENTITIES
from central.kernel.tx import Tx
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused

HALL = "hall/"
AT_ONCE = 500  # ids in one statement


def hall_mark(performance_id: str) -> str:
    """What a commit is marked with when the picture of this performance's hall may have changed."""
    return HALL + performance_id


class Seat(NamedTuple):
    """A seat to take, and what it counts as: its category and contingent (empty: hors contingent)."""

    seat_id: Id
    category_id: str
    contingent_id: str


def take_seats(
    tx: Tx,
    performance_id: Id,
    seats: Sequence[Seat],
    state: PlaceState,
    holder_id: Id,
    until: datetime | None = None,
) -> Outcome[list[Allocation]]:
    """All of them for this holder, or who is refused is told which one somebody has: refuse the command then."""
    tx.touched.add(hall_mark(performance_id))
    made = [
        Allocation(tx.new_id("seat", performance_id, seat.seat_id), performance_id, seat.seat_id, None, 1, state,
                   holder_id, until)
        for seat in seats
    ]  # fmt: skip
    for allocation in made:
        if not tx.insert_if_absent(allocation):
            return Refused(NoPlace.TAKEN, fix=allocation.seat_id or "")
    moves = [counts.Move(seat.category_id, seat.contingent_id, counts.FREE, state, 1) for seat in seats]
    counts.moved(tx, performance_id, moves, [seat.seat_id for seat in seats])
    return Ok(made)


def take_counted(
    tx: Tx, gauge_id: Id, quantity: int, state: PlaceState, holder_id: Id, until: datetime | None = None
) -> Allocation | None:
    """`quantity` counted places, or None: there are not that many left. One guarded statement decides."""
    taken = tx.run(
        "UPDATE gauge SET taken = taken + :n WHERE id = :id AND taken + blocked + :n <= capacity "
        "RETURNING performance_id, taken, category_id, contingent_id",
        n=quantity,
        id=gauge_id,
    )
    if not taken:
        return None
    performance_id, level, category, contingent = taken[0]
    counts.moved(tx, performance_id, [counts.Move(category, contingent, counts.FREE, state, quantity)], ())
    made = tx.new_id("gauge", gauge_id, holder_id, level)  # the level tells two places of one order apart
    return tx.insert(Allocation(made, Id(performance_id), None, gauge_id, quantity, state, holder_id, until))


# --- and what becomes of them ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Located:
    """An allocation, and what it counts as now: the category and contingent of its place, and whether that is blocked
    (free again, it counts as blocked)."""

    allocation: Allocation
    category_id: str
    contingent_id: str
    blocked: bool


def located(tx: Tx, allocation_ids: Sequence[str]) -> list[Located]:
    """These allocations, in the order asked; unknown ones are left out."""
    found: dict[str, Located] = {}
    for first in range(0, len(allocation_ids), AT_ONCE):
        among, params = in_list("a", allocation_ids[first : first + AT_ONCE])
        for each in _located(tx, f"a.id IN {among}", params):
            found[each.allocation.id] = each
    return [found[each] for each in dict.fromkeys(allocation_ids) if each in found]


def located_of(tx: Tx, holder_id: str) -> list[Located]:
    """What a holder has, released ones included, in the order of ids."""
    return _located(tx, "a.holder_id = :holder", {"holder": holder_id})


def _located(tx: Tx, where: str, params: dict[str, Any]) -> list[Located]:
    declaration = ENTITIES[Allocation]
    columns = ", ".join("a." + name for name in declaration.names)
    rows = tx.run(
        f"SELECT {columns}, COALESCE(p.category_id, g.category_id, ''), "  # noqa: S608 - names of ours
        "COALESCE(p.contingent_id, g.contingent_id, ''), COALESCE(p.blocked, '') FROM allocation a "
        "LEFT JOIN place p ON p.performance_id = a.performance_id AND p.seat_id = a.seat_id "
        f"LEFT JOIN gauge g ON g.id = a.gauge_id WHERE {where} ORDER BY a.id",
        **params,
    )
    return [Located(declaration.entity(row[:-3]), row[-3], row[-2], row[-1] != "") for row in rows]


def move_on(tx: Tx, found: Sequence[Located], do: PlaceDo, holder_id: Id | None = None) -> bool:
    """Each one step further in its life (`holder_id`: to another holder, for good); False, and nothing done, if one is
    in no state for that."""
    after = [PLACE.get((each.allocation.state, do)) for each in found]
    if None in after:
        return False
    moves: dict[str, list[counts.Move]] = {}
    seats: dict[str, list[str]] = {}
    for each, state in zip(found, after, strict=True):
        assert state
        before = each.allocation
        freed = state is PlaceState.RELEASED
        change: dict[str, Any] = {"state": [before.state, state]}
        if holder_id:
            change["holder_id"] = [before.holder_id, holder_id]
        tx.write(
            "UPDATE allocation SET state = :state, holder_id = :holder, until = NULL WHERE id = :id",
            state=state, holder=holder_id or before.holder_id, id=before.id,
        )  # fmt: skip
        tx.changed("allocation", before.id, change)
        if before.gauge_id and freed:
            tx.write("UPDATE gauge SET taken = taken - :n WHERE id = :id", n=before.quantity, id=before.gauge_id)
        target = (counts.BLOCKED if each.blocked else counts.FREE) if freed else str(state)
        of = before.performance_id
        moves.setdefault(of, []).append(
            counts.Move(each.category_id, each.contingent_id, before.state, target, before.quantity)
        )
        seats.setdefault(of, []).extend([before.seat_id] if before.seat_id and freed else [])
    for performance_id, told in moves.items():
        tx.touched.add(hall_mark(performance_id))
        counts.moved(tx, performance_id, told, seats[performance_id])
    return True


def sell_allocation(tx: Tx, allocation_id: Id, order_id: Id) -> bool:
    """A held, leased or optioned place becomes sold; False if it is in no state for that."""
    found = located(tx, [allocation_id])
    return bool(found) and move_on(tx, found, PlaceDo.SELL, order_id)


def release(tx: Tx, allocation_id: Id, do: PlaceDo = PlaceDo.RELEASE) -> bool:
    """The place is free again; False if it was not to be freed that way."""
    found = located(tx, [allocation_id])
    return bool(found) and move_on(tx, found, do)
