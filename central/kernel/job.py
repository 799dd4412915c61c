"""A command as it came: who asks what, under which id, and what the log will keep of it. All of that is worked out
before the writer has it, because reading a stadium's plan once more would keep every sale waiting."""

import asyncio
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

import orjson

from central.kernel.actor import Actor, ActorKind
from central.kernel.bounds import beyond, classes_in, heaviest
from central.kernel.command_texts import worded
from central.kernel.messages import by_values
from central.kernel.registry import COMMANDS, Handler, handler_of
from central.kernel.replies import faulty
from shared.ids import Id
from shared.outcome import Refused

HEAVY = 128 * 1024  # characters, members and other values of a command: from there on another thread works it out
KEPT_BYTES = 2048  # of what was refused
KEPT_FIELD_BYTES = 120  # of each of its fields, where it is more


@dataclass(frozen=True, slots=True)
class Job:
    """`digest` is of name and content, secrets too, without what is said about people (log_content.py); empty: it holds
    a number that no column takes. `size` is how many bytes it came as, `said` what the log keeps of it where it goes
    well, `said_refused` where it does not; `parts` is what was prepared for it."""

    actor: Actor
    handler: Handler
    command: Any
    command_id: Id
    dry_run: bool
    digest: str
    said: str
    said_refused: str
    size: int = 0
    parts: Any = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process, by names: of commands that come out of declarations no module has the class."""
        kind: Any = self.handler.kind
        return _again, (self.handler.name, _values_of(kind)(self.command), self.actor, self.command_id, self.dry_run,
                        self.digest, self.said, self.said_refused, self.size, self.parts)  # fmt: skip

    @property
    def proves_who(self) -> bool:
        """Whether who sends the same again is known by it: by who they are, or, among strangers, by the one-time code
        or password that only the first of them had."""
        return self.actor.kind is not ActorKind.ANONYMOUS or bool(self.handler.secrets)


def _again(name: str, values: tuple[Any, ...], actor: Actor, *more: Any) -> Job:
    handler = COMMANDS[name]
    kind: Any = handler.kind
    return Job(actor, handler, kind(**dict(zip(_names_of(kind), values, strict=True))), *more)


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    """A command's fields, in order."""
    return tuple(each.name for each in fields(kind))


@cache
def _values_of(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of a command's fields, in the same order."""
    for part in classes_in(kind):
        by_values(part)
    names = _names_of(kind)
    return attrgetter(*names) if len(names) > 1 else lambda command: tuple(getattr(command, name) for name in names)


def job_of(actor: Actor, command: Any, command_id: Id, *, dry_run: bool = False) -> Job:
    handler = handler_of(type(command))
    try:
        body = orjson.dumps(command)
    except TypeError:
        return Job(actor, handler, command, command_id, dry_run, "", "", "")
    digest = sha256(handler.name.encode() + b"\n")
    digest.update(handler.public(command, body))
    kept = handler.kept(command, body)
    said = kept.decode()
    brief = said if len(kept) <= KEPT_BYTES else shortened(kept).decode()
    return Job(actor, handler, command, command_id, dry_run, digest.hexdigest(), said, brief, len(body))


def looked_through(actor: Actor, command: Any, command_id: Id, *, dry_run: bool = False) -> Job | Refused:
    """How large it is, and its texts, looked through first; kept as they then are."""
    too_much = beyond(command)
    return faulty(too_much) if too_much else _worded(actor, command, command_id, dry_run=dry_run)


def _worded(actor: Actor, command: Any, command_id: Id, *, dry_run: bool) -> Job | Refused:
    command, faults = worded(command)
    return faulty(faults) if faults else job_of(actor, command, command_id, dry_run=dry_run)


async def looked_through_beside(actor: Actor, command: Any, command_id: Id, *, dry_run: bool) -> Job | Refused:
    """In another thread where it takes long."""
    if too_much := beyond(command):  # before anybody looks at all of it
        return faulty(too_much)
    if is_heavy(command):
        return await asyncio.to_thread(_worded, actor, command, command_id, dry_run=dry_run)
    return _worded(actor, command, command_id, dry_run=dry_run)


def is_heavy(command: Any) -> bool:
    """Looks no further than it must: most commands cannot be, whatever is in them."""
    kind: Any = type(command)
    if heaviest(kind) <= HEAVY:
        return False
    weight, waiting = 0, [getattr(command, each.name) for each in fields(command)]
    while waiting and weight <= HEAVY:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            waiting += value
        weight += len(value) if isinstance(value, Sized) else 1
    return weight > HEAVY


def shortened(said: bytes) -> bytes:
    """A command's JSON with its long fields as their size: who asked for what stays to be read, and a plan of 60 MB
    that was refused does not fill the disk. Whether the same was sent again is told by the digest."""
    if len(said) <= KEPT_BYTES:
        return said
    kept = {name: (value, len(orjson.dumps(value))) for name, value in orjson.loads(said).items()}
    return orjson.dumps({name: value if n <= KEPT_FIELD_BYTES else f"… {n} B" for name, (value, n) in kept.items()})
