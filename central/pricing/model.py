"""Price grid: seat category × tariff → price, VAT included (docs/spec/organisation.md, Prices)."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.catalogue.model import GRID
from central.kernel.crud import MOST_KINDS, configured
from central.kernel.entity import Between, Look, Ref, entity
from central.kernel.privileges import Action
from central.kernel.values import Code, Names
from shared.ids import Id
from shared.money import Minor
from shared.outcome import Reason


class PricingPrivilege(StrEnum):
    PRICE_READ = "pricing.grid.read"
    PRICE_CREATE = "pricing.grid.create"
    PRICE_MODIFY = "pricing.grid.modify"


@configured(most=MOST_KINDS)
@entity("tariff", read=PricingPrivilege.PRICE_READ, unique=(("context_id", "code"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What the buyer picks (full, student …). `rank` 1 is proposed first; `proof`: the gate asks for a proof."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    rank: Annotated[int, Between(1, 999)]
    proof: bool


@configured(kept={"version": 1}, without=(Action.CREATE,))
@entity("price_grid", read=PricingPrivilege.PRICE_READ, unique=(("context_id", "code"),), fills=(GRID,))
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGrid:
    """`version` goes up at every change. Devices are told it with prices and leases; no sale says yet which it knew."""

    id: Id
    context_id: Annotated[Id, Ref("context")]
    code: Code
    names: Names
    currency: Annotated[str, Look.CURRENCY]
    version: int


@entity(
    "price", read=PricingPrivilege.PRICE_READ, unique=(("grid_id", "category_id", "tariff_id"),),
    index=(("category_id",), ("tariff_id",)),
)  # fmt: skip
@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a seat of a category costs at a tariff, in minor units of its grid's currency, VAT included."""

    id: Id
    grid_id: Annotated[Id, Ref("price_grid")]
    category_id: Annotated[Id, Ref("seat_category")]
    tariff_id: Annotated[Id, Ref("tariff")]
    amount: Minor


class NoGrid(Reason):
    NO_SUCH_GRID = auto()
    CHANGED_MEANWHILE = auto()
    NEGATIVE = auto()
    PRICES_IN_IT = auto()  # amounts in the currency that is to change
