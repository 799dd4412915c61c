"""Who acted, in words: whom the log has as `kind:id` stands in some area's table, and that area says what they are
(`Area.actors`). Of central itself and of who has no access the shell says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central.kernel.actor import ActorKind
from central.kernel.tx import Read
from central.web.texts import Texts


@dataclass(frozen=True, slots=True)
class ActorWords:
    """`table`: where those of a kind stand. `said`: what each of these ids is, as "a person" or "a program"; who is
    gone may be left out."""

    table: str
    said: Callable[[Read, Texts, Sequence[str]], Mapping[str, str]]


ACTOR_WORDS: dict[str, ActorWords] = {}
"""By the kind of actor (kernel/actor.py)."""


def actor_of(who: str) -> tuple[str, str]:
    """(kind, id) of who acted, as the log has them."""
    kind, _, row_id = who.partition(":")
    return kind, row_id


def actor_row(who: str) -> tuple[str, str] | None:
    """(table, id) of where who acted stands; None: of no table."""
    kind, row_id = actor_of(who)
    return (ACTOR_WORDS[kind].table, row_id) if kind in ACTOR_WORDS else None


def nobodys_name(t: Texts, who: str) -> str:
    """What those are called who stand in no table."""
    kind, row_id = actor_of(who)
    match kind:
        case ActorKind.SYSTEM:
            return t("Parterre")
        case ActorKind.ANONYMOUS:
            return t("Quelqu’un sans accès")
    return row_id
