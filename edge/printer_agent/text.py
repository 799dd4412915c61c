"""Names as a receipt printer can take them: no control bytes, no letters that turn its output to garbage.

A name is somebody else's text. ESC or GS in it would be commands; one Chinese letter makes python-escpos send the whole
line as GB 18030; right-to-left letters would stand in the wrong order. So only left-to-right letters of the
configured code pages go through; others are taken apart (ą → a) or shown as one "?" a run.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# ESC t numbers of Epson's table, which nearly all makers keep for these pages.
CODE_PAGES = {"CP1252": 16, "CP852": 18, "CP737": 14, "CP866": 17}
_LOOKALIKE = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "–", "\u2015": "—", "\u2212": "-", "\u2044": "/", "№": "N"}
)
ELLIPSIS = "…"


def clean(text: str, pages: Iterable[str] = tuple(CODE_PAGES)) -> str:
    """One line of printable text: nothing in it is a command, whatever came in."""
    known = _letters(tuple(pages))
    out: list[str] = []
    for char in unicodedata.normalize("NFC", text[:4000].translate(_LOOKALIKE)):
        if char.isspace():
            out.append(" ")
        elif char in known:
            out.append(char)
        elif unicodedata.category(char)[0] not in "CM":  # controls, bidi marks, joiners, loose accents: nothing at all
            plain = [part for part in unicodedata.normalize("NFKD", char) if part in known]
            if plain or not out or out[-1] != "?":
                out.extend(plain or "?")
    return " ".join("".join(out).split())


@lru_cache(maxsize=16)
def _letters(pages: tuple[str, ...]) -> frozenset[str]:
    high = "".join(bytes(range(0x80, 0x100)).decode(page, "ignore") for page in pages)
    letters = {char for char in high if char.isprintable() and unicodedata.bidirectional(char) not in ("R", "AL")}
    return frozenset(letters | {chr(code) for code in range(0x20, 0x7F)})


def wrap(text: str, columns: int, lines: int) -> list[str]:
    """`text` in at most `lines` lines of `columns`, broken between words where it can be, with … where it was cut."""
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        while word:
            gap = 1 if row else 0
            if len(row) + gap + len(word) <= columns:
                row, word = row + " " * gap + word, ""
            elif row and len(word) <= columns:
                rows.append(row)
                row = ""
            else:  # longer than a line: broken where the line ends
                room = columns - len(row) - gap
                if room < 4 and row:
                    rows.append(row)
                    row = ""
                    continue
                rows.append(row + " " * gap + word[:room])
                row, word = "", word[room:]
            if len(rows) > lines:
                return [*rows[: lines - 1], clip(rows[lines - 1] + ELLIPSIS, columns, cut=True)]
    if row:
        rows.append(row)
    if len(rows) > lines:
        return [*rows[: lines - 1], clip(rows[lines - 1] + ELLIPSIS, columns, cut=True)]
    return rows


def clip(text: str, columns: int, cut: bool = False) -> str:
    """`text` within `columns`; `cut`: it ends with … already and must keep it."""
    if len(text) <= columns:
        return text
    return (
        text.removesuffix(ELLIPSIS)[: columns - 1].rstrip() + ELLIPSIS
        if cut
        else text[: columns - 1].rstrip() + ELLIPSIS
    )
