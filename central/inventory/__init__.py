"""What is left: contingents, places, gauges, and the allocations that take places out of them."""

from central.inventory import (
    audit,
    checklist_items,
    checks,
    contingents,
    counts,
    hold_expiry,
    loops,
    plan_actions,
    reads,
    release_rules,
)
from central.inventory.model import InventoryPrivilege
from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.web.area import Area
from central.web.rooms import Room

AREA = Area(
    name="inventory",
    room=Room.SEATS,
    modules=(audit, contingents, counts, hold_expiry, plan_actions, release_rules),
    sales=Sales(
        offered=("contingent", "sale_limit"),
        read=("place", "release_rule", "release_firing"),
        written=("hold", "allocation", "gauge", "limit_count", "place_count", "place_change"),
    ),
    privileges=tuple(InventoryPrivilege),
    usual={
        UsualProfile.BOX_OFFICE: (InventoryPrivilege.CONTINGENT_READ, InventoryPrivilege.PLACE_BLOCK),
        UsualProfile.BACK_OFFICE: ("inventory",),
        UsualProfile.READER: (InventoryPrivilege.CONTINGENT_READ, InventoryPrivilege.LIMIT_READ),
    },
    called={"allocation": reads.places_called},
    loops={"inventory": loops.keeping},
    checklist=(checklist_items.contingents,),
    checks=(checks.PLACES,),
)
