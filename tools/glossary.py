"""Writes docs/glossary.md from docs/glossary.toml.

tools/glossary.py            writes the page
tools/glossary.py --check    says what is wrong with the words, that the page is not what they say, or which texts for
                             people say it otherwise; exit code 1
"""

import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from shared.languages import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "docs" / "glossary.toml"
PAGE = ROOT / "docs" / "glossary.md"
KEYS = ("means", "code", "avoid", "only", "besides", "always", "never", "but")
HEAD = """\
# Glossary

One noun for one thing: in the code, on screens, on paper, in these documents. Drawn from [glossary.toml](glossary.toml)
by `tools/glossary.py`. Where no name in the code stands, the program does not have the thing yet. This is what is to
be said; lint holds the program's texts to it.

"""


Said = dict[str, dict[str, str]]
"""What is said, by msgid and language."""


def faults_of(words: dict[str, Any]) -> list[str]:
    """What a term lacks, has too much, or calls by a name that no module of ours has."""
    sources = subprocess.run(
        ["git", "grep", "-hIow", "-E", r"[A-Za-z_]{4,}", "--", "central/*.py", "shared/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    known = set(sources.split())
    faults = class_faults(_classes(), words)
    for name, term in words["term"].items():
        faults += [f"{name}: no {key}" for key in ("means", *LANGUAGES) if not term.get(key)]
        faults += [f"{name}: what is {key}?" for key in term.keys() - {*KEYS, *LANGUAGES}]
        faults += [f"{name}: {part} is not in the code" for part in _parts(term) if part not in known]
        for language, others in term.get("avoid", {}).items():
            faults += [f"{name}: {language} avoids its own word" for other in others if other == term.get(language)]
    return faults


def class_faults(classes: Iterable[tuple[str, str]], words: dict[str, Any]) -> list[str]:
    """Classes, each as (file, name), that are called by half a name, or by a word that is another area's."""
    faults = []
    for file, name in classes:
        for term, said in words["term"].items():
            if name in said.get("avoid", {}).get("code", []):
                faults.append(f"{file}: {name}: which? {said.get('code') or said['en']} says it in full")
            alone = said.get("only")
            if alone and not file.startswith(f"{alone}/") and said["code"] in re.findall(r"[A-Z][a-z0-9]*", name):
                faults.append(f"{file}: {name}: {term} is a word of {alone}")
    return list(dict.fromkeys(faults))


def _classes() -> list[tuple[str, str]]:
    found = subprocess.run(
        ["git", "grep", "-E", r"^class [A-Za-z_]+", "--", "central/*.py", "edge/*.py", "shared/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [(file, name) for file, name in re.findall(r"^(.+?):class (\w+)", found, re.MULTILINE)]


def _parts(term: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+", term.get("code", ""))


# --- what people read -------------------------------------------------------------------------------------------------


def texts() -> Said:
    """Without the names in braces; a French sentence is its own text."""
    found: Said = {}
    for language in LANGUAGES:
        for path in sorted((ROOT / "texts" / language).glob("*.po")):
            with path.open("rb") as file:
                for message in read_po(file, locale=language):
                    if key := _joined(message.id):
                        key = f"{message.context or ''}\x04{key}"
                        found.setdefault(key, {})[language] = _joined(message.string)
    return {key: {LANGUAGES[0]: key.partition("\x04")[2], **said} for key, said in found.items()}


def _joined(text: Any) -> str:
    return re.sub(r"{\w+}", " ", " ".join(text) if isinstance(text, tuple | list) else str(text or ""))


def faults_in(said: Said, words: dict[str, Any]) -> list[str]:
    """Where a text calls a thing by another noun than the glossary's, or its reader by another pronoun. French is the
    measure: a language is asked for a term where French has it."""
    faults = []
    for key, text in said.items():
        for language, pattern in words["never"].items():
            if wrong := re.search(pattern, text.get(language, ""), re.IGNORECASE):
                faults.append(f"{language}: {key!r} speaks to its reader as {wrong[0].strip()!r}")
        for term in words["term"].values():
            faults += [f"{language}: {key!r} {wrong}" for language, wrong in _misnamed(term, text, words)]
            faults += [f"{language}: {key!r} {wrong}" for language, wrong in _anothers(term, key, text)]
    return faults


def _misnamed(term: dict[str, Any], text: dict[str, str], words: dict[str, Any]) -> Iterator[tuple[str, str]]:
    first, *others = LANGUAGES
    avoided, mine = term.get("avoid", {}), term[first]
    yield from ((first, f"says {word!r}, for {mine!r}") for word in avoided.get(first, []) if _has(word, text[first]))
    french = _plain(text[first])
    if not (avoided or term.get("always")) or not _has(mine, french):
        return
    longer = [each[first] for each in words["term"].values() if each is not term and _has(mine, each[first])]
    for phrase in (*words["idioms"][first], *longer):
        french = re.sub(_pattern(phrase), " ", french)
    if not _has(mine, french):
        return
    besides = any(_has(word, french) for word in term.get("besides", []))
    for language in [each for each in others if each in text]:
        bad = [word for word in avoided.get(language, []) if not besides and _has(word, text[language])]
        yield from ((language, f"says {word!r}, for {term[language]!r}") for word in bad)
        if term.get("always") and not _has(term[language], text[language], inside=language == "de"):
            yield language, f"does not say {term[language]!r}"


def _anothers(term: dict[str, Any], key: str, text: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Words that are another thing's, wherever they stand but in the texts whose keys say that they mean it."""
    if "never" in term and not re.search(term.get("but", "(?!)"), key):
        for language, pattern in term["never"].items():
            if wrong := re.search(pattern, text.get(language, ""), re.IGNORECASE):
                yield language, f"says {wrong[0]!r}, for {term[language]!r}"


def _has(word: str, text: str, *, inside: bool = False) -> bool:
    """`inside`: also in the middle of a longer word, as German makes them."""
    return re.search(_pattern(word, inside), _plain(text)) is not None


@cache
def _pattern(phrase: str, inside: bool = False) -> str:
    """The words in any of their endings."""
    stems = [re.escape(word[:-1] if len(word) > 4 else word) + r"\w{0,4}" for word in _plain(phrase).split()]
    return r"\W+".join(stems) if inside else r"(?<!\w)" + r"\W+".join(stems) + r"(?!\w)"


def _plain(text: str) -> str:
    """Small, and without accents: they change where a word takes an ending (función, funciones)."""
    kept = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return kept.replace("’", "'").lower()


# --- the page ---------------------------------------------------------------------------------------------------------


def page_of(words: dict[str, Any]) -> str:
    lines = [HEAD + f"The reader is spoken to as {_said(words['address'])}.", ""]
    lines += ["| term | means | in the code | " + " | ".join(LANGUAGES) + " |", "|---" * (3 + len(LANGUAGES)) + "|"]
    for name, term in words["term"].items():
        code = _cell({"avoid": term.get("avoid", {}), "code": f"`{term['code']}`" if "code" in term else "–"}, "code")
        cells = [name.replace("-", " "), term["means"], code, *(_cell(term, language) for language in LANGUAGES)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _said(address: dict[str, str]) -> str:
    return ", ".join(f"*{address[language]}* ({language})" for language in LANGUAGES)


def _cell(term: dict[str, Any], language: str) -> str:
    others = term.get("avoid", {}).get(language, [])
    return str(term[language]) + (f" (not: {', '.join(others)})" if others else "")


def main(check: bool) -> int:
    words = tomllib.loads(WORDS.read_text())
    faults = faults_of(words)
    if not faults and not check:
        PAGE.write_text(page_of(words))
    elif not faults and (not PAGE.exists() or PAGE.read_text() != page_of(words)):
        faults = ["docs/glossary.md is not what docs/glossary.toml says: run .venv/bin/python tools/glossary.py"]
    faults += faults_in(texts(), words) if check else []
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
