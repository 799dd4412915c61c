"""What carries SQLite's writer: a thread of this process, or a process of its own, which shares no interpreter with
whoever parses HTTP. Both run the same loop (kernel/batch_writer.py).

The process is begun by this one and speaks with nobody else, so what goes over the line is pickled: what was gathered
in a turn of the loop as one message, and what came of a batch as one. It ends when it is told to, and when this one is
gone.
"""

import asyncio
import queue
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Any, Protocol

from central.kernel.batch_writer import Answers, Asked, BatchWriter, Taken
from central.kernel.db import Connection, Database
from central.kernel.helper_processes import begun
from central.kernel.judge import Judge
from central.kernel.messages import AT_ONCE, Messages, framed, opened
from central.kernel.reach import PathOf
from central.kernel.settings import Settings
from shared.runtime.log import logger

log = logger(__name__)
LONGEST_END_S = 10.0  # without a word, after which a writer that was told to end is ended

Hears = Callable[[Answers], None]
Ends = Callable[[str], None]
"""Is told in the loop why the writer is gone that nobody told to go; what it was asked may have been done or not."""


class Carrier(Protocol):
    def begin(self, hears: Hears, ends: Ends) -> None:
        """Call it in the running loop; `hears` is called there. Once more where the writer was gone."""

    def send(self, asked: list[Asked]) -> None:
        """Fails, and sends nothing, where one of them cannot go to another process."""

    def close(self) -> None:
        """Call it in the loop: what was sent is finished, then there is no writer any more. One that does not move is
        not waited for."""

    @property
    def toil(self) -> int | None:
        """What the writer has worked so far: the same again, and it did nothing in between. None: that cannot be told,
        or it could not be ended."""

    def end_still(self, why: str) -> None:
        """Ends the writer that does nothing; it is told as where it is gone."""

    @property
    def ended(self) -> bool:
        """Whether there is no writer any more, for good."""


class ThreadCarrier:
    def __init__(self, connect: Callable[[], Connection], judge: Judge, **how: Any) -> None:
        self._asked: queue.SimpleQueue[Any] = queue.SimpleQueue()  # what it is sent, and None at the end
        self._told: queue.SimpleQueue[Answers] = queue.SimpleQueue()
        self._writer = BatchWriter(connect, judge.work, self._take, self._tell, **how)
        self._thread = threading.Thread(target=self._writer.run, name="writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hears: Hears = lambda _: None

    def begin(self, hears: Hears, ends: Ends) -> None:  # noqa: ARG002 - a thread goes with its process
        self._loop, self._hears = asyncio.get_running_loop(), hears
        self._thread.start()

    def send(self, asked: list[Asked]) -> None:
        for each in asked:
            self._asked.put(each)

    def close(self) -> None:
        self.end()
        self._hear()

    def end(self) -> None:
        """`close` from any thread: what came is heard in the loop, when that comes to it."""
        self._asked.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def toil(self) -> int | None:
        return None

    def end_still(self, why: str) -> None:
        """A thread goes with its process only."""

    @property
    def ended(self) -> bool:
        return self._thread.ident is not None and not self._thread.is_alive()

    def _take(self, wait: bool) -> Taken | None:
        with suppress(queue.Empty):
            asked: Taken | None = self._asked.get(block=wait)
            if asked is None:  # the end was asked for: finish this batch, then stop
                self._asked.put(None)
            return asked
        return None

    def _tell(self, answers: Answers) -> None:
        assert self._loop is not None
        self._told.put(answers)
        with suppress(RuntimeError):  # the loop is gone: nobody waits for an answer
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._hears(self._told.get_nowait())


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a writer's process is told first. `modules` declare all commands; `keys` as `Keys.texts`."""

    modules: tuple[str, ...]
    database: Database
    path_of: PathOf
    keys: list[bytes]
    settings: Settings
    log_level: str


class ProcessCarrier:
    def __init__(self, beginning: Beginning) -> None:
        self._beginning = beginning
        self._process: Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._to_send: deque[memoryview] = deque()
        self._messages = Messages()
        self._hears: Hears = lambda _: None
        self._ends: Ends = lambda _: None

    def begin(self, hears: Hears, ends: Ends) -> None:
        self._hears, self._ends, self._loop = hears, ends, asyncio.get_running_loop()
        self._to_send.clear()
        self._messages = Messages()
        self._process, self._line = begun("from central.kernel.writer_process import serve")
        self._line.setblocking(False)
        self._loop.add_reader(self._line, self._readable, self._line)
        self._put(self._beginning)

    def send(self, asked: list[Asked]) -> None:
        self._put(asked)

    def close(self) -> None:
        self._closing = True
        if self._line is None:
            return
        line, poll = self._line, select.poll()
        self._put(None)
        while self._line is not None:
            poll.register(line, select.POLLIN | (select.POLLOUT if self._to_send else 0))
            if not poll.poll(LONGEST_END_S * 1000):
                log.warning("the writer does not end: it is ended", after_s=LONGEST_END_S)
                self._gone(line)
                return
            self._writable()
            self._readable(line)

    @property
    def toil(self) -> int | None:
        return toil_of(self._process.pid) if self._process and self._line else None

    def end_still(self, why: str) -> None:
        if self._line is not None:
            self._gone(self._line, why)

    @property
    def ended(self) -> bool:
        return False

    def _put(self, message: Any) -> None:
        self._to_send.extend(framed(message))
        self._writable()

    def _writable(self) -> None:
        line, loop = self._line, self._loop
        if line is None or loop is None:
            return
        try:
            while self._to_send:
                sent = line.send(self._to_send[0])
                self._to_send[0] = self._to_send[0][sent:]
                if not self._to_send[0]:
                    self._to_send.popleft()
        except BlockingIOError:
            if not self._closing:
                loop.add_writer(line, self._writable)
            return
        except OSError:
            self._to_send.clear()  # it is gone, which the reader hears too
        loop.remove_writer(line)

    def _readable(self, line: socket.socket) -> None:
        try:
            some = line.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            some = b""
        for message in self._messages.of(some):
            try:
                answers = opened(message)
            except Exception as fault:  # nobody knows whose answers these were: all that it had are told
                self._gone(line, f"what the writer said cannot be opened: {fault}")
                return
            self._hears(answers)
        if not some:
            self._gone(line)

    def _gone(self, line: socket.socket, why: str = "") -> None:
        assert self._process and self._loop
        self._loop.remove_reader(line)
        self._loop.remove_writer(line)
        line.close()
        self._line = None
        self._process.kill()  # it ends anyhow, but for one that closed its line and did not
        code: int | None = None
        try:
            code = self._process.wait(LONGEST_END_S)
        except TimeoutExpired:  # at a disk that does not answer: it does nothing any more, and goes with that
            log.warning("the writer that was ended is not gone", pid=self._process.pid)
        if not self._closing:
            self._ends(why or f"the writer's process ended with {code}")


def toil_of(pid: int) -> int | None:
    """Processor time of all its threads, in the system's ticks. None of one that waits for the processor, and of one
    that waits for a disk, which nobody ends."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *more = text.rpartition(")")[2].split()  # a program's name may hold anything
    return None if state in "RD" else int(more[10]) + int(more[11])
