"""What a visitor reads (texts/<language>/kiosk.po), and how each language writes numbers and dates."""

from collections.abc import Mapping
from functools import partial

from babel import Locale

from edge.kiosk.text_table import SAID
from shared import texts
from shared.languages import FIRST_LANGUAGE
from shared.languages import LOCALES as TAGS

LOCALES: Mapping[str, Locale] = {language: Locale.parse(tag) for language, tag in TAGS.items()}

say = partial(texts.say, SAID)
"""`say(language, "done.take", n=2)`"""


def has(key: str) -> bool:
    return key in SAID[FIRST_LANGUAGE]
