"""Whether a point of sale sells a performance is said once: where there are several reasons why not, an order, a lease
and what a kiosk is told go by the same one."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations, product
from typing import Any

import pytest

from central.catalogue.model import PerformanceDo
from central.devices.leases import MOST_OUT, RequestLease
from central.devices.model import NoLease
from central.inventory.model import NoSale
from central.programme.device_rows import TOLD
from central.programme.sale_state import ChangeSale
from central.selling.rules import SoldThere, sold_there
from shared.ids import Id
from shared.outcome import Reason
from shared.rules.selling import Selling
from shared.wire.certificates import DeviceKind
from tests.central.devices.test_facts import enrol
from tests.central.programme.test_catalogue_marks import change
from tests.central.reports.test_whose_day import other_organiser
from tests.central.small_house import STARTS, Clerk, House, new_id

Fault = Callable[[Clerk, House, Id], Any]

WHY: dict[SoldThere, tuple[Fault, NoSale, NoLease]] = {
    SoldThere.CLOSED: (
        lambda clerk, house, _: change(clerk, "point_of_sale", house.kiosk_point, active=False),
        NoSale.CHANNEL_CLOSED, NoLease.NOT_A_SELLER,
    ),
    SoldThere.ELSEWHERE: (lambda *_: None, NoSale.NOT_SOLD_HERE, NoLease.NO_SUCH_PERFORMANCE),
    SoldThere.NOT_ON_SALE: (
        lambda clerk, _, performance: clerk.do(ChangeSale(performance_id=performance, do=PerformanceDo.SUSPEND)),
        NoSale.NOT_ON_SALE, NoLease.NOT_ON_SALE,
    ),
    SoldThere.OVER: (
        lambda clerk, *_: setattr(clerk.watch, "at", STARTS + timedelta(hours=1)),
        NoSale.SALE_OVER, NoLease.NOT_ON_SALE,
    ),
}  # fmt: skip
SOME = [each for n in range(len(WHY) + 1) for each in combinations(WHY, n)]


@pytest.mark.parametrize("faults", SOME, ids=lambda faults: "-".join(each.name for each in faults) or "NONE")
def test_all_ask_for_the_same_in_the_same_order(quick: tuple[Clerk, House], faults: tuple[SoldThere, ...]) -> None:
    """Before: who ordered too much at a performance that was not on sale heard that it was too much."""
    clerk, house = quick
    kiosk = enrol(clerk, house, DeviceKind.KIOSK)
    performance = other_organiser(clerk, house).performance if SoldThere.ELSEWHERE in faults else house.performance
    for each in faults:
        WHY[each][0](clerk, house, performance)
    first = next((each for each in SoldThere if each in faults), SoldThere.OPEN)
    no_sale, no_lease = WHY[first][1:] if faults else (NoSale.TOO_MANY, NoLease.TOO_MANY)

    def sale(places: int) -> Reason:
        order = house.standing_order(places, point_of_sale_id=house.kiosk_point, performance_id=performance)
        return clerk.no(order).reason

    def lease(quantity: int) -> Reason:
        want = RequestLease(lease_id=new_id(), performance_id=performance, quantity=quantity)
        return kiosk.clerk.no(want).reason

    assert (sale(26), lease(MOST_OUT + 1)) == (no_sale, no_lease)
    if faults:
        assert (sale(1), lease(1)) == (no_sale, no_lease)
    clerk.tell()
    row = clerk.feed(f"catalogue/{house.kiosk_point}").get(performance)
    assert (row is not None) is (first in TOLD), "a kiosk knows by itself when a sale is over"


def test_of_several_reasons_the_first_is_said() -> None:
    for point, channel, sale, serves in product((True, False), (True, False), (None, *Selling), (True, False)):
        apply = {
            SoldThere.CLOSED: not (point and channel), SoldThere.NO_PERFORMANCE: sale is None,
            SoldThere.ELSEWHERE: not serves, SoldThere.NOT_ON_SALE: sale is Selling.NOT_ON_SALE,
            SoldThere.OVER: sale is Selling.OVER, SoldThere.OPEN: True,
        }  # fmt: skip
        assert sold_there(point, channel, sale, serves) is next(each for each in SoldThere if apply[each])
