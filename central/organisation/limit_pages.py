"""Who has to wait just now, and until when.

GET  /admin/limited        POST /admin/limited/lift
"""

from functools import partial

from aiohttp import web

from central.kernel.tx import Read
from central.organisation.limits import SIGN_IN, LiftLimit, of_sign_in
from central.organisation.model import OrganisationPrivilege
from central.organisation.pages import SERVICES, PageServices, typed
from central.web.form import form_of
from central.web.limit_sources import LIMITED, Limited, LimitSource
from central.web.screens.names import house_timezone
from central.web.screens.rights import privilege_text
from shared.outcome import Refused

HREF = "/admin/limited"


def limited_routes(app: web.Application) -> None:
    services = app[SERVICES]
    app[LIMITED].append(LimitSource(SIGN_IN, partial(of_sign_in, vault=services.vault)))
    pages = LimitedPages(services)
    app.router.add_get(HREF, pages.show)
    app.router.add_post(f"{HREF}/lift", pages.lift)


class LimitedPages:
    def __init__(self, services: PageServices) -> None:
        self._services = services

    async def show(self, request: web.Request) -> web.StreamResponse:
        return await self._page(request)

    async def _page(self, request: web.Request, refused: Refused | None = None) -> web.Response:
        me = await self._services.frame.who(request)
        t = self._services.frame.texts(request, me)
        sources = [(each, each.seen()) for each in request.app[LIMITED]]

        def look(read: Read) -> tuple[list[tuple[str, Limited]], bool, object] | None:
            if self._services.door.permissions.holding(read, OrganisationPrivilege.SESSION_READ) is not None:
                return None
            rows = [(each.name, row) for each, seen in sources for row in each.rows(read, t, seen)]
            may = self._services.door.permissions.holding(read, OrganisationPrivilege.LIMIT_LIFT) is None
            return sorted(rows, key=lambda pair: pair[1].until, reverse=True), may, house_timezone(read)

        found = await self._services.door.read(me.actor, look)
        if found is None:
            return await self._services.frame.page(
                request, "not_yours.html", status=403, title=t("Cette page ne vous est pas ouverte"),
                lacks=privilege_text(t, OrganisationPrivilege.SESSION_READ),
            )  # fmt: skip
        rows, may_lift, zone = found
        said = await self._services.said(t, me.actor, refused) if refused else None
        return await self._services.frame.page(
            request, "limited.html", status=400 if refused else 200, title=t("Qui doit attendre"), rows=rows, said=said,
            may_lift=may_lift, zone=zone, here=HREF,
        )  # fmt: skip

    async def lift(self, request: web.Request) -> web.StreamResponse:
        me, form = await self._services.frame.who(request), await form_of(request)
        source, subject = typed(form, "source"), typed(form, "subject")
        command_id, done = await self._services.do(me.actor, LiftLimit(source=source, subject=subject))
        if isinstance(done, Refused):
            return await self._page(request, done)
        for each in request.app[LIMITED]:
            if each.name == source:
                each.lifted(subject)
        raise web.HTTPSeeOther(f"{HREF}?done={command_id}")
