"""What was sold: orders, lines, payments, entitlements, tickets."""

from central.kernel.feeds import Feeds, Scope
from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.orders import checks, holds, ops, reads
from central.orders.model import OrdersPrivilege, SaleAnomaly
from central.web.area import Area
from central.web.rooms import Room
from shared.wire.certificates import Right
from shared.wire.feeds import FeedFamily

AREA = Area(
    name="orders",
    room=Room.ORDERS,
    modules=(holds, ops),
    sales=Sales(written=("sale_order", "order_line", "payment", "entitlement", "ticket")),
    privileges=tuple(OrdersPrivilege),
    usual={
        UsualProfile.BOX_OFFICE: ("orders",),
        UsualProfile.BACK_OFFICE: ("orders",),
        UsualProfile.GATE: (OrdersPrivilege.ORDER_READ,),
        UsualProfile.READER: (OrdersPrivilege.ORDER_READ,),
    },
    called={"entitlement": reads.numbers_of},
    anomalies=tuple(SaleAnomaly),
    checks=(checks.BOOKS,),
    feeds=(Feeds(FeedFamily.TICKETS, Scope.SITE, frozenset({Right.CONTROL})),),
)
