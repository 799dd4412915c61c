"""What is worked out beside the writer: reading a plan, checking it, drawing, packing, exporting. In processes of their
own, since threads of this one would share its interpreter with every sale; a few at a time, and each with an end.

A piece of work is a module's function with plain arguments. It gives its answer in parts, which come over one by one,
so that taking a stadium's answer over does not hold the interpreter for as long as the stadium is large. Processor time
is what is limited first, so that a busy machine refuses nothing that an idle one would do; then time, then memory. A
process that went over a limit is ended and the next one is fresh. One that nobody needs ends by itself, but for those
that were begun ahead.
"""

import asyncio
import os
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.runtime.metrics import counter, histogram

MIB = 1024 * 1024
IDLE_S = 300.0
START_S = 60.0  # a process imports what it needs; only a machine in trouble takes this long
GENTLE = 10  # as `nice` counts: whoever sells goes first
_HEAD = struct.Struct("!cQ")
_PART, _END, _BROKE, _MEMORY = b"p", b"e", b"x", b"m"
WORKED = counter(
    "parterre_beside_total", "Works beside the writer, by how they ended.",
    outcome=("done", "crowded", "too_heavy", "unwanted", "broken"),
)  # fmt: skip
TOOK = histogram("parterre_beside_seconds", "How long works beside the writer took, waiting included.")


@dataclass(frozen=True, slots=True)
class BesideConfig:
    """What is worked out beside the writer: how many at a time, how many may wait, and how long and large each may be.
    `memory_mib` is address space: a plan of 100,000 places takes some 350 of it."""

    at_once: int = 1
    waiting: int = 6
    cpu_s: float = 30.0
    time_s: float = 120.0
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True)
class Errand:
    """A call that another process can make: a function of a module, plain arguments; what it yields are the parts."""

    act: Callable[..., Iterable[Any]]
    args: tuple[Any, ...]

    def here(self) -> tuple[Any, ...]:
        """At once and in this thread: for the simulation, which has no other processes."""
        return tuple(self.act(*self.args))


@dataclass(frozen=True, slots=True)
class Packed:
    """Parts as they came over: whoever needs them opens them, in whichever process that is."""

    parts: tuple[bytes, ...]

    def opened(self) -> tuple[Any, ...]:
        return tuple(pickle.loads(each) for each in self.parts)  # noqa: S301 - our own process


class HungUp(ConnectionError):
    """Who asked waits for it no more: what is half done ends."""


Wanted = Callable[[], None]
"""Raises HungUp where that is so; from any thread."""


class Crowded(Exception):
    """As many wait as may."""


class TooHeavy(Exception):
    """It went over a limit; the text says which."""


class Beside:
    def __init__(self, config: BesideConfig | None = None) -> None:
        self.config = config or BesideConfig()
        self._threads = ThreadPoolExecutor(self.config.at_once, thread_name_prefix="beside")
        self._local = threading.local()
        self._helpers: list[_Helper] = []
        self._idle_s: float | None = IDLE_S
        self._stopped = False
        self.inside = 0

    def begin(self, load: Errand) -> None:
        """Has a process ready before anybody needs it, with what `load` imports; it stays. Where that fails, whoever
        comes first is told."""
        self._idle_s = None
        self._threads.submit(self._parts, load, lambda: None)

    async def parts(self, errand: Errand, wanted: Wanted = lambda: None) -> tuple[Any, ...]:
        """`packed`, and opened."""
        found = await self.packed(errand, wanted)
        return await asyncio.to_thread(found.opened)

    async def packed(self, errand: Errand, wanted: Wanted = lambda: None) -> Packed:
        """Call it in the loop. Raises Crowded or TooHeavy, and whatever the work's own fault is as a RuntimeError;
        `wanted` raises HungUp where nobody waits for it any more, and is asked before it begins and at each part."""
        if self.inside >= self.config.at_once + self.config.waiting:
            WORKED.add(outcome="crowded")
            raise Crowded
        self.inside += 1
        outcome, began = "broken", time.monotonic()
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, self._parts, errand, wanted)
            outcome = "done"
            return found
        except TooHeavy:
            outcome = "too_heavy"
            raise
        except HungUp:
            outcome = "unwanted"
            raise
        finally:
            self.inside -= 1
            WORKED.add(outcome=outcome)
            TOOK.took(time.monotonic() - began)

    def stop(self) -> None:
        """Ends what is still at work: nobody waits for it any more."""
        self._stopped = True
        for helper in self._helpers:
            helper.cut()
        self._threads.shutdown(cancel_futures=True)
        for helper in self._helpers:
            helper.end()

    def _parts(self, errand: Errand, wanted: Wanted) -> Packed:
        wanted()
        helper: _Helper | None = getattr(self._local, "helper", None)
        if helper is None:
            helper = self._local.helper = _Helper(self.config, self._idle_s)
            self._helpers.append(helper)
            if self._stopped:  # which did not see this one
                helper.cut()
        return helper.parts(errand, wanted)


def program(served: str, line: int, more: str) -> str:
    """Nobody looks for what can be thrown away while all is imported: it was a quarter of such a process's start."""
    return f"import gc; gc.disable(); {served}; gc.freeze(); gc.enable(); serve({line}, {more})"


def begun(served: str, more: str = "") -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Another process of this very program, and the line to it: it imports what `served` says, and does
    `serve(descriptor of its end, more)`. It looks for modules where this one does, and not in the folder in which it
    was begun (`-P`), where anybody may have put some."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", program(served, theirs.fileno(), more)],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(each or str(Path.cwd()) for each in sys.path)},
        )  # fmt: skip
    return process, ours


