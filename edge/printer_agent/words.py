"""The words on paper (texts/<language>/paper.po), and dates and money as CLDR writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from edge.printer_agent.text_table import SAID
from shared.languages import LOCALES, spoken
from shared.look import amounts
from shared.look.days import day_text
from shared.money import Minor
from shared.texts import say


class PaperWords:
    """One language, one time zone."""

    def __init__(self, language: str, timezone: str) -> None:
        self.language = spoken(language)
        self._locale = LOCALES[self.language]
        self._zone = ZoneInfo(timezone)

    def __call__(self, name: str, **values: str) -> str:
        return say(SAID, self.language, name, **values)

    def day(self, at: datetime) -> str:
        """With its weekday, in words: samedi 21 novembre 2026."""
        text = day_text(at.astimezone(self._zone), "full", self.language)
        return text[:1].upper() + text[1:]

    def short(self, at: datetime) -> str:
        """For the small print: 21/11/2026 18:32."""
        local = at.astimezone(self._zone)
        return f"{format_date(local, 'dd/MM/y', self._locale)} {self.time(at)}"

    def time(self, at: datetime) -> str:
        return format_time(at.astimezone(self._zone).timetz(), "HH:mm", locale=self._locale)

    def money(self, amount: int, currency: str) -> str:
        return amounts.money(Minor(amount), currency, self._locale)

    def rate(self, vat_bp: int) -> str:
        return format_decimal(vat_bp / 100, "0.##", self._locale)
