"""A sound plan file gives a plan; any other is refused whole, with every fault listed by path."""

import copy
import math
import unicodedata
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.venues.plan import Category, DrawnArea, Mark, Plan, Seat, SeatRow, Shape, Zone
from central.venues.planfile import PlanFault, read_plan, write_plan
from central.venues.planfile_checks import MOST_OF_A_KIND
from shared.outcome import Ok, Refused
from tests.central.venues.flaws import told


def seat(number: str, x: float, **more: Any) -> dict[str, Any]:
    return {"seat_number": number, "seat_guid": f"g{number}", "position": {"x": x, "y": 0}, "category": "1re"} | more


SOUND: dict[str, Any] = {
    "name": "Petite salle",
    "categories": [{"name": "1re", "color": "#0072B2"}],
    "zones": [
        {
            "name": "Parterre",
            "position": {"x": 100, "y": 50},
            "rows": [
                {
                    "row_number": "A",
                    "row_number_position": "both",
                    "position": {"x": 10, "y": 5},
                    "seats": [seat("1", 0), seat("2", 25, radius=8), seat("3", 80.5)],
                }
            ],
            "areas": [
                {"shape": "rectangle", "position": {"x": 0, "y": -50}, "rectangle": {"width": 120, "height": 30},
                 "color": "#333", "rotation": 90, "text": {"text": "Scène", "position": {"x": 60, "y": 15}}}
            ],
        }
    ],
    "size": {"width": 400, "height": 300},
}  # fmt: skip


def faults(document: object) -> dict[str, str]:
    raw = document if isinstance(document, bytes) else orjson.dumps(document)
    answer = read_plan(raw)
    assert isinstance(answer, Refused)
    assert answer.detail["count"] == len(answer.detail["faults"])
    return dict(told(answer))


