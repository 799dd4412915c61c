"""What it costs: tariffs and price grids."""

from central.pricing import needed, ops, pages
from central.pricing.model import PricingPrivilege
from central.web.area import Area

AREA = Area(
    name="pricing",
    after="selling",
    modules=(ops,),
    privileges=tuple(PricingPrivilege),
    pages=(pages.pricing_pages,),
    checklist=(needed.tariffs, needed.price_grid),
)
