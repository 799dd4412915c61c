"""Drawings that somebody else made: what is proposed for each, what a mapping makes of it, what is left out and why,
and that no drawing and no mapping takes long, breaks anything, or makes two seats of one name."""

import re
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from central.kernel.characters import tidy, unseen
from central.venues.arrivals import needs_mapping
from central.venues.mapping_report import LookAt, MappingLook, look_of
from central.venues.plan import Plan, Shape
from central.venues.plan_flaws import Flaw
from central.venues.planfile import Format, read_plan, written
from central.venues.svg_proposal import Why, patterns, proposed
from central.venues.svg_seats import Left, named, read_mapped
from central.venues.svg_sources import (
    NEAREST,
    NOWHERE,
    NameSource,
    SeatPart,
    SvgMapping,
    Where,
    by_itself,
    matched,
    parts_of,
    read,
    unescaped,
)
from central.venues.svg_survey import SvgSurvey
from shared.outcome import Ok, Refused
from tests.central.venues.flaws import told
from tests.central.venues.strange_drawings import CODE, DRAWINGS, STAGE, SVG, circle, flat, places

ID = NameSource(Where.ATTRIBUTE, "id")
S, R, N = "{section}", "{row}", "{number}"


@pytest.mark.parametrize(
    "pattern, text, want",
    [
        ("{section}-{row}-{number}", "P-A-12", "P A 12"),
        ("{section}-{row}-{number}", "Balcon-1-A-12", "Balcon-1 A 12"),  # what is left over is the first part's
        ("{row}{number}", "AA12", "- AA 12"),
        ("{number}{row}", "12AA", "- AA 12"),
        ("{section}{row}{number}", "1A12", "1 A 12"),
        ("Row {row} Seat {number}", "row b seat 3", "- b 3"),
        ("Seat {number} Row {row}", "Seat 12 Row A", "- A 12"),
        ("*-{number}", "x-y-3", "- - 3"),
        ("*{number}", "seat12", "- - 12"),
        ("{row}*", "A12", "- A -"),
        ("a{number}", "a1a2", "- - 1a2"),  # the first text stands at the start, and nowhere else
        ("-{row}-{number}", "-A-1", "- A 1"),  # the same text twice
        ("x{number}x", "x1x", "- - 1"),
        ("{number}", "  7 ", "- - 7"),
        ("", "A 7", ""),
        ("x{number}x", "xx", None),
        ("{row}{number}", "A", None),
        ("{row}{number}", "A1B2", None),
        ("{section}-{row}-{number}", "A-1", None),
        ("row-{row}", "place-3", None),
        ("{nobody}", "A", None),
        ("İ{row}", "İA", "- A -"),
    ],
)
def test_what_a_pattern_reads(pattern: str, text: str, want: str | None) -> None:
    found = matched(pattern, text.strip())
    if want in (None, ""):
        assert not found and bool(read(pattern, SeatPart.ROW, text)) == (want == "")
        return
    assert found is not None
    assert [found.get(part, "-") for part in (SeatPart.SECTION, SeatPart.ROW, SeatPart.NUMBER)] == want.split()


def test_a_pattern_never_tries_twice() -> None:
    """A regular expression of this shape takes hours for such a text."""
    began = process_time()
    for text in ("a" * 200, "a-" * 100, "-" * 200):
        matched("-".join(["*a*", "{row}", "*-*"] * 20), text)
        matched("*a" * 60 + "{row}b", text)
    assert process_time() - began < 2.0


