"""The tokens keep what look.md promises: contrast, a distinct category set, bundled type with tabular figures."""

from itertools import combinations

import pytest

from shared.look import Weight, contrast, css, font_path, look, rgb, solid, web_fonts
from shared.look.glyphs import coverage

TEXT_ON = [
    ("ground_ink", "ground"),
    ("ground_muted", "ground"),
    ("ink", "sheet"),
    ("ink", "sunken"),
    ("muted", "sheet"),
    ("muted", "sunken"),
    ("action_ink", "action"),
    ("hall_ink", "hall"),
    ("hall_muted", "hall"),
    ("ok", "sheet"),
    ("warn", "sheet"),
    ("stop", "sheet"),
    ("house_ink", "house_deep"),
    ("house_muted", "house_deep"),
    ("house_ink", "house"),
    ("spot_ink", "spot"),
    ("ink", "spot_soft"),
]


@pytest.mark.parametrize("role, behind", TEXT_ON)
@pytest.mark.parametrize("scheme, floor", [("kiosk", 7), ("contrast", 7), ("light", 4.5), ("dark", 4.5)])
def test_text_can_be_read(scheme: str, floor: float, role: str, behind: str) -> None:
    roles = look().schemes[scheme]
    assert contrast(getattr(roles, role), getattr(roles, behind)) >= floor


@pytest.mark.parametrize("scheme", ["kiosk", "contrast"])
def test_the_accent_and_every_category_stand_out_as_shapes(scheme: str) -> None:
    roles = look().schemes[scheme]
    assert contrast(roles.accent, roles.ground) >= 3
    assert all(contrast(colour, roles.hall) >= 3 for colour in look().categories)


def test_categories_differ() -> None:
    for one, other in combinations(look().categories, 2):
        assert sum(abs(a - b) for a, b in zip(rgb(one), rgb(other), strict=True)) > 0.3, (one, other)


def test_contrast_is_the_known_ratio() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    "written, read",
    [("#0072B2", "#0072b2"), ("#08f", "#0088ff"), ("#0072b280", "#0072b2"), ("red", "#000000"), ("", "#000000"),
     ("#12345", "#000000"), ("#zzzzzz", "#000000")],
)  # fmt: skip
def test_colours_of_strangers_are_read_or_replaced(written: str, read: str) -> None:
    assert solid(written, "#000000") == read


def test_css_names_every_role_and_font() -> None:
    text = css("/f")
    assert "--ground: #faf7f2;" in text and "--action-ink: #ffffff;" in text and "--category-1: #e69f00;" in text
    assert all(f'url("/f/{name}")' in text for name in web_fonts())
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("weight", list(Weight))
def test_fonts_are_there_and_small(weight: Weight) -> None:
    assert font_path(weight).read_bytes()[:4] == b"\x00\x01\x00\x00"
    assert web_fonts()[f"ParterreSans-{weight.title()}.latin.woff2"][:4] == b"wOF2"
    assert sum(path.stat().st_size for path in font_path(weight).parent.iterdir()) < 1_500_000


@pytest.mark.parametrize("weight", list(Weight))
def test_every_letter_of_the_five_languages_is_in_the_type(weight: Weight) -> None:
    known = coverage(font_path(weight).read_bytes())
    wanted = "azAZ09éèêëàâùûüïîôœçÉÀŒäöüßẞñáíóúÑ¿¡ìò€£’“”«»–—…·×°№\u00a0\u202f"
    assert {char for char in wanted if ord(char) not in known} == set()
    assert ord("ש") not in known and coverage(b"no font at all") == frozenset()


@pytest.mark.parametrize("weight", list(Weight))
def test_figures_are_tabular(weight: Weight) -> None:
    from PIL import ImageFont

    font = ImageFont.truetype(font_path(weight), 100)
    assert len({font.getlength(figure) for figure in "0123456789"}) == 1


def test_the_two_parts_of_a_web_font_leave_no_letter_out() -> None:
    """A letter in neither range would be drawn by whatever font the browser has."""
    from shared.look import _LATIN, _REST

    covered: list[int] = []
    for part in f"{_LATIN},{_REST}".split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        covered += range(int(first, 16), int(last or first, 16) + 1)
    assert sorted(covered) == list(dict.fromkeys(sorted(covered))), "no letter twice"
    gaps = set(range(0x10000)) - set(covered)
    assert gaps <= set(range(0xFF00, 0x10000)), sorted(gaps)[:5]
    assert all(len(data) < 22_000 for name, data in web_fonts().items() if "latin" in name)
