"""Who sells where: channels and points of sale."""

from central.selling import checklist_items, ops
from central.selling.model import SellingPrivilege
from central.web.area import Area

AREA = Area(
    name="selling",
    modules=(ops,),
    privileges=tuple(SellingPrivilege),
    checklist=(checklist_items.channels, checklist_items.points_of_sale),
)
