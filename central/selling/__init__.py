"""Who sells where: channels and points of sale."""

from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.selling import checklist_items, form_defaults, ops
from central.selling.model import SellingPrivilege
from central.web.area import Area
from central.web.rooms import Room

AREA = Area(
    name="selling",
    room=Room.OPENINGS,
    modules=(ops,),
    sales=Sales(offered=("point_of_sale", "channel")),
    privileges=tuple(SellingPrivilege),
    usual={
        UsualProfile.BOX_OFFICE: (SellingPrivilege.CHANNEL_READ,),
        UsualProfile.BACK_OFFICE: ("selling",),
        UsualProfile.READER: (SellingPrivilege.CHANNEL_READ,),
    },
    pages=(form_defaults.openings,),
    checklist=(checklist_items.channels, checklist_items.points_of_sale),
)
