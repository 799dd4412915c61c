"""Seat lists as spreadsheets save them, and as people put them together."""

from itertools import pairwise

import pytest

from central.venues.planfile import Format, read_plan, written
from central.venues.planfile_table import notation_of
from shared.outcome import Ok, Refused
from tests.central.venues.flaws import told

HEAD = "zone;row;seat;x;y;category;access\r\n"
SEATS = "Côté cour;A;1;10,5;20;Cat 1;Porte B\r\nCôté cour;A;2;40,5;20;Cat 1;Porte B\r\n"
SHEET = HEAD + SEATS


def wider(text: str, *cells: str) -> str:
    """Each line with one more cell."""
    return "".join(f"{line};{cell}\r\n" for line, cell in zip(text.splitlines(), cells, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        SHEET.encode("utf-8-sig"),
        ("sep=;\r\n" + SHEET).encode("utf-8-sig"),
        SHEET.encode("cp1252"),
        SHEET.replace(";", "\t").encode("utf-16"),
        SHEET.replace("\r\n", "\r").encode(),
        wider(SHEET, "", "", "").encode(),
        (HEAD + wider(SEATS, ";", "")).encode(),
        wider(SHEET, "price", "25,00", "25,00").encode(),
        ("Plan de la salle;;;;;;\r\n;;;;;;\r\n" + SHEET).encode(),
        SHEET.replace(";", ",").replace("10,5", '"10,5"').replace("40,5", '"40,5"').encode(),
        *(
            (";".join(columns.split()) + "\r\n" + SEATS).encode()
            for columns in (
                "Zone Rang Place X Y Catégorie Accès",
                "Section Row Seat x y Category Entrance",
                "Bereich Reihe Platz x y Kategorie Zugang",
                "Sector Fila Asiento x y Categoría Acceso",
                "Settore Fila Posto x y Categoria Ingresso",
            )
        ),
    ],
)
def test_what_a_spreadsheet_saves_is_the_same_hall(data: bytes) -> None:
    answer = read_plan(data)
    assert isinstance(answer, Ok), answer
    assert [(z.name, r.number, s.number, s.x, s.y, s.category, s.access) for z, r, s in answer.value.seats()] == [
        ("Côté cour", "A", "1", 10.5, 20, "Cat 1", "Porte B"), ("Côté cour", "A", "2", 40.5, 20, "Cat 1", "Porte B")
    ]  # fmt: skip
    assert read_plan(written(answer.value, Format.CSV)) == answer


@pytest.mark.parametrize(
    "numbers, delimiter, read",
    [
        (["1.200,5", "1.240"], ";", ["1200.5", "1240"]),
        (["1\u202f200,5", "1 240"], ";", ["1200.5", "1240"]),
        (["1'200.5", "1’240"], ";", ["1200.5", "1240"]),
        (["1,200.5", "1,240"], ",", ["1200.5", "1240"]),
        (["10,125"], ";", ["10.125"]),
        (["10.125"], ",", ["10.125"]),
        (["1.240.300"], ";", ["1240300"]),
        (["10.125", "0.5"], ";", ["10.125", "0.5"]),
        (["10.5", "10,5"], ";", ["10.5", "10.5"]),
        (["1.240"], ";", [None]),
        (["1,240"], ",", [None]),
        (["10.5", "10,5", "1,240"], ";", ["10.5", "10.5", None]),
        (["-1.234.567,5", "x"], ";", ["-1234567.5", "x"]),
        (["1.23.4"], ",", ["1.23.4"]),
    ],
)
def test_thousands_are_taken_off_or_asked_about(numbers: list[str], delimiter: str, read: list[str | None]) -> None:
    notation = notation_of(numbers, delimiter)
    assert [notation.plain(number) for number in numbers] == read


def refused(data: str) -> list[tuple[str, str]]:
    answer = read_plan(data.encode())
    return told(answer)


def test_what_may_be_two_numbers_is_no_place() -> None:
    ((at, what),) = refused(HEAD + "P;A;1;1.240;20;C;\r\n")
    assert at == "line 2, x" and "1.240" in what and "thousands" in what


def test_lines_are_the_files_own_below_a_title() -> None:
    assert [at for at, _ in refused("Salle\r\n\r\n" + HEAD + "P;A;1;wide;20;C;\r\n")] == ["line 4, x"]


def test_two_zones_that_differ_in_capitals_are_one_that_was_written_twice() -> None:
    ((at, what),) = refused(HEAD + "Parterre;A;1;10;20;C;\r\nparterre;A;2;40;20;C;\r\n")
    assert at == "line 3, zone" and "“parterre” and “Parterre”" in what


def test_a_list_without_positions_is_drawn_by_zone_and_row() -> None:
    """As ticket systems export a stadium."""
    answer = read_plan(
        b"section,row,seat,priceLevel\n102,BB,3,P12\n102,BB,4,P12\n103,A,1,P1\n102,BB,5,P12\n102,CC,1,P12\n"
    )
    assert isinstance(answer, Ok)
    assert [(z.name, r.number, s.number, s.x, s.y, s.category) for z, r, s in answer.value.seats()] == [
        ("102", "BB", "3", 50, 50, "P12"), ("102", "BB", "4", 75, 50, "P12"), ("102", "BB", "5", 100, 50, "P12"),
        ("102", "CC", "1", 50, 80, "P12"), ("103", "A", "1", 50, 140, "P1"),
    ]  # fmt: skip


