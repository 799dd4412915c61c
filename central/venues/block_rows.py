"""The rows of a described block: where their seats lie, how rows and seats are called."""

from collections.abc import Iterator
from itertools import count, islice
from math import cos, radians, sin
from string import ascii_uppercase

from central.venues.hall_description import Align, DrawBlock, Numbering, RowNames
from central.venues.plan import Seat, SeatRow, usual_guid


def rows_of(block: DrawBlock) -> Iterator[SeatRow]:
    """Front to back."""
    gone = {(spot.row - 1, spot.place - 1) for spot in block.missing}
    marks = {(one.row - 1, one.place - 1): frozenset(one.marks) for one in block.marked}
    next_number = block.first_number
    for row, (name, length) in enumerate(zip(row_names(block), block.lengths(), strict=True)):
        there = [place for place in range(length) if (row, place) not in gone]
        numbers = _numbers(block, length if block.count_missing else len(there), next_number)
        if block.continuous:
            next_number += len(numbers) * block.every
        category = block.row_categories[row] if block.row_categories else block.category
        points = _points(block, row, length)
        yield SeatRow(
            name,
            tuple(
                Seat(
                    number := str(numbers[place if block.count_missing else at]),
                    usual_guid(block.zone, name, number),
                    *points[place],
                    category,
                    block.radius,
                    marks.get((row, place), frozenset()),
                    block.access,
                )
                for at, place in enumerate(there)
            ),
            block.row_label,
        )


def _numbers(block: DrawBlock, seats: int, first: int) -> list[int]:
    """From left to right."""
    run = [first + n * block.every for n in range(seats)]
    match block.numbering:
        case Numbering.LEFT_RIGHT:
            return run
        case Numbering.RIGHT_LEFT:
            return run[::-1]
        case Numbering.ODD_EVEN:  # with an odd number of seats the middle one is the first
            return run[::2][::-1] + run[1::2]
        case Numbering.EVEN_ODD:
            return run[1::2][::-1] + run[::2]


def row_names(block: DrawBlock) -> list[str]:
    """Front to back."""
    if block.row_names:
        return list(block.row_names)
    if block.row_naming is RowNames.NUMBERS:
        first = int(block.first_row or "1")
        found = [str(first + n) for n in range(block.rows)]
    else:
        letters = alphabet(block)
        after = _lettered(block.first_row or letters[0], letters)
        found = list(islice(after, block.rows))
    return found[::-1] if block.rows_from_back else found


def alphabet(block: DrawBlock) -> str:
    skipped = block.skipped.upper()
    return "".join(letter for letter in ascii_uppercase if letter not in skipped)


def _lettered(first: str, letters: str) -> Iterator[str]:
    """A, B … Z, AA, AB …, from `first` on, without the skipped letters."""
    base, start = len(letters), 0
    for letter in first:
        start = start * base + letters.index(letter) + 1
    for n in count(start):
        name = ""
        while n:
            n, digit = divmod(n - 1, base)
            name = letters[digit] + name
        yield name


def offsets(block: DrawBlock, row: int, length: int) -> list[float]:
    """How far along the row each place lies, from the row's middle line, left to right."""
    steps = [0.0]
    gaps = dict.fromkeys(range(length), 0.0)
    for aisle in block.aisles:
        gaps[aisle.after] = gaps.get(aisle.after, 0.0) + aisle.width
    for place in range(1, length):
        steps.append(steps[-1] + block.seat_step + gaps[place])
    longest = max(block.lengths())
    full = (longest - 1) * block.seat_step + sum(aisle.width for aisle in block.aisles)
    start = {Align.LEFT: -full / 2, Align.MIDDLE: -steps[-1] / 2, Align.RIGHT: full / 2 - steps[-1]}[block.align]
    start += block.stagger if row % 2 else 0.0
    return [start + step for step in steps]


def bend(block: DrawBlock, row: int) -> float:
    """Rows behind have a larger circle if its middle is in front of them."""
    return block.curve + row * block.row_step if block.curve > 0 else -block.curve - row * block.row_step


def _points(block: DrawBlock, row: int, length: int) -> list[tuple[float, float]]:
    c, s = cos(radians(block.rotation)), sin(radians(block.rotation))
    found = []
    for offset in offsets(block, row, length):
        if block.curve:
            radius, way = bend(block, row), 1 if block.curve > 0 else -1
            angle = offset / radius
            dx, dy = radius * sin(angle), way * radius * cos(angle) - block.curve
        else:
            dx, dy = offset, row * block.row_step
        found.append((round(block.x + c * dx - s * dy, 3), round(block.y + s * dx + c * dy, 3)))
    return found
