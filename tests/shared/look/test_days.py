"""Days as people of a language write them."""

from datetime import date

import pytest

from shared.look.days import day_text

FIRST = date(2026, 12, 1)


@pytest.mark.parametrize(
    "form, day, language, want",
    [
        ("EEEE d MMMM", FIRST, "fr", "mardi 1er décembre"),
        ("EEEE d MMMM", date(2026, 12, 11), "fr", "vendredi 11 décembre"),
        ("full", FIRST, "fr", "mardi 1er décembre 2026"),
        ("medium", FIRST, "fr", "1er déc. 2026"),
        ("short", FIRST, "fr", "01/12/2026"),
        ("EEEE d MMMM", FIRST, "en", "Tuesday 1 December"),
        ("medium", FIRST, "de", "01.12.2026"),
        ("short", FIRST, "de", "01.12.2026"),
        ("short", FIRST, "es", "1/12/2026"),
    ],
)
def test_a_first_is_1er_in_french_and_a_year_has_four_figures(form: str, day: date, language: str, want: str) -> None:
    assert day_text(day, form, language) == want
