"""What is true of every life cycle, central's and a device's."""

from enum import StrEnum
from typing import Any

from shared.life import Life


def states_of(life: Life[Any, Any]) -> type[StrEnum]:
    return type(next(iter(life.values())))


def assert_all_is_reached(life: Life[Any, Any]) -> None:
    """No state that nobody comes to."""
    reached = set(life.begins)
    while more := {after for (state, _), after in life.items() if state in reached} - reached:
        reached |= more
    assert reached == set(states_of(life)), "no state that nobody comes to"
    assert life.main | life.stops <= life.deeds


def assert_words_are_its_own(life: Life[Any, Any]) -> None:
    """States and deeds come from one enum each, and each deed is of some use."""
    (deeds,) = {type(do) for do in life.deeds}
    assert {type(state) for state, _ in life} | {type(after) for after in life.values()} == {states_of(life)}
    assert life.deeds == set(deeds)
    assert all(state is not after for (state, _), after in life.items())
