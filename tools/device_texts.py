"""Writes the texts of each device (`edge/<role>/text_table.py`) from `texts/<language>/<area>.po`.

tools/device_texts.py            writes them
tools/device_texts.py --check    says what is missing, does not fit or is not what the texts say; exit code 1
"""

import string
import sys
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from shared.languages import LANGUAGES
from shared.texts import Text, typeset

ROOT = Path(__file__).resolve().parent.parent
ROLES = {"device": ("troubles",), "kiosk": ("kiosk", "paper"), "gate": ("gate",), "printer_agent": ("paper",)}
"""Which areas of the texts a device says (`device`: each of them); a key `paper:free` of the area `paper` is `free`."""
HEAD = '''\
"""Drawn from texts/ by tools/device_texts.py: change it there."""

from shared.texts import Catalogue

SAID: Catalogue = {
'''

Texts = dict[str, dict[str, Text]]


def read(areas: tuple[str, ...]) -> Texts:
    """By language, by key, as they are shown."""
    found: Texts = {language: {} for language in LANGUAGES}
    for language in LANGUAGES:
        for area in areas:
            with (ROOT / "texts" / language / f"{area}.po").open("rb") as file:
                for message in read_po(file, locale=language):
                    texts = [typeset(language, text) for text in _each(message.string)]
                    if key := _each(message.id)[0].removeprefix(f"{area}:"):
                        found[language][key] = texts[0] if len(texts) == 1 else (texts[0], texts[1])
    return found


def _each(said: Any) -> list[str]:
    return [str(text) for text in said] if isinstance(said, tuple | list) else [str(said or "")]


def faults_of(role: str, texts: Texts) -> list[str]:
    """Every language says every key, with the same values, and in the plural where the first does."""
    faults = []
    first, *others = LANGUAGES
    for language in others:
        alone = sorted(texts[first].keys() ^ texts[language].keys())
        faults += [f"{role}: {key} is in one of {first}, {language} only" for key in alone]
    for key, said in texts[first].items():
        for language in LANGUAGES:
            text = texts[language].get(key, said)
            if not all(parts(text)):
                faults.append(f"{role}: {language}: {key} says nothing")
            if values(text) != values(said):
                faults.append(f"{role}: {language}: {key} should say {sorted(values(said))}")
            if isinstance(text, str) != isinstance(said, str):
                faults.append(f"{role}: {language}: {key} has a plural in one of {first}, {language}")
    return faults


def parts(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def values(text: Text) -> set[str]:
    """The names in braces, of both of a plural: the one thing need not be counted."""
    return {name for part in parts(text) for _, name, _, _ in string.Formatter().parse(part) if name}


def page_of(texts: Texts) -> str:
    lines = []
    for language in LANGUAGES:
        said = [f"        {key!r}: {text!r}," for key, text in texts[language].items()]
        lines += [f"    {language!r}: {{", *said, "    },"]
    return HEAD + "\n".join(lines) + "\n}\n"


def main(check: bool) -> int:
    faults = []
    for role, areas in ROLES.items():
        texts, page = read(areas), ROOT / "edge" / role / "text_table.py"
        wrong = faults_of(role, texts)
        if not wrong and not check:
            page.write_text(page_of(texts))
        elif not wrong and (not page.exists() or page.read_text() != page_of(texts)):
            wrong = [f"edge/{role}/text_table.py is not what texts/ say: run .venv/bin/python tools/device_texts.py"]
        faults += wrong
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