def test_positions_are_absolute():
    answer = read_plan(b"\xef\xbb\xbf" + orjson.dumps(SOUND))
    assert isinstance(answer, Ok)
    plan = answer.value
    assert [(s.number, s.x, s.y, s.radius) for _, _, s in plan.seats()] == [
        ("1", 110, 55, 10), ("2", 135, 55, 8), ("3", 190.5, 55, 10)]  # fmt: skip
    stage = plan.zones[0].areas[0]
    assert (stage.x, stage.y, stage.text_x, stage.text_y, stage.width) == (100, 0, 160, 15, 120)
    assert [(round(x), round(y)) for x, y in stage.outline()] == [(100, 0), (100, 120), (70, 120), (70, 0)]
    assert [place.aisle for place in plan.places] == [True, True, True]
    assert plan.places[0].control == 1


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sound plan with one thing changed; `...` takes it away."""
    document = copy.deepcopy(SOUND)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: Any = document
    for step in steps:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return document


ROW = "zones.0.rows.0"
SEAT1 = f"{ROW}.seats.1"
AREA = "zones.0.areas.0"


@pytest.mark.parametrize(
    "path, value, at, says",
    [
        ("name", ..., "$.name", "missing"),
        ("name", "  ", "$.name", "empty"),
        ("name", "a" * 121, "$.name", "longer"),
        ("name", "Salle\x1b[2J", "$.name", "control"),
        ("name", "Salle\u202egnp.exe", "$.name", "control"),
        ("name", 3, "$.name", "not a number"),
        ("size", ..., "$.size", "missing"),
        ("size.width", 0, "$.size.width", "between"),
        ("size.width", True, "$.size.width", "not true or false"),
        ("backgroundImage", "http://x", "$", "backgroundImage"),
        (f"{SEAT1}.category", "", "$.zones[0].rows[0].seats[1].category", "empty"),
        (f"{SEAT1}.seat_number", None, "$.zones[0].rows[0].seats[1].seat_number", "not null"),
        ("categories.0.color", "url(javascript:1)", "$.categories[0].color", "colour"),
        ("categories", [{"name": "1re"}, {"name": "1re"}], "$.categories[1].name", "two categories"),
        ("zones", [], "$.zones", "no zone"),
        ("zones", {}, "$.zones", "not an object"),
        ("zones.0", None, "$.zones[0]", "not null"),
        ("zones.0.position", ..., "$.zones[0].position", "no position"),
        ("zones.0.rows", [], "$.zones", "no seat"),
        (f"{ROW}.seats", [], "$.zones", "no seat"),
        (f"{ROW}.row_number_position", "middle", "$.zones[0].rows[0].row_number_position", "start"),
        (f"{ROW}.seats.1", [], "$.zones[0].rows[0].seats[1]", "not a list"),
        (f"{SEAT1}.seat_number", "1", "$.zones[0].rows[0].seats[1].seat_number", "already, at $.zones[0]"),
        (f"{SEAT1}.seat_guid", "g1", "$.zones[0].rows[0].seats[1].seat_guid", "taken"),
        (f"{SEAT1}.seat_guid", "g1~wheelchair", "$.zones[0].rows[0].seats[1].seat_guid", "taken"),
        (f"{SEAT1}.category", "9e", "$.zones[0].rows[0].seats[1].category", "no category named “9e”"),
        (f"{SEAT1}.position", ..., "$.zones[0].rows[0].seats[1].position", "no position"),
        (f"{SEAT1}.position", {"x": 1}, "$.zones[0].rows[0].seats[1].position.y", "missing"),
        (f"{SEAT1}.position", {"x": 7.9, "y": 0}, "$.zones[0].rows[0].seats[1].position", "on top"),
        (f"{SEAT1}.position", {"x": 5e6, "y": 0}, "$.zones[0].rows[0].seats[1].position.x", "between"),
        (f"{SEAT1}.position", {"x": 1e6, "y": 0}, "$.zones[0].rows[0].seats[1].position", "further"),
        (f"{SEAT1}.radius", -1, "$.zones[0].rows[0].seats[1].radius", "between"),
        (f"{SEAT1}.seat_nummer", "2", "$.zones[0].rows[0].seats[1]", "seat_nummer"),
        (f"{AREA}.shape", "star", "$.zones[0].areas[0].shape", "one of"),
        (f"{AREA}.rectangle", ..., "$.zones[0].areas[0].rectangle", "missing"),
        (f"{AREA}.text.text", "a\x00b", "$.zones[0].areas[0].text.text", "control"),
    ],
)  # fmt: skip
def test_one_fault(path, value, at, says):
    found = faults(changed(path, value))
    assert list(found) == [at]
    assert says in found[at]


@pytest.mark.parametrize(
    "path, value",
    [
        ("zones.1", {"name": "Rien", "position": {"x": 0, "y": 0}, "rows": []}),
        ("zones.0.rows.1", {"row_number": "Z", "seats": []}),
        ("zones.0.areas.1", {"position": {"x": 1, "y": 1}, "rotation": 0}),
        ("zones.0.areas.1", {"shape": "text", "position": {"x": 1, "y": 1},
                             "text": {"text": "", "position": {"x": 0, "y": 0}}}),
    ],
)  # fmt: skip
def test_what_editors_leave_behind_is_left_out(path: str, value: Any) -> None:
    """The public schema allows all of it."""
    document = copy.deepcopy(SOUND)
    *steps, _ = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: Any = document
    for step in steps:
        at = at[step]
    at.append(value)
    assert read_plan(orjson.dumps(document)) == read_plan(orjson.dumps(SOUND))


def test_a_zone_that_is_only_drawn_stays() -> None:
    document = copy.deepcopy(SOUND)
    circle = {"shape": "circle", "position": {"x": 1, "y": 1}, "circle": {"radius": 3}}
    document["zones"].append({"name": "Bar", "position": {"x": 0, "y": 0}, "rows": [], "areas": [circle]})
    answer = read_plan(orjson.dumps(document))
    assert isinstance(answer, Ok) and [zone.name for zone in answer.value.zones] == ["Parterre", "Bar"]


def test_what_the_schema_need_not_say_has_a_name() -> None:
    """A zone without a name is the plan's, a seat without a number its guid, and seats that no category has are one."""
    document = changed("zones.0.name", ...)
    document["categories"] = []
    row = document["zones"][0]["rows"][0]
    row |= {"row_number_position": "left"}
    for seat in row["seats"]:
        seat["category"] = ""
    row["seats"][0]["seat_number"] = ""
    document["zones"][0]["areas"][0]["color"] = "hsl(10, 50%, 50%)"
    answer = read_plan(orjson.dumps(document))
    assert isinstance(answer, Ok), answer
    plan = answer.value
    assert plan.zones[0].name == plan.categories[0].name == plan.name == "Petite salle"
    assert {seat.category for _, _, seat in plan.seats()} == {"Petite salle"}
    assert plan.zones[0].rows[0].seats[0].number == "g1" and plan.zones[0].rows[0].label == "start"
    assert read_plan(write_plan(plan)) == answer


