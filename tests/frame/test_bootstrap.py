"""The bootstrap speaks plainly where it cannot go on. (What it installs is tried in a bare Debian, by hand: see
docs/development.md.)"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the script itself needs of a system; neither Python nor apt.
TOOLS = ("bash", "dirname", "mkdir", "flock", "id", "cut", "sha256sum", "cat", "sleep", "tail", "env")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout on a machine that has nothing; its commands are in bin/."""
    checkout = tmp_path / "parterre"
    (checkout / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "bootstrap", checkout / "tools")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, checkout)
    (checkout / "bin").mkdir()
    for name in TOOLS:
        (checkout / "bin" / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))
    return checkout


def bootstrap(checkout: Path, target: str, **env: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [checkout / "tools" / "bootstrap", target],
        env={"PATH": str(checkout / "bin"), "HOME": str(checkout), **env},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_a_target_that_is_not_there(bare: Path) -> None:
    code, _, said = bootstrap(bare, "everything")
    assert code == 2
    assert said.startswith("parterre: there is no target 'everything': choose demo, test, lint or fresh, or a role")


def test_what_is_missing_is_named_with_its_command(bare: Path) -> None:
    code, _, said = bootstrap(bare, "demo")  # xdotool at least is not in bin/, and there is no apt
    assert code == 3
    assert said.count("\n") == 1
    assert "sudo apt-get install --no-install-recommends " in said
    assert "xdotool" in said and "chromium" not in said


def test_with_everything_in_place_nothing_is_done(bare: Path) -> None:
    venv = bare / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "parterre").symlink_to(bare / "bin" / "cat")
    # A python that fails if it is asked anything: nothing may be asked.
    (venv / "python").write_text("#!/bin/sh\necho asked >&2\nexit 9\n")
    (venv / "python").chmod(0o755)
    stamp = "{ echo \"$PWD\" && cat uv.lock pyproject.toml; } | sha256sum | cut -d' ' -f1"
    made_from = subprocess.run(
        ["bash", "-c", stamp], cwd=bare, env=os.environ, capture_output=True, text=True, check=True
    )
    (bare / ".venv" / ".parterre-test").write_text(made_from.stdout)
    assert bootstrap(bare, "lint") == (0, "", "")
