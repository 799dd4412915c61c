"""GET /healthz and /readyz: for whoever keeps this process running, and for whoever sends it work. Nobody is asked who
they are; what is said is names of checks and tasks, out of memory, so that asking often costs nothing.

200 or 503. `/healthz`: {"alive": …}; 503 means that a restart helps. `/readyz`: {"ready": …, "checks": {name: "ok" or
what is wrong}, "failing": [{"task", "falls", "fault"}]}; tasks that fall make nobody unready, since sales go on.
"""

from collections.abc import Callable

import orjson
from aiohttp import web

from central.kernel.privileges import METRICS_READ
from central.kernel.pulse import OK, Report
from central.kernel.trouble import NoDatabase
from central.kernel.tx import Read
from central.web.frame import FRAME
from central.web.notices import Notice, Provider
from central.web.texts import Texts
from shared.outcome import reason_named

REPORT: web.AppKey[Callable[[], Report]] = web.AppKey("report")


def health_routes(app: web.Application) -> None:
    if REPORT not in app:  # nothing runs here that could be asked how it is
        return
    report = app[REPORT]
    app[FRAME].notice(of_health(report), needs=METRICS_READ)

    async def healthz(_: web.Request) -> web.Response:
        alive = report().alive
        return _said(alive, {"alive": alive})

    async def readyz(_: web.Request) -> web.Response:
        now = report()
        failing = [
            {"task": each.name, "falls": each.falls, "fault": "ended" if each.ended else each.fault}
            for each in now.failing
        ]
        return _said(
            now.ready,
            {
                "ready": now.ready,
                "checks": now.checks,
                "failing": failing,
                "clock": "jumped" if now.clock_jumped else OK,
            },
        )

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


def of_health(report: Callable[[], Report]) -> Provider:
    """For the front page: what the house does not notice while it sells, and who runs it should."""

    def provide(_: Read, t: Texts) -> list[Notice]:
        now = report()
        amiss = [_notice(t, check, said) for check, said in now.checks.items() if said not in (OK, "not_yet")]
        if now.failing:
            tasks = ", ".join(each.name for each in now.failing)
            amiss.append(
                Notice(
                    t("Des tâches de fond échouent et recommencent sans cesse : {tasks}.", tasks=tasks),
                    t("Le journal du serveur dit pourquoi ; la vente continue."),
                )
            )
        if now.clock_jumped:
            amiss.append(
                Notice(
                    t("L’horloge du serveur a sauté : ce qui ne peut pas être défait attend une heure."),
                    t("Vérifiez son heure (NTP) ; la vente continue."),
                )
            )
        return amiss

    return provide


def _notice(t: Texts, check: str, said: str) -> Notice:
    look = t("/readyz dit où en est le serveur ; son journal en dit plus.")
    match check:
        case "commit" | "look" if away := reason_named(said, (NoDatabase,)):
            return Notice(t.reason(away), look)
        case "schema":
            return Notice(
                t("Une autre version de Parterre a mis à jour la base de données."),
                t("Mettez ce serveur à jour aussi."),
            )
        case "log":
            return Notice(t("Le journal des actions n’est plus scellé depuis plus d’une minute."), look)
        case "broker":
            return Notice(
                t("Le central ne joint plus le serveur de messages : les appareils apprennent tout plus tard."),
                t("Vérifiez que le serveur de messages fonctionne ; la vente continue."),
            )
    return Notice(t("Un contrôle du serveur échoue : {check} ({said}).", check=check, said=said), look)


def _said(well: bool, body: dict[str, object]) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(
        status=200 if well else 503, body=orjson.dumps(body), content_type="application/json", headers=headers
    )
