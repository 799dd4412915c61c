"""What screens say of prices."""

import re
from html import unescape

from central.kernel.actor import SYSTEM
from central.pricing.ops import PriceCell, SetPrices
from tests.central.small_house import STANDING, new_id
from tests.central.web.screens.conftest import Browser


async def test_a_grids_history_tells_its_prices(browser: Browser) -> None:
    """Before: *Version 2 → 3*, in the column beside the prices and in the whole history."""
    house = browser.house
    cells = (PriceCell(house.seated, house.full, 2_500), PriceCell(house.standing, house.full, STANDING))
    reply = await browser.door.execute(SYSTEM, SetPrices(grid_id=house.grid, prices=cells), act := new_id())
    assert reply.ok
    for path in (f"/admin/history/price_grid/{house.grid}?panel=1", f"/admin/audit/{act}"):
        said = [" ".join(unescape(re.sub("<[^>]*>", " ", each)).split()) for each in
                re.findall(r"<dt>.*?</dd>", (await browser.get(path)).text, re.S)]  # fmt: skip
        assert "1re, Plein tarif avant 20,00 € → après 25,00 €" in said, said
        assert "1re, Enfant avant 9,00 € → après rien" in said or "1re, Enfant 9,00 €" in said, said
        assert not any("Debout" in each for each in said if "→" in each), "what stayed as it was is not told"
    first = (await browser.get(f"/admin/history/price_grid/{house.grid}")).text
    assert "20,00" in first.rpartition('class="entry-head"')[2], "those it was made with"
