"""The shell's own pages: what stands around the areas, and shows what they declare."""

from aiohttp import web

from central.kernel.privileges import METRICS_READ
from central.web.api import routes
from central.web.api_page import api_pages
from central.web.assets import serve
from central.web.branch_pages import where_routes
from central.web.checklist import checklist_routes
from central.web.frame import FRAME
from central.web.health import health_routes
from central.web.history.routes import history
from central.web.metrics import metrics_route
from central.web.notices import of_front
from central.web.origin import FRONT
from central.web.request_waits import limits_shown
from central.web.screens.routes import screens
from central.web.search import find_routes


def shell_pages(app: web.Application) -> None:
    app.router.add_get("/static/{name:.+}", serve)
    app[FRAME].notice(of_front(app[FRONT]), METRICS_READ)
    for pages in (
        screens, api_pages, history, checklist_routes, find_routes, where_routes, routes, metrics_route, health_routes,
        limits_shown,
    ):  # fmt: skip
        pages(app)