def test_a_plan_that_declares_no_categories_has_those_of_its_seats() -> None:
    answer = read_plan(orjson.dumps(changed("categories", [])))
    assert isinstance(answer, Ok) and [each.name for each in answer.value.categories] == ["1re"]


def test_every_fault_at_once():
    document = changed(f"{SEAT1}.category", "9e")
    document["zones"][0]["rows"][0]["seats"][0]["position"] = None
    document["zones"][0]["rows"][0]["seats"][2]["seat_guid"] = ""
    del document["size"]
    assert list(faults(document)) == [
        "$.size", "$.zones[0].rows[0].seats[0].position", "$.zones[0].rows[0].seats[1].category",
        "$.zones[0].rows[0].seats[2].seat_guid"]  # fmt: skip


@pytest.mark.parametrize(
    "raw, reason",
    [
        (b"", PlanFault.UNKNOWN_FORMAT),
        (b"\x00", PlanFault.UNKNOWN_FORMAT),
        (b"\xff\xfe{", PlanFault.UNKNOWN_FORMAT),
        (b"GIF89a", PlanFault.UNKNOWN_FORMAT),
        (b'{"name": NaN}', PlanFault.NOT_JSON),
        (b"[" * 5000, PlanFault.NOT_JSON),
        (b'{"size": {"width": 1e999}}', PlanFault.NOT_JSON),
        (b"<svg", PlanFault.NOT_XML),
        (b'zone,row,seat,x,y,category\n"a', PlanFault.NOT_CSV),
    ],
)
def test_what_is_no_plan_file(raw, reason):
    assert read_plan(raw).reason is reason  # type: ignore[union-attr]


@pytest.mark.parametrize("document", [[], {}, [None]])
def test_json_that_is_no_plan(document):
    assert faults(document)


def test_a_flood_of_faults_is_one_sentence_for_each_kind():
    odd = [0] * 300 + [{"seat_number": str(n), "seat_guid": "g", "position": {"x": n, "y": 0}} for n in range(200)]
    answer = read_plan(orjson.dumps(changed(f"{ROW}.seats", odd)))
    assert isinstance(answer, Refused)
    found = told(answer)
    assert [what for _, what in found[-3:]] == [
        "And 280 more of the same kind: This is an object, not ….",
        "And 180 more of the same kind: This is missing.",
        "And 179 more of the same kind: The guid “…” is taken already, at ….",
    ]
    assert len(found) == 3 * MOST_OF_A_KIND + 3
    assert answer.detail["count"] == 300 + 200 + 199


