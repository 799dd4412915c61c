"""What is done unasked in the cloakroom, and what it says of itself."""

import asyncio
from functools import partial

from aiohttp import web

from central.cloakroom.ops import LoseCoats, hanging_still
from central.kernel.actor import SYSTEM
from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind
from central.kernel.door import Door
from central.kernel.own_commands import OwnCommands
from central.kernel.pulse import OK
from central.kernel.tx import Read
from central.web.area import CONFIG, DOOR, Check, Work


def clearing(app: web.Application) -> Work:
    return partial(keep, app[DOOR], app[CONFIG].outbox_every_s)


async def keep(door: Door, every_s: float) -> None:
    """A bounded piece of work in each command, so that sales go on between two of them."""
    own = OwnCommands(door)
    while True:
        own.begin()
        over = door.believes_its_clock() and await door.read(SYSTEM, lambda read: hanging_still(read, 1))
        if over and await own.do(LoseCoats(), LoseCoats) is not None:
            continue
        own.forget_rest()
        own.say()
        await asyncio.sleep(every_s)


def open_(_: web.Application) -> Check:
    return lambda: OK


@needed(t("Le vestiaire"), at=ContextKind.SEASON, order=990, optional=True)
def cloakroom(read: Read, season: str) -> ItemStanding:
    return of_table(read, "tariff", season, t("Rien à faire au vestiaire."))
