"""Taking places and giving them back. The unique index on live (performance, seat) decides who gets a seat; a counted
place is decided by one guarded statement. Nothing is asked first and trusted later; the counts go along (counts.py)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from central.inventory import counts, limits
from central.inventory.model import (
    HOLD,
    HOLD_AHEAD,
    HOLD_DUE,
    LONGEST_HOLD,
    PLACE,
    Allocation,
    AllocationState,
    Hold,
    HoldDo,
    NoPlace,
    PlaceDo,
    has_seat,
)
from central.inventory.plan_actions import on_performance
from central.kernel.db import in_list
from central.kernel.entity import ENTITIES
from central.kernel.row_makers import row_maker
from central.kernel.spans import ahead
from central.kernel.tx import Read, Tx
from central.venues.plan_act import to_assign
from central.venues.selection import Counted, Selection
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.place_state import bucket_of

AT_ONCE = 500  # ids in one statement
HOLDS_AT_ONCE = 100  # that one command gives back, so that nobody waits behind it for long
PLACES_AT_ONCE = 500  # of theirs, but for the last one's


_allocation = row_maker(Allocation)


class SeatToTake(NamedTuple):
    """A seat to take, and what it counts as: its category and contingent (empty: hors contingent). `taken`: somebody
    was seen to have it."""

    seat_id: Id
    category_id: str
    contingent_id: str
    tariff_id: Id | None = None
    taken: bool = False


class Holder(NamedTuple):
    """Who takes places: a hold, an order, a lease. `until`: when it gives them back by itself."""

    id: Id
    channel_id: Id | None = None
    contact_id: Id | None = None
    until: datetime | None = None


def take_seats(
    tx: Tx, performance_id: Id, seats: Sequence[SeatToTake], state: AllocationState, holder: Holder
) -> Outcome[list[Id]]:
    """All of them for this holder: the ids of their allocations. Refused (refuse the command then): somebody has one,
    or a limit is reached."""
    made = [tx.new_id("seat", performance_id, seat.seat_id) for seat in seats]
    for seat, made_id in sorted(zip(seats, made, strict=True), key=_by_seat):  # so that no two wait for each other
        allocation = _allocation(
            id=made_id,
            performance_id=performance_id,
            seat_id=seat.seat_id,
            gauge_id=None,
            quantity=1,
            state=state,
            holder_id=holder.id,
            until=holder.until,
            channel_id=holder.channel_id,
            contact_id=holder.contact_id,
            tariff_id=seat.tariff_id,
        )
        if tx.insert_row_if_absent(Allocation, allocation):
            continue
        if not (expire_due(tx, 1, performance_id, seat.seat_id) and tx.insert_row_if_absent(Allocation, allocation)):
            return Refused(NoPlace.TAKEN, fix=seat.seat_id)
    moves = [counts.CountMove(seat.category_id, seat.contingent_id, counts.FREE, state, 1) for seat in seats]
    counts.moved(tx, performance_id, moves, [seat.seat_id for seat in seats])
    if not limits.reached_by(tx, performance_id):
        return Ok(made)
    found = [
        limits.Count(performance_id, seat.category_id, seat.contingent_id, holder.channel_id, holder.contact_id,
                     seat.tariff_id, holder.id, state, 1)
        for seat in seats
    ]  # fmt: skip
    return limits.apply(tx, [limits.CountStep(None, each) for each in found]) or Ok(made)


def _by_seat(each: tuple[SeatToTake, Id]) -> Id:
    return each[0].seat_id


def gone_already(tx: Tx, performance_id: Id, seats: Sequence[SeatToTake]) -> Refused | None:
    """The first of these seats that somebody was seen to have, and still has. For who writes before the last of them is
    taken: whoever is refused after a write makes all who share the commit run again (kernel/traces.py), and in a rush
    every tenth is. It gives nobody a right: whose the seats are, the index decides."""
    for seat_id in sorted(seat.seat_id for seat in seats if seat.taken):
        if not expire_due(tx, 1, performance_id, seat_id):
            return Refused(NoPlace.TAKEN, fix=seat_id)
    return None


# log: only columns that are kept beside it
_TAKE_COUNTED = (
    "UPDATE gauge SET taken = taken + :n WHERE id = :id AND taken + blocked + :n <= capacity "
    "RETURNING performance_id, taken, category_id, contingent_id"
)


def take_counted(
    tx: Tx, gauge_id: Id, tariffs: Sequence[Id | None], state: AllocationState, holder: Holder
) -> Outcome[list[Allocation]]:
    """One counted place for each tariff; refused if there are not that many left, or a limit is reached. One guarded
    statement decides."""
    n = len(tariffs)
    taken = tx.run(_TAKE_COUNTED, n=n, id=gauge_id)
    if not taken:
        row = tx.one("SELECT performance_id FROM gauge WHERE id = :id", id=gauge_id)
        if row and expire_due(tx, HOLDS_AT_ONCE, Id(row[0])):
            taken = tx.run(_TAKE_COUNTED, n=n, id=gauge_id)
    if not taken:
        return Refused(NoPlace.TAKEN, fix=gauge_id)
    performance_id, level, category, contingent = taken[0]
    counts.moved(tx, performance_id, [counts.CountMove(category, contingent, counts.FREE, state, n)], ())
    made = [
        Allocation(
            # the level tells two places of one order apart
            id=tx.new_id("gauge", gauge_id, holder.id, level - n + at),
            performance_id=Id(performance_id),
            seat_id=None,
            gauge_id=gauge_id,
            quantity=1,
            state=state,
            holder_id=holder.id,
            until=holder.until,
            channel_id=holder.channel_id,
            contact_id=holder.contact_id,
            tariff_id=tariff,
        )
        for at, tariff in enumerate(tariffs, 1)
    ]
    tx.insert_all(made)
    return limits.apply(tx, [limits.CountStep(None, _count(each, category, contingent)) for each in made]) or Ok(made)


def expire_due(tx: Tx, most: int, performance_id: Id | None = None, seat_id: Id | None = None) -> int:
    """Gives back the places of holds that are over: at most so many holds, and so many places, of one performance or of
    all, or the one that has a seat. Answers with the number of holds."""
    params: dict[str, Any] = {"now": to_ms(tx.now), "most": most}
    where = HOLD_DUE
    if performance_id:
        where += " AND performance_id = :performance"
        params["performance"] = performance_id
    if seat_id:
        where += (
            " AND id = (SELECT a.holder_id FROM allocation a WHERE "  # noqa: S608 - names of ours, values are parameters
            f"{has_seat(':performance', ':seat')})"
        )
        params["seat"] = seat_id
    due = tx.run(f"SELECT id FROM hold WHERE {where} ORDER BY until, id LIMIT :most", **params)  # noqa: S608 - names of ours, values are parameters
    if not (due or performance_id or seat_id):
        sql = f"SELECT id FROM hold WHERE {HOLD_AHEAD} ORDER BY until, id LIMIT :most"  # noqa: S608 - our own words
        due = tx.run(sql, ahead=ahead(tx.now, LONGEST_HOLD), most=most)
    freed = 0
    for n, (hold_id,) in enumerate(due):
        if freed >= PLACES_AT_ONCE:
            return n
        hold = tx.get_locked(Hold, hold_id)
        assert hold, "it was found just now"
        if not hold.is_due(tx.now):
            continue  # sold, given back or renewed while we waited for it
        held = [each for each in located_of(tx, hold_id) if each.allocation.state is AllocationState.HELD]
        move_on(tx, held, PlaceDo.RELEASE)
        follow(tx, held)
        end_hold(tx, hold, HoldDo.EXPIRE)
        freed += len(held)
    return len(due)


def begin_hold(tx: Tx, hold: Hold) -> Hold | None:
    """None: there is one of this id."""
    return hold if tx.insert_if_absent(hold) else None


def prolong(tx: Tx, hold: Hold, until: datetime) -> Hold:
    """A hold lasts until then, and with it the places that it has."""
    after = tx.update(hold, replace(hold, until=until))
    tx.rewrite(
        Allocation, {"until": to_ms(until)}, "WHERE holder_id = :id AND state = :held",
        id=hold.id, held=AllocationState.HELD,
    )  # fmt: skip
    return after


def end_hold(tx: Tx, hold: Hold, do: HoldDo) -> Hold:
    return tx.update(hold, replace(hold, state=HOLD[hold.state, do]))


def _count(allocation: Allocation, category_id: str, contingent_id: str) -> limits.Count:
    return limits.Count(
        allocation.performance_id, category_id, contingent_id, allocation.channel_id, allocation.contact_id,
        allocation.tariff_id, allocation.holder_id, allocation.state, allocation.quantity,
    )  # fmt: skip


# --- and what becomes of them ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Located:
    """An allocation, and what it counts as now: the category and contingent of its place, and whether that is blocked
    (free again, it counts as blocked)."""

    allocation: Allocation
    category_id: str
    contingent_id: str
    blocked: bool


def located(tx: Read, allocation_ids: Sequence[str]) -> list[Located]:
    """These allocations, in the order asked; unknown ones are left out."""
    found: dict[str, Located] = {}
    for first in range(0, len(allocation_ids), AT_ONCE):
        among, params = in_list("a", allocation_ids[first : first + AT_ONCE])
        for each in _located(tx, f"a.id IN {among}", params):
            found[each.allocation.id] = each
    return [found[each] for each in dict.fromkeys(allocation_ids) if each in found]


def located_of(tx: Read, holder_id: str) -> list[Located]:
    """What a holder has, released ones included, in the order of ids."""
    return _located(tx, "a.holder_id = :holder", {"holder": holder_id})


def _located(tx: Read, where: str, params: dict[str, Any]) -> list[Located]:
    declaration = ENTITIES[Allocation]
    columns = ", ".join("a." + name for name in declaration.names)
    rows = tx.run(
        "SELECT COALESCE(p.category_id, g.category_id, ''), COALESCE(p.contingent_id, g.contingent_id, ''), "  # noqa: S608 - names of ours
        f"COALESCE(p.blocked, ''), {columns} FROM allocation a "
        "LEFT JOIN place p ON p.performance_id = a.performance_id AND p.seat_id = a.seat_id "
        f"LEFT JOIN gauge g ON g.id = a.gauge_id WHERE {where} ORDER BY a.id",
        **params,
    )
    return [
        Located(declaration.entity(tuple(values)), category, contingent, blocked != "")
        for category, contingent, blocked, *values in rows
    ]


def move_on(
    tx: Tx, found: Sequence[Located], do: PlaceDo, holder: Holder | None = None, tariffs: Mapping[Id, Id] | None = None
) -> Refused | None:
    """Each one step further in its life, to another holder if one is given, at the tariff given for it. Refused if one
    is in no state for that, or if a limit is reached: refuse the command then."""
    moves: dict[str, list[counts.CountMove]] = {}
    seats: dict[str, list[str]] = {}
    steps: list[limits.CountStep] = []
    told = True
    for each in found:
        before = each.allocation
        state = PLACE.after(before.state, do)
        if state is None:
            return Refused(NoPlace.TAKEN, fix=before.seat_id or before.gauge_id or "", detail={"state": before.state})
        told = told and before.state is AllocationState.LEASED
        after = replace(before, state=state, until=None)
        if holder:
            after = replace(after, holder_id=holder.id, channel_id=holder.channel_id or before.channel_id,
                            contact_id=holder.contact_id or before.contact_id,
                            tariff_id=(tariffs or {}).get(before.id, before.tariff_id))  # fmt: skip
        tx.update(before, after)
        freed = state is AllocationState.RELEASED
        if before.gauge_id and freed:
            # log: only columns that are kept beside it
            tx.write("UPDATE gauge SET taken = taken - :n WHERE id = :id", n=before.quantity, id=before.gauge_id)
        target = bucket_of(None if freed else str(state), each.blocked)
        moves.setdefault(before.performance_id, []).append(
            counts.CountMove(each.category_id, each.contingent_id, before.state, target, before.quantity)
        )
        seats.setdefault(before.performance_id, []).extend([before.seat_id] if before.seat_id and freed else [])
        steps.append(
            limits.CountStep(
                _count(before, each.category_id, each.contingent_id),
                None if freed else _count(after, each.category_id, each.contingent_id),
            )
        )
    for performance_id, counted in moves.items():
        counts.moved(tx, performance_id, counted, seats[performance_id])
    return limits.apply(tx, steps, enforce=not told)


def sell_allocation(tx: Tx, allocation_id: Id, order_id: Id, tariff_id: Id) -> bool:
    """A leased place was sold by its device; False if it is in no state for that."""
    found = located(tx, [allocation_id])
    return bool(found) and move_on(tx, found, PlaceDo.SELL, Holder(order_id), {allocation_id: tariff_id}) is None


def release(tx: Tx, allocation_ids: Sequence[Id]) -> None:
    """The places are free again. Who has them may give them back: AssertionError, and nothing of the command stays, if
    one is in no state for that, for then somebody else has it."""
    found = located(tx, allocation_ids)
    for each in found:
        if PLACE.after(each.allocation.state, PlaceDo.RELEASE) is None:
            raise AssertionError(f"allocation {each.allocation.id} is {each.allocation.state} and is to be given back")
    if refused := move_on(tx, found, PlaceDo.RELEASE):
        raise AssertionError(f"what is given back exceeds nothing: {refused}")
    follow(tx, found)


def follow(tx: Tx, freed: Sequence[Located]) -> None:
    """A place that comes back out of a contingent whose release rule has fired goes where the rest went."""
    back: dict[tuple[Id, str], list[Allocation]] = {}
    for each in freed:
        if each.contingent_id:
            back.setdefault((each.allocation.performance_id, each.contingent_id), []).append(each.allocation)
    for (performance_id, contingent_id), allocations in back.items():
        fired = tx.one(
            "SELECT r.code, f.to_contingent_id FROM release_firing f JOIN release_rule r ON r.id = f.rule_id "
            "WHERE f.performance_id = :performance AND f.contingent_id = :contingent ORDER BY f.at DESC, f.id LIMIT 1",
            performance=performance_id,
            contingent=contingent_id,
        )
        if fired:
            seats = tuple(each.seat_id for each in allocations if each.seat_id)
            zones = _zones(tx, [each for each in allocations if each.gauge_id])
            counted = tuple(Counted(zone, n, contingent_id) for zone, n in zones.items())
            fall(tx, performance_id, Selection(seats=seats, counts=counted), *fired)


def _zones(read: Read, allocations: Sequence[Allocation]) -> Counter[Id]:
    """Counted places by zone."""
    zones: Counter[Id] = Counter()
    for each in allocations:
        ((zone,),) = read.run("SELECT zone_id FROM gauge WHERE id = :id", id=each.gauge_id)
        zones[Id(zone)] += each.quantity
    return zones


def fall(tx: Tx, performance_id: Id, selection: Selection, code: str, to_contingent_id: Id | None) -> int:
    """What of a selection is not taken goes into another contingent, because a release rule says so; that stands in the
    plan's history. Answers with the number of places."""
    done = on_performance(tx, performance_id, selection, to_assign(to_contingent_id, f"release rule {code}"))
    return 0 if isinstance(done, Refused) else done.value.places
