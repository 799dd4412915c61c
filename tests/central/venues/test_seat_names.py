"""Seats as people say them."""

import pytest

from central.venues.seat_names import NamedSeat, seat_names


def seats(zone: str, row: str, *numbers: int, at: int = 0) -> list[NamedSeat]:
    return [(at + n, zone, row, str(n)) for n in numbers]


@pytest.mark.parametrize(
    "chosen, said",
    [
        (seats("Parterre", "A", 1, 2, 3, 4, 5, 6) + seats("Parterre", "B", 1, 2, at=20), "Parterre A1–A6, B1–B2"),
        (seats("Parterre", "A", 4), "Parterre A4"),
        (seats("Parterre", "A", 6, 1, 2), "Parterre A1–A2, A6"),
        (seats("Parterre", "3", 1, 2), "Parterre 3-1–3-2"),
        (seats("Parterre", "A", 9) + seats("Balcon", "A", 1, at=9), "Parterre A9, Balcon A1"),
        ([seat for n in range(20) for seat in seats("P", f"R{n}-", 1, at=n * 9)], "P " + ", ".join(
            f"R{n}-1" for n in range(12)) + " …"),
        ([], ""),
    ],
)  # fmt: skip
def test_how_seats_are_named(chosen: list[NamedSeat], said: str) -> None:
    assert seat_names(chosen) == said
