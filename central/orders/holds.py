"""Holds: places kept for a cart until an end. Named seats, counted places, or the best seats, chosen in the transaction
that takes them (inventory/halls.py). A hold is renewed up to a latest moment, given back, sold through an order
(ops.py), or it expires (inventory/hold_expiry.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from central.inventory.halls import choose
from central.inventory.model import AllocationState, Hold, HoldDo, HoldState, NoPlace, NoSale
from central.inventory.places import (
    HOLDS_AT_ONCE,
    Holder,
    Located,
    SeatToTake,
    begin_hold,
    end_hold,
    expire_due,
    gone_already,
    located_of,
    prolong,
    release,
    take_counted,
    take_seats,
)
from central.inventory.reads import SellingTerms, counted_for_sale, hold_context, seats_for_sale
from central.inventory.selling_terms import for_sale, reach_of, terms_of_sale
from central.kernel.entity import Between, Loose, Reach, Ref
from central.kernel.registry import answers, handles
from central.kernel.trouble import Repeatable
from central.kernel.tx import Read, Tx
from central.orders.model import OrdersPrivilege
from central.selling.model import Channel, PointOfSale
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.rules.seating import Want


@dataclass(frozen=True, slots=True)
class CountedWish:
    gauge_id: Annotated[Id, Ref("gauge"), Reach.WITHIN]
    quantity: Annotated[int, Between(1, 999)]


@dataclass(frozen=True, slots=True)
class BestWish:
    """`quantity` seats in all, `wheelchairs` of them wheelchair places; empty category: any. Zone, row, and aisle are
    wishes, kept if that can be."""

    quantity: Annotated[int, Between(1, 999)]
    category_id: Annotated[Id, Ref("seat_category"), Reach.WITHIN] | None = None
    zone_id: Annotated[Id, Ref("physical_zone"), Reach.WITHIN] | None = None
    row: str = ""
    aisle: bool = False
    wheelchairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaces:
    """Keeps places for a cart: named seats, counted places, best seats, in any mix; all or none. The same hold again
    takes more. How long it lasts is the channel's business."""

    hold_id: Annotated[Id, Ref("hold"), Reach.OWN]
    point_of_sale_id: Annotated[Id, Ref("point_of_sale")]
    performance_id: Annotated[Id, Ref("performance")]
    seats: Annotated[tuple[Annotated[Id, Ref("physical_seat"), Reach.WITHIN], ...], Between(most=999)] = ()
    counted: Annotated[tuple[CountedWish, ...], Between(most=100)] = ()
    best: BestWish | None = None
    contact_id: Annotated[Id, Loose("of a house's own list of contacts; nothing is read by it")] | None = None

    @property
    def in_line(self) -> str:
        """Who wants the best seats waits for who came before: all of them want the same ones."""
        return f"best/{self.performance_id}" if self.best else ""


@dataclass(frozen=True, slots=True)
class HeldPlace:
    allocation_id: Id
    seat_id: Id | None
    gauge_id: Id | None
    category_id: Id
    contingent_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """All that the hold keeps now."""

    hold_id: Id
    until: datetime
    latest: datetime
    places: tuple[HeldPlace, ...]


@handles(
    HoldPlaces,
    needs=OrdersPrivilege.ORDER_CREATE,
    at="point_of_sale_id",
    refuses=(NoSale, NoPlace),
    gives=Held,
    side_by_side=True,
)
def hold_places(tx: Tx, want: HoldPlaces) -> Outcome[Held]:
    wanted = len(want.seats) + sum(each.quantity for each in want.counted) + (want.best.quantity if want.best else 0)
    terms = terms_of_sale(tx, want.point_of_sale_id, want.performance_id, wanted, want.seats)
    named = terms if isinstance(terms, Refused) else _named(tx, want.performance_id, terms, want.seats)
    gone = None if isinstance(named, Refused) else gone_already(tx, want.performance_id, named)
    if gone and not want.best and not tx.get(Hold, want.hold_id):
        return gone  # before a new hold is written
    hold, has = None if isinstance(terms, Refused) else _begun(tx, want, terms), list[HeldPlace]()
    if hold is None and (before := tx.get_locked(Hold, want.hold_id)):
        if (before.performance_id, before.point_of_sale_id) != (want.performance_id, want.point_of_sale_id):
            return Refused(NoSale.NO_SUCH_HOLD, fix=want.hold_id)
        if over := _over(tx, before):
            return over
        hold, has = before, [_place(each) for each in held_by(tx, want.hold_id).values()]
        together = wanted and wanted + len(has)
        terms = terms_of_sale(tx, want.point_of_sale_id, want.performance_id, together, want.seats)
    if isinstance(terms, Refused):
        return terms
    assert hold, "it was begun, or there was one"
    if want.best and not 0 <= want.best.wheelchairs <= want.best.quantity:
        return Refused(NoSale.NOT_ENOUGH, fix="wheelchairs", detail={"wanted": want.best.quantity})
    taken = _take(tx, want, terms, named, Holder(hold.id, terms.channel, hold.contact_id, hold.until))
    return taken if isinstance(taken, Refused) else Ok(_held(hold, [*has, *taken]))


