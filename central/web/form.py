"""What a form said. Forms are read here and nowhere else, when a handler asks for it: after it looked who is there, so
that a stranger's file is never taken apart.

Forms are UTF-8, whatever the caller calls them: decoders are many, some take time that grows with the square of the
text, and some give no text at all. A form is urlencoded; with files it may be sent only where its route takes some
(`LARGE`), in at most `MOST_PARTS` parts with short heads. How many fields there may be follows from the length: the
genuine ones that are many hold an id each. What is long is read beside the loop.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from multidict import MultiDict, MultiDictProxy
from multipart import MultipartError, PushMultipartParser, parse_options_header

from central.web.settings import KIB

Form = MultiDictProxy[str | bytes]
"""By name; a file is its bytes."""

Large = dict[str, int]
LARGE: web.AppKey[Large] = web.AppKey("large", dict)
"""Forms that bring a file: a route's path as it is declared, and how many bytes. Each area says its own."""

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
SMALL = 64 * KIB  # read in the loop: all that a stranger may send
FEW_FIELDS = 1000
SHORT_FIELD = 26  # bytes of each field beyond the few
MOST_PARTS = 1000  # a hall that is drawn has up to 40 blocks of 18 fields
MOST_HEADERS = 4  # of a part, which needs two
MOST_HEADER = 1 * KIB
_READ = web.RequestKey("form", MultiDictProxy)
_NOTHING: Form = MultiDictProxy(MultiDict())


class Unreadable(Exception):
    """It is no form, or not within the bounds."""


class Foreign(Unreadable):
    """In another way or another encoding than forms are sent here."""


async def form_of(request: web.Request) -> Form:
    """Empty where none was sent. Raises Unreadable, which the entrance answers."""
    if _READ not in request:
        request[_READ] = await _form(request)
    found: Form = request[_READ]
    return found


def line(form: Mapping[str, Any], name: str) -> str:
    """A field that is one line, without what stands around and between its words too often."""
    value = form.get(name, "")
    return " ".join(value.split()) if isinstance(value, str) else ""


async def _form(request: web.Request) -> Form:
    if request.method != hdrs.METH_POST or not request.body_exists:
        return _NOTHING
    kind, boundary = kind_of(request.headers.get(hdrs.CONTENT_TYPE, URLENCODED)[:MOST_HEADER])
    if kind == URLENCODED:
        body = await request.read()
        return urlencoded(body) if len(body) <= SMALL else await asyncio.to_thread(urlencoded, body)
    resource = request.match_info.route.resource
    if kind != MULTIPART or resource is None or resource.canonical not in request.app[LARGE]:
        raise Foreign
    return await asyncio.to_thread(in_parts, await request.read(), boundary)


def kind_of(content_type: str) -> tuple[str, str]:
    """What kind of form it says it is, and what parts it. Raises Foreign: in an encoding that is not ours."""
    kind, options = parse_options_header(content_type)
    if "charset" in content_type.lower() and options.get("charset", "").lower() not in ("utf-8", "utf8"):
        raise Foreign
    return kind, options.get("boundary", "")


def urlencoded(body: bytes) -> Form:
    """Raises Unreadable."""
    most = FEW_FIELDS + len(body) // SHORT_FIELD
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as bad:
        raise Unreadable from bad
    return _clean(MultiDict(fields))


def in_parts(body: bytes, boundary: str) -> Form:
    """Raises Unreadable. A part says nothing of its encoding that is heard."""
    found: MultiDict[str | bytes] = MultiDict()
    try:
        with PushMultipartParser(
            boundary, max_header_size=MOST_HEADER, max_header_count=MOST_HEADERS, max_segment_count=MOST_PARTS,
            strict=True,
        ) as parser:  # fmt: skip
            name, is_file, said = "", False, b""
            for event in parser.parse(body):
                if event is None:
                    found.add(name, said if is_file else said.decode())
                elif isinstance(event, bytes | bytearray):
                    said += event
                else:
                    name, is_file, said = event.name or "", event.filename is not None, b""
    except (MultipartError, UnicodeError) as bad:
        raise Unreadable from bad
    return _clean(found)


def _clean(found: MultiDict[str | bytes]) -> Form:
    """No U+0000 (kernel/characters.py), which no database takes; half characters do not come through UTF-8."""
    if any("\0" in name or (isinstance(value, str) and "\0" in value) for name, value in found.items()):
        raise Unreadable
    return MultiDictProxy(found)
