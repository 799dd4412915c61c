"""From the performance to the button that pays: what the visitor chooses, and what the wires do to the choice. Pure."""

from dataclasses import replace

from edge.kiosk import selection
from edge.kiosk.model import (
    AskLease,
    BestAsked,
    Cart,
    CategoryChosen,
    Event,
    HoldSlots,
    Kiosk,
    LeaseRefused,
    LeasesChanged,
    Link,
    ListedPerformance,
    Next,
    PayState,
    QuantityChosen,
    Screen,
    SeatToggled,
    StartPayment,
    StoreSale,
)
from edge.kiosk.troubles import Busy, MoneyText, Notice
from edge.kiosk.visit import BEFORE_MONEY, Answer, cart_dropped, given_back, hold_effects, without
from shared.ids import Id
from shared.outcome import Refused
from shared.rules.pricing import price, prices_of
from shared.wire.leases import SlotState

QUANTITY = 2  # proposed at first: most visitors come in twos


def performance_chosen(kiosk: Kiosk, performance_id: str) -> Answer:
    listed = next((listed for listed in kiosk.programme if listed.performance_id == performance_id), None)
    if listed is None or not selection.on_sale(listed, kiosk.now):
        return replace(kiosk, notice=Notice.CLOSED), []
    quantity = max(1, min(QUANTITY, listed.catalogue.max_places))
    cart = Cart(listed.performance_id, quantity=quantity)
    return _proposed(replace(kiosk, screen=Screen.SEATS, cart=cart), listed)


def on_seats(kiosk: Kiosk, event: Event) -> Answer:
    cart = kiosk.cart
    listed = selection.listed_of(kiosk, cart.performance_id if cart else None)
    if cart is None or listed is None:
        return cart_dropped(kiosk, Notice.CLOSED)
    match event:
        case CategoryChosen(category_id):
            if category_id is None or any(category.id == category_id for category in listed.catalogue.categories):
                return _proposed(replace(kiosk, cart=replace(cart, category_id=category_id)), listed)
        case QuantityChosen(quantity):
            if 1 <= quantity <= listed.catalogue.max_places:
                return _proposed(replace(kiosk, cart=replace(cart, quantity=quantity)), listed)
        case BestAsked():
            return _proposed(kiosk, listed)
        case SeatToggled(seat_id):
            return _toggled(kiosk, cart, listed, seat_id)
        case Next():
            return _seats_chosen(kiosk, cart, listed)
    return kiosk, []


def _proposed(kiosk: Kiosk, listed: ListedPerformance) -> Answer:
    cart = kiosk.cart
    if cart is None:
        return kiosk, []
    emptied = selection.with_places(kiosk, ())  # its own places count as free while better ones are sought
    found = selection.proposal(emptied, listed, cart.category_id, cart.quantity)
    after = selection.with_places(emptied, found)
    return replace(after, notice="" if found else Notice.NOT_ENOUGH), hold_effects(kiosk, after)


def _toggled(kiosk: Kiosk, cart: Cart, listed: ListedPerformance, seat_id: str) -> Answer:
    chosen = [place.seat_id for place in cart.places]
    if seat_id in chosen:
        chosen = [mine for mine in chosen if mine != seat_id]
    elif len(chosen) >= listed.catalogue.max_places:
        return replace(kiosk, notice=Notice.TOO_MANY), []
    else:
        seat = next((seat for seat in listed.plan.seats if seat.id == seat_id), None)
        if seat is None:
            return kiosk, []
        if seat.id not in selection.available(kiosk, listed):
            return replace(kiosk, notice=Notice.SEAT_TAKEN if kiosk.link is Link.ONLINE else Notice.OFFLINE), []
        chosen.append(seat.id)
    after = selection.with_places(kiosk, chosen)
    if after.cart and chosen:
        after = replace(after, cart=replace(after.cart, quantity=len(chosen)))
    return after, hold_effects(kiosk, after)


def _seats_chosen(kiosk: Kiosk, cart: Cart, listed: ListedPerformance) -> Answer:
    """On to the tariffs if every place is held; else central is asked for the rest."""
    if not cart.places:
        return replace(kiosk, notice=Notice.CHOOSE_SEATS), []
    after = selection.claimed(kiosk)
    effects = hold_effects(kiosk, after)
    missing = selection.unheld(after.cart) if after.cart else ()
    if not missing:
        return _to_tariffs(after, listed), effects
    if kiosk.link is Link.OFFLINE:
        after, more = without(after, missing)
        return replace(after, notice=Notice.OFFLINE), effects + more
    return replace(after, busy=Busy.LEASE), [*effects, AskLease(listed.performance_id, seats=missing)]


