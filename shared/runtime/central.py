"""The way to central. Over HTTP every request is signed by the device, at central's time where its own clock is wrong;
every answer is a value or a named refusal."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from secrets import token_hex
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
import orjson
from aiohttp import hdrs
from yarl import URL

from shared.ids import Id
from shared.runtime.log import logger
from shared.runtime.system import Clock
from shared.wire.codec import build
from shared.wire.refusals import DeviceRefusal, refusal_named
from shared.wire.requests import CODE, COMMAND_ID, NONCE, PASS, PASS_FORM, TimeTold, signed_headers
from shared.wire.seal import Sealed, Signer

log = logger(__name__)
OPEN = frozenset({"enrol_device", "enrolment", "device_time"})  # never signed: they get keys and time right
MAX_ANSWER = 32 * 1024 * 1024
MAX_PROBLEM = 64 * 1024
PIECE = 256 * 1024  # of a file
WAIT = (408, 429)  # about when a request came, not about what it says: no refusal to be settled by
LONGEST_WAIT_S = 60.0  # that central's word makes anybody wait
_SECONDS = re.compile("[0-9]{1,4}")


class Unreachable(Exception):
    """Central did not answer, or not in a way that means anything. Try again later."""


class Later(Unreachable):
    """Central is there, and asks to come back: after `after_s`, where it says when. What was asked was not done, or
    will be told again by its id."""

    def __init__(self, status: int, after_s: float) -> None:
        super().__init__(f"answer {status}: central asks to come back later")
        self.after_s = after_s


class Declined(Exception):
    """Central said no: by a `reason` that a device does something about, or by another (None), whose name `said` has
    for a person; and the id or code of what must change."""

    def __init__(self, said: DeviceRefusal | str, fix: str = "", detail: Mapping[str, Any] | None = None) -> None:
        self.reason = refusal_named(said) if isinstance(said, str) else said
        self.said = said if isinstance(said, str) else said.value
        super().__init__(f"{self.said} ({fix})" if fix else self.said)
        self.fix = fix
        self.detail = dict(detail or {})


class Central(Protocol):
    """The way to central: HTTP in life, a function call in the simulation. Both raise Unreachable and Declined."""

    async def query(self, name: str, params: Mapping[str, str]) -> bytes: ...

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes: ...


class HttpCentral:
    """Use it as a context, or call `close`. Without `device_id` and `signer` requests go unsigned (enrolment, with
    its `code`).
    `vouches` says whether central sealed a statement: by what it says of its time a request is signed once more that
    was out of time. Raises Unreachable and Declined only."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        device_id: Id | None = None,
        signer: Signer | None = None,
        timeout_s: float = 10.0,
        code: str = "",
    ) -> None:
        self._url = URL(url.rstrip("/")) / "api" / "v1"
        self._clock, self._device_id, self._signer, self._code = clock, device_id, signer, code
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, 5.0))
        self._session: aiohttp.ClientSession | None = None
        self.vouches: Callable[[Sealed], bool] | None = None
        self._off = timedelta()  # of the requests' time from our clock's
        self._pass = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def query(self, name: str, params: Mapping[str, str]) -> bytes:
        return await self._ask("GET", self._url / "queries" / name % dict(params))

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes:
        return await self._ask("POST", self._url / "commands" / name, body, command_id)

    async def download(self, name: str) -> AsyncIterator[bytes]:
        """A snapshot's file, piece by piece; however long it takes, as long as it comes."""
        url = self._url / "snapshots" / name
        timeout = aiohttp.ClientTimeout(sock_connect=self._timeout.sock_connect, sock_read=self._timeout.total)
        try:
            for last in (False, True):
                headers = self._headers("GET", url, b"", "")
                async with self._open("GET", url, b"", headers, timeout) as answer:
                    if answer.status == 200:
                        async for piece in answer.content.iter_chunked(PIECE):
                            yield piece
                        return
                    text = await answer.content.read(MAX_PROBLEM)
                    if last or not self._set_right(answer.status, text, headers):
                        _value(answer.status, text, answer.headers.get(hdrs.RETRY_AFTER, ""))
                        raise Unreachable(f"answer {answer.status} that is no file")
        except TimeoutError:
            raise Unreachable(f"{self._url.origin()} stopped sending") from None
        except (aiohttp.ClientError, OSError) as bad:
            raise Unreachable(f"{self._url.origin()}: {bad}") from None

    async def _ask(self, method: str, url: URL, body: bytes = b"", command_id: str = "") -> bytes:
        try:
            headers = self._headers(method, url, body, command_id)
            status, text, again = await self._answer(method, url, body, headers)
            if self._set_right(status, text, headers):
                headers = self._headers(method, url, body, command_id)
                status, text, again = await self._answer(method, url, body, headers)
            return _value(status, text, again)
        except TimeoutError:
            raise Unreachable(f"no answer from {self._url.origin()} in time") from None
        except (aiohttp.ClientError, OSError) as bad:
            raise Unreachable(f"{self._url.origin()}: {bad}") from None

    async def _answer(self, method: str, url: URL, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, str]:
        """Its status, its text, and when to come back, if it says so."""
        async with self._open(method, url, body, headers, self._timeout) as answer:
            if PASS_FORM.fullmatch(said := answer.headers.get(PASS, "")):  # anything else could not be sent again
                self._pass = said
            text = await answer.content.read(MAX_ANSWER + 1)
            while len(text) <= MAX_ANSWER and (more := await answer.content.read(MAX_ANSWER)):
                text += more
            return answer.status, text, answer.headers.get(hdrs.RETRY_AFTER, "")

    def _headers(self, method: str, url: URL, body: bytes, command_id: str) -> dict[str, str]:
        """Signed if this device has a name, and what it asks is not for everybody."""
        headers = {"Content-Type": "application/json"} if body else {}
        headers |= {name: said for name, said in ((PASS, self._pass), (CODE, self._code)) if said}
        if self._device_id is None or self._signer is None or url.name in OPEN:
            return headers | ({COMMAND_ID: command_id} if command_id else {})
        at, path = (self._clock.read().wall + self._off).isoformat(), url.raw_path_qs
        return headers | signed_headers(
            self._device_id, self._signer, method, path, at, token_hex(16), body, command_id
        )  # fmt: skip

    def _set_right(self, status: int, text: bytes, headers: Mapping[str, str]) -> bool:
        """Whether central said that a request was out of time, and what time it is: later ones are signed by that."""
        if status != 401 or self.vouches is None or NONCE not in headers:
            return False
        try:
            said = orjson.loads(text)
            late = refusal_named(said["reason"]) is DeviceRefusal.WRONG_TIME
            sealed = build(Sealed, said["detail"]["time"]) if late else None
            told = sealed.body(TimeTold) if sealed and self.vouches(sealed) else None
        except (ValueError, KeyError, TypeError):
            return False
        if told is None or told.nonce != headers[NONCE] or told.at.tzinfo is None:
            return False
        self._off = told.at - self._clock.read().wall
        log.info("requests are signed by central's time", off_s=round(self._off.total_seconds()))
        return True

    def _open(
        self, method: str, url: URL, body: bytes, headers: dict[str, str], timeout: aiohttp.ClientTimeout
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session.request(method, url, data=body or None, headers=headers, timeout=timeout)


def _value(status: int, text: bytes, again: str) -> bytes:
    if len(text) > MAX_ANSWER:
        raise Unreachable("the answer is too big to be meant")
    try:
        said = orjson.loads(text)
    except ValueError:
        said = None
    if status == 200 and isinstance(said, dict) and "value" in said:
        return orjson.dumps(said["value"])
    if status in WAIT or (status == 503 and _SECONDS.fullmatch(again)):
        raise Later(status, min(float(again), LONGEST_WAIT_S) if _SECONDS.fullmatch(again) else 0.0)
    if isinstance(said, dict) and said.get("reason") and status < 500:
        detail = said.get("detail")
        raise Declined(str(said["reason"]), str(said.get("fix") or ""), detail if isinstance(detail, dict) else {})
    raise Unreachable(f"answer {status} that says nothing")
