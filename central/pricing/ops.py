"""Tariffs and price grids."""

from dataclasses import dataclass, replace

from central.kernel.declared import command_of
from central.kernel.privileges import Action
from central.kernel.registry import handles
from central.kernel.tx import Read, Tx
from central.organisation.model import Names, Privilege
from central.pricing.model import NoGrid, Price, PriceGrid, Tariff
from shared.ids import Id, derived_id
from shared.money import Minor
from shared.outcome import Ok, Outcome, Refused

CreateTariff = command_of(Action.CREATE, Tariff)


@dataclass(frozen=True, slots=True)
class PriceCell:
    category_id: Id
    tariff_id: Id
    amount: int


@dataclass(frozen=True, slots=True)
class CreatePriceGrid:
    """Amounts in minor units of `currency`, VAT included."""

    id: Id
    context_id: Id
    code: str
    names: Names
    currency: str
    prices: tuple[PriceCell, ...]


@handles(CreatePriceGrid, needs=Privilege.PRICE_MODIFY, gives=Id)
def create_price_grid(tx: Tx, want: CreatePriceGrid) -> Outcome[Id]:
    negative = [cell for cell in want.prices if cell.amount < 0]
    if negative:
        return Refused(NoGrid.NEGATIVE, fix="prices", detail={"amounts": [cell.amount for cell in negative]})
    grid = PriceGrid(want.id, want.context_id, want.code, want.names, want.currency, version=1)
    if not tx.insert_if_absent(grid):
        return Refused(NoGrid.CODE_TAKEN, fix="code")
    tx.insert_all([_price(want.id, cell) for cell in want.prices])
    return Ok(want.id)


@dataclass(frozen=True, slots=True)
class SetPrice:
    """A change of price never changes a line that exists (spec/organisation.md); put the performance on sale again, and
    devices hear of it."""

    grid_id: Id
    cell: PriceCell


def _grid_context(read: Read, grid_id: str) -> str | None:
    row = read.one("SELECT context_id FROM price_grid WHERE id = :id", id=grid_id)
    return str(row[0]) if row else None


@handles(SetPrice, needs=Privilege.PRICE_MODIFY, at=lambda read, want: _grid_context(read, want.grid_id), gives=int)
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


def _price(grid_id: Id, cell: PriceCell) -> Price:
    made = derived_id("price", grid_id, cell.category_id, cell.tariff_id)
    return Price(made, grid_id, cell.category_id, cell.tariff_id, Minor(cell.amount))
