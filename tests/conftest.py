"""Servers that tests may ask for: each is real, starts for the session and stops with it.

On a continuous integration server (CI is set) a server that is not installed fails the test; elsewhere it skips it and
says what to install.
"""

import gc
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from aiohttp.web_app import _cached_build_middleware
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import warm
from tests.undeclared import undeclared  # noqa: F401  # every test asks for it
from tests.waiting import until_now
from tests.warm import afresh  # noqa: F401  # some ask for it
from tests.whole import WHOLE

gc.disable()  # until all is imported: pytest_collection
settings.load_profile(os.environ.get("EXAMPLES", "calm"))  # "anew": examples that nobody has tried yet

# A fault that a test brings about is told in plain lines: with its source in colours, as it is where nobody has said
# otherwise, each takes a twentieth of a second.
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])

TOGETHER = {
    "tests/central/reports/test_checks.py",
    "tests/central/web/test_openapi.py",
    "tests/e2e/test_story.py",
    "tests/parterre/test_cli_central.py",
}
"""Files whose tests share something dear, made once per file: each of them runs in one worker, all other tests in
whichever has nothing to do."""


class Workers(LoadScopeScheduling):
    """Hands the tests out in the order of `pytest_collection_modifyitems`."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Workers:
    config.option.loadscopereorder = False  # by how many tests a file has: we know how long they take
    return Workers(config, log)


# --- how long they take, and what `make check` leaves out -------------------------------------------------------------

STARTS = re.compile(
    r"\b(TestServer|FakeCentral|evening_house|EmbeddedBroker|run_broker|run_site_broker|serve|running|VirtualPrinter"
    r"|CardTerminalSimulator|start_server|KioskWindow|subprocess|Beside|Taking|create_subprocess_exec|Database)\b"
)
"""What stands in files of tests that start what listens, is drawn, is a process, or is a house in a database."""
LISTED = [line.split(" ", 1) for line in (Path(__file__).parent / "slow.txt").read_text().splitlines()]
SLOW = {test: float(seconds) for seconds, test in LISTED}
"""Test → seconds of processor time."""
BEGAN_S = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    item.stash[BEGAN_S] = processor_s()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """For the report (`--junitxml`), which tools/slow_tests.py compares with the list. The last one does not pay for
    what all shared, and which ends after it: servers and browsers."""
    last = processor_s()
    done = yield
    _cached_build_middleware.cache_clear()  # aiohttp's, which would keep the last thousand servers, with all of each
    spent = (processor_s() if nextitem else last) - item.stash[BEGAN_S]
    item.user_properties.append(("processor_s", f"{spent:.1f}"))
    return done


def processor_s() -> float:
    """What this process and those that it waited for have used: much the same on a busy machine."""
    return sum(os.times()[:4])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks tests `server` and `slow`: nobody has to think of it. What takes longest comes first, so that at the end no
    worker is left alone with it. What only the weekly round asks (tests/whole.py) goes."""
    left = [item for item in items if not WHOLE and any(mark.kwargs.get("only") for mark in item.iter_markers("whole"))]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]
    together = dict.fromkeys(TOGETHER, 0.0)
    for test, seconds in SLOW.items():
        if (file := test.partition("::")[0]) in TOGETHER:
            together[file] += seconds
    items.sort(key=lambda item: -(together.get(item.nodeid.partition("::")[0]) or SLOW.get(item.nodeid, 0.0)))
    for item in items:
        if needs_server(item):
            item.add_marker("server")
        if item.nodeid in SLOW:
            item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What was imported and collected stays to the end: nobody looks through it for what could be thrown away, neither
    while it comes (a third of what collecting took) nor later."""
    done = yield
    gc.freeze()
    gc.enable()
    return done


def pytest_collection_finish() -> None:
    warm.take_over()
    warm.keep_templates()
    warm.keep_shapes()


def needs_server(item: pytest.Item) -> bool:
    """Whether the test's file, or that of a fixture it asks for, starts one."""
    if item.get_closest_marker("postgres") or item.get_closest_marker("e2e"):
        return True
    fixtures = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009 - pytest tells it no other way
    files = {str(item.path), *(each.func.__code__.co_filename for found in fixtures for each in found)}
    return any(_starts_something(file) for file in files)


@cache
def _starts_something(file: str) -> bool:
    return Path(file).is_relative_to(Path(__file__).parent) and bool(STARTS.search(Path(file).read_text()))


# --- where they write -------------------------------------------------------------------------------------------------

_IN_MEMORY, _ROOM = Path("/dev/shm"), 2 << 30
MEMORY = _IN_MEMORY if _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ROOM else None
"""A folder in memory, where there is room: files are made, written and thrown away there for a fraction of what a disk
takes, and no test needs that one is there after the power went. A container often has too little."""
if MEMORY and "TMPDIR" not in os.environ:  # who says where means it
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


