"""The kiosk's decisions: `step(kiosk, event)` answers every event in every state with a new state and what to do.

Pure and total. The shell (`main`) carries the effects out in order and brings back what came of them. Three promises
are kept here: money is asked for only when every place is held and nothing keeps tickets from coming out; tickets are
printed only from a sale that is on disk; a payment is started only by a visitor's touch, never by the machine.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from edge.kiosk.choice import (
    lease_refused,
    leases_changed,
    on_seats,
    pay,
    performance_chosen,
    programme_changed,
    tariff_chosen,
)
from edge.kiosk.model import (
    AccessToggled,
    Back,
    BestAsked,
    Blocked,
    CancelPayment,
    CategoryChosen,
    Event,
    Kiosk,
    LanguageChosen,
    LeaseRefused,
    LeasesChanged,
    LinkChanged,
    Next,
    PaymentChanged,
    PerformanceChosen,
    PrintAnswered,
    PrintChanged,
    PrintStage,
    ProgrammeChanged,
    QuantityChosen,
    SaleFailed,
    SaleStored,
    Screen,
    SeatToggled,
    StartOver,
    TariffChosen,
    Ticked,
    Touched,
)
from edge.kiosk.settlement import payment_changed, print_answered, print_changed, sale_failed, sale_stored
from edge.kiosk.troubles import RANK, Busy
from edge.kiosk.visit import Answer, cart_dropped, home
from shared.languages import LANGUAGES

IDLE_AFTER = timedelta(seconds=60)  # without a touch, then "still there?"
WARN_FOR = timedelta(seconds=15)
DONE_FOR = timedelta(seconds=20)
PROBLEM_FOR = timedelta(seconds=120)  # time to read, to photograph the codes on the screen
ANSWER_WITHIN = timedelta(seconds=90)  # for "did your tickets come out?"

_CHOOSING = frozenset({Screen.PERFORMANCES, Screen.SEATS, Screen.TARIFFS, Screen.SUMMARY})
_TOUCHES = (
    Touched, LanguageChosen, AccessToggled, PerformanceChosen, CategoryChosen, QuantityChosen, SeatToggled, BestAsked,
    TariffChosen, Next, Back, StartOver, PrintAnswered,
)  # fmt: skip


def step(kiosk: Kiosk, event: Event) -> Answer:
    """The next state, and what the shell must do, in this order."""
    after, effects = _decided(kiosk, event)
    if isinstance(event, _TOUCHES) or (after.screen, after.print_state) != (kiosk.screen, kiosk.print_state):
        patience = _patience(after)
        deadline = after.now + patience if after.now and patience else None
        after = replace(after, warned=False, deadline=deadline)
    return after, effects


def _decided(kiosk: Kiosk, event: Event) -> Answer:
    match event:
        case Ticked(now):
            return _ticked(kiosk, now)
        case LinkChanged(link):
            return replace(kiosk, link=link), []
        case ProgrammeChanged(programme):
            return programme_changed(kiosk, programme)
        case LeasesChanged():
            return leases_changed(kiosk, event)
        case LeaseRefused():
            return lease_refused(kiosk, event)
        case Blocked():
            return _blocked(kiosk, event)
        case PaymentChanged():
            return payment_changed(kiosk, event)
        case SaleStored():
            return sale_stored(kiosk, event)
        case SaleFailed():
            return sale_failed(kiosk)
        case PrintChanged():
            return print_changed(kiosk, event)
        case PrintAnswered(came_out):
            return print_answered(kiosk, came_out)
        case LanguageChosen(language):
            return _woken(replace(kiosk, language=language)) if language in LANGUAGES else (kiosk, [])
        case AccessToggled(what):
            return _woken(_access_toggled(kiosk, what))
        case _ if kiosk.warned and isinstance(event, Touched):
            return kiosk, []
        case _:
            return _touched(replace(kiosk, notice=""), event)


def _touched(kiosk: Kiosk, event: Event) -> Answer:
    """What a touch means depends on the screen; a touch that means nothing there changes nothing."""
    match kiosk.screen, event:
        case Screen.IDLE, Touched() | Next():
            return _woken(kiosk)
        case Screen.PERFORMANCES, PerformanceChosen(performance_id):
            return performance_chosen(kiosk, performance_id)
        case Screen.PERFORMANCES, Back() | StartOver():
            return home(kiosk)
        case Screen.SEATS, Back():
            return cart_dropped(kiosk, "")
        case ((Screen.SEATS | Screen.TARIFFS | Screen.SUMMARY), StartOver()):
            return home(kiosk)
        case Screen.SEATS, _ if not kiosk.busy:
            return on_seats(kiosk, event)
        case Screen.TARIFFS, TariffChosen(index, tariff_id):
            return tariff_chosen(kiosk, index, tariff_id), []
        case Screen.TARIFFS, Back():
            return replace(kiosk, screen=Screen.SEATS), []
        case Screen.TARIFFS, Next():
            return replace(kiosk, screen=Screen.SUMMARY), []
        case Screen.SUMMARY, Back():
            return replace(kiosk, screen=Screen.TARIFFS), []
        case Screen.SUMMARY, Next():
            return pay(kiosk)
        case Screen.PAYING, Back() | StartOver() if not kiosk.busy:
            return replace(kiosk, busy=Busy.CANCELLING), [CancelPayment()]
        case ((Screen.DONE | Screen.PROBLEM), Next() | StartOver()):
            return home(kiosk)
    return kiosk, []


def _woken(kiosk: Kiosk) -> Answer:
    return (replace(kiosk, screen=Screen.PERFORMANCES), []) if kiosk.screen is Screen.IDLE else (kiosk, [])


def _access_toggled(kiosk: Kiosk, what: str) -> Kiosk:
    if what == "large":
        return replace(kiosk, large=not kiosk.large)
    return replace(kiosk, contrast=not kiosk.contrast) if what == "contrast" else kiosk


def _ticked(kiosk: Kiosk, now: datetime) -> Answer:
    kiosk = replace(kiosk, now=now)
    patience = _patience(kiosk)
    if patience is None:
        return kiosk, []
    if kiosk.deadline is None or kiosk.deadline - now > patience:  # the clock was unknown, or was set back
        return replace(kiosk, deadline=now + patience), []
    if now < kiosk.deadline:
        return kiosk, []
    if kiosk.screen in _CHOOSING and not kiosk.warned:
        return replace(kiosk, warned=True, deadline=now + WARN_FOR), []
    return home(kiosk)


def _patience(kiosk: Kiosk) -> timedelta | None:
    """How long the screen waits for a touch; None where nobody is waited for: money and paper take their time."""
    if kiosk.screen in _CHOOSING:
        return IDLE_AFTER
    match kiosk.screen:
        case Screen.DONE:
            return DONE_FOR
        case Screen.PROBLEM:
            return PROBLEM_FOR
        case Screen.PRINTING if kiosk.print_state is PrintStage.UNCERTAIN:
            return ANSWER_WITHIN
    return None


def _blocked(kiosk: Kiosk, event: Blocked) -> Answer:
    blockers = tuple(sorted(event.troubles, key=lambda each: RANK.get(each.code, len(RANK))))
    kiosk = replace(kiosk, blockers=blockers)
    if blockers and kiosk.screen is Screen.IDLE:
        return replace(kiosk, screen=Screen.OUT_OF_ORDER), []
    return home(kiosk) if kiosk.screen is Screen.OUT_OF_ORDER and not blockers else (kiosk, [])
