"""Whether a performance is sold now. Kiosks, orders, holds, leases and the pictures of halls ask this one function, so
that no two of them mean another end. What a device has sold has happened: it is booked, not asked."""

from datetime import datetime
from enum import Enum, auto


class Selling(Enum):
    """In order of precedence."""

    NOT_ON_SALE = auto()
    OVER = auto()
    OPEN = auto()


def selling(on_sale: bool, sell_until: datetime, closes: datetime, now: datetime) -> Selling:
    """`on_sale`: put on sale, not suspended, closed or cancelled. The sale ends at `sell_until`, with the performance's
    end at the latest."""
    if not on_sale:
        return Selling.NOT_ON_SALE
    return Selling.OVER if now >= min(sell_until, closes) else Selling.OPEN