class _Helper:
    """One process at a time, begun when it is needed."""

    def __init__(self, config: BesideConfig, idle_s: float | None) -> None:
        self._config, self._idle_s = config, idle_s
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._ended = False
        self._lock = threading.Lock()

    def parts(self, errand: Errand, wanted: Wanted) -> Packed:
        said = pickle.dumps(errand)
        until = time.monotonic() + self._config.time_s
        line = self._given(said, until) or self._given(said, until)
        if line is None:
            raise RuntimeError("no process takes work beside the writer")
        found: list[bytes] = []
        try:
            while True:
                kind, body = _receive(line, until)
                if kind == _PART:
                    wanted()
                    found.append(body)
                elif kind == _END:
                    return Packed(tuple(found))
                elif kind == _MEMORY:
                    self.end()
                    raise TooHeavy("memory")
                else:
                    raise RuntimeError(f"work beside the writer broke: {body.decode(errors='replace')}")
        except TimeoutError:
            self.end()
            raise TooHeavy("time") from None
        except HungUp:
            self.end()  # it is still at it
            raise
        except (EOFError, OSError) as gone:
            raise self._why_gone() from gone

    def _given(self, said: bytes, until: float) -> socket.socket | None:
        """The line to a process that took the work; None: it was just ending, being idle, and another may."""
        line = self._ready()
        try:
            _send(line, _PART, said, until)
            _receive(line, until)
        except TimeoutError:
            self.end()
            raise TooHeavy("time") from None
        except (EOFError, OSError):
            self.end()
            return None
        return line

    def _ready(self) -> socket.socket:
        """The line to a process that lives."""
        if self._process and self._line and self._process.poll() is None and not _closed(self._line):
            return self._line
        self.end()
        with self._lock:
            if self._ended:
                raise TooHeavy("end")
            ours = self._begin()
        try:
            _receive(ours, time.monotonic() + START_S)  # its first word: it has begun
        except (TimeoutError, EOFError, OSError) as gone:
            self.end()
            raise RuntimeError("no process could be begun for work beside the writer") from gone
        return ours

    def _begin(self) -> socket.socket:
        limits = f"{self._config.cpu_s}, {self._config.memory_mib}, {self._idle_s}"
        self._process, self._line = begun("from central.kernel.helper_processes import serve", limits)
        return self._line

    def _why_gone(self) -> Exception:
        code = self._process.wait(5.0) if self._process else 0
        self.end()
        if code == -signal.SIGXCPU:
            return TooHeavy("cpu")
        if code == -signal.SIGKILL:  # what the system does where memory ends
            return TooHeavy("memory")
        return RuntimeError(f"a process beside the writer ended with {code}")

    def cut(self) -> None:
        """From any thread: what is at work ends, and nothing begins any more."""
        with self._lock:
            self._ended = True
            if self._process:
                self._process.kill()

    def end(self) -> None:
        """From the helper's own thread, or when that is over."""
        process, self._process = self._process, None
        if self._line:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
            self._line.close()
            self._line = None
        if process:
            process.kill()
            process.wait()


def _closed(line: socket.socket) -> bool:
    line.settimeout(0.0)
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _send(line: socket.socket, kind: bytes, body: bytes, until: float | None) -> None:
    line.settimeout(None if until is None else max(0.001, until - time.monotonic()))
    line.sendall(_HEAD.pack(kind, len(body)))
    line.sendall(body)


def _receive(line: socket.socket, until: float | None) -> tuple[bytes, bytes]:
    kind, size = _HEAD.unpack(_exactly(line, _HEAD.size, until))
    return kind, _exactly(line, size, until)


def _exactly(line: socket.socket, size: int, until: float | None) -> bytes:
    body = bytearray(size)
    view, got = memoryview(body), 0
    while got < size:
        line.settimeout(None if until is None else max(0.001, until - time.monotonic()))
        n = line.recv_into(view[got:])
        if n == 0:
            raise EOFError
        got += n
    return bytes(body)


# --- the other side ---------------------------------------------------------------------------------------------------


def serve(descriptor: int, cpu_s: float, memory_mib: int, idle_s: float | None) -> None:
    """The process itself: takes work from the line until it is closed, or nothing came for long."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for central, which closes the line
    with suppress(OSError):
        os.nice(GENTLE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line = socket.socket(fileno=descriptor)
    with suppress(EOFError, TimeoutError, OSError):
        _send(line, _END, b"", None)
        while True:
            line.settimeout(idle_s)
            if not line.recv(1, socket.MSG_PEEK):
                return
            _, said = _receive(line, None)
            _send(line, _END, b"", None)
            _limit_cpu(cpu_s)
            _answer(line, said)
            _limit_cpu(None)


def _limit_cpu(more_s: float | None) -> None:
    """So much processor time from now on; then the system ends this process, also when central is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = resource.RLIM_INFINITY if more_s is None else int(used.ru_utime + used.ru_stime + more_s) + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(line: socket.socket, said: bytes) -> None:
    try:
        errand: Errand = pickle.loads(said)  # noqa: S301 - from central itself
        for part in errand.act(*errand.args):
            _send(line, _PART, pickle.dumps(part, pickle.HIGHEST_PROTOCOL), None)
    except MemoryError:
        _send(line, _MEMORY, b"", None)
        raise SystemExit from None  # what it holds goes with it
    except OSError:
        raise
    except Exception as broken:
        _send(line, _BROKE, f"{type(broken).__name__}: {broken}"[:2000].encode(), None)
    else:
        _send(line, _END, b"", None)
