"""A connection, guarded below the requests: how many there may be, how long a request's head may take and how big it
may be, how much a caller may send ahead or leave unread, and how much a refused one may go on sending. aiohttp closes
what is idle (`keepalive_timeout`) and parses; here is what it leaves open. Nothing says which programs we are made of.

Nobody is shut out by connections that do nothing: the one that is idle for longest makes room (budget.py), never one
with a request in hand. What a head that is not whole, requests sent ahead and answers that nobody reads hold below the
application is a budget as well.
"""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.hdrs import SERVER

from central.web.budget import Budget
from central.web.expectation import plainly
from central.web.limits import counted_as
from central.web.origin import PROXIES, Proxies
from central.web.settings import KIB, MIB, HttpConfig
from shared.runtime.config import Failure
from shared.runtime.log import logger
from shared.runtime.metrics import counter, gauge
from shared.runtime.throttle import Seldom

log = logger(__name__)
RECEIVED = counter("parterre_http_received_bytes_total", "Bytes that callers sent over HTTP.")
OPEN = gauge("parterre_http_connections", "Open HTTP connections.")
CLOSED = counter(
    "parterre_http_closed_total",
    "HTTP connections closed on a caller, by why.",
    why=("crowded", "head", "held", "unread", "spill", "thin", "malformed"),
)
HUNG_UP = counter("parterre_http_hung_up_total", "Callers that hung up while they were being answered.")
SPILL = 64 * KIB  # what a refused caller may still send before the line is cut
READ = 32 * KIB  # of a body before anybody wants it, once and again
TAKE = 16 * KIB  # of a socket at once
FIRST = 4 * KIB  # where a head is to come, and chunks may be behind it
THIN = 4 * KIB  # of a body as it comes, before it is asked what of that is body: of chunks of 30 bytes, five sixths
HEAD = 32 * KIB  # all lines of it
STOP_S = 4.0  # twice: what is being answered when central stops, until it is told, and until it is ended
FIELD = 8 * KIB  # one of them
FIELDS = 64
SPARE_FILES = 256  # file descriptors for everything else
_TOO_BIG = b"The head of a request has at most 32 KiB.\n"
TOO_BIG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_TOO_BIG), _TOO_BIG)
)


@dataclass(slots=True, eq=False)
class BudgetShare:
    """What one connection takes of a budget: its place, or its bytes."""

    who: str
    cut: Callable[[], None]
    coming: bool = True


