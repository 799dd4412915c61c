"""Who of the devices is there, as the broker says: each tells it itself, and its will tells that it is gone."""

from functools import partial

from aiohttp import web

from central.devices.model import Device
from central.kernel.actor import SYSTEM
from central.kernel.pulse import OK
from central.kernel.trouble import Unavailable
from central.web.area import BUS, DOOR, ROSTER, Check
from central.web.live import LIVE
from shared.runtime.mqtt import Unbelieved
from shared.wire import topics


def presences(app: web.Application) -> None:
    """Hears them, where there is a broker, and tells the live page what changed."""
    if BUS in app:
        app[BUS].subscribe(f"{topics.ROOT}/+/device/+/state", partial(_presence, app))


async def _presence(app: web.Application, topic: str, payload: bytes) -> None:
    presence = topics.presence_of(topic, payload)
    if presence is None:
        raise Unbelieved("no presence, or another's")
    site_id = topics.site_of(topic)
    if not app[ROSTER].knows(presence.device_id, site_id) and not await _is_there(app, presence.device_id, site_id):
        raise Unbelieved("the presence of no device of that site")
    if app[ROSTER].take(presence, site_id):
        app[LIVE].wake()


async def _is_there(app: web.Application, device_id: str, site_id: str) -> bool:
    """A site's relay may tell of whatever it likes under its site's name: of devices of other sites, and of none. While
    the database cannot say, it is believed: nobody tells it again."""
    try:
        device = await app[DOOR].read(SYSTEM, lambda read: read.get(Device, device_id))
    except Unavailable:
        return True
    return device is not None and device.site_id == site_id


def broker(app: web.Application) -> Check:
    return lambda: OK if app[BUS].connected else "away"
