"""The demo's story as a test: every part a process, touches in a window, paper, serial lines, a line that is cut."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("story")
    command = [sys.executable, "-m", "parterre", "demo", "--once", "--folder", str(folder)]
    return folder, subprocess.run(command, capture_output=True, text=True, timeout=220)


def test_the_story_ends_well(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, ended = told
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-3000:]
    assert "✘" not in ended.stdout
    for seen in ("Déjà utilisé", "Porte A", "Porte B", "in all."):
        assert seen in ended.stdout
    for check in ("I1", "I2", "I3", "I4", "I5", "I6", "I7"):
        assert f"✔ │ {check}" in ended.stdout


def test_central_has_what_was_sold_and_scanned(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Asked of the database itself, not of the program that judged."""
    folder, _ = told
    with closing(sqlite3.connect(folder / "central" / "parterre.db")) as db:

        def count(sql: str) -> int:
            return int(db.execute(sql).fetchone()[0])

        assert count("SELECT COUNT(*) FROM sale_order") == 2
        assert count("SELECT COUNT(*) FROM ticket") == 4
        assert count("SELECT COUNT(*) FROM allocation WHERE state = 'sold'") == 4
        assert count("SELECT COUNT(*) FROM scan") == 5
        assert count("SELECT COUNT(*) FROM scan WHERE admitted = 0 AND reason LIKE 'used%'") == 2
        assert count("SELECT COUNT(*) FROM admission") == 3
        assert count("SELECT COUNT(*) FROM anomaly") == 0
        assert count("SELECT SUM(amount) FROM move WHERE note = 'sale'") == count("SELECT SUM(price) FROM order_line")


def test_no_secret_reached_a_log(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = told
    key = (folder / "found.log").read_text().split("key")[1].split()[0]
    with closing(sqlite3.connect(folder / "central" / "parterre.db")) as db:
        tokens = [row[0] for row in db.execute("SELECT token FROM ticket")]
        bodies = "".join(row[0] for row in db.execute("SELECT body FROM command_log WHERE name <> 'upload_facts'"))
    logs = {path.name: path.read_text(errors="replace") for path in folder.glob("*.log") if path.name != "found.log"}
    for name, text in logs.items():
        assert key not in text, name
        assert "PRIVATE KEY" not in text, name
        assert not any(token in text for token in tokens), name
    assert key not in bodies
