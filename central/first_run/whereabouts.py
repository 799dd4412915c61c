"""Where the house stands, as far as a browser tells: what its first page proposes, and nobody has to look for."""

import re

from central.kernel.countries import currency_of, timezone_in
from shared.languages import LOCALES

_TAG = re.compile(r"\s*[A-Za-z]{2,3}-(?:[A-Za-z]{4}-)?([A-Za-z]{2})\s*(?:;|$)")


def country_by_browser(accepted: str, language: str) -> str:
    """Of an Accept-Language header: the first country that it names, or else the one whose notation the language has
    here."""
    named = (_TAG.match(part) for part in accepted[:200].split(","))
    return next((each[1].upper() for each in named if each), LOCALES[language].partition("_")[2])


def proposed(accepted: str, language: str) -> dict[str, str]:
    """Zone and currency; empty: nothing is sure."""
    country = country_by_browser(accepted, language)
    return {"timezone": timezone_in(country), "currency": currency_of(country)}
