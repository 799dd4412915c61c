"""Looking at the whole house: the live page, and the checks that the books agree."""

from central.catalogue.model import CataloguePrivilege
from central.kernel.checklist import t
from central.reports import checks, consequences, list_columns, pages, service_sheet
from central.reports.evening import Verdict
from central.reports.live_page import LIVE
from central.reports.site_map import Stand
from central.web.area import Area
from central.web.rooms import MenuEntry, Room
from shared.rules.access import Deny
from shared.rules.place_state import PlaceState

AREA = Area(
    name="reports",
    room=Room.TODAY,
    menu=(MenuEntry(t("Feuille de service"), service_sheet.HREF, CataloguePrivilege.CATALOGUE_READ),),
    modules=(checks,),
    settings=pages.ReportsSettings,
    means=pages.live_open,
    pages=(
        pages.live_page,
        pages.day_pages,
        service_sheet.service_pages,
        consequences.consequence_pages,
        list_columns.list_columns,
    ),
    words={
        "value:deny": Deny,
        "value:stand": Stand,
        "value:verdict": Verdict,
        "value:seat_count": [state for state in PlaceState if state.shape],
    },
    loops={"live page": lambda app: app[LIVE].keep},
)
