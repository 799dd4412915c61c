"""What was sold: orders, lines, payments, entitlements, tickets."""

from central.kernel.feeds import Feeds, Scope
from central.orders import on_sale, ops, reschedule
from central.orders.model import OrdersPrivilege
from central.web.area import Area
from shared.wire.feeds import Family

AREA = Area(
    name="orders",
    after="ledger",
    modules=(on_sale, ops, reschedule),
    privileges=tuple(OrdersPrivilege),
    feeds=(Feeds.of(Family.TICKETS, Scope.SITE),),
)
