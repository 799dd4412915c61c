"""Who of the devices is there, as the broker says: each tells it itself, and its will tells that it is gone."""

import asyncio
from functools import partial

from aiohttp import web

from central.devices.model import Device
from central.devices.settings import DevicesSettings
from central.kernel.actor import SYSTEM
from central.kernel.pulse import OK
from central.kernel.trouble import Unavailable
from central.kernel.tx import Read
from central.web.area import BUS, CONFIG, DOOR, ROSTER, Check, Work
from shared.runtime.log import logger
from shared.runtime.mqtt import Unbelieved
from shared.runtime.tasks import well
from shared.wire import topics

log = logger(__name__)


def presences(app: web.Application) -> None:
    """Hears them, where there is a broker."""
    if BUS in app:
        app[BUS].subscribe(f"{topics.ROOT}/+/device/+/state", partial(_presence, app))


async def _presence(app: web.Application, topic: str, payload: bytes) -> None:
    presence = topics.presence_of(topic, payload)
    if presence is None:
        raise Unbelieved("no presence, or another's")
    site_id = topics.site_of(topic)
    if not app[ROSTER].knows(presence.device_id, site_id) and not await _is_there(app, presence.device_id, site_id):
        raise Unbelieved("the presence of no device of that site")
    app[ROSTER].take(presence, site_id)


async def _is_there(app: web.Application, device_id: str, site_id: str) -> bool:
    """A site's relay may tell of whatever it likes under its site's name: of devices of other sites, and of none. While
    the database cannot say, it is believed until that can be asked (`proving`): who is not heard now is heard in a
    minute only."""
    try:
        device = await app[DOOR].read(SYSTEM, lambda read: read.get(Device, device_id))
    except Unavailable:
        return True
    return device is not None and device.site_id == site_id


def _sites(read: Read) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in read.run("SELECT id, site_id FROM device")]


def proving(app: web.Application) -> Work:
    return partial(_prove, app, app[CONFIG].areas.of(DevicesSettings).presence_every_s)


async def _prove(app: web.Application, every_s: float) -> None:
    """Asks again about everybody who is there: some were heard while the database could not say."""
    while True:
        told = app[ROSTER].told()
        there = dict(await app[DOOR].read(SYSTEM, _sites))
        for device_id, site_id in told:
            if there.get(device_id) != site_id:
                app[ROSTER].forget(device_id, site_id)
                log.warning("presence of no device of that site", device=device_id, site=site_id)
        well()
        await asyncio.sleep(every_s)


def broker(app: web.Application) -> Check:
    return lambda: OK if app[BUS].connected else "away"
