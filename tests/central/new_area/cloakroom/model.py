"""What the cloakroom keeps, how a coat's life goes, and its rule."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Ref, entity
from shared.ids import Id
from shared.life import Life
from shared.outcome import Ok, Outcome, Reason, Refused


class CloakroomPrivilege(StrEnum):
    READ = "cloakroom.coat.read"
    CREATE = "cloakroom.coat.create"


class NoCoat(Reason):
    FULL = auto()  # whose: of one performance's own hooks


class NotFetched(Reason):
    """Why nothing follows from a gate's word that a coat was fetched."""

    NO_SUCH_COAT = auto()


class CoatAnomaly(StrEnum):
    FETCHED_LATE = auto()  # it was given up for lost


class CoatState(StrEnum):
    HANGING = auto()
    FETCHED = auto()
    LOST = auto()


class CoatDo(StrEnum):
    FETCH = auto()
    LOSE = auto()


COAT = Life[CoatState, CoatDo]({
    (CoatState.HANGING, CoatDo.FETCH): CoatState.FETCHED,
    (CoatState.HANGING, CoatDo.LOSE): CoatState.LOST,
    (CoatState.LOST, CoatDo.FETCH): CoatState.FETCHED,
}, begins=frozenset({CoatState.HANGING}))  # fmt: skip


@entity("coat", read=CloakroomPrivilege.READ, unique=(("performance_id", "number"),), life=("state", COAT), chosen=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    number: int
    state: CoatState = CoatState.HANGING


def hook(taken: int, hooks: int) -> Outcome[int]:
    """The next hook's number."""
    return Ok(taken + 1) if taken < hooks else Refused(NoCoat.FULL, fix="performance_id", detail={"most": hooks})