@pytest.mark.parametrize(
    "text, typed",
    [("_x31_2", "12"), ("A_x2D_12", "A-12"), ("Rang_x20_A", "Rang A"), ("_x5F_1", "_1"), ("A_1_", "A_1_"), ("x", "x"),
     ("_xE9__xE8_1", "éè1"), ("Rang_xA0_A", "Rang A"), ("_xD83C__xDFAD_1", "🎭1"), ("_x1F3AD_1", "🎭1"),
     ("_xD800_1", "_xD800_1"), ("_xDFAD__xD83C_", "_xDFAD__xD83C_"), ("_xD83C__xDFAD__xD83C_", "🎭_xD83C_"),
     ("_x110000_", "_x110000_"), ("_x00_", "_x00_"), ("_x0A_", "_x0A_"), ("A_x202E_1", "A_x202E_1"),
     ("_xAD__xFEFF_", "_xAD__xFEFF_"), ("_xFFFD_", "_xFFFD_"), ("_xFFFF_", "_xFFFF_"), ("_x2066_", "_x2066_")],
)  # fmt: skip
def test_an_id_of_illustrator_is_what_was_typed(text: str, typed: str) -> None:
    """Signs that nobody sees were not: half of a pair, controls, directions, what is beyond Unicode."""
    assert unescaped(text) == typed


ESCAPES = st.integers(0, 0x120000).map(lambda code: f"_x{code:02X}_")
IDS = st.lists(st.one_of(ESCAPES, st.sampled_from(["A", "1", "-", "_", "_x", "é"])), min_size=1, max_size=8).map(
    "".join
)


@example(["_xD800_"] * 6)
@example(["A_x202E_1", "A_x202E_2", "A_x202E_3", "B_x00_1", "B_x00_2", "B_x00_3"])
@given(st.lists(IDS, min_size=6, max_size=6))
@settings(max_examples=60)
def test_whatever_ids_escape_is_a_text_that_can_be_shown_and_kept(ids: list[str]) -> None:
    drawing = SVG + "".join(circle(f'id="{each}" class="seat {each}"', 50 + 30 * n, 50) for n, each in enumerate(ids))
    for each in ids:
        unescaped(each).encode()
        assert not unseen(tidy(unescaped(each))) or unseen(tidy(each))
    for mapping in (None, SvgMapping(NameSource(Where.SAME, "P"), NameSource(Where.SAME, "A"), ID)):
        look = look_of((drawing + "</svg>").encode(), LookAt("Orchestre", "1", mapping))
        assert isinstance(look, MappingLook)
        repr(look).encode()


@pytest.mark.parametrize(
    "name", ["circle1234", "path12-3", "Layer 1", "Calque 2", "XMLID_12_", "g3741-7", "_12_", "svg"]
)
def test_a_name_that_a_program_gave_means_nothing(name: str) -> None:
    assert by_itself(name)


@pytest.mark.parametrize("name", ["A-1", "1", "Row 1", "Balcon 1", "P12"])
def test_a_name_that_somebody_gave_does(name: str) -> None:
    assert not by_itself(name)


@pytest.mark.parametrize(
    "texts, want",
    [
        (["P-A-1", "P-B-2", "Q-A-3"], "{section}-{row}-{number}"),
        (["A1", "B2", "C3"], "{row}{number}"),
        (["1", "2", "3"], ""),
        (["Row A", "Row B"], "Row {row}"),
        (["seat 1 row A", "seat 2 row B"], "seat {number} row {row}"),
        (["rang-A_place-1", "rang-B_place-2"], "rang-{row}_place-{number}"),
        (["Saal-1-A-1", "Saal-2-B-2"], "Saal-{section}-{row}-{number}"),
    ],
)
def test_how_names_are_put_together(texts: list[str], want: str) -> None:
    assert want in patterns(texts)


def survey_of(drawing: str) -> SvgSurvey:
    survey = SvgSurvey()
    survey.look(drawing.encode())
    return survey


def mapping_of(drawing: str) -> SvgMapping:
    return proposed(survey_of(drawing), "Orchestre", "1").mapping


def seats_of(drawing: str, mapping: SvgMapping) -> dict[tuple[str, str, str], tuple[float, float]]:
    answer = read_mapped(drawing.encode(), mapping)
    assert isinstance(answer, Ok), answer
    return {(zone.name, row.number, seat.number): (seat.x, seat.y) for zone, row, seat in answer.value.seats()}


