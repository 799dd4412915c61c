"""The legal numbers of tickets."""

import pytest

from shared.rules.numbering import CENTRAL_DIGITS, DEVICE_DIGITS, device_series, is_of, ticket_number


@pytest.mark.parametrize(
    "series, n, digits, want",
    [
        ("TDT", 1, CENTRAL_DIGITS, "TDT-0000001"),
        (device_series("TDT", "B1"), 42, DEVICE_DIGITS, "TDT-B1-000042"),
        ("TDT", 12_345_678, CENTRAL_DIGITS, "TDT-12345678"),
        ("", 7, DEVICE_DIGITS, "000007"),
    ],
)
def test_ticket_number(series: str, n: int, digits: int, want: str) -> None:
    assert ticket_number(series, n, digits) == want
    assert is_of(series, want) == bool(series), "a number without a series is nobody's"


@pytest.mark.parametrize(
    "number", ["TDT-B2-000001", "TDT-000001", "TDT-B1-", "TDT-B1-1a", "TDT-B1-٣", "TDT-B1", "000001", ""]
)
def test_what_is_none_of_the_series(number: str) -> None:
    assert not is_of("TDT-B1", number)
