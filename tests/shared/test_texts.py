"""A device's texts: the plural that CLDR says, values, and what there is for a language that nobody speaks."""

import pytest
from babel import Locale

from shared.languages import LANGUAGES, LOCALES
from shared.texts import Catalogue, is_plural, say

TEXTS: Catalogue = {
    language: {"seats": (f"{language}: one", f"{language}: {{n}}"), "price": "{amount} !"} for language in LANGUAGES
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plural_is_cldrs(language: str) -> None:
    rule = Locale.parse(LOCALES[language]).plural_form
    assert all(is_plural(language, n) == (rule(n) != "one") for n in range(1000))


def test_a_text_is_filled() -> None:
    assert say(TEXTS, "fr", "price", amount="3 €", other="") == "3 € !"
    assert (say(TEXTS, "fr", "seats", n=0), say(TEXTS, "de", "seats", n=0)) == ("fr: one", "de: 0")
    assert say(TEXTS, "xx", "seats", n=2) == "fr: 2"
    with pytest.raises(KeyError):
        say(TEXTS, "fr", "no such key")
