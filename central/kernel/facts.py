"""The facts that areas take from devices: of each kind, who may tell it, and what follows from it. An area declares its
kinds (web/area.py), as it does its feeds; devices/facts.py takes whatever a device uploads and has it have its effect.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import auto
from typing import Any, Generic, Protocol, TypeVar

from central.kernel.tx import Tx
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused
from shared.wire.certificates import RIGHTS, DeviceKind, Right
from shared.wire.codec import build
from shared.wire.facts import Fact

B = TypeVar("B")


class Author(Protocol):
    """What a fact is held against: the device that tells it, where somebody who may has put it (devices/model.py)."""

    @property
    def id(self) -> Id: ...
    @property
    def kind(self) -> DeviceKind: ...
    @property
    def code(self) -> str: ...
    @property
    def site_id(self) -> Id: ...
    @property
    def point_of_sale_id(self) -> Id | None: ...
    @property
    def public_key(self) -> str: ...


class NoEffect(Reason):
    """Why nothing follows from a fact, whatever its kind; an area's own reasons come after. None is for the device to
    mend: it is taken all the same, and lies there as a dead letter. The texts say what to look at next."""

    HASH_DIFFERS = auto()
    UNKNOWN_KIND = auto()  # a newer device's
    NOT_ITS_TO_TELL = auto()
    UNREADABLE = auto()
    NOT_KEPT = auto()  # it fits no column, or names what is not there


@dataclass(frozen=True, slots=True)
class KindOfFact(Generic[B]):
    """A kind. `tellers`: its author has to have one of these rights. `body` is what it says (shared/wire), `take` does
    what follows, in the transaction that keeps it; neither: it is kept, and nothing follows. `refuses`: why nothing
    may follow after all, as of a command; what was written until then is undone."""

    kind: str
    tellers: frozenset[Right]
    body: type[B] | None = None
    take: Callable[[Tx, Author, Fact, B], Outcome[None]] | None = None
    refuses: tuple[type[Reason], ...] = ()


FACTS: dict[str, KindOfFact[Any]] = {}


def have_effect(tx: Tx, author: Author, fact: Fact) -> Outcome[None]:
    """Raises ValueError where its body is not one of its kind's."""
    facts = FACTS.get(fact.kind)
    if facts is None:
        return Refused(NoEffect.UNKNOWN_KIND, fix=fact.kind)
    if not facts.tellers & RIGHTS[author.kind]:
        return Refused(NoEffect.NOT_ITS_TO_TELL, fix=fact.kind, detail={"device": author.kind})
    if facts.body is None or facts.take is None:
        return Ok()
    return facts.take(tx, author, fact, build(facts.body, fact.body))


def no_effects() -> Iterable[type[Reason]]:
    """Of every reason that a dead letter may have."""
    return (NoEffect, *dict.fromkeys(kind for facts in FACTS.values() for kind in facts.refuses))
