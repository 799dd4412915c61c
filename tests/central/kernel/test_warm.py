"""A process that begins as a copy (tests/warm.py) is to who began it what one is that begins by itself."""

import os
import sys
from pathlib import Path

import pytest

from central.kernel import helper_processes
from tests.central.kernel import works
from tests.warm import Copy, Warm


def test_a_copy_is_a_process_like_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    warm = helper_processes.begun.__self__  # type: ignore[attr-defined]
    assert isinstance(warm, Warm)
    monkeypatch.setenv("SAID", "to it")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()
    said = []
    for begun in (warm.begun, warm.cold):
        process, line = begun(f"from {works.__name__} import tell as serve", "7")
        with line, line.makefile() as told:
            heard = told.read()
        code, number, outputs = process.wait(), process.pid, capfd.readouterr()
        assert isinstance(process, Copy) == (begun == warm.begun)
        said.append((code, heard.replace(str(number), "it"), *outputs))
    copy, other = said
    assert copy == other
    assert copy[0] == 7 and copy[2:] == ("out\n", "err\n")
    assert {"it", "to it", str(os.getpid()), str(tmp_path), sys.executable} <= {*copy[1].splitlines()}
