"""Known vulnerabilities of what the lock holds, by pip-audit.

    tools/audit.py [--always] [--lock FOLDER] [--ignored FILE] [--service pypi|osv] [--osv-url URL]

Without `--always` it asks only where CI=true is set: a check at every save would ask the index about every package. A
vulnerability that is known is a fault, unless tools/audit_ignored.toml says why not, and until when. Where the service
cannot be reached, or does not know what it is asked, that is said in a line that begins with "not checked", and is no
fault: a house without a line to it can still build. pip-audit itself calls such packages free of vulnerabilities.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
IGNORED = ROOT / "tools" / "audit_ignored.toml"
LONGEST = timedelta(days=180)  # nobody looks away for longer without looking again
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Ignored:
    id: str
    package: str
    why: str
    until: date


@dataclass(frozen=True, slots=True)
class Found:
    """`unknown` are the packages that the service could say nothing about."""

    faults: list[str]
    unknown: list[str]


def ignored_in(file: Path, today: date) -> tuple[list[Ignored], list[str]]:
    """What is looked away from, and what is wrong with that list itself."""
    known: list[Ignored] = []
    faults: list[str] = []
    for entry in tomllib.loads(file.read_text()).get("ignored", []) if file.exists() else []:
        lost = [name for name in ("id", "package", "why", "until") if not entry.get(name)]
        named = f"{file.name}: {entry.get('id', '?')}"
        if lost or not isinstance(entry["until"], date):
            faults.append(f"{named} has no {', '.join(lost) or 'date in `until`'}")
            continue
        one = Ignored(entry["id"], entry["package"], entry["why"], entry["until"])
        if one.until < today:
            faults.append(f"{named} was to be looked at again by {one.until}: {one.why}")
        elif one.until - today > LONGEST:
            faults.append(f"{named} looks away until {one.until}, which is longer than {LONGEST.days} days")
        known.append(one)
    return known, faults


def read(report: Any, ignored: list[Ignored]) -> Found:
    """pip-audit's JSON → faults, each with package, version, id and the version that mends it."""
    faults, unknown = [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
            continue
        for bad in package["vulns"]:
            ids = {bad["id"], *bad.get("aliases", [])}
            if any(one.id in ids and one.package == package["name"] for one in ignored):
                continue
            mended = ", ".join(bad["fix_versions"]) or "nothing yet"
            faults.append(f"{package['name']} {package['version']}: {bad['id']}, mended by {mended}")
    return Found(sorted(faults), sorted(unknown))


def locked(folder: Path) -> list[str]:
    """`name==version` of everything, tools and tests included, that the lock holds for this platform."""
    exported = subprocess.run(
        [BIN / "uv", "export", "--frozen", "--all-extras", "--all-groups", "--no-emit-project", "--no-hashes",
         "--format", "requirements-txt", "--quiet"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [line.strip() for line in exported.splitlines() if "==" in line and not line.lstrip().startswith("#")]


def asked(pins: list[str], service: list[str]) -> Any:
    """pip-audit's report; None where it could not ask."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("\n".join(pins) + "\n")
        flags = [
            "--no-deps",
            "--disable-pip",
            "--format=json",
            "--aliases=on",
            "--progress-spinner=off",
            "--timeout=10",
        ]
        command = [str(BIN / "pip-audit"), "-r", str(wanted), "--cache-dir", f"{folder}/cache", *flags, *service]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
            return json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return None


def audit(folder: Path, ignored_file: Path, service: list[str], today: date) -> int:
    ignored, faults = ignored_in(ignored_file, today)
    pins = locked(folder)
    # One question first: where it has no answer, a hundred more would have none either, each after its own time-out.
    first = asked(pins[:1], service)
    reached = first is not None and not read(first, []).unknown
    report = asked(pins, service) if reached else None
    if report is None:
        print(f"not checked: no vulnerability service knows {pins[0]} from here; {len(pins)} packages stay unchecked")
    else:
        found = read(report, ignored)
        faults += found.faults
        if found.unknown:
            print(f"not checked: {', '.join(found.unknown)}: the service does not know them")
        print(f"{len(pins) - len(found.unknown)} packages checked")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--always", action="store_true")
    parser.add_argument("--lock", type=Path, default=ROOT)
    parser.add_argument("--ignored", type=Path, default=IGNORED)
    parser.add_argument("--service", choices=("pypi", "osv"), default="pypi")
    parser.add_argument("--osv-url")
    said = parser.parse_args()
    if not said.always and os.environ.get("CI") != "true":
        print("not checked: asked only where CI=true (tools/audit.py --always)")
        return 0
    service = ["-s", "osv", "--osv-url", said.osv_url] if said.osv_url else ["-s", said.service]
    return audit(said.lock, said.ignored, service, datetime.now(UTC).date())


if __name__ == "__main__":
    sys.exit(main())
