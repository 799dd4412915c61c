"""What is left: contingents, places, gauges, and the allocations that take places out of them."""

from central.inventory import (
    audit,
    carry_over,
    carry_page,
    contingents,
    counts,
    holds,
    keeping,
    needed,
    ops,
    plan_actions,
    plan_page,
    release_rules,
)
from central.inventory.model import InventoryPrivilege
from central.kernel.feeds import Feeds, Scope
from central.web.area import Area
from shared.wire.feeds import Family

AREA = Area(
    name="inventory",
    after="pricing",
    modules=(audit, carry_over, contingents, counts, holds, ops, plan_actions, release_rules),
    privileges=tuple(InventoryPrivilege),
    pages=(plan_page.plan_pages, carry_page.carry_pages),
    loops={"inventory": keeping.keeping},
    checklist=(needed.contingents,),
    feeds=(
        Feeds.of(Family.PERFORMANCES, Scope.SITE),
        Feeds.of(Family.CATALOGUE, Scope.POINT_OF_SALE),
        Feeds.of(Family.PLANS, Scope.SITE),
    ),
)
