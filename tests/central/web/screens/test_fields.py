"""Forms taken apart: what a browser sends, and the value or the fault that it is."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum, auto
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest

from central.kernel.entity import Link, Look, Ref, Secret
from central.kernel.registry import COMMANDS
from central.kernel.values import Names
from central.web.screens.fields import FieldKind, Setting, duration_text, field_of, fields_of, typed_of
from central.web.screens.form_values import ABSENT, duration_of, parse, value_of
from central.web.screens.moments import ClockChange, local, moment
from central.web.texts import texts
from shared.ids import Id
from shared.languages import LANGUAGES

PARIS = ZoneInfo("Europe/Paris")
EUROS, YEN = Setting("EUR", PARIS), Setting("JPY", PARIS)


class Colour(StrEnum):
    RED = auto()
    BLUE = auto()


@dataclass(frozen=True, slots=True)
class Cell:
    what: str
    amount: Annotated[int, Look.MONEY]


@pytest.mark.parametrize(
    "name, hint, kind",
    [
        ("code", str, FieldKind.TEXT),
        ("names", Names, FieldKind.NAMES),
        ("short_names", Names, FieldKind.NAMES),
        ("settings", dict[str, str], FieldKind.PAIRS),
        ("limits", dict[str, Any], FieldKind.JSON),
        ("address", Annotated[str, Look.LINES], FieldKind.LINES),
        ("site_id", Annotated[Id, Ref("site")], FieldKind.REF),
        ("performance_id", Annotated[Id, Link("performance")], FieldKind.REF),
        ("holder_id", Id, FieldKind.TEXT),
        ("contingents", tuple[Annotated[Id, Ref("contingent")], ...], FieldKind.REFS),
        ("words", tuple[str, ...], FieldKind.WORDS),
        ("privileges", Annotated[tuple[str, ...], Look.PRIVILEGES], FieldKind.RIGHTS),
        ("colours", tuple[Colour, ...], FieldKind.CHOICES),
        ("colour", Colour, FieldKind.CHOICE),
        ("cells", tuple[Cell, ...], FieldKind.ROWS),
        ("cell", Cell, FieldKind.GROUP),
        ("active", bool, FieldKind.YES),
        ("wheelchair", bool | None, FieldKind.MAYBE),
        ("starts", datetime, FieldKind.MOMENT),
        ("reentry_after_s", Annotated[int, Look.SECONDS], FieldKind.DURATION),
        ("vat_bp", Annotated[int, Look.PERCENT], FieldKind.PERCENT),
        ("amount", Annotated[int, Look.MONEY], FieldKind.MONEY),
        ("rank", int, FieldKind.WHOLE),
        ("x", float, FieldKind.REAL),
        ("key", Annotated[str, Secret()], FieldKind.SECRET),
    ],
)  # fmt: skip
def test_what_a_field_is(name: str, hint: Any, kind: FieldKind) -> None:
    assert field_of(name, hint).kind is kind


def read(hint: Any, text: str, setting: Setting = EUROS, name: str = "it", **more: str) -> Any:
    """A field's value, or the name of its fault."""
    typed = {name: [text], **{f"{name}.{key}": [value] for key, value in more.items()}}
    found, faults = value_of(field_of(name, hint), typed, setting, name)
    return faults[0]["what"] if faults else found


MONEY, PERCENT, SECONDS = Annotated[int, Look.MONEY], Annotated[int, Look.PERCENT], Annotated[int, Look.SECONDS]


