"""`parterre central` and `parterre found`, started wrongly: one clear sentence, exit code 2, no traceback."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest


def parterre(*words: str, **env: object) -> subprocess.CompletedProcess[str]:
    """The command as a person types it."""
    said = {f"PARTERRE_CENTRAL__{name}": str(value) for name, value in env.items()}
    return subprocess.run(
        [sys.executable, "-c", "from parterre.cli import main; main()", *words],
        env={"PATH": os.environ["PATH"], **said}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def found(data: Path, *more: str, **env: object) -> subprocess.CompletedProcess[str]:
    return parterre("found", "--name", "La maison", *more, DATA=data, **env)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("founded") / "data"
    first = found(data)
    assert first.returncode == 0, first.stderr
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["institution", "operator", "key"]
    return data


@pytest.fixture
def house(founded: Path, tmp_path: Path) -> Path:
    """A founded house's data, to do harm to."""
    return Path(shutil.copytree(founded, tmp_path / "house"))


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) <= 2, done.stderr
    return done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield int(somebody.getsockname()[1])


def test_a_house_is_founded_once(house: Path) -> None:
    assert "holds a house already" in one_sentence(found(house))


def test_a_house_is_founded_in_its_own_language(tmp_path: Path) -> None:
    assert found(tmp_path / "data", "--language", "de").returncode == 0
    with closing(sqlite3.connect(tmp_path / "data" / "parterre.db")) as db:
        assert db.execute("SELECT names FROM context").fetchall() == [('{"de":"La maison"}',)]
    said = one_sentence(found(tmp_path / "other", "--language", "no language"))
    assert "names" in said


def test_a_port_that_is_taken(tmp_path: Path, taken: int) -> None:
    data = tmp_path / "data"
    said = one_sentence(parterre("central", DATA=data, LISTEN__PORT=taken, BROKER__PORT=0))
    assert f"cannot listen on 127.0.0.1:{taken}" in said and "listen.port" in said
    assert str(taken) in one_sentence(parterre("central", DATA=data, LISTEN__PORT=0, BROKER__PORT=taken))


def test_a_key_that_nobody_knows(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    file.write_text(f'data = "{tmp_path}"\nlissten = "127.0.0.1:80"\n')
    said = one_sentence(parterre("central", "--config", str(file)))
    assert "lissten" in said and "central.toml" in said


def test_no_data_folder_at_all() -> None:
    assert "data" in one_sentence(parterre("central"))


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert "cannot be used" in one_sentence(parterre("central", DATA=tmp_path / "data"))


def test_keys_that_are_damaged(house: Path) -> None:
    (house / "keys" / "root.key").write_text("rubbish")
    said = one_sentence(parterre("central", DATA=house))
    assert "restore the folder from your backup" in said


def test_a_database_of_a_newer_version(house: Path) -> None:
    with sqlite3.connect(house / "parterre.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    assert "another version (schema 9999)" in one_sentence(parterre("central", DATA=house))


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    env = {"DATA": tmp_path, "DATABASE": "postgresql://anna:hunter2@127.0.0.1:1/none"}
    said = one_sentence(parterre("central", **env))
    assert "cannot be used" in said and "hunter2" not in said
