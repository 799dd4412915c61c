"""What a text may hold, wherever it comes from: signs that are seen, in the order in which they are read.

One rule for every name, reason and label, in forms, plan files and programs alike. What only looks different is made
one (composed letters, one kind of space, no room that takes none); what is not seen, or turns the text around it, is a
fault: a ticket named with U+202E says something else on the screen than in the book. Joiners stay where a script or a
picture needs them.
"""

import re
import unicodedata

_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # French typography's among them
_NO_ROOM = re.compile("[\u00ad\u200b\u2060\ufeff]")  # soft hyphen, zero width space, word joiner, byte order mark
_FOLDED = re.compile(f"{_BREAKS.pattern}|{_SPACES.pattern}|{_NO_ROOM.pattern}")
_JOINERS = "\u200c\u200d"
_JOINING = re.compile(  # scripts whose letters a joiner changes: Arabic and its like, the Indic ones, Mongolian
    "[\u0590-\u109f\u1780-\u18af\u1a20-\u1b7f\ua840-\ua8ff\ufb1d-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff]"
)
_TONE_OR_STYLE = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]")  # between a picture and the next
_STYLES = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_STYLED = ("So", "Sm", "Sk", "Po", "Nd")  # what a style may follow: pictures, key caps, and letters beyond Latin
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters by their category, and nothing to see
LOST = "\ufffd"  # what decoders put where bytes were no text: nobody typed it
_FORMULA = ("=", "+", "-", "@")
_CELLS = re.compile(r"(?<=[;,\t\r\n])")


def tidy(text: str, *, lines: bool = False) -> str:
    """The text as it is kept: two texts that are read alike are one. `lines`: it may have several, and tabs."""
    if text.isascii() and text.isprintable():
        return text
    if _FOLDED.search(text):
        text = _BREAKS.sub("\n", text)
        text = _NO_ROOM.sub("", _SPACES.sub(" ", text))
    if not lines:
        text = text.replace("\t", " ")
    return unicodedata.normalize("NFC", text)


def unseen(text: str, *, lines: bool = False) -> str:
    """The first sign of a tidy text that has no business in it, as `U+202E`; empty: none."""
    if text.isascii() and text.isprintable():
        return ""
    for n, sign in enumerate(text):
        if not sign.isprintable() or sign in _BLANK or sign == LOST or _STYLES.match(sign):
            before, after = text[n - 1] if n else "", text[n + 1] if n + 1 < len(text) else ""
            if not _belongs(sign, before, after, lines=lines):
                return f"U+{ord(sign):04X}"
    return ""


def _belongs(sign: str, before: str, after: str, *, lines: bool) -> bool:
    if sign in "\n\t":
        return lines
    if sign in _JOINERS:
        script = bool(_JOINING.match(before) and _JOINING.match(after))
        return script or (sign == "\u200d" and _pictured(before) and unicodedata.category(after or "\0") == "So")
    if _STYLES.match(sign):
        return bool(before) and (unicodedata.category(before) in _STYLED or before >= "\u1000")
    return unicodedata.category(sign) == "Cn" and not _no_sign(sign)  # a letter younger than this Python


def _pictured(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign) == "So" or bool(_TONE_OR_STYLE.match(sign)))


def _no_sign(sign: str) -> bool:
    """A code point that will never be a sign (Unicode's noncharacters)."""
    code = ord(sign)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula (OWASP: CSV injection): by the first sign that is seen, and
    full-width ones are the same to some. A tab or a return in front is trouble by itself."""
    first = next((sign for sign in text if sign.isprintable() and not sign.isspace()), "")
    return text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", first)[:1] in _FORMULA


def cells_of(text: str) -> list[str]:
    """Where a text may be parted by whoever opens a CSV in another notation than it was written in."""
    return _CELLS.split(text)


def begins_formula(cell: str) -> bool:
    """`is_formula` of one of `cells_of`, in quotes or not."""
    return is_formula(cell.lstrip('"'))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: behind an apostrophe if it could."""
    return f"'{text}" if is_formula(text) else text
