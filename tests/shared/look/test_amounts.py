"""Amounts are shown with as many decimals as they are kept in, whatever the currency and the language."""

import pytest
from babel import Locale
from babel.core import get_global

from shared.look.amounts import money
from shared.money import Minor, exponent

CURRENCIES = sorted(get_global("all_currencies"))


@pytest.mark.parametrize("language", ["fr", "en", "de", "es", "it"])
def test_what_is_shown_is_what_is_kept(language: str) -> None:
    assert len(CURRENCIES) > 150
    for currency in CURRENCIES:
        for amount in (0, 5, 1500, 123_456_789):
            digits = "".join(each for each in money(Minor(amount), currency, language) if each.isdecimal())
            assert int(digits) == amount, (currency, amount)
            assert len(digits) >= exponent(currency) + 1


@pytest.mark.parametrize(
    ("amount", "currency", "language", "said"),
    [
        (2000, "EUR", "fr", "20,00\xa0€"),
        (150_000, "RSD", "fr", "1\u202f500,00\xa0RSD"),
        (5000, "OMR", "en", "OMR5.000"),
        (1500, "JPY", "de", "1.500\xa0¥"),
        (1500, "XPF", Locale("fr"), "1\u202f500\xa0FCFP"),
    ],
)
def test_as_it_is_written(amount: int, currency: str, language: str, said: str) -> None:
    assert money(Minor(amount), currency, language) == said
