"""What stands inside a value is said in words, whatever it is."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.kernel.briefs import in_brief
from central.web.screens.value_words import inner_lines, inner_text
from central.web.texts import texts

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Inside:
    width: int
    categories: tuple[dict[str, str], ...] = ()
    mapping: None = None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "nothing"), ("", "nothing"), ([], "nothing"), ({}, "nothing"), (True, "yes"), (12_000, "12,000"),
        ("a word", "a word"), ("{not JSON}", "{not JSON}"), (["a", "b"], "a, b"),
        ([{"name": "Stalls", "colour": "#000"}, {"name": "Circle"}], "Stalls, Circle"),
        ([{"kind": "polygon", "points": []}], "1 item"), ([{"x": 1}] * 30, "30 items"),
        ([{"name": str(n)} for n in range(14)], "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 2 more"),
        ({"fr": "Salle", "en": "Hall"}, "Hall"), (in_brief("long"), "a text of 4 characters"),
        ('{"starts":"2026-11-25T20:00:00+00:00"}', "Starts: 25 Nov 2026, 21:00"),
    ],
)  # fmt: skip
def test_a_value_is_said_in_one_line(value: Any, said: str) -> None:
    assert inner_text(texts("en"), value, PARIS) == said


def test_what_is_empty_in_a_value_is_not_told() -> None:
    lines = inner_lines(texts("en"), Inside(400, ({"name": "Stalls"},)), of="drawing")
    assert len(lines) == 2 and lines[0].endswith("400") and lines[1].endswith("Stalls"), lines