@pytest.mark.parametrize("step, radius", [(1.75, ""), (0.53, "1"), (7.5, "")], ids=["feet", "metres", "small"])
def test_a_hall_in_another_measure_is_taken_by_its_usual_step(step: float, radius: str) -> None:
    """As an opera house keeps it: from the axis of the stage, which is nought, to both sides."""
    seats = "".join(
        f"orch:{row}:{n},orchestra,{row},{n},{(n - 4.5) * step:.2f},{9 + y * step * 2:.2f},{radius}\n"
        for y, row in enumerate("AB") for n in range(8)
    )  # fmt: skip
    answer = read_plan(("id,section,row,seat,x,y,radius\n" + seats).encode())
    assert isinstance(answer, Ok), answer
    row = answer.value.zones[0].rows[0].seats
    assert all(24.5 < b.x - a.x < 25.5 and a.y == b.y for a, b in pairwise(row)) and row[0].x == 20
    assert all(0 <= seat.x <= answer.value.width and seat.radius == 10 for _, _, seat in answer.value.seats())
    assert answer.value.height > answer.value.zones[0].rows[1].seats[0].y
    for each in Format:
        assert read_plan(written(answer.value, each)) == answer


def test_one_seat_on_another_is_a_fault_in_any_measure() -> None:
    found = refused("zone,row,seat,x,y\n" + "".join(f"P,A,{n},{x},5\n" for n, x in enumerate((0, 2, 4, 4.5, 6, 8))))
    assert [at for at, _ in found] == ["line 5"]
    assert [at for at, _ in refused("zone,row,seat,x,y\n" + "".join(f"P,A,{n},1,5\n" for n in range(4)))] == [
        "line 3", "line 4", "line 5"]  # fmt: skip


def test_one_mistaken_place_makes_no_hall_larger() -> None:
    assert [at for at, _ in refused("zone,row,seat,x,y\nP,A,1,0,5\nP,A,2,7.9,5\nP,A,3,80.5,5\n")] == ["line 3"]


def test_seats_without_categories_are_one_category() -> None:
    answer = read_plan(b"section,row,seat\n102,BB,3\n102,BB,4\n")
    assert isinstance(answer, Ok) and [each.name for each in answer.value.categories] == ["Plan"]


def test_under_its_own_name_a_column_goes_before_what_else_means_it() -> None:
    answer = read_plan(b"section,zone,row,seat,x,y,category\nodd,Balcon,A,1,10,20,C\n")
    assert isinstance(answer, Ok) and answer.value.zones[0].name == "Balcon"


@pytest.mark.parametrize("declared, saved", [("windows-1251", "cp1251"), ("windows-1251", "utf-8"), ("x", "utf-16")])
def test_a_drawing_is_read_in_its_own_letters(declared: str, saved: str) -> None:
    """Whatever it says of itself, where it was saved again in others."""
    seat = '<circle data-seat="1" data-zone="Партер" data-row="А" data-category="C" cx="9" cy="9" r="5"/>'
    answer = read_plan(f'<?xml version="1.0" encoding="{declared}"?><svg>{seat}</svg>'.encode(saved))
    assert isinstance(answer, Ok), answer
    assert answer.value.zones[0].name == "Партер"


def test_letters_that_are_none_are_a_fault_and_never_a_name() -> None:
    answer = read_plan((HEAD + "P\x81;A;1;10;20;C;\r\n").encode("latin-1"))
    assert isinstance(answer, Refused)
    assert "U+FFFD" in told(answer)[0][1]


def placed(columns: str, step: float = 0.5, between: str = ";") -> bytes:
    rows = (f"P;{row};{n};{n * step:g};{line * 2 * step:g}" for line, row in enumerate("AB") for n in range(1, 5))
    return "\n".join([f"zone;row;seat;{columns}", *rows]).replace(";", between).encode()


