"""What a stranger costs at the HTTP door: bytes, time, connections, requests. Real sockets, every route."""

import asyncio
import gzip
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import StreamReader
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from central.devices.enrolment import InviteDevice
from central.kernel.actor import SYSTEM
from central.web.api import UNDER_WAY
from central.web.bodies import MOST_FROM_DEVICES, MOST_FROM_STRANGERS, MOST_USUALLY, STEP, Asks, most_for
from central.web.entrance import BODIES, LIMITS, REFUSED
from central.web.limits import OF_STRANGERS, RequestLimit
from central.web.line import CLOSED, FIRST, HUNG_UP, OPEN, RECEIVED, SPILL, TAKE, THIN
from central.web.origin import FRONT, Front, Proxies
from central.web.session import csrf_of
from central.web.settings import KIB, MIB, UNLIMITED, HttpConfig, LimitsConfig, Rate
from shared.clock import Reading
from shared.ids import Id
from shared.runtime.central import HttpCentral
from shared.wire.certificates import DeviceKind, signing_request
from shared.wire.requests import CODE, COMMAND_ID, DEVICE, PASS, SIGNATURE, signed_headers
from shared.wire.seal import Signer
from tests.central.small_house import ADMIN_KEY, NOW, new_id
from tests.central.web.serving import Served, answer_of, enrolled
from tests.waiting import PATIENCE_S, until
from tests.whole import part

pytestmark = [
    pytest.mark.behind_the_door,  # a session's row of its own making
    pytest.mark.usefixtures("nothing_breaks"),
]

