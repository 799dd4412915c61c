"""Who asks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from central.kernel.messages import by_values
from central.kernel.privileges import nodes
from central.kernel.slots import Slot

OPERATOR = Slot("an operator, in whose name things are done")


class ActorKind(StrEnum):
    OPERATOR = auto()
    DEVICE = auto()
    SYSTEM = auto()  # central's own loops
    ANONYMOUS = auto()


@by_values
@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and from where (`origin`). `grants` are (node of the tree of privileges, context id) pairs; `perimeter`
    narrows them: kind of object → allowed ids, a kind that is absent is not narrowed."""

    kind: ActorKind
    id: str
    name: str
    grants: frozenset[tuple[str, str]] = frozenset()
    perimeter: dict[str, frozenset[str]] = field(default_factory=dict)
    origin: str = ""
    behalf: str = ""  # for whom central acts, `operator:<id>`: the log names them
    session: str = ""  # the id of the session through which they ask; a program, whose key comes each time, has none
    put_out: bool = False  # let in no more, heard all the same: only what changes something leaves a row

    def may(self, privilege: str, path: Iterable[str]) -> bool:
        """Whether one of these contexts (nearest first) holds the privilege, or a branch that it hangs on."""
        if self.kind is ActorKind.SYSTEM:
            return True
        grants, held = self.grants, nodes(privilege)
        for context_id in path:  # plain loops: each order asks three times
            for node in held:
                if (node, context_id) in grants:
                    return True
        return False

    def may_somewhere(self, privilege: str | None) -> bool:
        """Whether there is any place at all where they may; without a privilege asked for, everybody may."""
        if privilege is None or self.kind is ActorKind.SYSTEM:
            return True
        held = nodes(privilege)
        return any(node in held for node, _ in self.grants)

    def within(self, kind: str, object_id: str) -> bool:
        allowed = self.perimeter.get(kind)
        return allowed is None or object_id in allowed

    @property
    def label(self) -> str:
        return self.behalf or f"{self.kind}:{self.id}"


SYSTEM = Actor(ActorKind.SYSTEM, "central", "central")
ANONYMOUS = Actor(ActorKind.ANONYMOUS, "", "")
