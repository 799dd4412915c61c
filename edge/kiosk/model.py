"""What the kiosk knows and what can happen to it: states, events, effects. No I/O; the window draws `Kiosk` values.

The kiosk sells only out of leases that central gave it (docs/spec/edge.md): choosing a seat that it does not hold means
asking central for a lease of just that seat, so that there is one way to sell, with or without a line.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto

from shared.ids import Id
from shared.languages import FIRST_LANGUAGE
from shared.wire.facts import Sale
from shared.wire.feeds import CatalogueRow, PerformanceRow, PlanRow
from shared.wire.leases import Lease, SlotState


class Screen(StrEnum):
    IDLE = auto()
    PERFORMANCES = auto()
    SEATS = auto()
    TARIFFS = auto()
    SUMMARY = auto()
    PAYING = auto()
    PRINTING = auto()
    DONE = auto()
    PROBLEM = auto()  # this visit went wrong: what happened, what to do, what became of the money
    OUT_OF_ORDER = auto()  # the kiosk cannot sell: why, with a code


class Link(StrEnum):
    ONLINE = auto()
    OFFLINE = auto()


@dataclass(frozen=True, slots=True)
class ListedPerformance:
    """One performance as the feeds tell it. `taken` has one flag per seat of `plan`, in plan order, from central's
    picture of the hall; it may be old and is never a right to sell."""

    performance_id: Id
    performance: PerformanceRow
    catalogue: CatalogueRow
    plan: PlanRow
    taken: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease with this device's own slot states, in slot order. `visitor`: asked for one visitor's choice, so that
    what is still free of it goes back when that visitor leaves; the rest is standing stock."""

    lease: Lease
    slots: tuple[SlotState, ...]
    selling: bool = True
    visitor: bool = False


@dataclass(frozen=True, slots=True)
class CartPlace:
    """A place in the cart. `lease_id` and `slot` are set once the device holds it."""

    seat_id: Id
    category_id: Id
    tariff_id: Id | None = None
    lease_id: Id | None = None
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    performance_id: Id
    places: tuple[CartPlace, ...] = ()
    category_id: Id | None = None  # the visitor's wish; None: any
    quantity: int = 2


class PayState(StrEnum):
    """Life of a card payment (docs/spec/edge.md, Paper and money)."""

    CREATED = auto()
    SENT = auto()
    APPROVED = auto()
    DECLINED = auto()
    UNKNOWN = auto()
    CAPTURED = auto()
    VOIDED = auto()
    REVIEW = auto()  # cannot be resolved here: a person decides, the visitor holds a claim slip


UNSETTLED = (PayState.CREATED, PayState.SENT, PayState.UNKNOWN, PayState.APPROVED)
"""Money may be at stake: the places it is for must stay."""


class PrintStage(StrEnum):
    """Life of a print job."""

    QUEUED = auto()
    SENDING = auto()
    SENT = auto()
    CONFIRMED = auto()
    UNCERTAIN = auto()  # a person must say whether it came out
    FAILED = auto()  # certainly did not come out


@dataclass(frozen=True, slots=True)
class KioskTrouble:
    """An error as people see it: a code, and keys of the texts for the sentence, the next step and the money."""

    code: str
    what: str
    step: str
    money: str = ""
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kiosk:
    """The whole state. `deadline` is when the present screen gives up (aware UTC); `warned` while the visitor is asked
    "still there?". `busy` is a text key while central is asked; `notice` one that says why a choice did not hold."""

    device_id: Id
    label: str
    screen: Screen = Screen.IDLE
    language: str = FIRST_LANGUAGE
    large: bool = False
    contrast: bool = False
    link: Link = Link.OFFLINE
    programme: tuple[ListedPerformance, ...] = ()
    leases: tuple[HeldLease, ...] = ()
    cart: Cart | None = None
    sale: Sale | None = None
    pay_state: PayState | None = None
    payment_id: Id | None = None  # of the payment that `pay_state` is about
    print_state: PrintStage | None = None
    printed: int = 0
    reprints: int = 0
    trouble: KioskTrouble | None = None
    blockers: tuple[KioskTrouble, ...] = ()  # why it is out of order, most important first
    busy: str = ""
    notice: str = ""
    warned: bool = False
    deadline: datetime | None = None
    now: datetime | None = None
    home_language: str = FIRST_LANGUAGE  # what the idle picture speaks


# --- events: what the visitor does -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """Anywhere on the idle picture, or "I am still here"."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class AccessToggled:
    """`what` is `large` or `contrast`."""

    what: str


