"""Coats handed in, given back by a gate, and those that nobody fetched."""

from dataclasses import dataclass, replace
from typing import Annotated

from central.access.ops import report
from central.catalogue.model import Performance
from central.catalogue.reads import whereabouts
from central.cloakroom.model import (
    COAT,
    CloakroomPrivilege,
    Coat,
    CoatAnomaly,
    CoatDo,
    CoatState,
    NoCoat,
    NotFetched,
    hook,
)
from central.cloakroom.settings import CloakroomSettings
from central.kernel.entity import Ref
from central.kernel.facts import Author
from central.kernel.registry import handles
from central.kernel.scope import context_of
from central.kernel.tx import Read, Tx
from shared.clock import to_ms
from shared.ids import Id, derived_id
from shared.outcome import Ok, Outcome, Refused
from shared.wire.coats import COATS, CoatFetched, CoatRow
from shared.wire.facts import Fact
from shared.wire.feeds import feed_name

AT_ONCE = 100


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
    makes="coat",
)
def hand_in_coat(tx: Tx, want: HandInCoat) -> Outcome[int]:
    performance = tx.get(Performance, want.performance_id)
    assert performance, "the reference says so"
    hooks = tx.settings.of(CloakroomSettings).cloakroom_hooks
    number = hook(len(tx.find(Coat, "WHERE performance_id = :id", id=performance.id)), hooks)
    if isinstance(number, Refused):
        return number
    coat = tx.insert(Coat(id=want.id, performance_id=performance.id, number=number.value))
    tx.feed(feed_name(COATS, performance.site_id), coat.id, CoatRow(coat.number))
    return number


def take_fetched(tx: Tx, gate: Author, fact: Fact, said: CoatFetched) -> Outcome[None]:
    """A gate's own word, of a coat that hangs at its site; said twice, it is as before."""
    coat = tx.get(Coat, said.coat_id)
    if coat is None or whereabouts(tx, coat.performance_id).site_id != gate.site_id:
        return Refused(NotFetched.NO_SUCH_COAT, fix=said.coat_id)
    if coat.state is CoatState.LOST:
        late = derived_id("coat", coat.id)
        report(tx, late, CoatAnomaly.FETCHED_LATE, fact.at, gate.id, coat.id, {"number": coat.number})
    if after := COAT.after(coat.state, CoatDo.FETCH):
        tx.update(coat, replace(coat, state=after))
        tx.feed(feed_name(COATS, gate.site_id), coat.id, None)
    return Ok()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseCoats:
    """Central's own, when performances are over. Answers with their number; at most `AT_ONCE` at a time."""


@handles(LoseCoats, needs=CloakroomPrivilege.CREATE, at=lambda _, __: None, gives=int)
def lose_coats(tx: Tx, _: LoseCoats) -> Outcome[int]:
    over = hanging_still(tx, AT_ONCE)
    for coat in over:
        tx.update(coat, replace(coat, state=COAT[coat.state, CoatDo.LOSE]))
    return Ok(len(over))


def hanging_still(read: Read, most: int) -> list[Coat]:
    """Coats of performances that are over: what a loop asks before it says the command."""
    # clock: days that people set; what is final of it waits for a steady clock
    return read.find(
        Coat,
        "WHERE state = :hanging AND performance_id IN (SELECT id FROM performance WHERE closes <= :now) LIMIT :most",
        hanging=CoatState.HANGING,
        now=to_ms(read.now),
        most=most,
    )
