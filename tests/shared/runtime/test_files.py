"""A file is whole or not there, and readable by nobody else from its first byte."""

import os
from pathlib import Path

import pytest

from shared.runtime import files
from shared.runtime.files import write_whole


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_it_is_there_with_its_mode_and_nothing_else_is(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    (tmp_path / ".key.new").write_bytes(b"left by a crash, for all to read")
    for data in (b"one", b"another"):
        write_whole(path, data, mode)
        assert path.read_bytes() == data and path.stat().st_mode & 0o777 == mode & ~os.umask(os.umask(0))
        assert [each.name for each in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_what_breaks_in_between_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "key"
    write_whole(path, b"before", 0o600)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((files.os, step) if step == "fsync" else (Path, step)), full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after", 0o600)
    assert path.read_bytes() == b"before"


def test_its_name_is_on_the_disk_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[bool] = []
    real = os.fsync
    monkeypatch.setattr(files.os, "fsync", lambda of: (settled.append(Path(f"/proc/self/fd/{of}").is_dir()), real(of)))
    write_whole(tmp_path / "key", b"x", 0o600)
    assert settled == [False, True]
