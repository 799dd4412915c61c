"""Passwords: what is taken for one, and how it is kept.

Rules after NIST SP 800-63B and ASVS 2.1: at least twelve characters of any kind, no recipe for their kinds, but none
that is common, a row of keys, a date, or made of the owner's own name. How common is counted in guesses (zxcvbn).
Kept as argon2id. Both take time and memory on purpose, so they happen in a few threads of their own, never in the
loop or the writer, and who would wait too long is turned away.
"""

import asyncio
import threading
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn

from central.kernel.values import Fault
from central.organisation.settings import Costs

SHORTEST = 12
LONGEST = 128  # more would only make us work
LEAST_SCORE = 3  # of zxcvbn's 0 to 4: 10^8 guesses at least
_LOOKED_AT = 64  # characters that the count of guesses reads: it is slow beyond
_HOUSE_WORDS = (
    "parterre", "theatre", "billetterie", "spectacle", "guichet", "motdepasse", "azerty", "azertyuiop", "bonjour",
    "soleil", "doudou", "passwort", "kennwort", "contraseña", "contrasena", "bienvenido", "benvenuto", "ticket",
)  # fmt: skip

T = TypeVar("T")


class TooManySignIns(Exception):
    """More people at the door than can be looked at: try again in a moment."""


PASSWORD_TOO_SHORT: Fault = {"at": "password", "what": "password_too_short"}
PASSWORD_TOO_LONG: Fault = {"at": "password", "what": "password_too_long"}
PASSWORD_OWN_WORDS: Fault = {"at": "password", "what": "password_own_words"}
PASSWORD_COMMON: Fault = {"at": "password", "what": "password_common"}


def tidy(password: str) -> str:
    """The same characters, however a keyboard composes them (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, own: Iterable[str] = ()) -> str:
    """Why this is not taken for a password (`fault:<name>` has the sentence), or nothing. `own`: the owner's name and
    mail address, the house's name."""
    password = tidy(password)
    if len(password) < SHORTEST:
        return str(PASSWORD_TOO_SHORT["what"])
    if len(password) > LONGEST:
        return str(PASSWORD_TOO_LONG["what"])
    parts = [part for each in own for part in (each, *each.replace("@", " ").replace(".", " ").split())]
    words = [part for part in parts if len(part) > 2]
    bare = password.casefold()
    for word in sorted({each.casefold() for each in words}, key=len, reverse=True):
        if len(word) > 3:
            bare = bare.replace(word, "")
    if len(bare) < SHORTEST - 4 and bare != password.casefold():
        return str(PASSWORD_OWN_WORDS["what"])
    if int(zxcvbn(password[:_LOOKED_AT], [*words, *_HOUSE_WORDS])["score"]) < LEAST_SCORE:
        return str(PASSWORD_COMMON["what"])
    return ""


async def hashed(password: str) -> str:
    """argon2id's text for a password of the set-up, which comes once in a house's life and needs no pool."""
    costs = Costs()
    hasher = PasswordHasher(costs.rounds, costs.memory_kib, 1)
    return await asyncio.to_thread(hasher.hash, tidy(password))


@cache
def _nobody(costs: Costs) -> str:
    """What stands in for who is not there: looking at it takes as long as looking at anybody. There before the first
    who asks, since making it takes as long again, and once in a program's life."""
    hasher = PasswordHasher(costs.rounds, costs.memory_kib, 1)
    return hasher.hash("nobody has this password, and nobody ever asks for it")


class Passwords:
    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._hasher = PasswordHasher(costs.rounds, costs.memory_kib, 1)
        self._pool = ThreadPoolExecutor(costs.threads, thread_name_prefix="password")
        self._inside = 0
        self._lock = threading.Lock()
        self._nobody = _nobody(costs)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def right(self, kept: str, password: str) -> bool:
        """Whether this is the password; for `kept` empty it takes the same time to say no."""
        return await self._in_pool(partial(self._verify, kept, tidy(password)))

    async def kept(self, password: str) -> str:
        """argon2id's text for it."""
        return await self._in_pool(partial(self._hasher.hash, tidy(password)))

    async def weakness(self, password: str, own: Iterable[str]) -> str:
        return await self._in_pool(partial(weakness, password, tuple(own)))

    def outdated(self, kept: str) -> bool:
        """It was kept at other costs than today's: keep it anew while the password is at hand."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            self._hasher.verify(kept or self._nobody, password[:LONGEST])
            return bool(kept)
        except (Argon2Error, InvalidHashError):
            return False

    async def _in_pool(self, work: Callable[[], T]) -> T:
        with self._lock:
            if self._inside >= self._costs.threads + self._costs.waiting:
                raise TooManySignIns
            self._inside += 1
        future = self._pool.submit(self._counted, work)
        return await asyncio.wrap_future(future)

    def _counted(self, work: Callable[[], T]) -> T:
        try:
            return work()
        finally:
            with self._lock:
                self._inside -= 1
