"""Choosing places: what may be sold now, which places are proposed, which of them this kiosk holds, what it keeps in
stock. Pure; `core` calls it.

A kiosk sells only slots of its own leases. Standing stock lets it sell at once and without a line; for any other seat
of the hall it asks central for a lease of just those seats (docs/spec/edge.md, Leases).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from edge.kiosk.model import AskLease, Cart, CartPlace, HeldLease, Kiosk, Link, ListedPerformance
from shared.ids import Id
from shared.outcome import Ok, Outcome
from shared.rules.pricing import price, prices_of, tariffs_for, total
from shared.rules.seating import Hall, Vacancy, Want, best
from shared.rules.selling import Selling, selling
from shared.wire.feeds import PlanRow
from shared.wire.leases import SlotState

LOW_WATER = 4  # free places per performance and category below which stock is asked for
STOCK = 8  # and how many it is topped up to
STOCK_CAP = 60  # free places over all performances; central has a cap of its own

Key = tuple[Id, int]  # a lease and a slot of it


def listed_of(kiosk: Kiosk, performance_id: Id | None) -> ListedPerformance | None:
    return next((listed for listed in kiosk.programme if listed.performance_id == performance_id), None)


def on_sale(listed: ListedPerformance, now: datetime | None) -> bool:
    """Whether this performance may be sold at all: a kiosk that does not know the time sells nothing."""
    performance = listed.performance
    return (
        now is not None
        and selling(
            performance.on_sale and not performance.cancelled, listed.catalogue.sell_until, performance.closes, now
        )
        is Selling.OPEN
    )


def free_slots(kiosk: Kiosk, performance_id: Id, stock_only: bool = False) -> dict[str, Key]:
    """Seat → slot for what this kiosk may put into a cart at once."""
    return {
        lease.lease.places[slot].seat_id: (lease.lease.id, slot)
        for lease, slot in _slots(kiosk.leases, SlotState.FREE)
        if lease.lease.performance_id == performance_id
        and lease.selling
        and kiosk.now is not None
        and kiosk.now < lease.lease.sell_until
        and not (stock_only and lease.visitor)
    }


def available(kiosk: Kiosk, listed: ListedPerformance) -> set[Id]:
    """Seats that a visitor may choose now: own free ones, those in the cart, and, online, those that look free."""
    own = free_slots(kiosk, listed.performance_id)
    mine = {place.seat_id for place in kiosk.cart.places} if kiosk.cart else set()
    priced = {category.id for category in listed.catalogue.categories if tariffs_for(listed.catalogue, category.id)}
    online = kiosk.link is Link.ONLINE
    return {
        seat.id
        for index, seat in enumerate(listed.plan.seats)
        if seat.category_id in priced and (seat.id in own or seat.id in mine or (online and not _taken(listed, index)))
    }


def proposal(kiosk: Kiosk, listed: ListedPerformance, category_id: Id | None, quantity: int) -> tuple[Id, ...]:
    """The best places for the wish: out of own stock if that suffices, else (or if its places lie apart), online, out
    of the whole hall; () if there are not enough."""
    open_seats = available(replace(kiosk, cart=None), listed)
    own = free_slots(kiosk, listed.performance_id)
    wish = Want(quantity, category_id or "")
    found = _best(listed, [seat for seat in open_seats if seat in own], wish)
    if kiosk.link is Link.ONLINE and not (found and _together(listed, found)):
        anywhere = _best(listed, open_seats, wish)
        found = anywhere if not found or (anywhere and _together(listed, anywhere)) else found
    return tuple(listed.plan.seats[index].id for index in found or ())


@lru_cache(maxsize=16)
def _hall(plan: PlanRow) -> Hall:
    return Hall.of(plan.seats)


def _best(listed: ListedPerformance, seat_ids: Collection[Id], wish: Want) -> tuple[int, ...] | None:
    """Who asks for a category of wheelchair places asks for one of them, and for company beside it if there is any."""
    among = frozenset(seat_ids)
    free = Vacancy.of(_hall(listed.plan), (i for i, seat in enumerate(listed.plan.seats) if seat.id in among))
    found = best(free, wish)
    if found is None and wish.category_id in _accessible(listed):
        found = best(free, replace(wish, wheelchairs=1)) or best(free, replace(wish, wheelchairs=wish.quantity))
    return found


def _accessible(listed: ListedPerformance) -> set[str]:
    """Categories that are for wheelchairs and their company alone."""
    ordinary = {seat.category_id for seat in listed.plan.seats if not (seat.wheelchair or seat.companion)}
    return {str(seat.category_id) for seat in listed.plan.seats} - ordinary


def _together(listed: ListedPerformance, seats: tuple[int, ...]) -> bool:
    """Nobody has to stand up in between."""
    return _hall(listed.plan).next_to_each_other(seats)


def with_places(kiosk: Kiosk, seat_ids: Iterable[Id]) -> Kiosk:
    """The cart with exactly these seats, keeping the tariff and the slot of those that were in it; slots that left it
    are free again and those that can be held are."""
    cart = kiosk.cart
    listed = listed_of(kiosk, cart.performance_id) if cart else None
    if cart is None or listed is None:
        return kiosk
    before = {place.seat_id: place for place in cart.places}
    seats = {seat.id: seat for seat in listed.plan.seats}
    places = tuple(
        before.get(seat_id) or CartPlace(seat_id, seats[seat_id].category_id)
        for seat_id in seat_ids
        if seat_id in seats
    )
    kept = {place.seat_id for place in places}
    left = frozenset(key for key in held_keys(cart) if not _in(cart, key, kept))
    return claimed(replace(kiosk, cart=replace(cart, places=places), leases=marked(kiosk.leases, left, SlotState.FREE)))


def claimed(kiosk: Kiosk) -> Kiosk:
    """Every place of the cart that has no slot yet takes its own free one, if this kiosk has it."""
    cart = kiosk.cart
    if cart is None:
        return kiosk
    own = free_slots(kiosk, cart.performance_id)
    taken: set[Key] = set()
    places = []
    for place in cart.places:
        key = own.get(place.seat_id) if place.lease_id is None else None
        if key is not None:
            taken.add(key)
            place = replace(place, lease_id=key[0], slot=key[1])
        places.append(place)
    if not taken:
        return kiosk
    return replace(
        kiosk, cart=replace(cart, places=tuple(places)), leases=marked(kiosk.leases, frozenset(taken), SlotState.HELD)
    )


def reconciled(kiosk: Kiosk, leases: tuple[HeldLease, ...]) -> Kiosk:
    """The leases as the disk has them. A place whose slot was lost is no longer held; one that the disk calls free is
    held again (the caller tells the disk so)."""
    cart = kiosk.cart
    if cart is None:
        return replace(kiosk, leases=leases)
    states = {(held.lease.id, slot): state for held in leases for slot, state in enumerate(held.slots)}
    places = tuple(
        place
        if states.get(key_of(place)) in (SlotState.FREE, SlotState.HELD)
        else replace(place, lease_id=None, slot=None)
        for place in cart.places
    )
    cart = replace(cart, places=places)
    return replace(kiosk, cart=cart, leases=marked(leases, frozenset(held_keys(cart)), SlotState.HELD))


def freed(kiosk: Kiosk) -> Kiosk:
    """No cart; its slots are free again."""
    if kiosk.cart is None:
        return kiosk
    keys = frozenset(held_keys(kiosk.cart))
    return replace(kiosk, cart=None, leases=marked(kiosk.leases, keys, SlotState.FREE, only=SlotState.HELD))


def leftovers(kiosk: Kiosk) -> tuple[Key, ...]:
    """Free slots that were leased for a visitor who is gone: central gets them back. A lease that does not sell any
    more is sealed as a whole instead."""
    return tuple(
        (lease.lease.id, slot)
        for lease, slot in _slots(kiosk.leases, SlotState.FREE)
        if lease.visitor and lease.selling
    )


def wanted_leases(kiosk: Kiosk) -> list[AskLease]:
    """The stock to ask central for: per performance and category, whenever fewer than LOW_WATER free places are left,
    soonest performance first, never more than STOCK_CAP in all. Nothing while offline. No wheelchair places: there are
    few, and they must not lie in a drawer."""
    if kiosk.link is not Link.ONLINE:
        return []
    programme = sorted((listed for listed in kiosk.programme if on_sale(listed, kiosk.now)), key=_soonest)
    stock = {listed.performance_id: free_slots(kiosk, listed.performance_id, stock_only=True) for listed in programme}
    room = STOCK_CAP - sum(map(len, stock.values()))
    asks = []
    for listed in programme:
        seats = listed.plan.seats
        category_of = {seat.id: seat.category_id for seat in seats}
        mine = [category_of.get(Id(seat_id)) for seat_id in stock[listed.performance_id]]
        to_be_had = {seat.category_id for index, seat in enumerate(seats) if not _taken(listed, index)}
        for category in sorted(listed.catalogue.categories, key=lambda category: category.rank):
            free = mine.count(category.id)
            quantity = min(STOCK - free, room)
            sold = category.id in to_be_had - _accessible(listed) and tariffs_for(listed.catalogue, category.id)
            if sold and free < LOW_WATER and quantity > 0:
                asks.append(AskLease(listed.performance_id, category_id=category.id, quantity=quantity))
                room -= quantity
    return asks


# the cart


def key_of(place: CartPlace) -> Key:
    """The slot of a held place; a key that no lease has, for one that is not held."""
    return (place.lease_id or Id(""), -1 if place.slot is None else place.slot)


def held_keys(cart: Cart | None) -> tuple[Key, ...]:
    return tuple(key_of(place) for place in cart.places if place.lease_id is not None) if cart else ()


def unheld(cart: Cart) -> tuple[Id, ...]:
    return tuple(place.seat_id for place in cart.places if place.lease_id is None)


def sellable_until(kiosk: Kiosk, cart: Cart) -> datetime | None:
    """When the first lease in the cart stops selling; None if a place is not held."""
    until = {held.lease.id: held.lease.sell_until for held in kiosk.leases}
    ends = [until.get(place.lease_id) if place.lease_id else None for place in cart.places]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def with_tariffs(cart: Cart, listed: ListedPerformance) -> Cart:
    """Every place without a tariff that is sold in its category gets the full one."""
    return replace(cart, places=tuple(_with_tariff(place, listed) for place in cart.places))


def total_of(cart: Cart, listed: ListedPerformance) -> Outcome[int]:
    return total(prices_of(listed.catalogue), ((place.category_id, place.tariff_id or Id("")) for place in cart.places))


def _with_tariff(place: CartPlace, listed: ListedPerformance) -> CartPlace:
    if place.tariff_id and isinstance(price(prices_of(listed.catalogue), place.category_id, place.tariff_id), Ok):
        return place
    sold = tariffs_for(listed.catalogue, place.category_id)
    return replace(place, tariff_id=sold[0].id if sold else None)


# slots


def marked(
    leases: tuple[HeldLease, ...], keys: frozenset[Key], state: SlotState, only: SlotState | None = None
) -> tuple[HeldLease, ...]:
    """The leases with these slots in this state; with `only`, just those that are in that state now."""
    touched = {lease_id for lease_id, _ in keys}
    return tuple(
        replace(
            held,
            slots=tuple(
                state if (held.lease.id, slot) in keys and only in (None, was) else was
                for slot, was in enumerate(held.slots)
            ),
        )
        if held.lease.id in touched
        else held
        for held in leases
    )


def _slots(leases: tuple[HeldLease, ...], state: SlotState) -> Iterator[tuple[HeldLease, int]]:
    return ((held, slot) for held in leases for slot, now in enumerate(held.slots) if now is state)


def _in(cart: Cart, key: Key, seat_ids: set[Id]) -> bool:
    return any(place.seat_id in seat_ids for place in cart.places if key_of(place) == key)


def _taken(listed: ListedPerformance, index: int) -> bool:
    return index < len(listed.taken) and listed.taken[index]


def _soonest(listed: ListedPerformance) -> datetime:
    return listed.performance.starts
