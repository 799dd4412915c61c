"""Who of the devices is there, as the broker says: each tells it itself, and its will tells that it is gone."""

from functools import partial

from aiohttp import web

from central.kernel.pulse import OK
from central.web.area import BUS, ROSTER, Check
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
    if app[ROSTER].take(presence):
        app[LIVE].wake()


def broker(app: web.Application) -> Check:
    return lambda: OK if app[BUS].connected else "away"
