"""Prices, dates and seats in a visitor's words: CLDR through Babel, in the venue's own time zone."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_time
from babel.numbers import format_decimal, format_percent

from edge.kiosk.ui.texts import LOCALES, say
from shared.look import amounts
from shared.look.days import day_text
from shared.money import Minor
from shared.wire.feeds import PerformanceRow, PlanSeat

_NOT_A_NUMBER = (10**9, "")


def money(amount: int, currency: str, language: str) -> str:
    return amounts.money(Minor(amount), currency, LOCALES[language])


def price(amount: int, currency: str, language: str) -> str:
    """Like `money`, but a free place is called free."""
    return money(amount, currency, language) if amount else say(language, "price.free")


def number(value: int, language: str) -> str:
    return format_decimal(value, locale=LOCALES[language])


def rate(basis_points: int, language: str) -> str:
    return format_percent(basis_points / 10_000, "#,##0.## %" if language != "en" else "#,##0.##%", LOCALES[language])


def day(performance: PerformanceRow, language: str) -> str:
    """`vendredi 27 novembre`, as the language writes it."""
    pattern = {"en": "EEEE d MMMM", "de": "EEEE, d. MMMM", "es": "EEEE, d 'de' MMMM"}.get(language, "EEEE d MMMM")
    text = day_text(_local(performance.starts, performance), pattern, language)
    return text[:1].upper() + text[1:]


def hour(performance: PerformanceRow, language: str) -> str:
    """The time on the venue's clock, short."""
    return format_time(_local(performance.starts, performance), "short", locale=LOCALES[language])


def when(performance: PerformanceRow, language: str) -> str:
    return f"{day(performance, language)} · {hour(performance, language)}"


def seats(chosen: Iterable[PlanSeat], language: str) -> list[str]:
    """Seats told row by row, neighbours as a range: `Parterre, rang F, 12–13`."""
    ordered = sorted(chosen, key=lambda seat: (seat.zone, seat.row, _in_order(seat.number)))
    return [
        say(language, "seats.at" if row else "seats.in", zone=zone, row=row, numbers=ranges([s.number for s in group]))
        for (zone, row), group in groupby(ordered, key=lambda seat: (seat.zone, seat.row))
    ]


def ranges(numbers: Sequence[str]) -> str:
    """`12–13, 15`: runs of whole numbers joined, everything else as it stands."""
    runs: list[list[str]] = []
    for text in numbers:
        if runs and text.isdecimal() and runs[-1][-1].isdecimal() and int(text) == int(runs[-1][-1]) + 1:
            runs[-1].append(text)
        else:
            runs.append([text])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _in_order(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdecimal() else (_NOT_A_NUMBER[0], text)


def _local(at: datetime, performance: PerformanceRow) -> datetime:
    return at.astimezone(ZoneInfo(performance.timezone))
