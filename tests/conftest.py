"""Servers that tests may ask for: each is real, starts for the session and stops with it.

On a continuous integration server (CI is set) a server that is not installed fails the test; elsewhere it skips it and
says what to install.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.waiting import until_now

settings.load_profile("calm")

TOGETHER = {
    "tests/central/reports/test_checks.py",
    "tests/e2e/test_story.py",
    "tests/parterre/test_cli_central.py",
}
"""Files whose tests share something dear, made once per file: each of them runs in one worker, all other tests in
whichever has nothing to do."""


class Workers(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Workers:
    return Workers(config, log)


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

    def __init__(self, *, keeps: bool = False) -> None:
        """`keeps`: what was committed is there after `stop`, as it would be on a safe disk after the power went."""
        self._keeps = keeps
        self._binaries = postgres_binaries()
        # Not under pytest's own folder: PostgreSQL refuses to run as root, and another user may not enter there; and a
        # socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="parterre-pg-", dir="/tmp"))
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
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "synchronous_commit": "on" if self._keeps else "off",
            "full_page_writes": "off",
            "max_connections": 60,
            "shared_buffers": "32MB",
            "timezone": "UTC",
        }
        serve = ["-D", self._data, *(f"--{name}={value}" for name, value in settings.items())]
        log = self.folder / "log"
        with log.open("a") as said:
            self._server = subprocess.Popen([self._binaries / "postgres", *serve], stdout=said, stderr=said,
                                            **self._become)  # fmt: skip
        _wait_for_postgres(self.url, self._server, log)

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
