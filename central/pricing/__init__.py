"""What it costs: tariffs and price grids."""

from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.pricing import checklist_items, checks, ops, pages, price_history
from central.pricing.model import PricingPrivilege
from central.web.area import Area
from central.web.rooms import Room

AREA = Area(
    name="pricing",
    room=Room.PRICES,
    modules=(ops, checks, price_history),
    sales=Sales(offered=("price_grid", "price", "tariff")),
    privileges=tuple(PricingPrivilege),
    usual={
        UsualProfile.BOX_OFFICE: (PricingPrivilege.PRICE_READ,),
        UsualProfile.BACK_OFFICE: ("pricing",),
        UsualProfile.READER: (PricingPrivilege.PRICE_READ,),
    },
    pages=(pages.pricing_pages,),
    checklist=(checklist_items.tariffs, checklist_items.price_grid),
)
