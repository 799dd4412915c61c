"""The way to central. Over HTTP every request is signed by the device; every answer is a value or a named refusal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
import orjson
from yarl import URL

from shared.ids import Id
from shared.runtime.system import Clock
from shared.wire.requests import COMMAND_ID, signed_headers
from shared.wire.seal import Signer

MAX_ANSWER = 32 * 1024 * 1024
MAX_PROBLEM = 64 * 1024
PIECE = 256 * 1024  # of a file


class Unreachable(Exception):
    """Central did not answer, or not in a way that means anything. Try again later."""


class Declined(Exception):
    """Central said no: a named reason, and the id or code of what must change."""

    def __init__(self, reason: str, fix: str = "", detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{reason} ({fix})" if fix else reason)
        self.reason = reason
        self.fix = fix
        self.detail = dict(detail or {})


class Central(Protocol):
    """The way to central: HTTP in life, a function call in the simulation. Both raise Unreachable and Declined."""

    async def query(self, name: str, params: Mapping[str, str]) -> bytes: ...

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes: ...


class HttpCentral:
    """Use it as a context, or call `close`. Without `device_id` and `signer` requests go unsigned (enrolment). Raises
    Unreachable and Declined only."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        device_id: Id | None = None,
        signer: Signer | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._url = URL(url.rstrip("/")) / "api" / "v1"
        self._clock, self._device_id, self._signer = clock, device_id, signer
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, 5.0))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def query(self, name: str, params: Mapping[str, str]) -> bytes:
        return await self._ask("GET", self._url / "queries" / name % dict(params), b"", {})

    async def command(self, name: str, command_id: Id, body: bytes) -> bytes:
        headers = {COMMAND_ID: command_id, "Content-Type": "application/json"}
        return await self._ask("POST", self._url / "commands" / name, body, headers)

    async def download(self, name: str) -> AsyncIterator[bytes]:
        """A snapshot's file, piece by piece; however long it takes, as long as it comes."""
        url = self._url / "snapshots" / name
        timeout = aiohttp.ClientTimeout(sock_connect=self._timeout.sock_connect, sock_read=self._timeout.total)
        try:
            async with self._open("GET", url, b"", {}, timeout) as answer:
                if answer.status != 200:
                    _value(answer.status, await answer.content.read(MAX_PROBLEM))
                    raise Unreachable(f"answer {answer.status} that is no file")
                async for piece in answer.content.iter_chunked(PIECE):
                    yield piece
        except TimeoutError:
            raise Unreachable(f"{self._url.origin()} stopped sending") from None
        except (aiohttp.ClientError, OSError) as bad:
            raise Unreachable(f"{self._url.origin()}: {bad}") from None

    async def _ask(self, method: str, url: URL, body: bytes, headers: dict[str, str]) -> bytes:
        try:
            async with self._open(method, url, body, headers, self._timeout) as answer:
                text = await answer.content.read(MAX_ANSWER + 1)
                while len(text) <= MAX_ANSWER and (more := await answer.content.read(MAX_ANSWER)):
                    text += more
                return _value(answer.status, text)
        except TimeoutError:
            raise Unreachable(f"no answer from {self._url.origin()} in time") from None
        except (aiohttp.ClientError, OSError) as bad:
            raise Unreachable(f"{self._url.origin()}: {bad}") from None

    def _open(
        self, method: str, url: URL, body: bytes, headers: dict[str, str], timeout: aiohttp.ClientTimeout
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """A request, signed if this device has a name."""
        if self._device_id is not None and self._signer is not None:
            at = self._clock.read().wall.isoformat()
            headers = headers | signed_headers(self._device_id, self._signer, method, url.raw_path_qs, at, body)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session.request(method, url, data=body or None, headers=headers, timeout=timeout)


def _value(status: int, text: bytes) -> bytes:
    if len(text) > MAX_ANSWER:
        raise Unreachable("the answer is too big to be meant")
    try:
        said = orjson.loads(text)
    except ValueError:
        said = None
    if status == 200 and isinstance(said, dict) and "value" in said:
        return orjson.dumps(said["value"])
    if isinstance(said, dict) and said.get("reason") and status < 500:
        detail = said.get("detail")
        raise Declined(str(said["reason"]), str(said.get("fix") or ""), detail if isinstance(detail, dict) else {})
    raise Unreachable(f"answer {status} that says nothing")
