"""Writes docs/glossary.md from docs/glossary.toml.

tools/glossary.py            writes the page
tools/glossary.py --check    says what is wrong with the words, or that the page is not what they say; exit code 1
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from shared.languages import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "docs" / "glossary.toml"
PAGE = ROOT / "docs" / "glossary.md"
HEAD = """\
# Glossary

One noun for one thing: in the code, on screens, on paper, in these documents. Drawn from [glossary.toml](glossary.toml)
by `tools/glossary.py`. Where no name in the code stands, the program does not have the thing yet. This is what is to
be said; not every text of the program does so already.

"""


def faults_of(words: dict[str, Any]) -> list[str]:
    """What a term lacks, has too much, or calls by a name that no module of ours has."""
    sources = subprocess.run(
        ["git", "grep", "-hIow", "-E", r"[A-Za-z_]{4,}", "--", "central/*.py", "shared/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    known = set(sources.split())
    faults = []
    for name, term in words["term"].items():
        faults += [f"{name}: no {key}" for key in ("means", *LANGUAGES) if not term.get(key)]
        faults += [f"{name}: what is {key}?" for key in term.keys() - {"means", "code", "avoid", *LANGUAGES}]
        faults += [f"{name}: {part} is not in the code" for part in _parts(term) if part not in known]
        for language, others in term.get("avoid", {}).items():
            faults += [f"{name}: {language} avoids its own word" for other in others if other == term.get(language)]
    return faults


def _parts(term: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+", term.get("code", ""))


def page_of(words: dict[str, Any]) -> str:
    lines = [HEAD + f"The reader is spoken to as {_said(words['address'])}.", ""]
    lines += ["| term | means | in the code | " + " | ".join(LANGUAGES) + " |", "|---" * (3 + len(LANGUAGES)) + "|"]
    for name, term in words["term"].items():
        code = f"`{term['code']}`" if "code" in term else "–"
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
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
