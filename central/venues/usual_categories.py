"""The seat categories of a new house, in one go."""

from dataclasses import dataclass
from typing import Annotated

from central.kernel.bulk import create_all
from central.kernel.crud import NoChange
from central.kernel.entity import Between, Look, Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.kernel.values import Code, Names
from central.venues.model import SeatCategory, VenuesPrivilege
from shared.ids import Id
from shared.outcome import Outcome


@dataclass(frozen=True, slots=True)
class NewCategory:
    code: Code
    names: Names
    colour: Annotated[str, Look.COLOUR]
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSeatCategories:
    """Several seat categories of the institution at once."""

    context_id: Annotated[Id, Ref("context")]
    categories: Annotated[tuple[NewCategory, ...], Between(most=50)]


@handles(CreateSeatCategories, needs=VenuesPrivilege.VENUE_CREATE, refuses=(NoChange,), gives=int)
def create_seat_categories(tx: Tx, want: CreateSeatCategories) -> Outcome[int]:
    return create_all(
        tx,
        [
            SeatCategory(
                id=tx.new_id("category", n),
                context_id=want.context_id,
                code=each.code,
                names=each.names,
                colour=each.colour,
                rank=each.rank,
            )
            for n, each in enumerate(want.categories)
        ],
    )
