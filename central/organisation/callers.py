"""Who calls the API with a key: an operator's program.

What a program may do takes several looks to find out, so it is remembered under the number that counts the changes of
what operators hold (rights.py), and is as good as new as long as that number is the same: one look for each request,
whichever process made the change, and a key or right that was withdrawn ends with the commit.
"""

import time
from base64 import b64decode
from dataclasses import replace

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION

from central.kernel.actor import SYSTEM, Actor, ActorKind
from central.kernel.door import Door
from central.kernel.versions import OPERATORS
from central.organisation.credentials import HeldSecrets, keys
from central.organisation.rights import key_digest, operator_of
from central.web.area import DOOR
from central.web.caller import Authenticate, Callers, KnownCaller, origin_of, say_who
from central.web.limits import RequestLimit
from shared.ids import is_id

MOST_KNOWN = 1000

say_who("operator", operator={"type": "http", "scheme": "basic", "description": "An operator's id and its key."})


def programs(app: web.Application) -> Callers:
    return Callers(
        shown=lambda request: request.headers.get(AUTHORIZATION),
        who=_prover(app[DOOR]),
        limit=RequestLimit.PROGRAMS,
        known=(_by_key(app[DOOR]),),
    )


def _prover(door: Door) -> Authenticate:
    known: dict[tuple[str, str], tuple[int, Actor]] = {}

    async def authenticate(request: web.Request) -> Actor | web.Response | None:
        said = request.headers[AUTHORIZATION]
        if (named := _named(said)) is None:
            return None
        shown = said, origin_of(request)
        if (before := known.get(shown)) and before[0] == await door.version(OPERATORS):
            return before[1]
        found: tuple[int, Actor | None] = await door.read(
            SYSTEM, lambda read: (read.version(OPERATORS), operator_of(read, *named))
        )
        version, actor = found
        if actor is None:
            known.pop(shown, None)
            return None
        if len(known) >= MOST_KNOWN:
            known.clear()
        actor = replace(actor, origin=shown[1])  # the same object each time: what is asked at once names it once
        known[shown] = (version, actor)
        return actor

    return authenticate


def _by_key(door: Door) -> KnownCaller:
    """Whose key a program shows."""
    held = HeldSecrets(door, keys, time.monotonic)

    async def holder(request: web.Request) -> str:
        named = _named(request.headers.get(AUTHORIZATION, ""))
        by = await held.by(key_digest(named[1])) if named else ""
        return f"{ActorKind.OPERATOR}:{by}" if named and by == named[0] else ""

    return holder


def _named(said: str) -> tuple[str, str] | None:
    """Operator id and key."""
    scheme, _, encoded = said.partition(" ")
    try:
        operator_id, _, key = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # neither base 64 nor text
        return None
    return (operator_id, key) if scheme.lower() == "basic" and is_id(operator_id) else None
