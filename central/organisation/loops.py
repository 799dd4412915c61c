"""What the organisation does unasked: mails, webhooks, and sessions that are over."""

import asyncio
from functools import partial

from aiohttp import web

from central.kernel import outbox
from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.erasure import ForgetDue, due
from central.kernel.own_commands import OwnCommands
from central.organisation.letters import MAIL
from central.organisation.pages import SIGN_IN_SERVICES
from central.organisation.sessions import TidySessions
from central.organisation.settings import OrganisationSettings
from central.organisation.webhook_delivery import Post, Webhooks
from central.web.area import CONFIG, DOOR, Work


def mailing(app: web.Application) -> Work | None:
    mailer = app[SIGN_IN_SERVICES].mailer
    return (
        partial(outbox.keep, app[DOOR], {MAIL: mailer.send}, app[CONFIG].outbox_every_s, only=True)
        if mailer.works
        else None
    )


def delivering(app: web.Application) -> Work:
    door = app[DOOR]
    return Webhooks(door, Post(door.settings.of(OrganisationSettings).webhook_networks)).keep


def tidying(app: web.Application) -> Work:
    return partial(_tidy, app[DOOR], app[CONFIG].areas.of(OrganisationSettings).tidy_every_s)


async def _tidy(door: Door, every_s: float) -> None:
    """Sessions that are over, failures at the door that nobody counts any more, what need not be kept any longer of
    people who are forgotten."""
    own = OwnCommands(door)
    while True:
        while door.believes_its_clock():  # what is taken away cannot be brought back
            tidied = await own.do(TidySessions(), TidySessions)
            if tidied is None or not tidied.value:
                break
        await outbox.bring_forward(door)
        if door.believes_its_clock() and await door.read(SYSTEM, due):
            await own.do(ForgetDue(), ForgetDue)
        own.say()
        await asyncio.sleep(every_s)
