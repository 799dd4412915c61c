"""Money is whole minor units (cents) of an ISO 4217 currency; it is never a float and only moves."""

from decimal import Decimal
from typing import NewType

Minor = NewType("Minor", int)  # minor units; the currency stands beside it (order, account, lease)
MOST_MONEY = 10**12
"""Of one amount, in minor units. The sum of nine million of them fits into the databases' 64 bits."""

_CODES = (  # ISO 4217, list one: what somebody pays with; no metals, no funds, none that is over
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY "
    "COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR "
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK "
    "MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU "
    "UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())
_OTHER_DECIMALS = {  # ISO 4217, list one: the currencies that have not two
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENT = {code: decimals for decimals, codes in _OTHER_DECIMALS.items() for code in codes.split()}


def exponent(currency: str) -> int:
    """Decimal places of a currency (ISO 4217)."""
    return _EXPONENT.get(currency, 2)


def to_decimal(amount: Minor, currency: str) -> Decimal:
    """Major units for printing; all arithmetic stays in minor units."""
    return Decimal(amount).scaleb(-exponent(currency))
