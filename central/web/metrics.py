"""GET /metrics: what this process has counted, as Prometheus reads it.

The figures tell how a house sells, so not everybody may read them: a program by its key, with the right to; or an
address of the networks that the configuration names, which also works while the database is away. An address that a
proxy nobody has named speaks for is not believed.
"""

from aiohttp import web

from central.kernel.actor import Actor, ActorKind
from central.kernel.door import Door, NoEntry
from central.kernel.privileges import METRICS_READ
from central.kernel.tx import Read
from central.web.area import DOOR
from central.web.caller import ASKING, caller, problem, unknown_caller
from central.web.origin import FORWARDED, NO_PROXIES, PROXIES, Proxies, address_of
from shared.runtime import metrics

NETWORKS: web.AppKey[Proxies] = web.AppKey("networks", Proxies)
"""Those that may read it without a key."""


def metrics_route(app: web.Application) -> None:
    door, networks = app[DOOR], app.get(NETWORKS, NO_PROXIES)

    async def show(request: web.Request) -> web.Response:
        if not _near(request, networks):
            actor = await caller(request)
            if isinstance(actor, web.Response):
                return actor
            if not await _may(door, actor):
                return _refused(request, actor)
        headers = {"Cache-Control": "no-store", "Content-Type": metrics.CONTENT_TYPE}
        return web.Response(body=metrics.exposition(), headers=headers)

    app[ASKING].append("/metrics")
    app.router.add_get("/metrics", show)


def _near(request: web.Request, networks: Proxies) -> bool:
    named = request.app.get(PROXIES)
    if FORWARDED in request.headers and not (named and named.ours(request.remote or "")):
        return False
    return networks.ours(address_of(request))


async def _may(door: Door, actor: Actor) -> bool:
    def look(read: Read) -> bool:
        return door.permissions.holding(read, METRICS_READ) is None

    held: bool = await door.read(actor, look)
    return held


def _refused(request: web.Request, actor: Actor) -> web.Response:
    if actor.kind is ActorKind.ANONYMOUS:
        return unknown_caller(request)
    return problem(403, NoEntry.NOT_ALLOWED.key, "Not allowed.", fix=METRICS_READ)
