"""What is on: events and their performances."""

from central.catalogue import checklist_items, ops
from central.catalogue.model import CataloguePrivilege
from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.web.area import Area
from central.web.rooms import Room

AREA = Area(
    name="catalogue",
    room=Room.PROGRAMME,
    modules=(ops,),
    sales=Sales(offered=("performance", "event")),
    privileges=tuple(CataloguePrivilege),
    usual={
        UsualProfile.BOX_OFFICE: (CataloguePrivilege.CATALOGUE_READ,),
        UsualProfile.BACK_OFFICE: ("catalogue",),
        UsualProfile.GATE: (CataloguePrivilege.CATALOGUE_READ,),
        UsualProfile.READER: (CataloguePrivilege.CATALOGUE_READ,),
    },
    checklist=(checklist_items.event,),
)
