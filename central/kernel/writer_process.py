"""The process that writes: the other end of `ProcessCarrier`. One thread does all of it; another looks up ahead what a
command will need, and a third waits for central to be gone: nobody shall find the database held by an orphan."""

import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from central.kernel.actor import SYSTEM
from central.kernel.batch_writer import Answers, BatchWriter, Taken
from central.kernel.carriers import Beginning
from central.kernel.judge import Judge
from central.kernel.keys import Keys, keys_of
from central.kernel.messages import AT_ONCE, Messages, framed, opened
from central.kernel.tx import Read
from central.kernel.work import Ahead, OwnConnections
from shared.runtime.log import setup

SWITCH_S = 0.0005  # so long may a look ahead keep the writer from the interpreter; Python's own 5 ms are a batch


def serve(descriptor: int) -> None:
    """From the first message to the end."""
    for each in (signal.SIGINT, signal.SIGTERM):  # a terminal's Ctrl-C, a unit's stop: central says when
        signal.signal(each, signal.SIG_IGN)
    line = socket.socket(fileno=descriptor)
    threading.Thread(target=_end_with, args=(line,), name="orphan", daemon=True).start()
    inbox = Inbox(line)
    beginning: Beginning = inbox.first()
    setup("central writer", beginning.log_level)
    for module in beginning.modules:
        importlib.import_module(module)
    keys = keys_of(beginning.keys)
    assert keys, "central's own, which it has read"
    judge = Judge.of(beginning.path_of, keys, beginning.settings)
    outbox = Outbox(line)
    inbox.ahead = LooksAhead(beginning, keys, outbox)
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # nobody looks through all that was imported again, with sales waiting
    BatchWriter(beginning.database.connect, judge.work, inbox.take, outbox.tell).run()


def _end_with(line: socket.socket) -> None:
    """With central: the line has no other end any more. What was not committed is not done."""
    poll = select.poll()
    poll.register(line, 0)  # told is only that the other end is gone
    poll.poll()
    os._exit(1)


class Inbox:
    ahead: "LooksAhead"

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._messages = Messages()
        self._came: deque[bytes] = deque()
        self._asked: deque[Taken] = deque()
        self._over = False

    def first(self) -> Any:
        self._read(wait=True)
        return opened(self._came.popleft())

    def take(self, wait: bool) -> Taken | None:
        while not self._asked and not self._over and self._read(wait=wait):
            self._sort(opened(self._came.popleft()))
        return self._asked.popleft() if self._asked else None

    def _read(self, *, wait: bool) -> bool:
        """Whether a message came; False, where it waits: none ever will, for central is gone."""
        while not self._came:
            try:
                some = self._line.recv(AT_ONCE, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            if not some:
                return False
            self._came.extend(self._messages.of(some))
        return True

    def _sort(self, asked: list[Any] | None) -> None:
        self._over = asked is None
        for number, each, now in asked or ():
            if isinstance(each, Ahead):
                self.ahead.begin(number, each, now)
            else:
                self._asked.append((number, each, now))


class Outbox:
    def __init__(self, line: socket.socket) -> None:
        self._line, self._lock = line, threading.Lock()

    def tell(self, answers: Answers) -> None:
        try:
            frames = framed(answers)
        except Exception:  # what a chore answers may be anything
            frames = framed(replace(answers, said=[(number, _sayable(each)) for number, each in answers.said]))
        with self._lock, suppress(OSError):  # central is gone, and we with it
            for each in frames:
                self._line.sendall(each)


def _sayable(answer: Any) -> Any:
    try:
        framed(answer)
    except Exception as fault:
        return RuntimeError(f"its answer cannot be told to another process: {fault}")
    return answer


class LooksAhead:
    """One at a time, in a thread of its own."""

    def __init__(self, beginning: Beginning, keys: Keys, outbox: Outbox) -> None:
        self._beginning, self._keys, self._outbox = beginning, keys, outbox
        self._lines = OwnConnections(beginning.database, read_only=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def begin(self, number: int, ahead: Ahead, now: datetime) -> None:
        self._thread.submit(self._look, number, ahead, now)

    def _look(self, number: int, ahead: Ahead, now: datetime) -> None:
        answer: Any = None
        try:
            db = self._lines.get()
            db.begin(write=False)
            ahead.look(Read(db, SYSTEM, now, self._keys, self._beginning.settings))
            db.rollback()
        except Exception as fault:
            self._lines.drop()
            answer = fault
        self._outbox.tell(Answers([(number, answer)], ahead=True))
