"""What the first run asks for, step by step, and what follows from a name or a number: dates, checks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Look
from shared.outcome import Reason

SEASON_BEGINS = 9  # September: a theatre's year


class Step(StrEnum):
    """In order. The last one ends the first run."""

    INSTITUTION = auto()
    ORGANISER = auto()
    SEASON = auto()
    VENUE = auto()
    HALL = auto()
    ADMINISTRATOR = auto()


class NoSetUp(Reason):
    """Why a step is refused, in order."""

    OVER = auto()
    STEP_BEFORE_MISSING = auto()
    ANOTHER_HALL = auto()
    FAULTY = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """Places that are counted: a zone without seats."""

    name: Annotated[str, Look.NAME]
    places: int


def season_of(today: date) -> tuple[date, date]:
    """The theatre season that a house set up today would open: this one until April, afterwards the next."""
    year = today.year if today.month > 4 else today.year - 1
    return date(year, SEASON_BEGINS, 1), date(year + 1, 8, 31)