RENAMED = {
    "ids put together": lambda z, r: (CODE[z], r),
    "a text in each group": lambda z, r: (z, z[0] + r),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_what_is_proposed_reads_the_whole_hall(name: str) -> None:
    call = RENAMED.get(name, lambda z, r: (z, r))
    drawing = DRAWINGS[name]
    found = seats_of(drawing, mapping_of(drawing))
    assert found == {(*call(z, r), str(n)): (float(x), float(y)) for z, r, n, x, y in places()}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_stage_stays_and_everything_else_is_accounted_for(name: str) -> None:
    drawing = DRAWINGS[name]
    survey, mapping = survey_of(drawing), mapping_of(drawing)
    seats, left = named(survey, mapping)
    shapes = [id(shape) for seat in seats for shape in seat.shapes] + [id(each.shape) for each in left]
    assert sorted(shapes) == sorted(map(id, survey.shapes)), "each shape is of a seat, or left out"
    answer = read_mapped(drawing.encode(), mapping)
    assert isinstance(answer, Ok)
    (stage,) = answer.value.areas
    assert (stage.text, stage.shape, stage.width, stage.colour) == ("SCÈNE", Shape.RECTANGLE, 200, "#333")
    again = read_plan(written(answer.value, Format.SVG))
    assert isinstance(again, Ok) and again.value == answer.value, "as our own notation"


def test_the_reasons_say_what_was_seen() -> None:
    by_name = proposed(survey_of(DRAWINGS["attributes on groups"]), "O", "1")
    assert by_name.reasons == dict.fromkeys(SeatPart, Why.CALLED)
    ids = proposed(survey_of(DRAWINGS["ids put together"]), "O", "1")
    assert ids.reasons == dict.fromkeys((SeatPart.SECTION, SeatPart.ROW, SeatPart.NUMBER), Why.BUILT) | {
        SeatPart.CATEGORY: Why.NOWHERE
    }
    bare = proposed(survey_of(flat(lambda z, r, n, x, y: circle(f'id="circle{x}{y}"', x, y))), "O", "1")
    assert bare.reasons[SeatPart.SECTION] is Why.NOWHERE and bare.mapping.section == NameSource(Where.SAME, "O")


def test_the_halls_last_mapping_is_proposed_where_it_still_fits() -> None:
    before = SvgMapping(NameSource(Where.SAME, "Tout"), NameSource(Where.SAME, "1"), NameSource(Where.ATTRIBUTE, "id"))
    kept = proposed(survey_of(DRAWINGS["ids put together"]), "O", "1", before)
    assert kept.mapping == before and kept.reasons[SeatPart.ROW] is Why.BEFORE
    other = proposed(survey_of(DRAWINGS["classes"]), "O", "1", before)
    assert other.mapping != before


BY_ID = SvgMapping(*(NameSource(Where.ATTRIBUTE, "id", 0, f"{S}-{R}-{N}") for _ in range(3)))
SEAT = circle('id="P-A-1"', 50, 50)


def only(shape: str) -> str:
    return SVG + shape + "</svg>"


@pytest.mark.parametrize(
    "shape, why, text",
    [
        (circle("", 90, 50), Left.UNNUMBERED, ""),
        (circle('id="exit"', 90, 50), Left.UNFIT, "exit"),
        (f'<g display="none">{circle("", 90, 50)}</g>', Left.HIDDEN, ""),
        (f'<g style="visibility:hidden">{circle("", 90, 50)}</g>', Left.HIDDEN, ""),
    ],
)
def test_what_is_left_out_and_why(shape: str, why: Left, text: str) -> None:
    seats, left = named(survey_of(only(SEAT + shape)), BY_ID)
    assert [seat.name for seat in seats] == [("P", "A", "1")]
    assert [(each.why, each.text) for each in left] == [(why, text)]


def test_a_seat_without_a_row_or_a_section_is_left_out() -> None:
    number = NameSource(Where.ATTRIBUTE, "id", 0, f"*-{N}")
    rowless = SvgMapping(NameSource(Where.SAME, "P"), NameSource(Where.TITLE), number)
    assert [each.why for each in named(survey_of(only(SEAT)), rowless)[1]] == [Left.ROWLESS]
    lost = SvgMapping(NameSource(Where.TITLE), NameSource(Where.SAME, "A"), number)
    assert [each.why for each in named(survey_of(only(SEAT)), lost)[1]] == [Left.SECTIONLESS]


def test_a_number_of_a_whole_row_is_no_seat() -> None:
    row = "".join(circle("", 50 + 30 * n, 50) for n in range(20))
    mapping = SvgMapping(
        NameSource(Where.SAME, "P"), NameSource(Where.SAME, "A"), NameSource(Where.ATTRIBUTE, "id", NEAREST)
    )
    seats, left = named(survey_of(only(f'<g id="A">{row}</g>')), mapping)
    assert not seats and {each.why for each in left} == {Left.CROWDED} and len(left) == 20


@pytest.mark.parametrize(
    "body, flaw",
    [
        (SEAT + SEAT.replace("50", "90"), Flaw.SEAT_TWICE),
        (SEAT + SEAT.replace("A-1", "A-2"), Flaw.ON_TOP),
        ("", Flaw.NONE_MAPPED),
        (STAGE, Flaw.NONE_MAPPED),
        (SEAT.replace("<circle", '<circle style="transform-origin:9px 9px"'), Flaw.MOVED),
        (SEAT.replace("<circle", '<circle style="cx:9px"'), Flaw.STYLE_MOVED),
        (SEAT.replace('cx="50"', 'cx="5em"'), Flaw.NO_NUMBERS),
        (SEAT.replace('cx="50"', 'cx="nan"'), Flaw.TOO_FAR),
        ('<path id="P-A-1" d=""/>', Flaw.PATH_EMPTY),
        ('<use id="P-A-1" href="#none"/>', Flaw.USE_UNCLEAR),
        ('<symbol id="s" viewBox="0 0 9 9"><circle r="4"/></symbol><use id="P-A-1" href="#s"/>', Flaw.USE_UNCLEAR),
        ('<g id="s"><use href="#t"/></g><circle id="t" r="9"/><use id="P-A-1" href="#s"/>', Flaw.USE_UNCLEAR),
        (f"<style>.a{{transform:scale(2)}}</style>{SEAT}", Flaw.SHEET_MOVES),
        (SEAT.replace("P-A-1", f"P-A-{'1' * 21}"), Flaw.TOO_LONG),
        (SEAT.replace("P-A-1", "P-\u202eA-1"), Flaw.UNSEEN),
    ],
)
def test_what_would_be_wrong_is_refused_where_it_stands(body: str, flaw: Flaw) -> None:
    answer = read_mapped(only(body).encode(), BY_ID)
    assert isinstance(answer, Refused)
    assert flaw.fault in {each["what"] for each in answer.detail["faults"]}, answer.detail


def test_a_shape_that_moves_in_a_way_nobody_follows_hurts_only_if_it_is_a_seat() -> None:
    decoration = '<circle style="transform-origin:9px 9px" cx="300" cy="200" r="40"/>'
    assert seats_of(only(SEAT + decoration), BY_ID) == {("P", "A", "1"): (50.0, 50.0)}


@pytest.mark.parametrize(
    "use",
    [
        '<symbol id="s" viewBox="0 0 20 10"><rect width="20" height="10"/></symbol>'
        '<use id="P-A-1" xlink:href="#s" x="40" y="40" width="20" height="20"/>',
        '<defs><circle id="s" cx="10" cy="10" r="9"/></defs><use id="P-A-1" href="#s" x="40" y="40"/>',
        '<use id="P-A-1" href="#s" x="40" y="40"/><defs><circle id="s" cx="10" cy="10" r="9"/></defs>',
        '<g transform="scale(2)"><g id="s"><circle cx="5" cy="5" r="4"/></g></g>'
        '<use id="P-A-1" href="#s" x="45" y="45"/>',
        '<g transform="rotate(90)"><use id="P-A-1" href="#s" x="50" y="-50"/></g><defs><circle id="s" r="9"/></defs>',
    ],
    ids=["symbol laid in", "above", "below", "a scaled original", "a turned group"],
)
def test_where_a_clone_lies(use: str) -> None:
    assert seats_of(only(use), BY_ID) == {("P", "A", "1"): (50.0, 50.0)}


def test_a_text_between_two_seats_is_neithers() -> None:
    mapping = SvgMapping(NameSource(Where.SAME, "P"), NameSource(Where.SAME, "A"), NameSource(Where.WRITTEN))
    drawing = only(circle("", 50, 50) + circle("", 80, 50) + '<text x="65" y="50" text-anchor="middle">7</text>')
    seats, left = named(survey_of(drawing), mapping)
    assert not seats and [each.why for each in left] == [Left.UNNUMBERED] * 2


def test_categories_by_colour_of_a_style_sheet() -> None:
    mapping = SvgMapping(BY_ID.section, BY_ID.row, BY_ID.number, NameSource(Where.COLOUR))
    drawing = only(
        "<style>.st0{fill:#D9482B;}.st1{fill:#009E73}</style>"
        + circle('id="P-A-1" class="st0"', 50, 50)
        + circle('id="P-A-2" class="st1"', 80, 50)
        + circle('id="P-A-3" style="fill:#0072b2" class="st1"', 110, 50)
    )
    answer = read_mapped(drawing.encode(), mapping)
    assert isinstance(answer, Ok)
    assert [(each.name, each.colour) for each in answer.value.categories] == [
        ("#d9482b", "#d9482b"), ("#009e73", "#009e73"), ("#0072b2", "#0072b2"),
    ]  # fmt: skip


# --- whatever comes ---------------------------------------------------------------------------------------------------

words = st.sampled_from(["", "A", "1", "P-A-1", "row-B", "é", "\u202e", "{row}", "x" * 250, "_x31_", "circle12"])
numbers_ = st.sampled_from(["0", "10", "35.5", "-40", "1e9", "nan", "inf", "x", "5%", ""])
transforms = st.sampled_from(
    [
        "",
        "translate(9)",
        "rotate(45)",
        "scale(0)",
        "scale(-1 1)",
        "matrix(1 0 0 1 5 5)",
        "skewX(90)",
        "bad(",
        "rotate(1 2)",
    ]
)

MEASURES = ["cx", "cy", "r", "x", "y", "width", "height"]


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    tag = draw(st.sampled_from(["circle", "rect", "path", "use", "text", "g", "symbol", "title", "style", "svg", "a"]))
    names = ["id", "class", "data-row", "data-seat", "inkscape:label", "data-zone"]
    said = {name: draw(words) for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=3))}
    for name in draw(st.lists(st.sampled_from(MEASURES), unique=True, max_size=4)):
        said[name] = draw(numbers_)
    said["transform"] = draw(transforms)
    if tag == "use":
        said["href"] = "#" + draw(words)
    if tag == "path":
        said["d"] = draw(st.sampled_from(["M0 0h9v9z", "M0", "", "M0 0a1 1 0 0 1 9 9"]))
    if tag in ("symbol", "svg"):
        said["viewBox"] = draw(st.sampled_from(["0 0 9 9", "0 0 0 0", "1", ""]))
    quoted = " ".join(f'{name}="{value}"' for name, value in said.items())
    inner = draw(words) if tag in ("text", "title", "style") else ""
    if tag in ("g", "symbol", "svg", "a") and depth < 3:
        inner = "".join(draw(st.lists(elements(depth + 1), max_size=4)))
    return f"<{tag} {quoted}>{inner}</{tag}>"


