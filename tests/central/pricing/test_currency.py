"""An amount is so many of a currency's smallest units. Under prices that are set the currency does not change."""

from datetime import timedelta
from typing import Any

from central.kernel.contexts import Context
from central.kernel.crud import CONFIGURED
from central.kernel.privileges import Action
from central.kernel.tx import Read
from central.pricing.model import NoGrid
from central.pricing.ops import SetPrices
from shared.ids import Id
from tests.central.small_house import Clerk, House


def _settings(clerk: Clerk, context: Id) -> dict[str, str]:
    clerk.db.begin(write=False)
    found = Read(clerk.db, clerk.actor, clerk.watch(), clerk.door.keys).get(Context, context)
    clerk.db.rollback()
    assert found
    return dict(found.settings)


def _says(clerk: Clerk, context: Id, **said: str) -> Any:
    change = CONFIGURED["context"].commands[Action.MODIFY]
    return change(id=context, set={"settings": {**_settings(clerk, context), **said}})


def _grid_in(house: House, currency: str) -> Any:
    return CONFIGURED["price_grid"].commands[Action.MODIFY](id=house.grid, set={"currency": currency})


def test_a_grid_with_prices_keeps_its_currency(quick: tuple[Clerk, House]) -> None:
    clerk, house = quick
    refused = clerk.no(_grid_in(house, "JPY"))
    assert refused.reason is NoGrid.PRICES_IN_IT and refused.fix == "currency"
    assert refused.detail == {"currency": "EUR", "grids": 1, "ids": [house.grid]}
    clerk.do(SetPrices(grid_id=house.grid, prices=()))
    clerk.do(_grid_in(house, "JPY"))


def test_nobody_changes_it_above_them_either(quick: tuple[Clerk, House]) -> None:
    """Where it was said, and where it was only understood."""
    clerk, house = quick
    assert _settings(clerk, house.organiser)["currency"] == "EUR" and "currency" not in _settings(clerk, house.season)
    for context in (house.institution, house.organiser, house.season):
        refused = clerk.no(_says(clerk, context, currency="CHF"))
        assert refused.reason is NoGrid.PRICES_IN_IT and refused.detail["ids"] == [house.grid], context
    clerk.do(_says(clerk, house.organiser, mention="Salle climatisée", currency="EUR"))


def test_once_the_season_is_over_it_may(quick: tuple[Clerk, House]) -> None:
    """A country takes another currency; what was sold stays in the old one."""
    clerk, house = quick
    today = clerk.watch().date()
    clerk.do(_says(clerk, house.season, ends=today.isoformat()))
    assert clerk.no(_says(clerk, house.organiser, currency="CHF")).reason is NoGrid.PRICES_IN_IT, "it is its last day"
    clerk.do(_says(clerk, house.season, ends=(today - timedelta(days=1)).isoformat()))
    clerk.do(_says(clerk, house.organiser, currency="CHF"))
    assert clerk.no(_grid_in(house, "CHF")).reason is NoGrid.PRICES_IN_IT, "its own amounts stay what they are"
