"""What speaks when a text is not there in the language that was asked for."""

from collections.abc import Mapping

import pytest

from shared.languages import LANGUAGES, LOCALES, OWN_NAMES, named, spoken


@pytest.mark.parametrize(
    "names, language, want",
    [
        ({"fr": "Le Cid", "en": "The Cid"}, "en", "The Cid"),
        ({"fr": "Le Cid"}, "it", "Le Cid"),
        ({"fr": "Le Cid", "it": ""}, "it", "Le Cid"),
        ({"pt": "O Cid"}, "it", "O Cid"),
        ({}, "it", ""),
    ],
)
def test_a_name_falls_back_to_what_there_is(names: Mapping[str, str], language: str, want: str) -> None:
    assert named(names, language) == want


def test_every_language_has_a_name_of_its_own_and_a_way_to_write_dates() -> None:
    assert tuple(OWN_NAMES) == tuple(LOCALES) == LANGUAGES
    assert (spoken("de"), spoken("xx")) == ("de", "fr")
