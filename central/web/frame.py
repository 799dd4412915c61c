"""The frame around every page: who is there, in which language, where in the house, and what they may open.

A page is a template that extends `base.html`; the frame gives it `t` (the texts), `me`, `csrf`, `static` (addresses of
assets), `may(privilege, context)` and the tree of contexts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jinja2
from aiohttp import web

from central.kernel.door import Door
from central.kernel.tx import Read
from central.kernel.values import LANGUAGES
from central.web.assets import address
from central.web.session import SESSIONS, SignedIn, to_sign_in
from central.web.texts import OWN_NAMES, Texts, language_for, texts

LANGUAGE_COOKIE = "language"
LANGUAGE_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Branch:
    """A context in the tree: its children in alphabetical order of their codes."""

    id: str
    kind: str
    code: str
    names: dict[str, str]
    children: tuple["Branch", ...]


class Frame:
    def __init__(self, door: Door) -> None:
        self.door = door
        self._loaders: list[jinja2.BaseLoader] = []
        self._templates = jinja2.Environment(
            loader=jinja2.ChoiceLoader(self._loaders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(static=address, languages=LANGUAGES, own_names=OWN_NAMES)
        self.templates("central.web")

    def templates(self, package: str, folder: str = "templates") -> None:
        """Adds an area's folder of templates."""
        self._loaders.append(jinja2.PackageLoader(package, folder))

    def filter(self, name: str, made: Callable[..., Any]) -> None:
        self._templates.filters[name] = made

    async def who(self, request: web.Request) -> SignedIn:
        """Who is there; nobody is sent to sign in."""
        signed_in = await self.known(request)
        if signed_in is None:
            raise to_sign_in(request)
        return signed_in

    async def known(self, request: web.Request) -> SignedIn | None:
        return await request.app[SESSIONS](request) if SESSIONS in request.app else None

    def language(self, request: web.Request, me: SignedIn | None) -> str:
        chosen = request.query.get("lang") or (me.language if me else request.cookies.get(LANGUAGE_COOKIE))
        return language_for(chosen, request.headers.get("Accept-Language", ""))

    def texts(self, request: web.Request, me: SignedIn | None) -> Texts:
        return texts(self.language(request, me))

    async def page(self, request: web.Request, template: str, /, *, status: int = 200, **data: Any) -> web.Response:
        """A whole page, or a fragment of one."""
        me = await self.known(request)
        t = self.texts(request, me)
        said = self.render(template, t, me=me, request=request, csrf=me.csrf if me else "", **data)
        return web.Response(status=status, text=said, content_type="text/html", headers={"Cache-Control": "no-store"})

    def render(self, template: str, t: Texts, /, **data: Any) -> str:
        return self._templates.get_template(template).render(t=t, **data)


FRAME: web.AppKey[Frame] = web.AppKey("frame")


def tree(read: Read) -> tuple[Branch, ...]:
    """The contexts that the asker may see anything of: where they hold a grant, what lies below, and the way there."""
    import orjson

    rows = read.run("SELECT id, parent_id, kind, code, names FROM context ORDER BY code")
    parents = {row[0]: row[1] for row in rows}
    held = {context for _, context in read.actor.grants}
    shown: set[str] = set()
    for one in parents:
        path, at = [], one
        while at:
            path.append(at)
            at = parents.get(at)
        if held & set(path):
            shown |= set(path)

    def below(parent: str | None) -> tuple[Branch, ...]:
        return tuple(
            Branch(row[0], row[2], row[3], orjson.loads(row[4]), below(row[0]))
            for row in rows
            if row[1] == parent and row[0] in shown
        )

    return below(None)
