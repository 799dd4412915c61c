"""The Concert codec against published messages, hostile ones, and itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kiosk.caisse_ap import (
    LIMIT,
    Malformed,
    Operation,
    Reply,
    Request,
    Result,
    TillIdentity,
    Why,
    decode_fields,
    decode_reply,
    encode_fields,
    encode_request,
)
from shared.outcome import Ok, Refused

# Bytes as published by payment providers and integrators, not by us.
HIPAY_REQUEST = b"CZ0040300CJ012247300123456CA00201CB00512345CD0010CE003978"
HIPAY_REJECTED = b"CZ0040320CJ012999999999999AE00201AF00209CA00201CB00512345CD0010CE003978"
FIDECOIN_REQUEST = b"CZ0040300CJ012247300123456CA00201CB0042500CD0010CE003978"
NEPTING_REQUEST = b"CZ0040320CJ012012345678901CA00201CB0041590CD0010CE003978CF019order-123-payment-1"
NEPTING_DONE = (
    b"CZ0040320CJ012012345678901CA00201CB0041590CD0010CE003978ZZ003new"
    b"AC006184117AE00210CF019order-123-payment-1AK008receipt!"
)


@pytest.mark.parametrize(
    ("till", "request_", "wire"),
    [
        (TillIdentity("247300123456", "01", "0300"), Request(Operation.DEBIT, 12345, "EUR"), HIPAY_REQUEST),
        (TillIdentity("247300123456", "01", "0300"), Request(Operation.DEBIT, 2500, "EUR"), FIDECOIN_REQUEST),
        (TillIdentity("012345678901"), Request(Operation.DEBIT, 1590, "EUR", "order-123-payment-1"), NEPTING_REQUEST),
    ],
)
def test_requests_are_the_published_bytes(till, request_, wire):
    assert encode_request(till, request_) == wire


@pytest.mark.parametrize(
    ("wire", "want"),
    [
        (NEPTING_DONE, Reply(Result.DONE, None, 1590, "EUR", Operation.DEBIT, "order-123-payment-1", "184117")),
        (HIPAY_REJECTED, Reply(Result.NOT_DONE, Why.BAD_FORMAT, 12345, "EUR", Operation.DEBIT)),
        (b"CZ0040300AE00201AF00206", Reply(Result.NOT_DONE, Why.ABANDONED)),
        (
            b"CZ0040300AE00201AF02904148HOLDER INVALID          ",
            Reply(Result.NOT_DONE, Why.REFUSED, message="148HOLDER INVALID"),
        ),
        (b"CZ0040300AE00201AF00277", Reply(Result.NOT_DONE, Why.UNKNOWN)),
        (b"CZ0040300AE00211", Reply(Result.TAKEN)),
    ],
)
def test_replies(wire, want):
    assert decode_reply(wire) == Ok(want)


def test_an_amount_has_two_digits_at_least():
    assert b"CB00205" in encode_request(TillIdentity(), Request(Operation.DEBIT, 5, "EUR"))


def test_an_enquiry_names_nothing_that_could_be_echoed():
    assert encode_request(TillIdentity(), Request(Operation.DUPLICATE, 0, "EUR")) == (
        b"CZ0040320CJ012000000000001CA00201CB00200CD0013CE003978"
    )


def test_card_data_is_not_kept():
    reply = decode_reply(b"CZ0040320AE00210CB0041590AA0165017677122000674AB0041603CE003978")
    assert isinstance(reply, Ok)
    assert "5017677122000674" not in repr(reply) and "1603" not in repr(reply)


@pytest.mark.parametrize(
    ("wire", "want"),
    [
        (b"", Malformed.EMPTY),
        (b"C" * (LIMIT + 1), Malformed.TOO_LONG),
        (b"CZ0040320AE002\xe9\xe9", Malformed.NOT_ASCII),
        (b"CZ0040320AE00210\r\n", Malformed.NOT_ASCII),
        (b"CZ0040320AE0021", Malformed.CUT_SHORT),
        (b"CZ0040320A", Malformed.CUT_SHORT),
        (b"CZ0040320AE0", Malformed.CUT_SHORT),
        (b"CZ0040320ae00210", Malformed.BAD_TAG),
        (b"CZ0040320AE0 210", Malformed.BAD_LENGTH),
        (b"CZ0040320AE00X10", Malformed.BAD_LENGTH),
        (b"CZ0040320AE000", Malformed.BAD_LENGTH),
        (b"CZ0040320AE00210AE00201", Malformed.REPEATED),
        (b"AE00210CZ0040320", Malformed.VERSION_NOT_FIRST),
        (b"CZ0040320CB0042500", Malformed.MISSING),
        (b"CZ0040320AE00210CE003978", Malformed.MISSING),
        (b"CZ0040320AE00242", Malformed.BAD_VALUE),
        (b"CZ0040320AE00210CB00325x", Malformed.BAD_VALUE),
        (b"CZ0040320AE00210CB004-250", Malformed.BAD_VALUE),
        (b"CZ0040320AE00210CB0131234567890123", Malformed.BAD_VALUE),
        (b"CZ0040320AE00210CB0042500CD001z", Malformed.BAD_VALUE),
        (b"CZ0040320AE00210CB0042500CE003EUR", Malformed.BAD_VALUE),
        ("CZ0040320AE00210CB003²5".encode("latin-1"), Malformed.NOT_ASCII),
    ],
)
def test_what_is_not_a_reply_says_why(wire, want):
    got = decode_reply(wire)
    assert isinstance(got, Refused)
    assert got.reason == want


@pytest.mark.parametrize(
    "request_",
    [
        Request(Operation.DEBIT, 0, "EUR"),
        Request(Operation.DEBIT, 10**12, "EUR"),
        Request(Operation.DEBIT, 100, "XXX"),
        Request(Operation.DEBIT, 100, "EUR", "x" * 33),
        Request(Operation.DEBIT, 100, "EUR", "é"),
        Request(Operation.DUPLICATE, 100, "EUR"),
        Request(Operation.DUPLICATE, 0, "EUR", "ref"),
    ],
)
def test_what_cannot_be_asked_for_is_never_sent(request_):
    with pytest.raises(ValueError):
        encode_request(TillIdentity(), request_)


TAGS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=2).filter(lambda tag: tag != "CZ")
VALUES = st.text(st.characters(min_codepoint=0x1C, max_codepoint=0x7E), min_size=1, max_size=60)


@given(st.dictionaries(TAGS, VALUES, max_size=12))
def test_round_trip(fields):
    fields = {"CZ": "0320", **fields}
    wire = encode_fields(fields)
    assert decode_fields(wire) == Ok(fields)
    assert list(fields) == list(decode_fields(wire).value)


@given(st.dictionaries(TAGS, VALUES, max_size=4), st.data())
def test_a_message_in_pieces_is_cut_short_or_a_shorter_message_never_nonsense(fields, data):
    wire = encode_fields({"CZ": "0320", **fields})
    match decode_fields(wire[: data.draw(st.integers(1, len(wire)))]):
        case Ok(part):
            assert part.items() <= {"CZ": "0320", **fields}.items()
        case Refused(reason):
            assert reason is Malformed.CUT_SHORT


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(data):
    assert isinstance(decode_reply(data), Ok | Refused)


@given(
    st.integers(1, 10**12 - 1),
    st.sampled_from([Operation.DEBIT, Operation.CREDIT, Operation.CANCEL]),
    st.sampled_from(["EUR", "CHF", "XPF"]),
)
def test_what_we_ask_is_what_an_echo_says(amount, operation, currency):
    wire = encode_request(TillIdentity(), Request(operation, amount, currency, "ref-1")) + b"AE00210"
    assert decode_reply(wire) == Ok(Reply(Result.DONE, None, amount, currency, operation, "ref-1"))
