"""A virtual 80 mm ESC/POS receipt printer: TCP like a network printer, or a pty like a serial one; faults on demand.

It keeps status as the real thing does: real-time requests (DLE EOT) are answered even while paper is out and the buffer
stands still; GS r answers only when everything before it is printed. Each cut strip becomes `ticket-0001.png`, written
under another name first, so that a watcher never sees half a picture.

The control port takes one JSON object a line and answers one:
    {"set": {"paper_end": true, "cut_after_bytes": 900}}    {"clear": true}    {"get": true}
"""

import asyncio
import contextlib
import json
import os
import tty
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from parterre.simulators.escpos_paper import Paper
from parterre.simulators.escpos_parser import Parser
from shared.runtime.config import Failure
from shared.runtime.log import logger

log = logger(__name__)
Send = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """Port 0 takes a free one. `pty`: where the link to the serial side stands; None for TCP only."""

    out: Path
    host: str = "127.0.0.1"
    port: int = 9100
    control_port: int = 9101
    pty: Path | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """Where it can be reached."""

    port: int
    control_port: int
    pty: Path | None


@dataclass(frozen=True, slots=True)
class Faults:
    """`silence`: takes bytes and prints, answers nothing. `deaf`: breaks each connection at once. The `…_after_bytes`
    count bytes to print (not status requests) from now and strike once, `cut` by breaking the line; 0 is never.
    `slow_ms`: before bytes are looked at."""

    paper_end: bool = False
    near_end: bool = False
    cover_open: bool = False
    cutter_error: bool = False
    offline: bool = False
    silence: bool = False
    deaf: bool = False
    cut_after_bytes: int = 0
    paper_end_after_bytes: int = 0
    silence_after_bytes: int = 0
    slow_ms: int = 0