@pytest.mark.parametrize(
    "hint, text, want",
    [
        (MONEY, "12,50", 1250),
        (MONEY, "12.50", 1250),
        (MONEY, " 1 234,5 ", 123450),
        (MONEY, "1 234,50 €", 123450),
        (MONEY, "12 EUR", 1200),
        (MONEY, "€12", 1200),
        (MONEY, "1,234.50", 123450),
        (MONEY, "1.234.567,5 €", 123456750),
        (MONEY, "1,234,5", "not_a_number"),
        (MONEY, "12 £", "other_mark"),
        (MONEY, "12 gbp", "other_mark"),
        (MONEY, "12 e", "other_mark"),
        (MONEY, "30 %", "other_mark"),
        (MONEY, "12 € 50", "not_a_number"),
        (MONEY, "0,1", 10),
        (MONEY, ",05", 5),
        (MONEY, "-3", -300),
        (MONEY, "0,005", "too_fine"),
        (MONEY, "1,2,3", "not_a_number"),
        (MONEY, "=1+1", "not_a_number"),
        (MONEY, "1e5", "not_a_number"),
        (MONEY, "NaN", "not_a_number"),
        (MONEY, "٣", "not_a_number"),
        (MONEY, "9" * 40, "not_a_number"),
        (MONEY, "", "missing"),
        (PERCENT, "5,5", 550),
        (PERCENT, "5,5 %", 550),
        (PERCENT, "20", 2000),
        (PERCENT, "20 €", "not_a_number"),
        (PERCENT, "0,001", "too_fine"),
        (SECONDS, "1 h 30", 5400),
        (SECONDS, "90", 5400),
        (SECONDS, "45 s", 45),
        (SECONDS, "2 j 4 h", 187200),
        (SECONDS, "bientôt", "not_a_duration"),
        (int, "12", 12),
        (int, "1 200", 1200),
        (int, "1,5", "not_a_whole_number"),
        (int, "douze", "not_a_whole_number"),
        (int | None, "", None),
        (float, "1,25", 1.25),
        (Colour, "red", "red"),
        (Colour, "green", "not_offered"),
        (tuple[Colour, ...], "green", "not_offered"),
        (bool, "1", True),
        (bool, "0", False),
        (bool | None, "", None),
        (bool | None, "0", False),
        (dict[str, Any], "{", "not_json"),
        (dict[str, Any], '{"a": [1]}', {"a": [1]}),
        (tuple[str, ...], "a\r\n b \n\n", ["a", "b"]),
    ],
)  # fmt: skip
def test_what_a_text_means(hint: Any, text: str, want: Any) -> None:
    assert read(hint, text) == want


def test_money_has_the_digits_of_its_currency() -> None:
    assert read(MONEY, "1200", YEN) == 1200
    assert read(MONEY, "12,5", YEN) == "too_fine"
    assert typed_of(field_of("it", MONEY), 1200, YEN) == {"it": ["1200"]}
    assert typed_of(field_of("it", MONEY), 1250, EUROS) == {"it": ["12.50"]}


