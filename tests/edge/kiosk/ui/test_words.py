"""Prices, times and seats as each language writes them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge.kiosk.ui import words


@pytest.mark.parametrize(
    "language, want",
    [("fr", "46,00 €"), ("en", "€46.00"), ("de", "46,00 €"), ("es", "46,00 €"), ("it", "46,00 €")],
)
def test_prices(language: str, want: str) -> None:
    assert words.money(4600, "EUR", language).replace("\xa0", " ") == want


def test_nothing_to_pay_is_called_free_and_yen_have_no_cents() -> None:
    assert words.price(0, "EUR", "fr") == "gratuit"
    assert words.money(500, "JPY", "en") == "JP¥500"


@pytest.mark.parametrize(
    "language, want",
    [
        ("fr", "Vendredi 27 novembre · 20:30"),
        ("en", "Friday 27 November · 20:30"),
        ("de", "Freitag, 27. November · 20:30"),
        ("es", "Viernes 27 de noviembre · 20:30"),
        ("it", "Venerdì 27 novembre · 20:30"),
    ],
)
def test_times_are_the_venues(sample: Any, language: str, want: str) -> None:
    row = replace(sample.programme[0].performance, starts=datetime(2026, 11, 27, 19, 30, tzinfo=UTC))
    got = words.when(row, language)
    assert got.replace(",", "") == want.replace(",", "")


def test_a_date_is_that_of_the_venue() -> None:
    row = replace(_row(), starts=datetime(2026, 11, 27, 23, 30, tzinfo=UTC), timezone="Pacific/Auckland")
    assert words.day(row, "fr") == "Samedi 28 novembre"


def _row() -> Any:
    from shared.wire.feeds import PerformanceRow

    at = datetime(2026, 11, 27, 19, 30, tzinfo=UTC)
    return PerformanceRow({"fr": "x"}, at, at, at, "Europe/Paris", "p", True)


@pytest.mark.parametrize(
    "numbers, want",
    [
        (["12", "13"], "12–13"),
        (["12", "13", "15"], "12–13, 15"),
        (["7"], "7"),
        (["9", "10", "11"], "9–11"),
        (["A", "B"], "A, B"),
        (["1", "3", "5"], "1, 3, 5"),
        ([], ""),
    ],
)
def test_neighbours_are_a_range(numbers: list[str], want: str) -> None:
    assert words.ranges(numbers) == want


def test_seats_are_named_row_by_row(sample: Any) -> None:
    f12, f13 = sample.row_f
    g2 = replace(f12, row="G", number="2")
    alone = replace(f12, row="", zone="Fosse", number="9")
    assert words.seats([g2, f13, f12, alone], "fr") == [
        "Fosse, 9",
        "Parterre, rang F, 12–13",
        "Parterre, rang G, 2",
    ]
    assert words.seats([f13], "de") == ["Parterre, Reihe F, 13"]
