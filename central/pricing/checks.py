"""A price is so many of a currency's smallest units: in another currency it is another price, so that the currency does
not change under prices that somebody set."""

from collections.abc import Iterable
from typing import Any

import central.organisation.contexts  # noqa: F401 - contexts are configured there
from central.kernel.contexts import Context, contexts_below, setting_at
from central.kernel.crud import checked
from central.kernel.db import in_list
from central.kernel.house_settings import CURRENCY, ENDS, TIMEZONE, day_of, timezone_called
from central.kernel.tx import Read
from central.pricing.model import NoGrid, PriceGrid
from shared.outcome import Refused

MOST_NAMED = 20


@checked(PriceGrid, refuses=(NoGrid,))
def a_grid_keeps_its_currency(read: Read, before: PriceGrid | None, after: PriceGrid | None) -> Refused | None:
    if before is None or after is None or before.currency == after.currency:
        return None
    return _refused([before.id], before.currency) if with_prices(read, [before.id]) else None


@checked(Context, refuses=(NoGrid,))
def a_context_keeps_its_currency(read: Read, before: Context | None, after: Context | None) -> Refused | None:
    """Where seasons to come have prices in it; those that are over have been sold in it, and stay."""
    if before is None or after is None or _said(before) == _said(after):
        return None
    above = setting_at(read, before.parent_id, CURRENCY.key) or CURRENCY.fallback
    was, becomes = _said(before) or above, _said(after) or above
    if was == becomes:
        return None
    among, params = in_list("c", list(contexts_below(read, before.id)))
    grids = read.find(PriceGrid, f"WHERE context_id IN {among} AND currency = :was ORDER BY id", was=was, **params)
    priced = with_prices(read, [grid.id for grid in grids])
    touched = [
        grid.id for grid in grids
        if grid.id in priced and not _over(read, grid.context_id)
    ]  # fmt: skip
    return _refused(touched, was) if touched else None


def with_prices(read: Read, grids: Iterable[str]) -> set[str]:
    """Of these grids those in which a price stands."""
    among, params = in_list("g", [*grids, ""])
    return {row[0] for row in read.run(f"SELECT DISTINCT grid_id FROM price WHERE grid_id IN {among}", **params)}  # noqa: S608 - our names


def _said(context: Context) -> str:
    return context.settings.get(CURRENCY.key, "")


def _over(read: Read, at: str) -> bool:
    said = setting_at(read, at, ENDS.key)
    last, zone = day_of(said or ""), timezone_called(setting_at(read, at, TIMEZONE.key))
    # clock: a day that people set; while a wrong clock says that it is past, a currency may be changed by who may
    return last is not None and last < read.now.astimezone(zone).date()


def _refused(grids: list[Any], currency: str) -> Refused:
    told = {"currency": currency, "grids": len(grids), "ids": grids[:MOST_NAMED]}
    return Refused(NoGrid.PRICES_IN_IT, fix="currency", detail=told)
