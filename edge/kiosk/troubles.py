"""Everything that can go wrong at a kiosk, as people see it: one code, and keys of the texts (docs/devices/kiosk.md).

For a code `K-02` the window has texts `k02.what` and `k02.step` in five languages; what became of the money is one of
the few `money.*` texts, so that no trouble ever leaves it open. K-0x stop the kiosk, K-2x end one visit.
"""

from collections.abc import Mapping
from enum import StrEnum

from edge.kiosk.model import KioskTrouble
from shared.ids import Id
from shared.texts import trouble_key


class TroubleCode(StrEnum):
    """In order of importance: the out-of-order screen shows the first that applies."""

    STARTING = "K-01"
    NOT_ENROLLED = "K-02"
    DISK = "K-03"
    CLOCK = "K-04"
    PAYMENT_OPEN = "K-05"
    PRINTER_GONE = "K-06"
    PAPER_OUT = "K-07"
    COVER_OPEN = "K-08"
    CUTTER = "K-09"
    TERMINAL_GONE = "K-10"
    NO_PROGRAMME = "K-11"

    PAYMENT_UNKNOWN = "K-20"
    PRINT_FAILED = "K-21"
    PAYING_BACK = "K-22"
    PAID_BACK = "K-23"
    CLAIM = "K-24"
    SALE_FAILED = "K-25"


class MoneyText(StrEnum):
    NONE = "money.none"  # nothing was charged
    UNKNOWN = "money.unknown"  # may have been charged once; the slip settles it; never pay again for it here
    PAID = "money.paid"  # charged once, the sale and its tickets are valid
    RETURNING = "money.returning"  # charged, on its way back
    RETURNED = "money.returned"  # on its way back to the card, or never taken
    CLAIM = "money.claim"  # charged, a person gives it back or hands out the tickets: keep the slip


class Notice(StrEnum):
    """Why a choice did not hold; one line on the screen where the visitor is now."""

    CHOOSE_SEATS = "notice.choose_seats"
    TOO_MANY = "notice.too_many"
    SEAT_TAKEN = "notice.seat_taken"
    NOT_ENOUGH = "notice.not_enough"
    OFFLINE = "notice.offline"  # only the kiosk's own stock can be sold now
    NO_ANSWER = "notice.no_answer"
    CLOSED = "notice.closed"  # this performance is not sold any more
    PLACES_LOST = "notice.places_lost"
    DECLINED = "notice.declined"
    CANCELLED = "notice.cancelled"
    TERMINAL = "notice.terminal"  # the card terminal did not start the payment; nothing was charged


class Busy(StrEnum):
    LEASE = "busy.lease"  # central is asked for the chosen seats
    CANCELLING = "busy.cancelling"
    CHECKING = "busy.checking"  # the payment's answer was lost; the terminal is asked what became of it


MONEY: Mapping[TroubleCode, MoneyText] = {
    TroubleCode.PAYMENT_UNKNOWN: MoneyText.UNKNOWN,
    TroubleCode.PRINT_FAILED: MoneyText.PAID,
    TroubleCode.PAYING_BACK: MoneyText.RETURNING,
    TroubleCode.PAID_BACK: MoneyText.RETURNED,
    TroubleCode.CLAIM: MoneyText.CLAIM,
    TroubleCode.SALE_FAILED: MoneyText.NONE,
}
RANK: Mapping[str, int] = {code: rank for rank, code in enumerate(TroubleCode)}


def trouble(code: TroubleCode, **detail: str) -> KioskTrouble:
    """A blocker or a visit's end; a blocker says nothing about money unless somebody was about to pay."""
    key = trouble_key(code)
    return KioskTrouble(code, f"{key}.what", f"{key}.step", MONEY.get(code, ""), detail)


def reference_of(payment_id: Id) -> str:
    """What a visitor reads out and a person looks up: the end of the payment's id (its chance part)."""
    return payment_id[-8:]
