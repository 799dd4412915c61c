"""Codes that follow from a name, for who does not care to say one."""

import re
import unicodedata

MOST_MADE = 20
_SMALL = frozenset(
    re.findall(
        r"\w+",
        "a al at and das de del della dem den der des di die d du e el en et for gli i il in l la las le les lo los of "
        "the to und une un y",
    )
)


def code_of(name: str, otherwise: str) -> str:
    """`Théâtre des Tilleuls` is THEATRE-TILLEULS: what a person would write on a list."""
    spaced = "".join(" " if unicodedata.category(sign) in ("Pd", "Po", "Pf", "Pi") else sign for sign in name)
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    words = [word for word in re.findall(r"[A-Za-z0-9]+", plain) if word.lower() not in _SMALL]
    code = ""
    for word in words:
        longer = f"{code}-{word}" if code else word[:MOST_MADE]
        if len(longer) > MOST_MADE:
            break
        code = longer
    return code.upper() or otherwise