@dataclass(frozen=True, slots=True)
class PerformanceChosen:
    performance_id: Id


@dataclass(frozen=True, slots=True)
class CategoryChosen:
    """None: the best places whatever they cost."""

    category_id: Id | None


@dataclass(frozen=True, slots=True)
class QuantityChosen:
    quantity: int


@dataclass(frozen=True, slots=True)
class SeatToggled:
    """A seat touched on the plan: taken into the choice, or put back."""

    seat_id: Id


@dataclass(frozen=True, slots=True)
class BestAsked:
    """Propose the best places again."""


@dataclass(frozen=True, slots=True)
class TariffChosen:
    """The tariff for the place at `index` of the cart."""

    index: int
    tariff_id: Id


@dataclass(frozen=True, slots=True)
class Next:
    """The screen's one main button: continue, pay, done."""


@dataclass(frozen=True, slots=True)
class Back:
    pass


@dataclass(frozen=True, slots=True)
class StartOver:
    pass


@dataclass(frozen=True, slots=True)
class PrintAnswered:
    """The visitor's word on an uncertain print job: did the tickets come out?"""

    came_out: bool


# --- events: what the wires say -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticked:
    now: datetime


@dataclass(frozen=True, slots=True)
class LinkChanged:
    link: Link


@dataclass(frozen=True, slots=True)
class ProgrammeChanged:
    programme: tuple[ListedPerformance, ...]


@dataclass(frozen=True, slots=True)
class LeasesChanged:
    """Leases as they stand on this device's disk."""

    leases: tuple[HeldLease, ...]


@dataclass(frozen=True, slots=True)
class LeaseRefused:
    """Central would not, or could not, give the seats asked for."""

    notice: str
    seats: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """Device checks: everything that keeps the kiosk from selling now; empty when all is well."""

    troubles: tuple[KioskTrouble, ...]


@dataclass(frozen=True, slots=True)
class PaymentChanged:
    """CREATED names the payment that a StartPayment began. `code` is the terminal driver's (T-…), or empty."""

    payment_id: Id
    state: PayState
    reference: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class SaleStored:
    """The sale is on disk, tickets signed: from here on it cannot be lost."""

    sale: Sale


@dataclass(frozen=True, slots=True)
class SaleFailed:
    """The sale could not be written: no ticket exists, and money that was taken must go back."""


@dataclass(frozen=True, slots=True)
class PrintChanged:
    state: PrintStage
    printed: int = 0
    code: str = ""


Event = (
    Touched | LanguageChosen | AccessToggled | PerformanceChosen | CategoryChosen | QuantityChosen | SeatToggled
    | BestAsked | TariffChosen | Next | Back | StartOver | PrintAnswered | Ticked | LinkChanged | ProgrammeChanged
    | LeasesChanged | LeaseRefused | Blocked | PaymentChanged | SaleStored | SaleFailed | PrintChanged
)  # fmt: skip


# --- effects: what the shell must do -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskLease:
    """Ask central for just these seats (a visitor waits), or, without seats, for `quantity` of a category (stock)."""

    performance_id: Id
    seats: tuple[Id, ...] = ()
    category_id: Id | None = None
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class HoldSlots:
    """Note on disk that these slots are in a cart (and others no longer are)."""

    slots: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Slots that were leased for one visitor who went away: tell central that they are free again."""

    slots: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class StartPayment:
    """Write the payment to disk, then ask the terminal. `amount` in minor units."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class CancelPayment:
    pass


@dataclass(frozen=True, slots=True)
class VoidPayment:
    """The money was taken but the tickets cannot be given: give it back."""


@dataclass(frozen=True, slots=True)
class StoreSale:
    """Sign the tickets, write the sale as a fact: one transaction."""

    cart: Cart
    payment_id: Id | None


@dataclass(frozen=True, slots=True)
class PrintTickets:
    sale: Sale
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class TellPrinter:
    """The visitor's word on the job that stayed uncertain, for the printer agent's record."""

    came_out: bool


@dataclass(frozen=True, slots=True)
class PrintClaim:
    """A slip with which a person can settle what this kiosk could not. `code`: the trouble's; `amount`: minor units."""

    payment_id: Id
    amount: int
    currency: str
    code: str


Effect = (
    AskLease | HoldSlots | GiveBack | StartPayment | CancelPayment | VoidPayment | StoreSale | PrintTickets
    | TellPrinter | PrintClaim
)  # fmt: skip
