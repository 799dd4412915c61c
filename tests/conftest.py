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
from xdist.scheduler import LoadScopeScheduling

from tests.waiting import until_now

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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of the session's own, on a socket in a folder of its own: `postgresql://…` for psycopg.

    Its disk is not safe (fsync=off), which tests do not need and pay dearly for. Tests make schemas or databases of
    their own in it.
    """
    binaries = postgres_binaries()
    # Not under pytest's own folder: PostgreSQL refuses to run as root, and another user may not enter there; and a
    # socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="parterre-pg-", dir="/tmp"))
    become: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        become |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data, url = folder / "data", f"postgresql://parterre@/postgres?host={folder}"
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": folder,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 60,
        "shared_buffers": "32MB",
        "timezone": "UTC",
    }
    make = f"initdb -D {data} -U parterre -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions".split()
    serve = ["postgres", "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
    try:
        subprocess.run([binaries / make[0], *make[1:]], check=True, stdout=subprocess.DEVNULL, **become)
        log = folder / "log"
        with log.open("w") as said:
            server = subprocess.Popen([binaries / serve[0], *serve[1:]], stdout=said, stderr=said, **become)
        try:
            _wait_for_postgres(url, server, log)
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)  # its data goes with it: no need to write anything down
            server.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
