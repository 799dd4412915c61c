"""Five languages: gettext texts out of `texts/<language>/*.po`, dates and numbers by CLDR.

A msgid is a French sentence, which needs no French entry, or the key of something declared (`field:site.timezone`),
which has one in each language. Where one French sentence means two things, each is said with which (`msgctxt`).
`tools/texts` finds what is missing or stale.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_time, get_datetime_format
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_currency_name, get_decimal_symbol

from shared.languages import FIRST_LANGUAGE, LANGUAGES, LOCALES, OWN_NAMES, named, spoken
from shared.look.amounts import money
from shared.look.days import day_text
from shared.money import CURRENCIES, Minor
from shared.outcome import Reason
from shared.texts import typeset

FOLDER = Path(__file__).parents[2] / "texts"
_LONG_DAY = {"de": "EEEE, d. MMMM", "es": "EEEE, d 'de' MMMM"}
_SHORT_DAY = {"de": "EEE, d. MMM"}


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language: `t("Enregistrer")`, `t("field:site.timezone")`, `t("{n} places", n=3)`."""

    language: str
    _said: GNUTranslations

    def __call__(self, msgid: str, /, **values: Any) -> str:
        return _filled(self._said.gettext(msgid), values)

    def n(self, one: str, many: str, number: int, /, **values: Any) -> str:
        """By the language's own plural rule; `{n}` is the number."""
        return _filled(self._said.ngettext(one, many, number), {"n": self.number(number), **values})

    def meant(self, which: str, msgid: str, /, **values: Any) -> str:
        """Of a French sentence that means several things, the one that `which` says: `t.meant("touche", "Espace")`."""
        return _filled(self._said.pgettext(which, msgid), values)

    def known(self, *keys: str) -> str | None:
        """The text of the first key that has one."""
        return next((said for key in keys if (said := self._said.gettext(key)) != key), None)

    def of(self, names: Mapping[str, str]) -> str:
        return named(names, self.language)

    # --- what is declared ---------------------------------------------------------------------------------------------

    def entity(self, name: str) -> str:
        return self.known(f"entity:{name}") or _words(name)

    def entities(self, name: str) -> str:
        return self.known(f"entities:{name}") or _words(name)

    def field(self, entity: str, name: str) -> str:
        return self.known(f"field:{entity}.{name}", f"field:{name}") or _words(name)

    def setting(self, key: str) -> str:
        """What a word of a context's settings is called; one that nobody declared is its own name."""
        return self.known(f"setting:{key}", f"field:{key}") or key

    def help(self, entity: str, name: str) -> str:
        return self.known(f"help:{entity}.{name}", f"help:{name}") or ""

    def value(self, kind: str, value: str) -> str:
        return self.known(f"value:{kind}.{value}", f"value:{value}") or _words(value)

    def within(self, noun: str) -> str:
        """A noun as it stands inside a sentence: small, but in German and where it is an abbreviation."""
        return noun if self.language == "de" or noun[1:2].isupper() else noun[:1].lower() + noun[1:]

    def do(self, command: str) -> str:
        return self.known(f"do:{command}") or _words(command)

    def reason(self, reason: Reason, **values: Any) -> str:
        return self(f"reason:{reason.key}", **values)

    def fault(self, what: str, **values: Any) -> str:
        return _filled(self.known(f"fault:{what}") or _words(what), values)

    # --- CLDR ---------------------------------------------------------------------------------------------------------

    @property
    def locale(self) -> str:
        return LOCALES[self.language]

    @property
    def colon(self) -> str:
        """Between a thing and what is said of it: French puts a space before it, that no line breaks at."""
        return "\u00a0: " if self.language == "fr" else ": "

    @property
    def point(self) -> str:
        """Before decimals."""
        return get_decimal_symbol(self.locale)

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def money(self, minor: int, currency: str) -> str:
        return money(Minor(minor), currency, self.locale)

    def currencies(self) -> tuple[tuple[str, str], ...]:
        """(code, name) of all there are."""
        return _currencies(self.locale)

    def moment(self, at: datetime, zone: ZoneInfo, form: str = "medium") -> str:
        """A day and a time to the minute; nobody sells by the second."""
        if form == "short":
            both = str(get_datetime_format("short", locale=self.locale))
            return both.replace("{1}", self.day(at, zone, form)).replace("{0}", self.time(at, zone))
        return f"{self.day(at, zone, form)}, {self.time(at, zone)}"

    def day(self, at: datetime, zone: ZoneInfo, form: str = "medium") -> str:
        return day_text(at.astimezone(zone), form, self.language)

    def weekday(self, day: date, *, short: bool = False) -> str:
        """With its name and without its year, as a bill outside a theatre says it."""
        pattern = (_SHORT_DAY if short else _LONG_DAY).get(self.language, "EEE d MMM" if short else "EEEE d MMMM")
        return day_text(day, pattern, self.language)

    def dated(self, at: datetime, zone: ZoneInfo) -> str:
        """For lists that go by days: `sam. 21/11/2026 21:00`."""
        return f"{day_text(at.astimezone(zone), 'EEE', self.language)} {self.moment(at, zone, 'short')}"

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        return format_time(at, "short", tzinfo=zone, locale=self.locale)

    def calendar_day(self, day: date) -> str:
        return day_text(day, "medium", self.language)


class _AsWritten(NullTranslations):
    """A French sentence is its own text, and is typeset like any other."""

    def gettext(self, message: str) -> str:
        return _typeset(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _typeset(super().ngettext(msgid1, msgid2, n))

    def pgettext(self, context: str, message: str) -> str:
        return _typeset(super().pgettext(context, message))


@lru_cache(4096)
def _typeset(text: str) -> str:
    return typeset(FIRST_LANGUAGE, text)


@cache
def texts(language: str) -> Texts:
    """A language that is not one of ours gets French."""
    language = spoken(language)
    merged = Catalog(locale=Locale(language))
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    message.string = _shown(language, message.string or "")
                    merged[message.id] = message
    packed = io.BytesIO()
    write_mo(packed, merged)
    packed.seek(0)
    said = GNUTranslations(packed)
    if language == FIRST_LANGUAGE:
        said.add_fallback(_AsWritten())
    return Texts(language, said)


def _shown(language: str, said: str | Sequence[str]) -> str | tuple[str, ...]:
    return typeset(language, said) if isinstance(said, str) else tuple(typeset(language, each) for each in said)


def own_name(language: str) -> str:
    """What a language calls itself: Français, Português; its code if CLDR does not know it."""
    try:
        return OWN_NAMES.get(language) or str(Locale(language).get_language_name()).capitalize()
    except UnknownLocaleError:
        return language


@cache
def _currencies(locale: str) -> tuple[tuple[str, str], ...]:
    return tuple((code, get_currency_name(code, locale=locale)) for code in sorted(CURRENCIES))


def language_for(chosen: str | None, accepted: str) -> str:
    """What somebody chose, or else what their browser likes best of what we speak."""
    if chosen in LANGUAGES:
        return str(chosen)
    return next((each for each in _liked(accepted) if each in LANGUAGES), FIRST_LANGUAGE)


def _liked(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, best liked first; what is liked 0 is not wanted (RFC 9110)."""
    weighed = []
    for part in accepted[:200].split(","):
        name, _, weight = part.replace(" ", "").lower().partition(";q=")
        try:
            weighed.append((float(weight or 1), name.partition("-")[0]))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighed, key=lambda each: -each[0]) if weight > 0]


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return text.format_map(values) if values else text


def _words(name: str) -> str:
    """For what has no text yet, which a test does not let pass."""
    return name.replace("_", " ").capitalize()
