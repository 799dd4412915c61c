"""The French till protocol "Caisse-AP over IP" (Concert v3.20) as values: what a till asks of a card terminal, and what
comes back.

A message is a run of fields, each a tag of two characters, a length of three digits and that many ASCII characters; the
version field CZ stands first, the order of the others is free, no tag comes twice. There is no end mark: a message is
whole when its last field is. Card number and expiry date (AA, AB), receipts and whatever else a terminal adds are read
over and never kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from shared.outcome import Ok, Outcome, Reason, Refused

VERSION = "0320"
LIMIT = 8192  # bytes of one message; a receipt in base 64 is the longest thing a terminal sends
AMOUNT_DIGITS = 12
REFERENCE_CHARS = 32  # a terminal may take 99 but gives back no more

NUMERIC = {"EUR": "978", "CHF": "756", "GBP": "826", "USD": "840", "DKK": "208", "NOK": "578", "SEK": "752",
           "PLN": "985", "CZK": "203", "XPF": "953"}  # fmt: skip
_ALPHABETIC = {number: letters for letters, number in NUMERIC.items()}
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(range(0x1C, 0x20))  # and the four separators, which CF may contain


class Malformed(Reason):
    """Why a message is not one, in the order in which it is looked at."""

    EMPTY = auto()
    TOO_LONG = auto()
    NOT_ASCII = auto()
    CUT_SHORT = auto()  # so far so good, but the last field is not all there
    BAD_TAG = auto()
    BAD_LENGTH = auto()
    REPEATED = auto()
    VERSION_NOT_FIRST = auto()
    MISSING = auto()
    BAD_VALUE = auto()


class Operation(StrEnum):
    """Field CD."""

    DEBIT = "0"
    CREDIT = "1"
    CANCEL = "2"  # takes the last debit back; many terminals do not know it
    DUPLICATE = "3"  # asks for the last transaction's answer again


class Result(StrEnum):
    """Field AE."""

    NOT_DONE = "01"
    DONE = "10"
    TAKEN = "11"  # the terminal has started; the end is not known yet


class Why(StrEnum):
    """The first two characters of field AF: why an operation was not done."""

    UNKNOWN = "00"
    AUTHORISED = "01"
    PHONE_CALL = "02"
    FORCED = "03"
    REFUSED = "04"
    FORBIDDEN = "05"
    ABANDONED = "06"
    NOT_CONCLUDED = "07"
    INPUT_TIMEOUT = "08"
    BAD_FORMAT = "09"
    BAD_SELECTION = "10"
    ABORTED = "11"
    UNKNOWN_OPERATION = "12"
    CURRENCY = "13"


ABOUT_THE_REQUEST = frozenset({Why.BAD_FORMAT, Why.BAD_SELECTION, Why.UNKNOWN_OPERATION, Why.CURRENCY})


@dataclass(frozen=True, slots=True)
class TillIdentity:
    """How the kiosk names itself: its software's twelve digits (CJ), the till's two (CA)."""

    identifier: str = "000000000001"
    number: str = "01"
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class Request:
    """`amount` in minor units; `reference` is ours and comes back with the answer. A duplicate names neither: a
    terminal that echoes what it is asked must not be taken for one that remembers."""

    operation: Operation
    amount: int
    currency: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the till may keep of an answer. Fields that the terminal left out are None or empty."""

    result: Result
    why: Why | None = None
    amount: int | None = None
    currency: str = ""
    operation: Operation | None = None
    reference: str = ""
    authorisation: str = ""
    message: str = ""


def encode_fields(fields: Mapping[str, str]) -> bytes:
    """ValueError for what the protocol cannot say: a programming error, since `Request` is checked before."""
    if next(iter(fields), "") != "CZ":
        raise ValueError("field CZ stands first")
    out = []
    for tag, value in fields.items():
        if not _is_tag(tag):
            raise ValueError(f"not a tag: {tag!r}")
        if not 1 <= len(value) <= 999 or not _TEXT.issuperset(map(ord, value)):
            raise ValueError(f"field {tag} cannot hold this value")
        out.append(f"{tag}{len(value):03d}{value}")
    return "".join(out).encode("ascii")


