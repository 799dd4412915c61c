"""What a context's settings may say: each word is declared once, with what its text must be and what holds where nobody
says it. An area declares its own; a word that nobody declared is kept, and read by nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale

from central.kernel.contexts import ContextKind, any_setting, setting_at
from central.kernel.entity import Look
from central.kernel.tx import Read
from central.kernel.values import TAG, Fault, looked
from shared.registries import add

Judge = Callable[[str, str], list[Fault]]
"""(place, text) → what is wrong with it, there."""


class SettingLook(StrEnum):
    """How the text of a word is entered and shown."""

    LINE = auto()
    LINES = auto()
    DAY = auto()
    ZONE = auto()
    CURRENCY = auto()
    LANGUAGE = auto()


@dataclass(frozen=True, slots=True)
class Declared:
    """`fallback` holds where no context says anything; empty: then there is none. `of`: the contexts that say it; none:
    all."""

    key: str
    judge: Judge
    fallback: str = ""
    look: SettingLook = SettingLook.LINE
    of: frozenset[ContextKind] = frozenset()


DECLARED: dict[str, Declared] = {}


def setting(
    key: str, judge: Judge, fallback: str = "", look: SettingLook = SettingLook.LINE, *of: ContextKind
) -> Declared:
    made = Declared(key, judge, fallback, look, frozenset(of))
    add(DECLARED, key, made)
    return made


def of_look(look: Look) -> Judge:
    return lambda at, text: looked(at, look, text)


def any_text(_: str, __: str) -> list[Fault]:
    return []


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def a_day(at: str, text: str) -> list[Fault]:
    return [] if day_of(text) else [{"at": at, "what": "not_an_iso_day"}]


def tags(at: str, text: str) -> list[Fault]:
    """Languages, apart by spaces or commas: any that has a code, also those that Parterre does not speak."""
    odd = [each for each in re.split(r"[\s,;]+", text.strip()) if not re.fullmatch(TAG, each) or each not in _known()]
    return [{"at": at, "what": "no_such_language", "value": odd[0][:60]}] if odd else []


@cache
def _known() -> frozenset[str]:
    return frozenset(Locale("en").languages)


TIMEZONE = setting("timezone", of_look(Look.TIMEZONE), "Europe/Paris", SettingLook.ZONE)
CURRENCY = setting("currency", of_look(Look.CURRENCY), "EUR", SettingLook.CURRENCY)
LANGUAGE = setting("language", of_look(Look.LANGUAGE), "", SettingLook.LANGUAGE)
LANGUAGES = setting("languages", tags, "", SettingLook.LINE, ContextKind.INSTITUTION)
BEGINS = setting("begins", a_day, "", SettingLook.DAY, ContextKind.SEASON)
ENDS = setting("ends", a_day, "", SettingLook.DAY, ContextKind.SEASON)


def faults_of_settings(said: Mapping[str, str], before: Mapping[str, str]) -> list[Fault]:
    """Of what is said otherwise than before. An empty text says nothing."""
    return [
        fault
        for key, text in said.items()
        if text and key in DECLARED and text != before.get(key)
        for fault in DECLARED[key].judge(f"settings.{key}", text)
    ]


def unread(said: Mapping[str, str]) -> list[str]:
    """The words that nothing reads."""
    return sorted(said.keys() - DECLARED.keys())


# --- what holds somewhere --------------------------------------------------------------------------------------------


def currency_at(read: Read, context_id: str | None) -> str:
    """The nearest's that says one, or else any in the house."""
    return setting_at(read, context_id, CURRENCY.key) or any_setting(read, CURRENCY.key) or CURRENCY.fallback


def timezone_called(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or TIMEZONE.fallback)
    except (KeyError, ValueError, OSError):  # of before settings were judged: it must not close the house's screens
        return ZoneInfo(TIMEZONE.fallback)
