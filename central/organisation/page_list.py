"""The organisation's pages, where somebody can sign in."""

from aiohttp import web

from central.organisation.limit_pages import limited_routes
from central.organisation.operator_pages import operator_routes
from central.organisation.own_pages import own_routes
from central.organisation.pages import SIGN_IN_SERVICES, page_services
from central.organisation.sign_in_pages import door_routes


def sign_in_pages(app: web.Application) -> None:
    if SIGN_IN_SERVICES in app:
        for pages in (page_services, door_routes, own_routes, operator_routes, limited_routes):
            pages(app)
