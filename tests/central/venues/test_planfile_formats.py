"""SVG and CSV: what is written and read again is the same plan, in every format; each fault stands at its line."""

import csv
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.kernel.characters import is_formula
from central.venues.csv_writer import write_csv
from central.venues.plan import Category, DrawnArea, Mark, Plan, Seat, SeatRow, Shape, Zone
from central.venues.planfile import Format, PlanFault, format_of, read_plan, written
from shared.outcome import Ok, Refused
from tests.central.venues.flaws import told
from tests.whole import part

# --- the same plan again

letters = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=10)
wild = st.sampled_from(
    ["=1+1", "'x", "#zone", "a;b", 'say "hi"', "<&>", "a~b", "50%", "~view", "a,b", "--", "é", "a  b"]
)


def kept(text: str) -> bool:
    """As a reader keeps it: the texts of a plan that was read are all like this."""
    answer = read_plan(written(one_seat(zone=text), Format.JSON))
    return isinstance(answer, Ok) and answer.value.zones[0].name == text


def one_seat(**names: str) -> Plan:
    said = {"zone": "Z", "row": "A", "number": "1", "guid": "g", "access": ""} | names
    seat = Seat(said["number"], said["guid"], 10.0, 10.0, "1re", access=said["access"])
    return Plan("Salle", 100, 100, (Category("1re"),), (Zone(said["zone"], (SeatRow(said["row"], (seat,)),)),))


names = (letters | wild).filter(kept)
thousandths = st.integers(-5_000_000, 5_000_000).map(lambda n: n / 1000)
sizes = st.integers(0, 900_000).map(lambda n: n / 1000)
colours = st.sampled_from(["", "#abc", "gold", "rgb(1, 2, 3)", "none", "currentColor"])
turns = st.sampled_from([0.0, 12.5, -90.0, 370.0, 0.001])


@st.composite
def areas(draw) -> DrawnArea:
    shape = draw(st.sampled_from(Shape))
    x, y = draw(thousandths), draw(thousandths)
    width = height = 0.0
    if shape in (Shape.RECTANGLE, Shape.ELLIPSE):
        width, height = draw(sizes), draw(sizes)
    elif shape is Shape.CIRCLE:
        width = height = draw(sizes)
    points = tuple(draw(st.lists(st.tuples(thousandths, thousandths), min_size=1, max_size=6)))
    area = DrawnArea(shape, x, y, draw(colours), draw(colours), draw(turns), points if shape is Shape.POLYGON else (),
                width, height)  # fmt: skip
    if shape is not Shape.TEXT and draw(st.booleans()):
        return area
    return replace(area, text=draw(names), text_x=draw(thousandths), text_y=draw(thousandths),
                   text_colour=draw(colours), text_size=draw(st.integers(1, 99)))  # fmt: skip


@st.composite
def plans(draw) -> Plan:
    """Any plan that a reader may give: rows in blocks, zones that are only drawn, names that mean something to a
    spreadsheet or to XML."""
    categories = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    doors = ["", *draw(st.lists(names, max_size=2))]
    cells, serial = iter(draw(st.permutations(range(144)))), 0
    zones = []
    for at, name in enumerate(draw(st.lists(names, min_size=1, max_size=3, unique_by=str.casefold))):
        rows: list[SeatRow] = []
        numbers = draw(st.lists(names.map(lambda text: text[:5].strip()).filter(bool).filter(kept), max_size=3))
        for number in numbers if at else numbers or ["A"]:
            seats = []
            for _ in range(draw(st.integers(1, 4))):
                cell, serial = next(cells), serial + 1
                guid = draw(st.sampled_from([f"{name}-{number}-{serial}", f"id {serial}"]))
                x, y = cell % 12 * 30.0 + draw(st.sampled_from([0.0, 0.25, 3.125])), cell // 12 * 30.0
                seats.append(Seat(str(serial), guid, x, y, draw(st.sampled_from(categories)),
                                  draw(st.sampled_from([10, 10, 4, 25])), draw(st.frozensets(st.sampled_from(Mark))),
                                  draw(st.sampled_from(doors))))  # fmt: skip
            rows.append(SeatRow(number, tuple(seats), draw(st.sampled_from([None, "start", "end", "both"]))))
        drawn = tuple(draw(st.lists(areas(), max_size=2)))
        if rows or drawn:
            zones.append(Zone(name, tuple(rows), drawn))
    named = tuple(Category(name, draw(colours)) for name in categories)
    return Plan(draw(names), draw(st.integers(1, 9000)), draw(st.integers(1, 9000)), named, tuple(zones))