@pytest.mark.parametrize(
    "columns, unit, step",
    [
        ("X (ft);Y (ft)", "foot", 1.64),
        ("X (m);Y (m)", "m", 0.5),
        ("X_ft;Y_ft", "foot", 1.64),
        ("x [cm];y [cm]", "cm", 50),
        ("X en mètres;Y en mètres", "m", 0.5),
        ("Coord. X (pieds);Coord. Y (pieds)", "foot", 1.64),
        ("Coordonnée X (mm);Coordonnée Y (mm)", "mm", 500),
        ("Abscisse (m);Ordonnée (m)", "m", 0.5),
        ("X-Koordinate in Metern;Y-Koordinate in Metern", "m", 0.5),
        ("Lage X (Fuß);Lage Y (Fuß)", "foot", 1.64),
        ("Posición X (metros);Posición Y (metros)", "m", 0.5),
        ("Coordenada X [pulgadas];Coordenada Y [pulgadas]", "inch", 19.7),
        ("Posizione X (centimetri);Posizione Y (centimetri)", "cm", 50),
        ("Ascissa (piedi);Ordinata (piedi)", "foot", 1.64),
        ("x in;y in", "inch", 19.7),
        ("XPosFeet;YPosFeet", "foot", 1.64),
    ],
)
def test_positions_count_in_what_their_columns_say(columns: str, unit: str, step: float) -> None:
    """25 plan units are half a metre: as far as a seat usually is from the next."""
    answer = read_plan(placed(columns, step))
    assert isinstance(answer, Ok), answer
    assert (answer.value.report.unit, answer.value.report.laid_out) == (unit, False)
    for row in answer.value.zones[0].rows:
        assert all(24.9 < b.x - a.x < 25.1 for a, b in pairwise(row.seats))
    first, second = (row.seats[0] for row in answer.value.zones[0].rows)
    assert 49.9 < second.y - first.y < 50.1 and first.radius == 10
    assert answer.value.width > answer.value.zones[0].rows[0].seats[-1].x


@pytest.mark.parametrize(
    "columns",
    ["Position X;Position Y", "pos_x;pos_y", "posX;posY", "cx;cy", "Abscisse;Ordonnée", "X-Koord.;Y-Koord.",
     "Coordenada X;Coordenada Y", "Coordinata X;Coordinata Y", "x (px);y (px)", "Seat X;Seat Y", "Sitz X;Sitz Y"],
)  # fmt: skip
def test_positions_are_found_whatever_their_columns_are_called(columns: str) -> None:
    assert seats_at(placed(columns, 25)) == seats_at(placed("x;y", 25)) != []


def seats_at(data: bytes) -> list[tuple[float, float]]:
    answer = read_plan(data)
    assert isinstance(answer, Ok) and not answer.value.report.unit, answer
    return [(seat.x, seat.y) for _, _, seat in answer.value.seats()]


@pytest.mark.parametrize(
    "columns, step, said",
    [
        ("Grid X;Grid Y", 25, ["“Grid X” seems to be a position", "“Grid Y” seems to be a position"]),
        ("X (furlong);Y (furlong)", 25, ["“X (furlong)” seems", "“Y (furlong)” seems"]),
        ("X (%);Y (%)", 25, ["“X (%)” seems", "“Y (%)” seems"]),
        ("x1;y1", 25, ["“x1” seems", "“y1” seems"]),
        ("X/Y;Note", 25, ["“X/Y” seems"]),
        ("X;Y offset", 25, ["“Y offset” seems"]),
        ("X;Note", 25, ["column “y” is missing"]),
        ("X (m);Y (ft)", 0.5, ["do not count in one unit"]),
        ("X (m);Y", 0.5, ["only one says its own"]),
        ("X (m);Y (m)", 25, ["count in metres: a seat would usually be 25 m from the next"]),
        ("X (mm);Y (mm)", 0.5, ["count in millimetres: a seat would usually be 0.001 m"]),
    ],
)
def test_what_may_be_a_position_is_asked_about_and_never_passed_over(
    columns: str, step: float, said: list[str]
) -> None:
    found = [what for _, what in refused(placed(columns, step).decode())]
    assert len(found) == len(said) and all(part in what for part, what in zip(said, found, strict=True)), found


def test_its_own_name_goes_before_a_measured_one() -> None:
    rows = "".join(f"P,A,{n},{n * 25},0,{n * 0.4},0\n" for n in range(4))
    answer = read_plan(("zone,row,seat,x,y,X (m),Y (m)\n" + rows).encode())
    assert isinstance(answer, Ok) and [seat.x for _, _, seat in answer.value.seats()] == [0, 25, 50, 75]
    assert answer.value.report.unread == ("X (m)", "Y (m)")


def test_columns_that_are_not_read_are_named() -> None:
    """Those without a name by their letter, where something stands in them."""
    answer = read_plan(b"zone;row;seat;Prix;;Accessible (Y/N);;Z\nP;A;1;25,00;oui;Y;;1\nP;A;2;25,00;;N;;\n")
    assert isinstance(answer, Ok)
    assert answer.value.report.unread == ("Prix", "Accessible (Y/N)", "Z", "E") and answer.value.report.laid_out


def test_a_measured_list_says_its_seats_and_areas_in_one_measure() -> None:
    rows = placed("x (m);y (m)") + "\n#plan;Salle;30;20\n#area;P;rectangle;1;2;;;45;3;4;;Scène;2;3;;16\n".encode()
    answer = read_plan(rows)
    assert isinstance(answer, Ok), answer
    (area,) = answer.value.zones[0].areas
    assert (answer.value.width, answer.value.height) == (1500, 1000)
    assert (area.x, area.y, area.width, area.height, area.rotation, area.text_size) == (50, 100, 150, 200, 45, 16)
    assert (area.text_x, area.text_y) == (100, 150)
