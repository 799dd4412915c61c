"""The countries of time zones, as CLDR has them: what can be proposed of a house, as it follows from where it is."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_territory_currencies

REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
_SEAT = {"DE": "Europe/Berlin", "ES": "Europe/Madrid", "PT": "Europe/Lisbon"}
"""Where nearly all of a country that has several zones keeps this one."""


@cache
def timezones() -> tuple[str, ...]:
    """By region; names of offsets and old names by country are left out."""
    return tuple(sorted(each for each in available_timezones() if each.partition("/")[0] in REGIONS))


def country_of(zone: str) -> str:
    """`FR` of Europe/Paris; empty where it is not one country's."""
    found = get_global("zone_territories").get(zone, "")
    return found if len(found) == 2 else ""


@cache
def timezone_in(country: str) -> str:
    """The time of a country; empty where it has more than one."""
    found = [each for each in timezones() if country_of(each) == country]
    return found[0] if len(found) == 1 else _SEAT.get(country, "")


@cache
def currency_of(country: str) -> str:
    """What is paid with there today; empty where CLDR knows none."""
    found = get_territory_currencies(country) if country else []
    return str(found[0]) if found else ""