def _begun(tx: Tx, want: HoldPlaces, terms: SellingTerms) -> Hold | None:
    """A new hold; None: there is one of this id. It is not looked for before: ids begin with their time, so every sale
    would read the very leaf of their index that all others write to, and PostgreSQL could not order them."""
    ends = tx.now + timedelta(minutes=terms.hold_minutes)
    latest = tx.now + timedelta(minutes=max(terms.hold_minutes, terms.hold_most_minutes))
    hold = Hold(
        id=want.hold_id,
        performance_id=want.performance_id,
        point_of_sale_id=want.point_of_sale_id,
        contact_id=want.contact_id,
        state=HoldState.ACTIVE,
        since=tx.now,
        until=ends,
        latest=latest,
    )
    return begin_hold(tx, hold)


def _take(
    tx: Tx, want: HoldPlaces, terms: SellingTerms, named: list[SeatToTake] | Refused, holder: Holder
) -> list[HeldPlace] | Refused:
    if isinstance(named, Refused):
        return named
    found = _take_seats(tx, want.performance_id, named, holder)
    if isinstance(found, Refused):
        return found
    for wish in want.counted:
        counted = _take_counted(tx, want.performance_id, terms, wish, holder)
        if isinstance(counted, Refused):
            return counted
        found += counted
    best = _take_best(tx, want.performance_id, terms, want.best, holder) if want.best else []
    return best if isinstance(best, Refused) else found + best


def _take_seats(tx: Tx, performance_id: Id, seats: Sequence[SeatToTake], holder: Holder) -> list[HeldPlace] | Refused:
    if not seats:
        return []
    taken = take_seats(tx, performance_id, seats, AllocationState.HELD, holder)
    if isinstance(taken, Refused):
        return taken
    return [
        HeldPlace(allocation, seat.seat_id, None, Id(seat.category_id), seat.contingent_id)
        for allocation, seat in zip(taken.value, seats, strict=True)
    ]


def _named(tx: Tx, performance_id: Id, terms: SellingTerms, seats: Sequence[Id]) -> list[SeatToTake] | Refused:
    """These seats as they may be taken on this channel, or why not."""
    places = seats_for_sale(tx, performance_id, seats)
    found: list[SeatToTake] = []
    for seat in seats:
        place = for_sale(tx, terms, seat, places.get(seat), "seats")
        if isinstance(place, Refused):
            return place
        found.append(SeatToTake(seat, place.category_id, place.contingent_id, taken=place.taken))
    return found


def _take_counted(
    tx: Tx, performance_id: Id, terms: SellingTerms, wish: CountedWish, holder: Holder
) -> list[HeldPlace] | Refused:
    there = counted_for_sale(tx, performance_id, [wish.gauge_id] if wish.quantity > 0 else [])
    place = for_sale(tx, terms, wish.gauge_id, there.get(wish.gauge_id), "counted")
    if isinstance(place, Refused):
        return place
    taken = take_counted(tx, wish.gauge_id, [None] * wish.quantity, AllocationState.HELD, holder)
    if isinstance(taken, Refused):
        return taken
    return [HeldPlace(each.id, None, wish.gauge_id, place.category_id, place.contingent_id) for each in taken.value]


def _take_best(
    tx: Tx, performance_id: Id, terms: SellingTerms, wish: BestWish, holder: Holder
) -> list[HeldPlace] | Refused:
    want = Want(
        wish.quantity, wish.category_id or "", wish.zone_id or "", wish.aisle, wish.wheelchairs, reach_of(tx, terms),
        wish.row,
    )  # fmt: skip
    found = choose(tx, performance_id, want)
    if found is None and expire_due(tx, HOLDS_AT_ONCE, performance_id):
        found = choose(tx, performance_id, want)
    if found is None:
        return Refused(NoSale.NOT_ENOUGH, fix=performance_id, detail={"wanted": wish.quantity})
    taken = _take_seats(tx, performance_id, found, holder)
    if isinstance(taken, Refused) and taken.reason is NoPlace.TAKEN:  # since they were found free: others may be left
        raise Repeatable(f"{taken.fix} was taken meanwhile")
    return taken


