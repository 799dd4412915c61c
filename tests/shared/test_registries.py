"""Of two things with one name none replaces the other."""

import pytest

from shared.registries import add, add_all


def test_the_second_of_a_name_is_a_fault() -> None:
    found: dict[str, int] = {}
    add_all(found, (("one", 1), ("two", 2)))
    with pytest.raises(ValueError, match="'one' is declared twice: 1 and 3"):
        add(found, "one", 3)
    assert found == {"one": 1, "two": 2}
