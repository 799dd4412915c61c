"""Days in a reader's words, where CLDR writes them otherwise than people of the language do."""

import re
from datetime import date
from typing import Literal, get_args

from babel.dates import format_date, get_date_format

from shared.languages import LOCALES

Form = Literal["short", "medium", "long", "full"]
_FORMS: dict[str, Form] = {form: form for form in get_args(Form)}


def day_text(day: date, form: str, language: str) -> str:
    """`form`: one of CLDR's, or a pattern. A year has four figures, and a French month begins on its 1er."""
    locale = LOCALES[language]
    named = _FORMS.get(form)
    pattern = str(get_date_format(named, locale).pattern) if named else form
    pattern = re.sub(r"(?<!y)yy(?!y)", "y", pattern)
    if language == "fr" and day.day == 1:
        pattern = re.sub(r"\bd (?=MMM)", "d'er' ", pattern)
    return format_date(day, pattern, locale)
