"""Every text of the screens is there in all five languages, and none lies about that nobody says any more."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

import central.app  # noqa: F401  # declares everything
from central.web.text_keys import (
    WHICH,
    _in_python,
    _in_template,
    half_meant,
    is_key,
    missing_and_stale,
    needed,
    write_stubs,
)
from central.web.texts import FOLDER, language_for, texts
from shared.languages import LANGUAGES


def test_no_text_is_missing_and_none_is_stale() -> None:
    missing, stale = missing_and_stale()
    assert (missing[:20], stale[:20]) == ([], []), f"{len(missing)} missing, {len(stale)} stale: see tools/texts"


FILES = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.po"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_translation_keeps_the_placeholders(path: Path) -> None:
    """`{n}` left out or misspelt would break the page, in that language only."""
    with (FOLDER / path).open("rb") as file:
        catalogue = read_po(file)
    french = {}
    with (
        (FOLDER / "fr" / path.name).open("rb")
        if (FOLDER / "fr" / path.name).exists()
        else Path("/dev/null").open("rb") as f
    ):
        french = {message.id: message.string for message in read_po(f)}
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if not ids[0]:
            continue
        source = french.get(message.id, "") if is_key(ids[0]) else ids[-1]
        wanted = set(re.findall(r"{(\w+)}", str(source)))
        for text in said:
            extra = set(re.findall(r"{(\w+)}", text)) - wanted
            assert not extra, f"{ids[0]!r}: {text!r} says {extra}"
            if len(said) == 1:
                assert set(re.findall(r"{(\w+)}", text)) == wanted, f"{ids[0]!r}: {text!r} should say {wanted}"


def test_no_text_stands_in_two_files_of_a_language() -> None:
    for language in LANGUAGES:
        seen: Counter[str] = Counter()
        for path in (FOLDER / language).glob("*.po"):
            with path.open("rb") as file:
                seen.update(f"{message.context or ''}{WHICH}{message.id}" for message in read_po(file) if message.id)
        assert [msgid for msgid, times in seen.items() if times > 1] == []


def test_what_is_said_is_found(tmp_path: Path) -> None:
    python = tmp_path / "a.py"
    python.write_text(
        't("Un"); self.t("De" "ux"); t.n("{n} place", "{n} places", 3); x(t); {"at": "a", "what": "gone"}'
    )
    assert list(_in_python(python)) == ["Un", "Deux", ("{n} place", "{n} places"), "fault:gone"]
    page = tmp_path / "a.html"
    page.write_text(
        "{% if x %}{{ t(\"L’un\") }}{% endif %}{{ t.n('{n} a', '{n} b', n) }}{{ u(t('Trois', a=1)) }}{{ t(x) }}"
    )
    assert sorted(_in_template(page), key=str) == [("{n} a", "{n} b"), "L’un", "Trois"]


def test_a_sentence_that_means_two_things_says_which(tmp_path: Path) -> None:
    assert half_meant(needed()[0]) == []
    python = tmp_path / "a.py"
    python.write_text('t.meant("touche", "Espace"); t("Espace"); t("Un"); t.n("Deux", "{n}", 2); t("Deux")')
    assert half_meant(set(_in_python(python))) == ["Deux", "Espace"]
    page = tmp_path / "a.html"
    page.write_text('{{ t.meant("salle", "Espace") }}')
    assert list(_in_template(page)) == [f"salle{WHICH}Espace"]
    for language, said in {"fr": {"Espace", "Salle"}, "en": {"Space", "Hall"}, "de": {"Leertaste", "Saal"}}.items():
        assert {texts(language).meant(which, "Espace") for which in ("touche", "salle")} == said
    for _ in range(2):
        write_stubs("a", [("de", f"{which}{WHICH}Espace", "a") for which in ("touche", "salle")], tmp_path)
    with (tmp_path / "de" / "a.po").open("rb") as file:
        assert [(each.context, each.id) for each in read_po(file) if each.id] == [
            ("touche", "Espace"), ("salle", "Espace"),
        ]  # fmt: skip


def test_what_a_new_entity_needs_is_put_there_once(tmp_path: Path) -> None:
    rows = [("fr", "entity:theme", "theme"), ("fr", "Un « thème »", "a"), ("de", "entity:theme", "theme")]
    write_stubs("themes", rows[:1], tmp_path)
    written = tmp_path / "fr" / "themes.po"
    written.write_text(
        written.read_text().replace('msgid "entity:theme"\nmsgstr ""', 'msgid "entity:theme"\nmsgstr "Thème"')
    )
    write_stubs("themes", rows, tmp_path)
    with written.open("rb") as file:
        assert {message.id: message.string for message in read_po(file) if message.id} == {
            "entity:theme": "Thème",
            "Un « thème »": "",
        }
    german = tmp_path / "de" / "themes.po"
    assert "nplurals=2; plural=(n != 1)" in german.read_text()
    for _ in range(2):
        write_stubs("themes", [("de", ("{n} thème", "{n} thèmes"), "a")], tmp_path)
    with german.open("rb") as file:
        assert {message.id: message.string for message in read_po(file) if message.id} == {
            "entity:theme": "", ("{n} thème", "{n} thèmes"): ("", ""),
        }  # fmt: skip


@pytest.mark.parametrize(
    "chosen, accepted, want",
    [
        ("de", "fr", "de"),
        (None, "pt-BR, it;q=0.8, en;q=0.9", "en"),
        (None, "en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("xx", "xx;q=oops, es", "es"),
        (None, "it, de", "it"),
        (None, "en;q=0, de;q=0.1", "de"),
        (None, "", "fr"),
        (None, "zh", "fr"),
    ],
)
def test_the_language_is_the_readers(chosen: str | None, accepted: str, want: str) -> None:
    assert language_for(chosen, accepted) == want


def test_french_signs_never_begin_a_line() -> None:
    """Whoever writes them types ordinary spaces, in a sentence of the pages as in the files."""
    french = texts("fr")
    assert french("Qui invitez-vous ?") == "Qui invitez-vous\u202f?"
    assert french.meant("jour", "À voir ; vite !") == "À voir\u202f; vite\u202f!"
    assert french.n("{n} place : {what}", "{n} places : {what}", 2, what="A : B") == "2 places\u202f: A : B"
    assert french.fault("taken", value="« a »") == "«\u202f« a »\u202f» est déjà pris."
    assert french.fault("too_long", most=3) == "Trop long\u202f: au plus 3 caractères."
    assert french("{n} %", n=40) == "40\u202f%"
    assert texts("en")("Qui invitez-vous ?") == "Who are you inviting?"
    assert french.known("field:of.nobody") is None


def test_a_noun_inside_a_sentence_is_small_but_in_german() -> None:
    assert [texts(each).within("Pass") for each in LANGUAGES] == ["pass", "pass", "Pass", "pass", "pass"]
    assert texts("fr").within("SIRET") == "SIRET"


def test_a_short_moment_has_its_day_and_its_time() -> None:
    at, zone = datetime(2026, 12, 1, 19, tzinfo=UTC), ZoneInfo("Europe/Paris")
    assert texts("de").moment(at, zone, "short") == "01.12.2026, 20:00"
    assert texts("fr").moment(at, zone, "short") == "01/12/2026 20:00"


def test_money_and_plurals_follow_the_language() -> None:
    assert texts("fr").money(123450, "EUR") == "1\u202f234,50\xa0€"
    assert texts("en").money(123450, "EUR") == "€1,234.50"
    assert texts("en").money(1234, "JPY") == "JP¥1,234"
    assert texts("xx").language == "fr"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_translated_twice(language: str) -> None:
    """Of two, one would be lost, and nobody could say which."""
    found = Counter(
        said
        for file in sorted((FOLDER / language).glob("*.po"))
        for said in re.findall(r'((?:^msgctxt ".+"\n)?^msgid ".+")', file.read_text(), re.MULTILINE)
    )
    assert [each for each, times in found.items() if times > 1] == []
