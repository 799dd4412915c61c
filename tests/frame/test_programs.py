"""A machine that has only what the README names, and what the bootstrap installs on it, has every program that the
project starts: in its Python, its shell scripts, its Makefile and the documents' examples that tests run.

Which package a program belongs to, and what a package brings with it, is asked of dpkg. `make fresh` tries the same by
really building such a machine; this says it in a second, and names the line.
"""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.trees import nodes_of

ROOT = Path(__file__).parents[2]
README_NAMES = ("python3", "git", "make")
OF_WHO_IS_NOT_ROOT = ("sudo",)  # who has none is told what to run
FOLDERS = ("central", "edge", "parterre", "shared", "tests", "tools", "benchmarks")
STARTERS = {  # their first argument names the program
    "subprocess": {"run", "Popen", "check_output", "check_call", "call"},
    "asyncio": {"create_subprocess_exec"},
    "shutil": {"which"},
}
# Calls whose program is not written at the call: what it may be, beside our own.
ELSEWHERE: dict[str, set[str]] = {
    "benchmarks/beside.py": set(),  # our own command line
    "benchmarks/orders.py": {"wrk"},
    "central/kernel/safety_copy.py": set(),  # pg_dump, where it is there
    "parterre/cli.py": set(),  # what the house names to be started after a fetch
    "parterre/demo/stage.py": set(),
    "tests/conftest.py": {"initdb", "postgres"},
    "tests/e2e/browsers.py": {"chromium-headless-shell"},
    "tests/e2e/test_api_browser.py": {"curl"},  # the page's own line
    "tests/central/test_new_area.py": set(),  # git, and our own tools
    "tests/edge/device/test_tls.py": {"mosquitto"},
    "tests/frame/test_bootstrap.py": set(),
    "tests/frame/test_mosquitto.py": {"mosquitto"},
    "tests/shared/runtime/test_bus.py": {"mosquitto"},
    "tools/audit.py": set(),
    "tools/checks.py": {"systemd-analyze"},
}
OWN = object()  # our own interpreter, or a file of the checkout

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="asks dpkg")


# --- what is started -------------------------------------------------------------------------------------------------


def files(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if name.endswith(suffixes) and (ROOT / name).is_file()]


def first_of(node: ast.expr, names: dict[str, list[ast.expr]], depth: int = 0) -> set[object]:
    """The programs that this expression may stand for; OWN for ours; empty: not to be seen here."""
    match node:
        case ast.Constant(value=str(text)):
            return {text.split()[0]} if text.split() else set()
        case ast.List(elts=[head, *_]) | ast.Tuple(elts=[head, *_]):
            return first_of(head, names, depth)
        case ast.Starred(value=value):
            return first_of(value, names, depth)
        case ast.Call(func=ast.Attribute(value=value, attr="split")):
            return first_of(value, names, depth)
        case ast.Attribute(value=ast.Name(id="sys"), attr="executable"):
            return {OWN}
        case ast.BinOp(left=ast.Name(id=name), op=ast.Div()) if name.isupper():
            return {OWN}
        case ast.BinOp(left=ast.BinOp() as left, op=ast.Div()) | ast.BinOp(left=ast.List() as left, op=ast.Add()):
            return first_of(left, names, depth)
        case ast.Name(id=name) if depth < 4:
            return {found for value in names.get(name, ()) for found in first_of(value, names, depth + 1)}
    return set()


def python_starts(file: Path) -> Iterator[tuple[int, set[object]]]:
    """Line → what a call there may start."""
    if not any(f"{module}.{act}" in file.read_text() for module, acts in STARTERS.items() for act in acts):
        return
    names: dict[str, list[ast.expr]] = {}
    for node in nodes_of(file):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    names.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Tuple):
            names.setdefault(node.target.id, []).extend(node.iter.elts)
    for node in nodes_of(file):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=act), args=[first, *rest]) if (
                act in STARTERS.get(module, ())
            ):
                shell = [each.value for each in rest if isinstance(each, ast.Constant) and isinstance(each.value, str)]
                found = first_of(first, names)
                yield node.lineno, found
                if found & {"sh", "bash"} and shell:
                    yield node.lineno, set(shell_starts("\n".join(shell)))


COMMAND = re.compile(
    r"(?:^|[|;&({!]|\$\(|\b(?:then|do|else|exec|if|while|elif|as_root|timeout \d+)\s)\s*(?:@|-)?(?:\w+=\S*\s+)*"
    r"(?:(?:exec|if|then|do|else|elif|while|!)\s+)*([A-Za-z][\w.+-]*)",
    re.MULTILINE,
)


