"""A hall drawn from two numbers: rows of seats before a stage, as a plan file that the house may export and mend."""

from typing import Any

import orjson

STEP, AISLE, ROW = 25, 40, 32  # plan units: seat to seat, across an aisle, row to row
MOST_ROWS, MOST_SEATS = 60, 80
_AISLES_FROM = 16  # seats in a row from which there is an aisle in the middle


def letters(number: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(65 + number % 26)


def small_hall(rows: int, seats: int, *, name: str, zone: str, category: str, stage: str, colour: str) -> str:
    """Text of a plan file: rows A, B … from the stage, seats 1, 2 … from the left, an aisle through wide halls."""
    gap = AISLE - STEP if seats >= _AISLES_FROM else 0
    width = (seats - 1) * STEP + gap
    left, top = 90, 150

    def x(seat: int) -> int:
        return seat * STEP + (gap if seat >= seats // 2 else 0)

    def row(n: int) -> dict[str, Any]:
        return {
            "row_number": letters(n), "row_number_position": "both", "position": {"x": 0, "y": ROW * n},
            "seats": [
                {"seat_number": str(seat + 1), "seat_guid": f"{letters(n)}-{seat + 1}", "category": category,
                 "position": {"x": x(seat), "y": 0}}
                for seat in range(seats)
            ],
        }  # fmt: skip

    wide = max(width, 200)
    shown = {
        "shape": "rectangle", "color": "#3b2a4f", "border_color": "#3b2a4f", "rotation": 0,
        "position": {"x": (width - wide) // 2, "y": -100},
        "rectangle": {"width": wide, "height": 50},
        "text": {"position": {"x": wide // 2, "y": 25}, "color": "#ffffff", "size": 20, "text": stage},
    }  # fmt: skip
    return orjson.dumps({
        "name": name,
        "categories": [{"name": category, "color": colour}],
        "zones": [
            {"name": zone, "position": {"x": left + max(0, (200 - width) // 2), "y": top},
             "rows": [row(n) for n in range(rows)], "areas": [shown]}
        ],
        "size": {"width": wide + 2 * left, "height": top + ROW * rows + 60},
    }).decode()  # fmt: skip
