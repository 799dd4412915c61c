"""Who sits at the browser, and what protects them: the session's cookie, a token against forged forms, the headers.

Who signs in and how is the organisation's business (organisation/sign_in.py); the shell asks through `SESSIONS`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes
from typing import Any
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from central.kernel.actor import Actor
from central.web.form import form_of
from shared.ids import Id

CSRF_FIELD = "_csrf"
CSRF_HEADER = "X-CSRF"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An operator at a browser. `csrf` is what every form of this session carries back."""

    actor: Actor
    session_id: Id
    name: str
    language: str
    csrf: str


Sessions = Callable[[web.Request], Awaitable[SignedIn | None]]
SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions")
STILL: web.AppKey[Sessions] = web.AppKey("still")
"""The same for an answer that stays open: asked anew each time, and no use of the session that would keep it from
ending. Whatever goes on writing asks before each piece, and at least every `ASKED_S`."""
ASKED_S = 15.0


async def still(request: web.Request) -> SignedIn | None:
    """Who is signed in by now."""
    ask = request.app.get(STILL) or request.app.get(SESSIONS)
    return await ask(request) if ask else None


def csrf_of(token: str) -> str:
    """Follows from the session's secret token, and does not give it away."""
    return sha256(b"csrf:" + token.encode()).hexdigest()


def masked(csrf: str) -> str:
    """The token as one page carries it: another text each time, so that the length of a compressed page does not tell
    it away letter by letter (BREACH)."""
    plain = csrf.encode()
    mask = token_bytes(len(plain))
    return mask.hex() + bytes(a ^ b for a, b in zip(mask, plain, strict=True)).hex()


def is_csrf(said: str, csrf: str) -> bool:
    """Whether this is the session's token, as a page or as a program carries it."""
    if not said.isascii():
        return False
    plain = said.encode()
    if len(said) == 4 * len(csrf):
        try:
            both = bytes.fromhex(said)
        except ValueError:
            return False
        half = len(both) // 2
        plain = bytes(a ^ b for a, b in zip(both[:half], both[half:], strict=True))
    return compare_digest(plain, csrf.encode())


def split(address: str) -> SplitResult:
    """An address that a caller sent, in its parts; one that is none has none."""
    try:
        return urlsplit(address)
    except ValueError:  # brackets around no address, signs that become others
        return SplitResult("", "", "", "", "")


def local_path(wanted: str | None, otherwise: str = "/admin") -> str:
    """Where to go next: a path of ours, never an address somebody slipped in."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or len(wanted) > 2000:
        return otherwise
    parts = split(wanted)
    clean = not parts.scheme and not parts.netloc and "\\" not in wanted and wanted.isprintable()
    return wanted if clean else otherwise


@web.middleware
async def guard(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Refuses what another site makes a browser send, and gives every answer its headers."""
    if request.method not in SAFE and not request.path.startswith("/api/"):
        await _own_form(request)
    try:
        answer = await handler(request)
    except web.HTTPException as answered:
        answered.headers.update({name: said for name, said in HEADERS.items() if name not in answered.headers})
        raise
    if isinstance(answer, web.StreamResponse) and not answer.prepared:
        for name, said in HEADERS.items():
            answer.headers.setdefault(name, said)
    return answer


async def _own_form(request: web.Request) -> None:
    """A form of ours, sent from our own page: by the browser's word on where it comes from, and by the session's token
    once there is a session.

    Without a script the token can only be a field, so the form is read before it is known whose it is: by then the
    browser has said that it comes from here, and its session is somebody's, whose share of bytes and at once the body
    takes (bodies.py); what reading may cost is bounded (form.py)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="This form was sent by another site.")
    origin = request.headers.get("Origin")
    if origin is not None and split(origin).netloc != request.host:
        raise web.HTTPForbidden(text="This form was sent by another site.")
    signed_in = await request.app[SESSIONS](request) if SESSIONS in request.app else None
    if signed_in is None:
        return  # nobody is signed in: there is nothing to ride on
    said = request.headers.get(CSRF_HEADER)
    if said is None:
        said = str((await form_of(request)).get(CSRF_FIELD, ""))
    if not is_csrf(said, signed_in.csrf):
        raise web.HTTPForbidden(text="This form is too old, or not ours: load the page again.")
