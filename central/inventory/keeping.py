"""What the inventory does unasked: gives back what holds kept that are over, and fires release rules that are due."""

import asyncio

from central.inventory.holds import ExpireHolds, holds_over
from central.inventory.release_rules import FireReleaseRules, releases_due
from central.kernel.door import Door
from central.kernel.tx import SYSTEM
from shared.ids import Id
from shared.runtime.system import SystemClock, fresh_id

HOLDS_EVERY_S = 1.0
RULES_EVERY = 10  # looks at holds between two at rules


async def keep(door: Door, holds_every_s: float = HOLDS_EVERY_S) -> None:
    """Until cancelled. Each command does a bounded piece of work, so that sales go on between two of them."""
    clock = SystemClock()
    looks = 0
    while True:
        house: Id | None = await door.read(SYSTEM, holds_over)
        if house:
            await door.execute(SYSTEM, ExpireHolds(house), fresh_id(clock))
            continue
        house = await door.read(SYSTEM, releases_due) if looks % RULES_EVERY == 0 else None
        if house:
            await door.execute(SYSTEM, FireReleaseRules(house), fresh_id(clock))
            continue
        looks += 1
        await asyncio.sleep(holds_every_s)
