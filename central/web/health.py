"""GET /healthz and /readyz: for whoever keeps this process running, and for whoever sends it work. Nobody is asked who
they are; what is said is names of checks and tasks, out of memory, so that asking often costs nothing.

200 or 503. `/healthz`: {"alive": …}; 503 means that a restart helps. `/readyz`: {"ready": …, "checks": {name: "ok" or
what is wrong}, "failing": [{"task", "falls", "fault"}]}; tasks that fall make nobody unready, since sales go on.
"""

from collections.abc import Callable

import orjson
from aiohttp import web

from central.kernel.pulse import Report


def health_routes(app: web.Application, report: Callable[[], Report]) -> None:
    async def healthz(_: web.Request) -> web.Response:
        alive = report().alive
        return _said(alive, {"alive": alive})

    async def readyz(_: web.Request) -> web.Response:
        now = report()
        failing = [
            {"task": each.name, "falls": each.falls, "fault": "ended" if each.ended else each.fault}
            for each in now.failing
        ]
        return _said(now.ready, {"ready": now.ready, "checks": now.checks, "failing": failing})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


def _said(well: bool, body: dict[str, object]) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(
        status=200 if well else 503, body=orjson.dumps(body), content_type="application/json", headers=headers
    )