sources = st.builds(
    NameSource,
    st.sampled_from(Where),
    st.sampled_from(["id", "class", "data-row", "inkscape:label", "P", ""]),
    st.integers(NEAREST, 3),
    st.sampled_from(["", S, R, N, f"{S}-{R}-{N}", f"{R}{N}", "row-{row}", "*", "{", "*{number}*", "x" * 200]),
)


@settings(max_examples=300)
@given(st.lists(elements(), max_size=8).map("".join), st.builds(SvgMapping, sources, sources, sources, sources))
@example("", SvgMapping(NOWHERE, NOWHERE, NOWHERE))
def test_any_drawing_by_any_mapping_is_a_plan_or_its_flaws(body: str, mapping: SvgMapping) -> None:
    data = (SVG + body + "</svg>").encode()
    answer = read_mapped(data, mapping)
    if isinstance(answer, Refused):
        assert answer.detail["count"] >= 1 and told(answer)
    else:
        plan: Plan = answer.value
        seats = [(zone.name, row.number, seat.number) for zone, row, seat in plan.seats()]
        assert seats and len(seats) == len(set(seats)) and all(map(all, seats))
        assert len({(seat.x, seat.y) for _, _, seat in plan.seats()}) == len(seats)
        again = read_plan(written(plan, Format.JSON))
        assert isinstance(again, Ok) and again.value == plan
    for want in (LookAt("O", "1"), LookAt("O", "1", mapping), LookAt("O", "1", None, mapping)):
        look = look_of(data, want)
        if isinstance(look, MappingLook):
            assert look.refused is not None or look.seats > 0
            assert not re.search(r'="[^"]*(?:nan|inf)', look.picture)


