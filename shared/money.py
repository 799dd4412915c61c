"""Money is whole minor units (cents) of an ISO 4217 currency; it is never a float and only moves."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NewType

Minor = NewType("Minor", int)  # minor units; the currency stands beside it (order, account, lease)

_EXPONENT = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "ISK": 0,
    "XOF": 0,
    "XAF": 0,
    "XPF": 0,
    "TND": 3,
    "BHD": 3,
    "KWD": 3,
}


def exponent(currency: str) -> int:
    """Decimal places of a currency (ISO 4217)."""
    return _EXPONENT.get(currency, 2)


def to_decimal(amount: Minor, currency: str) -> Decimal:
    """Major units for printing; all arithmetic stays in minor units."""
    return Decimal(amount).scaleb(-exponent(currency))


def share(amount: Minor, rate_bp: int) -> Minor:
    """`rate_bp` basis points (1/100 %) of an amount, rounded half up (docs/spec/organisation.md, prices)."""
    return Minor(int((Decimal(amount) * rate_bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP)))


def vat_in(amount: Minor, rate_bp: int) -> Minor:
    """The VAT contained in a price that includes it, rounded half up."""
    return Minor(int((Decimal(amount) * rate_bp / (10_000 + rate_bp)).quantize(Decimal(1), ROUND_HALF_UP)))
