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
    neither = read_plan(b"GIF89a")
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
