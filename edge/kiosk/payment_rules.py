"""The life of a card payment, and what an answer of the terminal proves about it. Pure.

Two things may say that a payment was made: the answer to the request itself, and the terminal's memory of its last
transaction, asked for later (Concert "duplicate"). The memory is read once more *before* every payment; when it has not
changed afterwards, the payment never began. Whatever proves neither goes to a person: a guess would be a visitor
charged without tickets or tickets without money.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from edge.kiosk.caisse_ap import ABOUT_THE_REQUEST, Operation, Reply, Request, Result
from edge.kiosk.model import UNSETTLED, PayState
from edge.kiosk.terminal_errors import TCode, code_of
from shared.ids import Id, is_id
from shared.life import Life


class PaymentDo(StrEnum):
    """What may happen to a payment."""

    SEND = auto()
    APPROVE = auto()
    DECLINE = auto()  # certainly nothing charged
    LOSE = auto()  # sent, and no answer that can be believed
    CAPTURE = auto()  # the sale is stored, in the same transaction
    VOID = auto()
    DOUBT = auto()


PAYMENT = Life[PayState, PaymentDo]({
    (PayState.CREATED, PaymentDo.SEND): PayState.SENT,
    (PayState.CREATED, PaymentDo.DECLINE): PayState.DECLINED,
    (PayState.SENT, PaymentDo.APPROVE): PayState.APPROVED,
    (PayState.SENT, PaymentDo.DECLINE): PayState.DECLINED,
    (PayState.SENT, PaymentDo.LOSE): PayState.UNKNOWN,
    (PayState.SENT, PaymentDo.DOUBT): PayState.REVIEW,
    (PayState.UNKNOWN, PaymentDo.APPROVE): PayState.APPROVED,
    (PayState.UNKNOWN, PaymentDo.DECLINE): PayState.DECLINED,
    (PayState.UNKNOWN, PaymentDo.DOUBT): PayState.REVIEW,
    (PayState.APPROVED, PaymentDo.CAPTURE): PayState.CAPTURED,
    (PayState.APPROVED, PaymentDo.VOID): PayState.VOIDED,
    (PayState.APPROVED, PaymentDo.DOUBT): PayState.REVIEW,
    (PayState.DECLINED, PaymentDo.DOUBT): PayState.REVIEW,  # a terminal that hung charged it afterwards
}, begins=frozenset({PayState.CREATED}))  # fmt: skip
FINAL = frozenset(PayState) - frozenset(UNSETTLED)


class Lost(StrEnum):
    """Why there is no answer. After UNREACHABLE no byte has left the kiosk; after the others anything may have
    happened."""

    UNREACHABLE = auto()
    CUT = auto()
    SILENT = auto()
    GARBLED = auto()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """`order_ref` is what the claim slip shows; `reference` the terminal's authorisation number; `code` a TCode or
    empty. `before` is the terminal's last transaction as it was just before this one was sent. `voiding` stands on the
    disk before the request to take the money back leaves."""

    payment_id: Id
    order_ref: str
    amount: int
    currency: str
    state: PayState
    reference: str = ""
    code: str = ""
    detail: str = ""
    before: Reply | None = None
    voiding: bool = False

    @property
    def open(self) -> bool:
        """The kiosk may not sell while this is true: nobody knows yet, or money is on its way back."""
        return self.state in (PayState.SENT, PayState.UNKNOWN) or (self.state is PayState.APPROVED and self.voiding)


@dataclass(frozen=True, slots=True)
class PaymentEnd:
    """Body of the PAYMENT fact: an end that is not part of a sale."""

    payment_id: Id
    order_ref: str
    state: PayState
    amount: int
    currency: str
    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be done with a payment, and what to note with it."""

    do: PaymentDo
    code: str = ""
    reference: str = ""
    detail: str = ""


def end_of(row: PaymentRow) -> PaymentEnd:
    return PaymentEnd(row.payment_id, row.order_ref, row.state, row.amount, row.currency, row.reference, row.code)


def request_for(row: PaymentRow, operation: Operation) -> Request:
    if operation is Operation.DUPLICATE:
        return Request(operation, 0, row.currency)
    return Request(operation, row.amount, row.currency, row.payment_id)


