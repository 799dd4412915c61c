"""How a visit ends or gives up places, wherever it stands: what the rest of the core shares. Pure."""

from dataclasses import replace

from edge.kiosk import selection
from edge.kiosk.model import UNSETTLED, Effect, GiveBack, HoldSlots, Kiosk, Screen
from edge.kiosk.troubles import Notice
from shared.wire.leases import SlotState

Answer = tuple[Kiosk, list[Effect]]
BEFORE_MONEY = frozenset({Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY})  # there is a cart, and it may change


def home(kiosk: Kiosk) -> Answer:
    """Back to the idle picture (or out of order): the cart's slots are free, what was leased for this visitor goes back
    to central. Slots that an open payment is about stay held until it is settled."""
    open_payment = kiosk.pay_state in UNSETTLED and kiosk.sale is None
    effects: list[Effect] = []
    if kiosk.cart is not None and not open_payment:
        effects = hold_effects(kiosk, selection.freed(kiosk))
        kiosk = selection.freed(kiosk)
    fresh = Kiosk(
        device_id=kiosk.device_id,
        label=kiosk.label,
        screen=Screen.OUT_OF_ORDER if kiosk.blockers else Screen.IDLE,
        language=kiosk.home_language,
        home_language=kiosk.home_language,
        link=kiosk.link,
        programme=kiosk.programme,
        leases=kiosk.leases,
        blockers=kiosk.blockers,
        now=kiosk.now,
    )
    fresh, given = given_back(fresh)
    return fresh, effects + given


def cart_dropped(kiosk: Kiosk, notice: str) -> Answer:
    after = selection.freed(kiosk)
    return replace(after, screen=Screen.PERFORMANCES, busy="", notice=notice), hold_effects(kiosk, after)


def without(kiosk: Kiosk, gone: tuple[str, ...]) -> Answer:
    if kiosk.cart is None:
        return kiosk, []
    after = selection.with_places(kiosk, [p.seat_id for p in kiosk.cart.places if p.seat_id not in gone])
    if after.screen is not Screen.SEATS:
        after = replace(after, screen=Screen.SEATS, notice=Notice.PLACES_LOST)
    return after, hold_effects(kiosk, after)


def given_back(kiosk: Kiosk) -> Answer:
    slots = selection.leftovers(kiosk)
    if not slots:
        return kiosk, []
    returned = replace(kiosk, leases=selection.marked(kiosk.leases, frozenset(slots), SlotState.RETURNED))
    return returned, [GiveBack(slots)]


def hold_effects(before: Kiosk, after: Kiosk) -> list[Effect]:
    changed = selection.held_keys(before.cart) != selection.held_keys(after.cart)
    return [HoldSlots(selection.held_keys(after.cart))] if changed else []
