"""Tariffs and price grids."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.kernel.crud import CONFIGURED, NoChange, command_of, refused_row
from central.kernel.entity import Between, Look, Ref
from central.kernel.privileges import Action
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.kernel.values import Code, Names
from central.pricing.model import NoGrid, Price, PriceGrid, PricingPrivilege, Tariff
from central.pricing.reads import grid_prices
from shared.ids import Id, derived_id
from shared.money import Minor
from shared.outcome import Ok, Outcome, Refused

CreateTariff = command_of(Action.CREATE, Tariff)


@dataclass(frozen=True, slots=True)
class PriceCell:
    category_id: Annotated[Id, Ref("seat_category")]
    tariff_id: Annotated[Id, Ref("tariff")]
    amount: Annotated[int, Look.MONEY]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePriceGrid:
    """Amounts in minor units of `currency`, VAT included."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    currency: Annotated[str, Look.CURRENCY]
    prices: Annotated[tuple[PriceCell, ...], Between(most=1_000)] = ()


@handles(CreatePriceGrid, needs=PricingPrivilege.PRICE_MODIFY, refuses=(NoGrid, NoChange), gives=Id, makes="price_grid")
def create_price_grid(tx: Tx, want: CreatePriceGrid) -> Outcome[Id]:
    negative = [cell for cell in want.prices if cell.amount < 0]
    if negative:
        return Refused(NoGrid.NEGATIVE, fix="prices", detail={"amounts": [cell.amount for cell in negative]})
    grid = PriceGrid(
        id=want.id, context_id=want.context_id, code=want.code, names=want.names, currency=want.currency, version=1
    )
    if refused := refused_row(tx, CONFIGURED["price_grid"], None, grid):
        return refused
    tx.insert(grid)
    tx.insert_all([_price(want.id, cell) for cell in want.prices])
    return Ok(want.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPrice:
    """What seats of a category cost at a tariff from now on. No line of an order that exists changes, and devices are
    told by themselves (docs/spec/organisation.md)."""

    grid_id: Annotated[Id, Ref("price_grid")]
    cell: PriceCell


@handles(
    SetPrice,
    needs=PricingPrivilege.PRICE_MODIFY,
    refuses=(NoGrid,),
    gives=int,
)
def set_price(tx: Tx, want: SetPrice) -> Outcome[int]:
    """Answers with the grid's new version."""
    grid = tx.get(PriceGrid, want.grid_id)
    if grid is None:
        return Refused(NoGrid.NO_SUCH_GRID, fix="grid_id")
    if want.cell.amount < 0:
        return Refused(NoGrid.NEGATIVE, fix="cell.amount")
    new = _price(grid.id, want.cell)
    old = tx.get(Price, new.id)
    if old:
        tx.update(old, new)
    else:
        tx.insert(new)
    return Ok(tx.update(grid, replace(grid, version=grid.version + 1)).version)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPrices:
    """The whole grid at once: what is not among `prices` is not for sale by it any more. `seen` is the version that was
    written over; 0: whichever it is."""

    grid_id: Annotated[Id, Ref("price_grid")]
    prices: Annotated[tuple[PriceCell, ...], Between(most=1_000)]
    seen: int = 0


@handles(
    SetPrices,
    needs=PricingPrivilege.PRICE_MODIFY,
    refuses=(NoGrid,),
    gives=int,
)
def set_prices(tx: Tx, want: SetPrices) -> Outcome[int]:
    """Answers with the grid's new version, or the old one if nothing differs."""
    grid = tx.get(PriceGrid, want.grid_id)
    if grid is None:
        return Refused(NoGrid.NO_SUCH_GRID, fix="grid_id")
    if want.seen and want.seen != grid.version:
        return Refused(NoGrid.CHANGED_MEANWHILE, fix=grid.id, detail={"version": grid.version})
    faults = [
        {"at": f"prices.{n}.amount", "what": "too_small", "least": 0}
        for n, cell in enumerate(want.prices)
        if cell.amount < 0
    ]
    if faults:
        return Refused(NoGrid.NEGATIVE, fix="prices", detail={"faults": faults})
    wanted = {price.id: price for price in (_price(grid.id, cell) for cell in want.prices)}
    there = {price.id: price for price in grid_prices(tx, grid.id)}
    if wanted == there:
        return Ok(grid.version)
    for gone in (price for key, price in there.items() if key not in wanted):
        tx.delete(gone)
    for key, price in wanted.items():
        if key not in there:
            tx.insert(price)
        else:
            tx.update(there[key], price)
    return Ok(tx.update(grid, replace(grid, version=grid.version + 1)).version)


def price_id(grid_id: str, category_id: str, tariff_id: str) -> Id:
    return derived_id("price", grid_id, category_id, tariff_id)


def _price(grid_id: Id, cell: PriceCell) -> Price:
    return Price(
        id=price_id(grid_id, cell.category_id, cell.tariff_id),
        grid_id=grid_id,
        category_id=cell.category_id,
        tariff_id=cell.tariff_id,
        amount=Minor(cell.amount),
    )
