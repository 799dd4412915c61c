"""Minor units are those of ISO 4217: who gets 250,000 of them reads the same price as who sent them."""

from decimal import Decimal

import pytest

from shared.money import Minor, to_decimal


@pytest.mark.parametrize(
    "currency, amount, price",
    [
        ("EUR", 2500, "25.00"), ("HUF", 490000, "4900.00"), ("JPY", 1500, "1500"), ("VND", 250_000, "250000"),
        ("PYG", 250_000, "250000"), ("UGX", 50_000, "50000"), ("OMR", 12_500, "12.500"), ("JOD", 12_500, "12.500"),
        ("IQD", 12_500, "12.500"), ("TND", 12_500, "12.500"), ("CLF", 12_500, "1.2500"),
    ],
)  # fmt: skip
def test_a_currency_has_the_decimals_of_its_standard(currency: str, amount: int, price: str) -> None:
    assert to_decimal(Minor(amount), currency) == Decimal(price)
    assert str(to_decimal(Minor(amount), currency)) == price
