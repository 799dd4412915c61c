"""What somebody may do where: the place at which a command or query acts, the right that it needs there, and what it
may name from there (kernel/reach.py)."""

from typing import Any

from central.kernel.actor import ActorKind
from central.kernel.contexts import contexts_below
from central.kernel.entity import Declaration, Reach
from central.kernel.memory import keep
from central.kernel.privileges import nodes
from central.kernel.reach import PathOf, Reaching, beyond, hidden, nothing_like
from central.kernel.registry import Handler
from central.kernel.replies import NoEntry, not_allowed
from central.kernel.scope import home
from central.kernel.tx import Read
from shared.outcome import Ok, Outcome, Refused


class Permissions:
    def __init__(self, path_of: PathOf) -> None:
        self._path_of = path_of
        self._reaching = Reaching(self.path)
        self._paths: dict[str, tuple[str, ...]] = {}  # a context never moves, so a path once read stays true

    def allowed(self, read: Read, handler: Handler, command: Any) -> tuple[str | None, Refused | None]:
        """The context in which a command or query acts (None: nowhere that is known), and why it may not."""
        place = handler.at(read, command) if handler.needs else None
        place = place if place and self.path(read, place) else None
        return place, self.lacking(read, handler, place, command)

    def lacking(self, read: Read, handler: Handler, place: str | None, command: Any) -> Refused | None:
        if handler.needs is None or read.actor.may(handler.needs, self.path(read, place) if place else ()):
            return None
        return not_allowed(handler.needs, command)

    def reached(self, read: Any, handler: Handler, place: str | None, command: Any, *parts: Any) -> Outcome[Any]:
        """Runs the handler of what is allowed. What the asker may not name is not there for it (kernel/reach.py): the
        words of its refusal are those for an id that names nothing."""
        if handler.needs is None or place is None or read.actor.kind is ActorKind.SYSTEM:
            return handler.run(read, command, *parts)
        named = handler.named(command)
        strangers = self._reaching.strangers(read, handler.needs, self.path(read, place), named)
        if not strangers:
            outside = beyond(read, [*named, *handler.parts(command)]) if read.actor.perimeter else None
            return Refused(NoEntry.NOT_YOURS, fix=outside.row_id) if outside else handler.run(read, command, *parts)
        instead = {row_id: str(nothing_like(row_id)) for row_id in strangers}
        outcome = handler.run(read, hidden(command, instead), *parts)
        if isinstance(outcome, Ok):  # it does not care whether the thing is there; we do
            first = next(iter(strangers.values()))
            return Refused(NoEntry.DOES_NOT_FIT, fix=first.at, detail={"entity": first.table})
        as_sent = {made: row_id for row_id, made in instead.items()}
        return Refused(outcome.reason, as_sent.get(outcome.fix, outcome.fix), hidden(dict(outcome.detail), as_sent))

    def narrowed(self, read: Read, handler: Handler, command: Any, place: str | None) -> bool:
        """Whether who repeats a command may not name any more what it names. Its own ids are not asked for: what they
        name now it may have made itself."""
        if handler.needs is None or place is None or read.actor.kind is ActorKind.SYSTEM:
            return False
        named = handler.named(command)
        if self._reaching.strangers(read, handler.needs, self.path(read, place), named):
            return True
        parts = [each for each in handler.parts(command) if each.reach is not Reach.OWN]
        return bool(read.actor.perimeter) and beyond(read, [*named, *parts]) is not None

    def places(self, read: Read, declaration: Declaration) -> tuple[str, ...] | None:
        """The contexts whose rows of an entity the asker may see; None: all. Rows that stand in no context of their own
        are shown to who holds the privilege for the whole house."""
        places = self.holding(read, declaration.read)
        return places if places is None or home(declaration.name) else ()

    def holding(self, read: Read, privilege: str) -> tuple[str, ...] | None:
        """The contexts in which the asker holds a privilege; None: in the whole house."""
        held = {context for node, context in read.actor.grants if node in nodes(privilege)}
        if read.actor.kind is ActorKind.SYSTEM or any(len(self.path(read, context)) == 1 for context in held):
            return None
        return contexts_below(read, *sorted(held))

    def path(self, read: Read, context_id: str) -> tuple[str, ...]:
        """A context and those above it, nearest first: where a right must be held that reaches it."""
        path = self._paths.get(context_id)
        if path is None:
            path = self._path_of(read, context_id)
            if path:
                keep(read, "context", self._paths, context_id, path)
        return path
