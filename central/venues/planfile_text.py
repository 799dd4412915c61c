"""A plan file's letters, in whatever a program saved them: spreadsheets of western Europe call Windows-1252 “CSV” and
UTF-16 “text”, and drawing programs say in the file what they took."""

import re
from contextlib import suppress

_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Only these: a codec of Python's may be no letters at all, or take the square of the length.
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["'](iso-8859-\d\d?|windows-125\d|koi8-[ru])["']""", re.I)

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")


def text_of(data: bytes) -> str:
    """What it is by its mark; else UTF-8, whatever it says; else what an XML declares, or Windows-1252. Where it is
    none of them U+FFFD stands, which no name in a plan may have."""
    encodings = [encoding for mark, encoding in _MARKED if data.startswith(mark)]
    if not encodings:
        declared = _DECLARED.match(data[:200].lstrip())
        encodings = ["utf-8", declared[1].decode() if declared else "cp1252"]
    for encoding in encodings:
        with suppress(UnicodeDecodeError, LookupError):
            return data.decode(encoding)
    return data.decode("utf-8", "replace")


def is_text(text: str) -> bool:
    """Whether somebody may have written it: a picture, or a sheet as .xlsx, has control characters from its start."""
    return not _CONTROL.search(text, 0, 4096)
