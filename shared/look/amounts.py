"""Amounts of money in a reader's words, with as many decimals as they are kept in (shared/money.py): CLDR shows some
currencies with fewer, and an amount that is typed as it is shown must come back as the same."""

from copy import copy
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern

from shared.money import Minor, exponent, to_decimal


def money(amount: Minor, currency: str, locale: Locale | str) -> str:
    """Minor units, as 1 234,50 €."""
    where = Locale.parse(locale)
    pattern = _pattern(where, exponent(currency))
    return str(pattern.apply(to_decimal(amount, currency), where, currency=currency, currency_digits=False))


@cache
def _pattern(locale: Locale, places: int) -> NumberPattern:
    pattern: NumberPattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (places, places)
    return pattern
