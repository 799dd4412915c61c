"""Who sells where: channels and points of sale."""

from central.selling import needed, ops
from central.selling.model import SellingPrivilege
from central.web.area import Area

AREA = Area(
    name="selling",
    after="catalogue",
    modules=(ops,),
    privileges=tuple(SellingPrivilege),
    checklist=(needed.channels, needed.points_of_sale),
)