def judge_answer(row: PaymentRow, answer: Reply | Lost) -> Finding:
    """What the answer on the connection that carried the request proves."""
    if answer is Lost.UNREACHABLE:
        return Finding(PaymentDo.DECLINE, TCode.UNREACHABLE)
    if isinstance(answer, Lost) or answer.result is Result.TAKEN or not _answers(row, answer, Operation.DEBIT):
        return Finding(PaymentDo.LOSE, TCode.ANSWER_LOST, detail=str(answer) if isinstance(answer, Lost) else "")
    return _concluded(row, answer)


def judge_memory(row: PaymentRow, memory: Reply, exclusive: bool) -> Finding | None:
    """What the terminal's last transaction proves about a payment that was sent; None: ask again later. `exclusive`
    says that nobody else can start a payment on this terminal, so that a new last transaction is ours even on a model
    that does not give our reference back."""
    if memory.result is Result.TAKEN:
        return None
    if memory.operation in (Operation.CANCEL, Operation.CREDIT):
        same = row.before == memory
        return (
            Finding(PaymentDo.DECLINE, TCode.INTERRUPTED)
            if same and _tells(memory)
            else Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR)
        )
    if memory.reference == row.payment_id:
        return _concluded(row, memory)
    if row.before is None or (memory.result is Result.NOT_DONE and memory.why in ABOUT_THE_REQUEST):
        # It speaks of the enquiry, or there is nothing to compare with.
        return Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR)
    if memory == row.before:
        return (
            Finding(PaymentDo.DECLINE, TCode.INTERRUPTED)
            if _tells(memory)
            else Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR)
        )
    if exclusive and not is_id(memory.reference):
        return _concluded(row, memory)
    return Finding(PaymentDo.DOUBT, TCode.NOT_CLEAR)


def charged(memory: Reply) -> str:
    """The reference of the charge that this last transaction is; empty if it is none."""
    debit = memory.operation in (None, Operation.DEBIT, Operation.DUPLICATE)
    return memory.reference if memory.result is Result.DONE and debit else ""


class Reversal(StrEnum):
    """What the terminal's memory says about taking a payment back."""

    STANDS = auto()  # the last transaction is our debit
    REVERSED = auto()
    NOT_OURS = auto()


def judge_reversal(row: PaymentRow, memory: Reply) -> Reversal | None:
    """None: ask again later. Only a debit that is the terminal's last transaction may be cancelled: a cancel has no
    number of what it cancels."""
    if memory.result is Result.TAKEN:
        return None
    ours = memory.reference == row.payment_id or (
        not is_id(memory.reference)
        and row.reference != ""
        and (memory.authorisation, memory.amount) == (row.reference, row.amount)
    )
    if not ours or memory.result is not Result.DONE:
        return Reversal.NOT_OURS
    return Reversal.REVERSED if memory.operation is Operation.CANCEL else Reversal.STANDS


def reversed_by(row: PaymentRow, answer: Reply) -> bool:
    """True when the answer to a cancel says that our whole amount went back."""
    return answer.result is Result.DONE and _answers(row, answer, Operation.CANCEL) and answer.amount == row.amount


def _concluded(row: PaymentRow, reply: Reply) -> Finding:
    if reply.result is Result.NOT_DONE:
        return Finding(PaymentDo.DECLINE, code_of(reply.why), detail=reply.message)
    if reply.amount != row.amount or reply.currency not in ("", row.currency):
        detail = f"charged {reply.amount} {reply.currency} for {row.amount} {row.currency}"
        return Finding(PaymentDo.DOUBT, TCode.AMOUNT_DIFFERS, reply.authorisation, detail)
    return Finding(PaymentDo.APPROVE, "", reply.authorisation)


def _answers(row: PaymentRow, reply: Reply, operation: Operation) -> bool:
    """False for a stale answer, which carries another payment's id or another operation. A terminal that fills the
    reference with data of its own is believed: it answered on our connection."""
    return reply.operation in (None, operation) and (reply.reference == row.payment_id or not is_id(reply.reference))


def _tells(memory: Reply) -> bool:
    """A charge without any number could be followed by another that looks the same."""
    return memory.result is Result.NOT_DONE or bool(memory.reference or memory.authorisation)
