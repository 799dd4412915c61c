"""The documents that tools write: the glossary, and what others made; and what the README says of packages."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_tool", ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


glossary, notices, device_texts = tool("glossary"), tool("notices"), tool("device_texts")


@pytest.mark.parametrize("each", [glossary, notices], ids=["glossary", "notices"])
def test_what_is_written_is_fresh_until_something_changes(
    each: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert each.main(check=True) == 0
    page = tmp_path / "page"
    page.write_text(each.PAGE.read_text().replace("MIT", "BSD").replace("billet", "ticket"))
    monkeypatch.setattr(each, "PAGE", page)
    assert each.main(check=True) == 1
    assert each.main(check=False) == 0
    assert each.main(check=True) == 0 and page.read_text() == (ROOT / "docs" / page_name(each)).read_text()


def page_name(each: ModuleType) -> str:
    return {"glossary_tool": "glossary.md", "notices_tool": "third-party.md"}[each.__name__]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"de": ""}, "ticket: no de"),
        ({"code": "Tikcet"}, "ticket: Tikcet is not in the code"),
        ({"nl": "kaartje"}, "ticket: what is nl?"),
        ({"avoid": {"fr": ["billet"]}}, "ticket: fr avoids its own word"),
    ],
)
def test_a_term_that_is_not_whole_is_found(change: dict[str, Any], said: str) -> None:
    words = tomllib.loads(glossary.WORDS.read_text())
    assert glossary.faults_of(words) == []
    words["term"]["ticket"] |= change
    assert glossary.faults_of(words) == [said]


@pytest.mark.parametrize(
    ("french", "others", "said"),
    [
        (
            "Vos billets sont prêts",
            {"de": "Ihre Karten"},
            ["says 'Karte', for 'Ticket'", "does not say 'Ticket'"],
        ),
        ("Vos billets sont prêts", {"de": "Ihre Gruppentickets sind bereit"}, []),
        ("La carte paie les billets", {"de": "Die Karte zahlt die Tickets"}, []),
        ("Débloquez ces places", {"en": "Unblock these places"}, ["says 'place', for 'seat'"]),
        ("C’est en place", {"en": "It is in place"}, []),
        ("Catégorie de places", {"en": "What a place costs by"}, []),
        ("Deux représentations", {"es": "Dos funciones"}, []),
        ("Une séance", {}, ["says 'séance', for 'représentation'"]),
        ("Présentez-le", {"it": "Mostrate il biglietto"}, ["speaks to its reader as 'Mostrate'"]),
        ("Présentez-le", {"it": "Mostri il biglietto. Limite: entrate tre."}, []),
        ("Votre nom", {"de": "Dein Name"}, ["speaks to its reader as 'Dein'"]),
        ("Votre compte", {"de": "Ihr Konto"}, ["says 'compte', for 'accès'", "says 'Konto', for 'Zugang'"]),
        ("Votre accès", {"en": "Your account"}, ["says 'account', for 'access'"]),
        ("Votre accès, compté à part", {"it": "Il suo accesso"}, []),
    ],
)
def test_a_text_that_does_not_speak_as_the_glossary_does_is_found(
    french: str, others: dict[str, str], said: list[str]
) -> None:
    words = tomllib.loads(glossary.WORDS.read_text())
    terms = ("ticket", "place", "seat-category", "performance", "unblock", "access")
    words["term"] = {name: words["term"][name] for name in terms}
    faults = glossary.faults_in({"key": {"fr": french} | others}, words)
    assert [each.partition("'key' ")[2] for each in faults] == said


@pytest.mark.parametrize("key, found", [("entity:account", 0), ("field:name", 2)])
def test_money_has_accounts_and_who_signs_in_has_none(key: str, found: int) -> None:
    words = tomllib.loads(glossary.WORDS.read_text())
    assert len(glossary.faults_in({f"\x04{key}": {"fr": "Compte", "en": "Account"}}, words)) == found


@pytest.mark.parametrize(
    ("german", "said"),
    [
        ({"a": "{n} x"}, "gate: b is in one of fr, de only"),
        ({"a": "{n} x", "b": ""}, "gate: de: b says nothing"),
        ({"a": "{m} x", "b": "y"}, "gate: de: a should say ['n']"),
        ({"a": "{n} x", "b": ("y", "z")}, "gate: de: b has a plural in one of fr, de"),
    ],
)
def test_a_text_of_a_device_that_does_not_fit_is_found(german: dict[str, Any], said: str) -> None:
    texts = {language: {"a": "{n} x", "b": "y"} for language in device_texts.LANGUAGES}
    assert device_texts.faults_of("gate", texts) == []
    assert device_texts.faults_of("gate", texts | {"de": german}) == [said]


def test_who_needs_a_package_follows_from_the_lock() -> None:
    lock = """
    [[package]]
    name = "parterre"
    dependencies = [{ name = "a" }]
    [package.optional-dependencies]
    gate = [{ name = "b", extra = ["fast"] }]
    printer = [{ name = "b" }]
    demo = [{ name = "b", extra = ["fast"] }, { name = "d" }]
    [[package]]
    name = "a"
    dependencies = [{ name = "a1" }]
    [[package]]
    name = "a1"
    dependencies = [{ name = "a" }]
    [[package]]
    name = "b"
    [package.optional-dependencies]
    fast = [{ name = "c" }]
    [[package]]
    name = "c"
    [[package]]
    name = "d"
    [[package]]
    name = "e"
    """
    assert notices.uses_of(notices.packages_of(tomllib.loads(lock))) == {
        "a": "every role", "a1": "every role", "b": "gate, printer", "c": "gate", "d": "demo", "e": "checks and tests",
    }  # fmt: skip


def test_a_licence_that_asks_for_more_stands_out() -> None:
    page = notices.PAGE.read_text()
    assert "| **LGPL-3.0-only** | central |" in page and "| **Apache" not in page
    assert notices.licence_of("no-such-package") is None


def states_in(page: str) -> list[str]:
    """The last cell of each row of the tables that have a column of states."""
    states: list[str] = []
    column = False
    for line in page.splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if not line.startswith("|"):
            column = False
        elif cells[-1] == "state":
            column = True
        elif column and set(line) - set("|-"):
            states.append(cells[-1])
    return states


@pytest.mark.parametrize("page", sorted((ROOT / "docs/spec").glob("*.md")), ids=lambda each: each.stem)
def test_every_rule_of_the_specification_has_a_state(page: Path) -> None:
    states = states_in(page.read_text())
    assert [each for each in states if not re.match(r"(today|in part|not yet)\b", each)] == []


def test_the_readme_says_of_packages_what_the_lock_says() -> None:
    """Used: the lock has it. Replaced or not yet: nothing brings it."""
    states = re.findall(r"^\| ([\w.-]+) \| (used|replaced|not yet) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    uses = notices.uses_of(notices.packages_of(tomllib.loads(notices.LOCK.read_text())))
    assert len(states) == 11
    assert {name: name.lower() in uses for name, _ in states} == {name: state == "used" for name, state in states}
