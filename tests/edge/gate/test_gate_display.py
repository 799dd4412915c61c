"""Every answer has a picture in every language; the manual names every reason and every code."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.gate import errors
from edge.gate.core import GateAnswer, LaneFace
from edge.gate.display import Shape, picture
from edge.gate.port import Sound
from edge.gate.text_table import SAID
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.outcome import Ok, Refused
from shared.rules.access import Admit, Deny, Lamp, Message, Note
from shared.wire.facts import Direction

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVENT = {"event": {"fr": "Le Cid", "en": "The Cid"}, "starts": "2026-06-02T18:30:00+00:00", "timezone": "Europe/Paris"}
MANUAL = Path(__file__).parents[3] / "docs" / "devices" / "gate.md"


def refused(reason: Deny, **detail: Any) -> GateAnswer:
    return GateAnswer(Id("S"), "A", Refused(reason, "", detail))


def admitted(**over: Any) -> GateAnswer:
    plain: dict[str, Any] = {"lamp": Lamp.GREEN, "message": Message.WELCOME, "detail": {**EVENT, "entries": 1}}
    return GateAnswer(Id("S"), "A", Ok(Admit("T", (1,), 1, Direction.ENTRY, **{**plain, **over})))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_and_can_be_read_at_two_metres(language: str) -> None:
    texts = SAID[language]
    names = [each.value for each in (*LaneFace, *Message, *Deny) if each is not LaneFace.ANSWER]
    assert {*texts} == {"left"} | {f"{name}.{part}" for name in names for part in ("word", "line")}
    for name in names:
        assert 0 < len(texts[f"{name}.word"]) <= 24, name
        assert 0 < len(texts[f"{name}.line"]) <= 80, name


@pytest.mark.parametrize(
    ("language", "answer", "word", "line"),
    [
        (
            "fr",
            refused(Deny.USED, at="2026-06-01T09:42:00+00:00", gate="Porte A", timezone="Europe/Paris"),
            "Déjà utilisé",
            "Entré à 11:42, Porte A",
        ),
        (
            "de",
            refused(Deny.USED, at="2026-05-31T09:42:00+00:00", gate="A", timezone="Europe/Paris"),
            "Bereits benutzt",
            "Eingelassen um 31.05. 11:42, A",
        ),
        ("en", refused(Deny.WRONG_ZONE, gates=["C"], zones=["Balcony"]), "Other door", "Please go to C (Balcony)"),
        ("en", refused(Deny.WRONG_ZONE, gates=[], zones=["Balcony"]), "Other door", "Please go to Balcony"),
        (
            "de",
            refused(Deny.WRONG_PERFORMANCE, **EVENT),
            "Andere Vorstellung",
            "Dieses Ticket gilt für Le Cid, 02.06. 20:30",
        ),
        ("es", refused(Deny.ENTRIES_USED_UP, entries=4, left=1), "Sin admisiones", "4 admisiones, quedan 1"),
        ("en", admitted(), "Come in", "The Cid"),
        ("fr", admitted(left=3, detail={**EVENT, "entries": 4}), "Entrez", "Le Cid · encore 3 entrées"),
        ("xx", admitted(), "Entrez", "Le Cid"),
    ],
)
def test_the_line_says_when_where_and_what(language: str, answer: GateAnswer, word: str, line: str) -> None:
    shown = picture(LaneFace.ANSWER, answer, language, NOON, "Europe/Paris")
    assert (shown.word, shown.line) == (word, line)


def test_green_amber_red_differ_in_shape_and_sound_too() -> None:
    look = admitted(lamp=Lamp.AMBER, message=Message.CHECK_PROOF)
    shown = [picture(LaneFace.ANSWER, one, "fr", NOON) for one in (admitted(), look, refused(Deny.USED))]
    assert [one.lamp for one in shown] == [Lamp.GREEN, Lamp.AMBER, Lamp.RED]
    assert [one.shape for one in shown] == [Shape.TICK, Shape.EYE, Shape.CROSS]
    assert [one.sound for one in shown] == [Sound.YES, Sound.LOOK, Sound.NO]
    assert len({one.colour for one in shown}) == 3


def test_the_same_answer_again_is_silent() -> None:
    assert picture(LaneFace.ANSWER, admitted(), "fr", NOON, again=True).sound is None


@pytest.mark.parametrize("reason", Deny)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_without_any_detail_still_has_a_picture(reason: Deny, language: str) -> None:
    shown = picture(LaneFace.ANSWER, refused(reason), language, NOON, "Nowhere/Land")
    assert shown.word
    assert "{" not in shown.line


def test_the_manual_names_every_reason_note_and_code() -> None:
    said = MANUAL.read_text()
    rows = re.findall(r"^\| `(\w+)` \|", said, re.MULTILINE)
    assert [row for row in rows if row in {each.value for each in Deny}] == [each.value for each in Deny]
    assert {row for row in rows if row in set(Note)} >= set(Note)
    for trouble in errors.ALL:
        assert f"| {trouble.code} | {trouble.what('en')} | {trouble.step('en')} |" in said
