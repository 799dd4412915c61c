"""What the cloakroom keeps, and its rule."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Annotated

from central.kernel.entity import Ref, entity
from shared.ids import Id
from shared.outcome import Ok, Outcome, Reason, Refused


class CloakroomPrivilege(StrEnum):
    READ = "cloakroom.coat.read"
    CREATE = "cloakroom.coat.create"


class NoCoat(Reason):
    FULL = auto()


class NotFetched(Reason):
    """Why nothing follows from a gate's word that a coat was fetched."""

    NO_SUCH_COAT = auto()


@entity("coat", read=CloakroomPrivilege.READ, unique=(("performance_id", "number"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    id: Id
    performance_id: Annotated[Id, Ref("performance")]
    number: int
    fetched: bool = False
    lost: bool = False


def hook(taken: int, hooks: int) -> Outcome[int]:
    """The next hook's number."""
    return Ok(taken + 1) if taken < hooks else Refused(NoCoat.FULL, fix="performance_id", detail={"most": hooks})
