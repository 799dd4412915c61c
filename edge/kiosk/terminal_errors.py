"""What can go wrong between the kiosk and its card terminal: one code each, with the sentence and the next step for the
people who look after it (docs/devices/card-terminal.md). The visitor reads the window's own texts (`troubles.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.kiosk.caisse_ap import Why


class TCode(StrEnum):
    UNREACHABLE = "T-01"
    NO_DIALOGUE = "T-02"
    DECLINED = "T-03"
    ABANDONED = "T-04"
    REQUEST_REFUSED = "T-05"
    ANSWER_LOST = "T-06"
    AMOUNT_DIFFERS = "T-07"
    NOT_CLEAR = "T-08"
    STILL_OPEN = "T-09"
    NOT_REVERSED = "T-10"
    REVERSED = "T-11"
    INTERRUPTED = "T-12"
    EARLIER_OPEN = "T-13"
    CHARGED_LATE = "T-14"


@dataclass(frozen=True, slots=True)
class TerminalError:
    sentence: str
    step: str
    charged: str  # "no", "perhaps", "yes"


ERRORS: Mapping[TCode, TerminalError] = {
    TCode.UNREACHABLE: TerminalError(
        "The card terminal cannot be reached; nothing was sent to it.",
        "Check its power and network cable, then its address and port in the kiosk's configuration.",
        "no",
    ),
    TCode.NO_DIALOGUE: TerminalError(
        "The card terminal takes the connection but does not answer; no payment was started.",
        "Look at its screen: leave any menu that is open, otherwise restart the terminal.",
        "no",
    ),
    TCode.DECLINED: TerminalError(
        "The bank or the card declined the payment.",
        "None for the venue; the visitor may try another card.",
        "no",
    ),
    TCode.ABANDONED: TerminalError(
        "The visitor gave up the payment, or did not finish it in time.",
        "None.",
        "no",
    ),
    TCode.REQUEST_REFUSED: TerminalError(
        "The card terminal refused the kiosk's request as such (format, selection, operation or currency).",
        "Have the terminal's till connection set to Caisse-AP over IP, with the currency of the sale.",
        "no",
    ),
    TCode.ANSWER_LOST: TerminalError(
        "The payment was sent but its answer did not arrive; the kiosk is asking the terminal what became of it.",
        "Wait; the kiosk does not sell until this is clear.",
        "perhaps",
    ),
    TCode.AMOUNT_DIFFERS: TerminalError(
        "The card terminal charged another amount than it was asked for.",
        "Find the payment by its reference in the terminal's journal and give the money back.",
        "yes",
    ),
    TCode.NOT_CLEAR: TerminalError(
        "The card terminal answers, but what it remembers does not tell whether this payment was made.",
        "Look up the reference in the terminal's journal, then settle the claim slip.",
        "perhaps",
    ),
    TCode.STILL_OPEN: TerminalError(
        "The card terminal did not come back, so the payment could not be clarified.",
        "Bring the terminal back. If it is gone for good, close the payment in the service menu and settle the slip.",
        "perhaps",
    ),
    TCode.NOT_REVERSED: TerminalError(
        "The payment was made but the card terminal would not take it back.",
        "Give the money back with the provider's own means, by the reference on the claim slip.",
        "yes",
    ),
    TCode.REVERSED: TerminalError(
        "The payment was made and taken back, since the tickets could not be given.",
        "None.",
        "no",
    ),
    TCode.INTERRUPTED: TerminalError(
        "The kiosk stopped before the payment was sent, or the terminal never began it.",
        "None.",
        "no",
    ),
    TCode.EARLIER_OPEN: TerminalError(
        "An earlier payment is not clear yet, so no new one was started.",
        "Bring the terminal back and wait until the kiosk has clarified the earlier payment.",
        "no",
    ),
    TCode.CHARGED_LATE: TerminalError(
        "The card terminal charged a payment after it had said that there was none.",
        "Give the money back by the reference; restart the terminal, which hangs from time to time.",
        "yes",
    ),
}

_BY_REASON: Mapping[Why, TCode] = {
    Why.ABANDONED: TCode.ABANDONED,
    Why.INPUT_TIMEOUT: TCode.ABANDONED,
    Why.ABORTED: TCode.ABANDONED,
    Why.BAD_FORMAT: TCode.REQUEST_REFUSED,
    Why.BAD_SELECTION: TCode.REQUEST_REFUSED,
    Why.UNKNOWN_OPERATION: TCode.REQUEST_REFUSED,
    Why.CURRENCY: TCode.REQUEST_REFUSED,
}


def code_of(why: Why | None) -> TCode:
    """The code for an operation that was not done."""
    return _BY_REASON.get(why, TCode.DECLINED) if why else TCode.DECLINED
