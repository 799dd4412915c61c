"""How a place stands: all that is said of it follows from one enum."""

import pytest

from shared.rules.place_state import BUCKETS, HAD, PlaceState, bucket_of, state_of


@pytest.mark.parametrize("blocked", [False, True, 0, 1, "", "why"])
@pytest.mark.parametrize("taken", [None, "", *(each.value for each in PlaceState if each not in ("free", "blocked"))])
def test_who_asks_for_the_bucket_alone_hears_the_same(taken: str | None, blocked: object) -> None:
    assert bucket_of(taken, blocked) == state_of(taken, blocked).bucket


def test_nobody_had_what_is_free_or_blocked() -> None:
    assert BUCKETS == ("free", "blocked", "held", "leased", "optioned", "sold")
    assert frozenset("hlos") == HAD
    letters = [each.letter for each in PlaceState if each.letter]
    assert len(letters) == len(set(letters)), "a picture tells them apart"
