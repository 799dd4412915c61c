"""A plan file's letters, in whatever a program saved them: spreadsheets of western Europe call Windows-1252 “CSV” and
UTF-16 “text”, and drawing programs say in the file what they took."""

import re
from contextlib import suppress

from central.venues.plan_flaws import Flaw

_MARKED = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Only these: a codec of Python's may be no letters at all, or take the square of the length.
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["'](iso-8859-\d\d?|windows-125\d|koi8-[ru])["']""", re.I)

_OTHERS = tuple(
    (flaw, re.compile(begins))
    for flaw, begins in (
        (Flaw.SHEET_FILE, "PK[\x01-\x08]|ÐÏ\x11à|\ufffd\ufffd\x11\ufffd"),  # .xlsx, .ods, .numbers; .xls
        (Flaw.PACKED_FILE, "\x1f[‹\ufffd]"),  # .svgz
        (Flaw.DRAWING_FILE, "%PDF|%!PS|AC10|(?:\ufeff)?\\s*0\\s+SECTION\\s"),  # .pdf and .ai, .eps, .dwg, .dxf
        (
            Flaw.PICTURE_FILE,
            "[‰\ufffd]PNG|GIF8|ÿØÿ|\ufffd\ufffd\ufffd|RIFF.{4,12}WEBP|II\\*\x00|MM\x00\\*|BM.{0,12}\x00",
        ),
    )
)


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


def other_file(text: str) -> Flaw | None:
    """What a file is that is no text, by its first signs as `text_of` reads them; None: none that people bring."""
    return next((flaw for flaw, begins in _OTHERS if begins.match(text)), None)
