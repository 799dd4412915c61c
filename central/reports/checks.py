"""The invariants of all areas (kernel/invariants.py), asked of central's books as they stand: what the live page and
the demo's last table show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from central.access.model import AccessPrivilege
from central.kernel.contexts import whole_house
from central.kernel.entity import Ref
from central.kernel.invariants import INVARIANTS, Looked
from central.kernel.registry import answers
from central.kernel.tx import Read
from shared.ids import Id
from shared.outcome import Ok, Outcome

MOST_WRONG = 10  # named per check; the figures count them all


@dataclass(frozen=True, slots=True)
class Check:
    """`sentence` says what holds when `ok`; `wrong` names what does not fit, ten at most; `money`: which of the figures
    are amounts, in minor units."""

    name: str
    sentence: str
    ok: bool
    figures: Mapping[str, int]
    wrong: tuple[str, ...] = ()
    money: tuple[str, ...] = ()


def run_checks(read: Read) -> list[Check]:
    """All there are, by their names. It reads whole tables: call it seldom in a big house."""
    checks = []
    for _, each in sorted(INVARIANTS.items()):
        seen = Looked()
        each.look(read, seen)
        figures = seen.figures | ({"wrong": len(seen.wrong)} if seen.wrong else {})
        wrong = tuple(seen.wrong[:MOST_WRONG])
        checks.append(Check(each.name, each.sentence, not seen.wrong, figures, wrong, tuple(seen.money)))
    return checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The invariants with their figures, over the whole house: the right is asked for there, whichever of its
    contexts is named."""

    context_id: Annotated[Id, Ref("context")]


@answers(Checks, needs=AccessPrivilege.ACCESS_READ, at=whole_house, gives=list[Check], whole=True)
def checks(read: Read, _: Checks) -> Outcome[list[Check]]:
    return Ok(run_checks(read))
