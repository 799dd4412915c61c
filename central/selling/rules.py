"""Whether a point of sale sells a performance. Orders, holds, leases and what kiosks are told ask this one function, so
that no two of them mean another thing by it, nor give another reason where there are several."""

from enum import Enum, auto

from shared.rules.selling import Selling


class SoldThere(Enum):
    """In order of precedence."""

    CLOSED = auto()  # nothing is sold there: the point of sale, or its channel
    NO_PERFORMANCE = auto()
    ELSEWHERE = auto()  # it stands where the performance is none of its
    NOT_ON_SALE = auto()
    OVER = auto()
    OPEN = auto()


_AS_SELLING = {
    Selling.NOT_ON_SALE: SoldThere.NOT_ON_SALE,
    Selling.OVER: SoldThere.OVER,
    Selling.OPEN: SoldThere.OPEN,
}


def sold_there(point_active: bool, channel_active: bool, sale: Selling | None, serves: bool) -> SoldThere:
    """`sale`: of the performance itself; None: there is no such one. `serves`: the point of sale stands where the
    performance does, or above it."""
    if not (point_active and channel_active):
        return SoldThere.CLOSED
    if sale is None:
        return SoldThere.NO_PERFORMANCE
    return _AS_SELLING[sale] if serves else SoldThere.ELSEWHERE
