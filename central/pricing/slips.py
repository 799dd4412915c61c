"""What is rarely meant of prices: another currency than the house's, and an amount far beyond all others."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from central.kernel.contexts import setting_at
from central.kernel.door import Door
from central.kernel.entity import ENTITIES
from central.kernel.house_settings import CURRENCY
from central.kernel.tx import Read
from central.pricing.model import Price, PriceGrid
from central.pricing.ops import PriceCell
from central.pricing.reads import dearest_in
from central.web.frame import FRAME
from central.web.screens.listing import ListFilter, found
from central.web.texts import Texts
from shared.ids import Id
from shared.money import exponent

FAR = 100
"""Times the dearest other price: nobody sells a seat at that beside the others."""
BESIDE = 20
"""Grids whose prices are looked at."""
MUCH = 100_000
"""Units of the main currency: more than a seat costs anywhere it is weighed against."""


def price_slips(app: web.Application) -> None:
    app[FRAME].remark_on("price_grid", lambda read, t, grid: other_currency(read, t, grid.context_id, grid.currency))
    app[FRAME].doubt("price_grid", _grid)


def _grid(read: Read, t: Texts, said: Mapping[str, Any]) -> list[str]:
    return other_currency(read, t, str(said.get("context_id") or ""), str(said.get("currency") or ""))


def other_currency(read: Read, t: Texts, context_id: str, currency: str) -> list[str]:
    """A house may sell in two currencies; it is rarely meant."""
    ours = setting_at(read, context_id, CURRENCY.key)
    if not ours or not currency or ours == currency:
        return []
    return [t("Cette grille est en {currency} ; la maison compte en {ours}.", currency=currency, ours=ours)]


def of_performance(read: Read, t: Texts, performance: Any) -> list[str]:
    """Said where one puts it on sale."""
    grid = read.get(PriceGrid, performance.price_grid_id)
    return other_currency(read, t, performance.context_id, grid.currency) if grid else []


def beside(door: Door, read: Read, grid: PriceGrid) -> list[Id]:
    """The newest grids in its currency that whoever asks may see, without itself."""
    wanted = ListFilter(sort="id", down=True, only=(("currency", grid.currency),))
    there = found(door, read, ENTITIES[PriceGrid], wanted, size=BESIDE + 1).rows
    return [each.id for each in there if each.id != grid.id][:BESIDE]


def far_beyond(
    read: Read, grid: PriceGrid, there: Sequence[Price], cells: Sequence[PriceCell], others: Sequence[Id]
) -> list[PriceCell]:
    """Those of these new prices that are a slip rather than a price, beside those of other grids: a comma too far, a
    telephone number."""
    stood = {(each.category_id, each.tariff_id): each.amount for each in there}
    elsewhere = dearest_in(read, others)
    slips = []
    for cell in cells:
        if stood.get((cell.category_id, cell.tariff_id)) == cell.amount:
            continue
        dearest = max([elsewhere, *(each.amount for each in cells if each is not cell)])
        if cell.amount > dearest and (
            cell.amount > MUCH * 10 ** exponent(grid.currency) or (dearest and cell.amount > FAR * dearest)
        ):
            slips.append(cell)
    return slips
