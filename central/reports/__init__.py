"""Looking at the whole house: the live page, and the checks that the books agree."""

from central.reports import checks, pages, service_sheet
from central.web.area import Area

AREA = Area(
    name="reports",
    modules=(checks,),
    settings=pages.ReportsSettings,
    means=pages.live_open,
    pages=(pages.live_page, pages.day_pages, service_sheet.service_pages),
)
