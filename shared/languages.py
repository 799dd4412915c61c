"""The languages that Parterre speaks, and the one rule for a name that is missing in one of them."""

from collections.abc import Mapping

LANGUAGES = ("fr", "en", "de", "es", "it")
FIRST_LANGUAGE = LANGUAGES[0]
"""What texts are written in first, and what speaks to those whose language we do not speak."""

OWN_NAMES: Mapping[str, str] = {"fr": "Français", "en": "English", "de": "Deutsch", "es": "Español", "it": "Italiano"}

LOCALES: Mapping[str, str] = {"fr": "fr_FR", "en": "en_GB", "de": "de_DE", "es": "es_ES", "it": "it_IT"}
"""How each writes dates and numbers, as CLDR names it. English as most of our houses write it: 5 Dec 2026, 19:30."""


def spoken(language: str) -> str:
    """The language itself if we speak it, or else the first."""
    return language if language in LANGUAGES else FIRST_LANGUAGE


def named(names: Mapping[str, str], language: str) -> str:
    """A name in this language, or else in the first, or else in any; "" if there is none."""
    return names.get(language) or names.get(FIRST_LANGUAGE) or next(iter(names.values()), "")
