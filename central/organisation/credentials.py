"""What opens something in this house, by its digest, and whose it is: so that a right key, session or code is told from
the wrong ones beside it without a look at the database for each. It opens nothing by itself, and may be a second old;
what opens nothing any more, because its time is over or its holder may not come in, is nobody's.
"""

from asyncio import Lock
from collections.abc import Callable, Iterable
from datetime import timedelta

from central.kernel.actor import SYSTEM
from central.kernel.db import Row
from central.kernel.door import Door
from central.kernel.spans import ahead
from central.kernel.tx import Read
from shared.clock import to_ms

AGE_S = 1.0
Held = Callable[[Read], Iterable[Row]]
"""Digests and ids."""


def keys(read: Read) -> Iterable[Row]:
    """Of programs."""
    return read.run("SELECT key_digest, id FROM operator WHERE active = 1 AND key_digest <> ''")


def sessions(idle: timedelta) -> Held:
    """`idle`: without a sign of life for so long, a session is over (rules.standing)."""
    # clock: taken with what a wrong clock put beyond its length
    sql = (
        "SELECT token_digest, id FROM operator_session WHERE until > :now AND seen > :idle "
        "AND began <= :ahead AND seen <= :ahead"
    )
    return lambda read: read.run(sql, now=to_ms(read.now), idle=to_ms(read.now - idle), ahead=ahead(read.now))


class HeldSecrets:
    """`held`: those that open something now. `clock` counts seconds."""

    def __init__(self, door: Door, held: Held, clock: Callable[[], float]) -> None:
        self._door, self._look, self._clock = door, held, clock
        self._held: dict[str, str] = {}
        self._until = 0.0
        self._asking = Lock()

    async def by(self, digest: str) -> str:
        """The id of who holds what has this digest, or nothing."""
        async with self._asking:  # whoever comes meanwhile waits for the one look
            if self._clock() >= self._until:
                self._held = await self._door.read(SYSTEM, lambda read: dict(map(tuple, self._look(read))))
                self._until = self._clock() + AGE_S
        return self._held.get(digest, "")