@pytest.mark.parametrize(
    "text, second, want",
    [
        ("2026-11-21T20:00", "", datetime(2026, 11, 21, 19, 0, tzinfo=UTC)),
        ("2026-07-14T20:00", "", datetime(2026, 7, 14, 18, 0, tzinfo=UTC)),
        ("2026-03-29T02:30", "", "time_skipped"),
        ("2026-10-25T02:30", "", "time_twice"),
        ("2026-10-25T02:30", "0", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30", "1", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("demain", "", "not_a_moment"),
        ("", "", "missing"),
    ],
)
def test_local_times(text: str, second: str, want: Any) -> None:
    assert read(datetime, text, second=second) == want


@pytest.mark.parametrize("zone", ["Europe/Paris", "Indian/Reunion", "America/Martinique", "Australia/Lord_Howe", "UTC"])
def test_every_moment_of_a_year_comes_back_from_its_form(zone: str) -> None:
    field, setting = field_of("it", datetime), Setting("EUR", ZoneInfo(zone))
    at = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for step in range(0, 365 * 24 * 2):
        here = datetime.fromtimestamp(at + step * 1800, UTC)
        found, faults = value_of(field, typed_of(field, here, setting), setting, "it")
        if faults:  # a form's time that comes twice is asked for, unless the row says which it is
            assert faults[0]["what"] == "time_twice"
            naive, second = local(here, setting.zone)
            assert not second
            assert moment(naive, setting.zone).clock is ClockChange.TWICE
        else:
            assert found == here


@pytest.mark.parametrize("seconds, text", [(0, "0 min"), (45, "45 s"), (5400, "1 h 30 min"), (187200, "2 d 4 h")])
def test_durations_come_back(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text
    assert duration_of(text) == seconds


@pytest.mark.parametrize("hint, value", [
    (MONEY, 123450), (Annotated[int, Look.PERCENT], 550), (Annotated[int, Look.PERCENT], 2000), (float, 0.25),
])  # fmt: skip
def test_decimals_are_written_as_the_reader_writes_them(hint: Any, value: Any) -> None:
    """And read as anybody writes them."""
    field, french = field_of("it", hint), replace(EUROS, point=texts("fr").point)
    there, here = typed_of(field, value, EUROS), typed_of(field, value, french)
    assert there["it"][0].replace(".", ",") == here["it"][0]
    for said in (there, here):
        assert value_of(field, said, EUROS, "it") == value_of(field, said, french, "it") == (value, [])


def test_each_language_has_its_point() -> None:
    assert {each: texts(each).point for each in LANGUAGES} == {"fr": ",", "en": ".", "de": ",", "es": ",", "it": ","}


def test_names_stand_in_the_houses_order() -> None:
    field = field_of("names", Names)
    typed = {"names.it": ["Sala"], "names.en": ["Hall"], "names.fr": [" Salle "], "names.de": [""]}
    assert list(value_of(field, typed, EUROS, "names")[0].items()) == [("fr", "Salle"), ("en", "Hall"), ("it", "Sala")]
    found, faults = value_of(field, {"names.en": ["Hall"]}, EUROS, "names")
    assert (found, faults) == ({"fr": "Hall", "en": "Hall"}, []), "it stands for the first one until that is written"
    found, faults = value_of(field, {"names.en": [" "]}, EUROS, "names")
    assert (found, faults) == (ABSENT, [{"at": "names.fr", "what": "name_missing"}])
    swiss = replace(EUROS, languages=("de", "rm"))
    typed = {"names.fr": ["Salle"], "names.rm": ["Sala"], "names.x-y": ["no"]}
    assert value_of(field, typed, swiss, "names") == ({"de": "Sala", "rm": "Sala", "fr": "Salle"}, [])
    assert list(typed_of(field, {"fr": "Salle"}, swiss, "names")) == ["names.de", "names.rm", "names.fr"]


def test_rows_and_pairs_keep_their_places() -> None:
    typed = {"cells.#": ["3", "7", "x"], "cells.3.what": ["a"], "cells.3.amount": ["1,50"], "cells.7.what": ["b"],
             "cells.7.amount": ["viel"]}  # fmt: skip
    found, faults = value_of(field_of("cells", tuple[Cell, ...]), typed, EUROS, "cells")
    assert found[0] == {"what": "a", "amount": 150}
    assert faults == [{"at": "cells.7.amount", "what": "not_a_number"}]
    pairs = {"s.#": ["0", "1", "2"], "s.0.key": ["a"], "s.0.value": ["1"], "s.1.key": ["a"], "s.1.value": ["2"],
             "s.2.key": [""], "s.2.value": ["3"]}  # fmt: skip
    found, faults = value_of(field_of("s", dict[str, str]), pairs, EUROS, "s")
    assert found == {"a": "1"}
    assert faults == [{"at": "s.1.key", "what": "twice"}, {"at": "s.2.key", "what": "missing"}]


def test_all_faults_are_told_at_once_and_the_rest_is_read() -> None:
    fields = fields_of({"code": str, "rank": int, "amount": MONEY, "names": Names})
    parsed = parse(fields, {"code": ["X"], "rank": ["eins"], "amount": ["a"]}, EUROS)
    assert parsed.values == {"code": "X"}
    assert [fault["at"] for fault in parsed.faults] == ["rank", "amount", "names.fr"]


def test_every_command_has_a_form() -> None:
    for handler in COMMANDS.values():
        for each in fields_of(handler.hints):
            assert each.kind in FieldKind
