"""How much of a body is read, and for whom: decided by the headers, before a byte of it is taken.

A stranger's 64 KiB are what an enrolment needs. A command of somebody who is known may be as big as its declaration
says (a stadium's plan), a form as its area says (`LARGE`); what all bodies together may hold is a budget,
strangers' apart, so that many of them cannot shut out who is known. What is compressed is not taken at all: ten
kilobytes can be ten gigabytes.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache

from aiohttp import web

from central.kernel.entity import Between, Raw, stripped
from central.kernel.registry import COMMANDS
from central.web.settings import KIB, MIB, HttpConfig

MOST_FROM_STRANGERS = 64 * KIB
MOST_FROM_DEVICES = 1 * MIB  # a batch of facts has 64 KiB, or one fact
MOST_USUALLY = 4 * MIB  # the ids of 80,000 places are 2.3
COMMAND = "/api/v1/commands/{name}"
FORM = "multipart/form-data"


class Asks(StrEnum):
    """What kind of caller a request comes from, as far as its headers show."""

    STRANGER = auto()
    PERSON = auto()
    PROGRAM = auto()
    DEVICE = auto()


class Unread(StrEnum):
    """Why a body is not read, in order."""

    COMPRESSED = auto()
    TOO_LARGE = auto()
    CROWDED = auto()
    TOO_SLOW = auto()
    MALFORMED = auto()


STATUS = {
    Unread.COMPRESSED: 415,
    Unread.TOO_LARGE: 413,
    Unread.CROWDED: 503,
    Unread.TOO_SLOW: 408,
    Unread.MALFORMED: 400,
}

Large = dict[str, int]
LARGE: web.AppKey[Large] = web.AppKey("large", dict)
"""Forms that may be larger than usual: a route's path as it is declared, and bytes. Each area says its own."""


def most_for(asks: Asks, path: str, command: str, large: Large) -> int:
    """Bytes; `path` is the route's as it is declared, `command` its name or nothing."""
    if asks is Asks.STRANGER:
        return MOST_FROM_STRANGERS
    if asks is Asks.DEVICE:
        return MOST_FROM_DEVICES
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


@dataclass(slots=True)
class Budget:
    """Bytes that the bodies in hand may hold together."""

    most: int
    held: int = 0

    def take(self, n: int) -> bool:
        """One body alone is always let in, or a budget smaller than it would shut it out for ever."""
        if self.held and self.held + n > self.most:
            return False
        self.held += n
        return True

    def give_back(self, n: int) -> None:
        self.held -= n


class Bodies:
    """Reads what requests carry, within bounds of bytes, of all bytes in hand, and of time."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._budgets = {
            asks: (Budget(config.held_of_strangers_mib * MIB) if asks is Asks.STRANGER else known)
            for known in [Budget(config.held_mib * MIB)]
            for asks in Asks
        }

    def held(self, asks: Asks) -> int:
        """Bytes reserved for bodies in hand."""
        return self._budgets[asks].held

    def refused(self, request: web.Request, most: int) -> Unread | None:
        """What its headers say against it."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return Unread.COMPRESSED
        return Unread.TOO_LARGE if (request.content_length or 0) > most else None

    async def read(self, request: web.Request, asks: Asks, most: int) -> "Held | Unread":
        """The request with its body, to be given back once it is answered. ConnectionError: the caller is gone."""
        why = self.refused(request, most)
        if why:
            return why
        reserved = request.content_length if request.content_length is not None else most
        budget = self._budgets[asks]
        if not budget.take(reserved):
            return Unread.CROWDED
        small = reserved <= MOST_FROM_STRANGERS  # which is what the application reads by itself
        held = Held(request if small else request.clone(client_max_size=most), reserved, budget)
        within_s = self._config.body_s + reserved / KIB / self._config.slowest_kib_per_s
        why = Unread.MALFORMED  # unless it comes to an end
        try:
            why = await _taken_in(held, within_s)
        finally:
            if why:
                held.give_back()
        return why or held


@dataclass(slots=True)
class Held:
    """A request whose body is here, and what was uploaded with it."""

    request: web.Request
    _reserved: int
    _budget: Budget
    files: tuple[web.FileField, ...] = ()

    def give_back(self) -> None:
        """The bytes to the budget, the uploads to the disk they lie on."""
        self._budget.give_back(self._reserved)
        for each in self.files:
            each.file.close()


async def _taken_in(held: Held, within_s: float) -> Unread | None:
    request = held.request
    try:
        async with asyncio.timeout(None if request.content.is_eof() else within_s):
            if request.content_type == FORM and not request.path.startswith("/api/"):
                form = await request.post()
                held.files = tuple(each for each in form.values() if isinstance(each, web.FileField))
            else:
                await request.read()
    except TimeoutError:
        return Unread.TOO_SLOW
    except web.HTTPRequestEntityTooLarge:
        return Unread.TOO_LARGE
    except (ValueError, web.HTTPException, web.RequestPayloadError, web.PayloadAccessError):
        return Unread.MALFORMED
    return None