@settings(max_examples=300)
@given(st.text(max_size=60), st.text(alphabet="A1-_{}*rownumber ", max_size=60))
def test_any_pattern_on_any_text_reads_a_part_of_it_or_nothing(text: str, pattern: str) -> None:
    for part in SeatPart:
        found = read(pattern, part, text)
        assert found in text
        assert not found or not pattern.strip() or part in parts_of(pattern)


def test_a_drawing_that_says_nothing_of_zones_is_refused_with_one_sentence_and_read_by_the_step() -> None:
    """Before: for each seat that its data-zone is empty, and then that its data-category is."""
    text = flat(lambda z, r, n, x, y: circle(f'data-row="{z[0]}{r}" data-seat="{n}"', x, y))
    ((at, what),) = told(read_plan(text.encode()))
    assert at == "line 1" and "No element of this drawing has data-zone." in what
    look = look_of(text.encode(), LookAt("Orchestre", "1"))
    assert isinstance(look, MappingLook) and look.refused is None
    assert (look.seats, look.rows, [each.name for each in look.sections]) == (12, 4, ["Orchestre"])


@pytest.mark.parametrize(
    "said, ours",
    [
        ('data-seat="1" data-row="A" data-zone="P"', True), ('data-seat="1" data-row="A"', False),
        ('data-seat="1" data-zone="P"', False), ('data-zone="P" data-row="A"', False), ('id="A-1"', False),
    ],
)  # fmt: skip
def test_what_does_not_say_all_in_our_words_is_asked_about(said: str, ours: bool) -> None:
    text = SVG + circle(said, 50, 50) + "</svg>"
    assert needs_mapping(text, asked=False) is not ours and needs_mapping(text, asked=True)