@dataclass(slots=True)
class VirtualPrinter:
    """The machine without its wires: `receive` takes bytes, `send` is where answers go."""

    out: Path
    faults: Faults = field(default_factory=Faults)
    tickets: list[Path] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    received: int = 0
    parser: Parser = field(init=False)
    _send: Send = field(default=lambda _: None)
    _held: bytes = b""
    _asb: int = 0
    _asb_last: bytes = b""

    def __post_init__(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        self.parser = Parser(
            on_cut=self._cut,
            answer=self._answer,
            paper_sensor=lambda: (3 if self._near else 0) | (0x0C if self.faults.paper_end else 0),
            on_asb=self._enable_asb,
            blocked=lambda: self.stopped,
            errors=self.errors,
        )

    @property
    def stopped(self) -> bool:
        faults = self.faults
        return faults.paper_end or faults.cover_open or faults.offline or faults.cutter_error

    @property
    def _near(self) -> bool:
        return self.faults.near_end or self.faults.paper_end

    def receive(self, data: bytes, send: Send) -> bool:
        """Works off bytes from a host; False when the line is to break now."""
        self._send = send
        return all(self._byte(data[at : at + 1]) for at in range(len(data)))

    def _byte(self, byte: bytes) -> bool:
        self.received += 1
        self._held += byte
        if self._held in (b"\x10", b"\x10\x04", b"\x10\x05"):
            return True
        data, self._held = self._held, b""
        if data[:2] == b"\x10\x04" and data[2] in (1, 2, 3, 4):
            self._answer(bytes([self.status(data[2])]))
            return True
        if data[:2] == b"\x10\x05" and data[2] in (1, 2):
            if data[2] == 2:
                self.parser.drop()
            self.set(cutter_error=False)
            return True
        self.parser.feed(data)
        return self._count(len(data))

    def _count(self, size: int) -> bool:
        """The faults that strike in the middle of a ticket; False when the line breaks."""
        for fault in ("paper_end", "silence"):
            if self._run_out(f"{fault}_after_bytes", size):
                self.set(**{fault: True})
        return not self._run_out("cut_after_bytes", size)

    def _run_out(self, counter: str, size: int) -> bool:
        before = int(getattr(self.faults, counter))
        if before:
            changes: dict[str, Any] = {counter: max(0, before - size)}
            self.faults = replace(self.faults, **changes)
        return 0 < before <= size

    def status(self, which: int) -> int:
        """The answer to DLE EOT `which`: fixed bits 1 and 4, and what there is to say."""
        faults, answer = self.faults, 0x12
        match which:
            case 1:
                answer |= 0x08 if self.stopped else 0
            case 2:
                answer |= (0x04 if faults.cover_open else 0) | (0x20 if faults.paper_end else 0)
                answer |= 0x40 if faults.cutter_error else 0
            case 3:
                answer |= 0x08 if faults.cutter_error else 0
            case 4:
                answer |= (0x0C if self._near else 0) | (0x60 if faults.paper_end else 0)
        return answer

    def set(self, **changes: bool | int) -> None:
        """Switches faults; a cured printer goes on with its buffer."""
        self.faults = replace(self.faults, **changes)  # type: ignore[arg-type]  # names are checked by the caller
        self.parser.work()
        self._tell_asb()

    def state(self) -> dict[str, object]:
        return {
            "ok": True,
            "faults": asdict(self.faults),
            "tickets": [path.name for path in self.tickets],
            "waiting": self.parser.waiting,
            "errors": list(self.errors),
            "received": self.received,
        }

    def _answer(self, data: bytes) -> None:
        if not self.faults.silence:
            self._send(data)

    def _enable_asb(self, mask: int) -> None:
        self._asb, self._asb_last = mask, b""
        self._tell_asb()

    def _tell_asb(self) -> None:
        faults = self.faults
        first = 0x10 | (0x08 if self.stopped else 0) | (0x20 if faults.cover_open else 0)
        word = bytes(
            [first, 0x08 if faults.cutter_error else 0, (3 if self._near else 0) | (0x0C if faults.paper_end else 0), 0]
        )
        if self._asb and word != self._asb_last:
            self._asb_last = word
            self._answer(word)

    def _cut(self, paper: Paper) -> None:
        if not paper.inked:
            return
        if paper.ink_past_knife:
            self.errors.append("cut through print: feed before the cut")
        path = self.out / f"ticket-{len(self.tickets) + 1:04}.png"
        draft = path.with_suffix(".part")
        paper.finish().save(draft, format="PNG")
        draft.replace(path)
        self.tickets.append(path)


class Serving:
    """The wires: `async with Serving(settings) as printer:`; `bound` says where."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.machine = VirtualPrinter(settings.out)
        self.bound = Bound(0, 0, settings.pty)
        self._servers: list[asyncio.Server] = []
        self._hosts: set[asyncio.StreamWriter] = set()
        self._fds: tuple[int, ...] = ()

    async def __aenter__(self) -> "Serving":
        settings = self.settings
        data = await asyncio.start_server(self._host, settings.host, settings.port)
        try:
            control = await asyncio.start_server(self._control, settings.host, settings.control_port)
        except OSError:
            data.close()
            raise
        self._servers = [data, control]
        self.bound = Bound(_port(data), _port(control), settings.pty)
        if settings.pty is not None:
            self._open_pty(settings.pty)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for writer in list(self._hosts):
            writer.transport.abort()
        for server in self._servers:
            await server.wait_closed()
        await asyncio.sleep(0)
        if self._fds:
            asyncio.get_running_loop().remove_reader(self._fds[0])
            for fd in self._fds:
                os.close(fd)
            assert self.settings.pty is not None
            self.settings.pty.unlink(missing_ok=True)

    async def _host(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.machine.faults.deaf:
            writer.transport.abort()
            return
        self._hosts.add(writer)
        try:
            while data := await reader.read(4096):
                if self.machine.faults.slow_ms:
                    await asyncio.sleep(self.machine.faults.slow_ms / 1000)
                if not self.machine.receive(data, writer.write):
                    writer.transport.abort()
                    return
        except ConnectionError:
            pass  # a host may go away at any time
        finally:
            self._hosts.discard(writer)
            writer.close()

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._hosts.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._order(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or a line without end
        finally:
            self._hosts.discard(writer)
            writer.close()

    def _order(self, line: bytes) -> dict[str, object]:
        try:
            order = json.loads(line)
            changes = order.get("set", {})
            if order.get("clear"):
                changes = {name.name: name.default for name in fields(Faults)} | changes
            _check(changes)
        except (ValueError, AttributeError, TypeError) as bad:
            return {"ok": False, "error": str(bad)}
        self.machine.set(**changes)
        return self.machine.state()

    def _open_pty(self, link: Path) -> None:
        ours, theirs = os.openpty()
        tty.setraw(ours)
        tty.setraw(theirs)  # stays open here: without a reader on the other side the kernel reports an error
        os.set_blocking(ours, False)
        self._fds = (ours, theirs)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(theirs))
        asyncio.get_running_loop().add_reader(ours, self._serial, ours)

    def _serial(self, fd: int) -> None:
        with contextlib.suppress(OSError):
            data = os.read(fd, 4096)
            slow_s = self.machine.faults.slow_ms / 1000
            asyncio.get_running_loop().call_later(slow_s, self._serial_bytes, fd, data)

    def _serial_bytes(self, fd: int, data: bytes) -> None:
        def send(answer: bytes) -> None:
            with contextlib.suppress(OSError):
                os.write(fd, answer)

        self.machine.receive(data, send)  # a serial line does not break by itself: what is lost is lost


def _check(changes: dict[str, object]) -> None:
    kinds = {name.name: type(name.default) for name in fields(Faults)}
    for name, value in changes.items():
        if name not in kinds:
            raise ValueError(f"no fault is called {name!r}; there are {', '.join(kinds)}")
        if type(value) is not kinds[name] or (isinstance(value, int) and value < 0):
            raise ValueError(f"{name} takes {'true or false' if kinds[name] is bool else 'a number from 0 up'}")


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def serve(settings: Settings, ready: Callable[[Bound], None] | None = None) -> None:
    """Runs until cancelled; `ready` hears where it listens. Raises Failure for a taken port or a bad `out`."""
    try:
        printer = Serving(settings)
        await printer.__aenter__()
    except OSError as bad:
        raise Failure(
            f"The virtual printer cannot start: {bad.strerror or bad}.", "Give it other ports, or another folder."
        ) from bad
    try:
        bound = printer.bound
        log.info("virtual printer ready", port=bound.port, control_port=bound.control_port, pty=str(bound.pty or ""))
        if ready is not None:
            ready(bound)
        await asyncio.Event().wait()
    finally:
        await printer.__aexit__()
