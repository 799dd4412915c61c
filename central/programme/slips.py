"""A performance that was a slip: a draft goes from its page."""

from typing import Any

from aiohttp import web

from central.catalogue.model import ProductState
from central.web.frame import FRAME


def slip_pages(app: web.Application) -> None:
    app[FRAME].only_where("delete_performance", _draft)


def _draft(performance: Any) -> bool:
    """What was on sale once is cancelled or closed."""
    return bool(performance.state is ProductState.DRAFT)
