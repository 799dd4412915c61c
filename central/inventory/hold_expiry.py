"""The end of a hold that nobody sold or gave back: a loop gives back what is over, and whoever finds a place taken by a
hold that is over does it at once (places.py)."""

from dataclasses import dataclass
from typing import Annotated

from central.inventory.model import HOLD_AHEAD, HOLD_DUE, LONGEST_HOLD, InventoryPrivilege, NoPlace
from central.inventory.places import HOLDS_AT_ONCE, expire_due
from central.kernel.contexts import root_of_house, whole_house
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.spans import ahead
from central.kernel.tx import Read, Tx
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHolds:
    """Gives back what holds of the whole house kept that are over: the right is asked for there. Answers with their
    number; at most a hundred at a time."""

    context_id: Annotated[Id, Ref("context")]


@handles(ExpireHolds, needs=InventoryPrivilege.CONTINGENT_MODIFY, refuses=(NoPlace,), at=whole_house, gives=int)
def expire_holds(tx: Tx, _: ExpireHolds) -> Outcome[int]:
    return Ok(expire_due(tx, HOLDS_AT_ONCE))


def holds_over(read: Read) -> Id | None:
    """What a loop asks: the house, if there is anything to give back in it."""
    over = read.one(f"SELECT 1 FROM hold WHERE {HOLD_DUE} LIMIT 1", now=to_ms(read.now)) or read.one(  # noqa: S608 - our own words
        f"SELECT 1 FROM hold WHERE {HOLD_AHEAD} LIMIT 1",  # noqa: S608 - our own words
        ahead=ahead(read.now, LONGEST_HOLD),
    )
    return root_of_house(read) if over else None