def _to_tariffs(kiosk: Kiosk, listed: ListedPerformance) -> Kiosk:
    if kiosk.cart is None:
        return kiosk
    return replace(kiosk, screen=Screen.TARIFFS, busy="", cart=selection.with_tariffs(kiosk.cart, listed))


def tariff_chosen(kiosk: Kiosk, index: int, tariff_id: str) -> Kiosk:
    cart = kiosk.cart
    listed = selection.listed_of(kiosk, cart.performance_id if cart else None)
    if cart is None or listed is None or not 0 <= index < len(cart.places):
        return kiosk
    chosen = Id(tariff_id)
    if isinstance(price(prices_of(listed.catalogue), cart.places[index].category_id, chosen), Refused):
        return kiosk
    places = list(cart.places)
    places[index] = replace(places[index], tariff_id=chosen)
    return replace(kiosk, cart=replace(cart, places=tuple(places)))


def pay(kiosk: Kiosk) -> Answer:
    """Everything that could keep the tickets back is looked at once more before money is asked for."""
    cart = kiosk.cart
    listed = selection.listed_of(kiosk, cart.performance_id if cart else None)
    if kiosk.blockers:
        first = replace(kiosk.blockers[0], money=MoneyText.NONE)
        return replace(kiosk, screen=Screen.PROBLEM, trouble=first), []
    if cart is None or not cart.places or listed is None or not selection.on_sale(listed, kiosk.now):
        return cart_dropped(kiosk, Notice.CLOSED)
    until = selection.sellable_until(kiosk, cart)
    if until is None or kiosk.now is None or kiosk.now >= until:
        return replace(kiosk, screen=Screen.SEATS, notice=Notice.PLACES_LOST), []
    amount = selection.total_of(cart, listed)
    if isinstance(amount, Refused):
        return replace(_to_tariffs(kiosk, listed), notice=Notice.CLOSED), []
    if amount.value == 0:
        return replace(kiosk, screen=Screen.PRINTING), [StoreSale(cart, None)]
    paying = replace(kiosk, screen=Screen.PAYING, pay_state=PayState.CREATED, payment_id=None)
    return paying, [StartPayment(amount.value, listed.catalogue.currency)]


def programme_changed(kiosk: Kiosk, programme: tuple[ListedPerformance, ...]) -> Answer:
    kiosk = replace(kiosk, programme=programme)
    if kiosk.screen not in BEFORE_MONEY or kiosk.cart is None:
        return kiosk, []
    listed = selection.listed_of(kiosk, kiosk.cart.performance_id)
    if listed is None or listed.performance.cancelled or not listed.performance.on_sale:
        return cart_dropped(kiosk, Notice.CLOSED)
    known = {seat.id for seat in listed.plan.seats}
    gone = tuple(place.seat_id for place in kiosk.cart.places if place.seat_id not in known)
    return without(kiosk, gone) if gone else (kiosk, [])


def leases_changed(kiosk: Kiosk, event: LeasesChanged) -> Answer:
    if kiosk.screen not in BEFORE_MONEY or kiosk.cart is None:
        kiosk = replace(kiosk, leases=event.leases)  # while paying and printing the cart is not ours to change
        return given_back(kiosk) if kiosk.cart is None else (kiosk, [])
    disk = replace(kiosk, leases=event.leases, cart=None)
    after = selection.reconciled(kiosk, event.leases)
    if kiosk.busy == Busy.LEASE:
        after = selection.claimed(after)
    listed = selection.listed_of(after, kiosk.cart.performance_id)
    lost = after.cart is not None and bool(selection.unheld(after.cart))
    if kiosk.busy == Busy.LEASE and not lost and listed is not None:
        after = _to_tariffs(after, listed)
    elif kiosk.screen is not Screen.SEATS and lost:
        after = replace(after, screen=Screen.SEATS, notice=Notice.PLACES_LOST)
    agreed = _held(disk) == _held(after)
    return after, [] if agreed else [HoldSlots(selection.held_keys(after.cart))]


def lease_refused(kiosk: Kiosk, event: LeaseRefused) -> Answer:
    """The seats asked for leave the cart; what is held stays, and the visitor chooses again."""
    if kiosk.busy != Busy.LEASE or kiosk.cart is None:
        return kiosk, []
    asked = selection.unheld(kiosk.cart)
    refused = tuple(seat_id for seat_id in asked if seat_id in event.seats) if event.seats else asked
    if not refused:
        return kiosk, []  # about a question of an earlier visitor
    after, effects = without(replace(kiosk, busy="", notice=event.notice), asked)
    return after, effects


def _held(kiosk: Kiosk) -> frozenset[selection.Key]:
    return frozenset(
        (held.lease.id, slot)
        for held in kiosk.leases
        for slot, state in enumerate(held.slots)
        if state is SlotState.HELD
    )
