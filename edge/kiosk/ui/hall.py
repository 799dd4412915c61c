"""How the plan shows each seat, and how full a performance looks, as the core sees it (`selection.available`)."""

from enum import StrEnum, auto

from edge.kiosk import selection
from edge.kiosk.model import Kiosk, Link, ListedPerformance

FEW = 0.1  # below this share of free seats the words are "last seats"


class SeatLook(StrEnum):
    FREE = auto()
    TAKEN = auto()
    CHOSEN = auto()


class Fullness(StrEnum):
    GOOD = "availability.good"
    FEW = "availability.few"
    NONE = "availability.none"
    CANCELLED = "availability.cancelled"
    CLOSED = "availability.closed"


def listed_of(kiosk: Kiosk) -> ListedPerformance | None:
    """The performance of the cart."""
    return selection.listed_of(kiosk, kiosk.cart.performance_id) if kiosk.cart else None


def looks(kiosk: Kiosk, listed: ListedPerformance) -> tuple[SeatLook, ...]:
    """One look per seat, in plan order."""
    chosen = {place.seat_id for place in kiosk.cart.places} if kiosk.cart else set()
    free = selection.available(kiosk, listed)
    return tuple(
        SeatLook.CHOSEN if seat.id in chosen else SeatLook.FREE if seat.id in free else SeatLook.TAKEN
        for seat in listed.plan.seats
    )


def fullness(kiosk: Kiosk, listed: ListedPerformance) -> Fullness:
    if listed.performance.cancelled:
        return Fullness.CANCELLED
    if not selection.on_sale(listed, kiosk.now):
        return Fullness.CLOSED
    free = len(selection.available(kiosk, listed))
    if not free:
        return Fullness.NONE
    # Without a line nobody knows how many there are elsewhere; what this kiosk holds is no sign of a full house.
    few = kiosk.link is Link.ONLINE and free < FEW * len(listed.plan.seats)
    return Fullness.FEW if few else Fullness.GOOD
