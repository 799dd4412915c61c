"""Out of which contingents a channel sells: asked of a whole plan and of one place, it is one rule."""

import pytest

from central.inventory.selling_terms import sells_from

OURS, OTHER = "OURS", "OTHER"


@pytest.mark.parametrize(
    "named, owner, sells",
    [
        ((), "", False),
        (("PRESS",), "", True),
        (("BOX",), "", False),
        ((), OURS, True),  # its own external contingent need not be named
        (("PRESS",), OURS, True),
        (("PRESS",), OTHER, False),  # naming another's opens nothing
        ((), OTHER, False),
    ],
)
def test_a_channel_sells_what_is_its_own_and_what_it_names_of_nobodys(
    named: tuple[str, ...], owner: str, sells: bool
) -> None:
    assert sells_from(OURS, named, "PRESS", owner) is sells
