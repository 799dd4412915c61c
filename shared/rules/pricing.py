"""What a place costs: seat category × tariff out of one performance's price grid.

Kiosks, orders, the sales of devices and the exposure of their leases ask this one function, so that what a visitor was
told is what the books expect. Prices are whole minor units, VAT included; a tariff without a price for a category is
not sold in it, which is not the same as free.
"""

from collections.abc import Iterable, Mapping
from enum import auto

from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.wire.feeds import CatalogueRow, TariffRow

Prices = Mapping[str, Mapping[str, int]]
"""Tariff → seat category → minor units."""


class NoPrice(Reason):
    NOT_SOLD = auto()  # this tariff is not sold in this category


def prices_of(catalogue: CatalogueRow) -> Prices:
    return {tariff.id: tariff.prices for tariff in catalogue.tariffs}


def price(prices: Prices, category_id: Id, tariff_id: Id) -> Outcome[int]:
    """Minor units of the grid's currency."""
    amount = prices.get(tariff_id, {}).get(category_id)
    if amount is None or amount < 0:
        return Refused(NoPrice.NOT_SOLD, fix=tariff_id, detail={"category_id": category_id})
    return Ok(amount)


def total(prices: Prices, choices: Iterable[tuple[Id, Id]]) -> Outcome[int]:
    """The sum over (category, tariff) pairs; the first that cannot be priced refuses the whole."""
    amount = 0
    for category_id, tariff_id in choices:
        one = price(prices, category_id, tariff_id)
        if isinstance(one, Refused):
            return one
        amount += one.value
    return Ok(amount)


def asked_for(prices: Prices, category_id: Id) -> list[int]:
    """What a place of a category may cost, one amount for each tariff that is sold in it, the lowest first."""
    found = (price(prices, category_id, Id(tariff_id)) for tariff_id in prices)
    return sorted(each.value for each in found if isinstance(each, Ok))


def tariffs_for(catalogue: CatalogueRow, category_id: Id) -> tuple[TariffRow, ...]:
    """The tariffs sold in a category, the full one first (lowest rank, and of those the dearest)."""
    prices = prices_of(catalogue)
    sold = [tariff for tariff in catalogue.tariffs if isinstance(price(prices, category_id, tariff.id), Ok)]
    return tuple(sorted(sold, key=lambda tariff: (tariff.rank, -tariff.prices[category_id])))
