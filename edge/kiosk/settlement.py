"""From the first byte to the terminal to the paper in the visitor's hand: money, sale, tickets. Pure.

Whatever is unclear about money ends with a person and a slip, never with another payment; a sale that is on disk is
good, whatever the paper does.
"""

from dataclasses import replace

from edge.kiosk import selection
from edge.kiosk.model import (
    Kiosk,
    PaymentChanged,
    PayState,
    PrintChanged,
    PrintClaim,
    PrintStage,
    PrintTickets,
    SaleStored,
    Screen,
    StoreSale,
    TellPrinter,
    VoidPayment,
)
from edge.kiosk.terminal_errors import TCode
from edge.kiosk.troubles import Busy, Notice, TroubleCode, reference_of, trouble
from edge.kiosk.visit import Answer
from shared.languages import LANGUAGES
from shared.outcome import Ok
from shared.wire.leases import SlotState

_DECLINED_AS: dict[str, Notice] = {
    TCode.UNREACHABLE: Notice.TERMINAL,
    TCode.NO_DIALOGUE: Notice.TERMINAL,
    TCode.ABANDONED: Notice.CANCELLED,
    TCode.REQUEST_REFUSED: Notice.TERMINAL,
    TCode.INTERRUPTED: Notice.TERMINAL,
    TCode.EARLIER_OPEN: Notice.TERMINAL,
}


def payment_changed(kiosk: Kiosk, event: PaymentChanged) -> Answer:
    if kiosk.pay_state is None or kiosk.screen not in (Screen.PAYING, Screen.PRINTING, Screen.PROBLEM):
        return kiosk, []
    if kiosk.payment_id is None:
        bound = kiosk.screen is Screen.PAYING and event.state is PayState.CREATED
        return replace(kiosk, payment_id=event.payment_id) if bound else kiosk, []
    if event.payment_id != kiosk.payment_id:
        return kiosk, []
    if kiosk.screen is Screen.PAYING:
        return _while_paying(kiosk, event)
    if kiosk.sale is None and kiosk.screen is Screen.PROBLEM:
        return _while_paying_back(kiosk, event)
    return (replace(kiosk, pay_state=event.state) if event.state is PayState.CAPTURED else kiosk), []


def _while_paying(kiosk: Kiosk, event: PaymentChanged) -> Answer:
    kiosk = replace(kiosk, pay_state=event.state)
    match event.state:
        case PayState.UNKNOWN:  # the driver asks the terminal what became of it; nobody pays again meanwhile
            return replace(kiosk, busy=Busy.CHECKING), []
        case PayState.APPROVED | PayState.CAPTURED if kiosk.cart is not None:
            return replace(kiosk, screen=Screen.PRINTING, busy=""), [StoreSale(kiosk.cart, kiosk.payment_id)]
        case PayState.DECLINED | PayState.VOIDED:
            back = replace(kiosk, screen=Screen.SUMMARY, busy="", pay_state=None, payment_id=None)
            return replace(back, notice=_DECLINED_AS.get(event.code, Notice.DECLINED)), []
        case PayState.REVIEW:
            return _claim(replace(kiosk, busy=""), TroubleCode.PAYMENT_UNKNOWN)
    return kiosk, []


def _while_paying_back(kiosk: Kiosk, event: PaymentChanged) -> Answer:
    """The tickets could not be given: what became of the money."""
    if kiosk.trouble is None or kiosk.trouble.code != TroubleCode.PAYING_BACK:
        return kiosk, []
    match event.state:
        case PayState.VOIDED:
            return replace(kiosk, pay_state=event.state, trouble=trouble(TroubleCode.PAID_BACK)), []
        case PayState.REVIEW:
            return _claim(replace(kiosk, pay_state=event.state), TroubleCode.CLAIM)
    return kiosk, []


def _claim(kiosk: Kiosk, code: TroubleCode) -> Answer:
    """A person has to settle it: a slip, and its reference on the screen too."""
    listed = selection.listed_of(kiosk, kiosk.cart.performance_id if kiosk.cart else None)
    amount = selection.total_of(kiosk.cart, listed) if kiosk.cart and listed else None
    payment_id = kiosk.payment_id
    if payment_id is None:
        return replace(kiosk, screen=Screen.PROBLEM, trouble=trouble(code)), []
    at_stake = amount.value if isinstance(amount, Ok) else 0
    currency = listed.catalogue.currency if listed else ""
    told = trouble(code, reference=reference_of(payment_id))
    return replace(kiosk, screen=Screen.PROBLEM, trouble=told), [PrintClaim(payment_id, at_stake, currency, code)]


def sale_stored(kiosk: Kiosk, event: SaleStored) -> Answer:
    """Ours, or at start-up the one that a crash left unprinted."""
    ours = kiosk.screen is Screen.PRINTING and kiosk.cart is not None
    recovered = kiosk.screen in (Screen.IDLE, Screen.OUT_OF_ORDER)
    if kiosk.sale is not None or not (ours or recovered):
        return kiosk, []
    sold = frozenset((line.lease_id, line.slot) for line in event.sale.lines)
    after = replace(
        kiosk,
        screen=Screen.PRINTING,
        sale=event.sale,
        pay_state=PayState.CAPTURED if event.sale.payments else None,
        print_state=PrintStage.QUEUED,
        language=event.sale.language if event.sale.language in LANGUAGES else kiosk.language,
        leases=selection.marked(kiosk.leases, sold, SlotState.SOLD),
    )
    return after, [PrintTickets(event.sale)]


def sale_failed(kiosk: Kiosk) -> Answer:
    if kiosk.screen is not Screen.PRINTING or kiosk.sale is not None:
        return kiosk, []
    if kiosk.payment_id is None:
        return replace(kiosk, screen=Screen.PROBLEM, trouble=trouble(TroubleCode.SALE_FAILED)), []
    back = trouble(TroubleCode.PAYING_BACK, reference=reference_of(kiosk.payment_id))
    return replace(kiosk, screen=Screen.PROBLEM, trouble=back), [VoidPayment()]


def print_changed(kiosk: Kiosk, event: PrintChanged) -> Answer:
    if kiosk.screen is not Screen.PRINTING or kiosk.sale is None:
        return kiosk, []
    kiosk = replace(kiosk, print_state=event.state, printed=event.printed)
    match event.state:
        case PrintStage.CONFIRMED:
            return replace(kiosk, screen=Screen.DONE), []
        case PrintStage.FAILED:
            return _not_printed(kiosk, event.code)
        case PrintStage.UNCERTAIN if kiosk.reprints:
            return _not_printed(kiosk, event.code)
    return kiosk, []


def print_answered(kiosk: Kiosk, came_out: bool) -> Answer:
    if kiosk.screen is not Screen.PRINTING or kiosk.print_state is not PrintStage.UNCERTAIN or kiosk.sale is None:
        return kiosk, []
    if came_out:
        done = replace(kiosk, screen=Screen.DONE, print_state=PrintStage.CONFIRMED, printed=len(kiosk.sale.lines))
        return done, [TellPrinter(came_out)]
    again = replace(kiosk, print_state=PrintStage.QUEUED, reprints=kiosk.reprints + 1)
    return again, [TellPrinter(came_out), PrintTickets(kiosk.sale, duplicate=True)]


def _not_printed(kiosk: Kiosk, code: str) -> Answer:
    """The sale is good and the tickets are valid: their codes go on the screen."""
    return replace(kiosk, screen=Screen.PROBLEM, trouble=trouble(TroubleCode.PRINT_FAILED, printer=code)), []
