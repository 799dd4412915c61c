"""The browser's side of a session: its cookie, who that makes it, and where the house is reached from outside."""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from central.kernel.actor import SYSTEM, Actor
from central.kernel.door import Door
from central.kernel.tx import Read
from central.organisation.credentials import HeldSecrets, sessions
from central.organisation.model import Operator, SignInSession
from central.organisation.rights import actor_of, second_factor_demanded
from central.organisation.rules import SessionStanding, expired, standing
from central.organisation.sign_in import OpenSession, SignIn, Visitor, digest
from central.organisation.sign_in_places import KNOWN_FOR
from central.web.cookies import cookie
from central.web.kept_forms import SessionOver, WhyOver
from central.web.origin import address_of
from central.web.session import Sessions, SignedIn, csrf_of

_MOST_BROWSER = 200
_MOST_DEVICES = 500


@dataclass(frozen=True, slots=True)
class Known:
    """What was found for a request, asked once however many ask for it, and once more when its body is `here`: that may
    take long, and what ended meanwhile has ended."""

    found: OpenSession | None
    here: bool


_KNOWN = web.RequestKey("known", Known)


class Cookies:
    """The session's cookie: unreadable for scripts, not sent by other sites' forms; over https bound to this host and
    sent over nothing else (`__Host-`, which a browser takes from no neighbour)."""

    def __init__(self, public_url: str) -> None:
        self.secure = urlsplit(public_url).scheme == "https"
        before = "__Host-" if self.secure else ""
        self.name, self.known = f"{before}session", f"{before}known"

    def token(self, request: web.Request) -> str:
        return cookie(request, self.name)

    def set(self, answer: web.StreamResponse, token: str) -> None:
        """It ends with the browser, or when the session does."""
        answer.set_cookie(self.name, token, path="/", httponly=True, secure=self.secure, samesite="Lax")

    def devices(self, request: web.Request) -> str:
        return cookie(request, self.known, _MOST_DEVICES)

    def know(self, answer: web.StreamResponse, devices: str) -> None:
        """This browser came in before: it opens nothing, and outlives the session."""
        lasts = int(KNOWN_FOR.total_seconds())
        answer.set_cookie(
            self.known, devices, path="/", max_age=lasts, httponly=True, secure=self.secure, samesite="Lax"
        )

    def clear(self, answer: web.StreamResponse) -> None:
        answer.del_cookie(self.name, path="/", httponly=True, secure=self.secure, samesite="Lax")


class Browsers:
    """Who sits at which browser."""

    def __init__(self, door: Door, sign_in: SignIn, cookies: Cookies, idle: timedelta) -> None:
        self._door, self._sign_in, self._cookies, self._idle = door, sign_in, cookies, idle
        self._held = HeldSecrets(door, sessions(idle), time.monotonic)

    def visitor(self, request: web.Request) -> Visitor:
        browser = request.headers.get("User-Agent", "")[:_MOST_BROWSER]
        printable = "".join(each for each in browser if each.isprintable())
        return Visitor(address_of(request), printable, self._cookies.token(request), self._cookies.devices(request))

    def mark(self, request: web.Request) -> str:
        """By which a browser is counted that came in before; nothing for any other."""
        return self._sign_in.mark(self._cookies.devices(request))

    async def holder(self, request: web.Request) -> str:
        """By which session a browser is counted whose address has to wait."""
        token = self._cookies.token(request)
        session = await self._held.by(digest(token)) if token else ""
        return f"session:{session}" if session else ""

    async def found(self, request: web.Request) -> OpenSession | None:
        """Their session, also one that opens next to nothing yet."""
        known, here = request.get(_KNOWN), request.content.is_eof()
        if known is None or (here and not known.here):
            known = request[_KNOWN] = Known(await self._sign_in.find(self.visitor(request)), here)
        return known.found

    async def over(self, request: web.Request) -> SessionOver | None:
        """The session that this browser still names, where it is over: why, and whose it was. None: it names none, or
        one that opens something."""
        token = self._cookies.token(request)
        if not token or await self.found(request):
            return None

        def look(read: Read) -> SessionOver:
            rows = read.find(SignInSession, "WHERE token_digest = :digest", digest=digest(token))
            operator = read.get(Operator, rows[0].operator_id) if rows else None
            if operator is None:  # ended: by somebody, or since they are deactivated
                return SessionOver(WhyOver.ENDED, "", read.now)
            why = WhyOver.LONGEST if expired(rows[0], read.now) else WhyOver.IDLE
            return SessionOver(why, operator.id, read.now)

        found: SessionOver = await self._door.read(SYSTEM, look)
        return found

    async def now(self) -> datetime:
        at: datetime = await self._door.read(SYSTEM, lambda read: read.now)
        return at

    async def signed_in(self, request: web.Request) -> SignedIn | None:
        """Who is wholly signed in: what everybody else asks (web/session.SESSIONS)."""
        found = await self.found(request)
        if found is None or found.standing is not SessionStanding.IN:
            return None
        return self._seated(request, found.actor, found.session, found.operator)

    async def still(self, request: web.Request) -> SignedIn | None:
        """Who is wholly signed in by now, for answers that stay open (web/session.STILL): their session, operator and
        rights as they are, whatever was found when they asked. A page left open is no use of the session."""
        found = await self.found(request)
        if found is None:
            return None

        def look(read: Read) -> SignedIn | None:
            session, operator = read.get(SignInSession, found.session.id), read.get(Operator, found.operator.id)
            if session is None or operator is None or session.token_digest != found.session.token_digest:
                return None
            demanded = second_factor_demanded(read, operator.id)
            if standing(session, operator, demanded, read.now, self._idle) is not SessionStanding.IN:
                return None
            actor = replace(actor_of(read, operator, found.actor.origin), session=session.id)
            return self._seated(request, actor, session, operator)

        seated: SignedIn | None = await self._door.read(SYSTEM, look)
        return seated

    def _seated(self, request: web.Request, actor: Actor, session: SignInSession, operator: Operator) -> SignedIn:
        csrf = csrf_of(self._cookies.token(request))
        return SignedIn(actor, session.id, operator.name, operator.language, csrf)

    @property
    def sessions(self) -> Sessions:
        return self.signed_in
