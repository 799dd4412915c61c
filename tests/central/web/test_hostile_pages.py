"""What nobody honest sends to a page: forms in strange encodings, headers that are no addresses, times at the ends of
the calendar, digits that are no numbers. On every page, as a stranger and as somebody who may do everything, nothing
breaks, and no line of the log is long. Each thing meets every second to fourth page every time, all of them in the
weekly round."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from central.web.bodies import Unread
from central.web.entrance import REFUSED
from central.web.form import LARGE
from central.web.session import csrf_of
from central.web.settings import UNLIMITED, HttpConfig
from shared.ids import is_id
from tests.central.walked import routes_walked
from tests.central.web.serving import Served
from tests.whole import part

pytestmark = [pytest.mark.whole, pytest.mark.behind_the_door, pytest.mark.usefixtures("nothing_breaks")]

FREE = HttpConfig(limits=UNLIMITED)
LONGEST_LINE = 1000
STRANGER: dict[str, str] = {}
ANNA = {"Cookie": "session=anna", "X-CSRF": csrf_of("anna")}
NO_TOKEN = {"Cookie": "session=anna"}
CALLERS = {"a stranger": STRANGER, "somebody signed in": ANNA, "without the token": NO_TOKEN}

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
CHARSETS = (
    "utf-7", "rot13", "zlib", "undefined", "nonesuch", '"a\t"', "idna", "utf-16", "punycode", "unicode_escape",
    "raw_unicode_escape", "hex", "latin-1", "\u00e9", "x" * 3000,
)  # fmt: skip
PART = b'--b\r\nContent-Disposition: form-data; name="name"%b\r\n\r\nx\r\n--b--\r\n'
FOREIGN = [(f"{URLENCODED}; charset={each}", b"name=\\ud800&_csrf=x") for each in CHARSETS]
FOREIGN += [(f"{MULTIPART}; charset={CHARSETS[0]}", PART % b""), ("text/plain", b"name=x"), ("\u00e9", b"name=x")]
MALFORMED = [(URLENCODED, body) for body in (b"name=%ff", b"name=%00", b"%ed%a0%80=x", b"&" * 9000)]
IN_PARTS = [
    (MULTIPART, PART % more)
    for more in (b"", b"\r\nContent-Type: text/plain; charset=nonesuch", b"\r\nContent-Transfer-Encoding: foo",
                 b"\r\nContent-Type: text/plain; charset=rot13", b"; filename*=nonesuch''%41", b";" * 9000,
                 b"\r\n" * 500)
]  # fmt: skip
IN_PARTS += [("multipart/form-data", PART % b""), (MULTIPART, b"\n" * 9000), (f"{MULTIPART}{'b' * 2000}", b"--b\r\n")]

HEADERS: list[dict[str, str]] = [
    *({name: said} for name in ("Origin", "Referer") for said in ("http://[::1", "http://℀.x", "null", "\u00e9", "%")),
    *({"Accept-Language": said} for said in ("\u00e9", "de;q=\u00b2", "fr;q=nan,*;q=1e999", "-" * 3000, ";,;=")),
    *({"Cookie": said} for said in ("session", "session=\u00e9; language=\u00b2; setup=x", "=;=;", "x" * 3000)),
    {"HX-Request": "true"}, {"HX-Request": "true", "HX-Target": "rows"}, {"HX-Target": "\u00e9"},
    {"If-None-Match": '"'}, {"Last-Event-ID": "x-\u00b2"}, {"X-CSRF": "\u00e9"}, {"Sec-Fetch-Site": "\u00e9"},
]  # fmt: skip
VALUES = (
    "\u00b2", "\u0661", "-1", "9" * 30, "9" * 5000, "1e999", "nan", "0001-01-01T00:00", "9999-12-31T23:59",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-03-29T02:30", "2026-10-25T02:30", "0001-01-01",
    "9999-12-31", "\0", "\u202e", "http://[::1", "x-\u00b2", "\u00b2-x", "[]", "{}", "1_0", "9223372036854775808",
)  # fmt: skip
NAMES = re.compile(r'(?:query|asked)(?:\.get\(|\[)"([a-z_]+)"')
FIELDS = re.compile(r'(?:form|sent|said|typed|posted)(?:\.get\(|\[)"([a-z_]+)"|\(form, "([a-z_]+)"')
MORE_FIELDS = ("block-0-y", "block-0-rows", "block-0-aisles", "block-0-seats", "area-0-x", "runs", "count:a:b", "cell")
OPEN_FOR_LONG = ("/news", "/changes/stream", "/live/news")


def said_in_source(pattern: re.Pattern[str]) -> list[str]:
    sources = (file.read_text() for file in (Path(__file__).parents[3] / "central").rglob("*.py"))
    return sorted({name for source in sources for found in pattern.findall(source) for name in _each(found) if name})


def _each(found: str | tuple[str, ...]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else found


@pytest.fixture
def short_lines() -> Iterator[None]:
    with capture_logs() as logs:
        yield
    assert [each for each in logs if len(str(each)) > LONGEST_LINE] == []


@asynccontextmanager
async def calling(serve: Callable[..., Any]) -> AsyncIterator["Calls"]:
    async with serve(FREE) as served, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield Calls(served, client)


class Calls:
    def __init__(self, served: Served, client: aiohttp.ClientSession) -> None:
        self.served, self._client = served, client

    async def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", query: str = ""
    ) -> int:
        url = URL(f"{self.served.url}{path}{'?' if query else ''}{query}", encoded=True)
        headers = {"Accept": "text/html", **headers}
        async with self._client.request(method, url, headers=headers, data=body, allow_redirects=False) as answer:
            said = await answer.text(errors="replace")
            assert answer.status not in (500, 501, 502), (method, path, headers, body[:200], query[:200], said[:2000])
            return answer.status

    async def pages(self, method: str) -> list[str]:
        """With ids of rows that are there, where the page shows one."""
        found = []
        ids = [each for each in astuple(self.served.house) if isinstance(each, str) and is_id(each)]
        for named, path in self.served.addresses(routes_walked(self.served.app)):
            if named != method or path.startswith(("/api/", "/static/")) or path.endswith(OPEN_FOR_LONG):
                continue
            if path == "/sign-out" or "/sessions/end" in path:  # which end what the others need
                continue
            for each in ids if method == "GET" and "0" * 26 in path else ():
                if await self("GET", real := path.replace("0" * 26, each), ANNA) == 200:
                    path = real
                    break
            found.append(path)
        return found


@pytest.mark.parametrize("who", CALLERS.values(), ids=CALLERS)
async def test_a_form_in_another_way_or_encoding(
    serve: Callable[..., Any], short_lines: None, who: dict[str, str]
) -> None:
    async with calling(serve) as call:
        for n, path in enumerate(await call.pages("POST")):
            for kind, body in part(FOREIGN + MALFORMED + IN_PARTS, 2, n):
                status = await call("POST", path, who | {"Content-Type": kind}, body)
                assert status < 500, (path, kind, status)


async def test_a_stranger_is_told_what_to_do(serve: Callable[..., Any], short_lines: None) -> None:
    before = {why: REFUSED.value(why=why) for why in (Unread.FOREIGN, Unread.MALFORMED)}
    async with calling(serve) as call:
        for kind, body in FOREIGN + IN_PARTS:
            assert await call("POST", "/sign-in", {"Content-Type": kind}, body) == 415, kind
        for kind, body in MALFORMED:
            assert await call("POST", "/sign-in", {"Content-Type": kind}, body) == 400, body
        for path in call.served.app[LARGE]:  # a stranger's file is not looked at
            assert await call("POST", path, {"Content-Type": MULTIPART}, b"\n" * 9000) == 303
    assert REFUSED.value(why=Unread.FOREIGN) - before[Unread.FOREIGN] == len(FOREIGN + IN_PARTS)
    assert REFUSED.value(why=Unread.MALFORMED) - before[Unread.MALFORMED] == len(MALFORMED)


@pytest.mark.parametrize("who", [STRANGER, ANNA], ids=["a stranger", "somebody signed in"])
async def test_headers_that_are_none(serve: Callable[..., Any], short_lines: None, who: dict[str, str]) -> None:
    async with calling(serve) as call:
        for method in ("GET", "POST"):
            for n, path in enumerate(await call.pages(method)):
                for headers in part(HEADERS, 3, n):
                    kind = {"Content-Type": URLENCODED} if method == "POST" else {}
                    status = await call(method, path, who | kind | headers, b"name=x" if kind else b"")
                    assert status < 500, (method, path, headers, status)


@pytest.mark.parametrize("more, values", [("", VALUES), ("&panel=1", VALUES[:1])], ids=["a page", "a part of one"])
async def test_times_and_numbers_that_are_none(
    serve: Callable[..., Any], short_lines: None, more: str, values: tuple[str, ...]
) -> None:
    names = said_in_source(NAMES)
    apart = [name for name in names if name not in ("at", "panel", "lang")]
    assert {"since", "until", "when", "at"} <= set(names)
    async with calling(serve) as call:
        for n, path in enumerate(await call.pages("GET")):
            together = [(value, given) for value in map(quote, values) for given in (apart, ["at", "until"], ["when"])]
            for value, given in part(together, 4, n):
                query = "&".join(f"{name}={value}" for name in given) + more
                status = await call("GET", path, ANNA, query=query)
                assert status < 500, (path, query, status)


async def test_fields_that_are_none(serve: Callable[..., Any], short_lines: None) -> None:
    names = [*said_in_source(FIELDS), *MORE_FIELDS]
    assert {"email", "drop", "file"} <= set(names)
    async with calling(serve) as call:
        for n, path in enumerate(await call.pages("POST")):
            for value in map(quote, part(VALUES, 3, n)):
                for left_out in (set(), {"add"}, {"add", "drop"}) if path.startswith("/admin/plan/") else (set(),):
                    body = "&".join(f"{quote(name)}={value}" for name in {*names, "add"} - left_out)
                    status = await call("POST", path, ANNA | {"Content-Type": URLENCODED}, body.encode())
                    assert status < 500, (path, value, left_out, status)
