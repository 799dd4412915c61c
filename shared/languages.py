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


def named(names: Mapping[str, str], language: str = "") -> str:
    """A name in this language, or else in the language that stands first: the house's own. "" if there is none."""
    return names.get(language) or next(filter(None, names.values()), "")


def in_all(names: Mapping[str, str]) -> dict[str, str]:
    """The names in every language that we speak, for devices: what is missing is said in the house's own."""
    return {**names, **{language: named(names, language) for language in LANGUAGES}} if names else {}


def names_told(told: Mapping[str, str] | str) -> dict[str, str]:
    """Names by language, also of what an earlier version told in one language alone."""
    return {FIRST_LANGUAGE: told} if isinstance(told, str) else dict(told)