@settings(max_examples=150)
@given(plans())
def test_written_and_read_again_it_is_the_same_plan(plan: Plan):
    for each in Format:
        data = written(plan, each)
        assert format_of(data) is each
        assert read_plan(data) == Ok(plan), each


@settings(max_examples=50)
@given(plans())
def test_through_all_formats_in_turn(plan: Plan):
    for each in (Format.SVG, Format.CSV, Format.JSON, Format.CSV, Format.SVG):
        answer = read_plan(written(plan, each))
        assert isinstance(answer, Ok)
        assert answer.value == plan
        plan = answer.value


def test_accesses_are_those_of_the_seats():
    plan = one_seat(access="Porte B")
    assert plan.accesses == {"Z": ("Porte B",)}
    assert one_seat().accesses == {}
    assert b"g~access=Porte B" in written(plan, Format.JSON)
    wheels = replace(plan.zones[0].rows[0].seats[0], marks=frozenset(Mark), access="50% ~view")
    both = replace(plan, zones=(Zone("Z", (SeatRow("A", (wheels,)),)),))
    assert read_plan(written(both, Format.JSON)) == Ok(both)


# --- what others draw

HEAD = '<svg viewBox="0 0 400 300">\n'
SEAT = 'data-zone="P" data-row="A" data-category="1re"'


def svg(*lines: str, head: str = HEAD) -> bytes:
    return (head + "\n".join(lines) + "\n</svg>").encode()


def seats_of(data: bytes) -> list[tuple[str, str, str, float, float, int, str]]:
    answer = read_plan(data)
    assert isinstance(answer, Ok), answer
    return [(z.name, r.number, s.number, s.x, s.y, s.radius, s.category) for z, r, s in answer.value.seats()]


