"""What a place costs: seat category × tariff out of one performance's price grid.

The till and central ask the same function, so that what a visitor was told is what the books expect. Prices are whole
minor units, VAT included; a tariff without a price for a category is not sold in it, which is not the same as free.
"""

from collections.abc import Iterable
from enum import auto

from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.wire.feeds import CatalogueRow, TariffRow


class NoPrice(Reason):
    NO_SUCH_CATEGORY = auto()
    NO_SUCH_TARIFF = auto()
    NOT_SOLD = auto()  # this tariff is not sold in this category


def price(catalogue: CatalogueRow, category_id: Id, tariff_id: Id) -> Outcome[int]:
    """Minor units of the catalogue's currency."""
    if all(category.id != category_id for category in catalogue.categories):
        return Refused(NoPrice.NO_SUCH_CATEGORY, fix=category_id)
    tariff = next((tariff for tariff in catalogue.tariffs if tariff.id == tariff_id), None)
    if tariff is None:
        return Refused(NoPrice.NO_SUCH_TARIFF, fix=tariff_id)
    amount = tariff.prices.get(category_id)
    if amount is None or amount < 0:
        return Refused(NoPrice.NOT_SOLD, fix=tariff_id, detail={"category_id": category_id})
    return Ok(amount)


def total(catalogue: CatalogueRow, choices: Iterable[tuple[Id, Id]]) -> Outcome[int]:
    """The sum over (category, tariff) pairs; the first that cannot be priced refuses the whole."""
    amount = 0
    for category_id, tariff_id in choices:
        one = price(catalogue, category_id, tariff_id)
        if isinstance(one, Refused):
            return one
        amount += one.value
    return Ok(amount)


def tariffs_for(catalogue: CatalogueRow, category_id: Id) -> tuple[TariffRow, ...]:
    """The tariffs sold in a category, the full one first (lowest rank, and of those the dearest)."""
    sold = [tariff for tariff in catalogue.tariffs if isinstance(price(catalogue, category_id, tariff.id), Ok)]
    return tuple(sorted(sold, key=lambda tariff: (tariff.rank, -tariff.prices[category_id])))
