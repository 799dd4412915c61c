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
