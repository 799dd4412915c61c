"""Slips of a newcomer at the screens: each is refused where it was made, or said, before it costs an evening."""

import re

from tests.central.web.screens.conftest import Browser, Page
from tests.central.web.screens.test_flows import done, value


async def _grid(browser: Browser, code: str, currency: str) -> Page:
    form = await browser.get(f"/admin/e/price_grid/new?at={browser.house.season}")
    return await browser.send("/admin/e/price_grid/new", form, code=code, names__fr=code, currency=currency)


async def test_a_grid_s_currency_is_one_and_another_than_the_house_s_is_said(browser: Browser) -> None:
    form = await browser.get(f"/admin/e/price_grid/new?at={browser.house.season}")
    assert form.inputs["currency"] == ["EUR"], "the house's is proposed"
    assert '<option value="CHF">' in form
    for odd in ("XYZ", "euros", "XXX"):
        refused = await _grid(browser, "ODD", odd)
        assert refused.status == 422
        assert re.search(r'id="f-currency-fault1">.*ISO 4217', refused.text), odd
    euros, francs = await _grid(browser, "EU", "eur"), await _grid(browser, "SU", "CHF")
    assert done(euros) and done(francs)
    assert "la maison compte en" not in euros
    assert "Cette grille est en CHF ; la maison compte en EUR." in francs
    assert await value(browser, "SELECT COUNT(*) FROM price_grid WHERE code = 'ODD'") == 0
