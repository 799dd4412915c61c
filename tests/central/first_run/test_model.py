"""What follows from a name, a number, a day."""

from datetime import date

import pytest

from central.first_run.model import season_of
from central.organisation.mentions import is_siret, licences_of, not_licences
from central.web.codes import code_of


@pytest.mark.parametrize(
    "name, code",
    [
        ("Théâtre des Tilleuls", "THEATRE-TILLEULS"),
        ("L’Opéra d’Été", "OPERA-ETE"),
        ("Saison 2026–2027", "SAISON-2026-2027"),
        ("The Old Vic, a very long name of a theatre indeed", "OLD-VIC-VERY-LONG"),
        ("Donaudampfschifffahrtsgesellschaft", "DONAUDAMPFSCHIFFFAHR"),
        ("劇場", "HOUSE"),
        ("<script>alert(1)</script>", "SCRIPT-ALERT-1"),
        ("", "HOUSE"),
    ],
)
def test_a_code_is_what_a_person_would_write(name: str, code: str) -> None:
    assert code_of(name, "HOUSE") == code


@pytest.mark.parametrize(
    "said, right",
    [
        ("732 829 320 00074", True),
        ("73282932000074", True),
        ("732.829.320.00074", True),
        ("73282932000075", False),  # the check does not match
        ("7328293200007", False),  # a digit is missing
        ("73282932000074A", False),
        ("7328293200007²", False),
        ("356 000 000 00048", True),  # La Poste: Luhn
        ("356 000 000 30005", False),
        ("", False),
        ("٧٣٢٨٢٩٣٢٠٠٠٠٧٤", False),  # digits, but not those of a form
    ],
)
def test_a_siret_has_its_check(said: str, right: bool) -> None:
    assert is_siret(said) is right


def test_licences_are_told_apart() -> None:
    assert licences_of(" platesv-r-2026-000123 ; 1-123456,2-1234567 ") == [
        "PLATESV-R-2026-000123", "1-123456", "2-1234567",
    ]  # fmt: skip
    assert list(not_licences("PLATESV-D-2026-000123, PLATESV-X-2026-000123, 4-123456")) == [
        "PLATESV-X-2026-000123", "4-123456",
    ]  # fmt: skip
    assert list(not_licences("")) == []


@pytest.mark.parametrize(
    "today, begins", [("2026-11-21", 2026), ("2027-04-30", 2026), ("2027-05-01", 2027), ("2027-08-31", 2027)]
)
def test_the_season_that_is_prepared(today: str, begins: int) -> None:
    assert season_of(date.fromisoformat(today)) == (date(begins, 9, 1), date(begins + 1, 8, 31))
