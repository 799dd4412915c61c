"""Deliberate faults of the product, one at a time; each must make a test fail (`make mutants`, tools/mutants.py).

A mutant that lives is a rule that no test guards. The lists stand beside the tests because they are written with them:
whoever writes a rule names here what would be wrong with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`old` stands exactly once in `file` (tests/mutants/test_fit.py)."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """`what` goes wrong in words of the trade; `tests`: files or folders of which one must notice."""

    name: str
    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def one(name: str, what: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(name, what, (Edit(file, old, new),), tests)