PAGE = {"Accept": "text/html"}
FEW = Rate(0.001, 3)
BODY = 4 * MIB
SENT = {
    "json": ("Content-Type: application/json", b'{"code": "' + b"x" * 1024),
    "form": ("Content-Type: application/x-www-form-urlencoded", b"code=" + b"x" * 1024),
    "multipart": (
        "Content-Type: multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n' + b"x" * 1024,
    ),
    "zipped": ("Content-Type: application/json\r\nContent-Encoding: gzip", gzip.compress(b"x" * 1024)),
    "a device that is none": (f"{DEVICE}: {'0' * 26}\r\nContent-Type: application/json", b"x" * 1024),
    "no device at all": (f"{DEVICE}: x\r\nContent-Type: application/json", b"x" * 1024),
    "a key that is none": (f"Authorization: Basic {b64encode(b'x:y').decode()}", b"x" * 1024),
    "a session that is none": ("Cookie: session=x; setup=x", b"x" * 1024),
}


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.whole
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("kind", SENT)
async def test_of_a_strangers_body_no_more_than_its_bound_is_taken(
    serve: Callable[..., Any], kind: str, chunked: bool
) -> None:
    headers, sent = SENT[kind]
    async with serve(HttpConfig(limits=LimitsConfig(*(Rate(1, 0),) * 6))) as served:
        asked = [(method, path) for method, path in served.routes() if method != "HEAD"]
        for method, path in part(asked, 4, [*SENT].index(kind)):  # twice each route in either form
            before = RECEIVED.value()
            reader, writer = await served.call()
            length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BODY}"
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n{length}\r\n\r\n".encode())
            much = sent * (16 * KIB // len(sent))
            piece = b"%x\r\n%b\r\n" % (len(much), much) if chunked else much
            with suppress(ConnectionError):
                for _ in range(BODY // len(piece)):
                    writer.write(piece)
                    await writer.drain()
            status, said = await answer_of(reader)
            writer.close()
            await until(lambda: OPEN.value() == 0)
            taken = RECEIVED.value() - before
            assert taken <= MOST_FROM_STRANGERS + SPILL + 2 * TAKE, (method, path, taken)
            assert status in (0, 200, 302, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422), (method, path, said)
            if method == "POST":
                assert status not in (200, 302, 303), (method, path, said)
            assert all(served.app[BODIES].held(asks) == 0 for asks in Asks)


@pytest.mark.parametrize(
    ("size", "headers", "thin"),
    [(1, b"", True), (1, b"Content-Encoding: gzip\r\n", True), (40, b"", False)],
    ids=["of one byte", "of one byte, refused", "of forty"],
)
async def test_a_body_in_tiny_chunks_is_not_taken_apart(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, size: int, headers: bytes, thin: bool
) -> None:
    """Each costs as much as a short request: before, 8,000 of one byte took 18 ms of the loop, refused or not."""
    parsed, real = 0, StreamReader.feed_data

    def feed_data(body: StreamReader, data: bytes, *more: Any) -> None:
        nonlocal parsed
        parsed += 1
        real(body, data, *more)

    monkeypatch.setattr(StreamReader, "feed_data", feed_data)
    chunk = b"%x\r\n%b\r\n" % (size, b"a" * size)
    chunks = SPILL // len(chunk) // 2
    async with serve(HttpConfig(linger_s=3600)) as served:
        _, writer = await served.call()
        head = b"POST /api/v1/commands/enrol_device HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n%b\r\n"
        before = RECEIVED.value()
        with suppress(ConnectionError):
            writer.write(head % headers + chunk * chunks)
            await until(lambda: RECEIVED.value() - before >= chunks * len(chunk) or OPEN.value() == 0)
        assert not thin or parsed <= (FIRST + THIN + TAKE) // len(chunk)
        assert OPEN.value() == (0 if thin and not headers else 1)
        writer.close()
        await until(lambda: OPEN.value() == 0)


async def test_each_body_has_so_many_tiny_chunks_free(serve: Callable[..., Any]) -> None:
    """Who sends a few small pieces, time after time on one line, is not cut."""
    head = b"POST /api/v1/commands/enrol_device HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serve(HttpConfig(limits=UNLIMITED)) as served:
        reader, writer = await served.call()
        for _ in range(4):
            writer.write(head)
            for _ in range(5):
                writer.write(b"1\r\na\r\n" * (THIN // 30))
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(b"0\r\n\r\n")
            said = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
            length = re.search(rb"Content-Length: (\d+)", said)
            assert said.startswith(b"HTTP/1.1 4") and length, said
            await reader.readexactly(int(length[1]))
        writer.close()
        await until(lambda: OPEN.value() == 0)


async def test_a_bodys_refusal_says_what_to_do(serve: Callable[..., Any]) -> None:
    url = "/api/v1/commands/enrol_device"
    big = b"x" * (MOST_FROM_STRANGERS + 1)
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        async with client.post(url, data=big) as answer:
            said = orjson.loads(await answer.read())
            assert (answer.status, said["reason"]) == (413, "body_too_large")
            assert said["detail"] == {"most": MOST_FROM_STRANGERS} and answer.content_type == "application/problem+json"
        async with client.post(url, data=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}) as answer:
            assert answer.status == 415 and answer.headers["Accept-Encoding"] == "identity"
        headers = PAGE | {"Accept-Language": "de"}
        async with client.post("/reset", data=b"email=" + big, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 413 and "64 KiB" in text and 'lang="de"' in text


async def test_who_is_known_may_send_more_each_as_declared(serve: Callable[..., Any]) -> None:
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        for name, size, status in (
            ("create_site", MOST_FROM_STRANGERS + 1, 422),
            ("create_site", MOST_USUALLY + 1, 413),
            ("import_plan", MOST_USUALLY + 1, 422),
        ):
            headers = served.auth | {COMMAND_ID: new_id()}
            async with client.post(f"/api/v1/commands/{name}", data=BytesIO(b" " * size), headers=headers) as answer:
                assert answer.status == status, (name, size, await answer.text())
        csrf = {"Cookie": "session=anna", "X-CSRF": csrf_of("anna")}
        async with client.post(
            "/admin/plan/new", data={"file": BytesIO(b" " * (MOST_USUALLY + 1))}, headers=csrf
        ) as answer:
            assert answer.status != 413
        async with client.post(
            "/admin/e/site/new", data={"x": BytesIO(b" " * (MOST_USUALLY + 1))}, headers=csrf
        ) as answer:
            assert answer.status == 413
    assert most_for(Asks.CALLER, "/api/v1/commands/{name}", "import_plan", {}, MOST_FROM_DEVICES) == MOST_FROM_DEVICES


# --- time -------------------------------------------------------------------------------------------------------------

HASTE = replace(HttpConfig(), head_s=0.1, idle_s=0.1, body_s=0.05, slowest_kib_per_s=1e6, linger_s=0.05, send_s=0.1)
STALLED = {
    "nothing": b"",
    "half a line": b"POST /si",
    "half a head": b"POST /sign-in HTTP/1.1\r\nHost: x\r\n",
    "no body": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "half a body": b"POST /api/v1/commands/enrol_device HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    "a chunk too few": b"POST /reset HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    "a body that nobody wants": b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "a body of a look": b"GET /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "an answer heard, then nothing": b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
async def test_who_stalls_is_cut_off(serve: Callable[..., Any], sent: bytes) -> None:
    async with serve(HASTE) as served:
        lines = [await served.call() for _ in range(20)]
        for _, writer in lines:
            writer.write(sent)
        for reader, writer in lines:
            await answer_of(reader)  # until the line is closed from over there
            writer.close()
        await until(lambda: OPEN.value() == 0)


@pytest.mark.parametrize("sent", ["nothing", "half a line", "half a head"])
async def test_a_head_has_less_time_than_a_connection_may_be_idle(serve: Callable[..., Any], sent: str) -> None:
    async with serve(replace(HASTE, idle_s=3600)) as served:
        before = CLOSED.value(why="head")
        reader, writer = await served.call()
        writer.write(STALLED[sent])
        assert await answer_of(reader) == (0, "")
        assert CLOSED.value(why="head") == before + 1
        writer.close()


async def test_a_slow_body_is_told_so(serve: Callable[..., Any]) -> None:
    async with serve(HASTE) as served:
        reader, writer = await served.call()
        writer.write(STALLED["half a body"])
        status, said = await answer_of(reader)
        assert status == 408 and "body_too_slow" in said
        writer.close()


async def test_a_connection_is_used_again_and_its_body_may_come_in_pieces(serve: Callable[..., Any]) -> None:
    """Nothing of the above hurts who asks as one should: many requests on one line, a body in two parts."""
    async with serve(HttpConfig()) as served:
        reader, writer = await served.call()
        for _ in range(5):
            writer.write(b"POST /api/v1/commands/enrol_device HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{ ")
            await until(lambda: served.app[BODIES].held(Asks.STRANGER) == STEP)
            writer.write(b" }")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
            length = int(re.search(rb"Content-Length: (\d+)", head).group(1))  # type: ignore[union-attr]
            assert head.startswith(b"HTTP/1.1 400") and b"no_command_id" in await reader.readexactly(length)
        writer.close()


# --- how often --------------------------------------------------------------------------------------------------------


def limited(**rates: Rate) -> HttpConfig:
    return HttpConfig(limits=replace(LimitsConfig(*(Rate(1, 0),) * 6), **rates))


STRANGERS: list[tuple[str, str, RequestLimit, dict[str, str]]] = [
    ("GET", "/api/v1/openapi.json", RequestLimit.LOOKS, {}),
    ("GET", "/sign-in", RequestLimit.LOOKS, PAGE),
    ("GET", "/reset", RequestLimit.LOOKS, PAGE),
    ("GET", "/setup?token=guess", RequestLimit.LOOKS, PAGE),
    ("GET", "/live", RequestLimit.LOOKS, PAGE),
    ("GET", "/live/news", RequestLimit.LOOKS, {}),
    ("GET", "/invitation/guess", RequestLimit.LOOKS, PAGE),
    ("GET", "/metrics", RequestLimit.LOOKS, {}),
    ("GET", "/api/v1/queries/device_time?nonce=x", RequestLimit.LOOKS, {}),
    ("GET", "/api/v1/entities/site", RequestLimit.LOOKS, {}),
    ("GET", "/api/v1/snapshots/x", RequestLimit.LOOKS, {}),
    ("GET", "/nowhere", RequestLimit.LOOKS, {}),
    ("POST", "/sign-in", RequestLimit.ACTS, PAGE),
    ("POST", "/reset", RequestLimit.ACTS, PAGE),
    ("POST", "/setup/institution", RequestLimit.ACTS, PAGE),
    ("POST", "/api/v1/commands/enrol_device", RequestLimit.ACTS, {}),
    ("POST", "/api/v1/commands/place_order", RequestLimit.ACTS, {}),
    ("GET", "/api/v1/entities/site", RequestLimit.CLAIMS, {"Authorization": "Basic eDp5"}),
    ("POST", "/api/v1/commands/place_order", RequestLimit.CLAIMS, {DEVICE: "0" * 26}),
    ("GET", "/live", RequestLimit.CLAIMS, {"Authorization": "Basic eDp5"}),
]


@pytest.mark.parametrize("method, path, limit, headers", STRANGERS)
async def test_a_stranger_asks_so_often_and_then_waits(
    serve: Callable[..., Any], method: str, path: str, limit: RequestLimit, headers: dict[str, str]
) -> None:
    async with serve(limited(**{limit: FEW})) as served, aiohttp.ClientSession(served.url) as client:
        before = REFUSED.value(why=limit)
        for n in range(5):
            async with client.request(method, path, headers=headers, allow_redirects=False) as answer:
                assert (answer.status == 429) is (n >= 3), (n, answer.status)
                if n < 3:
                    continue
                assert 0 < int(answer.headers["Retry-After"]) <= 1000
                text = await answer.text()
                if headers is PAGE:
                    assert "<h1>" in text and answer.content_type == "text/html"
                else:
                    said = orjson.loads(text)
                    assert said["reason"] == "too_many_requests" and said["detail"]["limit"] == limit
        assert REFUSED.value(why=limit) == before + 2


@pytest.mark.parametrize("language, word", [("fr", "réessayez"), ("en", "try again"), ("de", "Versuchen Sie"),
                                            ("es", "vuelva"), ("it", "riprovi")])  # fmt: skip
async def test_the_page_that_says_so_speaks_the_readers_language(
    serve: Callable[..., Any], language: str, word: str
) -> None:
    async with serve(limited(looks=Rate(0.001, 1))) as served, aiohttp.ClientSession(served.url) as client:
        for _ in range(2):
            async with client.get("/sign-in", headers=PAGE | {"Accept-Language": language}) as answer:
                text = await answer.text()
        assert answer.status == 429 and word in text and f'lang="{language}"' in text


FEED, SITE = "/api/v1/queries/device_feeds", "/api/v1/entities/site"
ENROL = "/api/v1/commands/enrol_device"


def signed(device: Id, signer: Signer, shown: str = "") -> dict[str, str]:
    headers = signed_headers(device, signer, "GET", FEED, NOW.isoformat(), new_id(), b"")
    return headers | {PASS: shown} if shown else headers


def false_claims(served: Served, device: Id, n: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Of each kind, in the name of somebody whom the house knows, another one for each `n`."""
    forged = b64encode(b"%064d" % n).decode()
    named = signed(device, Signer.of(Ed25519PrivateKey.generate()))
    yield FEED, {DEVICE: device, SIGNATURE: forged}
    yield FEED, named
    yield FEED, named | {PASS: f"{device}.{n:064x}"}
    yield FEED, named | {PASS: "\u00e9"}
    yield SITE, {"Authorization": "Basic " + b64encode(f"{served.house.admin}:{n}".encode()).decode()}
    yield SITE, {"Authorization": "Basic " + b64encode(f"{n:026}:{ADMIN_KEY}".encode()).decode()}
    yield "/admin", {"Cookie": f"session={n}"}
    yield "/admin", {"Cookie": f"session=anna{n}; known={n}.{n}.{n}"}
    yield "/sign-in", {}
    yield ENROL, {COMMAND_ID: new_id(), CODE: f"ABCD-{n:04}"}
    yield ENROL, {COMMAND_ID: new_id(), CODE: "\u00e9"}
    yield ENROL, {COMMAND_ID: new_id()}


class Now:
    """A device's clock that goes as this house's."""

    def read(self) -> Reading:
        return Reading(NOW, 0, "boot")


async def test_who_is_genuine_is_answered_whatever_is_tried_in_their_name_at_their_address(
    serve: Callable[..., Any],
) -> None:
    """Also just after a restart, and where none of the looks of an address are left."""
    async with serve(limited()) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        async with client.get(FEED, headers=signed(device, signer)) as answer:
            shown = answer.headers[PASS]
    few = limited(looks=FEW, acts=FEW, claims=FEW, keys=Rate(0.001, 1))
    async with serve(few) as served, aiohttp.ClientSession(served.url) as client:
        genuine = {
            RequestLimit.DEVICES: lambda: (FEED, signed(device, signer, shown)),
            RequestLimit.PROGRAMS: lambda: (SITE, served.auth),
            RequestLimit.PEOPLE: lambda: ("/admin", {"Cookie": "session=anna"}),
        }
        assert set(genuine) == set(RequestLimit) - {*OF_STRANGERS}

        async def asked(path: str, headers: dict[str, str]) -> int:
            method = "POST" if path == ENROL else "GET"
            async with client.request(method, path, headers=headers, allow_redirects=False) as answer:
                return answer.status

        invited = InviteDevice(
            id=new_id(),
            context_id=served.house.organiser,
            site_id=served.house.site,
            kind=DeviceKind.GATE,
            code="G2",
            label="Gate",
            enrolment_code="ABCD-WXYZ",
        )
        assert (await served.door.execute(SYSTEM, invited, new_id())).ok
        for n in range(10):
            tried = [await asked(*claim) for claim in false_claims(served, device, n)]
        assert set(tried) == {429}, "the address waits"
        for n in range(10, 30):
            for each, request in genuine.items():
                assert await asked(*request()) == 200, (each, n)
            assert {await asked(*claim) for claim in false_claims(served, device, n)} == {429}
        waiting = {(each.limit, each.who) for each in served.app[LIMITS].waiting(NOW)}
        assert waiting == {(each, "127.0.0.1") for each in OF_STRANGERS}, "and only it is said to"
        async with HttpCentral(served.url, Now(), code="ABCD-WXYZ") as line:
            new = Signer.of(Ed25519PrivateKey.generate())
            body = {"code": "ABCD-WXYZ", "request_pem": signing_request(new.key, "g"), "label": "g"}
            assert await line.command("enrol_device", new_id(), orjson.dumps(body))
        assert await asked("/api/v1/queries/device_time?nonce=n", {}) == 429
        assert await asked("/api/v1/queries/device_time?nonce=n", {PASS: shown}) == 200
        served.app[LIMITS].lift("127.0.0.1")
        assert await asked(FEED, signed(device, signer)) == 200, "without its pass, now"


async def test_who_shows_a_key_beside_a_signature_is_the_device(serve: Callable[..., Any]) -> None:
    """At the entrance as in what is handled: what a device may read no key of a person's opens."""
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        async with client.get(FEED, headers=signed(device, signer) | served.auth) as answer:
            assert (answer.status, PASS in answer.headers) == (200, True)


async def test_a_device_carries_its_pass(serve: Callable[..., Any]) -> None:
    config = limited(claims=FEW, keys=Rate(0.001, 1))
    async with serve(config) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        async with HttpCentral(served.url, Now(), device, signer) as line:
            assert await line.query("device_feeds", {})
            for n in range(20):
                async with client.get(FEED, headers={DEVICE: device, SIGNATURE: str(n)}) as answer:
                    last = answer.status
            assert last == 429
            for _ in range(5):
                assert await line.query("device_feeds", {})


async def test_who_listens_on_the_wire_spends_what_is_looked_at_for_a_pass_and_is_seen(
    serve: Callable[..., Any],
) -> None:
    config = limited(looks=FEW, claims=FEW, keys=Rate(0.001, 1))
    async with serve(config) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        async with client.get(FEED, headers=signed(device, signer)) as answer:
            shown = answer.headers[PASS]
        statuses = []
        for _ in range(10):
            false = signed(device, Signer.of(Ed25519PrivateKey.generate()), shown)
            async with client.get(FEED, headers=false) as answer:
                statuses.append(answer.status)
        assert statuses == [401] * 7 + [429] * 3, "of the address, of the pass, and one look beside"
        waiting = {each.who for each in served.app[LIMITS].waiting(NOW)}
        assert waiting == {"127.0.0.1", f"device:{device}"}
        served.app[LIMITS].lift(f"device:{device}")
        async with client.get(FEED, headers=signed(device, signer, shown)) as answer:
            assert answer.status == 200


def guess(n: int) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{n:026}:{n}".encode()).decode()}


def refused_claims(device: Id, signer: Signer) -> dict[str, tuple[str, dict[str, str]]]:
    """Whatever the entrance refuses for what is claimed: the same each time, as somebody who overheard it has it."""
    old = NOW.replace(year=2025).isoformat()
    return {
        "no device's id": (FEED, {DEVICE: "x"}),
        "nobody's": (FEED, signed(new_id(), signer)),
        "another's key": (FEED, signed(device, Signer.of(Ed25519PrivateKey.generate()))),
        "of last year": (FEED, signed_headers(device, signer, "GET", FEED, old, new_id(), b"")),
        "of no time": (FEED, signed_headers(device, signer, "GET", FEED, "", new_id(), b"")),
        "no key": (SITE, {"Authorization": "x"}),
        "a wrong key": (SITE, guess(1)),
    }


@pytest.mark.parametrize("what", refused_claims(new_id(), Signer.of(Ed25519PrivateKey.generate())))
async def test_whatever_is_claimed_and_refused_is_counted(serve: Callable[..., Any], what: str) -> None:
    """A device's own request too, once its time is over: who overheard it may send it for ever."""
    async with serve(limited(claims=FEW)) as served, aiohttp.ClientSession(served.url) as client:
        path, headers = refused_claims(*await enrolled(served))[what]
        statuses = []
        for _ in range(6):
            async with client.get(path, headers=headers) as answer:
                statuses.append(answer.status)
        assert statuses == [401] * 3 + [429] * 3


async def test_a_device_without_its_pass_is_looked_at_beside_a_script_that_tries_wrong_keys(
    serve: Callable[..., Any],
) -> None:
    """The script repeats what is none and takes nothing from those who come."""
    async with serve(limited(looks=FEW, claims=FEW, keys=FEW)) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)

        async def asked(path: str, headers: dict[str, str]) -> int:
            async with client.get(path, headers=headers) as answer:
                return answer.status

        assert [await asked(SITE, guess(0)) for _ in range(20)] == [401] * 3 + [429] * 17
        assert [await asked(FEED, signed(device, signer)) for _ in range(4)] == [200] * 3 + [429]
        assert [await asked(SITE, guess(n)) for n in range(1, 4)] == [429] * 3, "no more than so many looks"


@pytest.mark.parametrize(
    "limit, who",
    [(RequestLimit.PROGRAMS, "program"), (RequestLimit.PEOPLE, "person"), (RequestLimit.DEVICES, "device")],
)
async def test_who_is_known_has_a_limit_of_their_own(serve: Callable[..., Any], limit: RequestLimit, who: str) -> None:
    async with serve(limited(**{limit: FEW})) as served, aiohttp.ClientSession(served.url) as client:
        path, headers = "/api/v1/entities/site", served.auth
        if who == "person":
            headers = {"Cookie": "session=anna"}
        if who == "device":
            device, signer = await enrolled(served)
            path = "/api/v1/queries/device_feeds"
            headers = signed_headers(device, signer, "GET", path, NOW.isoformat(), "nonce", b"")
        statuses = []
        for _ in range(5):
            async with client.get(path, headers=headers) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 200, 429, 429]
        (waiting,) = served.app[LIMITS].waiting(NOW)
        assert waiting.limit is limit
        served.app[LIMITS].lift(waiting.who)
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("who", [RequestLimit.PROGRAMS, RequestLimit.PEOPLE, RequestLimit.DEVICES])
async def test_who_is_known_has_so_many_requests_under_way(serve: Callable[..., Any], who: RequestLimit) -> None:
    """Bodies that do not come keep them so (all who are known share one budget of bodies). Whoever else comes is
    answered, and they too when one of theirs ends."""
    config = replace(LimitsConfig(), at_once_of_people=3, at_once_of_programs=3, at_once_of_devices=3)
    async with serve(HttpConfig(limits=config)) as served, aiohttp.ClientSession(served.url) as client:
        (device, signer), (other, others) = await enrolled(served), await enrolled(served, "G2")
        headers: dict[RequestLimit, Callable[[str, str, str], dict[str, str]]] = {
            RequestLimit.PROGRAMS: lambda *_: served.auth,
            RequestLimit.PEOPLE: lambda *_: {"Cookie": "session=anna", "X-CSRF": csrf_of("anna")},
            RequestLimit.DEVICES: lambda method, path, command: signed_headers(
                device, signer, method, path, NOW.isoformat(), new_id(), b"{}" if command else b"", command
            ),
        }
        path, asked = "/api/v1/commands/upload_facts", FEED if who is RequestLimit.DEVICES else SITE

        async def ask(headers: dict[str, str], path: str = asked) -> tuple[int, str, dict[str, Any]]:
            async with client.get(path, headers=headers) as answer:
                said = orjson.loads(await answer.read())
                return answer.status, answer.headers.get("Retry-After", ""), said

        lines = []
        for _ in range(3):
            _, writer = await served.call()
            command = new_id()
            sent = headers[who]("POST", path, command) | {COMMAND_ID: command, "Host": "x", "Content-Length": "2"}
            writer.write(f"POST {path} HTTP/1.1\r\n".encode())
            writer.write("".join(f"{name}: {value}\r\n" for name, value in sent.items()).encode() + b"\r\n")
            lines.append(writer)
        await until(lambda: served.app[BODIES].held(Asks.CALLER) == 3 * STEP)
        before = REFUSED.value(why="at_once")
        status, again_s, said = await ask(headers[who]("GET", asked, ""))
        assert (status, said["reason"], said["fix"]) == (429, "too_many_at_once", who)
        assert int(again_s) > 0 and "let some end" in said["title"] and REFUSED.value(why="at_once") == before + 1
        beside = signed_headers(other, others, "GET", FEED, NOW.isoformat(), new_id(), b"")
        assert (await ask(beside, FEED))[0] == 200
        lines.pop().close()
        await until(lambda: served.app[BODIES].held(Asks.CALLER) == 2 * STEP)
        assert (await ask(headers[who]("GET", asked, "")))[0] == 200
        for writer in lines:
            writer.close()


async def test_a_device_has_one_page_of_a_feed_under_way_until_it_has_left(serve: Callable[..., Any]) -> None:
    """Whoever reads slowly keeps one of them in memory, not a hundred."""
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        (device, signer), (other, others) = await enrolled(served), await enrolled(served, "G2")
        path = f"/api/v1/queries/feed?feed=keys/{served.house.institution}&after=0"
        row = {"f": f"keys/{served.house.institution}", "b": orjson.dumps({"x": "y" * 16 * MIB}).decode()}
        sql = "UPDATE feed_row SET body = :b WHERE feed = :f AND revision = (SELECT MIN(revision) FROM feed_row)"
        await served.door.chore(lambda db: db.write(sql, row))

        def signed(device: Id, signer: Signer, path: str = path) -> dict[str, str]:
            return signed_headers(device, signer, "GET", path, NOW.isoformat(), new_id(), b"")

        async def ask(headers: dict[str, str], path: str = path) -> tuple[int, int]:
            async with client.get(path, headers=headers) as answer:
                return answer.status, len(await answer.read())

        reader, writer = await served.call()
        said = "".join(f"{name}: {value}\r\n" for name, value in signed(device, signer).items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{said}\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_S)).split()[1] == b"200"
        assert {(await ask(signed(device, signer)))[0] for _ in range(3)} == {429}
        assert (await ask(signed(device, signer, FEED), FEED))[0] == 200, "all else is answered"
        status, size = await ask(signed(other, others))
        assert status == 200 and size > 16 * MIB
        while len(piece := await asyncio.wait_for(reader.read(MIB), PATIENCE_S)) and not piece.endswith(b'"}}'):
            pass
        assert (await ask(signed(device, signer)))[0] == 200
        writer.close()
        reader, writer = await served.call()
        said = "".join(f"{name}: {value}\r\n" for name, value in signed(device, signer).items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{said}\r\n".encode())
        await asyncio.wait_for(reader.readline(), PATIENCE_S)
        writer.transport.abort()
        await until(lambda: not served.app[UNDER_WAY])
        assert (await ask(signed(device, signer)))[0] == 200, "who hung up has none"


@pytest.mark.parametrize(("after", "status"), [(-1, 422), (2**53, 200), (2**53 + 1, 422), (2**64, 422)])
async def test_a_page_is_asked_for_from_a_revision(serve: Callable[..., Any], after: int, status: int) -> None:
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        path = f"/api/v1/queries/feed?feed=keys/{served.house.institution}&after={after}"
        headers = signed_headers(device, signer, "GET", path, NOW.isoformat(), new_id(), b"")
        async with client.get(path, headers=headers) as answer:
            assert answer.status == status, await answer.text()


async def test_as_much_as_an_on_sale_asks_for_passes(serve: Callable[..., Any]) -> None:
    """With what a house has before it sets anything: 400 requests of one program and 400 of one device at once."""
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        device, signer = await enrolled(served)
        path = "/api/v1/queries/device_feeds"
        signed = signed_headers(device, signer, "GET", path, NOW.isoformat(), "nonce", b"")

        async def ask(path: str, headers: dict[str, str]) -> int:
            async with client.get(path, headers=headers) as answer:
                return answer.status

        asked = [ask("/api/v1/entities/site", served.auth) for _ in range(400)] + [
            ask(path, signed) for _ in range(400)
        ]
        assert set(await asyncio.gather(*asked)) == {200}


async def test_streams_of_strangers_have_an_end(serve: Callable[..., Any]) -> None:
    config = HttpConfig(limits=replace(LimitsConfig(), at_once_of_strangers=3))
    async with serve(config, live_open=True) as served:
        lines = []
        async with aiohttp.ClientSession(served.url) as client:
            async with client.get("/live") as answer:
                found = re.search(r'data-news="([^"]+)"', await answer.text())
                assert found
            for n in range(4):
                answer = await client.get(found.group(1).replace("&amp;", "&"))
                lines.append(answer)
                assert answer.status == (429 if n == 3 else 200)
            for each in lines:
                each.close()


# --- what every answer has --------------------------------------------------------------------------------------------


async def test_every_answer_tells_nobody_to_keep_it_and_nothing_of_what_we_are_made(serve: Callable[..., Any]) -> None:
    async with serve(limited()) as served, aiohttp.ClientSession(served.url) as client:
        for method, path in [*served.routes(), ("GET", "/nowhere"), ("PUT", "/sign-in"), ("POST", "/api/v1/x")]:
            for headers in ({}, served.auth, {"Cookie": "session=anna", "X-CSRF": csrf_of("anna")}):
                async with client.request(method, path, headers=headers, allow_redirects=False) as answer:
                    assert "Server" not in answer.headers, (method, path)
                    assert answer.headers["X-Content-Type-Options"] == "nosniff", (method, path)
                    assert "Python" not in str(answer.headers) and "aiohttp" not in str(answer.headers)
                    kept = answer.headers["Cache-Control"]
                    assert kept == "no-store" or path.startswith(("/static/", "/api/v1/openapi")), (method, path, kept)


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\r\n" * 9,
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + b"a" * 20000,
    b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("sent", NO_HTTP)
async def test_what_is_no_http_leaves_a_number_and_no_traceback(serve: Callable[..., Any], sent: bytes) -> None:
    async with serve(HASTE) as served:
        reader, writer = await served.call()
        writer.write(sent)
        _, said = await answer_of(reader)
        assert "Server:" not in said and "aiohttp" not in said and "Python" not in said
        writer.close()
        await until(lambda: OPEN.value() == 0)


# --- callers that hang up ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["the head", "half a body", "the answer's first bytes"])
async def test_who_hangs_up_leaves_no_traceback(serve: Callable[..., Any], after: str) -> None:
    """On every route, as a stranger and as somebody who is known."""
    async with serve(limited(), live_open=True) as served:
        for method, path in served.routes():
            for who in ("", "Cookie: session=anna\r\nX-CSRF: " + csrf_of("anna") + "\r\n"):
                reader, writer = await served.call()
                length = 0 if method == "GET" else 9
                writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{who}Content-Length: {length}\r\n\r\n".encode())
                if after == "half a body" and method == "POST":
                    writer.write(b"x")
                    await until(lambda: any(served.app[BODIES].held(asks) for asks in Asks))
                if after == "the answer's first bytes":
                    writer.write(b"x" * length)
                    await asyncio.wait_for(reader.read(1), PATIENCE_S)
                await writer.drain()
                writer.transport.abort()
        await until(lambda: OPEN.value() == 0)
    assert HUNG_UP.value() > 0


# --- what stands in front ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named, headers, front",
    [
        ((), {"X-Forwarded-For": "203.0.113.9"}, Front.NO_PROXY_NAMED),
        ((), {"Forwarded": "for=203.0.113.9"}, Front.NO_PROXY_NAMED),
        (("10.0.0.1",), {"X-Forwarded-For": "203.0.113.9"}, Front.ANOTHER_PROXY),
        (("127.0.0.1",), {}, Front.SAYS_NOTHING),
        (("127.0.0.1",), {"X-Forwarded-For": "203.0.113.9"}, None),
        ((), {}, None),
    ],
)
async def test_a_proxy_that_is_not_as_configured_is_told_of(
    serve: Callable[..., Any], named: tuple[str, ...], headers: dict[str, str], front: Front | None
) -> None:
    async with serve(limited(), proxies=Proxies.of(named)) as served, aiohttp.ClientSession(served.url) as client:
        with capture_logs() as logs:
            for _ in range(3):
                async with client.get("/sign-in", headers=headers) as answer:
                    assert answer.status in (200, 404)
        told = [each for each in logs if each.get("what") == front]
        assert served.app[FRONT].seen == ({front: ["127.0.0.1"]} if front else {})
        assert len(told) == (1 if front else 0), "once"
        for language, word in (("fr", "mandataire"), ("de", "prox"), ("en", "prox"), ("es", "prox"), ("it", "prox")):
            asked = headers | {"Cookie": "session=anna"}
            async with client.get("/admin", params={"lang": language}, headers=asked) as answer:
                text = await answer.text()
                assert ("notice warn" in text) is (front is not None)
                assert front is None or ("127.0.0.1" in text and (word in text.lower() or front is Front.SAYS_NOTHING))


async def test_who_signed_out_in_another_tab_is_told_that_nothing_was_saved(serve: Callable[..., Any]) -> None:
    """Before: the plain page to sign in, and no word on what they had typed."""
    async with serve(HttpConfig()) as served, aiohttp.ClientSession(served.url) as client:
        path = f"/admin/e/event/{served.house.event}/edit"
        async with client.post(path, data={"names.fr": "Un titre"}, headers={"Accept-Language": "fr"}) as answer:
            text = await answer.text()
        assert "Votre session a été terminée" in text and "n’est pas enregistré" in text
        async with client.get("/sign-in", headers={"Accept-Language": "fr"}) as answer:
            assert "terminée" not in await answer.text(), "who just comes is told of no session"
