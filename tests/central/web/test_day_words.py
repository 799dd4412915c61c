"""Days as people type them."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.kernel.search_index import folded
from central.web.day_words import NEAR, DaysMeant, days_meant
from shared.languages import LANGUAGES

TODAY = date(2026, 11, 30)  # a Monday
A_DAY = timedelta(days=1)


def meant(asked: str, language: str = "fr") -> DaysMeant:
    return days_meant(folded(asked).split(), language, TODAY)


@pytest.mark.parametrize(
    "language, asked, days, rest",
    [
        ("fr", "12 décembre 2026", ["2026-12-12"], ""),
        ("fr", "12 déc.", ["2025-12-12", "2026-12-12", "2027-12-12"], ""),
        ("fr", "Cyrano 12/12/26", ["2026-12-12"], "cyrano"),
        ("de", "12.12.", ["2025-12-12", "2026-12-12", "2027-12-12"], ""),
        ("de", "Samstag 12. Dezember 2026", ["2026-12-12"], ""),
        ("en", "2026-12-12 hamlet", ["2026-12-12"], "hamlet"),
        ("en", "Sat 12 Dec", ["2026-12-12"], ""),
        ("es", "29 febrero", [], ""),
        ("it", "29 febbraio 2028", ["2028-02-29"], ""),
        ("fr", "1er décembre 2026", ["2026-12-01"], ""),
        ("en", "Hamlet December 3rd 2026", ["2026-12-03"], "hamlet"),
        ("es", "1º diciembre 2026", ["2026-12-01"], ""),
        ("fr", "1er", [], "1er"),
        ("fr", "Cyrano demain", ["2026-12-01"], "cyrano"),
        ("fr", "aujourd’hui", ["2026-11-30"], ""),
        ("fr", "après-demain", ["2026-12-02"], ""),
        ("en", "tonight", ["2026-11-30"], ""),
        ("de", "übermorgen", ["2026-12-02"], ""),
        ("es", "pasado mañana", ["2026-12-02"], ""),
        ("it", "ieri", ["2026-11-29"], ""),
        ("it", "demain", [], "demain"),
        ("fr", "lundi", ["2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28"], ""),
        ("fr", "dimanche novembre 2026", ["2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22", "2026-11-29"], ""),
        ("fr", "12", [], "12"),
        ("fr", "apollo 13 12 11 10", [], "apollo 13 12 11 10"),
        ("fr", "31 juin", [], ""),
        ("fr", "samedi 29.12.9999", [], ""),
        ("fr", "samedi décembre 9999", [], ""),
        ("fr", "12 décembre 0026", ["2026-12-12"], ""),
        ("fr", "12 décembre 02026", ["2025-12-12", "2026-12-12", "2027-12-12"], "02026"),
        ("fr", "99999999999999 12 mars 2026", ["2026-03-12"], "99999999999999"),
        ("fr", "12/12/99999", ["2025-12-12", "2026-12-12", "2027-12-12"], "99999"),
    ],
)
def test_what_is_meant(language: str, asked: str, days: list[str], rest: str) -> None:
    expected = tuple((date.fromisoformat(day), date.fromisoformat(day) + A_DAY) for day in days)
    assert meant(asked, language) == DaysMeant(expected, tuple(rest.split()))


def test_each_language_says_at_least_yesterday_today_and_tomorrow() -> None:
    assert NEAR.keys() == set(LANGUAGES)
    for language, words in NEAR.items():
        assert {-1, 0, 1} <= set(words.values())
        assert all(folded(word).strip() == word for word in words), "as it is asked"
        for word, off in words.items():
            assert meant(f"x {word}", language) == DaysMeant(
                ((TODAY + off * A_DAY, TODAY + (off + 1) * A_DAY),), ("x",)
            )


def test_a_month_is_all_of_it() -> None:
    first, last = meant("mars").days
    assert first == (date(2026, 3, 1), date(2026, 4, 1)) and last == (date(2027, 3, 1), date(2027, 4, 1))
    assert meant("décembre 2026").days == ((date(2026, 12, 1), date(2027, 1, 1)),)


DIGITS = st.text("0123456789٣²", min_size=1, max_size=30)
WORDS = st.one_of(
    st.text(max_size=12), DIGITS, st.integers(-(10**30), 10**30).map(str),
    st.lists(DIGITS, min_size=2, max_size=4).flatmap(lambda each: st.sampled_from("-./").map(lambda by: by.join(each))),
    st.sampled_from(["décembre", "mars", "März", "diciembre", "dec", "samedi", "lundi", "12", "2026", "0", "31"]),
)  # fmt: skip
"""What days are said with, and numbers of any length among it."""


@given(st.sampled_from(LANGUAGES), st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=5).map(" ".join)))
@example("fr", "99999999999999 mars 2026")
@example("fr", "12 décembre 99999999999999999999")
@example("fr", "12-12-" + "9" * 5000)
def test_whatever_is_typed_is_no_fault(language: str, asked: str) -> None:
    found = meant(asked, language)
    assert all(start < end for start, end in found.days)
    assert set(found.rest) <= set(folded(asked).split())
