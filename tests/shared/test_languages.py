"""What speaks when a text is not there in the language that was asked for."""

from collections.abc import Mapping

import pytest

from shared.languages import LANGUAGES, LOCALES, OWN_NAMES, in_all, named, names_told, spoken


@pytest.mark.parametrize(
    "names, language, want",
    [
        ({"fr": "Le Cid", "en": "The Cid"}, "en", "The Cid"),
        ({"fr": "Le Cid"}, "it", "Le Cid"),
        ({"fr": "Le Cid", "it": ""}, "it", "Le Cid"),
        ({"pt": "O Cid", "fr": "Le Cid"}, "it", "O Cid"),
        ({"pt": "", "fr": "Le Cid"}, "", "Le Cid"),
        ({}, "it", ""),
    ],
)
def test_a_name_falls_back_to_what_there_is(names: Mapping[str, str], language: str, want: str) -> None:
    assert named(names, language) == want


def test_every_language_has_a_name_of_its_own_and_a_way_to_write_dates() -> None:
    assert tuple(OWN_NAMES) == tuple(LOCALES) == LANGUAGES
    assert (spoken("de"), spoken("xx")) == ("de", "fr")


def test_a_device_is_told_every_language_and_needs_no_rule() -> None:
    told = in_all({"de": "Der Cid", "en": "The Cid", "pt": "O Cid"})
    assert told == dict.fromkeys(LANGUAGES, "Der Cid") | {"en": "The Cid", "pt": "O Cid"}
    assert in_all({}) == {}


def test_what_an_earlier_version_told_in_one_language_is_read() -> None:
    assert (names_told("Salle A"), names_told({"de": "Saal A"})) == ({"fr": "Salle A"}, {"de": "Saal A"})
