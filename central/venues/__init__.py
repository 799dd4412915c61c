"""Where it happens: sites, spaces, physical and logical configurations, plan files."""

from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.venues import capacity, checklist_items, checks, ops, workshop
from central.venues.hall_description import Numbering, RowNames
from central.venues.model import VenuesPrivilege
from central.venues.plan_flaws import Flaw, JsonKind, Things
from central.venues.planfile_axes import Unit
from central.venues.svg_proposal import Why
from central.venues.svg_seats import Left
from central.venues.svg_sources import KNOWN, SeatPart, Where
from central.web.area import Area
from central.web.rooms import Room
from shared.rules.place_state import PlaceState

AREA = Area(
    name="venues",
    room=Room.SEATS,
    modules=(ops,),
    sales=Sales(
        fixed=("logical_configuration", "physical_configuration", "physical_row", "physical_seat", "physical_zone")
    ),
    told=(
        *("site", "seat_category", "physical_configuration", "physical_zone", "logical_configuration"),
        "plan_action",  # of each change of a seat there is one
    ),
    privileges=tuple(VenuesPrivilege),
    usual={
        UsualProfile.BOX_OFFICE: (VenuesPrivilege.VENUE_READ,),
        UsualProfile.BACK_OFFICE: ("venues",),
        UsualProfile.GATE: (VenuesPrivilege.VENUE_READ,),
        UsualProfile.READER: (VenuesPrivilege.VENUE_READ,),
    },
    pages=(workshop.workshop, capacity.capacity_pages),
    words={
        "value:place_state": PlaceState,
        "value:numbering": Numbering,
        "value:row_naming": RowNames,
        "field:draw_block": workshop.ALL_BLOCK_FIELDS,
        "field:draw_area": workshop.AREA_FIELDS,
        "fault:plan": Flaw,
        "value:plan_things": Things,
        "value:plan_unit": Unit,
        "value:plan_kind": JsonKind,
        "value:svg_part": SeatPart,
        "value:svg_where": [where for where in Where if where not in (Where.ATTRIBUTE, Where.SAME)],
        "value:svg_attribute": KNOWN,
        "value:svg_left": Left,
        "value:svg_why": Why,
    },
    checklist=(
        checklist_items.space,
        checklist_items.physical_configuration,
        checklist_items.entrances,
        checklist_items.seat_categories,
    ),
    checks=(checks.ZONES,),
)
