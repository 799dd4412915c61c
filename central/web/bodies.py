"""How much of a body is read, and for whom: decided by the headers, before a byte of it is taken.

A stranger's 64 KiB are what an enrolment needs. A command of somebody who is known may be as big as its declaration
says (a stadium's plan), a form as its area says (form.py). What is compressed is not taken at all: ten kilobytes can be
ten gigabytes.

What all bodies together may hold is a budget (budget.py), strangers' apart. A body takes of it what came, in steps; to
promise much takes nothing. Nobody is shut out by bodies that do not come: it is they who make room.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache
from math import ceil

from aiohttp import web

from central.kernel.entity import Between, Raw, stripped
from central.kernel.registry import COMMANDS
from central.web.budget import Budget
from central.web.caller import is_gone
from central.web.expectation import bid
from central.web.form import Large
from central.web.line import Line
from central.web.settings import KIB, MIB, HttpConfig
from shared.wire.facts import UPLOAD_BYTES

MOST_FROM_STRANGERS = 64 * KIB
MOST_FROM_DEVICES = UPLOAD_BYTES + 128 * KIB  # a batch of facts, and of each its ids and hashes
MOST_USUALLY = 4 * MIB  # the ids of 80,000 places are 2.3
STEP = 64 * KIB  # what a body on its way takes at a time, however little has come
AT_ONCE_OF_STRANGERS = 8  # bodies on their way from one address, so that who shares it gets through as well
COMMAND = "/api/v1/commands/{name}"


class Asks(StrEnum):
    """What kind of caller a request comes from, as far as its headers show."""

    STRANGER = auto()
    PERSON = auto()
    CALLER = auto()  # of a kind that an area brings (caller.py)


class Unread(StrEnum):
    """Why a body is not read, in order."""

    COMPRESSED = auto()
    TOO_LARGE = auto()
    CROWDED = auto()
    TOO_SLOW = auto()
    MALFORMED = auto()
    FOREIGN = auto()


STATUS = {
    Unread.COMPRESSED: 415,
    Unread.TOO_LARGE: 413,
    Unread.CROWDED: 503,
    Unread.TOO_SLOW: 408,
    Unread.MALFORMED: 400,
    Unread.FOREIGN: 415,
}


def most_for(asks: Asks, path: str, command: str, large: Large, most: int | None) -> int:
    """Bytes; `path` is the route's as it is declared, `command` its name or nothing, `most` what callers of its kind
    send at most."""
    if asks is Asks.STRANGER:
        return MOST_FROM_STRANGERS
    if most is not None:
        return most
    return max(_of_command(command) if path == COMMAND else large.get(path, 0), MOST_USUALLY)


@cache
def _of_command(name: str) -> int:
    """What its texts in a language of their own may hold (`Raw()` with `Between(most=…)`), twice: JSON escapes them."""
    handler = COMMANDS.get(name)
    most = 0
    for hint in handler.hints.values() if handler else ():
        marks = stripped(hint)[2]
        if any(isinstance(mark, Raw) for mark in marks):
            most += 2 * max((mark.most or 0 for mark in marks if isinstance(mark, Between)), default=0)
    return most


class Bodies:
    """Reads what requests carry, within bounds of bytes, of all bytes in hand, and of time."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        strangers = Budget(config.held_of_strangers_mib * MIB, AT_ONCE_OF_STRANGERS * STEP)
        known = Budget(config.held_mib * MIB, config.held_mib * MIB // 2)
        self._budgets = {asks: strangers if asks is Asks.STRANGER else known for asks in Asks}

    def held(self, asks: Asks) -> int:
        """Bytes reserved for bodies in hand."""
        return self._budgets[asks].held

    def refused(self, request: web.Request, most: int) -> Unread | None:
        """What its headers say against it."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return Unread.COMPRESSED
        return Unread.TOO_LARGE if (request.content_length or 0) > most else None

    async def read(self, request: web.Request, asks: Asks, who: str, most: int) -> "HeldRequest | Unread":
        """The request with its body, to be given back once it is answered. ConnectionError: the caller is gone."""
        if why := self.refused(request, most):
            return why
        promised = most if request.content_length is None else request.content_length
        small = promised <= MOST_FROM_STRANGERS  # which is what the application reads by itself
        held = HeldRequest(request if small else request.clone(client_max_size=most), who, self._budgets[asks])
        if not held.grow():
            return Unread.CROWDED
        await bid(request)
        within_s = self._config.body_s + promised / KIB / self._config.slowest_kib_per_s
        why = Unread.MALFORMED  # unless it comes to an end
        try:
            why = await _taken_in(held, within_s)
        finally:
            if why:
                held.give_back()
        return why or held


@dataclass(slots=True, eq=False)
class HeldRequest:
    """A request whose body is on its way, then here."""

    request: web.Request
    who: str
    _budget: Budget
    bytes: int = 0
    coming: bool = True
    time: asyncio.Timeout | None = None

    def grow(self) -> bool:
        """Takes room for what came: all of it if that is the whole, otherwise the step that it is in. False: none."""
        content = self.request.content
        n = content.total_bytes if content.is_eof() else (ceil(content.total_bytes / STEP) or 1) * STEP
        if not self.coming or n == self.bytes:
            return self.coming
        self.bytes = n
        return self._budget.take(self, n)

    def cut(self) -> None:
        """Its time is over."""
        self.coming = False
        self._budget.give_back(self)
        if self.time and not self.time.expired():
            self.time.reschedule(0)

    def give_back(self) -> None:
        self._budget.give_back(self)


async def _taken_in(held: HeldRequest, within_s: float) -> Unread | None:
    request = held.request
    if isinstance(request.protocol, Line):
        request.protocol.when_more_comes(held.grow)
    try:
        if request.content.is_eof():  # all of it came with its head
            await request.read()
        else:
            async with asyncio.timeout(within_s) as held.time:
                await request.read()
    except TimeoutError:
        return Unread.TOO_SLOW
    except RuntimeError as broken:  # what aiohttp raises when the line was gone before the first look at the body
        if is_gone(request):
            raise ConnectionResetError from broken
        raise
    except web.HTTPRequestEntityTooLarge:
        return Unread.TOO_LARGE
    except (ValueError, web.HTTPException, web.RequestPayloadError, web.PayloadAccessError):
        return Unread.MALFORMED
    if not held.grow():  # it was cut in the moment in which it was here
        return Unread.TOO_SLOW
    held.coming = False
    return None