def shell_starts(text: str) -> set[str]:
    """Words where a command stands. A word that is no program (a function, a keyword) is known to no package."""
    text = re.sub(r"<<'?(\w+)'?\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)  # a here-document
    text = re.sub(r"(^|\s)#.*", r"\1", text)
    text = re.sub(r"'[^'\n]*'", "''", text)
    return set(COMMAND.findall(text))


def shell_texts() -> Iterator[tuple[str, str]]:
    for file in [*(ROOT / "tools").iterdir(), ROOT / ".ci" / "run"]:
        if file.is_file() and file.read_bytes().startswith((b"#!/usr/bin/env bash", b"#!/bin/sh")):
            yield str(file.relative_to(ROOT)), file.read_text()
    makefile = (ROOT / "Makefile").read_text()
    yield "Makefile", "\n".join(line[1:] for line in makefile.splitlines() if line.startswith("\t"))
    for number, block in enumerate(
        re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "interfaces.md").read_text(), re.MULTILINE | re.DOTALL)
    ):
        yield f"docs/interfaces.md, sh block {number + 1}", block


def started() -> Iterator[tuple[str, str]]:
    """(where, program)."""
    for file in files(".py"):
        name = str(file.relative_to(ROOT))
        if not name.startswith(FOLDERS):
            continue
        for line, found in python_starts(file):
            if not found:
                assert name in ELSEWHERE, f"{name}:{line}: what does this start? Say it in ELSEWHERE"
            for program in found - {OWN}:
                yield f"{name}:{line}", str(program)
        for program in ELSEWHERE.get(name, ()):
            yield name, program
    for where, text in shell_texts():
        for program in shell_starts(text):
            yield where, program


# --- what a machine has ----------------------------------------------------------------------------------------------


def dpkg(*words: str) -> str:
    return subprocess.run(["dpkg-query", *words], capture_output=True, text=True, check=False).stdout


@cache
def installed() -> dict[str, tuple[bool, tuple[tuple[str, ...], ...]]]:
    """Package or what it provides → (in every Debian, what it depends on: alternatives)."""
    shape = "${Package}\t${Essential}\t${Priority}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
    found: dict[str, tuple[bool, tuple[tuple[str, ...], ...]]] = {}
    for line in dpkg("-W", "-f", shape).splitlines():
        package, essential, priority, provides, depends = line.split("\t")
        wants = tuple(
            tuple(re.sub(r"[\s(:].*", "", each.strip()) for each in one.split("|"))
            for one in depends.split(",")
            if one.strip()
        )
        found[package] = (essential == "yes" or priority == "required" or package == "apt", wants)
        for other in filter(None, (re.sub(r"[\s(:].*", "", each.strip()) for each in provides.split(","))):
            found.setdefault(other, (False, ((package,),)))
    return found


def brought() -> frozenset[str]:
    """The packages of a bare Debian, of the README, of the bootstrap, and what those depend on."""
    bootstrap = (ROOT / "tools" / "bootstrap").read_text()
    named = re.findall(r"missing\+=\(([\w.+-]+)\)", bootstrap)
    known = installed()
    todo = [*README_NAMES, *OF_WHO_IS_NOT_ROOT, *named, *(package for package, (base, _) in known.items() if base)]
    seen: set[str] = set()
    while todo:
        package = todo.pop()
        if package in seen or package not in known:
            continue
        seen.add(package)
        todo += [next((each for each in one if each in known), one[0]) for one in known[package][1]]
    return frozenset(seen)


@cache
def owners(program: str) -> frozenset[str]:
    """The packages that hold a program of this name; empty: no package here does."""
    places = {f"{folder}/{program}" for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin")}
    if not any(os.access(place, os.X_OK) for place in places) and program not in {"initdb", "postgres"}:
        return frozenset()
    places |= {str(Path(place).resolve()) for place in places if os.access(place, os.X_OK)}  # alternatives: awk, sh
    places |= {str(each) for each in Path("/usr/lib/postgresql").glob(f"*/bin/{program}")}
    places |= {place.removeprefix("/usr") for place in places}
    lines = dpkg("-S", *sorted(places)).splitlines()
    return frozenset(re.sub(r":.*", "", name.strip()) for line in lines for name in line.rpartition(": ")[0].split(","))


def test_every_program_that_is_started_is_installed() -> None:
    has, missing, seen = brought(), [], set()
    for where, program in started():
        seen.add(program)
        owned = owners(Path(program).name)
        if owned and not owned & has:
            missing.append(
                f"{where}: {program} is of {', '.join(sorted(owned))}, which tools/bootstrap does not install"
            )
    assert not missing, "\n".join(sorted(missing))
    # The search itself sees what it must see.
    assert {"git", "curl", "xdotool", "Xvfb", "wrk", "mosquitto", "postgres", "awk", "flock"} <= seen


@pytest.mark.parametrize(
    ("shell", "programs"),
    [
        ("make x && curl -s y | jq .", {"make", "curl", "jq"}),
        ('URL=$(head -n 1 "$F")', {"head"}),
        ("if ! wget x; then sed y; fi", {"wget", "sed"}),
        ("A=b exec perl x", {"perl"}),
        ("# rsync is not used\necho 'rsync a'", {"echo"}),
    ],
)
def test_what_a_shell_starts_is_seen(shell: str, programs: set[str]) -> None:
    assert programs <= shell_starts(shell)
    assert "rsync" not in shell_starts(shell)
