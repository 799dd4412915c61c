"""A command out of the bytes in which it came. Reading them costs the loop little, whatever is in them: what may hold
many values is read in a process of its own (kernel/helper_processes.py), and comes over in pieces.

How many values there may be is told by the signs that part them, which are counted and not read. A plan's text is long
and may hold such signs, so it is read beside as well; a batch of a device's facts is not.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from itertools import islice
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from central.kernel.actor import Actor
from central.kernel.bounds import beyond
from central.kernel.characters import LOST
from central.kernel.helper_processes import Beside, BesideConfig, Crowded, Errand, TooHeavy
from central.kernel.registry import COMMANDS, Handler
from central.kernel.replies import NoEntry
from central.kernel.trouble import NoDatabase
from central.web.ids import bad_ids
from shared.outcome import Ok, Outcome, Refused
from shared.wire.codec import MOST_FAULTS, faults

SMALL = 64 * 1024  # bytes that are read in the loop, whatever they are: all that a stranger may send
FEW = 16_000  # values that are read in the loop, however long they are: 200 facts hold some 8,000
EACH = 2  # bodies of one caller that may be read or wait at a time
DECLARED_BY = "central.areas"  # which the other process loads; from here it is not looked into
PIECE = 1000  # members of a list that come over at once
READING = BesideConfig(at_once=1, waiting=6, cpu_s=10.0, time_s=30.0, memory_mib=1024)
TOO_MUCH = "at most {most}; this has {is}"
_NUL_SAID = "holds the character U+0000"
NO_NUL = {"at": "body", "what": _NUL_SAID}
_LOST_SAID = "is no UTF-8"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # the one character that no database takes in a text

Faults = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Faulty:
    """What does not fit in a body: the first faults, each with its place."""

    faults: Faults


def unreadable(asked: Mapping[str, str]) -> Faults:
    """What no text can hold in a query's parameters: U+0000, and what stands there for bytes that were no UTF-8."""
    if any("\0" in value for value in asked.values()):
        return [NO_NUL]
    return [{"at": name, "what": _LOST_SAID} for name, value in asked.items() if LOST in name + value][:MOST_FAULTS]


class Taking:
    def __init__(self, config: BesideConfig = READING) -> None:
        self.beside = Beside(config)
        self._held: Counter[str] = Counter()

    async def take(self, actor: Actor, handler: Handler, body: bytes) -> Outcome[Any]:
        """The command, or `Faulty`; refused where too much is being read already. Ask before whether they may."""
        if is_light(body):
            return Ok(read(handler, body))
        if self._held[actor.label] >= EACH:
            return Refused(NoDatabase.BUSY)
        self._held[actor.label] += 1
        try:
            parts = await self.beside.parts(Errand(read_beside, (handler.name, body)))
        except Crowded:
            return Refused(NoDatabase.BUSY)
        except TooHeavy as limit:
            return Refused(NoEntry.TOO_HEAVY, detail={"limit": str(limit)})
        finally:
            self._held[actor.label] -= 1
            self._held += Counter()  # forgets who holds nothing
        return Ok(put_together(handler, parts))

    async def stop(self, _: web.Application) -> None:
        await asyncio.to_thread(self.beside.stop)


TAKING: web.AppKey[Taking] = web.AppKey("taking", Taking)


def is_light(body: bytes) -> bool:
    """Whether it is read where sales are made: it is small, or holds few values."""
    return len(body) <= SMALL or body.count(b",") + body.count(b"[") + body.count(b"{") <= FEW


def too_much(want: Any) -> list[dict[str, str]]:
    """What a command's or query's declaration bounds, and this one does not keep."""
    return [{"at": each["at"], "what": TOO_MUCH.format_map(each)} for each in beyond(want)[:MOST_FAULTS]]


def read(handler: Handler, body: bytes) -> Any:
    """The command, or `Faulty`."""
    try:
        want = handler.adapter.validate_json(body)
    except ValidationError as bad:
        return Faulty(faults(bad))
    if found := too_much(want):
        return Faulty(found)
    if b"\\u0000" in body and _NUL.search(body):
        return Faulty([NO_NUL])
    return Faulty(ids) if (ids := list(islice(bad_ids(want), MOST_FAULTS))) else want


def read_beside(name: str, body: bytes) -> Iterator[Any]:
    """In the other process: the faults, or each field in pieces, (name, members) of a long list and (name, value)."""
    import_module(DECLARED_BY)
    want = read(COMMANDS[name], body)
    if isinstance(want, Faulty):
        yield want
        return
    for each in fields(want):
        value = getattr(want, each.name)
        if isinstance(value, tuple) and len(value) > PIECE:
            yield from ((each.name, Piece(value[n : n + PIECE])) for n in range(0, len(value), PIECE))
        else:
            yield each.name, value


@dataclass(frozen=True, slots=True)
class Piece:
    """Some members of a list that is too long to come over at once."""

    members: tuple[Any, ...]


def put_together(handler: Handler, parts: tuple[Any, ...]) -> Any:
    if parts and isinstance(parts[0], Faulty):
        return parts[0]
    content: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {}
    for name, value in parts:
        if isinstance(value, Piece):
            lists.setdefault(name, []).extend(value.members)
        else:
            content[name] = value
    return handler.kind(**content, **{name: tuple(members) for name, members in lists.items()})
