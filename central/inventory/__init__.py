"""What is left: contingents, places, gauges, and the allocations that take places out of them."""

from central.inventory import (
    audit,
    checklist_items,
    contingents,
    counts,
    hold_expiry,
    loops,
    plan_actions,
    release_rules,
)
from central.inventory.model import InventoryPrivilege
from central.web.area import Area

AREA = Area(
    name="inventory",
    modules=(audit, contingents, counts, hold_expiry, plan_actions, release_rules),
    privileges=tuple(InventoryPrivilege),
    loops={"inventory": loops.keeping},
    checklist=(checklist_items.contingents,),
)
