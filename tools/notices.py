"""Writes docs/third-party.md: what the lock holds, for which role, under which licence.

    tools/notices.py            writes the page, as the installed packages say
    tools/notices.py --check    says whether it is what the lock and the packages say; exit code 1 if not

A licence is what a package says of itself: its SPDX expression, or its field, or its classifiers. What is locked for
another system than this one is not installed, and nothing is said of it.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "uv.lock"
PAGE = ROOT / "docs" / "third-party.md"
TABLE = "| package | version | licence | for |"
OURS = "parterre"
EVERY = "every role"
DEV = "checks and tests"
LONGEST = 60  # a licence field that is longer is the licence's whole text
# What asks more of whoever passes it on than to keep its notice. The page says of each family what follows.
ASKS_MORE = re.compile(r"\b(AGPL|GPL|LGPL|MPL|EPL|General Public|Mozilla|Eclipse|Proprietary)", re.IGNORECASE)


def packages_of(lock: Mapping[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in lock["package"]}


def reached(packages: Mapping[str, Any], wanted: Iterable[Mapping[str, Any]]) -> set[str]:
    """All that comes with some dependencies, through theirs and the extras that they ask for."""
    done: set[tuple[str, str]] = set()
    waiting = [(each["name"], extra) for each in wanted for extra in ("", *each.get("extra", []))]
    while waiting:
        name, extra = now = waiting.pop()
        if now in done:
            continue
        done.add(now)
        package = packages[name]
        needs = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        waiting += [(each["name"], more) for each in needs for more in ("", *each.get("extra", []))]
    return {name for name, _ in done}


def uses_of(packages: Mapping[str, Any]) -> dict[str, str]:
    """Package → the roles that it comes with."""
    ours = packages[OURS]
    extras = ours["optional-dependencies"]
    every = reached(packages, ours["dependencies"])
    by_role = {role: reached(packages, needs) - every for role, needs in extras.items() if role != "demo"}
    by_role["demo"] = reached(packages, extras["demo"]) - every.union(*by_role.values())
    uses = dict.fromkeys(packages.keys() - {OURS}, DEV)
    for name in uses:
        roles = [role for role, names in by_role.items() if name in names]
        uses[name] = EVERY if name in every else ", ".join(roles) or DEV
    return uses


def licence_of(name: str) -> str | None:
    """None: it is not installed here."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    expression, field = ((said.get_all(key) or [""])[0].strip() for key in ("License-Expression", "License"))
    classifiers = [
        each.rsplit(" :: ", 1)[-1]
        for each in said.get_all("Classifier") or []
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    short = field if field and len(field) <= LONGEST and "\n" not in field else ""
    return expression or short or ", ".join(classifiers) or "not said"


def page_of(lock: Mapping[str, Any]) -> str:
    packages = packages_of(lock)
    uses = uses_of(packages)
    rows, elsewhere = [], []
    for name in sorted(uses):
        licence = licence_of(name)
        if licence is None:
            elsewhere.append(name)
            continue
        licence = f"**{licence}**" if ASKS_MORE.search(licence) else licence
        rows.append(f"| {name} | {packages[name]['version']} | {licence} | {uses[name]} |")
    said = f"{len(rows)} packages. Locked for other systems only, and not looked at: {', '.join(elsewhere)}."
    return "\n".join([TABLE, "|---|---|---|---|", *rows, "", said]) + "\n"


def main(check: bool) -> int:
    by_hand, _, table = PAGE.read_text().partition(TABLE)
    fresh = page_of(tomllib.loads(LOCK.read_text()))
    if not check:
        PAGE.write_text(by_hand + fresh)
    elif TABLE + table != fresh:
        lines = set(fresh.splitlines()) ^ set((TABLE + table).splitlines())
        print(
            "docs/third-party.md is not what the lock says: run .venv/bin/python tools/notices.py",
            *sorted(lines),
            sep="\n",
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
