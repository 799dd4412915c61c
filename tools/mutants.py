"""Runs the deliberate faults of tests/mutants: each in a copy of the checkout, against the tests it names.

    tools/mutants.py [NAME_BEGINS…]    exit 0: every mutant was noticed; 1: the survivors are named; 2: one does not fit

The tests run on SQLite alone: what PostgreSQL does otherwise is none of these rules.
A run that is stopped leaves nothing behind but a folder in the system's place for them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.mutants import Mutant
from tests.mutants.every import MUTANTS

ROOT = Path(__file__).resolve().parent.parent

LONGEST_S = 600
FAILED = 1  # pytest's word for: tests ran, and one of them failed


def main(begins: list[str]) -> int:
    chosen = [each for each in MUTANTS if each.name.startswith(tuple(begins or [""]))]
    workers = max(1, min(len(chosen), os.cpu_count() or 1))
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="parterre-mutants-") as folder:
        for n in range(workers):
            copies.put(_copied(Path(folder) / str(n)))
        with ThreadPoolExecutor(workers) as pool:
            verdicts = list(pool.map(lambda mutant: _tried(mutant, copies), chosen))
    survivors = [mutant for mutant, verdict in zip(chosen, verdicts, strict=True) if verdict == "LIVES"]
    odd = [mutant for mutant, verdict in zip(chosen, verdicts, strict=True) if verdict == "does not fit"]
    print(f"{len(chosen)} mutants, {len(survivors)} live, {len(odd)} do not fit")
    return 2 if odd else 1 if survivors else 0


def _copied(to: Path) -> Path:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")
    return to


def _tried(mutant: Mutant, copies: "SimpleQueue[Path]") -> str:
    at = copies.get()
    began, before = time.monotonic(), {edit.file: (at / edit.file).read_text() for edit in mutant.edits}
    try:
        for edit in mutant.edits:
            text = (at / edit.file).read_text()
            if text.count(edit.old) != 1:
                return _said(mutant, "does not fit", began)
            (at / edit.file).write_text(text.replace(edit.old, edit.new))
        return _said(mutant, _verdict(at, mutant.tests), began)
    finally:
        for file, text in before.items():
            (at / file).write_text(text)
        copies.put(at)


def _verdict(at: Path, tests: tuple[str, ...]) -> str:
    """Noticed only by a test that fails: what cannot even be imported is a slip of the list's."""
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-m", "not postgres"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, "PYTHONPATH": str(at), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=at, env=environment, capture_output=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return "noticed (it hangs)"
    if done.returncode == 0:
        return "LIVES"
    return "noticed" if done.returncode == FAILED else "does not fit"


def _said(mutant: Mutant, verdict: str, began: float) -> str:
    print(f"  {verdict:<18} {time.monotonic() - began:5.0f} s  {mutant.name}: {mutant.what}", flush=True)
    return verdict


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
