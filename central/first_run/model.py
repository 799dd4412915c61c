"""What the first run asks for, step by step, and what follows from a name or a number: dates, checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Look
from shared.outcome import Reason

SEASON_BEGINS = 9  # September: a theatre's year
_LICENCE = re.compile(r"(PLATESV-[DR]-\d{4}-\d{6}([-/]?\d{1,2})?|[123]-\d{6,7})", re.ASCII)


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


def is_siret(text: str) -> bool:
    """Fourteen digits with Luhn's check; La Poste's own establishments add up to a multiple of five instead."""
    digits = [int(sign) for sign in text if sign in "0123456789"]
    if len(digits) != 14 or not re.fullmatch(r"[\d\s.]*", text, re.ASCII):
        return False
    doubled = [digit * 2 - 9 * (digit > 4) if n % 2 == 0 else digit for n, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0 or (text.replace(" ", "").startswith("356000000") and sum(digits) % 5 == 0)


def licences_of(text: str) -> list[str]:
    """The licence numbers in what somebody typed, as tickets show them."""
    return [each for each in re.split(r"[\s,;]+", text.strip().upper()) if each]


def not_licences(text: str) -> Iterator[str]:
    """PLATESV-D-2026-000123 or PLATESV-R-… (docs/spec/law-fr.md, Licence), or the older 1-123456."""
    return (each for each in licences_of(text) if not _LICENCE.fullmatch(each))
