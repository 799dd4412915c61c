"""The legal numbers of tickets: a series, a dash, and a number that has no gaps in it (docs/spec/law-fr.md, R3).
Central numbers what it sells of an organiser in one series, each selling device in one of its own (decision 14)."""

from typing import Final

CENTRAL_DIGITS: Final = 7  # at least; never fewer in a series that has begun
DEVICE_DIGITS: Final = 6


def device_series(organiser: str, point_of_sale: str) -> str:
    """By their codes. Central's own series is called like the organiser."""
    return f"{organiser}-{point_of_sale}"


def ticket_number(series: str, n: int, digits: int) -> str:
    """Without a series (a catalogue from before they were told) the number stands alone."""
    return f"{series}-{n:0{digits}d}" if series else f"{n:0{digits}d}"


def is_of(series: str, number: str) -> bool:
    """Whether a number is one of this series, whichever it is."""
    own = number.removeprefix(f"{series}-")
    return bool(series) and own != number and own.isascii() and own.isdigit()
