"""What is left: contingents, places, gauges, and the allocations that take places out of them."""

from central.inventory import (
    audit,
    contingents,
    counts,
    holds,
    loops,
    needed,
    plan_actions,
    release_rules,
)
from central.inventory.model import InventoryPrivilege
from central.web.area import Area

AREA = Area(
    name="inventory",
    after="pricing",
    modules=(audit, contingents, counts, holds, plan_actions, release_rules),
    privileges=tuple(InventoryPrivilege),
    loops={"inventory": loops.keeping},
    checklist=(needed.contingents,),
)
