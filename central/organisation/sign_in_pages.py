"""The way in: address and password, the code, setting up a second factor, links out of letters, forgotten passwords.

GET POST /sign-in               address and password                    ?next=
GET POST /sign-in/code          the second factor's code
GET POST /sign-in/second-factor setting one up, where a profile wants it
POST     /sign-out
GET POST /reset                 a letter, please
GET POST /invitation/<token>    what a letter's link opens
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web
from markupsafe import Markup

from central.organisation.model import LetterKind, NoSignIn
from central.organisation.pages import (
    NOT_THE_SAME,
    SERVICES,
    PageServices,
    remember_language,
    root_name,
    status_of,
    typed,
)
from central.organisation.passwords import LONGEST, SHORTEST
from central.organisation.rules import SessionStanding
from central.organisation.second_factor import new_seed, otpauth_address, picture
from central.organisation.sessions import EndOwnSession
from central.organisation.sign_in import OpenSession
from central.web.form import form_of
from central.web.kept_forms import WhyOver
from central.web.screens.fields import duration_text
from central.web.session import CSRF_FIELD, csrf_of, is_csrf, local_path, masked
from central.web.texts import Texts
from shared.languages import named
from shared.outcome import Refused


@dataclass(frozen=True, slots=True)
class AuthenticatorSetup:
    """What an authenticator needs. `sealed` travels through the form: nothing is kept before it is confirmed."""

    sealed: str
    seed: str
    picture: Markup


def door_routes(app: web.Application) -> None:
    services = app[SERVICES]
    pages = DoorPages(services)
    router = app.router
    router.add_get("/sign-in", pages.sign_in_form)
    router.add_post("/sign-in", pages.sign_in)
    router.add_get("/sign-in/code", pages.code_form)
    router.add_post("/sign-in/code", pages.code)
    router.add_get("/sign-in/second-factor", pages.enrol_form)
    router.add_post("/sign-in/second-factor", pages.enrol)
    router.add_post("/sign-out", pages.sign_out)
    router.add_get("/reset", pages.reset_form)
    router.add_post("/reset", pages.reset)
    router.add_get("/invitation/{token}", pages.letter_form)
    router.add_post("/invitation/{token}", pages.letter)


class DoorPages:
    def __init__(self, services: PageServices) -> None:
        self._services = services

    # --- address and password -----------------------------------------------------------------------------------------

    async def sign_in_form(self, request: web.Request) -> web.StreamResponse:
        found = await self._services.browsers.found(request)
        if found:
            onwards = web.HTTPSeeOther(_next_step(found.standing, request.query.get("next")))
            if found.standing is SessionStanding.IN:
                self._remember_browser(request, found, onwards)
            raise onwards
        return await self._sign_in_page(request)

    def _remember_browser(self, request: web.Request, found: OpenSession, answer: web.StreamResponse) -> None:
        """Everybody who has come in passes by here: from now on nobody elsewhere makes this browser wait."""
        devices = self._services.sign_in.device(self._services.browsers.visitor(request), found)
        if devices:
            self._services.cookies.know(answer, devices)

    async def _sign_in_page(
        self, request: web.Request, email: str = "", refused: Refused | None = None
    ) -> web.Response:
        over = await self._services.browsers.over(request)
        lasted = (
            {WhyOver.IDLE: self._services.idle, WhyOver.LONGEST: self._services.longest}.get(over.why) if over else None
        )
        return await self.page(
            request, "sign_in.html", lambda t: t("Se connecter"), refused, email=email, over=over and over.why,
            lasted=duration_text(int(lasted.total_seconds())) if lasted else "", kept=request.query.get("kept", ""),
        )  # fmt: skip

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        email = typed(form, "email")
        entered = await self._services.sign_in.enter(
            self._services.browsers.visitor(request), email, typed(form, "password")
        )
        if isinstance(entered, Refused):
            return await self._sign_in_page(request, email, entered)
        return await self._entered(entered.value, typed(form, "next"))

    async def _entered(self, token: str, wanted: str) -> web.StreamResponse:
        """The browser gets its cookie and goes where it wanted, by way of the pages that still stand before it."""
        answer = web.HTTPSeeOther(f"/sign-in?next={_quoted(wanted)}")
        self._services.cookies.set(answer, token)
        raise answer

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        found = await self._services.browsers.found(request)
        if found:
            self._own_form(request, await form_of(request))
            await self._services.do(found.actor, EndOwnSession(session_id=found.session.id))
        answer = web.HTTPSeeOther("/sign-in")
        self._services.cookies.clear(answer)
        answer.headers["Clear-Site-Data"] = '"cache"'
        raise answer

    # --- the second factor --------------------------------------------------------------------------------------------

    async def code_form(self, request: web.Request) -> web.StreamResponse:
        await self._at(request, SessionStanding.CODE_WANTED)
        return await self.page(request, "code.html", lambda t: t("Code de vérification"))

    async def code(self, request: web.Request) -> web.StreamResponse:
        await self._at(request, SessionStanding.CODE_WANTED)
        form = await form_of(request)
        self._own_form(request, form)
        done = await self._services.sign_in.complete(self._services.browsers.visitor(request), typed(form, "code"))
        if isinstance(done, Refused):
            return await self.page(request, "code.html", lambda t: t("Code de vérification"), done)
        return await self._entered(done.value, typed(form, "next"))

    async def enrol_form(self, request: web.Request) -> web.StreamResponse:
        found = await self._at(request, SessionStanding.ENROLMENT_WANTED)
        return await self._enrol_page(request, await self.enrolment(found))

    async def _enrol_page(
        self, request: web.Request, enrolment: AuthenticatorSetup, refused: Refused | None = None
    ) -> web.Response:
        def title(t: Texts) -> str:
            return t("Un second facteur, d’abord")

        return await self.page(request, "enrol.html", title, refused, enrolment=enrolment)

    async def enrol(self, request: web.Request) -> web.StreamResponse:
        found = await self._at(request, SessionStanding.ENROLMENT_WANTED)
        form = await form_of(request)
        self._own_form(request, form)
        enrolment = await self.enrolment(found, typed(form, "sealed"))
        visitor = self._services.browsers.visitor(request)
        done = await self._services.sign_in.set_second_factor(visitor, found, enrolment.seed, typed(form, "code"))
        if isinstance(done, Refused):
            return await self._enrol_page(request, enrolment, done)
        token, codes = done.value

        def title(t: Texts) -> str:
            return t("Vos codes de secours")

        answer = await self.page(request, "codes.html", title, codes=codes, onwards=local_path(typed(form, "next")))
        self._services.cookies.set(answer, token)
        return answer

    async def enrolment(self, found: OpenSession, sealed: str = "") -> AuthenticatorSetup:
        """A new seed, or the one that this page gave out a moment ago."""
        owner = f"enrolment:{found.session.id}"
        vault = self._services.vault
        seed = (vault.open(sealed, owner) if sealed else None) or new_seed()
        names = await self._services.door.read(found.actor, root_name)
        text = otpauth_address(seed, found.operator.email or found.operator.name, named(names) or "Parterre")
        return AuthenticatorSetup(vault.seal(seed, owner), seed, Markup(picture(text)))  # noqa: S704 - drawn by us

    # --- letters ------------------------------------------------------------------------------------------------------

    async def reset_form(self, request: web.Request) -> web.StreamResponse:
        return await self._reset_page(request)

    async def _reset_page(
        self, request: web.Request, refused: Refused | None = None, *, sent: bool = False
    ) -> web.Response:
        works = self._services.mailer.works
        return await self.page(
            request, "reset.html", lambda t: t("Mot de passe oublié"), refused, sent=sent, works=works
        )

    async def reset(self, request: web.Request) -> web.StreamResponse:
        if not self._services.mailer.works:
            return await self._reset_page(request)
        form = await form_of(request)
        refused = await self._services.sign_in.ask_reset(self._services.browsers.visitor(request), typed(form, "email"))
        return await self._reset_page(request, refused, sent=not refused)

    async def link_over(self, request: web.Request) -> web.Response:
        """A new one is offered where letters go out; elsewhere it is said who has it."""
        over, works = Refused(NoSignIn.LINK_OVER), self._services.mailer.works
        return await self.page(request, "link_over.html", lambda t: t("Ce lien n’est plus valable"), over, works=works)

    async def letter_form(self, request: web.Request) -> web.StreamResponse:
        return await self._letter_page(request)

    async def _letter_page(self, request: web.Request, refused: Refused | None = None) -> web.Response:
        found = await self._services.sign_in.letter(request.match_info["token"])
        if found is None:
            return await self.link_over(request)
        letter, operator = found
        invited = letter.kind is LetterKind.INVITATION

        def title(t: Texts) -> str:
            return t("Bienvenue, {name}", name=operator.name) if invited else t("Nouveau mot de passe")

        return await self.page(
            request, "letter.html", title, refused, operator=operator, invited=invited, shortest=SHORTEST,
            longest=LONGEST,
        )  # fmt: skip

    async def letter(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        password = typed(form, "password")
        if password != typed(form, "again"):
            return await self._letter_page(
                request, Refused(NoSignIn.WEAK_PASSWORD, detail={"fault": NOT_THE_SAME["what"]})
            )
        visitor = self._services.browsers.visitor(request)
        done = await self._services.sign_in.use_letter(visitor, request.match_info["token"], password)
        if isinstance(done, Refused):
            return await self._letter_page(request, done)
        answer = web.HTTPSeeOther("/sign-in?set=1")
        self._services.cookies.clear(answer)
        raise answer

    # --- what all of them need ----------------------------------------------------------------------------------------

    async def page(
        self,
        request: web.Request,
        template: str,
        title: Callable[[Texts], str],
        refused: Refused | None = None,
        **data: Any,
    ) -> web.Response:
        """A page before the curtain: the house's name, the five languages, one sheet."""
        services = self._services
        t = services.frame.texts(request, None)
        names = await services.door.read(services.browsers.visitor(request).by_system, root_name)
        form = await form_of(request) if request.method == "POST" else {}
        wanted = request.query.get("next") or typed(form, "next")
        why = await services.refusal(t, refused) if refused else ""
        answer = await services.frame.page(
            request, template, status=status_of(refused) if refused else 200, title=title(t), house=t.of(names),
            wanted=local_path(wanted) if wanted else "", why=why, here=request.path,
            half_csrf=masked(csrf_of(services.cookies.token(request))), **data,
        )  # fmt: skip
        remember_language(request, answer)
        return answer

    async def _at(self, request: web.Request, wanted: SessionStanding) -> OpenSession:
        """The session of who stands just here; everybody else is led to where they stand."""
        found = await self._services.browsers.found(request)
        if found is None or found.standing is not wanted:
            raise web.HTTPSeeOther("/sign-in")
        return found

    def _own_form(self, request: web.Request, form: Any) -> None:
        """The guard asks for a whole session's token; a half one has its own."""
        wanted = csrf_of(self._services.cookies.token(request))
        if not is_csrf(typed(form, CSRF_FIELD), wanted):
            raise web.HTTPForbidden(text="This form is too old, or not ours: load the page again.")


def _next_step(standing: SessionStanding, wanted: str | None) -> str:
    """Where somebody goes from /sign-in."""
    if standing is SessionStanding.IN:
        return local_path(wanted)
    page = "/sign-in/code" if standing is SessionStanding.CODE_WANTED else "/sign-in/second-factor"
    return f"{page}?next={_quoted(wanted)}"


def _quoted(wanted: str | None) -> str:
    return quote(local_path(wanted), safe="")
