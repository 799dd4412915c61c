"""A command of the tests' own."""

from dataclasses import dataclass
from typing import Annotated

from central.kernel import registry
from central.kernel.contexts import Context, ContextKind
from central.kernel.entity import Ref
from central.kernel.registry import handles
from central.kernel.tx import Tx
from central.organisation.model import OrganisationPrivilege
from shared.ids import Id
from shared.outcome import Ok, Outcome, Refused
from tests.central.small_house import NoTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Scribble:
    """Writes all that a command can write, and then ends as told."""

    context_id: Annotated[Id, Ref("context")]
    key: str
    ending: str = "ok"


def scribble(tx: Tx, want: Scribble) -> Outcome[str]:
    tx.insert(
        Context(
            id=tx.new_id(),
            parent_id=want.context_id,
            kind=ContextKind.SEASON,
            code=want.key,
            names={"fr": want.key},
            settings={},
        )
    )
    number = tx.counter("scribbles")
    tx.feed("scribbles/x", want.key, {"n": number})
    tx.tell("scribble", {"key": want.key})
    if want.ending == "raise":
        raise RuntimeError(f"{want.key} broke")
    return Refused(NoTest.NOT_TODAY, fix=want.key) if want.ending == "refuse" else Ok(f"{number}")


def declare() -> None:
    handles(Scribble, needs=OrganisationPrivilege.CONTEXT_MODIFY, refuses=(NoTest,), gives=str)(scribble)


def forget() -> None:
    registry.COMMANDS.pop("scribble")
    registry._BY_KIND.pop(Scribble)
