"""A house is updated, and goes back, exactly as docs/operation.md says: its commands are run as they stand there, but
for those that change this machine (systemd, git), in whose place the test starts and stops central."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.kernel.db import Database
from central.kernel.keys import made_keys
from central.kernel.schema import heads, upgrade
from tests.central.conftest import empty_postgres  # noqa: F401 - a fixture
from tests.central.kernel.houses import loaded
from tests.central.kernel.test_old_houses import kept, rows_of
from tests.processes import children, command_of
from tests.waiting import until_now

PAGE = (Path(__file__).parents[2] / "docs" / "operation.md").read_text()
GOING_BACK = re.findall(r"^```sh\n(.*?)^```", PAGE.partition("### Going back")[2].partition("\n### ")[0], re.M | re.S)
OURS = (
    "sudo systemctl stop parterre-central\n",
    "cd /opt/parterre && sudo git checkout THE_VERSION_BEFORE && sudo tools/bootstrap central\n",
    "sudo systemctl start parterre-central\n",
)  # what the test does itself


def run(block: str, data: Path, copy: Path, **env: str) -> None:
    """The page's commands, in this house's folder."""
    for line in OURS:
        block = block.replace(line, "")
    text = block.replace("/var/lib/private/parterre-central", str(data)).replace("COPY", copy.name)
    assert "sudo" not in text, "a command that the test neither runs nor does itself"
    done = subprocess.run(
        ["bash", "-ec", text], env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def parterre(data: Path, *words: str) -> "subprocess.Popen[str]":
    env = {
        "PATH": os.environ["PATH"], "PARTERRE_CENTRAL__DATA": str(data),
        "PARTERRE_CENTRAL__LISTEN__PORT": "0", "PARTERRE_CENTRAL__BROKER__PORT": "0",
    }  # fmt: skip
    line = [sys.executable, "-c", "from parterre.cli import main; main()", *words]
    return subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@contextmanager
def serving(data: Path) -> Iterator[int]:
    """Central runs under the process id, until it is told to stop as systemd does."""
    ready = data / "ready"
    ready.unlink(missing_ok=True)
    with parterre(data, "central", "--ready-file", str(ready)) as process:
        try:
            until_now(lambda: ready.exists() or process.poll() is not None, 120)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate()
        assert process.returncode == 0, said


def works_beside(pid: int) -> bool:
    """Whether one of its children is the process beside the writer."""
    return any("kernel.helper_processes" in command_of(each) for each in children(pid))


def test_the_page_has_a_way_back_for_each_database() -> None:
    with_sqlite, with_postgres = GOING_BACK
    assert all(line in with_sqlite for line in OURS) and "cp -p before-updates/COPY parterre.db" in with_sqlite
    assert "pg_restore" in with_postgres


def test_a_running_house_is_updated_and_goes_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    database = Database(f"sqlite:///{data / 'parterre.db'}")
    loaded(database, "0002")
    db = database.connect()  # the keys that signed for it are nowhere: this house has others
    db.write("DELETE FROM audit_checkpoint", {})
    db.write("UPDATE device SET certificate = ''", {})
    db.write("UPDATE operator SET totp = ''", {})
    db.close()
    made_keys(data / "keys", datetime.now(UTC))
    before = rows_of(database)

    with serving(data) as central:
        until_now(lambda: works_beside(central), 120)  # before anybody brings it work
        until_now((data / "audit" / "checkpoints.jsonl").exists, 120)  # the writer writes, too
        (copy,) = (data / "before-updates").iterdir()
        assert copy.name.startswith("schema-0002-") and revision(database) == heads(database)[0]
    updated = rows_of(database)
    assert updated["house_key"] and len(updated["command_log"]) > len(before["command_log"]), "it went on"

    run(GOING_BACK[0], data, copy)
    database = Database(database.url)  # which is another file now
    assert revision(database) == "0002" and rows_of(database) == before
    left = Database(f"sqlite:///{data / 'left-behind' / 'parterre.db'}")
    assert rows_of(left) == updated and (data / "left-behind" / "checkpoints.jsonl").exists()

    with serving(data):  # the update again, later
        assert list((data / "before-updates").iterdir()) == [copy], "the same copy serves"
    kept({name: rows for name, rows in before.items() if name in ("ticket", "sale_order", "place")}, rows_of(database))
    with parterre(data, "audit", "verify") as verified:
        said, _ = verified.communicate()
    assert verified.returncode == 0, said


def revision(database: Database) -> str:
    db = database.connect()
    ((found,),) = db.run("SELECT version_num FROM alembic_version", {})
    db.close()
    return str(found)


@pytest.mark.postgres
def test_a_house_on_postgresql_goes_back(empty_postgres: Database, postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    loaded(empty_postgres, "0002")
    before = rows_of(empty_postgres)
    copy = upgrade(empty_postgres, tmp_path / "before-updates")
    assert copy
    host = postgres_url.partition("host=")[2]
    run(GOING_BACK[1], tmp_path, copy, PGHOST=host, PGUSER="parterre")
    back = Database(postgres_url.replace("/postgres?", "/parterre_before?"))
    assert revision(back) == "0002" and rows_of(back) == before
    assert revision(empty_postgres) == heads(back)[0], "the one that was updated stays"
