"""Whatever bytes a request's head holds, it is answered, and no traceback is left: every header and cookie that central
reads, on every route, over a real socket. A header that is read anew has to be named here."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import central
from central.app import make_app
from central.first_run.model import Step
from central.first_run.pages import SETUP_FILE
from central.kernel.contexts import path_of
from central.kernel.db import Database
from central.kernel.door import Door
from central.kernel.keys import Keys
from central.kernel.schema import upgrade
from central.kernel.vault import Vault
from central.organisation.pages import SIGN_IN_SERVICES, SignInServices
from central.organisation.settings import MailConfig
from central.web.line import listening
from central.web.origin import FORWARDED
from central.web.session import CSRF_HEADER
from central.web.settings import HttpConfig, LimitsConfig, Rate
from shared.wire.requests import CODE, COMMAND_ID, DEVICE, DIGEST, NONCE, PASS, SIGNATURE, TIME
from tests.central.organisation.conftest import CHEAP
from tests.central.small_house import House, Watch
from tests.central.web.serving import Served, answer_of

pytestmark = [pytest.mark.behind_the_door, pytest.mark.usefixtures("nothing_breaks")]

AS_OFTEN_AS_THEY_LIKE = HttpConfig(limits=LimitsConfig(*(Rate(1, 1_000_000),) * 6))
COOKIES = ("session", "known", "setup", "language", "columns-site")
NAMED = {
    "CSRF_HEADER": CSRF_HEADER, "FORWARDED": FORWARDED, "COMMAND_ID": COMMAND_ID, "DEVICE": DEVICE, "DIGEST": DIGEST,
    "NONCE": NONCE, "SIGNATURE": SIGNATURE, "TIME": TIME, "PASS": PASS, "CODE": CODE,
    "AUTHORIZATION": "Authorization",
}  # fmt: skip
HEADERS = (
    *NAMED.values(), "Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Cookie",
    "Forwarded", "HX-Request", "HX-Target", "If-None-Match", "Last-Event-ID", "Origin", "Referer", "Sec-Fetch-Site",
    "User-Agent", "Content-Type", "If-Modified-Since", "If-Range", "Range", "Expect",
)  # fmt: skip
"""What central reads, and what aiohttp looks at by itself."""
DECIDING = ("Authorization", "Content-Encoding", "Cookie", "Expect", DEVICE)  # what comes after them is not looked at
EVERYBODYS = tuple(each for each in HEADERS if each not in DECIDING)
BYTES = (b"\xff", b"\xed\xa0\x80", "é\u200b".encode(), b"9" * 5000, "²".encode(), b'=;,"~.-')
"""No UTF-8, a surrogate in it, a sign that nobody sees, a number longer than Python reads, a digit that is none."""
READ = re.compile(
    r"""\bheaders(?:\.get\(|\.getall\(|\[)\s*("[\w-]+"|[A-Z_]+)"""
    r"""|("[\w-]+"|\b[A-Z_]+) (?:not )?in request\.headers\b(?!\.)"""
)
SAID = {
    "Allow", "Cache-Control", "Clear-Site-Data", "Link", "Retry-After", "Strict-Transport-Security", "WWW-Authenticate",
}  # fmt: skip
"""What central itself says, or is told by those whom it calls."""
HERE = Path(central.__file__).parent
SOURCES = {str(each.relative_to(HERE)): each.read_text() for each in HERE.rglob("*.py")}


def test_every_header_that_central_reads_is_walked() -> None:
    read = {found[0] or found[1] for text in SOURCES.values() for found in READ.findall(text)}
    names = {each.strip('"') if each.startswith('"') else NAMED.get(each, each) for each in read}
    assert len(names - SAID) > 15 and names - SAID <= set(HEADERS)


def test_cookies_are_read_in_one_place() -> None:
    assert [name for name, text in SOURCES.items() if re.search(r"\.cookies(\.get|\[)", text)] == ["web/cookies.py"]


def lines(names: tuple[str, ...], bytes_: bytes) -> bytes:
    return b"".join(name.encode() + b": " + bytes_ + b"\r\n" for name in names)


def together(bytes_: bytes) -> list[bytes]:
    """As a browser, as a program, as a device: what does not turn the others away in one request."""
    bytes_ = bytes_[:200]  # a head as a whole has a bound; the tests of one header send more
    cookies = "; ".join(f"{name}=%" for name in COOKIES).encode().replace(b"%", bytes_)
    everybodys = lines(EVERYBODYS, bytes_)
    return [
        everybodys + b"Cookie: " + cookies + b"\r\n",
        everybodys + b"Authorization: Basic " + bytes_ + b"\r\n",
        everybodys + lines((DEVICE,), b"0" * 26) + lines((TIME, NONCE, DIGEST, SIGNATURE, COMMAND_ID), bytes_),
    ]


async def status_of(served: Served, method: str, path: str, said: bytes) -> int:
    reader, writer = await served.call()
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode() + said + b"\r\n")
    status, _ = await answer_of(reader)
    writer.close()
    return status


async def test_on_every_route_a_strangers_head_is_answered(serve: Callable[..., Any]) -> None:
    async with serve(AS_OFTEN_AS_THEY_LIKE) as served:
        for method, path in served.routes():
            for bytes_ in BYTES:
                for said in together(bytes_):
                    status = await status_of(served, method, path, said)
                    assert 0 < status < 500, (method, path, said)


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/queries/door_tally", "/live/news", "/admin/e/site", "/static/x"])
async def test_each_header_alone_is_answered(serve: Callable[..., Any], path: str) -> None:
    async with serve(AS_OFTEN_AS_THEY_LIKE) as served:
        for bytes_ in BYTES:
            cookies = [b"Cookie: " + each.encode() + b"=" + bytes_ + b"\r\n" for each in COOKIES]
            for said in [lines((each,), bytes_) for each in HEADERS] + cookies:
                status = await status_of(served, "GET", path, said)
                assert 0 < status < 500, said


async def test_a_head_that_is_no_http_is_refused_in_a_word(serve: Callable[..., Any]) -> None:
    async with serve(AS_OFTEN_AS_THEY_LIKE) as served:
        for bytes_ in (b"\0", b"x" * 9000):
            assert await status_of(served, "GET", "/sign-in", b"Cookie: session=" + bytes_ + b"\r\n") == 400


async def test_who_sends_what_cannot_be_theirs_has_no_session_and_is_counted(serve: Callable[..., Any]) -> None:
    few = LimitsConfig(*(Rate(0.001, 3),) * 6)
    async with serve(HttpConfig(limits=few)) as served:
        tries = [await status_of(served, "GET", "/admin", b"Cookie: session=\xff\r\n") for _ in range(4)]
        assert tries == [303, 303, 303, 429]


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    upgrade(database)
    return database


async def test_the_set_up_is_closed_to_a_cookie_that_cannot_be_its_own(
    empty: Database, keys: Keys, tmp_path: Path
) -> None:
    door = Door(empty, Watch(), path_of, keys)
    door.start()
    (tmp_path / "setup").write_text("the-token")
    way_in = SignInServices.of(door, Vault(b"k" * 32), CHEAP, MailConfig(), "http://house.test")
    app = make_app(door, http=AS_OFTEN_AS_THEY_LIKE, given={SIGN_IN_SERVICES: way_in, SETUP_FILE: tmp_path / "setup"})
    async with listening(app, "127.0.0.1", 0, AS_OFTEN_AS_THEY_LIKE) as url:
        served = Served(app, url, door, cast(House, None))
        paths = ["/setup", "/setup?token=%FF", "/setup?token=%ED%A0%80", *(f"/setup/{step}" for step in Step)]
        for bytes_ in BYTES:
            for path in paths:
                status = await status_of(served, "GET", path, b"Cookie: setup=" + bytes_ + b"\r\n")
                assert status == (303 if "/setup/" in path else 403), path
        assert await status_of(served, "GET", "/setup/institution", b"Cookie: setup=the-token\r\n") == 200
    await asyncio.to_thread(door.stop)