@pytest.mark.parametrize(
    "drawn, place",
    [
        (f'<circle data-seat="1" {SEAT} cx="100" cy="50" r="8"/>', (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} cx="100px" cy="50.0004" r="7.6"/>', (100, 50, 8)),
        (f'<rect data-seat="1" {SEAT} x="90" y="40" width="20" height="16"/>', (100, 48, 8)),
        (f'<ellipse data-seat="1" {SEAT} cx="100" cy="50" rx="12" ry="9"/>', (100, 50, 9)),
        (f'<polygon data-seat="1" {SEAT} points="90,40 110,40 110,60 90,60"/>', (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="M90 40h20v20H90z"/>', (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="m90,40 20,0 0,20 -20,0z"/>', (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="M90 50a10 10 0 1 0 20 0a10 10 0 1 0 -20 0"/>', (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="M90 50a10 10 0 1020 0a10 10 0 10-20 0z"/>', (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="M110 50c0 5.52-4.48 10-10 10s-10-4.48-10-10 4.48-10 10-10 10 4.48 10 10z"/>',
         (100, 50, 10)),
        (f'<path data-seat="1" {SEAT} d="M90 50Q90 30 100 40T110 50L110 60 90 60"/>', None),
        (f'<g data-seat="1" {SEAT}><rect x="90" y="40" width="20" height="20"/><text x="5" y="5">1</text></g>',
         (100, 50, 10)),
        (f'<g data-seat="1" {SEAT}><circle cx="100" cy="50" r="6"/><rect x="90" y="40" width="20" height="20"/></g>',
         (100, 50, 10)),
        (f'<g transform="translate(80 40)"><g transform="scale(2)"><circle data-seat="1" {SEAT} cx="10" cy="5" r="4"/>'
         "</g></g>", (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} transform="rotate(90)" cx="50" cy="-100" r="8"/>', (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} transform="rotate(90 100 50)" cx="100" cy="50" r="8"/>', (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} transform="matrix(1,0,0,1,90,0) translate(10,50)" r="8"/>', (100, 50, 8)),
        (f'<g style="fill:red; transform: translate(80px,40px) scaleX(1)"><circle data-seat="1" {SEAT} '
         'cx="20" cy="10" r="8"/></g>', (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} style="transform:rotate(.25turn)" transform="scale(9)" cx="50" cy="-100" '
         'r="8"/>',
         (100, 50, 8)),
        (f'<circle data-seat="1" {SEAT} cx="25.4mm" cy="0.5in" r="6pt"/>', (96, 48, 8)),
        (f'<defs><circle id="s" r="4" transform="scale(2)"/></defs><use xlink:href="#s" data-seat="1" {SEAT} x="90" '
         'y="50" transform="translate(10)"/>', (100, 50, 8)),
        (f'<rect data-seat="1" {SEAT} transform="skewX(0) skewY(0)" x="90" y="40" width="20" height="20"/>',
         (100, 50, 10)),
    ],
)  # fmt: skip
def test_where_a_seat_is(drawn, place):
    ((zone, row, number, x, y, radius, category),) = seats_of(svg(drawn))
    assert (zone, row, number, category) == ("P", "A", "1", "1re")
    assert place is None or (x, y, radius) == place


def test_groups_say_what_holds_for_all_in_them():
    assert seats_of(svg(
        '<g data-zone="Parterre" data-category="1re" data-access="Porte A">',
        '<g data-row="A"><circle data-seat="1" cx="10" cy="10" r="8"/>',
        '<circle data-seat="2" cx="40" cy="10" r="8" data-category="2e"/></g>',
        '<circle data-seat="3" data-row="A" cx="70" cy="10" r="8"/>',
        "</g>",
        '<circle data-seat="1" data-zone="Parterre" data-row="B" data-category="2e" cx="10" cy="50" r="8"/>',
    )) == [
        ("Parterre", "A", "1", 10, 10, 8, "1re"), ("Parterre", "A", "2", 40, 10, 8, "2e"),
        ("Parterre", "A", "3", 70, 10, 8, "1re"), ("Parterre", "B", "1", 10, 50, 8, "2e"),
    ]  # fmt: skip


def test_a_view_box_that_starts_elsewhere_is_moved_to_nought():
    data = svg(f'<circle data-seat="1" {SEAT} cx="10" cy="20" r="8"/>', head='<svg viewBox="-50 -100 400 300.7">')
    answer = read_plan(data)
    assert isinstance(answer, Ok)
    assert (answer.value.width, answer.value.height) == (400, 300)
    assert [(seat.x, seat.y) for _, _, seat in answer.value.seats()] == [(60, 120)]


def test_the_picture_of_a_hall_around_its_axis_has_all_its_seats():
    seats = tuple(Seat(str(n), f"Z-A-{n}", 30.0 * (n - 5), -100.0 if n % 2 else 20.0, "1re") for n in range(1, 10))
    plan = Plan("Salle", 140, 40, (Category("1re"),), (Zone("Z", (SeatRow("A", seats),)),))
    data = written(plan, Format.SVG)
    assert b'viewBox="-130 -110 270 150" width="270" height="150" data-size="140 40"' in data
    assert read_plan(data) == Ok(plan)


def test_what_illustrator_puts_in_is_left_alone():
    data = b"""<?xml version="1.0" encoding="utf-8"?>
    <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
    <svg:svg xmlns:svg="http://www.w3.org/2000/svg" xmlns:i="x" width="400px" height="300">
    <svg:style>.st0{fill:#f00}</svg:style><svg:script>alert(1)</svg:script><i:pgf><![CDATA[ x ]]></i:pgf>
    <svg:image href="http://example.org/x.png"/><svg:rect width="9" height="9"/>
    <svg:circle data-seat="1" data-zone="P" data-row="A" data-category="1re" style="a:1;fill: #0072b2" cx="9" r="8"/>
    </svg:svg>"""
    answer = read_plan(data)
    assert isinstance(answer, Ok)
    assert answer.value.categories == (Category("1re", "#0072b2"),)
    assert (answer.value.width, answer.value.height, answer.value.areas) == (400, 300, ())


ONE = f'<circle data-seat="1" {SEAT} cx="100" cy="50" r="8"/>'


@pytest.mark.parametrize(
    "drawn, area",
    [
        ('<rect data-area="" data-zone="P" x="1" y="2" width="30" height="40" fill="#abc"/>',
         DrawnArea(Shape.RECTANGLE, 1, 2, "#abc", width=30, height=40)),
        ('<rect data-area="" data-zone="P" width="30" height="40" transform="translate(5 6) rotate(30)" stroke="red"/>',
         DrawnArea(Shape.RECTANGLE, 5, 6, "", "red", 30, width=30, height=40)),
        ('<circle data-area="" data-zone="P" cx="5" cy="6" r="7" transform="scale(2)"/>',
         DrawnArea(Shape.CIRCLE, 10, 12, width=14, height=14)),
        ('<rect data-area="" data-zone="P" width="10" height="20" transform="scale(2 1)"/>',
         DrawnArea(Shape.POLYGON, 0, 0, points=((0, 0), (20, 0), (20, 20), (0, 20)))),
        ('<path data-area="" data-zone="P" d="M1 1L9 1L9 9Z"/>',
         DrawnArea(Shape.POLYGON, 1, 1, points=((1, 1), (9, 1), (9, 9)))),
        ('<text data-area="" data-zone="P" x="7" y="8" fill="gold" font-size="20px">Sc\u00e8ne <tspan>1</tspan></text>',
         DrawnArea(Shape.TEXT, 7, 8, "gold",
                   text="Sc\u00e8ne 1", text_x=7, text_y=8, text_colour="gold", text_size=20)),
        ('<g data-area="" data-zone="P" transform="translate(10 0)"><rect width="8" height="9"/>'
         "<text>\n  Bar\n</text></g>",
         DrawnArea(Shape.RECTANGLE, 10, 0, width=8, height=9, text="Bar", text_x=10)),
    ],
)  # fmt: skip
def test_an_area(drawn, area):
    answer = read_plan(svg(ONE, drawn))
    assert isinstance(answer, Ok), answer
    assert answer.value.areas == (area,)


def faults(data: bytes) -> list[tuple[str, str]]:
    answer = read_plan(data)
    assert isinstance(answer, Refused), answer
    assert answer.detail["count"] == len(answer.detail["faults"])
    return told(answer)


@pytest.mark.parametrize(
    "drawn, at, says",
    [
        (f'<circle data-seat="1" {SEAT} cx="40" cy="9" r="8"/>', "line 3", "already, at line 2"),
        (f'<circle data-seat="2" {SEAT} cx="101" cy="50" r="8"/>', "line 3", "on top of another one, at line 2"),
        (f'<circle data-seat="2" {SEAT} data-guid="P-A-1" cx="40" cy="50" r="8"/>', "line 3", "taken"),
        ('<circle data-seat="2" data-row="A" data-category="1re" cx="9" r="8"/>', "line 3, data-zone", "empty"),
        ('<circle data-seat="2" data-zone="P" data-category="1re" cx="9" r="8"/>', "line 3, data-row", "empty"),
        ('<circle data-seat="2" data-zone="P" data-row="A" cx="9" r="8"/>', "line 3, data-category", "empty"),
        (f'<circle data-seat="" {SEAT} cx="9" r="8"/>', "line 3, data-seat", "empty"),
        (f'<circle data-seat="2" {SEAT} data-marks="wheelchair sofa" cx="9" r="8"/>', "line 3, data-marks", "“sofa”"),
        (f'<g data-seat="2" {SEAT}/>', "line 3", "no position"),
        (f'<use href="#seat" data-seat="2" {SEAT} x="9"/>', "line 3", "no shape of this name"),
        (f'<path id="big" d="M{"1 2 " * 1000}"/><use href="#big" data-seat="2" {SEAT}/>', "line 3", "2,000"),
        (f'<circle data-seat="2" {SEAT} style="cx:9px" r="8"/>', "line 3", "in its style (cx)"),
        (f'<g transform-origin="center"><circle data-seat="2" {SEAT} r="8"/></g>', "line 3", "transform-origin"),
        (f'<g style="rotate: 9deg"><circle data-seat="2" {SEAT} r="8"/></g>', "line 3", "depends on rotate"),
        (f'<g style="transform:rotate3d(1,2,3,4deg)"><circle data-seat="2" {SEAT} r="8"/></g>', "line 3", "rotate3d"),
        (f'<svg viewBox="0 0 9 9"><circle data-seat="2" {SEAT} cx="9" r="8"/></svg>', "line 3", "an <svg> in the"),
        ("<style>.a{text-transform:none} .b{transform:scale(2)}</style>", "line 3", "sheet moves things (transform)"),
        (f'<circle data-seat="2" {SEAT} cx="wide" r="8"/>', "line 3", "not a list of numbers"),
        (f'<circle data-seat="2" {SEAT} cx="9%" r="8"/>', "line 3", "not a list of numbers"),
        (f'<circle data-seat="2" {SEAT} cx="1e9" r="8"/>', "line 3", "further"),
        (f'<circle data-seat="2" {SEAT} cx="nan" r="8"/>', "line 3", "further"),
        (f'<circle data-seat="2" {SEAT} cx="9" r="1e400"/>', "line 3, size", "between"),
        (f'<path data-seat="2" {SEAT} d="M0 0 B 1 1"/>', "line 3", "not understood"),
        (f'<path data-seat="2" {SEAT} d="M0 0 L 1"/>', "line 3", "ends in the middle"),
        (f'<path data-seat="2" {SEAT} d="M0 0A1e300 1e300 0 0 0 1e300 1"/>', "line 3", "too large"),
        (f'<circle data-seat="2" {SEAT} transform="spin(9)" cx="9" r="8"/>', "line 3", "no transform spin"),
        (f'<circle data-seat="2" {SEAT} transform="rotate(9" cx="9" r="8"/>', "line 3", "not understood"),
        (f'<defs><circle data-seat="2" {SEAT} cx="9" r="8"/></defs>', "line 3", "not drawn"),
        (f'<g data-seat="2" {SEAT}><circle data-seat="3" r="5"/></g>', "line 3", "stands in another"),
        ('<g data-zone="Vide"/>', "line 3", "empty"),
        ('<g data-zone="P"><g data-row="B"/><g data-area=""><rect/></g></g>', "line 3", "empty"),
        ('<g data-area="" data-zone="P"/>', "line 3", "neither drawn"),
        ('<g data-area="" data-zone="P"><rect/><rect/></g>', "line 3", "more than one shape"),
        ('<rect data-area="" width="9" height="9"/>', "line 3, data-zone", "empty"),
        ('<g data-plan-category="2e"/>', "line 2, data-category", "no category named “1re”"),
        ('<g data-plan-category="1re" fill="url(#x)"/><g data-plan-category="1re"/>', "line 3", "two categories"),
        ('<g data-plan-category="1re" fill="expression(alert(1))"/>', "line 3", "no colour"),
    ],
)  # fmt: skip
def test_a_fault_of_a_drawing(drawn, at, says):
    found = faults(svg(ONE, drawn))
    assert [where for where, _ in found] == [at], found
    assert says in found[0][1]


@pytest.mark.parametrize(
    "data, says",
    [
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>\n<svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
         b'<svg data-plan="&c;"/>', "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY % n "http://a.b/">]><svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>', "declarations"),
        (b'<!DOCTYPE svg [<!ATTLIST circle data-seat CDATA "1">]><svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!ELEMENT svg ANY>]><svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!NOTATION n SYSTEM "n">]><svg/>', "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY a "http://a.b/&#38;b;">]><svg/>', "declarations"),
        (b"<!DOCTYPE svg [%s]><svg/>" % b"".join(b'<!ENTITY n%d "http://a/">' % n for n in range(41)), "declarations"),
        (b'<!DOCTYPE svg [<!ENTITY n "http://a.b/">]><svg data-plan="' + b"&n;" * 201 + b'"/>', "entities are refused"),
        (b"<svg>&undefined;</svg>", "not XML"),
        (b"<svg>", "not XML"),
        (b'<svg><circle data-seat="1" data-seat="2"/></svg>', "not XML"),
                (b"<svg>" + b"<g>" * 5000 + b"</g>" * 5000 + b"</svg>", "deep"),
    ],
)  # fmt: skip
def test_a_hostile_drawing_is_refused_when_it_is_met(data, says):
    answer = read_plan(data)
    assert isinstance(answer, Refused)
    assert answer.reason is PlanFault.NOT_XML
    assert says in told(answer)[0][1]
    assert "passwd" not in str(answer.detail)


def test_the_names_of_namespaces_that_illustrator_declares_are_read():
    """As its *Save as* writes an SVG. Before: refused with all other declarations."""
    names = "".join(
        f'<!ENTITY {name} "http://ns.adobe.com/{name}/1.0/">\n' for name in ("ns_extend", "ns_ai", "ns_graphs")
    )
    head = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [\n'
    drawing = (
        f'<?xml version="1.0" encoding="utf-8"?>\n{head}{names}]>\n<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:x="&ns_extend;" xmlns:i="&ns_ai;" viewBox="0 0 90 90"><g i:extraneous="self">{ONE}</g></svg>'
    )
    assert seats_of(drawing.encode()) == seats_of(f'<svg viewBox="0 0 90 90">{ONE}</svg>'.encode()) != []


def test_every_fault_of_a_drawing_at_once():
    found = faults(svg(ONE, f'<circle data-seat="2" {SEAT} cx="x"/>', '<g data-zone="Vide"/>', ONE))
    assert [at for at, _ in found] == ["line 3", "line 4", "line 5"]


@pytest.mark.parametrize("data", [b"<svg/>", b"<html/>", b'<svg viewBox="0 0 a b"/>', b'<svg viewBox="0 0 -1 0"/>'])
def test_a_drawing_without_a_hall(data):
    assert faults(data)


# --- CSV

CSV = "zone,row,seat,x,y,category,access\n"


def test_the_least_that_a_spreadsheet_must_tell():
    for data in (
        CSV + "P,A,1,10,20,1re,Porte B\nP,A,2,40.5,20,1re,\n",
        "\ufeff" + CSV.replace(",", ";") + "P;A;1;10;20;1re;Porte B\r\n\r\nP;A;2;40,5;20;1re\r\n",
        "Access\tCategory\tX\tY\tSeat\tRow\tZone\nPorte B\t1re\t10\t20\t1\tA\tP\n\t1re\t40.5\t20\t2\tA\tP\n",
    ):
        answer = read_plan(data.encode())
        assert isinstance(answer, Ok), answer
        plan = answer.value
        assert (plan.name, plan.width, plan.height, plan.categories) == ("Plan", 60, 40, (Category("1re"),))
        assert [(s.number, s.guid, s.x, s.y, s.access) for _, _, s in plan.seats()] == [
            ("1", "P-A-1", 10, 20, "Porte B"), ("2", "P-A-2", 40.5, 20, "")]  # fmt: skip


def test_what_is_exported_is_that_first_line_and_no_more_than_needed():
    lines = written(one_seat(access="Porte B", guid="Z-A-1"), Format.CSV).decode().splitlines()
    assert lines == [
        "zone,row,seat,x,y,category,access",
        "Z,A,1,10,10,1re,Porte B",
        "#plan,Salle,100,100",
        "#category,1re,",
    ]


def test_what_a_spreadsheet_with_commas_gets_is_read_again_as_the_same_plan() -> None:
    """Also of a hall whose numbers might each be thousands, and of what is drawn beside its seats."""
    edge = DrawnArea(Shape.POLYGON, 1.234, 5.678, points=((1.234, 5.678), (9.5, 8.125), (2.25, 3.0)))
    for x in (10.5, 1.234, 12.0):
        plan = one_seat()
        (zone,), (row,) = plan.zones, plan.zones[0].rows
        seat = replace(row.seats[0], x=x, y=20.125)
        plan = replace(plan, zones=(replace(zone, rows=(replace(row, seats=(seat,)),), areas=(edge,)),))
        data = write_csv(plan, ",")
        assert data.startswith(b"zone;row;seat;x;y;") and b";20,125;" in data
        assert read_plan(b"\xef\xbb\xbf" + data) == Ok(plan)


def test_a_spreadsheet_finds_no_formula():
    data = written(one_seat(zone='=cmd|" /C calc"!A0', access="@x"), Format.CSV).decode()
    assert "\n\"'=cmd" in data.replace("\r", "")
    assert ",'@x" in data


@pytest.mark.parametrize(
    "name", ["Nord;=1+1", "Nord,@x", 'Nord;"=1', "#a;-2", "'", "';'=1", "Nord; =1", "Nord;'Sud", "=1,=2;=3", "a;b"]
)
def test_nor_does_one_that_parts_cells_at_another_sign(name: str) -> None:
    """A semicolon in a comma's file, or the other way round; what was put in comes out again."""
    for point in ".,":
        plan = one_seat(zone=name, access=name)
        data = write_csv(plan, point)
        for other in ",;":
            for cells in csv.reader(data.decode().splitlines(), delimiter=other):
                assert not [cell for cell in cells if is_formula(cell)]
        assert read_plan(data) == Ok(plan)


@pytest.mark.parametrize(
    "lines, at, says",
    [
        ("P,A,1,1,1,1re,\nP,A,1,50,1,1re,", "line 3", "already, at line 2"),
        ("P,A,1,1,1,1re,\nP,A,2,2,1,1re,", "line 3", "on top of another one, at line 2"),
        ("P,A,,1,1,1re,", "line 2, seat", "empty"),
        ("P,A,1,,1,1re,", "line 2, x", "missing"),
        ("P,A,1,1", "line 2, category", "empty"),
        ("P,A,1,1_0,1,1re,", "line 2, x", "no number"),
        ("P,A,1,inf,1,1re,", "line 2, x", "between"),
        ("P,A,1,2e6,1,1re,", "line 2", "further"),
        ("P,A,1,1,1,1re,,,x", "line 2", "9 cells"),
        ("P,A,1,1,1,1re,\n#category,2e", "line 2, category", "no category named “1re”"),
        ("P,A,1,1,1,1re,\n#category,1re\n#category,1re", "line 4", "two categories"),
        ("P,A,1,1,1,1re,\n#zone,Vide", "line 3", "empty"),
        ("P,A,1,1,1,1re,\n#area,P,star", "line 3", "one of"),
        ("P,A,1,1,1,1re,\n#area,P,polygon,1,1", "line 3", "no point"),
        ("P,A,1,1,1,1re,\n#plan,Salle,0,5", "line 3", "between"),
        ("P,A,1,1,1,1re,\n#sofa", "line 3", "no line “#sofa”"),
        ("", "line 1", "no seat"),
        ("P,A,1,1,1,1re,\x07", "line 2, access", "control"),
    ],
)
def test_a_fault_of_a_table(lines, at, says):
    found = faults((CSV + lines).encode())
    assert [where for where, _ in found][:1] == [at], found
    assert says in found[0][1]


@pytest.mark.parametrize(
    "header, says",
    [
        ("zone,seat,x,y,category", "“row” is missing"),
        ("zone,row,seat,x,y,category,acess", "no column “acess”"),
        ("zone,row,seat,x,category", "“y” is missing"),
        ("rang,reihe,zone,seat,x,y,category", "two columns “row”"),
        ("zone,row,seat,x,y,category,row", "two columns “row”"),
    ],
)
def test_a_fault_of_the_first_line(header, says):
    assert [at for at, what in faults(header.encode()) if says in what] == ["line 1"]


def test_rows_that_say_two_things():
    more = (
        "zone,row,seat,x,y,category,label,radius\nP,A,1,1,1,1re,both,\nP,A,2,50,1,1re,start,0\nP,B,1,1,50,1re,left,10\n"
    )
    assert [at for at, _ in faults(more.encode())] == ["line 3, radius", "line 4, label"]
    assert "further up" in faults(more.replace(",0\n", ",\n").replace("left", "").encode())[0][1]


# --- large, and odd


def stadium() -> Plan:
    blocks = [
        Zone(f"Bloc {z}", tuple(SeatRow(str(r), tuple(
            Seat(str(n), f"Bloc {z}-{r}-{n}", z % 8 * 1100 + n * 25.0, z // 8 * 1600 + r * 30.0, "1re",
                 access=f"Porte {z % 12}") for n in range(40)))
            for r in range(50))) for z in range(40)
    ]  # fmt: skip
    return Plan("Stade", 9000, 8000, (Category("1re", "#0072B2"),), tuple(blocks))


@pytest.mark.whole
@pytest.mark.parametrize("into", part([*Format], 3))
def test_a_stadium_of_80_000_places(into):
    plan = stadium()
    data = written(plan, into)
    assert read_plan(data) == Ok(plan)


@settings(max_examples=200)
@given(st.data())
def test_anything_anywhere_is_answered(data: st.DataObject):
    """Bytes of a sound file put in disorder: an answer, never an exception."""
    raw = bytearray(written(one_seat(access="Porte B"), data.draw(st.sampled_from([Format.SVG, Format.CSV]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        new = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"<", b"9" * 400, b"-", b"nan", b"\n", b"1e99"]))
        raw[at : at + data.draw(st.integers(0, 6))] = new
    answer = read_plan(bytes(raw))
    assert isinstance(answer, Ok) or answer.detail["faults"]
