"""What is done unasked in the cloakroom, and what it says of itself."""

import asyncio
from functools import partial

from aiohttp import web

from central.cloakroom.ops import LoseCoats
from central.kernel.actor import SYSTEM
from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.door import Door
from central.kernel.pulse import OK
from central.kernel.tx import Read
from central.web.area import CONFIG, DOOR, Check, Work
from shared.runtime.system import SystemClock, fresh_id
from shared.runtime.tasks import well


def clearing(app: web.Application) -> Work:
    return partial(keep, app[DOOR], app[CONFIG].outbox_every_s)


async def keep(door: Door, every_s: float) -> None:
    clock = SystemClock()
    while True:
        await door.execute(SYSTEM, LoseCoats(), fresh_id(clock))
        well()
        await asyncio.sleep(every_s)


def open_(_: web.Application) -> Check:
    return lambda: OK


@needed(t("Le vestiaire"), at=ContextKind.SEASON, order=990, optional=True)
def cloakroom(read: Read, season: str) -> ItemStanding:
    return of_table(read, "tariff", season, t("Rien à faire au vestiaire."))