def _told(read: Read, hold: Hold) -> Held:
    return _held(hold, [_place(each) for each in held_by(read, hold.id).values()])


def _held(hold: Hold, places: Sequence[HeldPlace]) -> Held:
    return Held(hold.id, hold.until, hold.latest, tuple(sorted(places, key=lambda each: each.allocation_id)))


def _place(each: Located) -> HeldPlace:
    of = each.allocation
    return HeldPlace(of.id, of.seat_id, of.gauge_id, Id(each.category_id), each.contingent_id)


# --- what becomes of a hold ------------------------------------------------------------------------------------------


def _over(read: Read, hold: Hold | None) -> Refused | None:
    if hold is None:
        return Refused(NoSale.NO_SUCH_HOLD, fix="hold_id")
    if not read.actor.within("point_of_sale", hold.point_of_sale_id):
        return Refused(NoSale.NOT_YOURS, fix=hold.point_of_sale_id)
    if hold.state is not HoldState.ACTIVE or hold.is_due(read.now):
        return Refused(NoSale.HOLD_OVER, fix=hold.id, detail={"state": hold.state, "until": hold.until})
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewHold:
    """The whole of the channel's time again from now, as far as the hold's latest moment allows."""

    hold_id: Annotated[Id, Ref("hold")]


@handles(
    RenewHold,
    needs=OrdersPrivilege.ORDER_CREATE,
    refuses=(NoSale,),
    at=lambda read, want: hold_context(read, want.hold_id),
    gives=Held,
    side_by_side=True,
)
def renew_hold(tx: Tx, want: RenewHold) -> Outcome[Held]:
    hold = tx.get_locked(Hold, want.hold_id)
    refused = _over(tx, hold)
    if refused or hold is None:
        return refused or Refused(NoSale.NO_SUCH_HOLD, fix="hold_id")
    point = tx.get(PointOfSale, hold.point_of_sale_id)
    channel = tx.get(Channel, point.channel_id) if point else None
    assert channel, "foreign keys say so"
    until = max(hold.until, min(hold.latest, tx.now + timedelta(minutes=channel.hold_minutes)))
    return Ok(_told(tx, prolong(tx, hold, until)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold:
    """Gives these places of a hold back; none named: all of them, and the hold is over."""

    hold_id: Annotated[Id, Ref("hold")]
    allocations: Annotated[tuple[Annotated[Id, Ref("allocation"), Reach.WITHIN], ...], Between(most=999)] = ()


@handles(
    ReleaseHold,
    needs=OrdersPrivilege.ORDER_CREATE,
    refuses=(NoSale,),
    at=lambda read, want: hold_context(read, want.hold_id),
    gives=Held,
    side_by_side=True,
)
def release_hold(tx: Tx, want: ReleaseHold) -> Outcome[Held]:
    hold = tx.get_locked(Hold, want.hold_id)
    refused = _over(tx, hold)
    if refused or hold is None:
        return refused or Refused(NoSale.NO_SUCH_HOLD, fix="hold_id")
    has = held_by(tx, hold.id)
    strangers = set(want.allocations) - set(has)
    if strangers:
        return Refused(NoSale.NO_SUCH_PLACE, fix="allocations", detail={"place": min(strangers)})
    gone = list(dict.fromkeys(want.allocations)) or list(has)
    release(tx, gone)
    if len(gone) == len(has):
        hold = end_hold(tx, hold, HoldDo.RELEASE)
    return Ok(_told(tx, hold))


def held_by(read: Read, hold_id: str) -> dict[Id, Located]:
    found = located_of(read, hold_id)
    return {each.allocation.id: each for each in found if each.allocation.state is AllocationState.HELD}


def hold_to_sell(tx: Tx, hold_id: Id, performance_id: Id, point_of_sale_id: Id) -> Hold | Refused:
    """A hold that this point of sale may sell now, or why not. One of another is, here, none."""
    hold = tx.get_locked(Hold, hold_id)
    if hold is None or (hold.performance_id, hold.point_of_sale_id) != (performance_id, point_of_sale_id):
        return Refused(NoSale.NO_SUCH_HOLD, fix="hold_id")
    return _over(tx, hold) or hold


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOf:
    """One hold with its places."""

    hold_id: Annotated[Id, Ref("hold")]


@answers(
    HoldOf,
    needs=OrdersPrivilege.ORDER_CREATE,
    refuses=(NoSale,),
    at=lambda read, want: hold_context(read, want.hold_id),
    gives=Held,
)
def hold_of(read: Read, want: HoldOf) -> Outcome[Held]:
    hold = read.get(Hold, want.hold_id)
    return Ok(_told(read, hold)) if hold else Refused(NoSale.NO_SUCH_HOLD, fix="hold_id")
