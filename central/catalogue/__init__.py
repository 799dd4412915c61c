"""What is on: events and their performances."""

from central.catalogue import checklist_items, ops
from central.catalogue.model import CataloguePrivilege
from central.web.area import Area

AREA = Area(
    name="catalogue",
    after="venues",
    modules=(ops,),
    privileges=tuple(CataloguePrivilege),
    checklist=(checklist_items.event, checklist_items.performance, checklist_items.on_sale),
)
