"""Seats as people say them: `A1–A6, B1–B6`. plan.js says a selection so too, before anything is sent; a test holds the
two together."""

from collections.abc import Iterable

MOST_STRETCHES = 12
MOST_NAMED = 300  # seats that are looked at

NamedSeat = tuple[int, str, str, str]
"""(position in the plan's order, name of the zone, row, number)"""


def seat_names(seats: Iterable[NamedSeat]) -> str:
    """Neighbours of a row as one stretch, the zone before its first seats; of many stretches the first, and `…`."""
    stretches: list[list[NamedSeat]] = []
    for seat in sorted(seats):
        last = stretches[-1][-1] if stretches else None
        if last and seat[0] == last[0] + 1 and seat[1:3] == last[1:3]:
            stretches[-1].append(seat)
        else:
            stretches.append([seat])
    said, zone = [], ""
    for each in stretches[:MOST_STRETCHES]:
        first, last = each[0], each[-1]
        text = seat_name(first) if first == last else f"{seat_name(first)}–{seat_name(last)}"
        said.append(text if first[1] == zone else f"{first[1]} {text}")
        zone = first[1]
    return ", ".join(said) + (" …" if len(stretches) > MOST_STRETCHES else "")


def seat_name(seat: NamedSeat) -> str:
    """`A1`; after a row that ends with a digit `3-12`."""
    _, _, row_name, number = seat
    return row_and_number(row_name, number)


def row_and_number(row_name: str, number: str) -> str:
    return f"{row_name}-{number}" if row_name[-1:].isdigit() else f"{row_name}{number}"
