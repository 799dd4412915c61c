"""The drawn hall: every seat once, its state as a shape, names that cannot break out, small enough to send often."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from central.venues.hall_svg import SHAPES, STYLE, hall_svg, seat_words
from central.web.texts import texts
from parterre.demo.theatre import theatre
from shared.ids import derived_id
from shared.languages import LANGUAGES
from shared.rules.place_state import PlaceState
from shared.wire.feeds import CategoryRow, PlanRow, PlanSeat, PlanShape

SVG = "{http://www.w3.org/2000/svg}"
ONE = derived_id("category", 1)
CATEGORY = CategoryRow(ONE, {"fr": "1re", "en": "Stalls"}, "#0072B2", 1)


def row_of(count: int, zone: str = "Parterre", wheelchair: bool = False) -> PlanRow:
    seats = [
        PlanSeat(derived_id("seat", n), zone, "A", str(n + 1), n * 25.0, 0.0, ONE, 0, wheelchair) for n in range(count)
    ]
    return PlanRow("Petite salle", 100, 100, tuple(seats))


def uses(svg: str) -> list[tuple[str, str, str]]:
    """(state, index, title) of every seat that stands in the drawing."""
    found = []
    for use in ElementTree.fromstring(svg).iter(f"{SVG}use"):
        if index := use.get("data-n"):
            found.append((use.get("href", "").removeprefix("#ph-"), index, use.findtext(f"{SVG}title", "")))
    return found


def test_each_state_is_a_shape_of_its_own_and_a_word():
    states = list(PlaceState)
    drawn = uses(hall_svg(row_of(len(states)), states, [CATEGORY], "en"))
    assert drawn == [
        (state.value, str(at), f"Parterre A {at + 1} · {seat_words(texts('en'))[state]}")
        for at, state in enumerate(states)
        if state is not PlaceState.INVALID
    ]
    assert len(set(SHAPES.values())) == len(PlaceState) - 1, "an invalid seat is absent, all others differ"


def test_every_language_has_a_word_for_every_state():
    for language in LANGUAGES:
        assert len(set(seat_words(texts(language)).values())) == len(PlaceState)


def test_the_whole_hall_in_words():
    root = ElementTree.fromstring(hall_svg(row_of(3), [PlaceState.FREE, PlaceState.SOLD, PlaceState.FREE], [CATEGORY]))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Petite salle: libre 2, vendue 1"


def test_the_legend_counts_and_names_in_the_readers_language():
    svg = hall_svg(row_of(3), [PlaceState.FREE, PlaceState.HELD, PlaceState.INVALID], [CATEGORY], "en")
    said = ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert said[-3:] == ["Stalls 2", "free 1", "in a cart 1"]


def test_a_wheelchair_place_is_framed():
    framed = hall_svg(row_of(2, wheelchair=True), [PlaceState.FREE] * 2, [CATEGORY])
    assert framed.count('href="#ph-w"') == 3, "two places and the legend"
    assert "fauteuil roulant" in framed


HOSTILE = '"><script>alert(1)</script><a b="&\x00\u202e'


def test_hostile_names_stay_text():
    plan = row_of(8, zone=HOSTILE)
    shapes = (PlanShape("text", 'red"/><script>', ((0.0, -50.0),), text=HOSTILE), PlanShape("star", HOSTILE, ()))
    plan = PlanRow(HOSTILE, 1, 1, plan.seats, shapes)
    svg = hall_svg(plan, [PlaceState.FREE] * 8, [CategoryRow(ONE, {"fr": HOSTILE}, HOSTILE, 1)])
    root = ElementTree.fromstring(svg)
    assert not [element for element in root.iter() if element.tag.removeprefix(SVG) in ("script", "a")]
    assert "<script" not in svg
    assert "\x00" not in svg


def test_two_halls_on_one_page_do_not_share_ids():
    one, two = (hall_svg(row_of(1), [PlaceState.FREE], [CATEGORY], name=name) for name in ("ph", "other"))
    ids = Counter(re.findall(r'id="([^"]+)"', one + two))
    assert max(ids.values()) == 1


def test_a_page_with_its_own_style_sheet():
    assert "<style" not in hall_svg(row_of(1), [PlaceState.FREE], [CATEGORY], styled=False)
    assert "style=" not in hall_svg(row_of(1), [PlaceState.FREE], [CATEGORY], styled=False)
    assert STYLE in hall_svg(row_of(1), [PlaceState.FREE], [CATEGORY])


def test_states_that_do_not_fit_the_plan_are_a_mistake():
    with pytest.raises(ValueError, match="3 seats, but 1 states"):
        hall_svg(row_of(3), [PlaceState.FREE], [CATEGORY])


def test_a_hall_without_seats_can_be_drawn():
    assert ElementTree.fromstring(hall_svg(PlanRow("Vide", 0, 0, ()), [], [])).get("viewBox")


def test_the_theatre_is_small_enough_to_send_often():
    plan = theatre()
    seats = tuple(
        PlanSeat(derived_id("s", n), p.zone, p.row, p.seat.number, p.seat.x, p.seat.y,
                 derived_id(p.seat.category), p.quality, p.wheelchair, p.companion, p.aisle)
        for n, p in enumerate(plan.places)
    )  # fmt: skip
    categories = [CategoryRow(derived_id(c.name), {"fr": c.name}, c.colour, 1) for c in plan.categories]
    states = [list(SHAPES)[n % len(SHAPES)] for n in range(len(seats))]
    svg = hall_svg(PlanRow(plan.name, 1200, 1240, seats), states, categories)
    assert len(svg.encode()) < 120_000
    assert len(uses(svg)) == len(seats)
