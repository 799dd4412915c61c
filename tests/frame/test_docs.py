"""What the documents say exists: links and their headings, files, make targets, subcommands, orders, sizes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from central.devices.instructions import OTHERS_LIVE, PHYSICAL, PHYSICAL_LIVES
from parterre.cli import main
from shared.ids import derived_id
from shared.wire.token import Token, write

ROOT = Path(__file__).parents[2]
OURS = "shared|central|edge|parterre|docs|tools|tests|benchmarks|systemd|firmware_configs"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DATED = re.compile(r"^### (\d+)\. .+ \((\d{4}-\d{2}-\d{2})\)$")


def documents() -> list[Path]:
    said = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [ROOT / name for name in said.splitlines() if (ROOT / name).exists()]


def headings(text: str) -> set[str]:
    """The anchors that a forge makes of the headings."""
    lines = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def broken_links(document: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists():
            yield f"{link}: no such file"
        elif anchor and anchor not in headings(target.read_text()):
            yield f"{link}: no such heading"


def commands_in(text: str) -> Iterator[str]:
    """What a reader would type: spans in a line, and the lines of shell blocks."""
    yield from SPAN.findall(FENCE.sub("", text))
    for language, block in FENCE.findall(text):
        if language in ("", "sh"):
            yield from block.splitlines()


def subcommand_missing(words: str) -> bool:
    """Whether `parterre …` names a role that the command line does not have."""
    group: click.Command = main
    for word in words.split():
        if not isinstance(group, click.Group) or not re.fullmatch(r"[a-z]+", word):
            return False
        found = group.commands.get(word)
        if found is None:
            return True
        group = found
    return False


@pytest.mark.parametrize("document", documents(), ids=lambda each: str(each.relative_to(ROOT)))
def test_a_document_names_what_exists(document: Path) -> None:
    text = document.read_text()
    assert list(broken_links(document)) == []
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in commands_in(text):
        if made := re.match(r"(?:\w+=\S+ )*make ([a-z]+)", command.strip()):
            assert made[1] in targets, command
        if started := re.search(r"(?:^|/)parterre ([a-z][a-z ]*)", command.strip()):
            assert not subcommand_missing(started[1]), command
    for span in SPAN.findall(FENCE.sub("", text)):
        if re.fullmatch(rf"(?:{OURS})/[\w./*-]*", span):
            assert list(ROOT.glob(span.rstrip("/"))), f"{span}: no such file"


@pytest.mark.parametrize("document", documents(), ids=lambda each: str(each.relative_to(ROOT)))
def test_a_sequence_diagram_can_be_drawn(document: Path) -> None:
    """Mermaid takes a semicolon for the end of a statement: the whole diagram would be an error message."""
    drawn = [block for language, block in FENCE.findall(document.read_text()) if language == "mermaid"]
    assert [block for block in drawn if block.startswith("sequenceDiagram") and ";" in block] == []


def test_no_document_names_a_place_of_one_machine() -> None:
    checks = [sys.executable, ROOT / "tools" / "checks.py", "places", *documents()]
    done = subprocess.run(checks, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "")
    assert [each for each in documents() if re.search(r"/(?:home|Users)/\w", each.read_text())] == []


@pytest.mark.parametrize(
    "text, wants",
    [
        ("[a](b.md)", ["b.md: no such file"]),
        ("# Here\n[a](#here) [b](#there)", ["#there: no such heading"]),
        ("![p](p.png) [w](https://example.org/x)", ["p.png: no such file"]),
        ("```sh\n[a](b.md)\n```\n# It's `one`, or 2?\n[ok](#its-one-or-2)", []),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, text: str, wants: list[str]) -> None:
    document = tmp_path / "page.md"
    document.write_text(text)
    assert list(broken_links(document)) == wants


@pytest.mark.parametrize(
    "words, missing",
    [
        ("gate", False),
        ("simulate printer", False),
        ("bar", True),
        ("simulate gate", True),
        ("central --config x", False),
    ],
)
def test_a_subcommand_is_known(words: str, missing: bool) -> None:
    assert subcommand_missing(words) is missing


def test_decisions_are_numbered_and_dated() -> None:
    lines = [line for line in (ROOT / "docs/decisions.md").read_text().splitlines() if line.startswith("### ")]
    found = [DATED.match(line) for line in lines]
    assert all(found)
    numbers = [int(each[1]) for each in found if each]
    assert len(set(numbers)) == len(
        numbers
    )  # not in order: what is decided at the same time takes a block of numbers each


def test_orders_live_as_long_as_the_document_says() -> None:
    """What moves something on a lane must live as short at central as the lane insists on."""
    rows = re.findall(
        r"^\| `(\w+)` \| gate \| (\d+) (s|min) \|", (ROOT / "docs/interfaces.md").read_text(), re.MULTILINE
    )
    documented = {name: int(number) * {"s": 1, "min": 60}[unit] for name, number, unit in rows}
    known = re.findall(
        r'\bhandle\("(\w+)".*?(physical=True)?\)$', (ROOT / "edge/gate/lane.py").read_text(), re.MULTILINE
    )
    assert documented == {name: (PHYSICAL_LIVES if moves else OTHERS_LIVE).total_seconds() for name, moves in known}
    assert {name for name, moves in known if moves} <= PHYSICAL


def test_the_token_is_as_long_as_the_document_says() -> None:
    one = Token("00000000", derived_id("t"), 1, derived_id("p"), 1, 1, signature=bytes(64))
    two = Token(
        "00000000", derived_id("t"), 1, derived_id("p"), 1, 1, lease_id=derived_id("l"), slot=3, signature=bytes(64)
    )
    sizes = [len(write(token)) for token in (one, two)]
    assert f"| **{sizes[0]} characters** | **{sizes[1]} characters** |" in (ROOT / "docs/architecture.md").read_text()
