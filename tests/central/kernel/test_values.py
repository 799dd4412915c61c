"""What a value must be, as a table: each kind of field with values that are sound and values that are not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from central.kernel.entity import Between, Column, Look, Ref
from central.kernel.values import MOST_LINE, MOST_TEXT, faults_of, whole_number
from shared.ids import Id
from shared.money import MOST_MONEY


def column(name: str = "field", hint: Any = str, *marks: Any, nullable: bool = False) -> Column:
    return Column(name, None, None, False, hint, nullable, marks)


NAMES = column("names", dict[str, str], Look.NAMES)
CODE, NAME = column("code", str, Look.CODE), column("name", str, Look.NAME)
SOUND: list[tuple[Column, Any]] = [
    (column(), ""),
    (column(), "<script>alert(1)</script> ' OR 1=1 -- =cmd|'/c calc'!A1 🎭"),  # hostile, and a text
    (column("field", str, Look.LINES), "a\nb\tc" * 100),
    (CODE, "S-26.1_b"),
    (NAME, "Ødegård"),
    (column("code"), "deux mots"),  # what a field is, its mark says and not its name
    (column("name"), "  "),
    (column("names", dict[str, str]), {}),
    (NAMES, {"fr": "Théâtre", "en": ""}),
    (column("field", str, Look.COLOUR), "#0072B2"),
    (column("field", str, Look.EMAIL), "anna.o'neill+billets@théâtre.example"),
    (column("field", str, Look.CURRENCY), "EUR"),
    (column("field", str, Look.TIMEZONE), "America/Argentina/Ushuaia"),
    (column("field", str, Look.LANGUAGE), "it"),
    (column("field", str, Look.PICTURE), "data:image/png;base64,AAAA"),
    (column("field", str, Look.PICTURE), ""),
    (column("field", str, Look.URL), "https://example.org/a?b"),
    (column("field", str, Look.URL), "http://127.0.0.1:8080/hook"),
    (column("field", int, Look.MONEY), 0),
    (column("field", int, Between(1, 99)), 99),
    (column("field", str, Between(2, 3)), "ab"),
    (column("field", datetime), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),
    (column("field", Id, Ref("site"), nullable=True), None),
]
FAULTY: list[tuple[Column, Any, str, str]] = [
    (column(), "x" * (MOST_LINE + 1), "field", "too_long"),
    (column("field", str, Look.LINES), "x" * (MOST_TEXT + 1), "field", "too_long"),
    (column(), "a\x00b", "field", "control_character"),
    (column(), "a\x1b[2Jb", "field", "control_character"),
    (column(), "\u202egnp.exe", "field", "unseen_sign"),
    (column(), "a\nb", "field", "control_character"),
    (NAMES, {"fr": "a\u2066"}, "names.fr", "unseen_sign"),
    (CODE, "deux mots", "code", "not_a_code"),
    (CODE, "", "code", "not_a_code"),
    (CODE, "../etc", "code", "not_a_code"),
    (NAME, "   ", "name", "missing"),
    (NAME, "\u200b\u00a0", "name", "missing"),
    (column(), None, "field", "missing"),
    (NAMES, {}, "names", "name_missing"),
    (NAMES, {"fr": " "}, "names", "name_missing"),
    (NAMES, {"fr": "\u200b\u00a0", "en": "\ufeff"}, "names", "name_missing"),
    (NAMES, {"fr": "\u3164"}, "names.fr", "unseen_sign"),
    (NAMES, {"fr": "x" * 501}, "names.fr", "too_long"),
    (NAMES, {"fr": "a\x07"}, "names.fr", "control_character"),
    (NAMES, {"fr": "a", "Latin": "b"}, "names.Latin", "not_a_language"),
    (column("field", str, Look.COLOUR), "red", "field", "not_a_colour"),
    (column("field", str, Look.COLOUR), "#0072B2;x", "field", "not_a_colour"),
    (column("field", str, Look.EMAIL), "anna", "field", "not_an_email"),
    (column("field", str, Look.EMAIL), "", "field", "missing"),
    (column("field", str, Look.CURRENCY), "", "field", "missing"),
    (column("field", str, Look.EMAIL), "anna@example.org\nBcc: all@example.org", "field", "not_an_email"),
    (column("field", str, Look.EMAIL), "=?utf-8?q?eve=40evil.example=2Cb?=@c.example", "field", "not_an_email"),
    (column("field", str, Look.EMAIL), "=?utf-8?q??=@c.example", "field", "not_an_email"),
    (column("field", str, Look.EMAIL), "anna..b@c.example", "field", "not_an_email"),
    (column("field", str, Look.EMAIL), "anna@c..example", "field", "not_an_email"),
    (column("field", str, Look.CURRENCY), "euro", "field", "not_a_currency"),
    (column("field", str, Look.CURRENCY), "XYZ", "field", "not_a_currency"),
    (column("field", str, Look.TIMEZONE), "Moon/Tranquility", "field", "bad_timezone"),
    (column("field", str, Look.TIMEZONE), "../../etc/passwd", "field", "bad_timezone"),
    (column("field", str, Look.LANGUAGE), "pt", "field", "not_a_language"),
    (column("field", str, Look.PICTURE), "data:image/svg+xml;base64,AAAA", "field", "not_a_picture"),
    (column("field", str, Look.PICTURE), "https://example.org/a.png", "field", "not_a_picture"),
    (column("field", str, Look.URL), "javascript:alert(1)", "field", "not_an_address"),
    (column("field", str, Look.URL), "http://intranet/", "field", "not_an_address"),
    (column("field", int, Look.MONEY), -1, "field", "too_small"),
    (column("field", int, Look.MONEY), MOST_MONEY + 1, "field", "too_big"),
    (column("field", int, Between(1, 99)), 0, "field", "too_small"),
    (column("field", int, Between(1, 99)), 100, "field", "too_big"),
    (column("field", str, Between(2, 3)), "a", "field", "too_short"),
    (column("field", str, Between(2, 3)), "abcd", "field", "too_long"),
    (column("field", tuple[Id, ...], Between(1, None)), (), "field", "too_small"),
    (column("field", datetime), datetime(2026, 3, 29, 2, 30), "field", "no_timezone"),  # noqa: DTZ001
]


@pytest.mark.parametrize("given, value", SOUND)
def test_sound(given: Column, value: Any) -> None:
    assert faults_of(given, value) == []


@pytest.mark.parametrize("given, value, at, what", FAULTY)
def test_faulty(given: Column, value: Any, at: str, what: str) -> None:
    assert [(each["at"], each["what"]) for each in faults_of(given, value)] == [(at, what)]


@pytest.mark.parametrize(
    "text, most, number",
    [
        ("0", 9, 0), ("7", 9, 7), ("9", 9, 9), ("10", 9, None), ("", 9, None), ("-1", 9, None), ("²", 9, None),
        ("٣", 9, None), (" 1", 9, None), ("1" * 5000, 2**63 - 1, None), (str(2**63), 2**63 - 1, None),
        (str(2**63 - 1), 2**63 - 1, 2**63 - 1),
    ],
)  # fmt: skip
def test_a_whole_number_is_plain_digits_that_a_column_holds(text: str, most: int, number: int | None) -> None:
    assert whole_number(text, most) == number
