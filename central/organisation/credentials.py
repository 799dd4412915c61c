"""What opens something in this house, by its digest, and whose it is: so that a right key, session or code is told from
the wrong ones beside it without a look at the database for each. It opens nothing by itself, and may be a second old.
"""

from asyncio import Lock
from collections.abc import Callable

from central.kernel.actor import SYSTEM
from central.kernel.door import Door

KEYS = "SELECT key_digest, id FROM operator WHERE active = 1 AND key_digest <> ''"
SESSIONS = "SELECT token_digest, id FROM operator_session"
AGE_S = 1.0


class HeldSecrets:
    """`asked`: a statement that gives digests and ids. `clock` counts seconds."""

    def __init__(self, door: Door, asked: str, clock: Callable[[], float]) -> None:
        self._door, self._asked, self._clock = door, asked, clock
        self._held: dict[str, str] = {}
        self._until = 0.0
        self._asking = Lock()

    async def by(self, digest: str) -> str:
        """The id of who holds what has this digest, or nothing."""
        async with self._asking:  # whoever comes meanwhile waits for the one look
            if self._clock() >= self._until:
                self._held = await self._door.read(SYSTEM, lambda read: dict(map(tuple, read.run(self._asked))))
                self._until = self._clock() + AGE_S
        return self._held.get(digest, "")
