"""A connection, guarded below the requests: how many there may be, how long a request's head may take, how much a
refused caller may go on sending. aiohttp closes what is idle (`keepalive_timeout`) and parses; here is what it leaves
open. Nothing says which programs we are made of.
"""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.hdrs import SERVER

from central.web.limits import counted_as
from central.web.origin import PROXIES, Proxies
from central.web.settings import KIB, HttpConfig
from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.metrics import counter, gauge
from shared.runtime.seldom import Seldom

log = logger(__name__)
TAKEN = counter("parterre_http_received_bytes_total", "Bytes that callers sent over HTTP.")
OPEN = gauge("parterre_http_connections", "Open HTTP connections.")
CLOSED = counter(
    "parterre_http_closed_total",
    "HTTP connections closed on a caller, by why.",
    why=("crowded", "head", "spill", "malformed"),
)
HUNG_UP = counter("parterre_http_hung_up_total", "Callers that hung up while they were being answered.")
SPILL = 64 * KIB  # what a refused caller may still send before the line is cut
READ = 64 * KIB  # of a body before anybody wants it
SPARE_FILES = 256  # file descriptors for everything else


class Lines:
    """The connections of one listener, by address."""

    def __init__(self, config: HttpConfig, proxies: Proxies) -> None:
        self.config, self._proxies = config, proxies
        self._most = min(config.connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)
        self._of: dict[str, int] = {}
        self.open = 0
        self._seldom = Seldom(log)

    def closes(self, why: str, address: str | None) -> None:
        """One is closed on its caller: counted each time, told now and then."""
        CLOSED.add(why=why)
        self._seldom.warn("a connection is closed", kind=why, address=address)

    def enter(self, address: str) -> bool:
        who = counted_as(address)
        mine = self._of.get(who, 0)
        full = mine >= self.config.connections_per_address and not self._proxies.ours(address)
        if full or self.open >= self._most:
            self.closes("crowded", who)
            return False
        self._of[who] = mine + 1
        self.open += 1
        OPEN.set(self.open)
        return True

    def leave(self, address: str) -> None:
        who = counted_as(address)
        mine = self._of[who] - 1
        if mine:
            self._of[who] = mine
        else:
            del self._of[who]
        self.open -= 1
        OPEN.set(self.open)


class Line(web.RequestHandler):
    """One connection. `came` and `done` are told by who answers requests (entrance.py)."""

    __slots__ = ("_address", "_busy", "_head", "_lines", "_more", "_spill")

    def __init__(self, server: web.Server, lines: Lines, **settings: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **settings)
        self._lines = lines
        self._address: str | None = None
        self._head: asyncio.TimerHandle | None = None
        self._busy = 0
        self._more: Callable[[], object] | None = None
        self._spill: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if not self._lines.enter(address):
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
            return
        self._address = address
        self._wait_for_head()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        if self._busy:
            HUNG_UP.add()
        if self._address is not None:
            self._lines.leave(self._address)
            self._address = None
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        TAKEN.add(len(data))
        if self._spill is not None:
            self._spill -= len(data)
            if self._spill < 0:
                self._lines.closes("spill", self._address)
                self.force_close()
                return
        if data and not self._busy and self._head is None:
            self._wait_for_head()
        super().data_received(data)
        if self._more:
            self._more()

    def came(self) -> None:
        """A request's head is here."""
        self._busy += 1
        self._stop_waiting()

    def when_more_comes(self, tell: Callable[[], object]) -> None:
        """Whom to tell, until this request is done, that more of its body may be here."""
        self._more = tell

    def done(self) -> None:
        self._busy -= 1
        self._more = None

    def cut_short(self) -> None:
        """What is still to come of this request's body is not wanted: little more of it is even taken."""
        self._spill = SPILL

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP is counted, not told with a traceback and not told back."""
        if status == 500 and not request.headers.get("Expect", "").isascii():
            status = 400  # aiohttp tells it back, before anybody is asked, and cannot write what is no text
        if status == 500:
            return super().handle_error(request, status, exc, message)
        self._lines.closes("malformed", request.remote)
        answer = _Nameless(status=status, text="This is no request that can be read.\n")
        answer.force_close()
        return answer

    def _wait_for_head(self) -> None:
        self._head = asyncio.get_running_loop().call_later(self._lines.config.head_s, self._late)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        self._head = None
        self._lines.closes("head", self._address)
        self.force_close()


class _Nameless(web.Response):
    """An answer below the application, which no signal reaches that would take the server's name off."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop(SERVER, None)


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int, config: HttpConfig) -> AsyncIterator[str]:
    """Serves until the block ends; gives the address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        assert runner.server, "it is set up"
        lines = Lines(config, app[PROXIES])
        settings: dict[str, Any] = {
            "keepalive_timeout": config.idle_s,
            "lingering_time": config.linger_s,
            "read_bufsize": READ,
            "auto_decompress": False,
            "access_log": None,
        }
        make: Callable[[], Line] = partial(Line, runner.server, lines, **settings)
        try:
            server = await asyncio.get_running_loop().create_server(make, host, port, backlog=1024)
        except OSError as fault:
            raise Failure(
                f"Central cannot listen on {host}:{port} ({fault.strerror}).",
                "Stop what uses this port, or set listen.port.",
            ) from fault
        try:
            address = server.sockets[0].getsockname()
            yield f"http://{address[0]}:{address[1]}"
        finally:
            server.close()
    finally:
        await runner.cleanup()
