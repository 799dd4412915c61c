"""Whether a performance is sold now."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.rules.selling import Selling, selling

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "on_sale, until, closes, want",
    [
        (True, NOON + SECOND, NOON + SECOND, Selling.OPEN),
        (True, NOON, NOON + SECOND, Selling.OVER),
        (True, NOON + SECOND, NOON, Selling.OVER),
        (True, NOON - SECOND, NOON - SECOND, Selling.OVER),
        (False, NOON + SECOND, NOON + SECOND, Selling.NOT_ON_SALE),
        (False, NOON, NOON, Selling.NOT_ON_SALE),
    ],
)
def test_selling(on_sale: bool, until: datetime, closes: datetime, want: Selling) -> None:
    assert selling(on_sale, until, closes, NOON) is want
