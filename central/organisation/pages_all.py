"""The organisation's pages, where somebody can sign in."""

from aiohttp import web

from central.organisation.pages import WAY_IN, desk
from central.organisation.pages_account import account_routes
from central.organisation.pages_door import door_routes
from central.organisation.pages_limited import limited_routes
from central.organisation.pages_operators import operator_routes


def sign_in_pages(app: web.Application) -> None:
    if WAY_IN in app:
        for pages in (desk, door_routes, account_routes, operator_routes, limited_routes):
            pages(app)
