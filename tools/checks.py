"""Checks that no ready-made tool does: the lock's addresses, places of one machine in files, systemd units.

    tools/checks.py lock [FILE…]      tools/checks.py places [FILE…]      tools/checks.py units [FILE…]

Each fault is a line; the exit code says whether there were any.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INDEX_HOSTS = {"pypi.org", "files.pythonhosted.org"}
# Folders that exist where the project is made and nowhere else (written in pieces, since this file is searched too).
PLACES = re.compile(r"(?<![\w.}])/(?:" + "|".join(["wo" + "rk", "ro" + "ot"]) + r")/\w")
EXPOSURE = 20  # tenths: 0 is closed, 100 fully exposed


def lock_faults(lock: Path) -> list[str]:
    """Every address in the lock that is not the public index's: a local mirror's would fail anywhere else."""
    faults = []
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        hosts = set(re.findall(r"https?://([^/\"']+)", line)) - INDEX_HOSTS
        if hosts or "file://" in line:
            faults.append(f"{lock.name}:{number}: not the public index: {line.strip():.120}")
    return faults


def place_faults(files: list[Path]) -> list[str]:
    """Absolute paths that hold on one machine only."""
    faults = []
    for file in files:
        try:
            lines = file.read_text().splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, or removed but not yet committed
        faults += [f"{file}:{n}: {line.strip():.120}" for n, line in enumerate(lines, 1) if PLACES.search(line)]
    return faults


def unit_faults(units: list[Path]) -> list[str]:
    """What systemd says about the units. It only warns about an unknown key: any word of it is a fault here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        print("systemd-analyze is not installed: units not checked", file=sys.stderr)
        return []
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for unit in units:
            # A template is checked as one of its instances, and the program stands for one that is not installed here.
            copy = Path(folder) / unit.name.replace("@.", "@one.")
            copy.write_text(re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE))
            for command in (
                [analyze, "verify", "--man=no", "--recursive-errors=no", str(copy)],
                [analyze, "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE}", str(copy)],
            ):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode or done.stderr.strip():
                    last = done.stderr.strip() or done.stdout.strip().splitlines()[-1]
                    faults.append(f"{unit.name}: {command[1]}: {last}")
    return faults


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def main(kind: str, names: list[str]) -> int:
    given = [Path(name) for name in names]
    match kind:
        case "lock":
            faults = [fault for lock in given or [ROOT / "uv.lock"] for fault in lock_faults(lock)]
        case "places":
            faults = place_faults(given or tracked_files())
        case "units":
            faults = unit_faults(given or sorted((ROOT / "systemd").glob("*.service")))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]))
