"""What is on: events and their performances."""

from central.catalogue import checklist_items, ops
from central.catalogue.model import CataloguePrivilege
from central.web.area import Area

AREA = Area(
    name="catalogue",
    modules=(ops,),
    privileges=tuple(CataloguePrivilege),
    checklist=(checklist_items.event,),
)
