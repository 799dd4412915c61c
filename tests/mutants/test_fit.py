"""The mutants fit the code as it is: one whose text is gone would silently test nothing."""

from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import Mutant
from tests.mutants.every import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits(mutant: Mutant) -> None:
    for edit in mutant.edits:
        assert (ROOT / edit.file).read_text().count(edit.old) == 1, f"{edit.file} has not exactly one {edit.old!r}"
        assert edit.old != edit.new
    for path in mutant.tests:
        assert (ROOT / path).exists(), path


def test_each_has_its_name() -> None:
    assert [name for name, n in Counter(mutant.name for mutant in MUTANTS).items() if n > 1] == []
