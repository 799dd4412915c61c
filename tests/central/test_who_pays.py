"""Every bound belongs to whoever goes beyond it. What counts the whole house is listed, with why nobody can use it up
for others: a new one says so here. So does a new reason for which somebody may be told that it is too much."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import central.areas  # noqa: F401
from shared.outcome import Reason

ROOT = Path(__file__).parents[2] / "central"
LOOK = "a figure that is shown, or looked for by somebody who may see the whole house; nothing is refused by it"
OF_HOUSE = {
    "kernel/log_proof.py": LOOK, "kernel/excuses.py": LOOK, "access/checks.py": LOOK, "devices/checks.py": LOOK,
    "inventory/checks.py": LOOK, "orders/checks.py": LOOK, "reports/live_reads.py": LOOK,
    "organisation/checklist_items.py": LOOK, "devices/checklist_items.py": LOOK, "web/screens/blanks.py": LOOK,
}  # fmt: skip

TOO_MUCH = re.compile(r"TOO_(MANY|LARGE|SLOW|HEAVY|INTRICATE|OFTEN)|BUSY|FULL|LIMIT|NOT_ENOUGH|WAITING")
HALL = "of one performance's or plan's own places"
COMMAND = "of one command's own size"
WHO_PAYS = {
    "NoChange.TOO_MANY": "a context, by whose right it is made (test_kinds_end.py)",
    "NoScan.TOO_MANY": "a device and a ticket",
    "NoLease.TOO_MANY": "a device and a performance",
    "NoSignIn.TOO_MANY": "an account and an address",
    "NoSignIn.BUSY": "at most a few of an address at a time",
    "NoPlace.LIMIT": "a limit that an organiser sets on what is its own",
    "NoView.TOO_MANY": "a person and a list",
    "NoWebhook.TOO_MANY": "an organiser, for all below it",
    "NoSale.TOO_MANY": COMMAND,
    "NoSale.NOT_ENOUGH": HALL,
    "NoAct.TOO_INTRICATE": COMMAND, "NoAct.TOO_MANY_PERFORMANCES": COMMAND, "NoAct.TOO_MANY": HALL,
    "NoEntry.TOO_HEAVY": COMMAND,
    "PlanFault.TOO_LARGE": COMMAND,
    "NoDatabase.BUSY": "a crowd, in which each has so many places (heavy_lane.py, web/entrance.py)",
    "NoDatabase.DISK_FULL": "nobody: the machine's",
}  # fmt: skip


def statements(node: ast.AST) -> Iterator[str]:
    """Each text in whole, with `:x` for what is put into it."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(each.value) if isinstance(each, ast.Constant) else ":x" for each in parts)
            case _:
                yield from statements(child)


def test_what_counts_the_house_says_why() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py") if "migrations" not in path.parts
        for text in statements(ast.parse(path.read_text()))
        if "COUNT(" in text and "SELECT" in text and not re.search(r"WHERE.*:\w", text, re.DOTALL)
    }  # fmt: skip
    assert found == OF_HOUSE.keys()


def reasons(kind: type[Reason] = Reason) -> Iterator[str]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("central."):
            yield from (f"{each.__name__}.{member.name}" for member in each)
        yield from reasons(each)


def test_each_too_much_says_whose() -> None:
    assert {each for each in reasons() if TOO_MUCH.search(each)} == WHO_PAYS.keys()
