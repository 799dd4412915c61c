"""The tariffs that most houses have, in one go."""

from dataclasses import dataclass
from typing import Annotated

from central.kernel.bulk import create_all
from central.kernel.crud import NoChange
from central.kernel.entity import Between, Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.kernel.values import Code, Names
from central.pricing.model import PricingPrivilege, Tariff
from shared.ids import Id
from shared.outcome import Outcome


@dataclass(frozen=True, slots=True)
class NewTariff:
    code: Code
    names: Names
    rank: int
    proof: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTariffs:
    """Several tariffs of a season at once."""

    context_id: Annotated[Id, Ref("context")]
    tariffs: Annotated[tuple[NewTariff, ...], Between(most=50)]


@handles(CreateTariffs, needs=PricingPrivilege.PRICE_CREATE, refuses=(NoChange,), gives=int)
def create_tariffs(tx: Tx, want: CreateTariffs) -> Outcome[int]:
    return create_all(
        tx,
        [
            Tariff(
                id=tx.new_id("tariff", n),
                context_id=want.context_id,
                code=each.code,
                names=each.names,
                rank=each.rank,
                proof=each.proof,
            )
            for n, each in enumerate(want.tariffs)
        ],
    )
