"""Facts: what a device saw or did. It has happened; central takes each once and flags what does not fit.

A device numbers its facts 1, 2, 3 … without gaps and chains them by hash, so that a missing, altered or cloned record
shows. A fact is on the device's disk before anyone is told "ok"; it is done only when central's own answer, given after
its commit, says so.
"""

from dataclasses import dataclass, field
from enum import StrEnum, auto
from hashlib import sha256
from typing import Annotated, Any, TypeAlias

import orjson
from pydantic import Field

from shared.clock import ClockState
from shared.languages import FIRST_LANGUAGE
from shared.wire.bounds import (
    Barcode,
    Count,
    Hash,
    IdOrNone,
    IdText,
    Json,
    Line,
    Moment,
    Money,
    Short,
    Signature,
    Word,
)

BATCH_FACTS = 200
BATCH_BYTES = 64 * 1024  # or one fact
BODY_BYTES = 64 * 1024  # of one fact: a sale of a hundred places is some 40 kB
UPLOAD_BYTES = BATCH_BYTES + BODY_BYTES  # of the bodies of a batch: what central takes at most
SALE_LINES = 120  # as many as a device may have leased of a performance
UPLOAD_LINES = 300
"""Lines and payments of a batch's sales. Of honest lines, each with its barcode, BATCH_BYTES hold 200."""
RECEIPT_BYTES = 256 * 1024
GENESIS = "0" * 64
Slots: TypeAlias = Annotated[tuple[Short, ...], Field(max_length=65536)]


class FactKind(StrEnum):
    """Those of today's devices. A kind is a word: a new area's stands with the shape of its body in a module of its own
    beside this one."""

    SALE = auto()
    SLOTS_RETURNED = auto()
    LEASE_SEALED = auto()
    SCAN = auto()
    PASSAGE = auto()  # a granted person went through, or did not
    PAYMENT = auto()  # a card payment's end that is not part of a sale: void, refund, review
    PRINT = auto()  # a print job's end: confirmed, uncertain, given up
    INCIDENT = auto()  # a device error with its code
    CLOCK = auto()  # the clock's state changed


@dataclass(frozen=True, slots=True)
class Fact:
    """`at` is the device's best estimate (aware UTC) in clock state `clock`; `mono_ms` within `boot_id` lets central
    correct it later. `hash` covers everything above it and `prev`, the hash of the fact before."""

    device_id: IdText
    seq: Count
    id: IdText
    kind: Word
    at: Moment
    mono_ms: Count
    boot_id: Word
    clock: ClockState
    body: Annotated[dict[str, Any], Json(BODY_BYTES)]
    prev: Hash
    hash: Hash = ""


def fact_hash(fact: Fact) -> str:
    """SHA-256 over the canonical JSON of every field but `hash` itself."""
    fields = [
        fact.device_id,
        fact.seq,
        fact.id,
        fact.kind,
        fact.at,
        fact.mono_ms,
        fact.boot_id,
        fact.clock,
        fact.body,
        fact.prev,
    ]
    return sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One slot of one lease at one tariff. `ticket` is the token as printed, so that central stores what is outside."""

    lease_id: IdText
    slot: Short
    tariff_id: IdText
    price: Money
    vat_bp: Short
    ticket: Barcode
    number: Word


@dataclass(frozen=True, slots=True)
class SalePayment:
    """How a sale was paid. `method`: central's PaymentMethod, `card` of a kiosk; `reference` the terminal's own; no
    card data. What is free has no payment."""

    id: IdText
    method: Word
    amount: Money
    reference: Line = ""
    terminal: Word = ""


@dataclass(frozen=True, slots=True)
class Sale:
    """Body of SALE. `order_id` is the device's; `receipt` its gap-free number; amounts in minor units."""

    order_id: IdText
    receipt: Count
    performance_id: IdText
    currency: Word
    lines: Annotated[tuple[SaleLine, ...], Field(max_length=SALE_LINES)]
    payments: Annotated[tuple[SalePayment, ...], Field(max_length=50)]
    language: Word = FIRST_LANGUAGE


@dataclass(frozen=True, slots=True)
class SlotsReturned:
    lease_id: IdText
    slots: Slots


@dataclass(frozen=True, slots=True)
class LeaseSealed:
    """The final slot map: every slot not named is unsold."""

    lease_id: IdText
    sold: Slots


class Direction(StrEnum):
    ENTRY = auto()
    EXIT = auto()


@dataclass(frozen=True, slots=True)
class ScanFact:
    """Body of SCAN. `reason` is empty when admitted, else the refusal's name. `entry` counts from 1 for this ticket;
    it is 0 when no new one was used (refused, forced, back in after leaving).
    `persons` is how many this scan let in. `mode` is the policy under which it was decided (`normal`, or what the gate
    does while its neighbours cannot be heard). `flags` name what a person should look at (`shared.rules.access.Note`);
    `note` is the inspector's reason for a forced entry."""

    ticket_id: IdOrNone
    serial: Short
    performance_id: IdOrNone
    gate: Word
    direction: Direction
    admitted: bool
    reason: Word = ""
    entry: Short = 0
    persons: Short = 1
    revision: Count = 0
    mode: Word = "normal"
    raw: Annotated[str, Field(max_length=1000)] = ""
    flags: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    note: Line = ""


@dataclass(frozen=True, slots=True)
class PassageFact:
    """Body of PASSAGE: the scan's id and whether the person went through."""

    scan_id: IdText
    passed: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """Body of INCIDENT: the code, the sentence and the next step as the device showed them."""

    code: Word
    sentence: Line
    step: Line
    cleared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A batch, oldest first; `signature` (base64) is the device's over the last fact's hash."""

    facts: Annotated[tuple[Fact, ...], Field(max_length=BATCH_FACTS)]
    signature: Signature


@dataclass(frozen=True, slots=True)
class Receipt:
    """Central's answer after its commit. Everything up to `contiguous` is safe; `taken` names what else is; `gaps` are
    ranges (first, last) that central wants again; `dead` what it put on the dead-letter list, with the reason."""

    contiguous: Count
    taken: Annotated[tuple[Count, ...], Field(max_length=BATCH_FACTS)] = ()
    gaps: Annotated[tuple[tuple[Count, Count], ...], Field(max_length=BATCH_FACTS)] = ()
    dead: Annotated[dict[Word, Line], Field(max_length=BATCH_FACTS)] = field(default_factory=dict)
