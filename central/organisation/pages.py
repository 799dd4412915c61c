"""The organisation's hand-made pages: the way in (sign_in_pages), one's own page (own_pages), people and programs
with what they may do (operator_pages). Here is what they share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from central.kernel.actor import SYSTEM, Actor
from central.kernel.contexts import the_institution
from central.kernel.door import Door
from central.kernel.tx import Read
from central.kernel.vault import Vault, load_vault
from central.organisation.browser import Browsers, Cookies
from central.organisation.browser_names import browser_text
from central.organisation.mail import Mailer
from central.organisation.model import NoSignIn
from central.organisation.settings import MailConfig, OrganisationSettings, SignInConfig
from central.organisation.sign_in import SignIn
from central.web.area import CONFIG, DOOR
from central.web.entrance import KNOWN_BROWSER, KNOWN_CALLERS
from central.web.frame import FRAME, LANGUAGE_COOKIE, LANGUAGE_FOR, Frame
from central.web.kept_forms import KEEPER, FormKeeper
from central.web.screens.names import house_timezone
from central.web.screens.refusals import SaidRefusal, said
from central.web.session import CSRF_FIELD, SESSIONS, STILL
from central.web.texts import Texts
from shared.ids import Id
from shared.outcome import Outcome, Reason, Refused
from shared.runtime.config import Failure
from shared.runtime.system import SystemClock, fresh_id

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_TYPED = 10_000
NOW = "_now"  # the field in which a page asks for the password once more
NOT_THE_SAME = {"at": "again", "what": "not_the_same"}


@dataclass(frozen=True, slots=True)
class PageServices:
    """What every page of the organisation needs."""

    door: Door
    frame: Frame
    sign_in: SignIn
    browsers: Browsers
    cookies: Cookies
    vault: Vault
    mailer: Mailer
    public_url: str
    idle: timedelta  # how long a session lasts that nobody uses
    longest: timedelta

    async def do(self, actor: Actor, command: Any) -> tuple[Id, Outcome[Any]]:
        """A command through the door, with the id under which the log has it."""
        command_id = fresh_id(SystemClock())
        return command_id, (await self.door.execute(actor, command, command_id)).outcome

    async def said(self, t: Texts, actor: Actor, refused: Refused, on: str = "") -> SaidRefusal:
        """A refusal in words, with links to what must change."""
        found: SaidRefusal = await self.door.read(actor, lambda read: said(self.door, read, t, refused, on or None))
        return found

    async def moment(self, t: Texts, at: datetime) -> str:
        zone = await self.door.read(SYSTEM, house_timezone)
        return t.moment(at, zone, "short")

    async def given_again(self, request: web.Request, form: Mapping[str, Any]) -> Refused | None:
        """Looks at the password that came with a form of `ask_again`; None: it is right, or was not asked for."""
        if NOW not in form:
            return None
        found = await self.browsers.found(request)
        assert found, "who() said so"
        return as_own(await self.sign_in.confirmed(self.browsers.visitor(request), found, typed(form, NOW)))

    async def ask_again(self, request: web.Request, form: Any, wrong: Refused | None = None) -> web.Response:
        """A form that the password must come with, once more with a field for it: sent again, it goes on where it
        stopped."""
        me, found = await self.frame.who(request), await self.browsers.found(request)
        t = self.frame.texts(request, me)
        sent_here = request.method == "POST"
        sent = [(name, value) for name, value in form.items() if isinstance(value, str)]
        return await self.frame.page(
            request, "confirm.html", status=403 if sent_here else 200, action=request.path,
            title=t("Votre mot de passe, s’il vous plaît"),
            sent=[pair for pair in sent if pair[0] not in (CSRF_FIELD, NOW)], field=NOW,
            email=found.operator.email if found else "", here="/me",
            why=await self.refusal(t, wrong) if wrong else "",
        )  # fmt: skip

    async def refusal(self, t: Texts, refused: Refused) -> str:
        """Why nobody comes in, for people who are not signed in: no links, no details."""
        if refused.reason == NoSignIn.TOO_MANY and "again" in refused.detail:
            now = await self.door.read(SYSTEM, lambda read: read.now)
            minutes = -int((now - datetime.fromisoformat(refused.detail["again"])).total_seconds() // 60)
            return t.n("Trop d’essais : attendez une minute.", "Trop d’essais : attendez {n} minutes.", max(minutes, 1))
        if refused.reason == NoSignIn.WEAK_PASSWORD:
            return t.fault(refused.detail["fault"])
        return t.reason(refused.reason)


def typed(form: Mapping[str, Any], name: str) -> str:
    """What was entered, as text; a file or something huge is nothing."""
    value = form.get(name, "")
    return value if isinstance(value, str) and len(value) <= MOST_TYPED else ""


def as_own(refused: Refused | None) -> Refused | None:
    """Who is signed in is told that it is their password which is wrong: there is nothing to give away."""
    return Refused(NoSignIn.WRONG_PASSWORD) if refused and refused.reason == NoSignIn.UNKNOWN else refused


STATUS: dict[Reason, int] = {NoSignIn.TOO_MANY: 429, NoSignIn.BUSY: 503, NoSignIn.LINK_OVER: 410}


def status_of(refused: Refused | None) -> int:
    return STATUS.get(refused.reason, 400) if refused else 400


def remember_language(request: web.Request, answer: web.StreamResponse) -> None:
    """Who chose a language before anybody knew them finds it again."""
    if "lang" in request.query:
        lasts = int(LANGUAGE_FOR.total_seconds())
        answer.set_cookie(LANGUAGE_COOKIE, request.query["lang"][:2], max_age=lasts, samesite="Lax", httponly=True)


@dataclass(frozen=True, slots=True)
class SignInServices:
    """What lets people in. `public_url`: where a browser reaches the house."""

    sign_in: SignIn
    vault: Vault
    mailer: Mailer
    public_url: str
    idle: timedelta  # how long a session lasts that nobody uses
    longest: timedelta

    @classmethod
    def of(cls, door: Door, vault: Vault, sign_in: SignInConfig, mail: MailConfig, public_url: str) -> "SignInServices":
        return cls(
            SignIn(door, vault, sign_in),
            vault,
            Mailer(door, mail, public_url, vault),
            public_url.rstrip("/"),
            timedelta(seconds=sign_in.idle_s),
            timedelta(seconds=sign_in.longest_s),
        )


SIGN_IN_SERVICES: web.AppKey[SignInServices] = web.AppKey("way_in", SignInServices)
"""Without it nobody signs in: what stands then is for programs and devices."""
SERVICES: web.AppKey[PageServices] = web.AppKey("page_services", PageServices)


def way_in(app: web.Application) -> None:
    """Out of the configuration."""
    config = app[CONFIG]
    try:
        vault = load_vault(config.keys)
    except (OSError, ValueError) as fault:
        raise Failure(f"Central's keys cannot be used: {fault}.", "Check the folder's owner.") from fault
    mine = config.areas.of(OrganisationSettings)
    url = config.public_url or f"http://{config.listen.host}:{config.listen.port}"
    app[SIGN_IN_SERVICES] = SignInServices.of(app[DOOR], vault, mine.sign_in, mine.mail, url)


def page_services(app: web.Application) -> None:
    """What the pages share; and tells the shell who sits where."""
    door, frame, way_in = app[DOOR], app[FRAME], app[SIGN_IN_SERVICES]
    cookies = Cookies(way_in.public_url)
    browsers = Browsers(door, way_in.sign_in, cookies, way_in.idle)
    frame.templates("central.organisation")
    frame.filter("browser", browser_text)
    app[SESSIONS], app[STILL], app[KNOWN_BROWSER] = browsers.signed_in, browsers.still, browsers.mark
    app[KNOWN_CALLERS].append(browsers.holder)
    vault = way_in.vault
    app[KEEPER] = FormKeeper(browsers.over, vault.seal_bytes, vault.open_bytes, cookies.secure, browsers.now)
    app[SERVICES] = PageServices(
        door, frame, way_in.sign_in, browsers, cookies, way_in.vault, way_in.mailer, way_in.public_url,
        way_in.idle, way_in.longest,
    )  # fmt: skip

    async def only_https(_: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"

    if cookies.secure:
        app.on_response_prepare.append(only_https)

    async def close(_: web.Application) -> None:
        way_in.sign_in.passwords.close()

    app.on_cleanup.append(close)


def root_name(read: Read) -> dict[str, str]:
    """The house's name, in its languages."""
    house = the_institution(read)
    return house.names if house else {}
