"""What the inventory does unasked: gives back what holds kept that are over, fires release rules that are due, and
looks at large halls before their first buyer comes."""

import asyncio
from functools import partial

from aiohttp import web

from central.inventory.halls import LARGE, MOST_HALLS, make_ready
from central.inventory.hold_expiry import ExpireHolds, holds_over
from central.inventory.reads import large_halls
from central.inventory.release_rules import FireReleaseRules, releases_due
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.own_commands import OwnCommands
from central.web.area import DOOR, Work
from shared.ids import Id

HOLDS_EVERY_S = 1.0
RULES_EVERY = 10  # looks at holds between two at rules


def keeping(app: web.Application) -> Work:
    return partial(keep, app[DOOR])


async def keep(door: Door, holds_every_s: float = HOLDS_EVERY_S) -> None:
    """Until cancelled. Each command does a bounded piece of work, so that sales go on between two of them."""
    own, looks, memory, ready = OwnCommands(door), 0, door.memory, set[Id]()
    while True:
        steady = door.believes_its_clock()
        own.begin()
        house: Id | None = await door.read(SYSTEM, holds_over) if steady else None
        if house and await own.do(ExpireHolds(context_id=house), ExpireHolds) is not None:
            continue
        house = await door.read(SYSTEM, releases_due) if steady and looks % RULES_EVERY == 0 else None
        if house and await own.do(FireReleaseRules(context_id=house), FireReleaseRules) is not None:
            continue
        if door.memory != memory:  # a writer that was begun anew knows none of them
            memory, ready, looks = door.memory, set(), 0
        if looks % RULES_EVERY == 0:
            large: list[Id] = await door.read(SYSTEM, lambda read: large_halls(read, LARGE, MOST_HALLS))
            for performance_id in large:
                if performance_id not in ready:
                    await door.look_ahead(partial(make_ready, performance_id=performance_id))
            ready = set(large)
        looks += 1
        if looks % RULES_EVERY == 1:
            own.forget_rest()
        own.say()
        await asyncio.sleep(holds_every_s)
