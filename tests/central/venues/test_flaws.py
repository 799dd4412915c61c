"""All that can be wrong with a plan is said to whoever mends it, in their language and with what it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import central.venues
from central.venues.flaw_words import flaw_text, flaws_in, place_text
from central.venues.plan_flaws import Flaw, JsonKind, Things
from central.venues.planfile import read_plan
from central.venues.planfile_text import text_of
from central.web.texts import texts
from shared.languages import LANGUAGES
from shared.outcome import Refused

FOLDER = Path(central.venues.__file__).parent
TELLING = {"fault", "wrong", "NotSvg", "HostileFile", "PlanFileFault", "too_many"}
"""What in the readers says that something is wrong."""


def tellings() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TELLING:
                yield path.name, node


def flaws_of(call: ast.Call) -> list[str]:
    return [
        node.attr
        for arg in call.args
        for node in ast.walk(arg)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Flaw"
    ]


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_flaw_has_its_sentence_in_each_language_with_the_same_places(language: str) -> None:
    for flaw in Flaw:
        said, english = (texts(each).known(f"fault:{flaw.fault}") for each in (language, "en"))
        assert said and english and places(said) == places(english), (flaw, said)
        assert language == "en" or said != english, flaw


def test_whatever_tells_a_flaw_says_all_that_its_sentence_has_places_for() -> None:
    met = set()
    for file, call in tellings():
        assert not any(isinstance(each, ast.JoinedStr) for each in call.args[1:]), (file, call.lineno)
        for name in flaws_of(call):
            met.add(Flaw[name])
            given = {each.arg for each in call.keywords}
            for each in call.args:  # of a fault that is made outright
                if isinstance(each, ast.Dict):
                    given |= {str(key.value) for key in each.keys if isinstance(key, ast.Constant)}
            wanted = places(texts("en").known(f"fault:{Flaw[name].fault}") or "")
            assert None in given or wanted <= given, (file, call.lineno, name, wanted - given)
    told_by_name = {Flaw.TOO_MANY, Flaw.NOT_OBJECT, Flaw.NOT_LIST, Flaw.NOT_TEXT, Flaw.NOT_NUMBER, Flaw.NO_ZONE}
    told_by_name |= {Flaw[name.upper()] for name in BYTES}
    assert set(Flaw) - met <= told_by_name


def test_no_reader_says_a_sentence_of_its_own() -> None:
    """A text with a full stop that is given where a fault is told would be in one language."""
    for file, call in tellings():
        for each in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
            for node in ast.walk(each):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not re.search(r"[a-z] [a-z]", node.value), (file, call.lineno, node.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_within_a_sentence_have_their_text(language: str) -> None:
    t = texts(language)
    assert all(t.known(f"value:plan_things.{each}") for each in Things)
    assert all(t.known(f"value:plan_kind.{each}") for each in JsonKind)


def test_the_faults_of_a_file_are_said_in_french() -> None:
    head = b"zone,row,seat,x,y,category\n"
    twice = read_plan(head + b"Orchestre,A,1,0,0,1re\nOrchestre,A,1,50,0,1re\n")
    drawing = read_plan(b'<svg><circle id="a1" class="seat" cx="9" cy="9" r="5"/></svg>')
    assert isinstance(twice, Refused) and isinstance(drawing, Refused)
    t = texts("fr")
    assert flaws_in(twice, t, 9) == [
        {"at": "ligne 3", "what": "Zone «\u202fOrchestre\u202f», rang «\u202fA\u202f», siège «\u202f1\u202f» est déjà "
         "là\u202f: ligne 2."}
    ]  # fmt: skip
    ((at, what),) = [each.values() for each in flaws_in(drawing, t, 9)]
    assert at == "ligne 1" and what.startswith("Aucun élément de ce dessin ne dit quel siège il est")
    neither = read_plan(b"hello")
    assert isinstance(neither, Refused) and flaws_in(neither, t, 9)[0]["at"] == "tout le fichier"


@pytest.mark.parametrize(
    "at, said",
    [
        ("line 12, data-zone", "Zeile 12, data-zone"),
        ("blocks[0].aisles[1]", "Block 1, Gänge nach Platz 2"),
        ("blocks[2], row A, seat 3", "Block 3, Reihe A, Sitz 3"),
        ("$.zones[0].rows[1]", "$.zones[0].rows[1]"),
    ],
)
def test_where_it_is_in_words(at: str, said: str) -> None:
    assert place_text(texts("de"), at) == said


def test_what_there_is_more_of_is_told_without_what_is_particular() -> None:
    more = {"at": "…", "what": Flaw.MORE.fault, "n": 1280, "of": Flaw.GUID_TAKEN.fault}
    assert flaw_text(texts("de"), more) == "Noch 1.280-mal dasselbe: Die Kennung (guid) „…“ ist schon vergeben: …."


BYTES = {
    "sheet_file": [
        b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml\x81\x8d", b"PK\x03\x04mimetype",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", b"\xd0\xcf\x11\xe0\x81",
    ],
    "packed_file": [b"\x1f\x8b\x08\x00\x00", b"\x1f\x8b\x08\x81\x8d"],
    "drawing_file": [
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", b"%!PS-Adobe-3.0", b"AC1027\x00\x00", b"  0\r\nSECTION\r\n  2\r\nHEADER",
    ],
    "picture_file": [
        b"\x89PNG\r\n\x1a\n\x00\x00", b"\x89PNG\r\n\x1a\n\x81", b"GIF89a\x01", b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\xff\xd8\xff\xe1\x81", b"RIFF\x24\x00\x00\x00WEBPVP8 ", b"II*\x00\x08\x00", b"BM6\x00\x0c\x00\x00\x00",
    ],
    "unknown_format": [b"", b"hello", b"Zone;Etage\nP;1\n"],
}  # fmt: skip


@pytest.mark.parametrize("name, data", [(name, each) for name, some in BYTES.items() for each in some])
def test_a_file_of_another_kind_is_called_what_it_is(name: str, data: bytes) -> None:
    answer = read_plan(data)
    assert isinstance(answer, Refused) and [each["what"] for each in answer.detail["faults"]] == [f"plan.{name}"]
    assert read_plan(text_of(data).encode()) == answer, "as a command brings it"


def test_a_page_that_shows_some_faults_says_how_many_more_there_are() -> None:
    lines = "".join(f"P,A,{n},x,0\nP,A,,0,0\n" for n in range(30))
    answer = read_plan(f"zone,row,seat,x,y\n{lines}".encode())
    t = texts("en")
    assert isinstance(answer, Refused)
    whole, some = flaws_in(answer, t), flaws_in(answer, t, 15)
    assert len(whole) == 42 and [each["what"][:11] for each in whole[40:]] == ["And 10 more"] * 2
    assert len(some) == 18 and some[15:17] == whole[40:] and some[17]["what"] == "And 25 more points"
