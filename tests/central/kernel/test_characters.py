"""What a text may hold: a table of signs, and laws that hold for every text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.kernel.characters import harmless, is_formula, tidy, unseen

READABLE = [
    "Ødegård", "L’Été à l’Opéra – « Ça ira »", "Дядя Ваня", "羅生門", "عمر الخيام", "पार्क", "🎭", "12 – 14 €",
    "می\u200cخواهم",  # Persian, whose letters part at the joiner
    "क्\u200dष", "👩\u200d🎤", "❤\ufe0f\u200d🔥", "🧑🏽\u200d🎤", "1\ufe0f\u20e3", "葛\U000e0100",
]  # fmt: skip
FOLDED = [
    ("Qui a peur\u00a0?", "Qui a peur ?"),
    ("Combien\u202f?", "Combien ?"),
    ("a\u3000b", "a b"),
    ("a\tb", "a b"),
    ("e\u0301te\u0301", "été"),
    ("Par\u00adterre", "Parterre"),
    ("\ufeffParterre\u200b", "Parterre"),
]
UNSEEN = [
    ("\u202egnp.exe", "U+202E"), ("a\u2066b\u2069", "U+2066"), ("a\u200fb", "U+200F"), ("a\u061cb", "U+061C"),
    ("Par\u200dterre", "U+200D"), ("Par\u200cterre", "U+200C"), ("می\u200c", "U+200C"), ("\u200d🎤", "U+200D"),
    ("a\x00", "U+0000"), ("a\x1b[2J", "U+001B"), ("a\x85b", "U+000A"), ("a\nb", "U+000A"), ("a\u2028b", "U+000A"),
    ("a\U000e0041b", "U+E0041"), ("a\ue000", "U+E000"), ("a\ufffe", "U+FFFE"), ("\u3164", "U+3164"),
    ("a\ufe0f", "U+FE0F"), ("a\u180eb", "U+180E"), ("a\U000e0100", "U+E0100"),
    ("a\ufffd", "U+FFFD"),
]  # fmt: skip


@pytest.mark.parametrize("text", READABLE)
def test_what_people_write_stays(text: str) -> None:
    assert tidy(text) == text and unseen(text) == ""


@pytest.mark.parametrize("text, kept", FOLDED)
def test_what_is_read_alike_is_one(text: str, kept: str) -> None:
    assert tidy(text) == kept and unseen(kept) == ""


@pytest.mark.parametrize("text, sign", UNSEEN)
def test_what_nobody_sees_has_its_number(text: str, sign: str) -> None:
    assert unseen(tidy(text)) == sign


def test_several_lines_keep_their_ends() -> None:
    assert tidy("a\r\nb\u2029c\td", lines=True) == "a\nb\nc\td"
    assert unseen("a\nb\nc\td", lines=True) == "" and unseen("a\x0bb", lines=True) == "U+000B"


ANY = st.text(st.characters(codec="utf-8"))


@given(ANY)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(ANY)
def test_no_control_and_no_direction_comes_through(text: str) -> None:
    if not unseen(tidy(text)):
        kept = tidy(text)
        assert not any(unicodedata.bidirectional(sign) in _TURNS for sign in kept)
        assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Co", "Zl", "Zp") for sign in kept)
        assert {sign for sign in kept if unicodedata.category(sign) == "Cf"} <= {"\u200c", "\u200d"}
        assert {sign for sign in kept if unicodedata.category(sign) == "Zs"} <= {" "}


_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

# --- spreadsheets -----------------------------------------------------------------------------------------------------

FORMULAE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", " =1", "\u00a0=1", "\u200b=1", "\ufeff＝1",
    "\u2066=1", "\t1", "\r1", "\n1", "﹦1", "\x00=1", "\u3000\u200d=1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAE)
def test_a_formula_stands_behind_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Hamlet", "", " ", "1+1", "a=b", "«=»", "'=1", "1-2"])
def test_a_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(
    st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=4), st.sampled_from("=+-@＝＋－＠"), ANY
)
def test_nothing_in_front_hides_a_formula(front: str, sign: str, rest: str) -> None:
    assert is_formula(front + sign + rest)


@given(ANY)
def test_no_cell_begins_with_what_a_spreadsheet_executes(text: str) -> None:
    cell = harmless(text)
    seen = "".join(sign for sign in cell if unicodedata.category(sign)[0] not in "CZ")
    assert not unicodedata.normalize("NFKC", seen[:1]).startswith(("=", "+", "-", "@"))
