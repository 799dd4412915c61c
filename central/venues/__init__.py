"""Where it happens: sites, spaces, physical and logical configurations, plan files."""

from central.venues import needed, ops, workshop
from central.venues.model import VenuesPrivilege
from central.web.area import Area

AREA = Area(
    name="venues",
    after="organisation",
    modules=(ops,),
    privileges=tuple(VenuesPrivilege),
    pages=(workshop.workshop,),
    checklist=(
        needed.space,
        needed.physical_configuration,
        needed.entrances,
        needed.seat_categories,
        needed.logical_configuration,
    ),
)
