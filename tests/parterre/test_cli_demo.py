"""Starting the demo wrongly says so in a sentence."""

import subprocess
import sys
from pathlib import Path


def test_two_demos_never_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    command = [sys.executable, "-m", "parterre", "demo", "--once", "--folder", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and "is not empty" in ended.stderr and "Traceback" not in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["central"]
