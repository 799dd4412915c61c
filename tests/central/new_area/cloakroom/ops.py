"""Coats handed in, and those that nobody fetched."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.catalogue.model import Performance
from central.cloakroom.model import CloakroomPrivilege, Coat, NoCoat, hook
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.scope import context_of
from central.kernel.tx import Tx
from shared.clock import to_ms
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.feeds import feed_name

HOOKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInCoat:
    id: Id
    performance_id: Annotated[Id, Ref("performance")]


@handles(
    HandInCoat,
    needs=CloakroomPrivilege.CREATE,
    refuses=(NoCoat,),
    at=lambda read, want: context_of(read, "performance", want.performance_id),
    gives=int,
)
def hand_in_coat(tx: Tx, want: HandInCoat) -> Outcome[int]:
    performance = tx.get(Performance, want.performance_id)
    assert performance, "the reference says so"
    number = hook(len(tx.find(Coat, "WHERE performance_id = :id", id=performance.id)), HOOKS)
    if isinstance(number, Refused):
        return number
    coat = tx.insert(Coat(id=want.id, performance_id=performance.id, number=number.value))
    tx.feed(feed_name("coats", performance.site_id), coat.id, {"number": coat.number})
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseCoats:
    """Central's own, when performances are over."""


@handles(LoseCoats, needs=CloakroomPrivilege.CREATE, at=lambda _, __: None, gives=int)
def lose_coats(tx: Tx, _: LoseCoats) -> Outcome[int]:
    over = tx.find(
        Coat,
        "WHERE lost = 0 AND performance_id IN (SELECT id FROM performance WHERE closes <= :now)",
        now=to_ms(tx.now),
    )
    for coat in over:
        tx.update(coat, replace(coat, lost=True))
    return Ok(len(over))