# --- servers ----------------------------------------------------------------------------------------------------------


def missing(what: str, package: str) -> None:
    said = f"{what} is not installed: sudo apt-get install {package} (make test does it)"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


def postgres_binaries() -> Path:
    """The folder with initdb and postgres of the newest version; Debian keeps it off the path."""
    found = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found and (on_path := shutil.which("postgres")):
        found = [Path(on_path).resolve().parent]
    if not found:
        missing("PostgreSQL", "postgresql")
    return max(found, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)


class PostgresServer:
    """A PostgreSQL server of its own, on a socket in a folder of its own: `url` is `postgresql://…` for psycopg.

    Its disk is not safe (fsync=off), which tests do not need and pay dearly for. Tests make schemas or databases of
    their own in it.
    """

    def __init__(self, *, keeps: bool = False, safe: bool = False) -> None:
        """`keeps`: what was committed is there after `stop`, as it would be on a safe disk after the power went.
        `safe`: it runs as it is delivered, disk and all, for who measures."""
        self._keeps, self._safe = keeps, safe
        self._binaries = postgres_binaries()
        # Not under pytest's own folder: PostgreSQL refuses to run as root, and another user may not enter there; and a
        # socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="parterre-pg-", dir="/tmp" if safe else MEMORY or "/tmp"))
        self._become: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._become |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._data, self.url = self.folder / "data", f"postgresql://parterre@/postgres?host={self.folder}"
        self._server: subprocess.Popen[bytes] | None = None
        make = ["-U", "parterre", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        subprocess.run([self._binaries / "initdb", "-D", self._data, *make], check=True, stdout=subprocess.DEVNULL,
                       **self._become)  # fmt: skip

    def start(self) -> None:
        settings: dict[str, Any] = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "max_connections": 60,
            "timezone": "UTC",
        }
        if not self._safe:
            kept = "on" if self._keeps else "off"
            settings |= {
                "fsync": "off",
                "synchronous_commit": kept,
                "full_page_writes": "off",
                "shared_buffers": "32MB",
                "autovacuum": "off",  # it looks after hundreds of databases that no test asks anything of any more
            }
        serve = ["-D", self._data, *(f"--{name}={value}" for name, value in settings.items())]
        log = self.folder / "log"
        with log.open("a") as said:
            self._server = subprocess.Popen([self._binaries / "postgres", *serve], stdout=said, stderr=said,
                                            **self._become)  # fmt: skip
        _wait_for_postgres(self.url, self._server, log)

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def stop(self) -> None:
        """At once, as if the power went."""
        if self._server and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(timeout=20)

    def freeze(self, *, thaw: bool = False) -> None:
        """All its processes stand still: who speaks to it gets no answer, and no word that there will be none."""
        assert self._server is not None
        for process in (self._server.pid, *_children_of(self._server.pid)):
            os.kill(process, signal.SIGCONT if thaw else signal.SIGSTOP)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The session's own server: it is there for all tests, and is never stopped by one."""
    server = PostgresServer()
    try:
        server.start()
        yield server.url
    finally:
        server.close()


@contextmanager
def postgres_database(server_url: str, name: str, template: str = "") -> Iterator[str]:
    """The address of a database of this name, which is a copy of the template's; it is thrown away afterwards."""
    how = f"TEMPLATE {template}" if template else ""
    if MEMORY:  # there a file is copied in no time; on a disk, its pages through the server's memory are cheaper
        how += " STRATEGY file_copy"
    _asks(server_url).execute(f"CREATE DATABASE {name} {how}".encode())
    yield server_url.replace("/postgres?", f"/{name}?")
    _asks(server_url).execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


_LINES: dict[str, psycopg.Connection[Any]] = {}


def _asks(server_url: str) -> psycopg.Connection[Any]:
    """The one line over which databases are made: each new one is a process of the server's."""
    line = _LINES.get(server_url)
    if line is None or line.closed:
        line = _LINES[server_url] = psycopg.connect(server_url, autocommit=True)
    return line


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, that it may stop and freeze."""
    server = PostgresServer(keeps=True)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _wait_for_postgres(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    said = ""

    def answers() -> bool:
        nonlocal said
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            said = str(error)
            return server.poll() is not None
        return True

    try:
        until_now(answers)
    except TimeoutError:
        pytest.fail(f"PostgreSQL does not answer: {said}\n{log.read_text()}")
    if server.poll() is not None:
        pytest.fail(f"PostgreSQL ended: {said}\n{log.read_text()}")


@pytest.fixture(scope="session")
def mosquitto_binary() -> str:
    """The broker's program; Debian keeps it off the path of a plain user."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None:
        missing("Mosquitto", "mosquitto")
    assert found is not None
    return found


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago, for a program that cannot choose one itself (it does not take port 0)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
