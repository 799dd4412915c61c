"""Central's other processes (the writer, what is worked out beside it) begin in tests as a copy of one that has
imported all of central already: a program of its own takes 1.2 s of processor time for that, a copy 0.05. And a page's
template is compiled once, a catalogue read once.

They are processes of their own all the same, children of the one that asked, with its environment, folder and
outputs; only how they begin is another way. Tests of how they begin ask for `afresh`.
"""

import atexit
import ctypes
import gc
import os
import pickle
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
ENTRY = "import central.app, central.kernel.helper_processes; from tests.warm import lend as serve"


class Warm:
    """The process that is copied: begun when it is first needed."""

    def __init__(self, cold: Any) -> None:
        self.cold, self._process, self._line = cold, None, None
        self._lock = threading.Lock()

    def begun(self, served: str, more: str = "") -> tuple[subprocess.Popen[bytes], socket.socket]:
        """As central.kernel.helper_processes has it."""
        ours, theirs = socket.socketpair()
        said = pickle.dumps((served, more, dict(os.environ), str(Path.cwd()), sys.path))
        with theirs, self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process, self._line = self.cold(ENTRY)
            prctl = ctypes.CDLL(None, use_errno=True).prctl
            prctl(SUBREAPER, 1, 0, 0, 0)  # the copy's parent ends at once: we are its parent then
            try:
                socket.send_fds(self._line, [len(said).to_bytes(4, "big")], [theirs.fileno(), 1, 2])
                self._line.sendall(said)
                pid = int.from_bytes(_exactly(self._line, 4), "big")
            finally:
                prctl(SUBREAPER, 0, 0, 0, 0)
        return Copy(pid), ours

    def end(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.wait()


class Copy(subprocess.Popen[bytes]):
    """A child that is there already: what Popen says of itself after its fork."""

    def __init__(self, pid: int) -> None:
        self.pid, self.args, self.returncode = pid, ENTRY, None
        self.stdin = self.stdout = self.stderr = None
        self._child_created, self._sigint_wait_secs = True, 0.0
        self._waitpid_lock = threading.Lock()


def _exactly(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


class Templates(BytecodeCache):
    """Those of central's pages, compiled: a test's web server has a frame of its own, which compiled every template
    that it used. All frames are set up alike."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


def keep_templates() -> None:
    """From now on, where central has pages here at all."""
    if frame := sys.modules.get("central.web.frame"):
        set_up, kept = frame.Frame.__init__, Templates()

        def __init__(self: Any, *given: Any) -> None:
            set_up(self, *given)
            self._templates.bytecode_cache = kept

        frame.Frame.__init__ = __init__


def keep_shapes() -> None:
    """From now on what a database of SQLite looks like is worked out once for each catalogue, which it follows from: a
    house of before is brought up through the same schemas in each of its tests."""
    if shape := sys.modules.get("central.kernel.shape"):
        look, kept = shape._lines, dict[Any, list[tuple[str, str]]]()

        def lines(there: sa.Inspector) -> Iterable[tuple[str, str]]:
            if there.dialect.name != "sqlite":
                return look(there)
            catalogue = tuple(there.bind.execute(sa.text(CATALOGUE)))
            if catalogue not in kept:
                kept[catalogue] = [*look(there)]
            return kept[catalogue]

        shape._lines = lines


CATALOGUE = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def take_over() -> None:
    """From now on, where central can begin a process here at all."""
    if helpers := sys.modules.get("central.kernel.helper_processes"):
        warm = Warm(helpers.begun)
        atexit.register(warm.end)
        for name in ("helper_processes", "carriers"):
            sys.modules[f"central.kernel.{name}"].begun = warm.begun


@pytest.fixture
def afresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes begin as central begins them."""
    from central.kernel import carriers, helper_processes

    for each in (helper_processes, carriers):
        if (warm := getattr(each.begun, "__self__", None)) is not None:
            monkeypatch.setattr(each, "begun", warm.cold)
    yield


# --- the other side ---------------------------------------------------------------------------------------------------


def lend(descriptor: int) -> None:
    """Copies this process for whoever asks, until nobody can any more."""
    import central.kernel.writer_process  # noqa: F401 - not in the line that began this: tests look for it there

    line = socket.socket(fileno=descriptor)
    gc.collect()
    gc.freeze()
    while True:
        size, lent, _, _ = socket.recv_fds(line, 4, 3)
        if not size:
            return
        said = pickle.loads(_exactly(line, int.from_bytes(size, "big")))
        pid = _grandchild()
        if not pid:
            line.close()
            _serve(lent, *said)
        for each in lent:  # whoever lends keeps no end of a line open
            os.close(each)
        line.sendall(pid.to_bytes(4, "big"))


def _grandchild() -> int:
    """0 in the copy; its number in the other. Both go on when it is nobody's child any more but who reaps here."""
    told, tells = os.pipe()
    waits, lets = os.pipe()
    between = os.fork()
    if not between:
        pid = os.fork()
        if pid:
            os.write(tells, pid.to_bytes(4, "big"))
            os._exit(0)
        os.close(lets)
        os.read(waits, 1)
    else:
        os.waitpid(between, 0)
        pid = int.from_bytes(os.read(told, 4), "big")
        os.close(lets)
    for each in (told, tells, waits):
        os.close(each)
    return pid


def _serve(lent: list[int], served: str, more: str, environment: dict[str, str], folder: str, path: list[str]) -> None:
    """What a program that is begun so does, to its end."""
    descriptor, *outputs = lent
    for standard, each in enumerate(outputs, 1):
        os.dup2(each, standard)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:] = path
    from central.kernel.helper_processes import program  # it is there already, in the process that is copied

    does, code = program(served, descriptor, more), 0
    _call_itself(f"{sys.executable}\0-P\0-c\0{does}")
    try:
        exec(does, {})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    except BaseException:
        traceback.print_exc()
        code = 1
    getattr(threading, "_shutdown")()  # noqa: B009 - as the interpreter ends: with its threads, then what was registered
    getattr(atexit, "_run_exitfuncs")()  # noqa: B009
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _call_itself(line: str) -> None:
    """For who looks at the system's list of processes, where the line of the one that was copied stands."""
    start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
        memory.seek(start)
        memory.write(line.encode()[: end - start - 1].ljust(end - start, b"\0"))
