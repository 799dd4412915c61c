"""The texts of a device: plain mappings, drawn from `texts/<language>/*.po` by `tools/device_texts.py`. No device reads
a file for a word, and none needs gettext."""

import re
from collections.abc import Mapping

from shared.languages import spoken

Text = str | tuple[str, str]
"""A sentence, or one for a single thing and one for any other number."""

Catalogue = Mapping[str, Mapping[str, Text]]
"""By language, by key."""

_SPACED = re.compile(r" ?([?!;:])(?=\s|$)| ([»%])")


def typeset(language: str, text: str) -> str:
    """As it is shown: in French a narrow space that no line breaks at stands before ? ! : ; % and inside « », which
    whoever writes the text types as an ordinary one."""
    if language != "fr":
        return text
    return _SPACED.sub(lambda found: "\u202f" + (found[1] or found[2]), text).replace("« ", "«\u202f")


def say(texts: Catalogue, language: str, key: str, /, **values: str | int) -> str:
    """The text of a key with its values filled in; the number `n` chooses its plural too. A key that nobody wrote is a
    KeyError; a language that nobody speaks is the first."""
    language = spoken(language)
    text = texts[language][key]
    if not isinstance(text, str):
        text = text[is_plural(language, int(values["n"]))]
    return text.format(**values)


def trouble_key(code: str) -> str:
    """Beginning of the keys that tell of a trouble: of `P-01`, `p01.what` and `p01.step`."""
    return code.replace("-", "").lower()


def is_plural(language: str, n: int) -> bool:
    """CLDR's rule for whole numbers in our languages; what it says of millions no device ever counts."""
    return n > 1 if language == "fr" else n != 1
