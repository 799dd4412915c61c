"""What a till says to its printer agent, and what it hears back. Both run on one machine; a UNIX socket lies between.

A job is a list of units (tickets, then a receipt or a claim slip), each with a life of its own: a job of three tickets
that dies midway says which came out, which may have, and which certainly did not. `job_id` makes a job idempotent.

Texts come ready in the job's language; what the paper can print of them is the agent's business.
"""

from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from shared.wire.bounds import Barcode, IdText, Line, Moment, Money, Names, Short, Text, Whole, Word

MAX_TICKETS = 50  # of one job: more is a mistake, or somebody else's paper
MOST_UNITS = 1000  # that are read at all, to say so
MOST_JOB = 2 * 1024 * 1024
NO_AGENT = "P-12"  # what the till says for an agent that does not answer, which cannot


class PrinterStatus(StrEnum):
    """What the printer says of itself. Silence is UNKNOWN: neither ok nor out of paper."""

    OK = auto()
    NEAR_END = auto()  # prints, but somebody should bring a roll
    PAPER_OUT = auto()
    COVER_OPEN = auto()
    CUTTER_ERROR = auto()
    OFFLINE = auto()
    UNKNOWN = auto()


READY = frozenset({PrinterStatus.OK, PrinterStatus.NEAR_END})


class PrintState(StrEnum):
    """Life of one unit, and of the job that it belongs to."""

    QUEUED = auto()
    SENDING = auto()
    SENT = auto()
    CONFIRMED = auto()
    UNCERTAIN = auto()  # a person must say whether it came out
    FAILED = auto()  # certainly did not come out, or a person said so


SETTLED = frozenset({PrintState.CONFIRMED, PrintState.UNCERTAIN, PrintState.FAILED})


class UnitKind(StrEnum):
    TICKET = auto()
    RECEIPT = auto()
    CLAIM = auto()


@dataclass(frozen=True, slots=True)
class TicketPrint:
    """Everything a ticket must show (CGI ann. IV, 50 sexies B; docs/spec/law-fr.md, R2–R4). `number` is its gap-free
    tax number, `token` the text of its QR code, `starts` and `sold_at` aware UTC, `timezone` the venue's. `price` in
    minor units, 0 is free. `row` and `seat` are empty for unnumbered places. `mentions` are further lines for the
    foot. `holder`, `entrance` and `specimen` are printed where somebody fills them; a kiosk does not yet."""

    token: Barcode
    number: Line
    order: Line
    event: Line
    starts: Moment
    timezone: Word
    venue: Line
    category: Line
    tariff: Line
    zone: Line
    row: Line
    seat: Line
    price: Money
    currency: Word
    sold_at: Moment
    point_of_sale: Line
    organiser: Line
    licence: Line
    mentions: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    holder: Line = ""
    entrance: Line = ""
    doors: Moment | None = None
    specimen: bool = False  # training: printed across it, opens no gate


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """`quantity` pieces at one price each; `amount` is what they cost together in minor units, VAT included. Of each
    piece the VAT is rounded by itself (shared/rules/vat.py), so pieces at another price are another line."""

    text: Line
    quantity: Whole
    amount: Money
    vat_bp: Short


@dataclass(frozen=True, slots=True)
class ReceiptPrint:
    """`number` is the till's gap-free receipt number; `payment` says how it was paid, in words; `slip` is the card
    terminal's own text, line by line."""

    number: Whole
    order: Line
    at: Moment
    timezone: Word
    currency: Word
    lines: Annotated[tuple[ReceiptLine, ...], Field(max_length=500)]
    payment: Line
    organiser: Line
    point_of_sale: Line
    slip: Annotated[tuple[Line, ...], Field(max_length=500)] = ()
    mentions: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    specimen: bool = False


@dataclass(frozen=True, slots=True)
class ClaimPrint:
    """The slip for somebody whose money or tickets could not be settled here: with it a person can. `code` is the
    device error; `contact` says where to go, or whom to write to."""

    reference: Line
    order: Line
    at: Moment
    timezone: Word
    amount: Money
    currency: Word
    code: Word
    point_of_sale: Line
    organiser: Line
    contact: Line


@dataclass(frozen=True, slots=True)
class PrintJob:
    """`duplicate`: a reprint, every unit says so. The agent also says so by itself on a ticket it sent out before."""

    job_id: IdText
    language: Word
    tickets: Annotated[tuple[TicketPrint, ...], Field(max_length=MOST_UNITS)] = ()
    receipt: ReceiptPrint | None = None
    claim: ClaimPrint | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class UnitReport:
    """`label` is a ticket's number or a slip's reference; `code` the device error that decided or delays its fate."""

    kind: UnitKind
    label: Line
    state: PrintState
    code: Word = ""
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class JobReport:
    """`state` sums up the units: UNCERTAIN as soon as one is, FAILED if one certainly did not come out, CONFIRMED when
    all came out. `code`: why it waits or ended so. `printed` counts confirmed tickets."""

    job_id: IdText
    state: PrintState
    units: Annotated[tuple[UnitReport, ...], Field(max_length=MOST_UNITS + 2)]
    printed: Whole = 0
    code: Word = ""

    @property
    def settled(self) -> bool:
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`ready`: a ticket sent now would come out. `code` is empty when all is well; `sentences` and `steps` say what it
    is and what to do, in every language."""

    status: PrinterStatus
    ready: bool
    code: Word = ""
    sentences: Names = field(default_factory=dict)
    steps: Names = field(default_factory=dict)
    waiting: Whole = 0  # units queued


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word on the uncertain units of a job."""

    came_out: bool