def decode_fields(data: bytes) -> Outcome[dict[str, str]]:
    """Every field in its order. `CUT_SHORT` alone means that more bytes could still make it a message."""
    if not data:
        return Refused(Malformed.EMPTY)
    if len(data) > LIMIT:
        return Refused(Malformed.TOO_LONG)
    if not _TEXT.issuperset(data):
        return Refused(Malformed.NOT_ASCII)
    text, at, fields = data.decode("ascii"), 0, dict[str, str]()
    while at < len(text):
        tag, digits = text[at : at + 2], text[at + 2 : at + 5]
        if len(tag) == 2 and not _is_tag(tag):
            return Refused(Malformed.BAD_TAG, detail={"at": at})
        if (digits and not _is_number(digits)) or digits == "000":
            return Refused(Malformed.BAD_LENGTH, fix=tag, detail={"at": at})
        if tag in fields:
            return Refused(Malformed.REPEATED, fix=tag, detail={"at": at})
        if len(tag) == 2 and not fields and tag != "CZ":
            return Refused(Malformed.VERSION_NOT_FIRST, fix=tag)
        end = at + 5 + int(digits) if len(digits) == 3 else len(text) + 1
        if end > len(text):
            return Refused(Malformed.CUT_SHORT, fix=tag, detail={"at": at})
        fields[tag] = text[at + 5 : end]
        at = end
    return Ok(fields)


def encode_request(till: TillIdentity, request: Request) -> bytes:
    """ValueError for an amount, currency or reference that cannot be asked for."""
    if request.currency not in NUMERIC:
        raise ValueError(f"currency {request.currency} has no number here")
    if request.operation is Operation.DUPLICATE:
        if request.amount or request.reference:
            raise ValueError("an enquiry names no amount and no reference")
    elif not 0 < request.amount < 10**AMOUNT_DIGITS:
        raise ValueError("the amount does not fit")
    if len(request.reference) > REFERENCE_CHARS:
        raise ValueError("the reference is too long to come back whole")
    fields = {
        "CZ": till.version,
        "CJ": till.identifier,
        "CA": till.number,
        "CB": f"{request.amount:02d}",  # two digits at least
        "CD": request.operation.value,
        "CE": NUMERIC[request.currency],
    }
    if request.reference:
        fields["CF"] = request.reference
    return encode_fields(fields)


def decode_reply(data: bytes) -> Outcome[Reply]:
    """The answer, or why it is none. Unknown tags are allowed (the protocol grows); unknown codes in known tags are
    not, except in AF, where they change nothing: not done is not done."""
    match decode_fields(data):
        case Refused() as bad:
            return bad
        case Ok(fields):
            return _reply(fields)


def _reply(fields: Mapping[str, str]) -> Outcome[Reply]:
    if "AE" not in fields:
        return Refused(Malformed.MISSING, fix="AE")
    if fields["AE"] not in list(Result):
        return Refused(Malformed.BAD_VALUE, fix="AE")
    if "CD" in fields and fields["CD"] not in list(Operation):
        return Refused(Malformed.BAD_VALUE, fix="CD")
    amount = fields.get("CB")
    if amount is not None and not (_is_number(amount) and len(amount) <= AMOUNT_DIGITS):
        return Refused(Malformed.BAD_VALUE, fix="CB")
    if "CE" in fields and not (_is_number(fields["CE"]) and len(fields["CE"]) == 3):
        return Refused(Malformed.BAD_VALUE, fix="CE")
    result, complement = Result(fields["AE"]), fields.get("AF", "")
    if result is Result.DONE and amount is None:
        return Refused(Malformed.MISSING, fix="CB")  # "done" without saying how much cannot be believed
    why = (Why(complement[:2]) if complement[:2] in list(Why) else Why.UNKNOWN) if complement else None
    return Ok(
        Reply(
            result,
            why,
            None if amount is None else int(amount),
            _ALPHABETIC.get(fields.get("CE", ""), fields.get("CE", "")),
            Operation(fields["CD"]) if "CD" in fields else None,
            fields.get("CF", ""),
            fields.get("AC", "").strip(),
            complement[2:].strip(),
        )
    )


def _is_tag(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalnum() and text == text.upper()


def _is_number(text: str) -> bool:
    return bool(text) and text.isascii() and text.isdigit()
