"""Who acted, in words: whom the log has as `kind:id` stands in some area's table, and that area says what they are
(`Area.actors`). Of central itself and of who has no access the shell says it (history/words.py)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
