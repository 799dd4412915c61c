"""Every bound belongs to whoever goes beyond it. What counts the whole house says beside it why nobody can use it up
for others (`# house: …`); so does a reason for which somebody may be told that it is too much (`# whose: …`)."""

import ast
import re

import central.areas  # noqa: F401 - declares every reason
from shared.outcome import Reason
from tests.central.said import asked, modules, text_of

TOO_MUCH = re.compile(r"TOO_(MANY|LARGE|SLOW|HEAVY|INTRICATE|OFTEN)|BUSY|FULL|LIMIT|NOT_ENOUGH|WAITING")


def counts_the_house(_: str, node: ast.AST) -> bool:
    text = text_of(node)
    return "COUNT(" in text and "SELECT" in text and not re.search(r"WHERE.*:\w", text, re.DOTALL)


def test_what_counts_the_house_says_why() -> None:
    assert asked("house", counts_the_house)


def test_each_too_much_says_whose() -> None:
    lines = {
        (file, node.lineno)
        for file, (_, tree) in modules().items()
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef) and {ast.unparse(each) for each in kind.bases} & reasons()
        for node in kind.body
        if isinstance(node, ast.Assign) and TOO_MUCH.search(ast.unparse(node.targets[0]))
    }
    assert asked("whose", lambda file, node: isinstance(node, ast.Assign) and (file, node.lineno) in lines)


def reasons(kind: type[Reason] = Reason) -> set[str]:
    return {kind.__name__}.union(*map(reasons, kind.__subclasses__()))
