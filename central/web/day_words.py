"""What people mean by days when they look for something: `12 décembre`, `12/12`, `2026-12-12`, `samedi`, `mars`,
`demain`, `1er décembre`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from babel.dates import get_day_names, get_month_names

from central.kernel.search_index import folded
from shared.languages import LOCALES

LAST_YEAR = 9999  # what comes after it no date can say
WEEKS = 5  # of a weekday: so many to come
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_PARTS = re.compile(r"[.-]+")
_ORDINAL = re.compile(r"(\d{1,2})(?:er|st|nd|rd|th|o|a)")
_NUMBER = re.compile(r"\d{1,4}")  # of a day, a month or a year; a longer one is no part of a day

NEAR: dict[str, dict[str, int]] = {
    "fr": {"avant-hier": -2, "hier": -1, "aujourd hui": 0, "ce soir": 0, "demain": 1, "apres-demain": 2},
    "en": {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1},
    "de": {"vorgestern": -2, "gestern": -1, "heute": 0, "heute abend": 0, "morgen": 1, "ubermorgen": 2},
    "es": {"anteayer": -2, "ayer": -1, "hoy": 0, "esta noche": 0, "manana": 1, "pasado manana": 2},
    "it": {"ieri": -1, "oggi": 0, "stasera": 0, "domani": 1, "dopodomani": 2},
}
"""Folded → days from today. The longer ones are looked for first."""

Days = tuple[date, date]
"""From the first day to before the second."""


@dataclass(frozen=True, slots=True)
class DaysMeant:
    """`days`: what was meant of them; `rest`: the words that say none."""

    days: tuple[Days, ...]
    rest: tuple[str, ...]


def days_meant(words: Sequence[str], language: str, today: date) -> DaysMeant:
    """`words` are folded. A day near today is that one. A number is a day only beside a month; a day without a year is
    the last, this and the next year's, a month this year's and the next's, a weekday one of those to come."""
    line = f" {' '.join(words)} "
    for phrase in sorted(NEAR.get(language, ()), key=len, reverse=True):
        if f" {phrase} " in line:
            day = today + timedelta(days=NEAR[language][phrase])
            return DaysMeant(((day, day + timedelta(days=1)),), tuple(line.replace(f" {phrase} ", " ", 1).split()))
    numbers: list[int] = []
    rest: list[str] = []
    month = weekday = None
    for word in words:
        if found := _ISO.fullmatch(word):
            numbers += [int(found[3]), int(found[2]), int(found[1])]
        elif found := _ORDINAL.fullmatch(word):
            numbers.append(int(found[1]))
        elif (digits := [each for each in _PARTS.split(word) if each]) and all(map(_NUMBER.fullmatch, digits)):
            numbers += [int(each) for each in digits]
        elif month is None and (named := _months(language).get(word.strip("."))):
            month = named
        elif weekday is None and (named := _weekdays(language).get(word.strip("."))) is not None:
            weekday = named
        else:
            rest.append(word)
    if month is None and len(numbers) in (2, 3) and 1 <= numbers[1] <= 12:
        month = numbers.pop(1)
    days = _days(numbers, month, today)
    if days is None and numbers:
        return DaysMeant((), tuple(words))
    if weekday is not None:
        days = _coming(weekday, today) if days is None else _on(weekday, days)
    return DaysMeant(tuple(days or ()), tuple(rest))


def _days(numbers: list[int], month: int | None, today: date) -> list[Days] | None:
    """None: no day."""
    if month is None or len(numbers) > 2:
        return None
    if not numbers or (len(numbers) == 1 and numbers[0] > 31):
        years = numbers or [today.year, today.year + 1]
        return [_month(year, month) for year in years if 1 < year < LAST_YEAR]
    day, *year = numbers
    years = year or [today.year - 1, today.year, today.year + 1]
    return [found for each in years if (found := _day(each, month, day))]


def _month(year: int, month: int) -> Days:
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def _day(year: int, month: int, day: int) -> Days | None:
    """None: there is no 31 June, and no calendar beyond the year 9998."""
    try:
        found = date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None
    return (found, found + timedelta(days=1)) if found.year < LAST_YEAR else None


def _coming(weekday: int, today: date) -> list[Days]:
    first = today + timedelta(days=(weekday - today.weekday()) % 7)
    days = [first + timedelta(weeks=week) for week in range(WEEKS)]
    return [(day, day + timedelta(days=1)) for day in days]


def _on(weekday: int, stretches: list[Days]) -> list[Days]:
    """Those of these days that are such a weekday."""
    found = []
    for start, end in stretches:
        day = start + timedelta(days=(weekday - start.weekday()) % 7)
        while day < end:
            found.append((day, day + timedelta(days=1)))
            day += timedelta(weeks=1)
    return found


@cache
def _months(language: str) -> dict[str, int]:
    """Folded, as they are written out and in short → 1..12."""
    return _numbers(*(get_month_names(width, locale=LOCALES[language]) for width in ("abbreviated", "wide")))


@cache
def _weekdays(language: str) -> dict[str, int]:
    """Monday is 0."""
    return _numbers(*(get_day_names(width, locale=LOCALES[language]) for width in ("abbreviated", "wide")))


def _numbers(*names: Mapping[int, str]) -> dict[str, int]:
    return {folded(name).strip("."): number for each in names for number, name in each.items()}
