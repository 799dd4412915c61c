"""The addresses of histories and of the log."""

from aiohttp import web

from central.web.area import DOOR
from central.web.frame import FRAME
from central.web.history.audit import Audit
from central.web.history.pages import History
from central.web.history.tally_page import TurnedAway


def history(app: web.Application) -> None:
    door = app[DOOR]
    History(door, app[FRAME]).routes(app)
    Audit(door, app[FRAME]).routes(app)
    TurnedAway(door, app[FRAME]).routes(app)
