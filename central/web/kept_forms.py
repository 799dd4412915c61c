"""What somebody had typed when their session turned out to be over: it waits in their own browser, sealed, and stands
in the form again once they are back.

It is for the operator whose session that was and for the form's own address, for an hour, and never a secret: `keeps`
says of each form which of its fields are none of this. Nothing is saved by it. What does not fit into a cookie is not
kept, and the sign-in page says which it was.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from urllib.parse import quote
from zlib import MAX_WBITS, compress, decompressobj

import orjson
from aiohttp import web

from central.kernel.spans import recent
from central.web.cookies import cookie
from central.web.form import form_of
from central.web.session import CSRF_FIELD, SAFE, local_path, split
from shared.clock import from_ms, to_ms

KEPT_FOR = timedelta(hours=1)
NAME = "kept"
MOST = 3800  # characters of the cookie: browsers take 4096 with its name and what it says of itself
MOST_BYTES = 256 * 1024  # of what it holds


class WhyOver(StrEnum):
    """Why a session that a browser still names is none any more."""

    IDLE = auto()
    LONGEST = auto()
    ENDED = auto()  # by somebody, or so long ago that nothing is known of it


@dataclass(frozen=True, slots=True)
class SessionOver:
    """`operator_id`: whose it was, as far as that is known."""

    why: WhyOver
    operator_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class FormKeeper:
    """What the organisation brings: whose session is over, the vault, whether cookies go over https alone, the time."""

    over: Callable[[web.Request], Awaitable[SessionOver | None]]
    seal: Callable[[bytes, str], str]
    unseal: Callable[[str, str], bytes | None]
    secure: bool
    now: Callable[[], Awaitable[datetime]]


Typed = dict[str, list[str]]
Without = Callable[[web.Request], Iterable[str]]


@dataclass(frozen=True, slots=True)
class KeptForm:
    """`without`: names of fields that are never kept: a secret's, an act's that has to be shown first. `page`: where it
    stands, if what it says is sent elsewhere."""

    without: Without
    page: str


KEEPER: web.AppKey[FormKeeper] = web.AppKey("form_keeper", FormKeeper)
KEEPS: web.AppKey[dict[str, KeptForm]] = web.AppKey("keeps", dict)
"""Forms that open with what was kept: a route's path as it is declared, which answers to GET too, or its page does."""

OPENED = web.RequestKey("kept_opened", bool)
_NEVER = frozenset({CSRF_FIELD, "_do", "_shown", "_sure", "_now", "file"})


def keeps(app: web.Application, path: str, without: Without = lambda _: (), *, page: str = "") -> None:
    """`page`: of what a form sends as one types, where it stands."""
    app[KEEPS][path] = KeptForm(without, page)


def _kept_form(request: web.Request) -> KeptForm | None:
    resource = request.match_info.route.resource
    return request.app[KEEPS].get(resource.canonical) if resource and KEEPS in request.app else None


def _stands_at(request: web.Request) -> str:
    """The path of the form's own page."""
    form = _kept_form(request)
    return (form and form.page) or request.rel_url.raw_path


async def _sealed(request: web.Request) -> str:
    """What a form says, for whose session it was; nothing where it is not kept."""
    keeper, kept_form = request.app.get(KEEPER), _kept_form(request)
    if keeper is None or kept_form is None:
        return ""
    over = await keeper.over(request)
    if over is None or not over.operator_id:
        return ""
    never = {*_NEVER, *kept_form.without(request)}
    form = await form_of(request)
    said = [[name, value] for name, value in form.items() if isinstance(value, str) and not _is_of(name, never)]
    whole = orjson.dumps({"at": to_ms(over.now), "form": said})
    sealed = keeper.seal(compress(whole, 9), _owner(over.operator_id, request))
    return sealed if len(whole) <= MOST_BYTES and len(sealed) <= MOST else ""


async def kept(request: web.Request, operator_id: str) -> Typed | None:
    """What this operator had typed into the form that is asked for; shown once: `forget` is for its answer."""
    keeper, sealed = request.app.get(KEEPER), cookie(request, NAME, MOST)
    if keeper is None or not sealed or request.method not in SAFE:
        return None
    packed = keeper.unseal(sealed, _owner(operator_id, request))
    if packed is None:
        return None
    whole = decompressobj(MAX_WBITS).decompress(packed, MOST_BYTES)
    found: Mapping[str, list[list[str]] | int] = orjson.loads(whole)
    at, form = found["at"], found["form"]
    assert isinstance(at, int) and isinstance(form, list), "sealed by us"
    if not recent(from_ms(at), await keeper.now(), KEPT_FOR):
        return None
    request[OPENED] = True
    typed: Typed = {}
    for name, value in form:
        typed.setdefault(name, []).append(value)
    return typed


def forget(request: web.Request, answer: web.StreamResponse) -> None:
    if request.get(OPENED):
        answer.del_cookie(NAME, path=request.rel_url.raw_path, httponly=True, samesite="Lax")


async def to_sign_in(request: web.Request) -> web.HTTPException:
    """And back to where one was: of what is only ever sent, to the page that sent it. htmx follows no redirect to
    another page by itself: it is told to."""
    address, said_by_it = f"/sign-in?next={quote(_page_of(request), safe='')}", "HX-Request" in request.headers
    form = _kept_form(request)
    if said_by_it and (request.method in SAFE or form is None or not form.page):
        return web.HTTPUnauthorized(headers={"HX-Redirect": address})
    if request.method in SAFE:
        return web.HTTPSeeOther(address)
    sealed = await _sealed(request)
    address = f"{address}&kept={int(bool(sealed))}"
    answer: web.HTTPException = (
        web.HTTPUnauthorized(headers={"HX-Redirect": address}) if said_by_it else web.HTTPSeeOther(address)
    )
    if sealed:
        answer.set_cookie(
            NAME, sealed, path=_stands_at(request), max_age=int(KEPT_FOR.total_seconds()), httponly=True,
            secure=request.app[KEEPER].secure, samesite="Lax",
        )  # fmt: skip
    return answer


def _page_of(request: web.Request) -> str:
    if (form := _kept_form(request)) and form.page:
        return local_path(str(request.rel_url.with_path(form.page, keep_query=True)))
    resource = request.match_info.route.resource
    if request.method in SAFE or (resource and any(route.method in SAFE for route in resource)):
        return local_path(request.path_qs)
    said = split(request.headers.get("Referer", ""))
    return (
        local_path(f"{said.path}?{said.query}" if said.query else said.path)
        if said.netloc == request.host
        else local_path("")
    )


def flat(typed: Typed | None) -> dict[str, str]:
    """For forms whose fields say one thing each."""
    return {name: values[0] for name, values in (typed or {}).items()}


def _is_of(name: str, never: Iterable[str]) -> bool:
    """Whether a field is one of these, or a part of one: `lines.0.pin` of `pin`."""
    return not {name, *name.split(".")}.isdisjoint(never)


def _owner(operator_id: str, request: web.Request) -> str:
    return f"kept form:{operator_id}:{_stands_at(request)}"
