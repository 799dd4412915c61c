"""One's own page: address, password, second factor, language, sessions. What opens the operator is changed only by
who gives the password once more: a browser left open is not enough.

GET  /me                    POST /me/language  /me/address  /me/password  /me/second-factor
                                      /me/second-factor/remove  /me/codes  /me/sessions/end
GET POST /me/confirm        the password once more, for what is done elsewhere    ?next=
GET POST /address/<token>        what a letter to a new address opens
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from central.kernel.tx import Read
from central.organisation.model import LetterKind, NoOperator, NoSignIn, Role, SignInSession
from central.organisation.pages import NOT_THE_SAME, SERVICES, PageServices, as_own, typed
from central.organisation.rights import second_factor_demanded
from central.organisation.rules import SessionStanding, ended
from central.organisation.sessions import EndOwnSession, SetLanguage
from central.organisation.sign_in import OpenSession
from central.organisation.sign_in_pages import DoorPages
from central.web.form import form_of
from central.web.screens.names import house_timezone
from central.web.session import local_path, split
from shared.ids import Id
from shared.languages import LANGUAGES
from shared.outcome import Refused


@dataclass(frozen=True, slots=True)
class OwnPageView:
    sessions: list[SignInSession]
    demanded: bool
    zone: Any
    roles: int


def own_routes(app: web.Application) -> None:
    services = app[SERVICES]
    pages = OwnPages(services)
    app.router.add_get("/me", pages.show)
    app.router.add_post("/me/language", pages.language)
    app.router.add_post("/me/password", pages.password)
    app.router.add_get("/me/second-factor", pages.enrol_form)
    app.router.add_post("/me/second-factor", pages.enrol)
    app.router.add_post("/me/second-factor/remove", pages.remove_second_factor)
    app.router.add_post("/me/codes", pages.codes)
    app.router.add_post("/me/sessions/end", pages.end_session)
    app.router.add_post("/me/address", pages.address)
    app.router.add_get("/me/confirm", pages.confirm_form)
    app.router.add_post("/me/confirm", pages.confirm)
    app.router.add_get("/address/{token}", pages.new_address_form)
    app.router.add_post("/address/{token}", pages.new_address)


class OwnPages:
    def __init__(self, services: PageServices) -> None:
        self._services = services
        self._door_pages = DoorPages(services)

    async def _found(self, request: web.Request) -> OpenSession:
        await self._services.frame.who(request)
        found = await self._services.browsers.found(request)
        assert found and found.standing is SessionStanding.IN, "who() said so"
        return found

    async def show(self, request: web.Request) -> web.StreamResponse:
        return await self._page(request)

    async def _page(self, request: web.Request, at: str = "", refused: Refused | None = None) -> web.Response:
        """`at` names the form that was refused."""
        found = await self._found(request)
        owner = found.operator.id

        def look(read: Read) -> OwnPageView:
            sessions = read.find(SignInSession, "WHERE operator_id = :id ORDER BY seen DESC, id", id=owner)
            alive = [each for each in sessions if not ended(each, read.now, self._services.idle)]
            roles = len(read.find(Role, "WHERE operator_id = :id", id=owner))
            return OwnPageView(alive, second_factor_demanded(read, owner), house_timezone(read), roles)

        view: OwnPageView = await self._services.door.read(found.actor, look)
        t = self._services.frame.texts(request, await self._services.frame.who(request))
        why = await self._services.refusal(t, refused) if refused else ""
        return await self._services.frame.page(
            request, "own.html", status=400 if refused else 200, title=t("Ma page"), operator=found.operator,
            session_id=found.session.id, view=view, wrong_at=at, why=why, here="/me",
            done=request.query.get("done", ""), codes_left=len(found.operator.recovery),
        )  # fmt: skip

    async def language(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        wanted = typed(form, "language")
        if wanted in LANGUAGES:
            await self._services.do(found.actor, SetLanguage(language=wanted))
        raise web.HTTPSeeOther(local_path(typed(form, "next"), "/me"))

    async def password(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        visitor = self._services.browsers.visitor(request)
        refused: Refused | None = None
        if typed(form, "password") != typed(form, "again"):
            refused = Refused(NoSignIn.WEAK_PASSWORD, detail={"fault": NOT_THE_SAME["what"]})
        refused = refused or await self._services.sign_in.confirmed(visitor, found, typed(form, "now"))
        if refused is None:
            done = await self._services.sign_in.change_password(visitor, found, typed(form, "password"))
            refused = done if isinstance(done, Refused) else None
        if refused:
            return await self._page(request, "password", as_own(refused))
        raise web.HTTPSeeOther("/me?done=password")

    # --- the address --------------------------------------------------------------------------------------------------

    async def address(self, request: web.Request) -> web.StreamResponse:
        """A letter goes to the new address; where no mail leaves the house, it is the operator's at once."""
        found, form = await self._found(request), await form_of(request)
        visitor, at_once = self._services.browsers.visitor(request), not self._services.mailer.works
        refused = await self._services.sign_in.confirmed(visitor, found, typed(form, "now"))
        refused = refused or await self._services.sign_in.ask_address(
            visitor, found, typed(form, "email"), at_once=at_once
        )
        if refused:
            return await self._page(request, "address", as_own(refused))
        raise web.HTTPSeeOther(f"/me?done={'address' if at_once else 'address-asked'}")

    async def new_address_form(self, request: web.Request) -> web.StreamResponse:
        return await self._new_address_page(request)

    async def _new_address_page(self, request: web.Request, refused: Refused | None = None) -> web.Response:
        found = await self._services.sign_in.letter(request.match_info["token"], (LetterKind.ADDRESS,))
        if found is None:
            return await self._door_pages.link_over(request)
        return await self._door_pages.page(
            request, "new_address.html", lambda t: t("Votre nouvelle adresse"), refused, email=found[0].email or ""
        )

    async def new_address(self, request: web.Request) -> web.StreamResponse:
        visitor = self._services.browsers.visitor(request)
        refused = await self._services.sign_in.use_address(visitor, request.match_info["token"])
        if refused:
            return await self._new_address_page(request, refused)
        raise web.HTTPSeeOther("/me?done=address")

    # --- the password once more ---------------------------------------------------------------------------------------

    async def confirm_form(self, request: web.Request) -> web.StreamResponse:
        await self._found(request)
        came_from = split(request.headers.get("Referer", "")).path  # of this house: others' are not sent
        onwards = local_path(request.query.get("next") or came_from, "/me")
        return await self._services.ask_again(request, {"next": onwards})

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        await self._found(request)
        form = await form_of(request)
        if wrong := await self._services.given_again(request, form):
            return await self._services.ask_again(request, form, wrong)
        raise web.HTTPSeeOther(local_path(typed(form, "next"), "/me"))

    # --- the second factor --------------------------------------------------------------------------------------------

    async def enrol_form(self, request: web.Request) -> web.StreamResponse:
        return await self._enrol_page(request)

    async def _enrol_page(self, request: web.Request, sealed: str = "", refused: Refused | None = None) -> web.Response:
        found = await self._found(request)
        t = self._services.frame.texts(request, await self._services.frame.who(request))
        return await self._services.frame.page(
            request, "own_enrol.html", status=400 if refused else 200, title=t("Second facteur"), here="/me",
            enrolment=await self._door_pages.enrolment(found, sealed),
            why=await self._services.refusal(t, refused) if refused else "",
        )  # fmt: skip

    async def enrol(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        visitor = self._services.browsers.visitor(request)
        sealed = typed(form, "sealed")
        refused = await self._services.sign_in.confirmed(visitor, found, typed(form, "now"))
        if refused:
            return await self._enrol_page(request, sealed, as_own(refused))
        enrolment = await self._door_pages.enrolment(found, sealed)
        done = await self._services.sign_in.set_second_factor(visitor, found, enrolment.seed, typed(form, "code"))
        if isinstance(done, Refused):
            return await self._enrol_page(request, sealed, done)
        token, codes = done.value
        return await self._shown_once(request, codes, token)

    async def remove_second_factor(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        visitor = self._services.browsers.visitor(request)
        refused = await self._services.sign_in.confirmed(visitor, found, typed(form, "now"))
        if refused:
            return await self._page(request, "second-factor", as_own(refused))
        done = await self._services.sign_in.remove_second_factor(visitor, found)
        if isinstance(done, Refused):
            return await self._page(request, "second-factor", done)
        answer = web.HTTPSeeOther("/me?done=second-factor")
        self._services.cookies.set(answer, done.value)
        raise answer

    async def codes(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        visitor = self._services.browsers.visitor(request)
        refused = await self._services.sign_in.confirmed(visitor, found, typed(form, "now"))
        if refused:
            return await self._page(request, "codes", as_own(refused))
        done = await self._services.sign_in.renew_recovery_codes(visitor, found)
        if isinstance(done, Refused):
            return await self._page(request, "codes", done)
        return await self._shown_once(request, done.value)

    async def _shown_once(self, request: web.Request, codes: list[str], token: str = "") -> web.Response:
        t = self._services.frame.texts(request, await self._services.frame.known(request))
        names = "Parterre"
        answer = await self._services.frame.page(
            request, "codes.html", title=t("Vos codes de secours"), codes=codes, onwards="/me", house=names,
            why="", wanted="", half_csrf="",
        )  # fmt: skip
        if token:
            self._services.cookies.set(answer, token)
        return answer

    async def end_session(self, request: web.Request) -> web.StreamResponse:
        found, form = await self._found(request), await form_of(request)
        if wrong := await self._services.given_again(request, form):
            return await self._services.ask_again(request, form, wrong)
        _, done = await self._services.do(found.actor, EndOwnSession(session_id=Id(typed(form, "session"))))
        if isinstance(done, Refused) and done.reason == NoOperator.CONFIRM_FIRST:
            return await self._services.ask_again(request, form)
        raise web.HTTPSeeOther("/me?done=session")
