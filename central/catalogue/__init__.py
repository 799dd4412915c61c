"""What is on: events and their performances."""

from central.catalogue import needed, ops
from central.catalogue.model import CataloguePrivilege
from central.web.area import Area

AREA = Area(
    name="catalogue",
    after="venues",
    modules=(ops,),
    privileges=tuple(CataloguePrivilege),
    checklist=(needed.event, needed.performance, needed.on_sale),
)