class Lines:
    """The connections of one listener, by address: a named proxy is none, each of its connections counts for itself."""

    def __init__(self, config: HttpConfig, proxies: Proxies) -> None:
        self.config, self._proxies = config, proxies
        most = min(config.connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)
        self.places = Budget(most, config.connections_per_address)
        self.bytes = Budget(config.held_of_lines_mib * MIB, config.held_of_lines_mib * MIB // 2)
        self.buffer = memoryview(bytearray(TAKE))  # one for all: what is in it is taken out at once
        self._seldom = Seldom(log)

    def who(self, address: str, port: int) -> str:
        return f"{address} {port}" if self._proxies.ours(address) else counted_as(address)

    def closes(self, why: str, who: str) -> None:
        """One is closed on its caller: counted each time, told now and then."""
        CLOSED.add(why=why)
        self._seldom.warn("a connection is closed", kind=why, address=who)

    def enter(self, place: BudgetShare) -> bool:
        entered = self.places.take(place, 1)
        OPEN.set(self.places.held)
        return entered

    def leave(self, place: BudgetShare, held: BudgetShare) -> None:
        """Also twice."""
        self.places.give_back(place)
        self.bytes.give_back(held)
        OPEN.set(self.places.held)


class Line(web.RequestHandler, asyncio.BufferedProtocol):
    """One connection. `came` is told by who answers requests (entrance.py)."""

    __slots__ = (
        "_ahead", "_begun", "_body", "_busy", "_deaf", "_head", "_held", "_latest", "_lines", "_more", "_part",
        "_place", "_sending", "_spill", "_thick", "_thin", "_unsent", "_wire",
    )  # fmt: skip

    def __init__(self, server: web.Server, lines: Lines, **settings: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **settings)
        self._lines = lines
        self._head: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._busy = False
        self._body: StreamReader | None = None  # of the request in hand
        self._more: Callable[[], object] | None = None
        self._spill: int | None = None
        self._deaf = False
        self._thin = self._thick = 0  # bytes of the newest body since its head: as they came, and what was in them
        self._ahead = self._unsent = 0  # bytes
        self._begun = 0  # requests
        self._latest: StreamReader | None = None  # the body of the newest request that was parsed
        self._part = False  # part of a head may lie with who parses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        address, port, *_ = transport.get_extra_info("peername") or ("", 0)
        who = self._lines.who(address, port)
        self._wire = transport
        self._place, self._held = (
            BudgetShare(who, partial(self._end, "crowded")),
            BudgetShare(who, partial(self._end, "held")),
        )
        if not self._lines.enter(self._place):
            return
        transport.set_write_buffer_limits(high=0)  # an answer is sent when the last of it has left
        self._wait_for_head()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        self._stop_sending()
        if self._busy:
            HUNG_UP.add()
        self._lines.leave(self._place, self._held)
        super().connection_lost(exc)

    def _end(self, why: str) -> None:
        """At once, whatever has not left yet."""
        self._lines.closes(why, self._place.who)
        self._lines.leave(self._place, self._held)
        self._busy = False  # it is not the caller who hung up
        self.force_close()
        self._wire.abort()

    # --- what comes ---------------------------------------------------------------------------------------------------

    def get_buffer(self, _: int) -> memoryview:
        return self._lines.buffer[: FIRST if self._body is None else TAKE]

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._lines.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        RECEIVED.add(len(data))
        if self._spill is not None:
            self._spill -= len(data)
            if self._spill < 0:
                self._lines.closes("spill", self._place.who)
                self.force_close()
                return
            if self._deaf:
                return
        elif data and (self._body is None or self._body.is_eof()) and not self._comes_ahead(len(data)):
            return
        requests, body = self._request_count, self._latest
        taken = None if body is None or body.is_eof() else body.total_bytes
        super().data_received(data)
        new = self._request_count > requests
        if self._is_thin(data, new, taken):
            self._end("thin")
            return
        self._part = self._leaves_part(data, new, taken)
        if not self._busy and self._begun == self._request_count:  # no request is in hand or to come
            if self._ahead >= HEAD:
                self._refuse_head()
            elif self._head is None and self._spill is None:
                self._wait_for_head()
        if self._more:
            self._more()

    def _is_thin(self, data: bytes, new: bool, taken: int | None) -> bool:
        """Whether chunks are so small that to parse them costs more than they bring: thousands of one byte each."""
        if new or taken is None or self._latest is None:
            self._thin = self._thick = 0
            return False
        self._thin, self._thick = self._thin + len(data), self._thick + self._latest.total_bytes - taken
        return self._thin > THIN and self._thick * 6 < self._thin * 5

    def _leaves_part(self, data: bytes, new: bool, taken: int | None) -> bool:
        """Whether something lies behind what was parsed of this. `new`: it had whole heads; `taken`: so much was there
        of the body that it goes on with. Whoever parses does not say; where it cannot be told, something does."""
        if new:
            self._latest = body = self._messages[-1][1]
            end = len(data) - body.total_bytes
            return body.is_eof() and data[max(0, end - 4) : end] != b"\r\n\r\n"
        if taken is None or self._latest is None:
            return bool(data) or self._part
        return self._latest.is_eof() and self._latest.total_bytes - taken != len(data)

    def _refuse_head(self) -> None:
        """No request in hand or to come, and still no end of this one's head: it is told so, and little more of it is
        taken while it reads that."""
        self._wire.write(TOO_BIG)
        self.close()
        self.cut_short()
        self._ahead = 0
        self._hold()
        self._stop_waiting()
        self._head = asyncio.get_running_loop().call_later(self._lines.config.linger_s, self._late)
        self._wire.resume_reading()

    def _comes_ahead(self, n: int) -> bool:
        """So many bytes of a head that is not here yet, or of what waits behind the request in hand. What goes on for
        longer than a head may is not read until it is its turn."""
        self._ahead += n
        if self._ahead >= HEAD:
            self._wire.pause_reading()
        return self._hold()

    def came(self, request: web.Request) -> None:
        """A request's head is here."""
        self._begun += 1
        self._busy, self._body, self._place.coming = True, request.content, False
        self._stop_waiting()
        self._in_turn()

    def when_more_comes(self, tell: Callable[[], object]) -> None:
        """Whom to tell, until this request is done, that more of its body may be here."""
        self._more = tell

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._done()

    def _done(self) -> None:
        """The answer has left."""
        self._busy, self._body, self._more, self._place.coming = False, None, None, True
        self._lines.places.renew(self._place)
        if self._ahead or self._part:
            self._wait_for_head()
            self._in_turn()

    def _in_turn(self) -> None:
        full, self._ahead = self._ahead >= HEAD, 0
        self._hold()
        if full:
            self.resume_reading(resume_parser=False)

    def _hold(self) -> bool:
        """Whether there is room for what is on the line."""
        if n := self._ahead + self._unsent:
            return self._lines.bytes.take(self._held, n)
        self._lines.bytes.give_back(self._held)
        return True

    # --- what goes ----------------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        self._stop_sending()
        self._unsent = 0
        self._hold()
        super().resume_writing()

    def _wait_for_reader(self) -> None:
        self._unsent = self._wire.get_write_buffer_size()
        self._sending = asyncio.get_running_loop().call_later(self._lines.config.send_s, self._still_sending)
        self._hold()

    def _still_sending(self) -> None:
        if self._unsent - self._wire.get_write_buffer_size() >= TAKE:
            self._wait_for_reader()
        else:
            self._end("unread")

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def cut_short(self, *, in_chunks: bool = False) -> None:
        """What is still to come of this request's body is not wanted: little more of it is even taken. Chunks may be of
        one byte each, of which thousands are dear to parse: they are let fall until the line is closed."""
        self._spill, self._deaf = SPILL, in_chunks

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP is counted, not told with a traceback and not told back."""
        if status == 500:
            return super().handle_error(request, status, exc, message)
        self._lines.closes("malformed", self._place.who)
        answer = _Nameless(status=status, text="This is no request that can be read.\n")
        answer.force_close()
        return answer

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._head = asyncio.get_running_loop().call_later(self._lines.config.head_s, self._late)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        self._head = None
        self._end("head")


class _Nameless(web.Response):
    """An answer below the application, which no signal reaches that would take the server's name off."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop(SERVER, None)


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int, config: HttpConfig) -> AsyncIterator[str]:
    """Serves until the block ends; gives the address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        assert runner.server, "it is set up"
        runner.server.request_factory = plainly(runner.server.request_factory)
        lines = Lines(config, app[PROXIES])
        settings: dict[str, Any] = {
            "keepalive_timeout": config.idle_s,
            "lingering_time": config.linger_s,
            "read_bufsize": READ,
            "max_line_size": FIELD,
            "max_field_size": FIELD,
            "max_headers": FIELDS,
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
