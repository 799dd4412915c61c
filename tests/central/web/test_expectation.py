"""`Expect`: whoever sends it is asked who they are and counted like everybody, and bidden to send a body that will be
read. Real sockets."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import central
from central.web.bodies import MOST_FROM_STRANGERS
from central.web.entrance import REFUSED
from central.web.limits import RequestLimit
from central.web.settings import HttpConfig, LimitsConfig, Rate
from tests.central.web.serving import Served, answer_of

pytestmark = [pytest.mark.behind_the_door, pytest.mark.usefixtures("nothing_breaks")]

FEW = HttpConfig(limits=LimitsConfig(*(Rate(0.001, 3),) * 6))
FORM = "Content-Type: application/x-www-form-urlencoded"
BID = "HTTP/1.1 100 Continue\r\n\r\n"


async def told(served: Served, method: str, path: str, *head: str, body: str = "", version: str = "1.1") -> str:
    """All that comes back."""
    reader, writer = await served.call()
    lines = (f"{method} {path} HTTP/{version}", "Host: x", "Connection: close", *head, "", body)
    writer.write("\r\n".join(lines).encode("latin-1"))
    _, text = await answer_of(reader)
    writer.close()
    return text


def statuses(text: str) -> list[int]:
    return [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", text)]


@pytest.mark.parametrize("expected", ["x", "100-continue", "\xff", "100-continue, x", "x" * 5000, ""])
@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/api/v1/entities/site"])
async def test_who_expects_something_is_counted_like_everybody(
    serve: Callable[..., Any], path: str, expected: str
) -> None:
    """Before: 417 with what was expected, or 100 and an answer, as often as anybody liked."""
    async with serve(FEW) as served:
        before = REFUSED.value(why=RequestLimit.LOOKS)
        answers = [statuses(await told(served, "GET", path, f"Expect: {expected}")) for _ in range(4)]
        assert answers[3] == [429] and all(len(each) == 1 and each[0] not in (100, 417, 429) for each in answers[:3])
        assert REFUSED.value(why=RequestLimit.LOOKS) == before + 1


async def test_who_waits_to_be_bidden_is_once_the_body_is_to_be_read(serve: Callable[..., Any]) -> None:
    asked = ("POST", "/reset", FORM, "Expect: 100-Continue")
    async with serve(HttpConfig(limits=LimitsConfig(*(Rate(1, 0),) * 6))) as served:
        reader, writer = await served.call()
        length = "Content-Length: 7"
        head = ("POST /reset HTTP/1.1", "Host: x", "Connection: close", *asked[2:], length, "", "")
        writer.write("\r\n".join(head).encode())
        assert (await reader.readexactly(len(BID))).decode() == BID
        writer.write(b"email=x")
        status, text = await answer_of(reader)
        writer.close()
        assert status == 200 and "100 Continue" not in text, "bidden once"
        for more, want in (
            ((f"Content-Length: {MOST_FROM_STRANGERS + 1}",), 413),
            ((length, "Content-Encoding: gzip"), 415),
        ):
            assert statuses(await told(served, *asked, *more)) == [want], "it is not bidden to send what is not read"
        assert statuses(await told(served, *asked, length, body="email=x")) == [200], "it has sent it already"
        assert 100 not in statuses(await told(served, *asked, length, body="email=x", version="1.0"))
        assert 100 not in statuses(await told(served, *asked, "Expect: x", length, body="email=x"))


async def test_who_asks_too_often_is_not_bidden(serve: Callable[..., Any]) -> None:
    async with serve(FEW) as served:
        asked = ("POST", "/reset", FORM, "Content-Length: 7")
        for _ in range(3):
            await told(served, *asked, body="email=x")
        assert statuses(await told(served, *asked, "Expect: 100-continue")) == [429]


async def test_a_program_that_waits_gets_through(serve: Callable[..., Any]) -> None:
    url = "/api/v1/commands/enrol_device"
    async with (
        serve(HttpConfig()) as served,
        aiohttp.ClientSession(served.url) as client,
        client.post(url, json={"code": "x", "request_pem": "y"}, expect100=True) as answer,
    ):
        assert (answer.status, (await answer.json())["reason"]) == (400, "no_command_id")


def test_no_route_answers_an_expectation_by_itself() -> None:
    sources = [each.read_text() for each in Path(central.__file__).parent.rglob("*.py")]
    assert len(sources) > 100 and not any("expect_handler" in each for each in sources)