def test_a_drawing_without_categories_has_one() -> None:
    text = flat(lambda z, r, n, x, y: circle(f'data-zone="{z}" data-row="{r}" data-seat="{n}"', x, y))
    answer = read_plan(text.encode())
    assert isinstance(answer, Ok) and {seat.category for _, _, seat in answer.value.seats()} == {"Plan"}


@pytest.mark.parametrize(
    "group, said",
    [
        ('<style>.b{transform:translate(0,100px)}</style><g class="b">', ["The style sheet moves things (transform)"]),
        ('<g transform="translate(0 100) turn(4)">', ["turn"]),
        ('<g style="transform:translateZ(4px)">', ["translateZ"]),
    ],
)
def test_what_lies_nobody_knows_where_lies_on_nothing(group: str, said: list[str]) -> None:
    """Before: one true sentence, and one for each seat that it lay on another."""
    seats = [circle(f'id="A-{n}" data-zone="P" data-row="A" data-seat="{n}"', 30 * n, 50) for n in range(1, 9)]
    moved = [circle(f'id="B-{n}" data-zone="P" data-row="B" data-seat="{n}"', 30 * n, 50) for n in range(1, 9)]
    text = SVG + "".join(seats) + group + "".join(moved) + "</g></svg>"
    assert all(part in what for part, (_, what) in zip(said, told(read_plan(text.encode())), strict=True))
    look = look_of(text.encode(), LookAt("Orchestre", "1"))
    assert isinstance(look, MappingLook) and look.refused is not None
    assert all(part in what for part, (_, what) in zip(said, told(look.refused), strict=True))


