"""Looking at the whole house: the live page, and the checks that the books agree."""

from central.catalogue.model import CataloguePrivilege
from central.kernel.checklist import t
from central.reports import checks, pages, service_sheet
from central.web.area import Area
from central.web.rooms import MenuEntry, Room

AREA = Area(
    name="reports",
    room=Room.TODAY,
    menu=(MenuEntry(t("Feuille de service"), service_sheet.HREF, CataloguePrivilege.CATALOGUE_READ),),
    modules=(checks,),
    settings=pages.ReportsSettings,
    means=pages.live_open,
    pages=(pages.live_page, pages.day_pages, service_sheet.service_pages),
)
