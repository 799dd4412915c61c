"""Where a new point of sale is meant to stand: at the organiser whose takings it keeps."""

from aiohttp import web

from central.kernel.contexts import ContextKind
from central.web.frame import FRAME


def openings(app: web.Application) -> None:
    app[FRAME].stands_at("point_of_sale", ContextKind.ORGANISER)