def test_a_stadium_of_80_000_places():
    blocks = [
        Zone(f"Bloc {z}", tuple(SeatRow(str(r), tuple(
            Seat(str(n), f"{z}-{r}-{n}", z % 8 * 1100 + n * 25.0, z // 8 * 1600 + r * 30.0, "1re") for n in range(40)))
            for r in range(50))) for z in range(40)
    ]  # fmt: skip
    raw = write_plan(Plan("Stade", 9000, 8000, (Category("1re"),), tuple(blocks)))
    answer = read_plan(raw)
    assert isinstance(answer, Ok)
    assert len(answer.value.places) == 80_000


def test_marks_ride_in_the_guid():
    answer = read_plan(orjson.dumps(changed(f"{SEAT1}.seat_guid", "K-12~view~companion")))
    assert isinstance(answer, Ok)
    place = answer.value.places[1]
    assert place.seat.guid == "K-12"
    assert place.seat.marks == {Mark.COMPANION, Mark.VIEW}
    assert place.companion
    assert not place.wheelchair


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
coordinates = st.floats(-5000, 5000).map(lambda number: round(number, 2))
areas = st.one_of(
    st.builds(DrawnArea, st.just(Shape.CIRCLE), coordinates, coordinates, st.sampled_from(["", "#abc", "gold"])).map(
        lambda area: DrawnArea(area.shape, area.x, area.y, area.colour, width=7.5, height=7.5)
    ),
    st.builds(
        lambda x, y, points, turn: DrawnArea(Shape.POLYGON, x, y, rotation=turn, points=tuple(points)),
        coordinates, coordinates, st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5),
        st.sampled_from([0.0, 12.5, -90.0]),
    ),
    st.builds(
        lambda x, y, text: DrawnArea(Shape.TEXT, x, y, text=text, text_x=x + 0.5, text_y=y, text_colour="#111111"),
        coordinates.map(round).map(float), coordinates, texts.filter(lambda text: _same(text)),
    ),
)  # fmt: skip


@st.composite
def plans(draw) -> Plan:
    """Sound plans: seats on a grid, each used once, in zones and rows of any names."""
    names = [f"Cat {n}" for n in range(draw(st.integers(1, 3)))]
    cells = iter(draw(st.permutations(range(64))))
    serial = iter(range(1000))
    zones = []
    for zone in draw(st.lists(texts.map(lambda t: "Z" + t).filter(_same), min_size=1, max_size=3, unique=True)):
        rows = []
        for row in range(draw(st.integers(1, 3))):
            seats = []
            for _ in range(draw(st.integers(1, 5))):
                cell, number = next(cells), next(serial)
                marks = draw(st.frozensets(st.sampled_from(Mark)))
                x, y = cell % 8 * 25.0 + draw(st.sampled_from([0.0, 0.25, 3.7])), cell // 8 * 25.0
                seats.append(Seat(str(number), f"{zone}/{number}", x, y, draw(st.sampled_from(names)), 9, marks))
            rows.append(SeatRow(str(row), tuple(seats), draw(st.sampled_from(["start", "both", None]))))
        zones.append(Zone(zone, tuple(rows), tuple(draw(st.lists(areas, max_size=2)))))
    return Plan("Salle", 400, 300, tuple(Category(name, "#0072B2") for name in names), tuple(zones))


def _same(text: str) -> bool:
    return text == unicodedata.normalize("NFC", text) and text.isprintable()


@settings(max_examples=60)
@given(plans())
def test_an_export_imported_again_is_the_same_plan(plan):
    assert read_plan(write_plan(plan)) == Ok(plan)


junk = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4) | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "position"]), inner),
    max_leaves=5,
)


@settings(max_examples=150)
@given(st.data())
def test_anything_anywhere_is_answered(data):
    """Junk put in the place of any part of a sound plan: an answer, never an exception."""
    document = copy.deepcopy(SOUND)
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.integers(0, 3)) == 0:
            at[key] = data.draw(junk)
            break
        at = at[key]
    answer = read_plan(orjson.dumps(document))
    assert isinstance(answer, Ok) or all(f["at"].startswith("$") for f in answer.detail["faults"])
    if isinstance(answer, Ok):
        assert all(math.isfinite(s.x + s.y) for _, _, s in answer.value.seats())