def test_a_row_that_is_called_so_is_the_row() -> None:
    """Before: names of objects beside it made A a section and 1 a row, with no word of data-row."""
    letters = {
        (section, row): "ABCD"[n] for n, (section, row) in enumerate(dict.fromkeys(each[:2] for each in places()))
    }

    def seat(section: str, row: str, n: int, x: int, y: int) -> str:
        letter = letters[section, row]
        return circle(f'id="siege-{letter}-{n}" inkscape:label="{letter}{n}" data-row="{letter}" data-seat="{n}"', x, y)

    text = flat(seat)
    look = look_of(text.encode(), LookAt("Orchestre", "1"))
    assert isinstance(look, MappingLook)
    assert (look.seats, look.rows, [each.name for each in look.sections]) == (12, 4, ["Orchestre"])
    assert look.reasons[SeatPart.ROW] is look.reasons[SeatPart.NUMBER] is Why.CALLED
    assert look.reasons[SeatPart.SECTION] is Why.NOWHERE


def in_picture(picture: str) -> tuple[int, float]:
    """How many grey shapes lie whole within the picture, and which part of its longer side the seats take."""
    _, _, wide, high = map(float, re.findall(r'viewBox="([^"]+)"', picture)[0].split())
    grey = re.findall(r'class="map-left" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', picture)
    inside = [all((x >= 0, y >= 0, x + w <= wide, y + h <= high)) for x, y, w, h in (map(float, each) for each in grey)]
    seats = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([^"]+)" cy="([^"]+)"', picture)]
    xs, ys = zip(*seats, strict=True)
    return sum(inside), max(max(xs) - min(xs), max(ys) - min(ys)) / max(wide, high)


@pytest.mark.parametrize(
    "left, seen",
    [
        ([(n * 30, 420) for n in range(5)], 5),  # a balcony below the stalls
        ([(n * 30, -260) for n in range(5)], 5),  # one behind the stage
        ([(-300, 100), (900, 100)], 2),
        ([(1_000_000, 100), (60, 420)], 1),
        ([(90_000_000, 100)], 0),
        ([(100_000, n * 30) for n in range(300)], 0),  # a second drawing, far away
    ],
)
def test_what_is_left_out_lies_in_the_picture_or_is_not_promised(left: list[tuple[int, int]], seen: int) -> None:
    """Before: only the seats were framed, and a balcony that nothing was read of lay outside the picture."""
    seats = "".join(circle(f'id="P-{r}-{n}"', 50 + 30 * n, 50 + 30 * r) for r in range(1, 9) for n in range(1, 11))
    drawing = only(seats + "".join(circle("", x, y) for x, y in left))
    look = look_of(drawing.encode(), LookAt("Orchestre", "1"))
    assert isinstance(look, MappingLook) and (look.seats, look.refused) == (80, None)
    inside, hall = in_picture(look.picture)
    assert inside == seen and look.picture.count("map-left") == seen
    assert hall > 1 / 6, "no dot"
    assert (look.greyed, look.all_left) == (seen, len(left))


def test_a_stray_beside_nothing_that_is_read_makes_the_drawing_no_dot() -> None:
    shapes = "".join(circle("", 50 + 30 * n, 50) for n in range(20)) + circle("", 5_000_000, 50)
    look = look_of(only(shapes).encode(), LookAt("O", "1", BY_ID))
    assert isinstance(look, MappingLook) and (look.seats, look.greyed, look.all_left) == (0, 20, 21)
    wide = float(re.findall(r'viewBox="0 0 (\S+) ', look.picture)[0])
    assert 500 < wide < 1_000


def test_of_one_seat_the_rest_of_the_row_is_seen() -> None:
    row = "".join(circle("", 80 + 30 * n, 50) for n in range(8))
    look = look_of(only(SEAT + row).encode(), LookAt("O", "1", BY_ID))
    assert isinstance(look, MappingLook) and (look.seats, look.greyed) == (1, 8)
