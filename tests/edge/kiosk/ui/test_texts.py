"""Nothing a visitor reads is missing in any language, and no text waits for a value that it does not get."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.kiosk import ui
from edge.kiosk.text_table import SAID
from edge.kiosk.troubles import Busy, MoneyText, Notice, TroubleCode, trouble
from edge.kiosk.ui.hall import Fullness
from edge.kiosk.ui.screens.card_terminal import TOLD
from edge.kiosk.ui.texts import has, say

SOURCES = [path for path in Path(next(iter(ui.__path__))).rglob("*.py") if path.name != "texts.py"]
KEY = re.compile(r"\"([a-z0-9]+\.[a-z_]+)\"")


def wanted() -> Iterator[str]:
    yield from (*Notice, *Busy, *MoneyText, *Fullness, *TOLD.values())
    for code in TroubleCode:
        yield from (trouble(code).what, trouble(code).step)
    for path in SOURCES:
        yield from KEY.findall(path.read_text())


def test_every_key_that_is_used_is_written() -> None:
    assert {key for key in wanted() if not has(key)} == set()


def test_every_key_that_is_written_is_used() -> None:
    assert {key for key in SAID["fr"] if "." in key} - set(wanted()) == set()


@pytest.mark.parametrize(
    "language, one, many",
    [
        ("fr", "Prenez votre billet dans le bac.", "Prenez vos 3 billets dans le bac."),
        ("en", "Please take your ticket from the tray.", "Please take your 3 tickets from the tray."),
        ("de", "Bitte entnehmen Sie Ihr Ticket.", "Bitte entnehmen Sie Ihre 3 Tickets."),
    ],
)
def test_plurals(language: str, one: str, many: str) -> None:
    assert say(language, "done.take", n=1) == one
    assert say(language, "done.take", n=3) == many


def test_french_keeps_its_signs_with_their_word() -> None:
    assert say("fr", "performances.title") == "Quel spectacle\u202f?"
    assert say("fr", "summary.vat", rate="2,1 %", amount="1 €") == "dont TVA 2,1 %\u202f: 1 €"
    assert say("en", "performances.title") == "Which performance?"


def test_no_visitor_reads_the_word_error() -> None:
    for language, word in {"fr": "erreur", "en": "error", "de": "fehler", "es": "error", "it": "errore"}.items():
        assert not [key for key, text in SAID[language].items() if word in str(text).lower()]


def test_an_unknown_key_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        say("fr", "no.such_key")
